"""C expressions of truth tables of any fan-in: multiplexers above, shortest expressions below."""

from __future__ import annotations

import functools

import numpy as np

from lgn2hdl.c_export.expressions import N_PINS, expressions
from lgn2hdl.ir import logic

PIN_NAMES = "abcdef"
"""Placeholders of pins 0 to 5; expressions hold no other small letters."""


@functools.cache
def expression(table: int, fan_in: int) -> str:
    """An expression of a truth table, with the pins named as in :data:`PIN_NAMES`.

    Up to three pins it is one of fewest operators. A wider table is split by the pin that costs
    fewest operators: ``p & high | ~p & low``, or less where a half is constant, or both are equal
    or complements of each other. The constants are ``ZERO`` and ``ONES``.
    """
    if fan_in <= N_PINS:
        wide = int(logic.widen(np.array([table], np.uint8), fan_in, N_PINS)[0])
        return expressions()[wide].format(*PIN_NAMES)
    candidates = (_split(table, fan_in, pin) for pin in range(fan_in))
    return min(candidates, key=lambda text: (operators(text), text))


def operators(text: str) -> int:
    """Operators of an expression."""
    return sum(map(text.count, "&|^~"))


def _split(table: int, fan_in: int, pin: int) -> str:
    """The table as a choice between its halves where ``pin`` is 0 and where it is 1."""
    low_table, high_table = halves(table, fan_in, pin)
    above = str.maketrans(PIN_NAMES[pin : fan_in - 1], PIN_NAMES[pin + 1 : fan_in])
    low, high = (expression(half, fan_in - 1).translate(above) for half in (low_table, high_table))
    name, ones = PIN_NAMES[pin], logic.all_ones(fan_in - 1)
    if low_table == high_table:
        return low
    if low_table == high_table ^ ones:
        return f"{name} ^ {_operand(low)}"
    short = {
        (0, "low"): f"{name} & {_operand(high)}",
        (0, "high"): f"~{name} & {_operand(low)}",
        (ones, "low"): f"~{name} | {_operand(high)}",
        (ones, "high"): f"{name} | {_operand(low)}",
    }
    for key in ((low_table, "low"), (high_table, "high")):
        if key in short:
            return short[key]
    return f"({name} & {_operand(high)}) | (~{name} & {_operand(low)})"


def halves(table: int, fan_in: int, pin: int) -> tuple[int, int]:
    """Tables of the other pins where ``pin`` is 0 and where it is 1."""
    run = 1 << pin
    mask, parts = (1 << run) - 1, [0, 0]
    for start in range(0, 1 << fan_in, 2 * run):
        for value in (0, 1):
            parts[value] |= (table >> (start + value * run) & mask) << (start // 2)
    return parts[0], parts[1]


def _operand(text: str) -> str:
    return f"({text})" if " " in text else text
