import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lgn2hdl.head import BitsPlan, ClassSum, GroupSumPlan, Term, plan_head
from lgn2hdl.model import Bits, GroupSum, Head
from lgn2hdl.netlist import Netlist, levels
from lgn2hdl.schedule import constant_nodes


def all_kinds_of_nodes(n_inputs: int) -> Netlist:
    """Node 0, inputs, a constant-1 and a constant-0 gate without pins, and an inverter."""
    fanin = [[0, 0], [0, 0], [1, 0]]
    return Netlist(n_inputs, fanin, np.array([15, 0, 5], np.uint8), [])


@st.composite
def heads(draw):
    """A head, the netlist it reads (outputs repeat and are often constant), and the levels."""
    n_inputs, n_classes = draw(st.integers(1, 5)), draw(st.integers(2, 7))
    kinds = all_kinds_of_nodes(n_inputs)
    outputs = draw(st.lists(st.integers(0, kinds.n_nodes - 1), max_size=20))
    netlist = Netlist(n_inputs, kinds.fanin, kinds.table, outputs)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    head = GroupSum(
        class_of=rng.integers(0, n_classes, len(outputs)),
        weight=rng.integers(-128, 128, len(outputs)),
        bias=rng.integers(-40, 41, n_classes) * draw(st.sampled_from([0, 1, 1000])),
        tau=1.0,
    )
    return head, netlist, draw(st.integers(1, 4))


def planned(head: Head, netlist: Netlist, levels_per_stage: int):
    constant = constant_nodes(netlist, levels(netlist))
    signals = np.unique(netlist.outputs)
    signals = signals[~constant[signals]]
    return plan_head(head, netlist, signals, levels_per_stage), signals


def node_values(netlist: Netlist) -> np.ndarray:
    """Every node for all input vectors, ``bool[n_nodes, 2**n_inputs]``."""
    samples = np.arange(1 << netlist.n_inputs)
    inputs = (samples >> np.arange(netlist.n_inputs)[:, None]) & 1 == 1
    one = np.ones_like(samples, np.bool_)
    return np.stack([~one, *inputs, one, ~one, ~inputs[0]])


def scores_of(plan: GroupSumPlan, signal_values: np.ndarray) -> np.ndarray:
    scores = np.zeros((plan.n_classes, signal_values.shape[1]), np.int64)
    for index, item in enumerate(plan.sums):
        scores[index] += item.bias
        for term in item.terms:
            scores[index] += term.weight * (signal_values[term.signal] ^ term.complement)
    return scores.T


@given(heads())
def test_the_plan_computes_the_scores(case):
    head, netlist, levels_per_stage = case
    plan, signals = planned(head, netlist, levels_per_stage)
    values = node_values(netlist)
    expected = head.scores(values[netlist.outputs])
    np.testing.assert_array_equal(scores_of(plan, values[signals]), expected)


@given(heads())
def test_every_score_fits_and_one_bit_less_would_not_do(case):
    plan, _ = planned(*case)
    low = min(item.bias for item in plan.sums)
    high = max(item.bias + sum(term.weight for term in item.terms) for item in plan.sums)
    assert plan.score_range == (low, high)
    assert plan.score_signed == (low < 0)

    def fits(width: int) -> bool:
        if low < 0:
            return -(1 << (width - 1)) <= low and high < 1 << (width - 1)
        return high < 1 << width

    assert fits(plan.score_width)
    assert plan.score_width == 1 or not fits(plan.score_width - 1)


@given(heads())
def test_terms_are_positive_and_unique(case):
    plan, signals = planned(*case)
    for item in plan.sums:
        assert all(term.weight > 0 and 0 <= term.signal < len(signals) for term in item.terms)
        assert len({term.signal for term in item.terms}) == len(item.terms)


