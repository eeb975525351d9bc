import itertools

import numpy as np
import pytest
from hardware import pack_bits, register_bits, run_component

from lgn2hdl.hdl.argmax import Argmax
from lgn2hdl.head import ClassSum, GroupSumPlan, Term
from lgn2hdl.model import decide


def plan_for(n_classes: int, low: int, high: int, levels_per_stage: int) -> GroupSumPlan:
    """A plan whose scores reach from ``low`` to ``high``."""
    return GroupSumPlan(
        (ClassSum((Term(0, high - low, False),), low),) * n_classes, levels_per_stage
    )


def check_argmax(plan: GroupSumPlan, scores: np.ndarray) -> None:
    widths = [plan.score_width] * plan.n_classes
    packed = [pack_bits(row, widths) for row in scores.tolist()]
    samples = [{"scores_in": number} for number in packed]
    outputs = ["class_index", "scores"]
    results = run_component(Argmax(plan), samples, outputs, plan.argmax_latency)
    assert [result["class_index"] for result in results] == decide(scores).tolist()
    assert [result["scores"] for result in results] == packed


@pytest.mark.parametrize("levels_per_stage", [1, 2, 3, 4])
@pytest.mark.parametrize("n_classes", range(2, 12))
@pytest.mark.parametrize(("low", "high"), [(0, 9), (-6, 5)])
def test_random_scores_full_of_ties(n_classes, levels_per_stage, low, high):
    rng = np.random.default_rng(n_classes)
    scores = rng.integers(low, high + 1, (60, n_classes))
    scores[:20] = rng.integers(0, 2, (20, n_classes))  # mostly ties for the first place
    scores[0], scores[1] = low, high
    check_argmax(plan_for(n_classes, low, high, levels_per_stage), scores)


@pytest.mark.parametrize(("low", "high"), [(0, 2), (-1, 1), (-3, -1)])
@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_all_scores_of_small_ranges(n_classes, low, high):
    scores = np.array(list(itertools.product(range(low, high + 1), repeat=n_classes)))
    check_argmax(plan_for(n_classes, low, high, 1), scores)


@pytest.mark.parametrize("levels_per_stage", [1, 2, 3, 4])
@pytest.mark.parametrize("n_classes", range(2, 12))
def test_flip_flops_are_what_is_emitted(n_classes, levels_per_stage):
    plan = plan_for(n_classes, -3, 10, levels_per_stage)
    assert register_bits(Argmax(plan)) == plan.argmax_flip_flops
