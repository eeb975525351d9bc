"""What the checker's own reader makes of Verilog, and what it refuses."""

from __future__ import annotations

import itertools

import pytest

from lgn2hdl.checker.graph import CheckError, Graph
from lgn2hdl.checker.pipeline import Pipeline
from lgn2hdl.checker.verilog import read_verilog

TOP = """module top (
    input wire clk,
    input wire rst,
    input wire valid_in,
    input wire [2:0] x,
    output wire valid_out,
    output wire [1:0] bits
);
    wire [1:0] inner;
    part p (
        .clk(clk), .x(x), .result(inner)
    );
    assign bits = {
        inner[1], inner[0]
    };
    reg [1:0] valid;
    always @(posedge clk)
        valid <= rst ? 2'd0 : {valid[0:0], valid_in};
    assign valid_out = valid[1];
endmodule
"""
PART = """// part of top
module part (
    input wire clk,
    // verilator lint_off UNUSEDSIGNAL
    input wire [2:0] x,
    // verilator lint_on UNUSEDSIGNAL
    output wire [1:0] result
);
    localparam [7:0] m_table = 8'he8;
    wire m = m_table[{x[2], x[1], x[0]}];
    wire [1:0] sum = {1'b0, x[0]} - ~{1'b0, x[1]};
    reg
        m_r1, sum_r1, m_r2, sum_r2;
    always @(posedge clk) begin
        m_r1 <= m;
        sum_r1 <= sum[1] ^ (x[2] & ~m | x[0]);
    end
    always @(posedge clk) begin
        m_r2 <= m_r1;
        sum_r2 <= sum_r1;
    end
    assign result = {
        sum_r2, m_r2
    };
endmodule
"""


def pipeline(top: str = TOP, part: str = PART) -> tuple[Graph, list[int], Pipeline]:
    graph = Graph()
    x = graph.add_inputs(3)
    flat = read_verilog({"top.v": top.encode(), "part.v": part.encode()}, "top")
    return graph, x, Pipeline(graph, flat, x)


def value(graph: Graph, literal: int, bits: dict[int, int]) -> int:
    node = literal >> 1
    if node not in bits:
        row = sum(value(graph, 2 * pin, bits) << k for k, pin in enumerate(graph.pins[node]))
        bits[node] = graph.table[node] >> row & 1
    return bits[node] ^ literal & 1


def test_it_computes_what_the_text_says() -> None:
    graph, x, made = pipeline()
    assert made.latency == 2
    ones, high = made.results()["bits"]
    for a, b, c in itertools.product((0, 1), repeat=3):
        known = {0: 0, **{literal >> 1: bit for literal, bit in zip(x, (a, b, c), strict=True)}}
        majority = int(a + b + c > 1)
        total = a + b + 1
        assert value(graph, ones, dict(known)) == majority
        assert value(graph, high, dict(known)) == (total >> 1 & 1) ^ (c & (1 - majority) | a)


def changed(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new, 1)


BAD_PARTS = {
    "carriage return": ("// part of top", "// part of \rtop"),
    "not ASCII": ("// part of top", "// pärt of top"),
    "translate_off": ("// part of top", "// synthesis translate_off"),
    "directive in capitals": ("// part of top", "// SYNOPSYS full_case"),
    "line continuation": ("// part of top", "// part of top \\"),
    "block comment": ("// part of top", "/* part of top */"),
    "macro": ("wire m = m", "wire m = `m"),
    "attribute": ("    reg\n", "    (* keep *) reg\n"),
    "other lint": ("lint_off UNUSEDSIGNAL", "lint_off WIDTH"),
    "unused module": ("// part of top", "module other ();\nendmodule"),
    "no module": ("// part of top", "wire a;"),
    "initial": ("    reg\n", "    initial m_r1 = 0;\n    reg\n"),
    "delay": ("wire m = ", "wire #1 m = "),
    "negedge": ("@(posedge clk) begin\n        m_r1", "@(negedge clk) begin\n        m_r1"),
    "blocking": ("m_r1 <= m", "m_r1 = m"),
    "too wide": ("wire [1:0] sum", "wire [2:0] sum"),
    "too narrow": ("{1'b0, x[1]}", "{x[1]}"),
    "table too small": ("[7:0] m_table = 8'he8", "[3:0] m_table = 4'h8"),
    "number too large": ("8'he8", "8'h1e8"),
    "unknown digit": ("8'he8", "8'hx8"),
    "beyond the end": ("x[2], x[1], x[0]}", "x[3], x[1], x[0]}"),
    "not declared": ("m_r2 <= m_r1", "m_r2 <= m_r9"),
    "driven twice": ("m_r2 <= m_r1;", "m_r2 <= m_r1; m_r2 <= m_r1;"),
    "not driven": ("        m_r2 <= m_r1;\n", ""),
    "declared twice": ("wire m = ", "wire m = x[0];\n    wire m = "),
    "a register assigned": ("assign result", "assign m_r1 = x[0];\n    assign result"),
    "circle": ("wire m = m_table[{x[2]", "wire m = m_table[{m"),
    "circle of registers": ("m_r1 <= m;", "m_r1 <= m_r2;"),
    "other times": ("sum_r2 <= sum_r1", "sum_r2 <= sum_r1 ^ x[0]"),
    "too early": ("sum_r2, m_r2", "sum_r2, m_r1"),
    "constant too late": ("sum_r2, m_r2", "sum_r2, late3"),
    "clock through a wire": (
        "always @(posedge clk) begin\n        m_r2",
        "wire c = clk;\n    always @(posedge c) begin\n        m_r2",
    ),
    "data as a clock": (
        "always @(posedge clk) begin\n        m_r2",
        "always @(posedge m) begin\n        m_r2",
    ),
    "data as an enable": (
        "(posedge clk) begin\n        m_r2",
        "(posedge clk) if (m) begin\n        m_r2",
    ),
    "clock as data": ("m_r1 <= m;", "m_r1 <= clk;"),
    "reduction": ("sum[1] ^", "|sum ^"),
    "logical": ("x[2] & ~m", "x[2] && ~m"),
    "shift": ("x[2] & ~m", "x[2] << ~m"),
    "signed": ("wire [1:0] sum", "wire signed [1:0] sum"),
    "deep": ("x[2] & ~m", "(" * 500 + "m" + ")" * 500),
    "no end": ("endmodule", ""),
    "no digits": ("8'he8", "8'"),
    "huge": ("[7:0] m_table", "[99999999999999999999:0] m_table"),
}
LATE = """    reg late1, late2, late3;
    always @(posedge clk) begin
        late1 <= 1'b1;
        late2 <= late1;
        late3 <= late2;
    end
    assign result"""


