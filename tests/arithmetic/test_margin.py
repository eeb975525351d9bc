"""The margin: the highest score less the next highest, from the block that finds the class."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plans import numbers, run, score_bits, unit_plan

from lgn2hdl.arithmetic.argmax import argmax_block
from lgn2hdl.arithmetic.cost import Objective, block_cost
from lgn2hdl.model.heads.group_sum_plan import ClassSum, GroupSumPlan, Term


def margin_plan(ranges: list[tuple[int, int]]) -> GroupSumPlan:
    """Classes whose scores take the values from low to high, with a margin."""
    terms = [() if low == high else (Term(0, high - low, False),) for low, high in ranges]
    sums = zip(terms, ranges, strict=True)
    return GroupSumPlan(tuple(ClassSum(term, low) for term, (low, _) in sums), margin=True)


def check(
    plan: GroupSumPlan, scores: np.ndarray, k: int, objective: Objective, carry: bool
) -> None:
    """Scores ``[C, N]``, against sorting."""
    block = argmax_block(plan, k, objective, carry=carry)
    assert len(block.netlist.outputs) == plan.class_width + plan.margin_width
    bits = run(block, score_bits(plan, scores))
    np.testing.assert_array_equal(numbers(bits[: plan.class_width]), scores.argmax(axis=0))
    ordered = np.sort(scores, axis=0)
    np.testing.assert_array_equal(numbers(bits[plan.class_width :]), ordered[-1] - ordered[-2])


CASES = [
    [(0, 3)] * 2, [(0, 3)] * 3, [(0, 2)] * 4, [(-2, 1)] * 3, [(-1, 2), (0, 3), (-4, -2)],
    [(0, 0), (0, 1), (1, 4)], [(0, 1)] * 9, [(-1, 0)] * 5, [(0, 40), (7, 9)], [(5, 5)] * 3,
    [(-3, -3), (2, 2)],
]  # fmt: skip


@pytest.mark.parametrize("carry", [True, False])
@pytest.mark.parametrize("objective", Objective)
@pytest.mark.parametrize("k", [3, 4, 6])
@pytest.mark.parametrize("ranges", CASES, ids=str)
def test_all_scores(ranges, k, objective, carry):
    scores = np.array(list(product(*(range(low, high + 1) for low, high in ranges)))).T
    check(margin_plan(ranges), scores, k, objective, carry)


@given(st.data(), st.sampled_from([3, 4, 6]), st.sampled_from(Objective), st.booleans())
@settings(max_examples=30)
def test_random_ranges(data, k, objective, carry):
    value = st.integers(-300, 300)
    pairs = data.draw(st.lists(st.tuples(value, value), min_size=2, max_size=18))
    ranges = [(min(pair), max(pair)) for pair in pairs]
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    scores = np.stack([rng.integers(low, high + 1, 300) for low, high in ranges])
    scores[:, :20] = [[low] for low, _ in ranges]
    scores[:, 20:40] = [[high] for _, high in ranges]
    check(margin_plan(ranges), scores, k, objective, carry)


@pytest.mark.parametrize("k", [3, 4, 6])
def test_indices_wider_than_a_lut(k):
    """70 classes: the index has seven bits, more than one gate can compare."""
    plan = replace(unit_plan(70, 3), margin=True)
    scores = np.random.default_rng(k).integers(0, 4, (70, 500))
    scores[:, :250] = np.minimum(scores[:, :250], 2)
    scores[np.arange(70), np.arange(70)] = 3
    check(plan, scores, k, Objective.LUTS, True)


@pytest.mark.parametrize("objective", Objective)
def test_what_it_costs(objective):
    """Two knockouts, a multiplexer and a difference."""
    plan = unit_plan(10, 100)
    luts, levels = block_cost(argmax_block(plan, 6, objective, carry=True))
    more = block_cost(argmax_block(replace(plan, margin=True), 6, objective, carry=True))
    assert luts < more[0] <= 3.5 * luts
    assert levels < more[1] <= 2 * levels + 5
