"""The user's own data set in a CSV file with a header line."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lgn2hdl.datasets import limits
from lgn2hdl.datasets.labels import class_codes
from lgn2hdl.datasets.split import stratified_test_rows
from lgn2hdl.datasets.types import MISSING, Table
from lgn2hdl.errors import DataError

MAX_BYTES = 1 << 28
"""Longest CSV file that is read: 256 MiB; larger data belongs into an NPZ file."""

LABEL_NAMES = ("label", "class", "target", "y")
"""Names (in any case) by which the label column is found; otherwise it is the last column."""

MISSING_CELLS = frozenset({"", "?", "NA"})
"""Cells without a value: allowed for categories, an error for numbers."""

MAX_CATEGORIES = 1024
"""Most different texts in a column, and most different labels."""

NUMBER_SHARE = 0.9
"""A column with at least this share of numbers is one of numbers, and the rest is an error."""


@dataclass(frozen=True)
class Sheet:
    """The cells of a CSV file.

    Attributes:
        path: the file.
        names: the header's cells.
        columns: cells of each column.
        lines: line number of each row.
    """

    path: Path
    names: tuple[str, ...]
    columns: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]

    def column(self, name: str) -> tuple[str, ...]:
        """The cells of the column of that name."""
        return self.columns[self.names.index(name)]


def read_table(path: Path, label: str | None = None) -> Table:
    """Read a CSV file as training and test rows.

    Columns of numbers stay numbers, other columns are categories. A column ``split`` with
    ``train`` and ``test`` decides which rows are which; without it the rows are split by
    :func:`lgn2hdl.datasets.split.stratified_test_rows`.

    Args:
        path: the file: UTF-8, commas, one header line.
        label: name of the label column; by default see :data:`LABEL_NAMES`.

    Raises:
        DataError: if the file or what it holds cannot be used.
    """
    sheet = read_sheet(path)
    label = _label_column(sheet, label)
    labels = sheet.column(label)
    _check_labels(sheet, label, labels)
    split = _split_column(sheet, label)
    names = tuple(name for name in sheet.names if name not in (label, split))
    if not names:
        raise DataError(f"{path} has no columns besides {label!r}: separate columns by commas")
    categories = tuple(_categories(sheet, name) for name in names)
    values = [
        codes(sheet.column(name), known) if known else numbers(sheet, name)
        for name, known in zip(names, categories, strict=True)
    ]
    x = np.stack(values, axis=1)
    y, _, class_names = class_codes(labels, ())
    test = stratified_test_rows(y) if split is None else _test_rows(sheet, split)
    if not test.any() and split is None:
        raise DataError(f"{path} has too few rows of each class to split off a fifth for testing")
    return Table(
        x[~test], y[~test], x[test], y[test],
        column_names=names,
        categories=categories,
        class_names=class_names,
    )  # fmt: skip


def read_sheet(path: Path) -> Sheet:
    """Read the cells of a CSV file, without the blanks around them.

    Raises:
        DataError: if it is missing, too long, no text, without rows, or ragged.
    """
    try:
        content = limits.read_file(path, MAX_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{path} is not UTF-8 text: give a CSV file with a header line") from None
    reader = csv.reader(io.StringIO(content, newline=""))
    rows, lines = [], []
    try:
        for row in reader:
            if row:
                rows.append([cell.strip() for cell in row])
                lines.append(reader.line_num)
    except csv.Error as error:
        raise DataError(f"{path}, line {reader.line_num}: {error}") from None
    if len(rows) < 2:
        raise DataError(f"{path} has no rows below a header line")
    _check_header(path, rows[0])
    for row, line in zip(rows, lines, strict=True):
        if len(row) != len(rows[0]):
            raise DataError(
                f"{path}, line {line}: {len(row)} cells, the header has {len(rows[0])}: "
                "give every row the same"
            )
    return Sheet(path, tuple(rows[0]), tuple(zip(*rows[1:], strict=True)), tuple(lines[1:]))


def _check_header(path: Path, names: list[str]) -> None:
    if "" in names:
        raise DataError(
            f"{path}: column {names.index('') + 1} has no name in the header line: "
            "name it, or remove it if it only counts the rows"
        )
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise DataError(f"{path}: two columns are named {repeated[0]!r}: rename one of them")


def _label_column(sheet: Sheet, label: str | None) -> str:
    if label is not None:
        if label not in sheet.names:
            raise DataError(
                f"{sheet.path} has no label column {label!r}: it has {_listed(sheet.names)}"
            )
        return label
    by_name = {name.lower(): name for name in reversed(sheet.names)}
    found = [by_name[name] for name in LABEL_NAMES if name in by_name]
    return found[0] if found else sheet.names[-1]


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")


def _check_labels(sheet: Sheet, label: str, labels: tuple[str, ...]) -> None:
    if "" in labels:
        line = sheet.lines[labels.index("")]
        raise DataError(f"{sheet.path}, line {line}: no label in column {label!r}")
    if len(set(labels)) > MAX_CATEGORIES:
        raise DataError(
            f"{sheet.path}: column {label!r} has {len(set(labels))} different labels, "
            f"more than {MAX_CATEGORIES}: name the label column with --label"
        )


def _split_column(sheet: Sheet, label: str) -> str | None:
    found = [name for name in sheet.names if name.lower() == "split" and name != label]
    if found and set(sheet.column(found[0])) <= {"train", "test"}:
        return found[0]
    return None


def _test_rows(sheet: Sheet, split: str) -> npt.NDArray[np.bool_]:
    return np.array([cell == "test" for cell in sheet.column(split)])


def _categories(sheet: Sheet, name: str) -> tuple[str, ...]:
    """Names of a column's categories; none if it is a column of numbers."""
    cells = sheet.column(name)
    present = [cell for cell in set(cells) if cell not in MISSING_CELLS]
    texts = {cell for cell in present if not _is_number(cell)}
    if not texts:
        if not present:
            raise DataError(f"{sheet.path}: column {name!r} is empty: remove it")
        return ()
    n_texts = sum(cell in texts for cell in cells)
    if n_texts <= (1 - NUMBER_SHARE) * len(cells) and len(present) > len(texts):
        return ()  # numbers() will name the cell that is none
    if len(present) > MAX_CATEGORIES:
        first = next(row for row, cell in enumerate(cells) if cell in texts)
        raise DataError(
            f"{sheet.path}, line {sheet.lines[first]}: column {name!r} is not one of numbers "
            f"({cells[first]!r}) and has more than {MAX_CATEGORIES} different texts: remove it"
        )
    return tuple(sorted(present))


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def codes(cells: tuple[str, ...], categories: tuple[str, ...]) -> npt.NDArray[np.float64]:
    """Category code of each cell; missing and unknown ones match no category."""
    code = {name: index for index, name in enumerate(categories)}
    return np.array([code.get(cell, MISSING) for cell in cells], np.float64)


def numbers(sheet: Sheet, name: str) -> npt.NDArray[np.float64]:
    """A column of finite numbers.

    Raises:
        DataError: naming the line of a cell that is not a finite number.
    """
    cells = sheet.column(name)
    try:
        values = np.array(cells, dtype=np.float64)
    except ValueError:
        row = next(row for row, cell in enumerate(cells) if not _is_number(cell))
        raise _not_a_number(sheet, name, row) from None
    if not np.isfinite(values).all():
        raise _not_a_number(sheet, name, int(np.flatnonzero(~np.isfinite(values))[0]))
    return values


def _not_a_number(sheet: Sheet, name: str, row: int) -> DataError:
    cell: Any = sheet.column(name)[row]
    what = f"is {cell!r}, not a finite number" if cell else "is empty"
    return DataError(
        f"{sheet.path}, line {sheet.lines[row]}: column {name!r} {what}: correct or remove the row"
    )
