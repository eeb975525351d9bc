"""Yosys as a reader: what its cells mean, and which are refused."""

from typing import Any

import numpy as np
import pytest
from hardware import design_of, mixed_network

from lgn2hdl import packed
from lgn2hdl.errors import ToolError
from lgn2hdl.hdl.emit import Emitter, emit_verilog
from lgn2hdl.hdl.interface import Interface
from lgn2hdl.hdl.ports import result_ports
from lgn2hdl.netlist import evaluate
from lgn2hdl.verify.cells import Cells, HardwareError
from lgn2hdl.verify.hardware import Hardware, build
from lgn2hdl.verify.reader import read_text
from lgn2hdl.verify.yosys_reader import cells_of, read_with_yosys

CLK, RST, VALID_IN, ENABLE, X, VALID, Y = 2, 3, 4, 5, [6, 7, 8], 20, 21
Cell = dict[str, Any]


def cell(kind: str, parameters: dict[str, Any] | None = None, **pins: list[int | str]) -> Cell:
    signs = {f"{pin}_SIGNED": "0" for pin in ("A", "B") if pin in pins}
    width = {"Y_WIDTH": len(pins["Y"])} if "Y" in pins else {}
    return {"type": kind, "parameters": {**signs, **width, **(parameters or {})},
            "connections": pins}  # fmt: skip


def register(data: int | str, out: int, **parameters: int) -> Cell:
    given = {"CLK_POLARITY": 1, **parameters}
    return cell("$dff", given, CLK=[CLK], D=[data], Q=[out])


def cells(*given: Cell, y: int | str = Y) -> Cells:
    """A module whose output ``y`` is bit 21, and whose ``valid_out`` is right with ``enable``."""
    valid = (
        cell("$or", A=[RST], B=[ENABLE], Y=[30]),
        cell("$mux", A=[VALID_IN], B=["0"], S=[RST], Y=[31]),
        cell("$mux", A=[VALID], B=[31], S=[30], Y=[32]),
        register(32, VALID),
    )
    inputs = {"clk": [CLK], "rst": [RST], "valid_in": [VALID_IN], "enable": [ENABLE], "x": X}
    ports = {name: {"direction": "input", "bits": bits} for name, bits in inputs.items()}
    outputs = {"valid_out": [VALID], "y": [y]}
    ports |= {name: {"direction": "output", "bits": bits} for name, bits in outputs.items()}
    names = {name: {"bits": port["bits"]} for name, port in ports.items()}
    numbered = {f"c{number}": item for number, item in enumerate((*valid, *given))}
    return cells_of({"ports": ports, "netnames": names, "cells": numbered})


def hardware(*given: Cell) -> Hardware:
    return build(cells(*given), 3, {"y": 1})


def table(read: Hardware) -> list[int]:
    """``y`` for every ``x``."""
    n = read.netlist.n_inputs
    inputs = packed.pack(np.arange(1 << n) >> np.arange(n)[:, None] & 1 == 1)
    return packed.unpack(evaluate(read.netlist, inputs), 1 << n)[0].astype(int).tolist()


def test_a_table_as_long_as_its_address() -> None:
    bits: list[int | str] = ["0", "1", "1", "0"]
    read = hardware(cell("$shiftx", A=bits, B=[6, 7], Y=[Y]))
    assert table(read) == 2 * [0, 1, 1, 0]


