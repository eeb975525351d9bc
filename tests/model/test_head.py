import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lgn2hdl.ir.netlist import Netlist
from lgn2hdl.model.heads import Head
from lgn2hdl.model.heads.bits import Bits, BitsPlan
from lgn2hdl.model.heads.group_sum import GroupSum
from lgn2hdl.model.heads.group_sum_plan import ClassSum, GroupSumPlan, Term


def all_kinds_of_nodes(n_inputs: int) -> Netlist:
    """Node 0, inputs, and gates: constants 1 and 0, an inverter, a gate and its complement."""
    fanin = [[0, 0], [0, 0], [1, 0], [1, n_inputs], [1, n_inputs]]
    return Netlist(n_inputs, fanin, np.array([15, 0, 5, 2, 13], np.uint8), [])


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
    return head, netlist


def planned(head: Head, netlist: Netlist, *, scores: bool = True):
    signals = head.signals(netlist, scores=scores)
    return head.plan(netlist, signals, scores=scores), signals


def node_values(netlist: Netlist) -> np.ndarray:
    """Every node for all input vectors, ``bool[n_nodes, 2**n_inputs]``."""
    samples = np.arange(1 << netlist.n_inputs)
    inputs = (samples >> np.arange(netlist.n_inputs)[:, None]) & 1 == 1
    one = np.ones_like(samples, np.bool_)
    gate = inputs[0] & ~inputs[-1]
    return np.stack([~one, *inputs, one, ~one, ~inputs[0], gate, ~gate])


def scores_of(plan: GroupSumPlan, signal_values: np.ndarray) -> np.ndarray:
    scores = np.zeros((plan.n_classes, signal_values.shape[1]), np.int64)
    for index, item in enumerate(plan.sums):
        scores[index] += item.bias
        for term in item.terms:
            scores[index] += term.weight * (signal_values[term.signal] ^ term.complement)
    return scores.T


@given(heads())
def test_the_plan_computes_the_scores(case):
    head, netlist = case
    plan, signals = planned(head, netlist)
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
def test_without_scores_the_decision_is_the_same(case):
    head, netlist = case
    plan, signals = planned(head, netlist, scores=False)
    values = node_values(netlist)
    expected = head.decisions(values[netlist.outputs])
    np.testing.assert_array_equal(scores_of(plan, values[signals]).argmax(axis=1), expected)
    assert min(item.score_range[0] for item in plan.sums) == 0
    assert not plan.score_signed


@given(heads(), st.booleans())
def test_the_core_hands_over_what_the_head_reads_and_no_more(case, scores):
    head, netlist = case
    plan, signals = planned(head, netlist, scores=scores)
    read = {term.signal for item in plan.sums for term in item.terms}
    assert read == set(range(len(signals)))
    assert np.array_equal(signals, np.unique(signals))
    # Neither constants nor the inverter, and only one of two complements.
    first = netlist.first_gate
    assert not set(signals.tolist()) & {0, first, first + 1, first + 2}
    assert len(set(signals.tolist()) & {first + 3, first + 4}) <= 1


@given(heads())
def test_a_plan_on_given_signals_uses_them_only(case):
    head, netlist = case
    constant = [0, netlist.first_gate, netlist.first_gate + 1]
    signals = np.setdiff1d(netlist.outputs, constant)
    plan = head.plan(netlist, signals)
    values = node_values(netlist)
    expected = head.scores(values[netlist.outputs])
    np.testing.assert_array_equal(scores_of(plan, values[signals]), expected)


def test_a_constant_output_moves_into_the_bias():
    kinds = all_kinds_of_nodes(2)
    netlist = Netlist(2, kinds.fanin, kinds.table, [0, 3, 4, 1, 1, 5])  # 0, one, zero, in, in, ~in
    head = GroupSum([0, 0, 0, 0, 0, 1], [7, -5, 9, 1, -3, 2], [10, 0], 1.0)
    plan, signals = planned(head, netlist)
    assert signals.tolist() == [1]
    assert plan.sums == (
        ClassSum((Term(0, 2, True),), 10 - 5 - 2),
        ClassSum((Term(0, 2, True),), 0),
    )
    assert [item.score_range for item in plan.sums] == [(3, 5), (0, 2)]


def test_complements_cancel_in_a_class():
    kinds = all_kinds_of_nodes(2)
    netlist = Netlist(2, kinds.fanin, kinds.table, [6, 7, 1, 5, 6])
    plan, signals = planned(GroupSum([0, 0, 0, 0, 1], [1, 1, 2, 2, 1], [0, 0], 1.0), netlist)
    assert signals.tolist() == [6]
    assert plan.sums == (ClassSum((), 3), ClassSum((Term(0, 1, False),), 0))


def test_what_all_classes_share_is_left_out():
    netlist = Netlist(2, np.zeros((0, 2)), np.zeros(0, np.uint8), [1, 1, 1, 2, 2])
    head = GroupSum([0, 1, 2, 0, 1], np.ones(5), [5, 4, 4], 1.0)
    plan, signals = planned(head, netlist, scores=False)
    assert signals.tolist() == [2]  # two classes of three count it: the third counts against it
    assert plan.sums == (
        ClassSum((), 2),
        ClassSum((), 1),
        ClassSum((Term(0, 1, True),), 0),
    )


def test_weights_that_cancel_leave_no_term():
    netlist = Netlist(1, np.zeros((0, 2)), np.zeros(0, np.uint8), [1, 1])
    plan, _ = planned(GroupSum([0, 0], [3, -3], [0, 0], 1.0), netlist)
    assert plan.sums[0] == ClassSum((), 0)


def test_the_signals_of_bits_are_the_outputs_that_are_no_constants():
    kinds = all_kinds_of_nodes(2)  # 0: zero, 1 and 2: inputs, 3: one, 4: zero, 5: not input 1
    netlist = Netlist(2, kinds.fanin, kinds.table, [5, 3, 1, 4, 5, 0])
    plan, signals = planned(Bits(6), netlist)
    assert signals.tolist() == [1, 5]
    assert plan == BitsPlan(6)


def test_score_width_of_every_range() -> None:
    """The fewest bits, two's complement if a score can be negative, that hold both ends."""
    for low in range(-18, 19):
        for high in range(low, 19):
            plan = GroupSumPlan((ClassSum((Term(0, high - low, False),) * (high > low), low),))
            first = -1 if low < 0 else 0
            widths = range(1, 7)
            expected = next(
                width for width in widths
                if first << (width - 1) <= low and high < 1 << (width + first)
            )  # fmt: skip
            assert plan.score_width == expected, (low, high)
            assert plan.margin_width == max(1, (high - low).bit_length())


@pytest.mark.parametrize(
    ("n_classes", "class_width"), [(2, 1), (3, 2), (4, 2), (5, 3), (10, 4), (17, 5)]
)
def test_class_width(n_classes, class_width):
    terms = tuple(Term(signal, 1, False) for signal in range(4))
    assert GroupSumPlan((ClassSum(terms, 0),) * n_classes).class_width == class_width
