"""Yosys as a reader: what its cells mean, and which are refused."""

from typing import Any

import numpy as np
import pytest
from hardware import design_of, mixed_network

from lgn2hdl.base.errors import ToolError
from lgn2hdl.compiler.interface_choice import Interface
from lgn2hdl.compiler.recipe import Emitter
from lgn2hdl.hdl.emit import emit_verilog
from lgn2hdl.hdl.ports import result_ports
from lgn2hdl.ir import packed
from lgn2hdl.ir.netlist import evaluate
from lgn2hdl.verify.readers.cells import Cells, HardwareError
from lgn2hdl.verify.readers.hardware import Hardware, build
from lgn2hdl.verify.readers.reader import read_text
from lgn2hdl.verify.readers.yosys_reader import _instance_of, _number, cells_of, read_with_yosys

pytestmark = pytest.mark.yosys

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
    ("kind", "right"),
    [
        ("$lt", lambda a, b: a < b),
        ("$le", lambda a, b: a <= b),
        ("$gt", lambda a, b: a > b),
        ("$ge", lambda a, b: a >= b),
        ("$eq", lambda a, b: a == b),
        ("$ne", lambda a, b: a != b),
        ("$shr", lambda a, b: a >> b & 1),
    ],
)
@pytest.mark.parametrize("a_width", [0, 1, 2, 3])
def test_operators_of_numbers(kind: str, right: Any, a_width: int) -> None:
    pins = {"A": X[:a_width] or ["0"], "B": X[a_width:] or ["0"]}
    if kind == "$shr":
        pins["A"] = [*pins["A"], "1", "0", "1"]
    expected = []
    for x in range(8):
        a, b = x & ((1 << a_width) - 1), x >> a_width
        a += 0b101 << max(a_width, 1) if kind == "$shr" else 0
        expected.append(int(right(a, b)))
    assert table(hardware(cell(kind, **pins, Y=[Y]))) == expected


@pytest.mark.parametrize(
    ("kind", "right"),
    [
        ("$reduce_and", lambda x: x == 7),
        ("$reduce_or", lambda x: x > 0),
        ("$reduce_bool", lambda x: x > 0),
        ("$reduce_xor", lambda x: x.bit_count() % 2),
        ("$logic_not", lambda x: x == 0),
    ],
)
def test_one_bit_of_many(kind: str, right: Any) -> None:
    assert table(hardware(cell(kind, A=X, Y=[Y]))) == [int(right(x)) for x in range(8)]


def test_a_shift_by_more_than_a_table_can_say() -> None:
    bits: list[int | str] = [*["0"] * 64, "1", "0", "1", "1"]
    address = ["0", "0", "0", 6, 7, 8, "1"]
    expected = [bits[64 + 8 * x] == "1" if x == 0 else False for x in range(8)]
    assert table(hardware(cell("$shr", A=bits, B=address, Y=[Y]))) == expected


GUARD = {
    "address": cell("$mux", A=["x"], B=[6], S=[8], Y=[50]),
    "data": cell("$mux", A=["x"], B=[7], S=[8], Y=[51]),
    "enable": cell("$mux", A=["0"], B=["1"], S=[8], Y=[52]),
}
"""A word that is written where bit 8 is 1."""


def memory(shape: dict[str, int] | None = None, **pins: list[int | str]) -> Cell:
    known = {"ABITS": 1, "SIZE": 2, "OFFSET": 0, "RD_PORTS": 1, "WR_PORTS": 1, "RD_CLK_ENABLE": 0,
             "WR_CLK_ENABLE": 1, "WR_CLK_POLARITY": 1, "RD_WIDE_CONTINUATION": 0,
             "WR_WIDE_CONTINUATION": 0}  # fmt: skip
    wires = {"WR_CLK": [CLK], "WR_EN": [52], "WR_ADDR": [50], "WR_DATA": [51], "RD_ADDR": [7],
             "RD_DATA": [Y], **pins}  # fmt: skip
    return {"type": "$mem_v2", "parameters": {"MEMID": "\\m", **known, **(shape or {})},
            "connections": wires}  # fmt: skip