def test_reads_beyond_a_table_are_undefined_but_a_shift_brings_zeros() -> None:
    bits: list[int | str] = ["1", "1", "1"]
    with pytest.raises(HardwareError, match="3 bits has 2 address bits: reads beyond its end"):
        cells(cell("$shiftx", A=bits, B=[6, 7], Y=[Y]))
    assert table(hardware(cell("$shr", A=bits, B=[6, 7], Y=[Y]))) == 2 * [1, 1, 1, 0]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (cell("$and", A=[6], B=["x"], Y=[Y]), "is 'x', neither 0 nor 1"),
        (cell("$mux", A=[6], B=["x"], S=[7], Y=[Y]), "is 'x', neither 0 nor 1"),
        (cell("$and", A=[6], B=["z"], Y=[Y]), "is 'z', neither 0 nor 1"),
        (cell("$dlatch", {"EN_POLARITY": 1}, D=[6], EN=[7], Q=[Y]), "kind .dlatch"),
        (cell("$adff", CLK=[CLK], ARST=[RST], D=[6], Q=[Y]), "kind .adff"),
        (cell("$dffe", CLK=[CLK], EN=[ENABLE], D=[6], Q=[Y]), "kind .dffe"),
        (cell("$sdff", CLK=[CLK], SRST=[RST], D=[6], Q=[Y]), "kind .sdff"),
        (cell("$eqx", A=[6], B=[7], Y=[Y]), "kind .eqx"),
        (cell("$tribuf", A=[6], EN=[7], Y=[Y]), "kind .tribuf"),
        (cell("$mem_v2", A=[6], Y=[Y]), "kind .mem_v2"),
        (cell("$pmux", A=[6], B=[7], S=[8], Y=[Y]), "kind .pmux"),
        (cell("$shiftx", A=["0", "1", 6, "0"], B=[6, 7], Y=[Y]), "anything but a constant"),
        (cell("$shiftx", {"B_SIGNED": "1"}, A=["0", "1"], B=[6], Y=[Y]), "signed numbers"),
        (cell("$shr", A=["0"] * 9, B=[6] * 7, Y=[Y]), "7 address bits, not 1 to 6"),
        (cell("$logic_and", A=[6, 7], B=[8], Y=[Y]), "more than single bits"),
        (register(6, Y, CLK_POLARITY=0), "a falling clock edge"),
        (cell("$not", {"A_SIGNED": "x"}, A=[6], Y=[Y]), "a parameter 'x'"),
        (cell("$not", A=[6], Y=["0"]), "driven twice"),
        (cell("$not", A=[6], Y=[7]), "driven twice"),
    ],
    ids=lambda item: item["type"] if isinstance(item, dict) else "",
)
def test_cells_that_are_refused(given: Cell, message: str) -> None:
    with pytest.raises(HardwareError, match=message):
        cells(given)


def test_an_undefined_result_and_two_drivers_are_refused() -> None:
    with pytest.raises(HardwareError, match="is 'x', neither 0 nor 1"):
        cells(y="x")
    with pytest.raises(HardwareError, match="driven twice"):
        cells(cell("$not", A=[6], Y=[Y]), cell("$not", A=[7], Y=[Y]))
    with pytest.raises(HardwareError, match="driven twice"):
        cells(register(6, Y), register(7, Y))


HOLD = {
    "enable ? x : y": [cell("$mux", A=[Y], B=[6], S=[ENABLE], Y=[40])],
    "~enable ? y : x": [
        cell("$not", A=[ENABLE], Y=[41]),
        cell("$not", A=[41], Y=[42]),
        cell("$mux", A=[Y], B=[6], S=[ENABLE], Y=[40]),
    ],
    "0 ? z : enable ? x : y": [
        cell("$mux", A=[Y], B=[6], S=[ENABLE], Y=[41]),
        cell("$mux", A=[41], B=["0"], S=["0"], Y=[40]),
    ],
    "1 ? enable ? x : y : z": [
        cell("$mux", A=[Y], B=[6], S=[ENABLE], Y=[41]),
        cell("$mux", A=["0"], B=[41], S=["1"], Y=[40]),
    ],
}


@pytest.mark.parametrize("name", HOLD)
def test_a_register_that_holds_its_value_has_a_clock_enable(name: str) -> None:
    read = hardware(*HOLD[name], register(40, Y))
    assert read.unbalanced == ()
    assert read.valid_latency == 1
    assert table(read) == 4 * [0, 1]
    assert read.time[read.ports["", "y"]].tolist() == [1]


@pytest.mark.parametrize(
    "muxes",
    [
        [cell("$mux", A=[6], B=[Y], S=[ENABLE], Y=[40])],
        [cell("$mux", A=[Y], B=[6], S=[RST], Y=[40])],
        [cell("$mux", A=[6], B=[7], S=["1"], Y=[40])],
    ],
)
def test_other_registers_have_another_one(muxes: list[Cell]) -> None:
    assert "has another clock enable" in hardware(*muxes, register(40, Y)).unbalanced[0]


