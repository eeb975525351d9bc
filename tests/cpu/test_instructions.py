"""Code: followed instruction by instruction it gives the sums, in long runs."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import exhaustive_inputs, random_netlist, truth
from programs import random_head, run_code

from lgn2hdl.cpu.counting import Terms, terms
from lgn2hdl.cpu.instructions import AT_ONCE, COUNT, RECORD, Instructions, instructions
from lgn2hdl.cpu.nodes import NormalNodes, normal_form
from lgn2hdl.cpu.plan import ZERO_SLOT, Plan, plan
from lgn2hdl.ir import packed
from lgn2hdl.ir.netlist import Netlist
from lgn2hdl.model.heads.group_sum import GroupSum


def run(
    nodes: NormalNodes, layout: Plan, counted: Terms | None, code: Instructions
) -> tuple[np.ndarray, np.ndarray]:
    """Values of the slots and sums after the code ran, for all input vectors."""
    vectors = 1 << nodes.n_inputs
    values = np.zeros((layout.n_slots, vectors), np.int64)
    inputs = packed.unpack(exhaustive_inputs(nodes.n_inputs), vectors)
    values[layout.slot_of_input(layout.inputs)] = inputs[layout.inputs]
    sums = np.zeros((0 if counted is None else 2 * len(counted.bias), vectors), np.int64)
    run_code(code.instruction, code.operands, values, sums)
    return values, sums


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32 - 1), segments=st.integers(1, 9), bits=st.booleans())
def test_the_code_computes_the_outputs(seed: int, segments: int, bits: bool) -> None:
    rng = np.random.default_rng(seed)
    n_inputs, n_outputs = int(rng.integers(0, 8)), int(rng.integers(1, 60))
    netlist = random_netlist(rng, n_inputs, int(rng.integers(0, 60)), 3, n_outputs)
    nodes = normal_form(netlist)
    head = random_head(rng, n_outputs, int(rng.integers(2, 6)))
    counted = None if bits else terms(head, nodes)
    layout = plan(nodes, np.arange(n_inputs, dtype=np.int32), counted, segments)
    code = instructions(nodes, layout, counted)
    check_form(code, layout)
    values, sums = run(nodes, layout, counted, code)
    if counted is None:
        outputs = values[layout.slot[nodes.outputs]] ^ nodes.complemented[:, None]
        assert np.array_equal(outputs, truth(netlist))
        return
    added, taken = np.split(sums, 2)
    total = (counted.bias[:, None] + added - taken) % (1 << counted.n_planes)
    assert np.array_equal(counted.lowest + total, head.scores(truth(netlist)).T)


def check_form(code: Instructions, layout: Plan) -> None:
    operation, count = code.instruction[:, 0], code.instruction[:, 1]
    runs = operation < COUNT
    assert code.n_runs == runs.sum()
    assert count[runs].sum() == len(layout.order)
    assert (count > 0).all()
    assert (count[~runs] % AT_ONCE == 0).all()
    assert (operation <= COUNT).all()
    assert len(code.operands) == RECORD * count[runs].sum() + count[~runs].sum()
    for before, after in pairwise(operation.tolist()):
        # Runs of one table end only where a segment ends, and then its bits are counted.
        assert before == COUNT or before != after or len(layout.segment_end) > 1


def example() -> tuple[NormalNodes, Plan, Terms]:
    """Nine ands and one majority, all counted for class 0 but the last, in one segment."""
    fanin = np.array([*([pin, pin + 1, 0] for pin in range(1, 10)), [1, 2, 3]])
    table = np.array([0x88] * 9 + [0xE8])
    nodes = normal_form(Netlist(10, fanin, table, np.arange(11, 21)))
    head = GroupSum(np.array([0] * 9 + [1]), np.ones(10), np.zeros(2), 1.0)
    counted = terms(head, nodes)
    return nodes, plan(nodes, np.arange(10, dtype=np.int32), counted, 1), counted


def test_an_example() -> None:
    nodes, layout, counted = example()
    code = instructions(nodes, layout, counted)
    runs, lists = code.instruction[:2], code.instruction[2:]
    assert sorted(map(tuple, runs[:, :2].tolist())) == [(0x88, 9), (0xE8, 1)]
    assert lists.tolist() == [[COUNT, 16, 0, 0], [COUNT, 8, 1, 0]]
    counted_slots = code.operands[RECORD * 10 :]
    assert (counted_slots[9:16] == ZERO_SLOT).all()
    assert (counted_slots[17:] == ZERO_SLOT).all()
    assert (counted_slots[[*range(9), 16]] != ZERO_SLOT).all()
    eights = 3  # additions of eight bits
    assert code.n_runs == 2
    assert code.n_operations == 10 + 14 * eights
    assert code.n_loads == 9 * 2 + 3 + 24 + eights
    assert code.n_stores == 10 + eights


def test_negative_terms_go_to_the_second_half_of_the_sums() -> None:
    nodes, _, _ = example()
    head = GroupSum(np.array([0] * 9 + [1]), np.array([1] * 8 + [-4, -1]), np.zeros(2), 1.0)
    counted = terms(head, nodes)
    code = instructions(nodes, plan(nodes, np.arange(10, dtype=np.int32), counted, 1), counted)
    lists = code.instruction[code.instruction[:, 0] == COUNT]
    assert lists[:, 1:].tolist() == [[8, 0, 0], [8, 2, 2], [8, 3, 0]]


@pytest.mark.parametrize("counts", [True, False])
def test_no_gates(counts: bool) -> None:
    empty = np.empty((0, 3), np.int32)
    netlist = Netlist(2, empty, np.empty(0, np.uint8), np.array([1, 2]))
    nodes = normal_form(netlist)
    counted = terms(GroupSum(np.array([0, 1]), np.ones(2), np.zeros(2), 1.0), nodes)
    used = counted if counts else None
    layout = plan(nodes, np.arange(2, dtype=np.int32), used, 4)
    code = instructions(nodes, layout, used)
    assert code.n_runs == 0
    assert len(code.instruction) == 2 * counts
    assert len(code.operands) == 2 * AT_ONCE * counts
