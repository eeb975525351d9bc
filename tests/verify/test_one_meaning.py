"""Verilog that simulators and synthesis may see differently does not get to Yosys."""

import pytest
from hardware import design_of, mixed_network

from lgn2hdl.compiler.interface_choice import Interface, Kind
from lgn2hdl.hdl.emit import emit_verilog
from lgn2hdl.verify.readers.cells import HardwareError
from lgn2hdl.verify.readers.one_meaning import checked

HEAD = "module top (input wire clk, input wire rst, input wire enable, input wire [5:0] x, "
HEAD += "output wire [2:0] y);"
GOOD = "assign y = x[2:0];"


def texts(body: str, **files: str) -> dict[str, str]:
    return {"top.v": f"{HEAD}\n{body}\nendmodule\n", **{f"{k}.v": v for k, v in files.items()}}


@pytest.mark.parametrize(
    "body",
    [
        GOOD,
        "wire [2:0] v; assign v = x[5:3] + x[2:0]; assign y = v;",
        "wire [2:0] v = x[5:3] - ~{x[0], x[1], 1'h0}, w = ~v; assign y = v == w ? v : w;",
        "localparam [7:0] t = 8'h35; assign y = {3{t[{x[2], x[1], x[0]}]}};",
        "assign y = {2'd0, 8'h35 >> x[2:0]};",
        "assign y = {x[0] && x[1] || !x[2], x[0] ^~ x[1], ~&x};",
        "reg [2:0] r; always @(posedge clk) r <= x[2:0]; assign y = r;",
        "reg [2:0] r; always @(posedge clk) r[0] <= x[0]; assign y = {3{r[0]}};",
        "wire a = x[0] < x[1], b = x >= 6'h9; assign y = {a, b, |x[1:0] <= x[2]};",
        "reg r; always @(posedge clk) if (rst) r <= 1'b0; else if (x[0]) begin r <= x[1]; end "
        "assign y = {3{r}};",
        "reg [2:0] r = 3'h0; always @(posedge clk) r <= x[2:0]; assign y = r;",
        r"wire \a.b[0] ; assign \a.b[0] = x[0]; assign y = {3{\a.b[0] }};",
        "output [2:0] z; wire [2:0] z; assign z = x[2:0]; " + GOOD,
        '(* src = "top.py:1" *) wire v; (* generator = "Amaranth" *) wire w = x[0]; assign v = w; '
        + GOOD,
        "wire v; assign v = 1'hx; " + GOOD,
        "wire [5:0] v; assign {v[5:3], v[2:0]} = x; assign y = v[2:0];",
    ],
)
def test_what_passes(body: str) -> None:
    assert checked(texts(body), "top") == texts(body)


