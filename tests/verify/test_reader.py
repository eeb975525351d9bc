import numpy as np
import pytest

from lgn2hdl.ir import packed
from lgn2hdl.ir.netlist import evaluate
from lgn2hdl.verify.readers.cells import HardwareError
from lgn2hdl.verify.readers.hardware import Hardware, build
from lgn2hdl.verify.readers.reader import read_text
from lgn2hdl.verify.sat.algebra import Bits, Words
from lgn2hdl.verify.sat.machine import machine_of

PORTS = """
    input wire clk,
    input wire rst,
    input wire valid_in,
    input wire [{width}:0] x,
    output wire valid_out,
    output wire [{out}:0] y
"""


def text_of(body: str, width: int = 6, out: int = 3) -> str:
    """A module with the ports of a design, whose valid has a latency of one cycle."""
    valid = "reg valid; always @(posedge clk) valid <= rst ? 1'b0 : valid_in;"
    head = f"module top ({PORTS.format(width=width - 1, out=out - 1)});"
    return f"{head}\n{valid}\nassign valid_out = valid;\n{body}\nendmodule\n"


def hardware_of(body: str, width: int = 6, out: int = 3, **files: str) -> Hardware:
    texts = {"top.v": text_of(body, width, out), **{f"{k}.v": v for k, v in files.items()}}
    return build(read_text(texts, "top"), width, {"y": out})


def outputs(hardware: Hardware) -> list[int]:
    """Number at ``y`` for every ``x``."""
    n = hardware.netlist.n_inputs
    inputs = packed.pack(np.arange(1 << n) >> np.arange(n)[:, None] & 1 == 1)
    bits = packed.unpack(evaluate(hardware.netlist, inputs), 1 << n)
    return (bits.astype(int) << np.arange(len(bits))[:, None]).sum(axis=0).tolist()


A, B = "x[2:0]", "x[5:3]"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        (f"{A} + {B}", lambda a, b: a + b),
        (f"{A} - {B}", lambda a, b: a - b),
        (f"{A} - ~{B}", lambda a, b: a - (7 - b)),
        (f"{A} + {B} - {A}", lambda a, b: b),
        (f"{A} & {B} | {A} ^ {B}", lambda a, b: (a & b) | (a ^ b)),
        (f"{A} | {B} ^ {A} & {B}", lambda a, b: a | (b ^ (a & b))),
        (f"({A} | {B}) & {A}", lambda a, b: a),
        (f"~{A} & {B}", lambda a, b: ~a & b),
        (f"~({A} & {B})", lambda a, b: ~(a & b)),
        (f"~~{A}", lambda a, b: a),
        (f"x[0] ? {A} : {B}", lambda a, b: a if a & 1 else b),
        (f"x[0] ? {A} : x[1] ? {B} : 3'd5", lambda a, b: a if a & 1 else b if a & 2 else 5),
        ("{x[0], x[4:3]}", lambda a, b: (a & 1) << 2 | b & 3),
        ("3'b110", lambda a, b: 6),
        ("3'h3", lambda a, b: 3),
        (f"{A} & {B} + 3'd1", lambda a, b: a & (b + 1)),
        (f"{{2'd0, {A} == {B}}}", lambda a, b: a == b),
        (f"{{2'd0, {A} + 3'd1 == {B}}}", lambda a, b: (a + 1) & 7 == b),
        ("{2'd0, x[0] & x[1] == x[2]}", lambda a, b: a & 1 & ((a >> 1 & 1) == a >> 2)),
        ("{3{x[1]}}", lambda a, b: 7 * (a >> 1 & 1)),
        ("{x[0], {1{x[3], x[4]}}}", lambda a, b: (a & 1) << 2 | (b & 1) << 1 | b >> 1 & 1),
        ("{x[0], {2{x[3]}}}", lambda a, b: (a & 1) << 2 | 3 * (b & 1)),
    ],
)
def test_expressions(expression: str, value) -> None:
    given = outputs(hardware_of(f"wire [2:0] v = {expression}; assign y = v;"))
    assert given == [value(x & 7, x >> 3) & 7 for x in range(64)]


