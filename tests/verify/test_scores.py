from dataclasses import replace

import numpy as np
import pytest
from graphs import one_bit_changed
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import truth

from lgn2hdl.arithmetic.counters import Style
from lgn2hdl.arithmetic.popcount import popcount_block
from lgn2hdl.ir.netlist import Netlist
from lgn2hdl.model.heads.group_sum import GroupSum
from lgn2hdl.model.heads.group_sum_plan import GroupSumPlan
from lgn2hdl.verify.proofs.argmax import score_values
from lgn2hdl.verify.proofs.scores import (
    MISSING,
    Adders,
    Linear,
    NoProofError,
    head_sums,
    linear,
    prove_scores,
)


def popcount(
    seed: int, style: Style, k: int, *, n_signals: int = 10
) -> tuple[GroupSum, Netlist, GroupSumPlan]:
    """A head over signals 1.. n, its plan and its popcount."""
    rng = np.random.default_rng(seed)
    head = GroupSum(
        class_of=rng.integers(0, 3, n_signals),
        weight=rng.integers(-4, 5, n_signals),
        bias=rng.integers(-6, 7, 3) * int(rng.integers(2)),
        tau=1.0,
    )
    plan = plan_of(head)
    return head, popcount_block(plan, n_signals, k, style).netlist, plan


def plan_of(head: GroupSum) -> GroupSumPlan:

    n = head.n_outputs
    signals = np.arange(1, n + 1, dtype=np.int32)
    identity = Netlist(n, np.empty((0, 2), np.int32), np.empty(0, np.uint8), signals)
    plan = head.plan(identity, signals)
    assert isinstance(plan, GroupSumPlan)
    return plan


def adders_of(netlist: Netlist, plan: GroupSumPlan) -> Adders:
    """The netlist's inputs are literals of nodes of the same number."""
    literals = 2 * np.arange(netlist.n_nodes)
    constant = netlist.first_gate + np.flatnonzero(~netlist.fanin.any(axis=1))
    literals[constant] = netlist.table[constant - netlist.first_gate] & 1
    bits = netlist.outputs.reshape(plan.n_classes, plan.score_width)
    inside = np.arange(netlist.n_nodes) >= netlist.first_gate
    lows = tuple(item.score_range[0] for item in plan.sums)
    nodes = tuple(map(tuple, bits.tolist()))
    return Adders(netlist, literals, inside, nodes, plan.score_signed, lows)


STYLES = [
    (Style.CARRY_COUNTERS, 6),
    (Style.ADDER_TREE, 4),
    (Style.SIX_THREE, 6),
    (Style.FULL_ADDERS, 4),
]


@given(st.integers(0, 2**32 - 1), st.sampled_from(STYLES))
@settings(max_examples=30)
def test_popcounts_are_proved(seed: int, style: tuple[Style, int]) -> None:
    head, netlist, plan = popcount(seed, *style)
    sums = head_sums(head, 2 * np.arange(1, 11))
    proven = prove_scores(adders_of(netlist, plan), sums, exact=True)
    values = truth(netlist)
    bits = values.reshape(3, plan.score_width, -1)
    weights = 1 << np.arange(plan.score_width)
    if plan.score_signed:
        weights[-1] *= -1
    numbers = np.einsum("w,cwn->cn", weights, bits)
    variables = np.zeros((proven.n_variables, values.shape[1]), bool)
    for node, place in proven.variable.items():
        if place >= 0:
            variables[place] = values[np.flatnonzero(netlist.outputs == node)[0]]
    assert np.array_equal(score_values(proven.scores, variables), numbers)
    for score, row in zip(proven.scores, numbers, strict=True):
        assert score.low <= row.min()
        assert row.max() <= score.high


@given(st.integers(0, 2**32 - 1), st.sampled_from(STYLES))
@settings(max_examples=30)
def test_changed_popcounts_are_not(seed: int, style: tuple[Style, int]) -> None:
    rng = np.random.default_rng(seed)
    head, netlist, plan = popcount(seed, *style, n_signals=8)
    if not netlist.n_gates:
        return
    row = int(rng.integers(2**netlist.n_pins))
    changed = one_bit_changed(netlist, int(rng.integers(netlist.n_gates)), row)
    sums = head_sums(head, 2 * np.arange(1, 9))
    if np.array_equal(truth(netlist), truth(changed)):
        return
    with pytest.raises(NoProofError):
        prove_scores(adders_of(changed, plan), sums, exact=True)


