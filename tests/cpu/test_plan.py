"""Order and slots: followed step by step, every value is where its readers look for it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import random_netlist
from programs import engine_networks, random_head

from lgn2hdl.cpu.counting import Terms, terms
from lgn2hdl.cpu.encoder import representatives
from lgn2hdl.cpu.nodes import WIRE, NormalNodes, normal_form
from lgn2hdl.cpu.plan import FIRST_FREE_SLOT, NARROW_SLOTS, ZERO_SLOT, Plan, plan
from lgn2hdl.cpu.program import three_input_netlist
from lgn2hdl.ir.netlist import Netlist
from lgn2hdl.model.heads.group_sum import GroupSum
from lgn2hdl.model.network import LogicNet

NOTHING = -1


def follow(nodes: NormalNodes, same: np.ndarray, counted: Terms | None, layout: Plan) -> None:
    """Check a plan by doing what it says with names of nodes in place of values."""
    name = np.arange(nodes.n_nodes)
    name[1 : nodes.first_gate] = np.where(same < 0, 0, same + 1)  # equal inputs have one name
    held = np.full(layout.n_slots, NOTHING)
    held[ZERO_SLOT] = 0
    input_slots = layout.slot_of_input(layout.inputs)
    assert (input_slots >= FIRST_FREE_SLOT).all()
    assert len(np.unique(input_slots)) == len(layout.inputs)
    held[input_slots] = name[1 + layout.inputs]
    begin = 0
    for segment, end in enumerate(layout.segment_end):
        for gate in layout.order[begin:end]:
            pins = nodes.fanin[gate]
            assert np.array_equal(held[layout.slot[pins]], name[pins])
            slot = layout.slot[nodes.first_gate + gate]
            assert slot >= FIRST_FREE_SLOT
            held[slot] = nodes.first_gate + gate
        begin = end
        if counted is not None:
            terms_now = counted.node[layout.term_segment == segment]
            assert np.array_equal(held[layout.slot[terms_now]], name[terms_now])
    assert begin == len(layout.order)
    if counted is None:
        assert np.array_equal(held[layout.slot[nodes.outputs]], name[nodes.outputs])


def checked(nodes: NormalNodes, same: np.ndarray, counted: Terms | None, segments: int) -> Plan:
    layout = plan(nodes, same, counted, segments)
    follow(nodes, same, counted, layout)
    computed = nodes.table[layout.order]
    assert not np.isin(computed, (0, WIRE)).any()
    assert len(np.unique(layout.order)) == len(layout.order)
    assert (np.diff(layout.segment) >= 0).all()
    assert np.array_equal(
        layout.segment_end,
        [(layout.segment <= number).sum() for number in range(len(layout.segment_end))],
    )
    assert (np.diff(layout.term_segment) >= 0).all()
    assert np.array_equal(layout.inputs, np.unique(same[layout.inputs]))
    assert layout.n_slots <= FIRST_FREE_SLOT + len(layout.inputs) + len(layout.order)
    return layout


def parts(network: LogicNet) -> tuple[NormalNodes, np.ndarray, Terms | None]:
    nodes = normal_form(three_input_netlist(network))
    head = network.head
    counted = terms(head, nodes) if isinstance(head, GroupSum) else None
    return nodes, representatives(network.encoder, network.features), counted


@settings(max_examples=40)
@given(network=engine_networks(), segments=st.sampled_from([1, 2, 3, 8, 64]))
def test_values_are_where_they_are_read(network: LogicNet, segments: int) -> None:
    checked(*parts(network), segments)


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), segments=st.integers(1, 9), bits=st.booleans())
def test_any_nodes_can_be_planned(seed: int, segments: int, bits: bool) -> None:
    rng = np.random.default_rng(seed)
    n_inputs, n_outputs = int(rng.integers(0, 8)), int(rng.integers(1, 20))
    nodes = normal_form(random_netlist(rng, n_inputs, int(rng.integers(0, 60)), 3, n_outputs))
    same = np.arange(n_inputs, dtype=np.int32)
    counted = None if bits else terms(random_head(rng, n_outputs, 3), nodes)
    checked(nodes, same, counted, segments)


def chain(length: int) -> NormalNodes:
    """Gates that read the one before and an input each."""
    fanin = np.zeros((length, 3), np.int32)
    fanin[:, 0] = np.r_[length + 1, np.arange(length - 1) + length + 2]
    fanin[:, 1] = np.arange(length) + 1
    outputs = np.array([2 * length + 1])
    return normal_form(Netlist(length + 1, fanin, np.full(length, 0x66, np.uint8), outputs))


def test_slots_of_dead_values_are_used_again() -> None:
    nodes = chain(50)
    layout = checked(nodes, np.arange(51, dtype=np.int32), None, 1)
    assert layout.n_slots == FIRST_FREE_SLOT + 51  # no more than the inputs


def test_more_segments_keep_fewer_values() -> None:
    rng = np.random.default_rng(5)
    fanin = np.zeros((4000, 3), np.int32)
    fanin[:, :2] = np.argsort(rng.random((4000, 64)), axis=1)[:, :2] + 1
    netlist = Netlist(64, fanin, np.full(4000, 0x88, np.uint8), np.arange(65, 4065))
    nodes = normal_form(netlist)
    head = GroupSum(np.arange(4000) // 400, np.ones(4000), np.zeros(10), 1.0)
    same = np.arange(64, dtype=np.int32)
    slots = [checked(nodes, same, terms(head, nodes), number).n_slots for number in (1, 4, 16)]
    assert slots[0] > 3 * slots[1] > 9 * slots[2] / 1.2


def test_equal_and_constant_inputs_have_no_slot_of_their_own() -> None:
    fanin = np.array([[1, 2, 0], [2, 3, 0], [3, 4, 0]])
    nodes = normal_form(Netlist(4, fanin, np.full(3, 0x66), np.array([5, 6, 7])))
    layout = checked(nodes, np.array([0, 0, -1, 3], np.int32), None, 1)
    assert layout.inputs.tolist() == [0, 3]
    assert layout.slot[2] == layout.slot[1]
    assert layout.slot[3] == ZERO_SLOT


def test_what_nobody_reads_is_not_computed() -> None:
    fanin = np.array([[1, 2, 0], [2, 3, 0], [4, 3, 0]])
    nodes = normal_form(Netlist(3, fanin, np.full(3, 0x66), np.array([4])))
    layout = checked(nodes, np.arange(3, dtype=np.int32), None, 1)
    assert layout.order.tolist() == [0]
    assert layout.inputs.tolist() == [0, 1]


@pytest.mark.parametrize(("n_slots", "narrow"), [(NARROW_SLOTS, True), (NARROW_SLOTS + 1, False)])
def test_narrow_operands_name_65536_slots(n_slots: int, narrow: bool) -> None:
    empty = np.empty(0, np.int64)
    assert Plan(empty, empty, empty, empty, empty, empty, n_slots).narrow == narrow
    assert np.iinfo(np.uint16).max == NARROW_SLOTS - 1
