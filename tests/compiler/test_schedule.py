"""Latency, stages and flip-flops of whole circuits; test_retiming shows that none are fewer."""

import numpy as np
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

from lgn2hdl.base.errors import OptionError
from lgn2hdl.compiler.schedule import Design
from lgn2hdl.ir.circuit import NO_CHAIN
from lgn2hdl.ir.netlist import CONSTANT_ZERO, Netlist, depth, live
from lgn2hdl.ir.retiming import lut_levels
from lgn2hdl.model.heads.bits import Bits
from lgn2hdl.model.heads.group_sum import GroupSum

LEVELS = st.integers(1, 4)

designs = st.builds(
    netlist_design,
    netlists().filter(lambda netlist: netlist.n_inputs and len(netlist.outputs)),
    LEVELS,
)


def deepest(design: Design) -> int:
    """LUT levels on the longest path, a carry chain counted as one."""
    netlist = design.circuit.netlist
    return int(lut_levels(netlist, design.circuit.clusters).max(initial=0))


def check(design: Design) -> None:
    netlist, stages = design.circuit.netlist, design.stages
    assert design.latency == max(1, -(-deepest(design) // design.levels_per_stage))
    assert stages.minimal
    first = netlist.first_gate
    in_stage = np.zeros(netlist.n_nodes, int)
    in_chain: dict[int, set[int]] = {}
    alive = live(netlist)
    for gate, pins in enumerate(netlist.fanin.tolist()):
        connected = [pin for pin in pins if pin != CONSTANT_ZERO]
        if not connected or not alive[first + gate]:
            continue
        stage = stages.stage[first + gate]
        assert all(stages.stage[pin] <= stage < design.latency for pin in connected)
        chain = design.circuit.chain[gate]
        same = [in_stage[pin] + (chain == NO_CHAIN or not is_in_chain(design, pin, chain))
                for pin in connected if stages.stage[pin] == stage and pin >= first]  # fmt: skip
        in_stage[first + gate] = max(same, default=1) or 1
        if chain != NO_CHAIN:
            in_chain.setdefault(int(chain), set()).add(int(stage))
    # Gates of a chain stand on the level of the highest of them; this counts a bit less.
    assert in_stage.max() <= design.levels_per_stage
    assert all(len(stages) == 1 for stages in in_chain.values())


def is_in_chain(design: Design, node: int, chain: int) -> bool:
    gate = node - design.circuit.netlist.first_gate
    return bool(gate >= 0 and design.circuit.chain[gate] == chain)


def check_flip_flops(design: Design) -> None:
    counted, naive = design.flip_flops(), design.naive_flip_flops()
    assert list(counted) == list(naive) == [*design.parts, "control"]
    assert counted["control"] == design.latency <= naive["control"]
    assert sum(counted.values()) <= sum(naive.values())
    registers = design.stages.registers
    assert sum(counted.values()) - design.latency == registers.sum()
    for index, name in enumerate(design.parts):
        assert counted[name] == registers[design.part_of_node == index].sum()


@given(designs)
def test_any_netlist(design):
    check(design)
    check_flip_flops(design)


@given(networks(max_fan_in=4), LEVELS, st.sampled_from([4, 6]), st.booleans(), st.booleans())
@settings(max_examples=25)
def test_any_network(network, levels, k, carry, scores):
    design = design_of(network, levels=levels, k=k, carry=carry, scores=scores)
    check(design)
    check_flip_flops(design)


def test_fewer_registers_than_the_naive_choice():
    design = design_of(mixed_network(1, width=120, n_classes=4), levels=1)
    check(design)
    assert sum(design.flip_flops().values()) < sum(design.naive_flip_flops().values())


@pytest.mark.parametrize("levels", [1, 2, 3, 4, 100])
def test_latency_falls_with_the_levels(levels):
    design = design_of(mixed_network(), levels=levels)
    assert design.latency == -(-deepest(design) // levels)
    assert (design.latency == 1) == (levels == 100)
    one_level = design_of(mixed_network(), levels=1)
    assert one_level.latency == deepest(one_level) > 5


@pytest.mark.parametrize(("levels", "latency"), [(1, 4), (2, 2), (3, 2), (4, 1), (9, 1)])
def test_latency_of_an_adder_is_its_carry_chain(levels, latency):
    design = design_of(adder_network(4), levels=levels)
    assert deepest(design) == depth(design.circuit.netlist) == 4
    assert design.latency == latency
    check(design)


def test_a_network_of_bits_has_two_parts():
    design = design_of(adder_network(4), levels=1)
    assert design.parts == ("encoder", "core")
    assert list(design.flip_flops()) == ["encoder", "core", "control"]
    assert list(design.luts()) == ["encoder", "core"]
    assert design.luts()["core"] == design.circuit.lut_count()["core"] > 0
    assert design_of(mixed_network()).parts == ("encoder", "core", "popcount", "argmax")


@pytest.mark.parametrize("scores", [True, False])
@pytest.mark.parametrize("head", [GroupSum([0, 1], [1, 1], [0, 0], 1.0), Bits(2)], ids=type)
def test_a_constant_network_takes_one_cycle_and_no_register(head, scores):
    design = design_of(constant_network(head), levels=1, scores=scores)
    assert design.latency == 1
    assert sum(design.flip_flops().values()) == design.flip_flops()["control"] == 1


def test_inputs_and_wires_are_registered_once():
    """The input's top bit, read twice, what the encoder makes, and a complement."""
    design = design_of(wire_network(), levels=1)
    assert design.flip_flops() == {"encoder": 2, "core": 1, "control": 1}
    check(design)
    check_flip_flops(design)


def test_an_early_output_waits_for_the_deepest_one():
    netlist = Netlist(1, [[1], [2], [3]], np.array([1, 1, 1], np.uint8), [2, 4])
    design = netlist_design(netlist, 1)
    assert design.latency == 3
    assert design.stages.stage[2:].tolist() == [0, 1, 2]
    assert design.flip_flops() == {"encoder": 0, "core": 3 + 1 + 1, "control": 3}


@pytest.mark.parametrize("levels", [0, -1])
def test_less_than_one_level_is_refused(levels):
    with pytest.raises(OptionError, match="give at least 1"):
        design_of(adder_network(2), levels=levels)
