"""The user's own data set in a CSV file with a header line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import DataError
from lgn2hdl.datasets.cells import MISSING_CELLS, MISSING_NUMBERS, exact_number, shown
from lgn2hdl.datasets.csv_columns import (
    FEW_ROWS,
    MAX_CATEGORIES,
    categories,
    named_like_an_id,
    nearly_all,
    numbers_rows,
    refuse_ids,
    refuse_inexact_integers,
)
from lgn2hdl.datasets.csv_options import CsvOptions
from lgn2hdl.datasets.csv_sheet import Sheet, codes, numbers, read_sheet
from lgn2hdl.datasets.csv_split import Split, read_split, refuse_other_splits, split_column
from lgn2hdl.datasets.labels import class_codes
from lgn2hdl.datasets.split import stratified_test_rows
from lgn2hdl.datasets.types import Table

LABEL_NAMES = ("label", "class", "target", "y")
"""Names (in any case) by which the label column is found; otherwise it is the last column."""


MANY_CATEGORIES = 100
"""With more categories than this, a column gets a word."""


@dataclass(frozen=True)
class _Roles:
    """What the columns are for.

    Attributes:
        label: the label column.
        split: the column that is the split, if there is one.
        features: the others, but for those that are dropped.
    """

    label: str
    split: str | None
    features: tuple[str, ...]


def read_table(
    path: Path,
    label: str | None = None,
    options: CsvOptions | None = None,
    *,
    gaps: bool = False,
) -> Table:
    """Read a CSV file as training and test rows.

    Columns of numbers stay numbers, other columns are categories. A column ``split`` decides which
    rows are which; without it the rows are split by
    :func:`lgn2hdl.datasets.split.stratified_test_rows`.

    Args:
        path: the file: UTF-8, one header line.
        label: name of the label column; by default see :data:`LABEL_NAMES`.
        options: how the file is written, and which columns count.
        gaps: whether numbers may be missing; they become NaN.

    Raises:
        DataError: if the file or what it holds cannot be used.
    """
    options = options or CsvOptions()
    sheet = read_sheet(path, options)
    roles = _roles(sheet, label, options)
    labels = sheet.column(roles.label)
    _check_labels(sheet, roles.label, labels)
    columns = _columns(sheet, roles.features, options, gaps)
    known = tuple(names for names, _ in columns)
    x = np.stack([values for _, values in columns], axis=1)
    try:
        y, _, class_names = class_codes(labels, ())
    except DataError as error:
        raise DataError(f"{path}, column {roles.label!r}: {error}") from None
    split = _split(sheet, roles, y)
    own = ~split.test
    return Table(
        x[own], y[own], x[split.test], y[split.test],
        column_names=roles.features,
        categories=known,
        class_names=class_names,
        validation=split.validation[own] if split.validation.any() else None,
        notes=(*_label_notes(sheet, roles, label, class_names), *filter(None, [split.note]),
               *_feature_notes(roles, known, x, options)),
    )  # fmt: skip


def _roles(sheet: Sheet, label: str | None, options: CsvOptions) -> _Roles:
    chosen = _label_column(sheet, label)
    for kind, wanted in (("drop", options.drop), ("keep", options.keep)):
        for name in wanted:
            if name not in sheet.names:
                raise DataError(
                    f"{sheet.path} has no column {name!r} to {kind}: it has {sheet.listed()}"
                )
    if chosen in options.drop:
        raise DataError(
            f"{sheet.path}: column {chosen!r} is the label and cannot be dropped: name another "
            "label column with --label"
        )
    names = tuple(n for n in sheet.names if n != chosen and n not in options.drop)
    open_names = tuple(name for name in names if name not in options.keep)
    split = split_column(open_names)
    refuse_other_splits(sheet, tuple(name for name in open_names if name != split))
    features = tuple(name for name in names if name != split)
    if not features:
        raise DataError(
            f"{sheet.path} has no columns besides {chosen!r}: separate columns by commas"
        )
    return _Roles(chosen, split, features)


def _label_column(sheet: Sheet, label: str | None) -> str:
    if label is not None:
        if label not in sheet.names:
            raise DataError(f"{sheet.path} has no label column {label!r}: it has {sheet.listed()}")
        return label
    named = _named_label(sheet)
    return sheet.names[-1] if named is None else named


def _named_label(sheet: Sheet) -> str | None:
    by_name = {name.lower(): name for name in reversed(sheet.names)}
    return next((by_name[name] for name in LABEL_NAMES if name in by_name), None)


def _check_labels(sheet: Sheet, label: str, labels: tuple[str, ...]) -> None:
    different = set(labels)
    missing = different & MISSING_CELLS
    others = different - missing - MISSING_NUMBERS
    if others and all(exact_number(cell) is not None for cell in others):
        missing |= different & MISSING_NUMBERS  # among numbers these are no names
    if missing:
        row = next(row for row, cell in enumerate(labels) if cell in missing)
        found = f" ({shown(labels[row])})" if labels[row] else ""
        raise DataError(
            f"{sheet.place(row)}: no label in column {label!r}{found}: correct or remove the row"
        )
    if len(different) > MAX_CATEGORIES:
        raise DataError(
            f"{sheet.path}: column {label!r} has {len(different)} different labels, "
            f"more than {MAX_CATEGORIES}: name the label column with --label"
        )
    if len(labels) >= FEW_ROWS and nearly_all(len(different), len(labels)):
        raise DataError(
            f"{sheet.path}: column {label!r} has {len(different)} different labels in "
            f"{len(labels)} rows: classes are learnt, not amounts, dates or ids: name the label "
            "column with --label"
        )


_Column = tuple[tuple[str, ...], npt.NDArray[np.float64]]
"""Names of the categories, none of a column of numbers; and codes or numbers."""


def _columns(
    sheet: Sheet, names: tuple[str, ...], options: CsvOptions, gaps: bool
) -> list[_Column]:
    """All columns; what is wrong with the first is said, and which others something is wrong with.

    Raises:
        DataError: if something is wrong with a column.
    """
    columns: list[_Column] = []
    errors: dict[str, DataError] = {}
    for name in names:
        try:
            columns.append(_column(sheet, name, options, gaps))
        except DataError as error:
            errors[name] = error
    if errors:
        first, *others = errors
        more = f"; columns with an error as well: {_few(others)}" if others else ""
        raise DataError(f"{errors[first]}{more}")
    return columns


def _column(sheet: Sheet, name: str, options: CsvOptions, gaps: bool) -> _Column:
    kept = name in options.keep
    names = categories(sheet, name, kept=kept)
    if names:
        return names, codes(sheet.column(name), names)
    values = numbers(sheet, name, gaps=gaps)
    refuse_inexact_integers(sheet, name, values)
    if not kept:
        refuse_ids(sheet, name, values)
    return (), values


def _split(sheet: Sheet, roles: _Roles, y: npt.NDArray[np.int64]) -> Split:
    if roles.split is not None:
        return read_split(sheet, roles.split)
    test = stratified_test_rows(y)
    if not test.any():
        raise DataError(
            f"{sheet.path} has too few rows of each class to split off a fifth for testing"
        )
    return Split(test, np.zeros(len(y), bool), "")


def _label_notes(
    sheet: Sheet, roles: _Roles, label: str | None, class_names: tuple[str, ...]
) -> list[str]:
    notes = []
    if label is None and _named_label(sheet) is None:
        notes.append(
            f"the last column, {roles.label!r}, is the label: name another one with --label"
        )
    notes += [
        f"{name!r} in column {roles.label!r} counts as a class, not as a missing label"
        for name in class_names
        if name in MISSING_NUMBERS
    ]
    return notes


def _feature_notes(
    roles: _Roles, known: tuple[tuple[str, ...], ...], x: npt.NDArray[Any], options: CsvOptions
) -> list[str]:
    """A word on columns that may be ids, or have many categories; what surely is one is refused."""
    columns = [
        (name, names, x[:, column])
        for column, (name, names) in enumerate(zip(roles.features, known, strict=True))
        if name not in options.keep
    ]
    numbered = [name for name, names, values in columns if not names and numbers_rows(values)]
    named = [n for n, names, _ in columns if not names and named_like_an_id(n)]
    many = [f"{n}: {len(names):,}" for n, names, _ in columns if len(names) > MANY_CATEGORIES]
    notes = []
    if numbered:
        notes.append(
            f"nearly every row has its own whole number in {_few(numbered)}: leave out what only "
            "numbers the rows (--drop), say of the others that they count (--keep)"
        )
    if named:
        notes.append(
            f"learnt as an amount although its name is that of an id: {_few(named)} (--drop leaves "
            "it out, --keep says that it counts)"
        )
    if many:
        notes.append(f"columns with many categories, each of them a feature: {_few(many)}")
    return notes


def _few(names: list[str]) -> str:
    """The first of the names, and how many more there are."""
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(map(repr, names[:5])) + more
