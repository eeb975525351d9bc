"""The best way to build each of the 65,536 functions of four variables from nodes of three inputs.

Two nodes suffice where a variable can be taken out (:func:`can_take_out`). Otherwise it takes
three: ``f = d ? f1(a, b, c) : f0(a, b, c)``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import permutations

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir import logic

Bytes = npt.NDArray[np.uint8]

S, G, H = (logic.pin_table(3, pin) for pin in range(3))
"""Tables of the three pins of a node."""

MUX = (~S & G) | (S & H)
"""Table of ``s ? h : g``."""


@dataclass(frozen=True, eq=False)
class FourInputs:
    """How to build the functions, indexed by their tables.

    Attributes:
        cost: nodes, ``u8[65536]``; 0 for constants and variables.
        order: the variables ``(a, b, c, d)``, ``u8[65536, 4]``.
        top: table of the upper node; its pins are ``(d, first, c)``, or ``(d, first, second)``
            if ``cost`` is 3, ``u8[65536]``.
        first, second: tables of the lower nodes, with pins ``(a, b, c)``, ``u8[65536]``.
    """

    cost: Bytes
    order: Bytes
    top: Bytes
    first: Bytes
    second: Bytes


@cache
def four_inputs() -> FourInputs:
    """How to build all functions."""
    every = np.arange(1 << 16, dtype=np.uint16)
    result = FourInputs(
        cost=np.full(len(every), 3, np.uint8),
        order=np.tile(np.arange(4, dtype=np.uint8), (len(every), 1)),
        top=np.full(len(every), MUX, np.uint8),
        first=every.astype(np.uint8),
        second=(every >> np.uint16(8)).astype(np.uint8),
    )
    for order in permutations(range(4)):
        if order[0] < order[1]:
            _use_two_nodes(result, every, order)
    for last in range(4):
        _use_one_node(result, every, (*(pin for pin in range(4) if pin != last), last))
    for pin in range(4):
        wire = logic.pin_table(4, pin)
        result.cost[[0, 0xFFFF, wire, 0xFFFF ^ wire]] = 0
    return result


def _use_two_nodes(result: FourInputs, every: logic.Tables, order: tuple[int, ...]) -> None:
    """Enter the functions that can do without a third node and whose variables go in ``order``."""
    left = np.flatnonzero(result.cost == 3)
    moved = logic.permute(every[left], np.tile(np.array(order), (len(left), 1)))
    good = can_take_out(moved, 4)
    found = left[good]
    result.cost[found], result.order[found] = 2, order
    result.first[found], result.top[found] = take_out(moved[good], 4)


def _use_one_node(result: FourInputs, every: logic.Tables, order: tuple[int, ...]) -> None:
    """Enter the functions that do not depend on the last variable of ``order``."""
    found = np.flatnonzero(~logic.depends_on(every, 4, order[-1]))
    moved = logic.permute(every[found], np.tile(np.array(order), (len(found), 1)))
    result.cost[found], result.order[found] = 1, order
    result.first[found], result.top[found] = moved.astype(np.uint8), G


def can_take_out(table: logic.Tables, n_pins: int) -> npt.NDArray[np.intp]:
    """Positions of the functions with ``f(.., c, d) = top(d, g(.., c), c)`` for some ``g``.

    For each value of ``c``, the two functions that ``d`` chooses from are constants, equal or
    complementary then. ``c`` and ``d`` are the last two of the ``n_pins`` variables, 4 to 6.
    """
    rows = np.arange(len(table))
    for c in range(2):
        low, high = _quarters(table[rows], n_pins, c)
        ones = low.dtype.type(logic.all_ones(n_pins - 2))
        good = (low == high) | (low == high ^ ones)
        good |= (low == 0) | (low == ones) | (high == 0) | (high == ones)
        rows = rows[good]
    return rows


def take_out(table: logic.Tables, n_pins: int, *, turn: bool = False) -> tuple[logic.Tables, Bytes]:
    """``g`` and ``top`` of functions that :func:`can_take_out` found.

    Args:
        table: the functions, with variables in the same order.
        n_pins: number of variables, 4 to 6.
        turn: take the complement of ``g`` where ``c`` is 1.

    Returns:
        Tables of ``g``, with all variables but the last one, and of ``top``, with ``(d, g, c)``.
    """
    half = logic.table_dtype(n_pins - 1)
    inner, top = np.zeros(len(table), half), np.zeros(len(table), np.uint8)
    for c in range(2):
        parts = _quarters(table, n_pins, c)
        ones = parts[0].dtype.type(logic.all_ones(n_pins - 2))
        constant = [(part == 0) | (part == ones) for part in parts]
        own = np.where(constant[0], parts[1], parts[0])
        if turn and c:
            own = own ^ ones
        inner |= own.astype(half) << half.type(c * logic.rows(n_pins - 2))
        for d, part in enumerate(parts):
            at_zero = np.where(constant[d], part != 0, part != own)
            at_one = np.where(constant[d], part != 0, part == own)
            top |= at_zero.astype(np.uint8) << np.uint8(d + 4 * c)
            top |= at_one.astype(np.uint8) << np.uint8(d + 4 * c + 2)
    return inner, top


def _quarters(table: logic.Tables, n_pins: int, c: int) -> tuple[logic.Tables, logic.Tables]:
    """The functions for ``d`` 0 and 1, with ``c`` given."""
    rows = logic.rows(n_pins - 2)
    quarter = logic.table_dtype(n_pins - 2)
    ones = quarter.type(logic.all_ones(n_pins - 2))
    low, high = (table >> table.dtype.type(rows * (c + 2 * d)) for d in range(2))
    return low.astype(quarter) & ones, high.astype(quarter) & ones