MEMORY = """reg [2:0] m [3:0]; reg [2:0] r; wire [1:0] a; assign a = x[1:0];
    always @(posedge clk) begin if (enable) m[a] <= x[5:3]; end
    always @(posedge clk) begin if (rst) begin r <= m[a]; end end
    assign y = r;"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("", "", None),
        ("m [3:0]", "m [4:0]", "not as many words as an address can say"),
        ("m [3:0]", "m [3:1]", "where '0' is expected"),
        ("m [3:0]", "m [3:0], n", "where ';' is expected"),
        ("m[a] <= x", "m[0] <= x", "'0' is no name"),
        ("m[a] <= x", "m[{a}] <= x", "'{' is no name"),
        ("m[a] <= x", "m <= x", r"where '\[' is expected"),
        ("m[a] <= x", "m[a][0] <= x", "where '<=' is expected"),
        ("m[a] <= x", "m[b] <= x", "b is not declared"),
        ("m[a] <= x", "m[m] <= x", "memory m is read or written as a whole"),
        ("r <= m[a]", "r <= m[a] + r", r"where ';' is expected"),
        ("r <= m[a]", "r <= r & m[a]", "memory m is read or written as a whole"),
        ("y = r", "y = m[a]", "memory m is read or written as a whole"),
        ("assign y", "assign m[a] = r; assign y", "memory m is read or written as a whole"),
        ("assign y", "initial m[0] = 3'h0; assign y", "'initial' is no statement"),
        ("assign y", "initial begin m[0] = 3'h0; end assign y", "'initial' is no statement"),
    ],
)
def test_memories(old: str, new: str, message: str | None) -> None:
    given = texts(MEMORY.replace(old, new))
    if message is None:
        assert checked(given, "top") == given
        return
    with pytest.raises(HardwareError, match=message):
        checked(given, "top")


@pytest.mark.parametrize("sensitive", ["@*", "@(*)", "@(x)", "@(enable or x)", "@(negedge clk)"])
def test_blocks_without_a_rising_edge(sensitive: str) -> None:
    body = f"reg [2:0] r; always {sensitive} r <= x[2:0]; assign y = r;"
    with pytest.raises(HardwareError, match="is expected"):
        checked(texts(body), "top")


def test_modules_in_a_module() -> None:
    wires = ".clk(clk), .rst(rst), .enable(enable), .x(x), .y(y)"
    inner = HEAD.replace("top", r"\top.part$1 ") + GOOD + "endmodule\n"
    given = texts(rf"\top.part$1  part ({wires});", part=inner)
    assert checked(given, "top") == given
    for name in ("$and", "a", ".a", "a.", "a..b", "a.b-c"):
        with pytest.raises(HardwareError, match="is no name of a module"):
            checked({**given, "part.v": inner.replace("top.part$1", name)}, "top")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("`ifdef YOSYS\n" + GOOD + "\n`endif", "not understood"),
        ("// synthesis translate_off\n" + GOOD, "tools may obey"),
        ("/* pragma translate_off */" + GOOD, "tools may obey"),
        ("assign #1 y = x[2:0];", "'#1?' is no name"),
        ("reg r; always @(posedge clk) r <= #1 x[0]; " + GOOD, "'#' is no name"),
        ("reg r; always @(posedge clk) #1 r <= x[0]; " + GOOD, "'#' is no name"),
        ("reg r; always @(posedge clk) r = x[0]; " + GOOD, "'=' where '<=' is expected"),
        ("reg r; always @(negedge clk) r <= x[0]; " + GOOD, "where 'posedge' is expected"),
        ("reg r; always @(posedge clk or posedge rst) r <= x[0]; " + GOOD, "'or' where"),
        ("reg r; always @(x) r <= x[0]; " + GOOD, "where 'posedge' is expected"),
        ("reg r; always r <= x[0]; " + GOOD, "where '@' is expected"),
        ("reg r; always @(posedge clk) begin : a r <= x[0]; end " + GOOD, "':' is no name"),
        ("reg r; always @(posedge clk) case (x[0]) default: r <= x[0]; endcase " + GOOD, "'case'"),
        (
            "reg r; always @(posedge clk) casez (x[0]) default: r <= x[0]; endcase " + GOOD,
            "'casez'",
        ),
        ("reg r; always @(posedge clk) for (;;) r <= x[0]; " + GOOD, "'for' is no name"),
        ("reg r; always @(posedge clk) $finish; " + GOOD, "not understood"),
        ("reg r; initial r = 0; " + GOOD, "'initial' is no statement"),
        ("initial force y = 0; " + GOOD, "'initial' is no statement"),
        ("always_comb begin end " + GOOD, "'always_comb' is no statement"),
        ("defparam p.a = 1; " + GOOD, "'defparam' is no statement"),
        ("specify endspecify " + GOOD, "'specify' is no statement"),
        ("bind top part p (); " + GOOD, "'bind' is no statement"),
        ("generate endgenerate " + GOOD, "'generate' is no statement"),
        ("function f; endfunction " + GOOD, "'function' is no statement"),
        ("task t; endtask " + GOOD, "'task' is no statement"),
        ("and a (y[0], x[0], x[1]); " + GOOD, "'and' is no statement"),
        ("bufif1 a (y[0], x[0], x[1]); " + GOOD, "'bufif1' is no statement"),
        ("parameter A = 1; " + GOOD, "'parameter' is no statement"),
        ("integer i; " + GOOD, "'integer' is no statement"),
        ("real r; " + GOOD, "'real' is no statement"),
        ("tri t; " + GOOD, "'tri' is no statement"),
        ("wand t; " + GOOD, "'wand' is no statement"),
        ("supply0 t; " + GOOD, "'supply0' is no statement"),
        ("genvar t; " + GOOD, "'genvar' is no statement"),
        ("inout t; " + GOOD, "'inout' is no statement"),
        ("wire signed [2:0] v; " + GOOD, "'signed' is no name"),
        ("assign (strong0, weak1) y = x[2:0];", "is no name"),
        ("wire logic = x[0]; " + GOOD, "'logic' is no name"),
        ("wire v = 1'bx; " + GOOD, "is no number"),
        ("wire v = 1'bz; " + GOOD, "is no number"),
        ("wire v = 1'b?; " + GOOD, "is no number"),
        ("wire v = x[0] ? 1'hx : x[1]; " + GOOD, "is no number"),
        ("wire v; assign v = 1'hz; " + GOOD, "is no number"),
        ("wire v = 1'sb1; " + GOOD, "is no number"),
        ("wire v = 1; " + GOOD, "number 1 has no width"),
        ("wire v = 1.5; " + GOOD, "number 1 has no width"),
        ("wire v = 1e3; " + GOOD, "is no number"),
        ("(* init = 1'h1 *) wire v = x[0]; " + GOOD, "attribute 'init' may change"),
        ("wire v = x[0] << x[1]; " + GOOD, "'<<' is no name"),
        ("wire v = x[0] <<= x[1]; " + GOOD, "'<<=' is no name"),
        ("wire v = x[0] === x[1]; " + GOOD, "'===' is no name"),
        ("wire v = x >>> 2'd1; " + GOOD, "'>>>' is no name"),
        ("wire v = x * x; " + GOOD, r"'\*' is no name"),
        ("wire v = $signed(x); " + GOOD, "not understood"),
        ("wire v = f(x); " + GOOD, "f is not declared"),
        ("wire v = x(1'b0); " + GOOD, "called like a function"),
        ("wire v = part.r; " + GOOD, "part is not declared"),
        ("wire v = x.r; " + GOOD, r"'\.' is no name"),
        ("assign p.r = x[0]; " + GOOD, "p is not declared"),
        ('wire [7:0] v = "a"; ' + GOOD, "is no name"),
        ("wire v = v; " + GOOD, "v is not declared"),
        ("wire v = w; wire w = x[0]; " + GOOD, "w is not declared"),
        ("assign w = x[0]; " + GOOD, "w is not declared"),
        ("assign x = 6'd0; " + GOOD, "input x is assigned to"),
        ("assign y[x] = x[0];", "index that is no number"),
        ("wire v = (x[0]; " + GOOD, "is no name"),
        ("wire v = {x[0]); " + GOOD, "is no name"),
        ("wire v = ; " + GOOD, "an expression is expected"),
        ("wire v; wire v; " + GOOD, "declared twice"),
        ("wire v; reg v; " + GOOD, "declared twice"),
        ("wire v; localparam [1:0] v = 2'd0; " + GOOD, "declared twice"),
        ("input x; " + GOOD, "declared twice"),
        ("wire [2:0] y; " + GOOD, "declared twice"),
        ("output [2:0] z; wire [1:0] z; " + GOOD, "has another range as a port"),
        ("output [2:0] z; wire z; " + GOOD, "has another range as a port"),
        ("wire [0:5] v; " + GOOD, "does not go down"),
        ("wire [99999999999:0] v; " + GOOD, "is no range"),
        ("wire [x:0] v; " + GOOD, "is no range"),
        ("wire m [3:0]; " + GOOD, "where ';' is expected"),
        ("reg r = x[0]; " + GOOD, "is no number"),
        ("reg r = 1'bx; " + GOOD, "is no number"),
        ("(* full_case *) wire v; " + GOOD, "attribute 'full_case'"),
        ("(* parallel_case *) wire v; " + GOOD, "attribute 'parallel_case'"),
        ("(* hierconn *) wire v; " + GOOD, "attribute 'hierconn'"),
        ("(* src = v *) wire v; " + GOOD, "is no value of an attribute"),
        (f"wire {'v' * 1025}; " + GOOD, "1025 characters"),
        (r"wire \a/*b ; " + GOOD, "is no name"),
        ("part p (.p(x)); " + GOOD, "there is no module part"),
        (r"\$and p (.A(x[0]), .B(x[1]), .Y(y[0])); " + GOOD, "is no statement"),
        ("top t (.clk(clk), .clk(clk)); " + GOOD, "connected twice"),
        ("top t (clk); " + GOOD, r"where '\.' is expected"),
        ("top t (.*); " + GOOD, r"where '\.' is expected"),
        ("top t (.clk()); " + GOOD, "an expression is expected"),
        ("top #(1) t (.clk(clk)); " + GOOD, "'#' is no name"),
        ("top t [1:0] (.clk(clk)); " + GOOD, r"where '\(' is expected"),
        (r"wire \t.clk ; top t (.clk(clk)); " + GOOD, "may be a net of an instance"),
        ("always @(posedge clk) " + "begin " * 40 + "end " * 40 + GOOD, "in each other"),
        (GOOD + "\nendmodule\nmodule spare ();", "module spare is no part of top"),
        (GOOD + "\nendmodule\nmodule top ();", "module top is there twice"),
        (GOOD + "\nendmodule\nprimitive p ();", "where 'module' is expected"),
        (GOOD + "\nendmodule\nmodule \\a ();", "is no name of a module"),
    ],
)
def test_what_is_refused(body: str, message: str) -> None:
    checked(texts(GOOD), "top")
    with pytest.raises(HardwareError, match=message):
        checked(texts(body), "top")


def test_the_top_module_is_there() -> None:
    with pytest.raises(HardwareError, match="there is no module a; shell"):
        checked(texts(GOOD), "a; shell")


@pytest.mark.parametrize(
    "interface",
    [Interface(), Interface(clock_enable=True), Interface(Kind.HANDSHAKE), Interface(Kind.STREAM)],
    ids=lambda item: f"{item.kind.value}{item.clock_enable}",
)
def test_what_our_emitter_writes_passes(interface: Interface) -> None:
    design = design_of(mixed_network(seed=24, widths=(3, 1, 4, 2), width=15, fan_ins=(3, 4)))
    files = emit_verilog(design, "top", interface=interface)
    assert checked(files, "top") == files
