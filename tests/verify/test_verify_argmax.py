from itertools import product

import numpy as np
import pytest
from graphs import one_bit_changed
from hypothesis import given, settings
from hypothesis import strategies as st

from lgn2hdl.arithmetic.argmax import argmax_block
from lgn2hdl.arithmetic.cost import Objective
from lgn2hdl.ir import packed
from lgn2hdl.ir.netlist import Netlist, evaluate
from lgn2hdl.model.heads.group_sum_plan import ClassSum, GroupSumPlan, Term
from lgn2hdl.verify.proofs.argmax import (
    CONSTANT_FALSE,
    CONSTANT_TRUE,
    Score,
    prove_argmax,
    score_values,
)
from lgn2hdl.verify.sat.deadline import Deadline


def plan_of(ranges: list[tuple[int, int]], *, margin: bool = False) -> GroupSumPlan:
    """Classes whose scores have these lowest and highest values."""
    sums = tuple(
        ClassSum((Term(0, high - low, False),) if high > low else (), low) for low, high in ranges
    )
    return GroupSumPlan(sums, margin=margin)


def scores_of(plan: GroupSumPlan) -> list[Score]:
    width = plan.score_width
    return [
        Score(
            tuple(range(index * width, (index + 1) * width)), *item.score_range, plan.score_signed
        )
        for index, item in enumerate(plan.sums)
    ]


def proved(
    plan: GroupSumPlan, netlist: Netlist, seconds: float | None = None
) -> tuple[bool | None, tuple]:
    n_variables = plan.n_classes * plan.score_width
    answer = prove_argmax(
        netlist, range(n_variables), scores_of(plan), n_variables, plan.class_width,
        Deadline(seconds),
    )  # fmt: skip
    return answer.holds, answer.scores


def wrong_scores(plan: GroupSumPlan, netlist: Netlist) -> list[tuple[int, ...]]:
    """All scores in their ranges for which the netlist is wrong, by trying them."""
    ranges = [range(low, high + 1) for low, high in (item.score_range for item in plan.sums)]
    every = np.array(list(product(*ranges)))
    places = np.arange(plan.score_width)
    bits = (every[:, :, None] >> places & 1).reshape(len(every), -1).T.astype(bool)
    got = packed.unpack(evaluate(netlist, packed.pack(bits)), len(every))
    index = every.argmax(axis=1)
    best = np.sort(every, axis=1)
    wanted = [index >> place & 1 for place in range(plan.class_width)]
    if plan.margin:
        margin = best[:, -1] - best[:, -2]
        wanted += [margin >> place & 1 for place in range(plan.margin_width)]
    wrong = (got != np.array(wanted, bool)).any(axis=0)
    return [tuple(row) for row in every[wrong].tolist()]


RANGES = [
    [(0, 5), (0, 5)],
    [(0, 7), (2, 3), (0, 7)],
    [(-3, 2), (-4, 4), (-1, 0)],
    [(0, 3), (0, 3), (1, 3), (0, 3), (0, 2)],
    [(2, 2), (0, 4)],
]


@pytest.mark.parametrize("ranges", RANGES)
@pytest.mark.parametrize(("k", "carry"), [(6, True), (6, False), (4, True), (4, False)])
@pytest.mark.parametrize("margin", [False, True])
def test_blocks_are_proved(ranges: list, k: int, carry: bool, margin: bool) -> None:
    plan = plan_of(ranges, margin=margin)
    for objective in Objective:
        netlist = argmax_block(plan, k, objective, carry=carry).netlist
        assert wrong_scores(plan, netlist) == []
        assert proved(plan, netlist) == (True, ())


@given(st.integers(0, 2**32 - 1), st.sampled_from(RANGES), st.booleans())
@settings(max_examples=30)
def test_verdicts_on_changed_blocks_are_right(seed: int, ranges: list, margin: bool) -> None:
    rng = np.random.default_rng(seed)
    plan = plan_of(ranges, margin=margin)
    netlist = argmax_block(plan, 6, carry=bool(rng.integers(2))).netlist
    gate = int(rng.integers(netlist.n_gates))
    changed = one_bit_changed(netlist, gate, int(rng.integers(64)))
    wrong = wrong_scores(plan, changed)
    holds, scores = proved(plan, changed)
    assert holds == (not wrong)
    assert not wrong or scores in wrong


@pytest.mark.parametrize("n_classes", [7, 40])
def test_many_classes(n_classes: int) -> None:
    plan = plan_of([(0, 200)] * n_classes)
    netlist = argmax_block(plan, 6, carry=True).netlist
    assert proved(plan, netlist) == (True, ())


def test_the_tie_rule_matters() -> None:
    """With the classes the other way round, the highest of equal scores would win."""
    plan = plan_of([(0, 5), (0, 5)])
    netlist = argmax_block(plan, 6).netlist
    width = plan.score_width
    swapped = np.arange(netlist.n_nodes, dtype=np.int32)
    swapped[1 : 1 + 2 * width] = np.roll(swapped[1 : 1 + 2 * width], width)
    fanin = swapped[netlist.fanin]
    last = netlist.n_nodes
    inverted = Netlist(
        netlist.n_inputs,
        np.concatenate([fanin, [[netlist.outputs[0], 0, 0, 0, 0, 0]]]),
        np.append(netlist.table, np.uint64(0x5555555555555555)),
        np.array([last]),
    )
    holds, scores = proved(plan, inverted)
    assert holds is False
    assert scores[0] == scores[1]


def test_out_of_time() -> None:
    plan = plan_of([(0, 5), (0, 5), (0, 5)])
    holds, _ = proved(plan, argmax_block(plan, 4).netlist, seconds=0.0)
    assert holds is None


def test_values_of_scores_with_constants_and_a_sign() -> None:
    scores = [Score((0, CONSTANT_TRUE, 1), -8, 8, True), Score((CONSTANT_FALSE, 1), 0, 2, False)]
    variables = np.array([[0, 1, 0, 1], [0, 0, 1, 1]], bool)
    assert score_values(scores, variables).tolist() == [[2, 3, -2, -1], [0, 0, 2, 2]]


def test_bits_that_two_scores_share() -> None:
    """Score 0 is a + 2b, score 1 is a + 2c: a does not matter."""
    scores = [Score((0, 1), 0, 3, False), Score((0, 2), 0, 3, False)]
    index = Netlist(3, np.array([[2, 3]]), np.array([0b0100], np.uint8), np.array([4]))
    assert prove_argmax(index, range(3), scores, 3, 1, Deadline()).holds is True
    wrong = Netlist(3, np.array([[2, 3]]), np.array([0b0110], np.uint8), np.array([4]))
    assert prove_argmax(wrong, range(3), scores, 3, 1, Deadline()).holds is False


def test_ranges_that_no_bits_reach() -> None:
    scores = [Score((0,), 2, 3, False), Score((1,), 0, 1, False)]
    index = Netlist(2, np.array([[1, 2]]), np.array([0b0100], np.uint8), np.array([3]))
    with pytest.raises(ValueError, match="ranges"):
        prove_argmax(index, range(2), scores, 2, 1, Deadline())