def test_a_table_is_addressed_from_its_lowest_bit() -> None:
    body = """
        localparam [7:0] t_table = 8'h35;
        wire t = t_table[{x[5], x[1], x[0]}];
        assign y = {t, t, 1'b0};
    """
    wanted = [0x35 >> ((x >> 5) << 2 | x & 3) & 1 for x in range(64)]
    assert outputs(hardware_of(body)) == [6 * bit for bit in wanted]


def test_registers_are_transparent_and_counted() -> None:
    body = """
        reg [2:0] one;
        reg two, three;
        always @(posedge clk) begin one <= x[2:0]; two <= x[3]; end
        always @(posedge clk) three <= two;
        assign y = {three, one[1:0]};
    """
    hardware = hardware_of(body)
    assert outputs(hardware) == [(x >> 3 & 1) << 2 | x & 3 for x in range(64)]
    assert hardware.time[hardware.ports["", "y"]].tolist() == [1, 1, 2]
    assert hardware.valid_latency == 1


def run(body: str, x: list[int], start: dict[str, int]) -> dict[str, int]:
    """What registers hold after some clock cycles; bits of ``x`` are those of each cycle."""
    cells = read_text({"top.v": text_of(f"reg r, s; {body} assign y = {{x[0], r, s}};")}, "top")
    machine, b = machine_of(cells, {}), Bits(Words(1))
    names = [name.removesuffix("[0]") for name in machine.names]
    state = np.array([[start.get(name, 0)] for name in names], np.uint64)
    for value in x:
        sources = {("", "x"): b.number(value, 6)}
        sources |= {("", name): b.false for name in ("clk", "rst", "valid_in")}
        nets = machine.nets(b.algebra, state, sources)
        state = machine.next_state(b.algebra, state, nets)
    return dict(zip(names, (state[:, 0] & np.uint64(1)).tolist(), strict=True))


@pytest.mark.parametrize(
    ("body", "r"),
    [
        ("if (x[0]) r <= x[1]; else r <= x[2];", lambda x, r: x >> 1 & 1 if x & 1 else x >> 2 & 1),
        ("if (x[0]) r <= x[1]; else if (x[2]) r <= x[3];",
         lambda x, r: x >> 1 & 1 if x & 1 else x >> 3 & 1 if x >> 2 & 1 else r),
        ("if (x[0]) if (x[1]) r <= x[2]; else r <= x[3];",
         lambda x, r: r if not x & 1 else x >> 2 & 1 if x >> 1 & 1 else x >> 3 & 1),
        ("if (x[0]) begin if (x[1]) r <= x[2]; end else r <= x[3];",
         lambda x, r: x >> 3 & 1 if not x & 1 else x >> 2 & 1 if x >> 1 & 1 else r),
        ("begin if (x[0]) r <= x[1]; end", lambda x, r: x >> 1 & 1 if x & 1 else r),
        ("if (x[0]) begin end else r <= x[1];", lambda x, r: r if x & 1 else x >> 1 & 1),
    ],
)  # fmt: skip
def test_a_register_that_is_updated_under_conditions(body: str, r) -> None:
    always = f"always @(posedge clk) {body} always @(posedge clk) s <= r;"
    for x in range(16):
        for before in (0, 1):
            given = run(always, [x], {"r": before})
            assert (given["r"], given["s"]) == (r(x, before), before)


def test_an_instance_that_is_not_looked_into() -> None:
    boxes = {"part": (("input", "p", 2), ("output", "r", 2))}
    body = "wire [3:0] w; assign y = w[2:0]; part i (.p({x[0], x[5]}), .r(w[3:2])); "
    rest = "part2 j (.q(w[1:0]));"
    more = {"part2": (("output", "q", 2),)}
    cells = read_text({"top.v": text_of(body + rest)}, "top", boxes | more)
    nets = dict(cells.instance_ports)
    x = cells.ports["x"]
    assert [cells.source[net] for net in nets["i", "p"]] == [x[5], x[0]]
    wire = [cells.source[net] for net in cells.ports["y"]]
    assert [cells.source[net] for net in wire] == [*nets["j", "q"], nets["i", "r"][0]]
    with pytest.raises(HardwareError, match="module part2 is no part of top"):
        read_text({"top.v": text_of(GOOD)}, "top", more)
    with pytest.raises(HardwareError, match="there is no module part2"):
        read_text({"top.v": text_of(body + rest)}, "top", boxes)
    with pytest.raises(HardwareError, match="1 bits for 2"):
        read_text({"top.v": text_of(body + rest)}, "top", boxes | {"part2": (("output", "q", 1),)})


