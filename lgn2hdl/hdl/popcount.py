"""Popcount: the score of every class, as balanced binary adder trees."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Shape, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lgn2hdl.hdl.domain import data_path_module
from lgn2hdl.head import ClassSum, GroupSumPlan


class Popcount(wiring.Component):
    """Scores of all classes. Latency: ``max(1, ceil(log2(terms) / levels_per_stage))`` cycles.

    Model: ``GroupSum.scores``.

    Ports:
        signals: the core's outputs (one unused bit if there are none).
        scores: class 0 in the least significant bits, ``GroupSumPlan.score_width`` bits each.
    """

    def __init__(self, plan: GroupSumPlan, n_signals: int) -> None:
        self._plan = plan
        super().__init__(
            {
                "clk": In(1),
                "signals": In(max(1, n_signals)),
                "scores": Out(plan.n_classes * plan.score_width),
            },
        )

    def elaborate(self, _platform: Any) -> Module:
        """One adder tree a class; all take the same number of cycles."""
        m = data_path_module(self.clk)
        scores = [self._score(m, index, item) for index, item in enumerate(self._plan.sums)]
        m.d.comb += self.scores.eq(Cat(scores))
        return m

    def _score(self, m: Module, index: int, item: ClassSum) -> Signal:
        plan = self._plan
        tree = item.highest_sums
        numbers = self._terms(item)
        depth = 0
        for stage in range(1, plan.popcount_latency + 1):
            for level in range(depth + 1, min(stage * plan.levels_per_stage, len(tree) - 1) + 1):
                numbers = _add_neighbours(m, numbers, tree[level], f"class{index}_level{level}")
                depth = level
            if stage < plan.popcount_latency and item.terms:
                numbers = _register(m, numbers, f"class{index}_stage{stage}")
        score = Signal(
            Shape(plan.score_width, plan.score_signed), name=f"score{index}", reset_less=True
        )
        m.d.sync += score.eq(numbers[0] + item.bias if item.bias else numbers[0])
        return score

    def _terms(self, item: ClassSum) -> list[Value]:
        terms = []
        for term in item.terms:
            bit = self.signals[term.signal]
            bit = ~bit if term.complement else bit
            terms.append(
                bit if term.weight == 1 else bit.replicate(_bits(term.weight)) & term.weight
            )
        return terms or [Const(0, 1)]


def _bits(highest: int) -> int:
    return max(1, highest.bit_length())


def _add_neighbours(m: Module, numbers: list[Value], highest: list[int], name: str) -> list[Value]:
    """One level of the tree: pairs are added, an odd last number passes."""
    sums: list[Value] = []
    for position, bound in enumerate(highest):
        pair = numbers[2 * position : 2 * position + 2]
        if len(pair) == 1:
            sums.append(pair[0])
            continue
        total = Signal(_bits(bound), name=f"{name}_{position}")
        m.d.comb += total.eq(pair[0] + pair[1])
        sums.append(total)
    return sums


def _register(m: Module, numbers: list[Value], name: str) -> list[Value]:
    """All numbers of one class in one wide register."""
    packed = Cat(numbers)
    register = Signal(len(packed), name=name, reset_less=True)
    m.d.sync += register.eq(packed)
    result, start = [], 0
    for number in numbers:
        result.append(register[start : start + len(number)])
        start += len(number)
    return result
