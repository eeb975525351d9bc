"""Shortest C expressions of all functions of up to three bits."""

from __future__ import annotations

import functools

from lgn2hdl.ir import logic

N_PINS = 3
"""Pins of the functions that have an expression."""

_ONES = logic.all_ones(N_PINS)
_OPERATORS = {"&": int.__and__, "|": int.__or__, "^": int.__xor__}


@functools.cache
def expressions() -> tuple[str, ...]:
    """An expression of each of the 256 truth tables, with pins ``{0}``, ``{1}``, ``{2}``.

    No expression has fewer operators among ``& | ^ ~`` that name their operands anew each time they
    are used; among equals the shortest text wins. The constants are ``ZERO`` and ``ONES``.
    """
    found = {0: "ZERO", _ONES: "ONES"}
    found |= {logic.pin_table(N_PINS, pin): f"{{{pin}}}" for pin in range(N_PINS)}
    by_cost = [dict(found)]
    while len(found) <= _ONES:
        # All functions of fewer operators are known: those of one more are made of them.
        new: dict[int, str] = {}
        for table, text in _combinations(by_cost):
            if table not in found and _rank(text) < _rank(new.get(table, text + " ")):
                new[table] = text
        found |= new
        by_cost.append(new)
    return tuple(found[table] for table in range(_ONES + 1))


def _combinations(by_cost: list[dict[int, str]]) -> list[tuple[int, str]]:
    """Tables and expressions of exactly as many operators as ``by_cost`` has entries."""
    last = len(by_cost) - 1
    result = [(table ^ _ONES, f"~{_operand(text)}") for table, text in by_cost[last].items()]
    for cost in range(last + 1):
        for table, text in by_cost[cost].items():
            for other, other_text in by_cost[last - cost].items():
                for sign, operator in _OPERATORS.items():
                    joined = f"{_operand(text)} {sign} {_operand(other_text)}"
                    result.append((operator(table, other), joined))
    return result


def _operand(text: str) -> str:
    return f"({text})" if " " in text else text


def _rank(text: str) -> tuple[int, str]:
    return len(text), text
