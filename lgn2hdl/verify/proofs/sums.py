"""Sums of bits by definition, in gates: what a popcount is compared with where rewriting fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from lgn2hdl.verify.proofs.scores import Linear
from lgn2hdl.verify.sat.graph import FALSE, TRUE, Literals
from lgn2hdl.verify.sat.sweep import SHARE, Builder

ODD = 0b10010110
"""Sum of a full adder."""

MAJORITY = 0b11101000
"""Carry of a full adder."""

Columns = list[list[list[int]]]
"""Literals that count ``2**place``, of every sum and place."""


def add_sums(sweeper: Builder, sums: Sequence[Linear], width: int) -> Literals:
    """Literals ``i64[n, width]`` of sums modulo ``2**width``, least significant bit first.

    Carry-save adders take three bits of a column at a time, until each column has one bit left.
    """
    columns = [_columns(item, width) for item in sums]
    while groups := list(_groups(columns)):
        pins = np.array([taken for _, _, taken in groups], np.int64)
        totals = sweeper.add(pins, np.full(len(pins), ODD, np.uint8), SHARE).tolist()
        carries = sweeper.add(pins, np.full(len(pins), MAJORITY, np.uint8), SHARE).tolist()
        for (row, place, _), total, carry in zip(groups, totals, carries, strict=True):
            columns[row][place].append(total)
            if place + 1 < width:
                columns[row][place + 1].append(carry)
    bits = [[column[0] if column else FALSE for column in row] for row in columns]
    return np.array(bits, np.int64).reshape(len(sums), width)


def _columns(item: Linear, width: int) -> list[list[int]]:
    """The bits of a sum by place; ``-c b`` is ``c (1 - b) - c``."""
    columns: list[list[int]] = [[] for _ in range(width)]
    constant = item.constant
    for node, value in item.coefficients.items():
        constant += min(value, 0)
        literal = 2 * node ^ (value < 0)
        for place in range(width):
            if abs(value) >> place & 1:
                columns[place].append(literal)
    for place in range(width):
        if constant >> place & 1:
            columns[place].append(TRUE)
    return columns


def _groups(columns: Columns) -> Iterator[tuple[int, int, list[int]]]:
    """Take groups of three bits out of all columns; of two, where nothing below is left to add."""
    for row, places in enumerate(columns):
        settled = True
        for place, column in enumerate(places):
            before = len(column)
            while len(column) > 2:
                taken, column[:3] = column[:3], []
                yield row, place, taken
            if settled and len(column) == 2:
                taken, column[:] = [*column, FALSE], []
                yield row, place, taken
            settled = settled and before <= 1
