"""Ports and structure of the top module; its behaviour is proven by co-simulation in tests/sim."""

import re

import pytest
from hardware import adder_network, design_of, mixed_network

from lgn2hdl.hdl.classifier import classifier_ports
from lgn2hdl.hdl.emit import emit_verilog


@pytest.fixture(scope="module")
def design():
    return design_of(mixed_network())


def test_ports(design):
    ports = {port.name: (port.direction, port.width) for port in classifier_ports(design)}
    plan = design.head
    assert ports == {
        "clk": ("input", 1),
        "rst": ("input", 1),
        "valid_in": ("input", 1),
        "x": ("input", 20),
        "valid_out": ("output", 1),
        "class_index": ("output", 2),
        "scores": ("output", 3 * plan.score_width),
    }


@pytest.fixture(scope="module")
def bits_design():
    return design_of(adder_network(4))


def test_ports_of_bits(bits_design):
    ports = {port.name: (port.direction, port.width) for port in classifier_ports(bits_design)}
    assert ports == {
        "clk": ("input", 1),
        "rst": ("input", 1),
        "valid_in": ("input", 1),
        "x": ("input", 8),
        "valid_out": ("output", 1),
        "bits": ("output", 9),
    }


@pytest.mark.parametrize("name", ["design", "bits_design"])
def test_the_emitted_ports_are_these(name, request):
    design = request.getfixturevalue(name)
    text = emit_verilog(design, "top")["top.v"]
    found = re.findall(r"^  (input|output) (?:\[(\d+):0\] )?(\w+);", text, re.MULTILINE)
    emitted = {name: (direction, int(high or 0) + 1) for direction, high, name in found}
    expected = {port.name: (port.direction, port.width) for port in classifier_ports(design)}
    assert emitted == expected


@pytest.mark.parametrize("name", ["design", "bits_design"])
def test_valid_is_one_bit_a_cycle_and_the_only_thing_that_is_reset(name, request):
    design = request.getfixturevalue(name)
    files = emit_verilog(design, "top")
    assert re.search(rf"reg \[{design.latency - 1}:0\] valid = ", files["top.v"])
    assert [name for name, text in files.items() if re.search(r"\brst\b", text)] == ["top.v"]


def test_parts_in_the_order_of_the_data(design, bits_design):
    assert list(emit_verilog(bits_design, "top")) == ["top.v", "top_encoder.v", "top_core.v"]
    assert list(emit_verilog(design, "top")) == [
        "top.v", "top_encoder.v", "top_core.v", "top_popcount.v", "top_argmax.v",
    ]  # fmt: skip
