"""Ports and structure of the top module; its behaviour is proven by co-simulation in tests/sim."""

import re

import pytest
from hardware import design_of, mixed_network

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


def test_the_emitted_ports_are_these(design):
    text = emit_verilog(design, "top")["top.v"]
    found = re.findall(r"^  (input|output) (?:\[(\d+):0\] )?(\w+);", text, re.MULTILINE)
    emitted = {name: (direction, int(high or 0) + 1) for direction, high, name in found}
    expected = {port.name: (port.direction, port.width) for port in classifier_ports(design)}
    assert emitted == expected


def test_valid_is_one_bit_a_cycle_and_the_only_thing_that_is_reset(design):
    files = emit_verilog(design, "top")
    assert re.search(rf"reg \[{design.latency - 1}:0\] valid = ", files["top.v"])
    assert [name for name, text in files.items() if re.search(r"\brst\b", text)] == ["top.v"]


def test_parts_in_the_order_of_the_data(design):
    assert list(emit_verilog(design, "top")) == [
        "top.v", "top_encoder.v", "top_core.v", "top_popcount.v", "top_argmax.v",
    ]  # fmt: skip