def test_a_memory_is_told_and_its_words_are_driven_by_nothing() -> None:
    read = cells(*GUARD.values(), memory(), register(50, 60))
    (found,) = read.memories
    assert found.name == "m"
    assert (found.write_enable, found.read_data) != (found.read_address, found.write_data)
    assert not read.driven[found.read_data[0]]
    assert len(read.registers) == 1  # that of valid_out: one of a guarded value is left out
    with pytest.raises(HardwareError, match="nothing drives"):
        build(read, 3, {"y": 1})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (memory({"SIZE": 1}), "may be beyond its end"),
        (memory({"RD_PORTS": 2}), "a kind that is not known"),
        (memory({"RD_CLK_ENABLE": 1}), "a kind that is not known"),
        (memory({"WR_CLK_ENABLE": 0}), "a kind that is not known"),
        (memory({"WR_CLK_POLARITY": 0}), "a kind that is not known"),
        (memory({"OFFSET": 1}), "a kind that is not known"),
        (memory(WR_EN=["1"]), "a word at a time, on a condition"),
        (memory(WR_ADDR=[6]), "a word at a time, on a condition"),
        (memory(WR_DATA=[7]), "a word at a time, on a condition"),
        (memory(RD_ADDR=["x"]), "neither 0 nor 1"),
    ],
)
def test_memories_that_are_refused(wrong: Cell, message: str) -> None:
    with pytest.raises(HardwareError, match=message):
        cells(*GUARD.values(), wrong)


def test_a_guarded_value_is_read_by_a_memory_only() -> None:
    read = cells(*GUARD.values(), memory(RD_DATA=[70]), cell("$not", A=[50], Y=[Y]))
    with pytest.raises(HardwareError, match="nothing drives"):
        build(read, 3, {"y": 1})
    other = cell("$mux", A=["x"], B=[7], S=[7], Y=[51])
    with pytest.raises(HardwareError, match="on a condition"):
        cells(GUARD["address"], other, GUARD["enable"], memory())


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
        (cell("$mem", A=[6], Y=[Y]), "kind .mem"),
        (cell("$pmux", A=[6], B=[7], S=[8], Y=[Y]), "kind .pmux"),
        (cell("$shiftx", A=["0", "1", 6, "0"], B=[6, 7], Y=[Y]), "anything but a constant"),
        (cell("$shiftx", {"B_SIGNED": "1"}, A=["0", "1"], B=[6], Y=[Y]), "signed numbers"),
        (cell("$shiftx", A=["0"] * 128, B=[6] * 7, Y=[Y]), "7 address bits, not 1 to 6"),
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


@pytest.mark.parametrize(
    ("value", "number"),
    [(5, 5), ("0", 0), ("1", 1), ("101", 5), ("0" * 40 + "110", 6), ("1" * 70, 2**70 - 1),
     (" 10 ", 2), ("", 0), ("  ", 0)],
)  # fmt: skip
def test_parameters_are_numbers_or_binary_digits(value: str | int, number: int) -> None:
    assert _number(value) == number


@pytest.mark.parametrize("value", ["1x", "z", "2", "-", "0b1x", "x" * 99])
def test_parameters_that_are_undefined(value: str) -> None:
    with pytest.raises(HardwareError) as caught:
        _number(value)
    assert str(caught.value) == f"a cell has a parameter {value[:40]!r}"


@pytest.mark.parametrize(
    ("name", "instance"),
    [
        ("$flatten\\popcount.$add$top_popcount.v:5$1", "popcount"), ("popcount.sum", "popcount"),
        ("core.a.b", "core"), ("$add$top.v:5$1", ""), ("name", ""), ("$flatten\\name", ""),
    ],
)  # fmt: skip
def test_the_instance_of_a_cell(name: str, instance: str) -> None:
    assert _instance_of(name) == instance