def test_a_register_that_never_changes() -> None:
    with pytest.raises(HardwareError, match="a result depends on"):
        hardware(cell("$mux", A=[Y], B=[Y], S=[ENABLE], Y=[40]), register(40, Y))


def test_valid_may_be_reset_before_or_behind_its_enable() -> None:
    before = [
        cell("$mux", A=[40], B=[6], S=[ENABLE], Y=[41]),
        cell("$mux", A=[41], B=["0"], S=[RST], Y=[42]),
    ]
    read = cells(*before, register(42, 40), cell("$not", A=[6], Y=[Y]))
    enable = read.registers[1].enable
    gate = next(item for item in read.gates if item.out == enable)
    assert len(gate.pins) == 3
    assert gate.table == 0b10101100


def test_a_circle_of_wires_ends() -> None:
    loop = [
        cell("$mux", A=["0"], B=[41], S=["1"], Y=[40]),
        cell("$mux", A=[40], B=["0"], S=["0"], Y=[41]),
    ]
    with pytest.raises(HardwareError, match="in a circle"):
        hardware(*loop, register(40, Y))


EXPRESSIONS = """
    localparam [7:0] t_table = 8'h35;
    wire t = t_table[{x[5], x[1], x[0]}];
    wire [2:0] sum = x[2:0] - ~{x[3], x[4], 1'b1};
    wire [2:0] other = ~(x[2:0] ^ x[5:3]) & (x[0] ? x[5:3] : {2'b10, t});
    reg [2:0] r;
    always @(posedge clk) r <= (sum | other) + {t, 2'd2};
    reg valid;
    always @(posedge clk) valid <= rst ? 1'b0 : valid_in;
    assign valid_out = valid;
    assign y = r;
"""
HEAD = """module top (input wire clk, input wire rst, input wire valid_in, input wire [5:0] x,
    output wire valid_out, output wire [2:0] y);"""


def test_both_readers_read_the_same() -> None:
    files = {"top.v": f"{HEAD}{EXPRESSIONS}endmodule\n"}
    own, other = (build(read(files, "top"), 6, {"y": 3}) for read in (read_text, read_with_yosys))
    patterns = packed.pack(np.arange(64) >> np.arange(6)[:, None] & 1 == 1)
    assert np.array_equal(evaluate(own.netlist, patterns), evaluate(other.netlist, patterns))
    assert own.valid_latency == other.valid_latency == 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("x[5], x[1]", "x[5], x[5], x[1]", "reads beyond its end are undefined"),
        ("{t, 2'd2}", "{t, x[9], t}", "out of bounds"),
        ("{t, 2'd2}", "{t, y[4:2]}", "out of bounds"),
        ("assign y = r;", "assign y = r; assign y = x[2:0];", "driven twice|conflicting"),
        ("valid_in;\n", "valid_in; always @(posedge clk) valid <= rst;\n", "driven twice|conflict"),
    ],
)  # fmt: skip
def test_text_that_yosys_would_take(old: str, new: str, message: str) -> None:
    text = f"{HEAD}{EXPRESSIONS}endmodule\n"
    assert old in text
    with pytest.raises(ToolError, match=message):
        build(read_with_yosys({"top.v": text.replace(old, new)}, "top"), 6, {"y": 3})


@pytest.mark.parametrize("enable", [False, True])
def test_what_amaranth_writes_is_read(enable: bool) -> None:
    design = design_of(mixed_network(seed=24, widths=(3, 1, 4, 2), width=15, fan_ins=(3, 4)))
    widths = {port.name: port.width for port in result_ports(design.head)}
    n = design.circuit.netlist.n_inputs
    found = []
    for emitter, reader in ((Emitter.TEXT, read_text), (Emitter.AMARANTH, read_with_yosys)):
        files = emit_verilog(design, "top", emitter, Interface(clock_enable=enable))
        found.append(build(reader(files, "top"), n, widths))
        assert found[-1].unbalanced == ()
        assert found[-1].valid_latency == design.latency
    patterns = np.random.default_rng(0).integers(0, 1 << 63, (n, 4)).astype(np.uint64)
    assert np.array_equal(*(evaluate(item.netlist, patterns) for item in found))
