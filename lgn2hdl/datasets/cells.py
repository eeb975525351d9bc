"""What a cell of text is: a number, a missing value, or anything else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from lgn2hdl.model.features import MAX_EXACT

MISSING_CELLS = frozenset(
    {"", "?", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "null", "NULL"}
)
"""Cells that mean a missing value wherever they stand."""

MISSING_NUMBERS = frozenset({"None", "none", "NONE", "-", "--", "."})
"""Cells that mean a missing value among numbers; elsewhere they may be names like others."""

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,6})?")
_CHARACTERS = frozenset("0123456789+-.eE")
"""Of numbers: what ``float`` makes of these alone is what :data:`_NUMBER` matches."""

_INTEGER = re.compile(r"[+-]?[0-9]+")


def is_number(cell: str) -> bool:
    """Whether the cell is a number as computers write it: ``-12``, ``0.5``, ``1e-3``.

    Python's ``float`` takes more: underscores, digits of other scripts, ``infinity``.
    """
    return _NUMBER.fullmatch(cell) is not None


def plain_numbers(cells: Sequence[str]) -> npt.NDArray[np.float64] | None:
    """All cells as numbers; None if one is none. Faster than cell by cell."""
    if not set("".join(cells)) <= _CHARACTERS:
        return None
    try:
        return np.array(cells, np.float64)
    except ValueError:
        return None


def is_missing(cell: str) -> bool:
    """Whether the cell means that a number is missing."""
    return cell in MISSING_CELLS or cell in MISSING_NUMBERS


def exact_number(cell: str) -> Decimal | None:
    """The cell's number without any rounding; None if it is none."""
    return Decimal(cell) if is_number(cell) else None


def shown(text: str, longest: int = 60) -> str:
    """The text as in a Python program, cut where it is too long for a message."""
    return repr(text) if len(text) <= longest else f"{text[:longest]!r}..."


def is_inexact_integer(cell: str) -> bool:
    """Whether the cell is an integer beyond those that 64-bit floats hold one by one."""
    if len(cell) <= 15 or _INTEGER.fullmatch(cell) is None:
        return False
    return abs(Decimal(cell)) > MAX_EXACT
