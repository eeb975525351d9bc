"""Expressions compute their tables, with as few operators as promised."""

from __future__ import annotations

import pytest

from lgn2hdl.c_export.expressions import N_PINS, expressions
from lgn2hdl.ir import logic

PINS = [logic.pin_table(N_PINS, pin) for pin in range(N_PINS)]


@pytest.mark.parametrize("table", range(256))
def test_an_expression_computes_its_table(table: int) -> None:
    values = {"ZERO": 0, "ONES": 255, "__builtins__": {}}
    assert eval(expressions()[table].format(*PINS), values) & 255 == table


def operators(table: int) -> int:
    return sum(map(expressions()[table].count, "&|^~"))


@pytest.mark.parametrize(
    ("table", "count"),
    [(0, 0), (255, 0), (PINS[0], 0), (255 ^ PINS[2], 1), (0x88, 1), (0x77, 2), (0x96, 2),
     (0x80, 2), (0xE8, 4), (0xCA, 3), (0xD8, 3)],
)  # fmt: skip
def test_known_functions_take_few_operators(table: int, count: int) -> None:
    assert operators(table) == count


def test_no_function_takes_many_operators() -> None:
    assert max(map(operators, range(256))) <= 6
