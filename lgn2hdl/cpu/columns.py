"""Ashenhurst-Curtis decomposition of functions of five variables: ``f(a, b, c, d, e)``.

For each value of ``a, b, c``, what is left is a function of ``d, e``: a column, four bits of the
table. With two different columns ``f = R(d, e, g(a, b, c))``, with up to four
``f = R(d, e, g1(a, b, c), g2(a, b, c))``. With up to two for each value of ``c``,
``f = R(d, e, g(a, b, c), c)``. The columns are the rows of ``R``, four bits each, in any order.

H. A. Curtis, A New Approach to the Design of Switching Circuits, 1962.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import combinations

import numpy as np
import numpy.typing as npt

from lgn2hdl.cpu.four_inputs import Bytes, four_inputs

IMPOSSIBLE = 100
"""Cost of what cannot be done."""

ENCODINGS = np.array([[0, 1, 2, 3], [0, 1, 3, 2], [0, 2, 3, 1]])
"""The ways to give two bits to four columns that differ in more than names and inverters."""

Half = npt.NDArray[np.uint16]


@dataclass(frozen=True, eq=False)
class Columns:
    """What can be made of columns, found once for all sets of columns.

    Attributes:
        present: columns among the four in 16 bits of a table, a bit each, ``u16[65536]``.
        cost: nodes of ``R``, ``g1`` and ``g2`` for each set of columns, ``u8[65536]``.
        remainder: table of ``R`` for each set of columns, ``u16[65536]``.
        pair: the two columns in 16 bits of a table, the lower one in the lower four of eight bits,
            ``u8[65536]``; any if ``is_pair`` is false.
        is_pair: whether at most two columns are different, ``bool[65536]``.
        shared_cost: nodes of ``R(d, e, g, c)`` and ``g`` for each table of ``R``, ``u8[65536]``.
        turned: whether it takes the complement of ``g`` where ``c`` is 1 for that, and other
            rows of ``R``, ``bool[65536]``.
    """

    present: Half
    cost: Bytes
    remainder: Half
    pair: Bytes
    is_pair: npt.NDArray[np.bool_]
    shared_cost: Bytes
    turned: npt.NDArray[np.bool_]


@cache
def columns() -> Columns:
    """What can be made of all sets of columns."""
    every = np.arange(1 << 16, dtype=np.uint16)
    nibbles = every[:, None] >> np.arange(0, 16, 4, dtype=np.uint16) & 15
    low, high = nibbles.min(axis=1), nibbles.max(axis=1)
    is_pair = ((nibbles == low[:, None]) | (nibbles == high[:, None])).all(axis=1)
    cost, remainder = _remainders()
    best = four_inputs().cost
    turned_cost = best[turn_upper(every)]
    return Columns(
        present=np.bitwise_or.reduce(np.uint16(1) << nibbles, axis=1),
        cost=cost,
        remainder=remainder,
        pair=(low | high << np.uint16(4)).astype(np.uint8),
        is_pair=is_pair,
        shared_cost=1 + np.minimum(best, turned_cost),
        turned=turned_cost < best,
    )


def turn_upper(table: Half) -> Half:
    """Exchange the two upper rows of four bits: ``R(d, e, ~g, c)`` where ``c`` is 1."""
    four = np.uint16(4)
    third, fourth = table & np.uint16(0x0F00), table & np.uint16(0xF000)
    return table & np.uint16(0x00FF) | third << four | fourth >> four


def _remainders() -> tuple[Bytes, Half]:
    """The costs and the tables of ``R`` for all sets of one to four columns."""
    cost = np.full(1 << 16, IMPOSSIBLE, np.uint8)
    remainder = np.zeros(1 << 16, np.uint16)
    for count in range(1, 5):
        sets = np.array(list(combinations(range(16), count)))
        present = np.bitwise_or.reduce(1 << sets, axis=1)
        for rows in _arrangements(sets):
            table = np.bitwise_or.reduce(rows << np.arange(0, 16, 4), axis=1)
            price = four_inputs().cost[table] + np.uint8((count - 1).bit_length())
            better = np.flatnonzero(price < cost[present])
            cost[present[better]], remainder[present[better]] = price[better], table[better]
    return cost, remainder


def _arrangements(sets: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    """The four rows of ``R`` for sets of as many columns, ``[n, 4]``, for all that may be best."""
    count = sets.shape[1]
    if count <= 2:
        return [sets[:, [0, -1, 0, -1]]]  # g2 is not needed
    if count == 4:
        return [sets[:, encoding] for encoding in ENCODINGS]
    fourth = [np.full((len(sets), 1), value) for value in range(16)]  # it does not occur
    full = [np.concatenate([sets, column], axis=1) for column in fourth]
    return [rows[:, encoding] for rows in full for encoding in ENCODINGS]
