import numpy as np
import pytest
from hardware import adder_network, design_of, mixed_network, netlist_design
from hypothesis import given
from hypothesis import strategies as st
from networks import netlists, networks

from lgn2hdl.errors import OptionError
from lgn2hdl.model import GroupSum, LogicNet
from lgn2hdl.netlist import CONSTANT_ZERO, Netlist, depth, levels
from lgn2hdl.schedule import Design, constant_nodes

designs = st.builds(netlist_design, netlists(), st.integers(1, 4))


def is_constant(design: Design) -> np.ndarray:
    return constant_nodes(design.netlist, levels(design.netlist))


def emitted_gates(design: Design):
    """(node, stage, connected pins that are not constant) of every gate that is emitted."""
    netlist, constant = design.netlist, is_constant(design)
    for gate, fanin in enumerate(netlist.fanin.tolist()):
        node = netlist.first_gate + gate
        stage = int(design.first[node]) - 1
        if not constant[node] and stage < design.n_stages:
            yield node, stage, [pin for pin in fanin if not constant[pin]]


@given(designs)
def test_every_pin_is_in_a_register_or_made_in_the_same_stage(design):
    for node, stage, pins in emitted_gates(design):
        held = set(design.held(stage).tolist())
        for pin in pins:
            assert pin in held or (int(design.first[pin]) == stage + 1 and pin < node)


@given(designs)
def test_no_stage_has_more_levels_than_asked_for(design):
    level_in_stage: dict[int, int] = {}
    for node, stage, pins in emitted_gates(design):
        same = [level_in_stage[pin] for pin in pins if int(design.first[pin]) == stage + 1]
        level_in_stage[node] = 1 + max(same, default=0)
        assert level_in_stage[node] <= design.levels_per_stage


@given(designs)
def test_stages_and_latency(design):
    deepest = depth(design.netlist)
    assert design.n_stages == -(-deepest // design.levels_per_stage)
    assert design.latency == 1 + design.n_stages + design.head.latency


@given(designs)
def test_held_agrees_with_first_and_last_and_is_needed(design):
    constant = is_constant(design)
    read_in = {(pin, stage) for _, stage, pins in emitted_gates(design) for pin in pins}
    outputs = set(design.signals.tolist())
    for boundary in range(design.n_stages + 1):
        for node in design.held(boundary).tolist():
            assert not constant[node]
            assert design.first[node] <= boundary <= design.last[node]
            later = any((node, stage) in read_in for stage in range(boundary, design.n_stages))
            assert later or node in outputs


@given(designs)
def test_outputs_are_held_at_the_end_and_nothing_beyond_it(design):
    assert set(design.signals.tolist()) <= set(design.held(design.n_stages).tolist())
    assert len(design.held(design.n_stages + 1)) == 0
    constant = is_constant(design)
    assert set(design.signals.tolist()) == {
        node for node in design.netlist.outputs.tolist() if not constant[node]
    }


@given(designs)
def test_flip_flops_are_the_held_values(design):
    held = [len(design.held(boundary)) for boundary in range(design.n_stages + 1)]
    parts = design.flip_flops()
    assert parts["encoder"] == held[0] == len(design.encoder_bits)
    assert parts["core"] == sum(held[1:])
    assert parts["control"] == design.latency


def test_outputs_that_are_inputs_or_constants_need_no_stage():
    netlist = Netlist(2, [[0, 0]], np.array([15], np.uint8), [CONSTANT_ZERO, 2, 3])
    design = netlist_design(netlist, 1)
    assert design.n_stages == 0
    assert design.signals.tolist() == [2]
    assert design.encoder_bits.tolist() == [1]
    assert design.flip_flops()["core"] == 0


def test_an_early_output_waits_for_the_deepest_one():
    netlist = Netlist(1, [[1], [2], [3]], np.array([1, 1, 1], np.uint8), [2, 4])
    design = netlist_design(netlist, 1)
    assert [design.held(boundary).tolist() for boundary in range(4)] == [[1], [2], [2, 3], [2, 4]]


@given(networks(bits=True), st.integers(1, 3))
def test_nothing_follows_the_core_of_a_network_of_bits(network: LogicNet, levels: int):
    design = design_of(network, levels=levels, head_levels=1)
    assert design.latency == 1 + -(-depth(design.netlist) // levels)
    assert list(design.flip_flops()) == ["encoder", "core", "control"]
    assert set(design.signals.tolist()) <= set(design.held(design.n_stages).tolist())


@pytest.mark.parametrize(("levels", "latency"), [(1, 5), (2, 3), (3, 3), (4, 2)])
def test_latency_of_an_adder_of_four_bits(levels, latency):
    assert design_of(adder_network(4), levels=levels).latency == latency


@pytest.mark.parametrize("options", [{"levels": 0}, {"head_levels": 0}, {"levels": -1}])
def test_less_than_one_level_is_refused(options):
    with pytest.raises(OptionError, match="give at least 1"):
        design_of(mixed_network(), **options)


def test_the_head_is_the_networks():
    network = mixed_network()
    design = design_of(network, head_levels=3)
    assert isinstance(network.head, GroupSum)
    assert design.head.levels_per_stage == 3
    assert design.head.n_classes == network.head.n_classes
