"""Lowering: the netlist computes what the network computes."""

import numpy as np
from hypothesis import given, settings
from networks import networks

from lgn2hdl.ir import packed
from lgn2hdl.ir.netlist import CONSTANT_ZERO, evaluate
from lgn2hdl.model.features import integer_features
from lgn2hdl.model.heads.group_sum import contiguous_groups
from lgn2hdl.model.layers.lut import Lut
from lgn2hdl.model.network import LogicNet, Thermometer
from lgn2hdl.passes import prune
from lgn2hdl.passes.lower import lower


@given(networks())
@settings(max_examples=60)
def test_network_and_netlist_agree_before_and_after_pruning(network: LogicNet) -> None:
    rng = np.random.default_rng(0)
    rows = rng.integers(0, network.features.highest + 1, (100, network.features.n_features))
    integers = network.features.integers(rows)
    expected = network.outputs(integers)
    netlist = lower(network)
    bits = network.encoder.encode(integers)
    for graph in (netlist, prune(netlist)[0]):
        assert np.array_equal(packed.unpack(evaluate(graph, bits), 100), expected)


@given(networks())
@settings(max_examples=30)
def test_every_node_becomes_the_gate_of_its_position(network: LogicNet) -> None:
    netlist = lower(network)
    assert netlist.n_inputs == network.encoder.n_bits
    assert netlist.origin.tolist() == list(range(network.n_nodes))
    last = network.layers[-1].width
    assert netlist.outputs.tolist() == list(range(netlist.n_nodes - last, netlist.n_nodes))
    assert netlist.n_pins == max(layer.fan_in for layer in network.layers)


def test_ids_and_unused_pins() -> None:
    network = LogicNet(
        features=integer_features(1, 2),
        encoder=Thermometer(np.array([0, 0]), np.array([1, 2])),
        layers=(
            Lut(np.array([[0, 1], [1, 0], [1, 1]]), np.array([0b1000, 0b0010, 0b0101])),
            Lut(np.array([[2, 1, 0], [0, 0, 2]]), np.array([0x80, 0xE8])),
        ),
        head=contiguous_groups(2, 2, 1.0),
        class_names=("a", "b"),
        card={},
    )
    netlist = lower(network)
    assert netlist.fanin.tolist() == [
        [1, 2, CONSTANT_ZERO],
        [2, 1, CONSTANT_ZERO],
        [2, 2, CONSTANT_ZERO],
        [5, 4, 3],
        [3, 3, 5],
    ]
    assert netlist.table.tolist() == [0b10001000, 0b00100010, 0b01010101, 0x80, 0xE8]
    assert netlist.outputs.tolist() == [6, 7]
