import numpy as np
import pytest
from hardware import design_of, mixed_network, netlist_design, register_bits, run_component
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import netlists, random_netlist, truth

from lgn2hdl import logic
from lgn2hdl.hdl.core import Core, node_names
from lgn2hdl.netlist import Netlist
from lgn2hdl.passes import prune

cases = settings(max_examples=40)


def check_core(netlist, levels):
    """All input vectors through the core against the golden model."""
    design = netlist_design(netlist, levels)
    bits = design.encoder_bits.tolist()
    samples = [
        {"bits": sum((number >> bit & 1) << place for place, bit in enumerate(bits))}
        for number in range(1 << netlist.n_inputs)
    ]
    results = run_component(Core(design), samples, ["signals"], design.n_stages)
    signals = Netlist(netlist.n_inputs, netlist.fanin, netlist.table, design.signals)
    expected = truth(signals)
    for place in range(len(design.signals)):
        got = [result["signals"] >> place & 1 for result in results]
        assert got == expected[place].astype(int).tolist()


@given(netlists(max_gates=25, max_inputs=6), st.integers(1, 3))
@cases
def test_random_netlists_as_they_are(netlist, levels):
    check_core(netlist, levels)


@given(netlists(max_gates=40, max_inputs=6), st.integers(1, 3))
@cases
def test_random_netlists_after_pruning(netlist, levels):
    check_core(prune(netlist)[0], levels)


@pytest.mark.parametrize("n_pins", [2, 3, 4, 5, 6])
def test_larger_netlists_of_every_fan_in(n_pins):
    netlist = random_netlist(np.random.default_rng(n_pins), 8, 120, n_pins, 20)
    check_core(netlist, 2)


@pytest.mark.parametrize("fan_in", [1, 2])
def test_every_function_of_few_pins(fan_in):
    tables = np.arange(1 << logic.rows(fan_in), dtype=np.uint8)
    fanin = np.tile(np.arange(1, fan_in + 1), (len(tables), 1))
    outputs = np.arange(len(tables)) + fan_in + 1
    check_core(Netlist(fan_in, fanin, tables, outputs), 1)


@given(netlists(max_gates=30), st.integers(1, 3))
@settings(max_examples=30)
def test_flip_flops_are_what_is_emitted(netlist, levels):
    design = netlist_design(netlist, levels)
    assert register_bits(Core(design)) == design.flip_flops()["core"]


def test_names_are_unique_and_lead_to_the_trained_node():
    network = mixed_network()
    netlist = design_of(network).netlist
    design = design_of(network)
    names = node_names(design)
    assert len(set(names)) == len(names) == netlist.n_nodes
    assert names[:3] == ["zero", "t0", "t1"]
    starts = np.concatenate([[0], np.cumsum([layer.width for layer in network.layers])])
    for name, origin in zip(names[netlist.first_gate :], netlist.origin.tolist(), strict=True):
        layer, position = (int(part[1:]) for part in name.split("_")[:2])
        assert 0 <= position < network.layers[layer].width
        assert starts[layer] + position == origin


def test_names_of_gates_without_origin_or_with_the_same():
    plain = Netlist(1, [[1, 0]] * 4, np.array([5, 5, 5, 5], np.uint8), [2], [-1, 0, 0, -1])
    assert node_names(netlist_design(plain, 1)) == ["zero", "t0", "g0", "l0_n0", "l0_n0_2", "g3"]


@given(netlists())
@settings(max_examples=50)
def test_names_are_always_unique(netlist):
    names = node_names(netlist_design(netlist, 1))
    assert len(set(names)) == len(names) == netlist.n_nodes
