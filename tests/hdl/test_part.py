"""Part plans: every value has one place where it is made, and crosses to another part once."""

import pytest
from hardware import (
    adder_network,
    constant_network,
    design_of,
    mixed_network,
    netlist_design,
    wire_network,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import netlists, networks

from lgn2hdl.compiler.schedule import Design
from lgn2hdl.hdl.names import constant_value
from lgn2hdl.hdl.part import RESULT, PartPlan, emitted_gates, plan_parts
from lgn2hdl.ir.circuit import Chain
from lgn2hdl.ir.netlist import CONSTANT_ZERO
from lgn2hdl.model.heads.bits import Bits
from lgn2hdl.model.heads.group_sum import GroupSum

Value = tuple[int, int]


def rows(array) -> list[Value]:
    return [tuple(row) for row in array.tolist()]


def chain_reads(chain: Chain) -> list[int]:
    return [*chain.augend.tolist(), *chain.addend.tolist(), chain.carry_in]


def walk(design: Design, plan: PartPlan) -> set[Value]:
    """All values of a part; on the way, everything that is read must be there already."""
    netlist, stage = design.circuit.netlist, design.stages.stage
    known: set[Value] = {(1 + bit, 0) for bit in range(plan.n_x)}
    for array in plan.inputs.values():
        known.update(rows(array))

    def require(nodes, time: int) -> None:
        for node in nodes:
            assert constant_value(netlist, node) is not None or (node, time) in known

    for time, levels in enumerate(plan.logic):
        for level in levels:
            made: set[Value] = set()
            for gate in level.gates.tolist():
                require(netlist.fanin[gate].tolist(), time)
                assert stage[netlist.first_gate + gate] == time
                made.add((netlist.first_gate + gate, time))
            assert not made & known
            known |= made
            for chain in level.chains:
                require(chain_reads(chain), time)
                results = [*chain.sums.tolist(), int(chain.carries[-1])]
                made = {(node, time) for node in results if node != CONSTANT_ZERO}
                assert not made & known
                known |= made
        registers = rows(plan.registers[time])
        assert all(boundary == time + 1 for _, boundary in registers)
        assert len(set(registers)) == len(registers)
        require([node for node, _ in registers], time)
        known |= set(registers)
    return known


def check(design: Design) -> None:
    plans = plan_parts(design)
    assert tuple(plan.name for plan in plans) == design.parts
    by_name = {plan.name: plan for plan in plans}
    names = design.parts
    for plan in plans:
        known = walk(design, plan)
        for other, array in plan.outputs.items():
            assert set(rows(array)) <= known  # what leaves is there
            assert len(set(rows(array))) == len(array) > 0  # ... once
            if other != RESULT:
                assert rows(by_name[other].inputs[plan.name]) == rows(array)  # and arrives
        for other, array in plan.inputs.items():
            assert rows(by_name[other].outputs[plan.name]) == rows(array)
            owner = {names[design.part_of_node[node]] for node, _ in rows(array)}
            assert owner == {other}  # it comes straight from where it is made
            assert all(used(design, plan, value) for value in rows(array))
        emitted = {name: width for name, _, width in plan.ports()}
        assert all(width > 0 for width in emitted.values())
        held = sum(len(array) for array in plan.registers)
        assert held == design.flip_flops()[plan.name]
        assert ("clk" in emitted) == (held > 0)
    check_everything_is_emitted_once(design, plans)
    check_results(design, plans)


def used(design: Design, plan: PartPlan, value: Value) -> bool:
    """Whether some gate of the part reads a value."""
    node, time = value
    netlist = design.circuit.netlist
    levels = plan.logic[time]
    in_gates = any((netlist.fanin[level.gates] == node).any() for level in levels)
    return in_gates or any(node in chain_reads(chain) for level in levels for chain in level.chains)


def check_everything_is_emitted_once(design: Design, plans: tuple[PartPlan, ...]) -> None:
    first = design.circuit.netlist.first_gate
    levels = [level for plan in plans for stage in plan.logic for level in stage]
    gates = [gate for level in levels for gate in level.gates.tolist()]
    chains = [chain for level in levels for chain in level.chains]
    assert [chain.sums.tolist() for chain in chains] != [] or not design.circuit.chains
    assert len(chains) == len(design.circuit.chains)
    for chain in chains:
        gates += (chain.sums - first).tolist()
        gates += (chain.carries[chain.carries != CONSTANT_ZERO] - first).tolist()
    assert len(set(gates)) == len(gates)
    assert set(emitted_gates(design).nonzero()[0].tolist()) <= set(gates)


def check_results(design: Design, plans: tuple[PartPlan, ...]) -> None:
    netlist = design.circuit.netlist
    leaving = [
        value for plan in plans for value in rows(plan.outputs.get(RESULT, netlist.fanin[:0]))
    ]
    wanted = {node for node in netlist.outputs.tolist() if constant_value(netlist, node) is None}
    assert sorted(leaving) == sorted((node, design.latency) for node in wanted)


@given(
    networks(max_fan_in=4), st.integers(1, 4), st.sampled_from([4, 6]), st.booleans(), st.booleans()
)
@settings(max_examples=30)
def test_random_networks(network, levels, k, carry, scores):
    check(design_of(network, levels=levels, k=k, carry=carry, scores=scores))


@given(
    netlists().filter(lambda netlist: netlist.n_inputs and len(netlist.outputs)), st.integers(1, 3)
)
@settings(max_examples=60)
def test_random_netlists_as_they_are(netlist, levels):
    check(netlist_design(netlist, levels))


@pytest.mark.parametrize("levels", [1, 3, 100])
@pytest.mark.parametrize("carry", [False, True])
@pytest.mark.parametrize("scores", [False, True])
def test_a_larger_network(levels, carry, scores):
    design = design_of(
        mixed_network(2, width=100, n_classes=4), levels=levels, carry=carry, scores=scores
    )
    assert (len(design.circuit.chains) > 0) == carry
    check(design)


@pytest.mark.parametrize("head", [GroupSum([0, 1], [1, 1], [0, 0], 1.0), Bits(2)], ids=type)
def test_a_constant_network_has_parts_without_anything(head):
    design = design_of(constant_network(head))
    check(design)
    encoder, *others = plan_parts(design)
    assert encoder.ports() == [("x", "input", 1)]
    assert all(plan.ports() == [] for plan in others)


def test_results_may_come_from_the_encoder():
    design = design_of(wire_network())
    check(design)
    encoder, core = plan_parts(design)
    assert len(encoder.outputs[RESULT]) == 2
    assert len(core.outputs[RESULT]) == 1
    assert encoder.ports() == [
        ("clk", "input", 1), ("x", "input", 2), ("to_core", "output", 1), ("result", "output", 2),
    ]  # fmt: skip


def test_inputs_that_are_read_late_wait_in_the_encoder():
    design = design_of(adder_network(4), levels=1)
    check(design)
    encoder, core = plan_parts(design)
    assert encoder.logic == ((), (), (), ())
    # Before the stages: the bits not added yet, the carry, the sums so far, and a0 as it came.
    held = [len(a) + len(b) for a, b in zip(encoder.registers, core.registers, strict=True)]
    assert held == [6 + 1 + 1 + 1, 4 + 1 + 2 + 1, 2 + 1 + 3 + 1, 0 + 1 + 4 + 1]
    assert len(encoder.registers[-1]) == 1
    assert {name for name, _, _ in core.ports()} == {"clk", "from_encoder", "result"}