@pytest.mark.parametrize("name", BAD_PARTS)
def test_a_bad_part_is_refused(name: str) -> None:
    text = changed(PART, *BAD_PARTS[name])
    if "late3" in text:
        text = changed(text, "    assign result", LATE)
    with pytest.raises(CheckError):
        pipeline(part=text)[2].results()


def test_a_constant_may_be_as_late_as_x() -> None:
    text = changed(changed(PART, "sum_r2, m_r2", "sum_r2, late2"), "    assign result", LATE)
    assert pipeline(part=text)[2].results()["bits"][0] == 1


BAD_TOPS = {
    "no reset": ("rst ? 2'd0 : {valid[0:0], valid_in}", "{valid[0:0], valid_in}"),
    "set by reset": ("2'd0", "2'd1"),
    "reset upside down": (
        "rst ? 2'd0 : {valid[0:0], valid_in}",
        "rst ? {valid[0:0], valid_in} : 2'd0",
    ),
    "shorter": ("valid_out = valid[1]", "valid_out = valid[0]"),
    "longer": ("reg [1:0] valid;", "reg [1:0] valid; reg more;"),
    "constant": ("valid_out = valid[1]", "valid_out = 1'b1"),
    "valid is data": ("valid_out = valid[1]", "valid_out = inner[0]"),
    "data is valid": ("inner[1], inner[0]", "inner[1], valid[1]"),
    "held": ("(posedge clk)\n", "(posedge clk) if (valid_in)\n"),
    "another port": ("input wire valid_in", "input wire other,\n    input wire valid_in"),
    "missing port": ("    input wire rst,\n", ""),
    "wide clock": ("input wire clk", "input wire [1:0] clk"),
    "fewer bits": ("[2:0] x", "[1:0] x"),
    "not connected": (".x(x), ", ""),
    "connected twice": (".x(x), ", ".x(x), .x(x), "),
    "unknown module": ("part p (", "other p ("),
    "used twice": (
        "    assign bits",
        "    part q (.clk(clk), .x(x), .result(inner));\n    assign bits",
    ),
    "itself": ("part p (", "top p ("),
    "inputs exchanged": (".clk(clk), .x(x)", ".clk(x), .x(clk)"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_TOPS)
def test_a_bad_top_is_refused(name: str) -> None:
    text = changed(TOP, *BAD_TOPS[name])
    if name == "longer":
        text = changed(text, "assign valid_out = valid[1]", "assign valid_out = more")
        more = "    always @(posedge clk)\n        more <= rst ? 1'b0 : valid[1];\n"
        text = changed(text, "    assign valid_out", f"{more}    assign valid_out")
    with pytest.raises(CheckError):
        pipeline(top=text)[2].results()


def with_enable(text: str) -> str:
    text = text.replace("input wire clk,", "input wire clk,\n    input wire enable,")
    text = text.replace(".clk(clk),", ".clk(clk), .enable(enable),")
    return text.replace("(posedge clk) begin", "(posedge clk) if (enable) begin")


def test_a_clock_enable_holds_everything() -> None:
    top = with_enable(TOP).replace("(posedge clk)\n", "(posedge clk) if (rst | enable)\n")
    assert pipeline(top, with_enable(PART))[2].results().keys() == {"bits"}
    for bad in (
        (with_enable(TOP), with_enable(PART)),
        (top.replace("rst | enable", "enable"), with_enable(PART)),
        (top.replace("rst | enable", "rst & enable"), with_enable(PART)),
        (top, with_enable(PART).replace("if (enable) ", "", 1)),
    ):
        with pytest.raises(CheckError):
            pipeline(*bad)[2].results()
