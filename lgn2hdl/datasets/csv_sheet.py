"""The cells of a CSV file with a header line."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import DataError
from lgn2hdl.datasets import limits
from lgn2hdl.datasets.cells import is_missing, is_number, plain_numbers, shown
from lgn2hdl.datasets.csv_options import CsvOptions, Decimal, Separator
from lgn2hdl.datasets.notations import notation
from lgn2hdl.datasets.types import MISSING

MAX_BYTES = 1 << 28
"""Longest CSV file that is read: 256 MiB; larger data belongs into an NPZ file."""


@dataclass(frozen=True)
class Sheet:
    """The cells of a CSV file.

    Attributes:
        path: the file.
        names: the header's cells.
        columns: cells of each column.
        lines: line number of each row.
        decimal: the mark in its numbers.
    """

    path: Path
    names: tuple[str, ...]
    columns: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    decimal: Decimal = Decimal.POINT

    def column(self, name: str) -> tuple[str, ...]:
        """The cells of the column of that name."""
        return self.columns[self.names.index(name)]

    def place(self, row: int) -> str:
        """File and line of a row."""
        return f"{self.path}, line {self.lines[row]}"

    def listed(self) -> str:
        """The first names of the columns, for a message."""
        first = [name if len(name) <= 60 else f"{name[:60]}..." for name in self.names[:10]]
        return ", ".join(first) + (", ..." if len(self.names) > 10 else "")

    def plain_numbers(self, name: str) -> npt.NDArray[np.float64] | None:
        """The column as numbers, if every cell is one with a decimal point, or without any."""
        if self.decimal is Decimal.COMMA:
            return None
        return plain_numbers(self.column(name))

    def numeral(self, cell: str) -> str | None:
        """The number in a cell, with a decimal point; None if it is none."""
        if self.decimal is Decimal.COMMA:
            if "." in cell:
                return None
            cell = cell.replace(",", ".")
        return cell if is_number(cell) else None


def read_sheet(path: Path, options: CsvOptions | None = None) -> Sheet:
    """Read the cells of a CSV file, without the blanks around them.

    Raises:
        DataError: if it is missing, too long, no text, without rows, or ragged.
    """
    options = options or CsvOptions()
    try:
        content = limits.read_file(path, MAX_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{path} is not UTF-8 text: give a CSV file with a header line") from None
    character = options.separator.character
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=character)
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
    _check_header(path, rows[0], options.separator)
    for row, line in zip(rows, lines, strict=True):
        if len(row) != len(rows[0]):
            raise DataError(
                f"{path}, line {line}: {len(row)} cells, the header has {len(rows[0])}: "
                "give every row the same, and put quotes around a cell with the separator in it"
            )
    columns = tuple(zip(*rows[1:], strict=True))
    return Sheet(path, tuple(rows[0]), columns, tuple(lines[1:]), options.decimal)


def _check_header(path: Path, names: list[str], separator: Separator) -> None:
    others = [item for item in Separator if item is not separator and item.character in names[0]]
    if len(names) == 1 and others:
        raise DataError(
            f"{path}: the header line is one cell, {shown(names[0])}: separate columns by "
            f"{separator.value}s, or give --separator {others[0].value}"
        )
    if "" in names:
        raise DataError(
            f"{path}: column {names.index('') + 1} has no name in the header line: "
            "name it, or remove it if it only counts the rows"
        )
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise DataError(f"{path}: two columns are named {repeated[0]!r}: rename one of them")


def codes(cells: tuple[str, ...], categories: tuple[str, ...]) -> npt.NDArray[np.float64]:
    """Category code of each cell; missing and unknown ones match no category."""
    code = {name: index for index, name in enumerate(categories)}
    return np.array([code.get(cell, MISSING) for cell in cells], np.float64)


def numbers(sheet: Sheet, name: str, *, gaps: bool) -> npt.NDArray[np.float64]:
    """A column of finite numbers.

    Args:
        sheet: the file's cells.
        name: the column.
        gaps: whether values may be missing; they become NaN.

    Raises:
        DataError: naming the line of a cell that is not a finite number.
    """
    cells = sheet.column(name)
    column = sheet.plain_numbers(name)
    if column is None:
        values = {cell: _value(sheet, cell) for cell in set(cells)}
        column = np.array([values[cell] for cell in cells], np.float64)
    for row in np.flatnonzero(~np.isfinite(column)).tolist():
        if not (gaps and is_missing(cells[row])):
            raise _not_a_number(sheet, name, row)
    return column


def _value(sheet: Sheet, cell: str) -> float:
    """The cell's number; NaN or infinity if it has none."""
    numeral = sheet.numeral(cell)
    return float("nan") if numeral is None else float(numeral)


def _not_a_number(sheet: Sheet, name: str, row: int) -> DataError:
    cell = sheet.column(name)[row]
    what = f"{sheet.place(row)}: column {name!r} is {shown(cell) if cell else 'empty'}"
    if is_missing(cell):
        return DataError(
            f"{what}, a missing value: correct or remove the row, or train with --missing median "
            "or --missing flag"
        )
    known = None if sheet.numeral(cell) else notation(cell)
    if known is not None:
        return DataError(f"{what}, which has {known.what}: {known.advice}")
    return DataError(f"{what}, not a finite number: correct or remove the row")
