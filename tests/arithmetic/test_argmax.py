from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plans import numbers, run, score_bits, unit_plan

from lgn2hdl.arithmetic.argmax import argmax_block
from lgn2hdl.arithmetic.cost import Objective, block_cost
from lgn2hdl.model.heads.group_sum_plan import ClassSum, GroupSumPlan, Term


def ranged_plan(ranges: list[tuple[int, int]]) -> GroupSumPlan:
    """Classes whose scores take the values from low to high."""
    return GroupSumPlan(
        tuple(
            ClassSum((Term(0, high - low, False),) if high > low else (), low)
            for low, high in ranges
        )
    )


def check(plan: GroupSumPlan, scores: np.ndarray, k: int, objective: Objective) -> None:
    """Scores ``[C, N]``; numpy's argmax takes the lowest index of equals, too."""
    block = argmax_block(plan, k, objective)
    assert not block.chains
    got = numbers(run(block, score_bits(plan, scores)))
    np.testing.assert_array_equal(got, scores.argmax(axis=0))


CASES = [
    [(0, 3)] * 2, [(0, 3)] * 3, [(0, 2)] * 4, [(-2, 1)] * 3, [(-1, 2), (0, 3), (-4, -2)],
    [(0, 0), (0, 1), (1, 4)], [(0, 1)] * 9, [(-1, 0)] * 5, [(0, 40), (7, 9)], [(5, 5)] * 3,
    [(0, 1)] * 2,
]  # fmt: skip


@pytest.mark.parametrize("objective", Objective)
@pytest.mark.parametrize("k", [3, 4, 5, 6])
@pytest.mark.parametrize("ranges", CASES, ids=str)
def test_all_scores(ranges, k, objective):
    scores = np.array(list(product(*(range(low, high + 1) for low, high in ranges)))).T
    check(ranged_plan(ranges), scores, k, objective)


@pytest.mark.slow
@given(st.data(), st.sampled_from([3, 4, 6]), st.sampled_from(Objective))
@settings(max_examples=40)
def test_random_ranges(data, k, objective):
    value = st.integers(-300, 300)
    pairs = data.draw(st.lists(st.tuples(value, value), min_size=2, max_size=12))
    ranges = [(min(pair), max(pair)) for pair in pairs]
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    scores = np.stack([rng.integers(low, high + 1, 300) for low, high in ranges])
    scores[:, :20] = [[low] for low, _ in ranges]
    middle = sum(low + high for low, high in ranges) // (2 * len(ranges))
    close = np.clip(
        middle + rng.integers(-1, 2, (len(ranges), 100)), *np.array(ranges).T[:, :, None]
    )
    check(ranged_plan(ranges), np.concatenate([scores, close], axis=1), k, objective)


def test_ten_classes_of_seven_bits_are_small():
    plan = unit_plan(10, 100)
    few = block_cost(argmax_block(plan, 6))
    shallow = block_cost(argmax_block(plan, 6, Objective.DEPTH))
    assert few[0] <= 76
    assert shallow[1] < few[1]


@pytest.mark.parametrize("objective", Objective)
@pytest.mark.parametrize("k", [3, 4, 6])
@pytest.mark.parametrize("n_classes", [2, 5])
def test_any_number_of_bits_that_never_change_is_free(n_classes, k, objective):
    """Scores far from zero and from each other: most of their 32 bits are constants."""
    rng = np.random.default_rng(n_classes)
    lowest = rng.integers(-(1 << 31), (1 << 31) - 20, n_classes).tolist()
    lowest[1] = lowest[0]
    ranges = [(low, low + 19) for low in lowest]
    scores = np.stack([rng.integers(low, high + 1, 500) for low, high in ranges])
    check(ranged_plan(ranges), scores, k, objective)


def test_bits_that_never_change_are_not_read():
    plan = ranged_plan([(64, 65), (64, 65), (0, 3)])
    block = argmax_block(plan, 6)
    assert set(block.netlist.fanin.ravel()) <= {0, 1, 1 + plan.score_width}
    assert block_cost(block) == (1, 1)