def test_instances_are_wired_by_name() -> None:
    inner = """// a part
        module part (input wire [1:0] p, input wire q, output wire [1:0] r);
            assign r = {p[0], p[1] & q};
        endmodule
    """
    body = """
        wire [1:0] back;
        wire [1:0] low = x[1:0];
        wire third = x[2];
        part mine (.r(back), .q(third), .p(low));
        assign y = {1'b0, back};
    """
    hardware = hardware_of(body, part=inner)
    assert outputs(hardware) == [(x & 1) << 1 | x >> 1 & x >> 2 & 1 for x in range(64)]
    nodes = hardware.node[hardware.ports["mine", "p"]]
    assert nodes.tolist() == [1, 2]
    assert "mine" in hardware.instances


GOOD = "assign y = x[2:0];"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("assign y = x[2:0]; assign y = x[2:0];", "driven twice"),
        ("wire [2:0] v; assign y = v;", "nothing drives v"),
        ("reg [2:0] v; assign y = v;", "nothing drives v"),
        ("wire a; wire b = a; assign a = b; assign y = {a, a, b};", "circle"),
        ("wire a; wire b = ~a; assign a = ~b; assign y = {a, a, b};", "circle"),
        ("reg r; always @(posedge clk) r <= ~r; assign y = {r, r, r};", "circle"),
        ("wire x2 = x[6]; " + GOOD, "x has 6 bits"),
        ("wire v = x; " + GOOD, "6 bits for 1"),
        ("wire [1:0] v = x[0] + x[1]; " + GOOD, "1 bits for 2"),
        ("wire [1:0] v = x[1:0] & x[0]; " + GOOD, r"operands of \[2, 1\] bits"),
        ("wire v = x[1:0] ? x[0] : x[1]; " + GOOD, "a condition has one bit"),
        ("wire v = x[0]; wire v = x[1]; " + GOOD, "declared twice"),
        ("wire v = v; " + GOOD, "v is not declared"),
        ("assign z = x[0]; " + GOOD, "z is no wire"),
        ("reg r; assign r = x[0]; " + GOOD, "r is no wire"),
        ("wire r; always @(posedge clk) r <= x[0]; " + GOOD, "r is no register"),
        ("reg r; always @(negedge clk) r <= x[0]; " + GOOD, "expected"),
        ("reg r; always @(posedge clk) r = x[0]; " + GOOD, "expected"),
        ("reg r; always @(posedge clk) r <= x[1:0]; " + GOOD, "2 bits for the 1 of r"),
        ("reg r; always @(posedge x) r <= x[0]; " + GOOD, "a clock has one bit"),
        ("reg r; always @(posedge rst) r <= x[0]; assign y = {r, x[1:0]};", "another clock"),
        ("reg r = 1'b0; " + GOOD, "expected"),
        ("wire signed v = x[0]; " + GOOD, "'signed' is no name"),
        ("localparam [3:0] t = 4'h12; " + GOOD, "does not fit"),
        ("localparam [3:0] t = 3'h1; " + GOOD, "3 bits, not 4"),
        ("localparam [3:0] t = 12; " + GOOD, "no number with a width"),
        ("localparam [3:0] t = 4'd1f; " + GOOD, "4'd1f. is not understood"),
        ("localparam [3:0] t = 4'hx; " + GOOD, "not understood"),
        ("localparam [3:0] t = 4'h3; wire v = t[x[0]]; " + GOOD, "1 address bits for a table of 4"),
        ("localparam [3:0] t = 4'h3; wire t = x[0]; " + GOOD, "declared twice"),
        ("wire v = x[0] != x[1]; " + GOOD, "'!=' is not understood"),
        ("wire v = x == x[1:0]; " + GOOD, r"operands of \[6, 2\] bits"),
        ("wire v = !x[0]; " + GOOD, "not understood"),
        ("wire v = &x; " + GOOD, "not declared"),
        ("wire v = x[0] * x[1]; " + GOOD, "not understood"),
        ("wire v = {2{x[0]}}; " + GOOD, "2 bits for 1"),
        ("wire v = {1'd1{x[0]}}; " + GOOD, "'}' is expected"),
        ("wire v = {0{x[0]}}; " + GOOD, "0 times 1 bits"),
        ("wire v = {99999999{x[0]}}; " + GOOD, "too large"),
        ("wire v = {67108864{x}}; " + GOOD, "67108864 times 6 bits"),
        ("wire v = {1{x[0]}, x[1]}; " + GOOD, "expected"),
        ("wire v = {1{1{x[0]}}}; " + GOOD, "no number with a width"),
        ("/* comment */ " + GOOD, "is none of lgn2hdl's"),
        ("`define A " + GOOD, "not understood"),
        ("initial v = 1; " + GOOD, "'initial' is no name"),
        ("wire begin = x[0]; " + GOOD, "no name"),
        ("other it (.p(x)); " + GOOD, "there is no module other"),
        ("assign y = {rst, x[1:0]};", "a result depends on clk, rst, valid_in or enable"),
        ("assign y = x[2:0]", "is expected"),
        ("wire v = valid[0]; " + GOOD, "valid is no vector"),
        ("wire v = valid[0:0]; " + GOOD, "valid is no vector"),
        ("wire v; " + GOOD, "nothing drives v"),
        ("reg v; " + GOOD, "nothing drives v"),
        ("reg r; always @(posedge clk) begin r <= x[0]; r <= x[1]; end " + GOOD, "driven twice"),
        ("reg r; " + 2 * "always @(posedge clk) r <= x[0]; " + GOOD, "r is driven twice"),
        ("assign x = 6'd0; " + GOOD, "x is driven twice"),
        ("always @(posedge clk) y <= x[2:0];", "y is no register"),
        ("wire v = x[0] & w; wire w = x[1]; " + GOOD, "w is not declared"),
        ("wire a = x[0], b = x[1]; " + GOOD, "expected"),
        ("wire v = x[0] ^~ x[1] & x[2]; " + GOOD, r"'\^~' is not understood"),
        ("wire v = x[0] ~^ x[1]; " + GOOD, r"'~\^' is not understood"),
        ("wire v = ~&x; " + GOOD, "'~&' is not understood"),
        ("wire v = ~|x; " + GOOD, "'~|' is not understood"),
        ("wire v = ^x; " + GOOD, "not declared"),
        ("wire v = x[0] && x[1]; " + GOOD, "'&&' is not understood"),
        ("wire v = x[0] ** x[1]; " + GOOD, r"'\*\*' is not understood"),
        ("wire v = x[0] >> x[1]; " + GOOD, "'>>' is not understood"),
        ("wire v = x[0] === x[1]; " + GOOD, "'===' is not understood"),
        ("wire [2:0] v = - x[2:0]; " + GOOD, "not declared"),
        ("wire v = 1'b1?x[0]:x[1]; " + GOOD, "not understood"),
        ("wire v = 1'b1?; " + GOOD, "not understood"),
        ("wire v = 1'sb1; " + GOOD, "not understood"),
        ("wire v = 'b1; " + GOOD, "not understood"),
        ("wire v = 1 'b1; " + GOOD, "not understood"),
        ("wire v = 1'b 1; " + GOOD, "not understood"),
        ("wire v = 1'bx; " + GOOD, "not understood"),
        ("wire v = 1'bz; " + GOOD, "not understood"),
        ("wire v = 1'B1; " + GOOD, "not understood"),
        ("wire v = 1'o1; " + GOOD, "not understood"),
        ("wire [3:0] v = 4'b1_0; " + GOOD, "not understood"),
        ("wire v = 1'd2; " + GOOD, "does not fit"),
        ("wire v = 0'd0; " + GOOD, "does not fit"),
        ("wire v = 1; " + GOOD, "no number with a width"),
        ("wire v = 1.0; " + GOOD, "no number with a width"),
        ("wire v = 1e3; " + GOOD, "not understood"),
        ("wire v = x[1_0]; " + GOOD, "not understood"),
        ("wire v = x[x[0]]; " + GOOD, "is no number"),
        ("wire [2:0] v = x[0+:3]; " + GOOD, r"'\+:' is not understood"),
        ("wire [2:0] v = x[0:2]; " + GOOD, "x has 6 bits"),
        ("wire [0:2] v = x[2:0]; " + GOOD, "expected"),
        ("wire [3:1] v = x[2:0]; " + GOOD, "expected"),
        ("wire v [1:0]; " + GOOD, "expected"),
        ("wire bool = x[0]; " + GOOD, "'bool' is no name"),
        ("wire logic = x[0]; " + GOOD, "'logic' is no name"),
        (f"wire {'v' * 1025} = x[0]; " + GOOD, "1025 characters is too long"),
        (r"wire \v = x[0]; " + GOOD, "not understood"),
        ("wire v$ = x[0]; " + GOOD, "not understood"),
        ("$display(x); " + GOOD, "not understood"),
        ('wire [7:0] v = "a"; ' + GOOD, "not understood"),
        ("(* keep *) wire v = x[0]; " + GOOD, "not understood"),
        ("wire #1 v = x[0]; " + GOOD, "'#' is not understood"),
        ("wire v = valid.v; " + GOOD, "expected"),
        ("assign valid_out.v = x[0]; " + GOOD, "expected"),
        ("assign y[0] = x[0]; assign y[2:1] = x[2:1];", "expected"),
        ("assign {y} = x[2:0];", "no name"),
        ("always @(posedge clk or posedge rst) r <= x[0]; " + GOOD, "expected"),
        ("always @* r = x[0]; " + GOOD, "not understood"),
        ("always @(posedge clk) begin : label end " + GOOD, "no name"),
        ("reg r; always @(posedge clk) if (x) r <= x[0]; else r <= x[1]; " + GOOD, "one bit"),
        ("reg r; always @(posedge clk) if (x[0]) r <= x[0]; else; " + GOOD, "no name"),
        ("reg r; always @(posedge clk) else r <= x[0]; " + GOOD, "no name"),
        (
            "reg r; always @(posedge clk) begin if (x[0]) r <= x[0]; r <= x[1]; end " + GOOD,
            "r is driven twice",
        ),
        ("reg r; always @(posedge clk) r <= #1 x[0]; " + GOOD, "not understood"),
        ("wire v = x[0]; // synthesis translate_off\n" + GOOD, "tools may obey it"),
    ],
)
def test_what_is_refused(body: str, message: str) -> None:
    assert outputs(hardware_of(GOOD)) == [x & 7 for x in range(64)]
    with pytest.raises(HardwareError, match=message):
        hardware_of(body)