@given(heads())
@settings(max_examples=50)
def test_tree_bounds_halve_and_keep_the_sum(case):
    plan, _ = planned(*case)
    for item in plan.sums:
        tree = item.highest_sums
        assert len(tree[-1]) == 1
        assert {sum(level) for level in tree} == {sum(term.weight for term in item.terms)}
        for below, above in itertools.pairwise(tree):
            assert len(above) == -(-len(below) // 2)


def test_a_constant_output_moves_into_the_bias():
    kinds = all_kinds_of_nodes(2)
    netlist = Netlist(2, kinds.fanin, kinds.table, [0, 3, 4, 1, 1, 5])  # 0, one, zero, in, in, ~in
    head = GroupSum([0, 0, 0, 0, 0, 1], [7, -5, 9, 1, -3, 2], [10, 0], 1.0)
    plan, signals = planned(head, netlist, 1)
    assert signals.tolist() == [1, 5]
    assert plan.sums == (
        ClassSum((Term(0, 2, True),), 10 - 5 - 2),
        ClassSum((Term(1, 2, False),), 0),
    )


def test_weights_that_cancel_leave_no_term():
    netlist = Netlist(1, np.zeros((0, 2)), np.zeros(0, np.uint8), [1, 1])
    plan, _ = planned(GroupSum([0, 0], [3, -3], [0, 0], 1.0), netlist, 1)
    assert plan.sums[0] == ClassSum((), 0)


def bits_of(plan: BitsPlan, signal_values: np.ndarray) -> np.ndarray:
    constant = np.broadcast_to(plan.is_one[:, None], (plan.n_outputs, signal_values.shape[1]))
    bits = constant.copy()
    bits[plan.signal >= 0] = signal_values[plan.signal[plan.signal >= 0]]
    return bits


@given(st.integers(1, 4), st.data())
def test_the_plan_of_bits_finds_every_output(n_inputs, data):
    kinds = all_kinds_of_nodes(n_inputs)
    node = st.integers(0, kinds.n_nodes - 1)
    outputs = data.draw(st.lists(node, min_size=1, max_size=12))
    netlist = Netlist(n_inputs, kinds.fanin, kinds.table, outputs)
    plan, signals = planned(Bits(len(outputs)), netlist, 1)
    values = node_values(netlist)
    np.testing.assert_array_equal(bits_of(plan, values[signals]), values[netlist.outputs])
    assert not plan.is_one[plan.signal >= 0].any()
    assert (plan.latency, plan.flip_flops) == (0, {})


def test_outputs_that_repeat_or_are_constant_by_hand():
    kinds = all_kinds_of_nodes(2)  # 0: zero, 1 and 2: inputs, 3: one, 4: zero, 5: not input 1
    netlist = Netlist(2, kinds.fanin, kinds.table, [5, 3, 1, 4, 5, 0])
    plan, signals = planned(Bits(6), netlist, 1)
    assert signals.tolist() == [1, 5]
    assert plan.signal.tolist() == [1, -1, 0, -1, 1, -1]
    assert plan.is_one.tolist() == [False, True, False, False, False, False]


def unit_plan(n_terms: int, n_classes: int, levels_per_stage: int) -> GroupSumPlan:
    terms = tuple(Term(signal, 1, False) for signal in range(n_terms))
    return GroupSumPlan((ClassSum(terms, 0),) * n_classes, levels_per_stage)


@pytest.mark.parametrize(
    ("n_terms", "levels_per_stage", "cycles"),
    [(0, 1, 1), (1, 1, 1), (2, 1, 1), (3, 1, 2), (4, 1, 2), (5, 1, 3), (5, 2, 2), (256, 3, 3),
     (257, 3, 3), (513, 3, 4)],
)  # fmt: skip
def test_popcount_latency(n_terms, levels_per_stage, cycles):
    assert unit_plan(n_terms, 2, levels_per_stage).popcount_latency == cycles


@pytest.mark.parametrize(
    ("n_classes", "levels_per_stage", "cycles", "class_width"),
    [(2, 1, 1, 1), (3, 1, 2, 2), (4, 1, 2, 2), (5, 1, 3, 3), (10, 1, 4, 4), (10, 2, 2, 4),
     (10, 3, 2, 4), (10, 4, 1, 4), (17, 4, 2, 5)],
)  # fmt: skip
def test_argmax_latency_and_class_width(n_classes, levels_per_stage, cycles, class_width):
    plan = unit_plan(4, n_classes, levels_per_stage)
    assert plan.argmax_latency == cycles
    assert plan.class_width == class_width
    assert plan.latency == cycles + plan.popcount_latency


def test_flip_flops_counted_by_hand():
    # 5 terms of one bit: after level 1 three numbers of 2, 2, 1 bits; after level 2 of 3 and 1
    # bits; then the scores of 3 bits.
    plan = unit_plan(5, 3, 1)
    assert plan.popcount_flip_flops == 3 * (2 + 2 + 1) + 3 * (3 + 1) + 3 * 3
    # Round 1: pair (score, 1 bit) and a lone score, and 3 waiting scores; then class and scores.
    assert plan.argmax_flip_flops == (3 + 1) + 3 + 9 + 2 + 9
    assert plan.flip_flops == {"popcount": 36, "argmax": 27}