def test_another_head_is_not_proved() -> None:
    head, netlist, plan = popcount(1, Style.CARRY_COUNTERS, 6)
    adders = adders_of(netlist, plan)
    literals = 2 * np.arange(1, 11)
    for change in (
        {"weight": head.weight + 1},
        {"bias": head.bias + np.array([0, 1, 0], np.int32)},
        {"class_of": (head.class_of + 1) % 3},
    ):
        fields = {"class_of": head.class_of, "weight": head.weight, "bias": head.bias}
        other = GroupSum(**{**fields, **change}, tau=1.0)
        with pytest.raises(NoProofError, match="class"):
            prove_scores(adders, head_sums(other, literals), exact=True)


def test_what_all_classes_have_in_common_may_be_missing() -> None:
    head, netlist, plan = popcount(2, Style.CARRY_COUNTERS, 6)
    adders = adders_of(netlist, plan)
    sums = head_sums(head, 2 * np.arange(1, 11))
    more = [item.minus(Linear(-3, {1: -2, 99: 1})) for item in sums]
    assert prove_scores(adders, more, exact=False).scores
    with pytest.raises(NoProofError):
        prove_scores(adders, more, exact=True)
    uneven = [sums[0], sums[1].minus(Linear(0, {1: 1})), sums[2]]
    with pytest.raises(NoProofError, match="class 1 is another sum"):
        prove_scores(adders, uneven, exact=False)


def test_a_complement_counts_backwards() -> None:
    assert linear(5, [(7, 2), (4, 3), (6, 1), (1, 10), (0, 100)]) == Linear(17, {3: -1, 2: 3})
    assert Linear(1, {1: 3, 2: -2}).bounds == (-1, 4)


def test_missing_bits() -> None:
    """Bits on top may be missing, if the sum is known not to need them; others may not."""
    head = GroupSum(np.array([0, 0, 1]), np.array([1, 1, 1]), np.array([0, 0]), 1.0)
    plan = plan_of(head)
    netlist = popcount_block(plan, 3, 6, Style.SIX_THREE).netlist
    adders = adders_of(netlist, plan)
    sums = head_sums(head, 2 * np.arange(1, 4))
    top = replace(adders, bits=(adders.bits[0], (adders.bits[1][0], MISSING)))
    assert prove_scores(top, sums, exact=True).scores[1].high == 1
    low = replace(adders, bits=((MISSING, adders.bits[0][1]), adders.bits[1]))
    with pytest.raises(NoProofError, match="lacks low bits of the score of class 0"):
        prove_scores(low, sums, exact=True)
    short = replace(adders, bits=((adders.bits[0][0], MISSING), adders.bits[1]))
    without_top = prove_scores(short, sums, exact=True)
    nodes = set(without_top.variable.values())
    assert set(without_top.scores[0].bits) - nodes, "bits that are not there are free"


@pytest.mark.parametrize("bias", [*range(-9, 0), 0, 1])
@pytest.mark.parametrize("n_terms", [*range(1, 10), 15, 16, 17])
def test_scores_need_all_of_their_bits(n_terms: int, bias: int) -> None:
    """Bits for exactly the lowest and the highest value are enough, one bit less never is."""
    head = GroupSum(np.zeros(n_terms, int), np.ones(n_terms, int), np.array([bias, bias]), 1.0)
    plan = plan_of(head)
    netlist = popcount_block(plan, n_terms, 6, Style.SIX_THREE).netlist
    adders = adders_of(netlist, plan)
    sums = head_sums(head, 2 * np.arange(1, n_terms + 1))
    score = prove_scores(adders, sums, exact=True).scores[0]
    assert (score.low, score.high) == (bias, bias + n_terms)
    bits, constant = adders.bits
    if len(bits) > 1:
        with pytest.raises(NoProofError, match="class 0"):
            prove_scores(replace(adders, bits=(bits[:-1], constant)), sums, exact=True)
