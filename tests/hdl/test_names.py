"""Names of values: unique, legal, and traceable to the trained network."""

import re
from collections import Counter
from dataclasses import replace

import numpy as np
from hardware import adder_network, design_of, mixed_network, netlist_design, wire_network
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import netlists, networks

from lgn2hdl.compiler.schedule import Design
from lgn2hdl.hdl.names import constant_value, in_lines, node_names
from lgn2hdl.ir.labels import Label, NumberBit
from lgn2hdl.ir.netlist import Netlist

LEGAL = re.compile(
    r"zero|x\d+_b\d+|x\d+_ge_\d+|l\d+_n\d+(_\d+)?|score\d+_\d+|class_index_\d+|[egpa]\d+"
)


def check_names(design: Design) -> list[str]:
    names = node_names(design)
    assert len(set(names)) == len(names) == design.circuit.netlist.n_nodes
    assert all(LEGAL.fullmatch(name) for name in names)
    return names


@given(networks(max_fan_in=4), st.booleans())
@settings(max_examples=25)
def test_names_of_networks_are_unique_and_legal(network, scores):
    check_names(design_of(network, scores=scores))


def test_labels_that_are_given_twice_name_one_node():
    design = design_of(mixed_network(2))
    circuit = design.circuit
    by_name = {item.meaning.name: item.node for item in circuit.labels}
    first, second, *_ = by_name.values()
    labels = (Label(first, NumberBit("score", 0, 0)), Label(second, NumberBit("score", 0, 0)))
    names = check_names(replace(design, circuit=replace(circuit, labels=labels)))
    assert names[first] == "score0_0"
    assert names[second] != "score0_0"


@given(netlists().filter(lambda netlist: netlist.n_inputs and len(netlist.outputs)))
@settings(max_examples=50)
def test_names_of_netlists_are_unique_and_legal(netlist):
    check_names(netlist_design(netlist, 1))


def test_a_core_gate_leads_to_its_trained_node():
    network = mixed_network()
    design = design_of(network)
    names, netlist = check_names(design), design.circuit.netlist
    starts = np.concatenate([[0], np.cumsum([layer.width for layer in network.layers])])
    in_core = np.flatnonzero(design.circuit.part == design.parts.index("core"))
    assert len(in_core) > 20
    for gate in in_core.tolist():
        layer, position = map(
            int, re.match(r"l(\d+)_n(\d+)", names[netlist.first_gate + gate]).groups()
        )
        assert position < network.layers[layer].width
        assert starts[layer] + position == netlist.origin[gate]


def test_every_kind_of_name_occurs():
    names = check_names(design_of(mixed_network()))
    kinds = Counter(re.sub(r"\d+", "0", name) for name in names)
    for kind in ("zero", "x0_b0", "x0_ge_0", "l0_n0", "score0_0", "class_index_0", "p0", "a0"):
        assert kinds[kind] > 0, kind


def test_input_bits_are_named_by_feature():
    names = check_names(design_of(wire_network()))
    assert names[:3] == ["zero", "x0_b0", "x0_b1"]
    assert "x0_ge_1" in names
    assert "x0_ge_2" not in names  # that is the top bit of x
    assert check_names(design_of(adder_network(2)))[1:5] == ["x0_b0", "x1_b0", "x2_b0", "x3_b0"]


def test_gates_without_origin_or_with_the_same():
    fanin = [[1, 0], [2, 0], [3, 0], [4, 0]]
    plain = Netlist(1, fanin, np.array([5, 5, 5, 5], np.uint8), [5, 4, 3, 2], [-1, 0, 0, -1])
    names = check_names(netlist_design(plain, 1))
    assert names == ["zero", "x0_b0", "g0", "l0_n0", "l0_n0_2", "g3"]


def test_constants():
    netlist = Netlist(1, [[0, 0], [1, 0], [0, 0]], np.array([15, 5, 0], np.uint8), [2, 3, 4])
    assert [constant_value(netlist, node) for node in range(5)] == [0, None, 1, None, 0]


def test_lines_are_wrapped():
    text = in_lines([f"name_{number}" for number in range(40)], "    ", 40)
    assert all(len(line) <= 40 and line.startswith("    ") for line in text.splitlines())
    assert len(text.splitlines()) > 5
    assert text.replace("\n", " ").split() == [*(f"name_{n}," for n in range(39)), "name_39"]
    assert in_lines(["a" * 60, "b"], "  ", 40).splitlines() == ["  " + "a" * 60 + ",", "  b"]
