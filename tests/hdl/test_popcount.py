import numpy as np
import pytest
from hardware import pack_bits, register_bits, run_component
from hypothesis import given, settings
from hypothesis import strategies as st

from lgn2hdl.hdl.popcount import Popcount
from lgn2hdl.head import ClassSum, GroupSumPlan, Term


@st.composite
def plans(draw):
    """Class sums over a few signals, some without terms, and the number of signals."""
    n_signals = draw(st.integers(0, 12))
    signal = st.integers(0, max(0, n_signals - 1))
    sums = []
    for _ in range(draw(st.integers(2, 5))):
        chosen = sorted(draw(st.sets(signal, max_size=n_signals))) if n_signals else []
        terms = tuple(Term(item, draw(st.integers(1, 9)), draw(st.booleans())) for item in chosen)
        sums.append(ClassSum(terms, draw(st.integers(-30, 30))))
    return GroupSumPlan(tuple(sums), draw(st.integers(1, 4))), n_signals


def expected_scores(plan, number):
    scores = [
        item.bias + sum(t.weight for t in item.terms if (number >> t.signal & 1) != t.complement)
        for item in plan.sums
    ]
    return pack_bits(scores, [plan.score_width] * plan.n_classes)


def check_popcount(plan, n_signals, numbers):
    component = Popcount(plan, n_signals)
    samples = [{"signals": number} for number in numbers]
    results = run_component(component, samples, ["scores"], plan.popcount_latency)
    assert [result["scores"] for result in results] == [
        expected_scores(plan, number) for number in numbers
    ]


@given(plans(), st.integers(0, 2**32 - 1))
@settings(max_examples=50)
def test_random_sums(case, seed):
    plan, n_signals = case
    numbers = np.random.default_rng(seed).integers(0, 1 << n_signals, 30).tolist()
    check_popcount(plan, n_signals, [0, (1 << n_signals) - 1, *numbers])


@given(plans())
@settings(max_examples=50)
def test_flip_flops_are_what_is_emitted(case):
    plan, n_signals = case
    assert register_bits(Popcount(plan, n_signals)) == plan.popcount_flip_flops


@pytest.mark.parametrize("levels_per_stage", [1, 2, 3, 4])
@pytest.mark.parametrize("n_terms", [1, 2, 3, 7, 8, 9])
def test_plain_counts_exhaustively(n_terms, levels_per_stage):
    terms = tuple(Term(signal, 1, False) for signal in range(n_terms))
    plan = GroupSumPlan((ClassSum(terms, 0), ClassSum((), 0)), levels_per_stage)
    check_popcount(plan, n_terms, list(range(1 << n_terms)))


@pytest.mark.parametrize("bias", [-200, -1, 0, 200])
def test_negative_weights_exhaustively(bias):
    # -3a + 5b - c + d: complements of weight 3 and 1, minus 4 in the bias.
    terms = (Term(0, 3, True), Term(1, 5, False), Term(2, 1, True), Term(3, 1, False))
    plan = GroupSumPlan((ClassSum(terms, bias - 4), ClassSum(terms[:1], bias)), 1)
    check_popcount(plan, 4, list(range(16)))
