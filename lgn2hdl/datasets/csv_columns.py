"""What the columns of a CSV file are: numbers, categories, or nothing to learn from."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import DataError
from lgn2hdl.datasets.cells import MISSING_CELLS, MISSING_NUMBERS, is_inexact_integer, shown
from lgn2hdl.datasets.csv_options import drop_option, keep_option
from lgn2hdl.datasets.csv_sheet import Sheet
from lgn2hdl.datasets.notations import Notation, notation, prevailing
from lgn2hdl.model.features import MAX_EXACT

MAX_CATEGORIES = 1024
"""Most different texts in a column, and most different labels."""

FEW_ROWS = 20
"""In fewer rows than this nothing follows from all values being different."""

FEW_COUNTED_ROWS = 50
"""In fewer rows than this whole numbers without a gap may be there by chance."""

_ID_NAME = re.compile(
    r"(?i:(?:.*[_\- .])?(?:id|ids|uid|uuid|guid|index|idx|row|rowid)|unnamed: ?0)|.*[a-z]I[dD]"
)


def nearly_all(part: int, whole: int) -> bool:
    """Whether ``part`` is at least nine tenths of ``whole``."""
    return 10 * part >= 9 * whole


def categories(sheet: Sheet, name: str, *, kept: bool = False) -> tuple[str, ...]:
    """Names of a column's categories; none if it is a column of numbers.

    It is one of numbers if at least nine tenths of the cells that are not missing are numbers; then
    the others are errors.

    Args:
        sheet: the file's cells.
        name: the column.
        kept: take the texts as categories, whatever they look like.

    Raises:
        DataError: if the column is empty, has too many different texts, or looks like ids, dates,
            or numbers in another notation.
    """
    if sheet.plain_numbers(name) is not None:
        return ()
    present = Counter(cell for cell in sheet.column(name) if cell not in MISSING_CELLS)
    if not present:
        raise DataError(f"{sheet.path}: column {name!r} is empty: remove it")
    total = present.total()
    numerals = {cell for cell in present if sheet.numeral(cell) is not None}
    numbers = sum(present[cell] for cell in numerals)
    gaps = sum(present[cell] for cell in present if cell in MISSING_NUMBERS)
    if numerals and nearly_all(numbers + gaps, total):
        return ()
    if not kept:
        _refuse_other_notations(sheet, name, present, numbers + gaps)
        if 2 * numbers >= total and len(numerals) >= FEW_ROWS:
            raise _numbers_and_texts(sheet, name, present, numerals)
        _refuse_different_texts(sheet, name, present)
    if len(present) > MAX_CATEGORIES:
        raise DataError(
            f"{_first(sheet, name, set(present) - numerals)} is not one of numbers and has more "
            f"than {MAX_CATEGORIES} different texts: leave it out with {drop_option(name)}"
        )
    return tuple(sorted(present))


def _first(sheet: Sheet, name: str, wanted: set[str]) -> str:
    """The place of the first of the cells, and the cell."""
    row, cell = next(pair for pair in enumerate(sheet.column(name)) if pair[1] in wanted)
    return f"{sheet.place(row)}: column {name!r} ({shown(cell)})"


def _refuse_other_notations(
    sheet: Sheet, name: str, present: Counter[str], n_readable: int
) -> None:
    cells = {cell: notation(cell) for cell in present if sheet.numeral(cell) is None}
    counts: Counter[Notation] = Counter()
    for cell, found in cells.items():
        if found is not None and cell not in MISSING_NUMBERS:
            counts[found] += present[cell]
    if not counts or not nearly_all(n_readable + counts.total(), present.total()):
        return
    known = prevailing(counts)
    where = _first(sheet, name, {cell for cell, found in cells.items() if found is known})
    raise DataError(
        f"{where} has {known.what}: {known.advice}; or leave it out with {drop_option(name)}, or "
        f"take every different text as a category with {keep_option(name)}"
    )


def _numbers_and_texts(
    sheet: Sheet, name: str, present: Counter[str], numerals: set[str]
) -> DataError:
    texts = set(present) - numerals
    n_texts = sum(present[cell] for cell in texts)
    return DataError(
        f"{_first(sheet, name, texts)} is one of {n_texts:,} texts among "
        f"{present.total() - n_texts:,} numbers: correct them, or write NA where a number is "
        f"missing; or leave the column out with {drop_option(name)}, or take every different cell "
        f"as a category with {keep_option(name)}"
    )


def _refuse_different_texts(sheet: Sheet, name: str, present: Counter[str]) -> None:
    total, different = present.total(), len(present)
    if total < FEW_ROWS or not nearly_all(different, total):
        return
    also = f", or keep them as categories with {keep_option(name)}"
    raise DataError(
        f"{_first(sheet, name, set(present))} has {different:,} different texts in {total:,} rows, "
        f"as ids, dates and free text have: leave it out with {drop_option(name)}"
        + (also if different <= MAX_CATEGORIES else "")
    )


def refuse_inexact_integers(sheet: Sheet, name: str, values: npt.NDArray[np.float64]) -> None:
    """Check that 64-bit floats hold the integers of a column one by one.

    Args:
        sheet: the file's cells.
        name: the column.
        values: its numbers.

    Raises:
        DataError: if one is beyond 2^53.
    """
    cells = sheet.column(name)
    for row in np.flatnonzero(np.abs(values) >= MAX_EXACT).tolist():
        cell = cells[row]
        if is_inexact_integer(cell):
            raise DataError(
                f"{sheet.place(row)}: column {name!r} is {shown(cell)}, beyond 2^53, up to which "
                "every integer is exact: write it in larger units or from another zero, or leave "
                f"it out with {drop_option(name)}"
            )


def numbers_rows(values: npt.NDArray[np.float64]) -> bool:
    """Whether nearly every row has its own whole number, as ids have.

    Args:
        values: a column of numbers; NaN where one is missing.
    """
    known = values[~np.isnan(values)]
    if len(known) < FEW_ROWS or (known != np.floor(known)).any():
        return False
    return nearly_all(len(np.unique(known)), len(known))


def named_like_an_id(name: str) -> bool:
    """Whether the name of a column says that it is an id."""
    return _ID_NAME.fullmatch(name) is not None


def refuse_ids(sheet: Sheet, name: str, values: npt.NDArray[np.float64]) -> None:
    """Check that a column of numbers is not an id by its name, nor a count of the rows.

    Raises:
        DataError: if nearly every row has its own whole number, and the name says that it is an
            id, or together they are all the numbers from the lowest to the highest.
    """
    if not numbers_rows(values):
        return
    known = np.unique(values[~np.isnan(values)])
    counts = len(known) == len(values) >= FEW_COUNTED_ROWS and known[-1] - known[0] < len(values)
    if counts or named_like_an_id(name):
        raise DataError(
            f"{sheet.path}: column {name!r} numbers the rows ({len(known):,} different whole "
            f"numbers in {len(values):,} rows): leave it out with {drop_option(name)}, or keep it "
            f"with {keep_option(name)}"
        )