DEEP = 5000
"""More than Python's own stack holds."""


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("wire [99999999999:0] v;", "a number of 11 digits is too large"),
        ("wire [67108864:0] v;", "more than 67,108,864 nets"),
        (f"wire [{'9' * 5000}:0] v;", "a number of 5000 digits is too large"),
        (f"wire v = x[{'9' * 5000}];", "a number of 5000 digits is too large"),
        ("wire v = 99999999999'd0;", "a number of 11 digits is too large"),
        (f"wire v = {'(' * DEEP}x[0]{')' * DEEP};", "too deep"),
        (f"wire v = {'~' * DEEP}x[0];", "too deep"),
        (f"wire v = {'{' * DEEP}x[0]{'}' * DEEP};", "too deep"),
        (f"wire v = {'x[0] ? x[1] : ' * DEEP}x[0];", "too deep"),
    ],
)
def test_text_that_is_too_large_is_refused_before_it_takes_memory(body: str, message: str) -> None:
    with pytest.raises(HardwareError, match=message) as caught:
        hardware_of(body)
    assert len(str(caught.value)) < 400


PART = "module part (input wire p, output wire r); assign r = p; endmodule"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("wire a; wire b = x[0]; part i (.p(b), .r(a), .p(b)); assign y = {a, a, a};", "twice"),
        ("wire b = x[0]; part i (.p(b)); assign y = {b, b, b};", "not those that are connected"),
        ("wire a; part i (.p(x), .r(a)); assign y = {a, a, a};", "6 bits for 1"),
        (
            "wire a; wire b; wire c = x[0]; part i (.p(c), .r(a)); part j (.p(c), .r(b)); "
            "assign y = {a, a, b};",
            "there is no module part",
        ),
        ("wire a = x[0]; wire c = x[0]; part i (.p(c), .r(a)); assign y = {a, a, a};", "twice"),
        ("reg a; wire c = x[0]; part i (.p(c), .r(a)); assign y = {a, a, a};", "register a is an"),
        ("wire a; wire c = x[0]; part a (.p(c), .r(a)); assign y = {a, a, a};", "declared twice"),
        (
            "wire a; wire c = x[0]; part i (.p(c), .r(a)); wire i = a; assign y = {a, a, i};",
            "declared twice",
        ),
        ("wire a; part i (.p(c), .r(a)); assign y = {a, a, a};", "c is not declared"),
        ("wire a; part i (.p(x[0]), .r(~a)); assign y = {a, a, a};", "no name"),
        ("wire a; part i (.p(x[0]), .r({a})); assign y = {a, a, a};", "no name"),
        ("wire a; part i (.p(x[0]), .r(x[1])); assign y = {a, a, a};", "twice"),
        ("wire a; part i (.p(), .r(a)); assign y = {a, a, a};", "no name|not declared"),
        ("wire a; wire c = x[0]; part i (c, a); assign y = {a, a, a};", "expected"),
        ("wire a; wire c = x[0]; part i (.*); assign y = {a, a, a};", "not understood"),
        ("wire a; wire c = x[0]; part #(1) i (.p(c), .r(a)); assign y = {a, a, a};", "not under"),
        ("wire a; wire c = x[0]; part (.p(c), .r(a)); assign y = {a, a, a};", "no name"),
        (GOOD, "module part is no part of top"),
    ],
)
def test_instances_that_are_refused(body: str, message: str) -> None:
    with pytest.raises(HardwareError, match=message):
        hardware_of(body, part=PART)


