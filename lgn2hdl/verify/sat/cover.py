"""Clauses of look-up tables: irredundant sums of products of a table and of its complement.

Method: Minato and Morreale, as in S. Minato, "Fast Generation of Irredundant Sum-of-Products Forms
from Binary Decision Diagrams", SASIMI 1992; here on truth tables, all of them at a time.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir import logic

PINS = logic.MAX_FAN_IN
_ONES = np.uint64(logic.all_ones(PINS))


class Cubes(NamedTuple):
    """Products of pins, ``[n]`` each.

    Attributes:
        table: position of the table that the cube belongs to.
        care: pins in the product, a bit each.
        value: values of these pins.
    """

    table: npt.NDArray[np.int64]
    care: npt.NDArray[np.int64]
    value: npt.NDArray[np.int64]


def cubes(tables: logic.Words) -> Cubes:
    """Cubes that together are 1 where the tables are, ``u64[n]`` of six pins, by table."""
    found: list[tuple[npt.NDArray[np.int64], int, int]] = []
    _cover(np.arange(len(tables)), tables, tables, PINS - 1, (0, 0), found)
    if not found:
        nothing = np.empty(0, np.int64)
        return Cubes(nothing, nothing, nothing)
    index = np.concatenate([item[0] for item in found])
    counts = [len(item[0]) for item in found]
    care = np.repeat([item[1] for item in found], counts)
    value = np.repeat([item[2] for item in found], counts)
    order = np.argsort(index, kind="stable")
    return Cubes(index[order], care[order], value[order])


def _cover(
    index: npt.NDArray[np.int64],
    low: logic.Words,
    high: logic.Words,
    pin: int,
    cube: tuple[int, int],
    found: list[tuple[npt.NDArray[np.int64], int, int]],
) -> logic.Words:
    """Cover each table at least where ``low`` and at most where ``high``; returns what is covered.

    Pins above ``pin`` do not matter any more; ``cube`` (care, value) is what was fixed of them.
    """
    covered = np.zeros_like(low)
    whole = (low != 0) & (high == _ONES)
    if whole.any():
        found.append((index[whole], *cube))
        covered[whole] = _ONES
    rest = np.flatnonzero((low != 0) & ~whole)
    if not len(rest):
        return covered
    own = index[rest]
    low0, low1 = (logic.cofactor(low[rest], PINS, pin, value) for value in (0, 1))
    high0, high1 = (logic.cofactor(high[rest], PINS, pin, value) for value in (0, 1))
    care, value = cube[0] | 1 << pin, cube[1] | 1 << pin
    made0 = _cover(own, low0 & ~high1, high0, pin - 1, (care, cube[1]), found)
    made1 = _cover(own, low1 & ~high0, high1, pin - 1, (care, value), found)
    left = (low0 & ~made0) | (low1 & ~made1)
    both = _cover(own, left, high0 & high1, pin - 1, cube, found)
    mask = np.uint64(logic.pin_table(PINS, pin))
    covered[rest] = (made0 & ~mask) | (made1 & mask) | both
    return covered
