"""The column of a CSV file that says which rows are for training and which for testing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import DataError
from lgn2hdl.datasets.cells import shown
from lgn2hdl.datasets.csv_options import drop_option, keep_option
from lgn2hdl.datasets.csv_sheet import Sheet

_TRAIN, _VALIDATION, _TEST = "training", "validation", "test"

_WORDS = {
    "train": _TRAIN, "training": _TRAIN,
    "val": _VALIDATION, "valid": _VALIDATION, "validation": _VALIDATION, "dev": _VALIDATION,
    "test": _TEST, "testing": _TEST,
}  # fmt: skip
"""Cells of the column, in any case, and the part that they mean."""


@dataclass(frozen=True, eq=False)
class Split:
    """Which rows are for what.

    Attributes:
        test: test rows, ``bool[N]``.
        validation: rows that only choose between states of the training, ``bool[N]``.
        note: what it is, for people.
    """

    test: npt.NDArray[np.bool_]
    validation: npt.NDArray[np.bool_]
    note: str


def split_column(names: tuple[str, ...]) -> str | None:
    """The column named ``split``, in any case, if it is among ``names``."""
    return next((name for name in names if name.lower() == "split"), None)


def read_split(sheet: Sheet, name: str) -> Split:
    """The parts that a column names. Without test rows, those for validation are the test rows.

    Raises:
        DataError: if a cell names no part.
    """
    cells = sheet.column(name)
    part_of = {cell: _WORDS.get(cell.lower()) for cell in set(cells)}
    for row, cell in enumerate(cells):
        if part_of[cell] is None:
            raise DataError(
                f"{sheet.place(row)}: column {name!r} is {shown(cell)}, not train, val or test: "
                f"correct it to use the column as the split, or give {keep_option(name)} if it is "
                f"a feature, or {drop_option(name)}"
            )
    parts = np.array([part_of[cell] for cell in cells])
    counts = Counter(parts.tolist())
    known = (part for part in (_TRAIN, _VALIDATION, _TEST) if counts[part])
    note = f"column {name!r} is the split: {', '.join(f'{counts[p]:,} {p}' for p in known)} rows"
    test, validation = parts == _TEST, parts == _VALIDATION
    if validation.any() and not test.any():
        test, validation = validation, test
        note += "; those for validation are the test rows"
    return Split(test, validation, note)


def refuse_other_splits(sheet: Sheet, names: tuple[str, ...]) -> None:
    """Check that no column is a split under another name.

    Raises:
        DataError: if one has nothing but names of parts, those for training among them.
    """
    for name in names:
        parts = {_WORDS.get(cell.lower()) for cell in set(sheet.column(name))}
        if None not in parts and _TRAIN in parts and len(parts) > 1:
            raise DataError(
                f"{sheet.path}: column {name!r} says which rows are for training: name it 'split' "
                f"to use it so, or leave it out with {drop_option(name)}, or learn from it with "
                f"{keep_option(name)}"
            )