def test_modules_that_are_refused() -> None:
    with pytest.raises(HardwareError, match="there twice"):
        read_text({"a.v": text_of(GOOD), "b.v": text_of(GOOD)}, "top")
    with pytest.raises(HardwareError, match="'endmodule' is missing"):
        read_text({"a.v": text_of(GOOD).replace("endmodule", "")}, "top")
    with pytest.raises(HardwareError, match="there is no module other"):
        read_text({"a.v": text_of(GOOD)}, "other")
    with pytest.raises(HardwareError, match=r"a\.v, line 2: .%"):
        read_text({"a.v": "\n% module"}, "top")
    with pytest.raises(HardwareError, match="no direction"):
        read_text({"a.v": "module top (inout wire a); endmodule"}, "top")
    with pytest.raises(HardwareError, match="'initial' where 'module' is expected"):
        read_text({"a.v": text_of(GOOD) + "initial x = 1;"}, "top")
    with pytest.raises(HardwareError, match="module spare is no part of top"):
        read_text(
            {"a.v": text_of(GOOD), "b.v": "module spare (); initial force top.y = 0; endmodule"},
            "top",
        )


def test_ports_that_are_refused() -> None:
    cells = read_text({"top.v": text_of(GOOD)}, "top")
    with pytest.raises(HardwareError, match="port x has 6 bits, not 7"):
        build(cells, 7, {"y": 3})
    with pytest.raises(HardwareError, match="port y has 3 bits, not 2"):
        build(cells, 6, {"y": 2})
    with pytest.raises(HardwareError, match=r"output y, not .* output z"):
        build(cells, 6, {"z": 3})
