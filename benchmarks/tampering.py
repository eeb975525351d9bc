"""Verilog that was tampered with: designs that are wrong, or that some tools take for wrong ones.

Each attack is a line of data: a name, and an edit of the files that the text emitter writes. In
what is put into the text, NAME and EXPR stand for a gate of the core, REG and DATA for a register
and what it takes, INPUT for an input of the gate's module, TOP for the name of the top module. The
edits leave a design that is wrong for at least one reading of the language, never a right one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lgn2hdl.verify.differential.mutants import dropped_registers

Files = Mapping[str, bytes]
Edit = Callable[[Files, str], dict[str, bytes]]

_GATE = re.compile(r"^    wire (?P<NAME>l\d+_n\w+) = (?P<EXPR>.+);$", re.MULTILINE)
_REGISTER = re.compile(r"^        (?P<REG>\w+) <= (?P<DATA>\w+);$", re.MULTILINE)
_TABLE = r"localparam \[(\d+):0\] (\w+)_table = \d+'h([0-9a-f]+);"


@dataclass(frozen=True)
class Attack:
    """A way to tamper with Verilog.

    Attributes:
        group: what kind of attack it is.
        name: what is done, in a few words.
        edit: gives the files after it, from the files before and the top module's name.
    """

    group: str
    name: str
    edit: Edit


def _changed(files: Files, name: str, text: str) -> dict[str, bytes]:
    """The files with one of them changed; it must have been.

    Raises:
        ValueError: if nothing changed.
    """
    content = text.encode("utf-8", "surrogateescape")
    if files.get(name) == content:
        raise ValueError(f"{name} is as it was")
    return {**files, name: content}


def _names(files: Files, top: str) -> dict[str, str]:
    """What the placeholders stand for."""
    text = files[f"{top}_core.v"].decode()
    gate, register = _GATE.search(text), _REGISTER.search(text)
    if gate is None or register is None:
        raise ValueError("the core has no gate, or no register")
    return {**gate.groupdict(), **register.groupdict(), "INPUT": "from_encoder", "TOP": top}


def _filled(files: Files, top: str, text: str) -> str:
    for name, value in _names(files, top).items():
        text = text.replace(name, value)
    return text


def gate(new: str) -> Edit:
    """Another text in place of a gate's line."""

    def edit(files: Files, top: str) -> dict[str, bytes]:
        name = f"{top}_core.v"
        text, place = files[name].decode(), _GATE.search(files[name].decode())
        assert place is not None
        new_text = _filled(files, top, new)
        return _changed(files, name, text[: place.start()] + new_text + text[place.end() :])

    return edit


def replaced(pattern: str, new: str, part: str = "_core") -> Edit:
    """Another text in place of a pattern, in the file of a part; ``""`` is the top module."""

    def edit(files: Files, top: str) -> dict[str, bytes]:
        name = f"{top}{part}.v"
        wanted = re.compile(_filled(files, top, pattern), re.MULTILINE)
        new_text = _filled(files, top, new)
        return _changed(files, name, wanted.sub(new_text, files[name].decode(), count=1))

    return edit


def both(one: Edit, other: Edit) -> Edit:
    """Two edits, one behind the other."""
    return lambda files, top: other(one(files, top), top)


def inserted(new: str, part: str = "_core") -> Edit:
    """Something more at the end of a module."""
    return replaced(r"^endmodule", new.replace("\\", r"\\") + "\nendmodule", part)


def in_front(new: bytes, part: str = "_core") -> Edit:
    """Something in front of a file."""

    def edit(files: Files, top: str) -> dict[str, bytes]:
        return {**files, f"{top}{part}.v": new + files[f"{top}{part}.v"]}

    return edit


def behind(new: str, part: str = "_core") -> Edit:
    """Something behind the module."""
    return replaced(r"^endmodule", "endmodule\n" + new.replace("\\", r"\\"), part)


def another_file(new: str, *edits: Edit) -> Edit:
    """One more file, and edits of the others."""

    def edit(files: Files, top: str) -> dict[str, bytes]:
        for one in edits:
            files = one(files, top)
        return {**files, f"{top}_more.v": _filled(files, top, new).encode()}

    return edit


def encoded(encoding: str) -> Edit:
    """The core in another encoding."""

    def edit(files: Files, top: str) -> dict[str, bytes]:
        name = f"{top}_core.v"
        return {**files, name: files[name].decode().encode(encoding)}

    return edit


def bypassed_register(files: Files, top: str) -> dict[str, bytes]:
    """A register of the core that is a wire."""
    name = f"{top}_core.v"
    text = files[name].decode()
    return _changed(files, name, next(dropped_registers(text)).applied(text))


def flipped_row(files: Files, top: str) -> dict[str, bytes]:
    """A row of a truth table with the other value, in the first part that has one."""
    for name, content in files.items():
        match = re.search(_TABLE, content.decode())
        if match is not None:
            text, digits = content.decode(), match[3]
            new = f"{int(digits, 16) ^ 1:0{len(digits)}x}"
            return _changed(files, name, text[: match.start(3)] + new + text[match.end(3) :])
    raise ValueError("there is no table")


def short_table(files: Files, top: str) -> dict[str, bytes]:
    """A table without its upper half, read at the same addresses."""
    for name, content in files.items():
        text = content.decode()
        for match in re.finditer(_TABLE, text):
            bits, value = int(match[1]) + 1, int(match[3], 16)
            half = bits // 2
            if value >> half == 0:  # a zero is what synthesis reads there
                new = f"localparam [{half - 1}:0] {match[2]}_table = {half}'h{value:x};"
                return _changed(files, name, text[: match.start()] + new + text[match.end() :])
    small = "    localparam [0:0] NAME_t = 1'h0;\n    wire NAME = NAME_t[{INPUT[1], INPUT[0]}];"
    return gate(small)(files, top)


WIRE = "    wire NAME = "
CLOCKED = r"always @\(posedge clk\) begin"

COMMENTS = {
    "carriage return in a comment": gate(WIRE + "EXPR //\r ^ 1'b1\n;"),
    "carriage returns alone as line ends": gate(WIRE + "EXPR // a stage\r ^ 1'b1 // b\n;"),
    "// synthesis translate_off": gate(
        WIRE + "EXPR\n// synthesis translate_off\n ^ 1'b1\n// synthesis translate_on\n;"
    ),
    "// synopsys translate_off": gate(
        WIRE + "EXPR\n// synopsys translate_off\n ^ 1'b1\n// synopsys translate_on\n;"
    ),
    "/* synthesis translate_off */": gate(
        WIRE + "EXPR\n/* synthesis translate_off */\n ^ 1'b1\n/* synthesis translate_on */\n;"
    ),
    "// pragma translate_off": gate(
        WIRE + "EXPR\n// pragma translate_off\n ^ 1'b1\n// pragma translate_on\n;"
    ),
    "/*verilator translate_off*/": gate(
        WIRE + "EXPR /*verilator translate_off*/ ^ 1'b1 /*verilator translate_on*/;"
    ),
    "// ambit synthesis off": gate(
        WIRE + "EXPR\n// ambit synthesis off\n ^ 1'b1\n// ambit synthesis on\n;"
    ),
    "synthesis attribute in a comment": gate(WIRE + "~(EXPR) /* synthesis syn_noprune */;"),
    "directive behind the name of a part": gate(
        "// core of TOP synthesis translate_off\n" + WIRE + "~(EXPR);"
    ),
    "comment in a comment": gate(WIRE + "EXPR /* /* */ ^ 1'b1 // */\n;"),
    "comment to the end of the file": behind("/* module spare; initial force TOP.rst = 1; "),
    "comment goes on in the next line": gate(WIRE + "EXPR // \\\n ^ 1'b1\n;"),
    "comment hides a gate": gate("/*" + WIRE + "EXPR; */" + WIRE + "~(EXPR);"),
    "comment of two slashes in a string": gate(WIRE + 'EXPR ^ "//" ;'),
}

BYTES = {
    "line separator U+2028 in a comment": gate(WIRE + "EXPR // stage 1\u2028 ^ 1'b1\n;"),
    "next line U+0085 in a comment": gate(WIRE + "EXPR // stage 1\u0085 ^ 1'b1\n;"),
    "byte-order mark": in_front(b"\xef\xbb\xbf"),
    "NUL byte": gate(WIRE + "EXPR \0^ 1'b1;"),
    "form feed in a comment": gate(WIRE + "EXPR // stage 1\f ^ 1'b1\n;"),
    "vertical tab between tokens": gate(WIRE + "~\v(EXPR);"),
    "no-break space": gate(WIRE + "~\u00a0(EXPR);"),
    "full-width digit": gate(WIRE + "EXPR ^ \uff11'b1;"),
    "letter of another alphabet": gate(WIRE + "EXPR;\n    wire NAM\u0415 = ~(EXPR);"),
    "bytes that are no UTF-8": gate(WIRE + "EXPR; // stage \udcff\n"),
    "right-to-left mark": gate(WIRE + "EXPR \u202e ^ 1'b1;"),
    "UTF-16": encoded("utf-16"),
}

DIRECTIVES = {
    "`ifdef YOSYS": gate("`ifdef YOSYS\n" + WIRE + "EXPR;\n`else\n" + WIRE + "~(EXPR);\n`endif"),
    "`ifdef SYNTHESIS": gate(
        "`ifdef SYNTHESIS\n" + WIRE + "EXPR;\n`else\n" + WIRE + "~(EXPR);\n`endif"
    ),
    "`ifndef SIMULATION": gate(
        "`ifndef SIMULATION\n" + WIRE + "EXPR;\n`else\n" + WIRE + "~(EXPR);\n`endif"
    ),
    "`define of a name": gate("`define NAME NAME_other\n" + WIRE + "EXPR; wire NAME_o = ~(EXPR);"),
    "`define with a line that goes on": gate("`define flip \\\n ~\n" + WIRE + "`flip (EXPR);"),
    "`include": gate('`include "/dev/stdin"\n' + WIRE + "EXPR;"),
    "`timescale and `celldefine": in_front(b"`timescale 1ns/1ps\n`celldefine\n"),
    "`default_nettype": in_front(b"`default_nettype wire\n"),
    "`begin_keywords": in_front(b'`begin_keywords "1364-1995"\n'),
    "`pragma protect": gate("`pragma protect begin\n" + WIRE + "~(EXPR);\n`pragma protect end"),
    "`line": in_front(b'`line 1 "other.v" 0\n'),
    "`resetall": in_front(b"`resetall\n"),
}

SIMULATION = {
    "initial force of a port": inserted("    initial force NAME = 1'b0;"),
    "initial force in an unused module": another_file(
        "module TOP_more ();\n    initial force TOP.core.NAME = 1'b0;\nendmodule\n"
    ),
    "assign from an unused module": another_file(
        "module TOP_more ();\n    assign TOP.core.NAME = 1'b0;\nendmodule\n"
    ),
    "initial value, then never clocked": inserted("    reg spare; initial spare = 1'b1;"),
    "initial block ends the simulation": inserted("    initial $finish;"),
    "delay of a wire": gate("    wire #100 NAME = EXPR;"),
    "delay in an assignment": gate("    wire NAME; assign #3 NAME = EXPR;"),
    "delay of a register": replaced("REG <= DATA", "REG <= #100 DATA"),
    "incomplete sensitivity list": gate("    reg NAME; always @(INPUT[0]) NAME = EXPR;"),
    "empty sensitivity list of constants": gate("    reg NAME; always @* NAME = 1'b1;"),
    "latch": gate("    reg NAME; always @* if (REG) NAME = EXPR;"),
    "always_comb": gate("    logic NAME; always_comb NAME = ~(EXPR);"),
    "$random": gate(WIRE + "EXPR ^ ($random == 32'd7);"),
    "$signed": gate("    wire [1:0] NAME_w = $signed(EXPR) + 2'sd0;\n" + WIRE + "~NAME_w[1];"),
    "procedural assign": inserted("    always @(posedge clk) assign REG = 1'b0;"),
    "release": inserted("    always @(posedge clk) release NAME;"),
    "event": inserted("    event e; always @(e) NAME = 1'b0;"),
    "specify block": inserted("    specify (clk => NAME) = 100; endspecify"),
    "timing check": inserted("    specify $hold(posedge clk, REG, 5); endspecify"),
    "wait and fork": inserted("    initial fork wait (clk) force NAME = 0; join"),
    "primitive with a delay": gate("    wire NAME; buf #7 (NAME, EXPR);"),
    "gate primitive": gate("    wire NAME; not (NAME, EXPR);"),
    "user-defined primitive": behind(
        "primitive TOP_u (o, i); output o; input i; table 0 : 1; 1 : 0; endtable endprimitive"
    ),
    "bind": behind("bind TOP_core TOP_core spare (.clk(clk));"),
    "defparam": inserted("    defparam NAME_p = 1;"),
    "configuration": behind("config c; design TOP; default liblist other; endconfig"),
    "assume property": inserted("    assume property (@(posedge clk) NAME);"),
    "alias": inserted("    alias NAME = REG;"),
    "strength": gate("    wire NAME; assign (pull0, pull1) NAME = EXPR; assign NAME = 1'b0;"),
    "wired and": gate("    wand NAME; assign NAME = EXPR; assign NAME = INPUT[0];"),
    "tri-state": gate("    tri NAME; assign NAME = REG ? EXPR : 1'bz;"),
    "supply net": gate("    supply0 NAME;"),
    "charge": gate("    trireg NAME; assign NAME = REG ? EXPR : 1'bz;"),
    "checker": behind("checker TOP_c; endchecker"),
    "program": behind("program TOP_p; initial $finish; endprogram"),
    "package": behind("package TOP_k; endpackage"),
}

CLOCKS = {
    "falling edge": replaced(r"posedge clk", "negedge clk"),
    "gated clock": replaced(
        r"always @\(posedge clk\) begin", "wire c = clk & NAME; always @(posedge c) begin"
    ),
    "inverted clock": replaced(
        r"always @\(posedge clk\) begin", "wire c = ~clk; always @(posedge c) begin"
    ),
    "divided clock": replaced(
        r"always @\(posedge clk\) begin",
        "reg c; always @(posedge clk) c <= ~c; always @(posedge c) begin",
    ),
    "clock from data": replaced(
        r"always @\(posedge clk\) begin", "wire c = INPUT[0]; always @(posedge c) begin"
    ),
    "asynchronous reset": replaced(
        r"always @\(posedge clk\)\n", "always @(posedge clk or posedge rst)\n", ""
    ),
    "clock enable from data": replaced(
        r"always @\(posedge clk\) begin", "always @(posedge clk) if (INPUT[0]) begin"
    ),
    "clock of another port": replaced(r"\.clk\(clk\)", ".clk(valid_in)", ""),
    "blocking assignment": replaced("REG <= DATA", "REG = DATA"),
    "register twice": inserted("    always @(posedge clk) REG <= 1'b0;"),
    "register bypassed": bypassed_register,
    "one register more": both(
        replaced(CLOCKED, "reg REG_m; always @(posedge clk) begin"),
        replaced("REG <= DATA;", "REG_m <= DATA; REG <= REG_m;"),
    ),
    "register behind the falling edge": both(
        replaced(
            CLOCKED,
            "reg REG_n; always @(negedge clk) REG_n <= DATA;\n    always @(posedge clk) begin",
        ),
        replaced("REG <= DATA;", "REG <= REG_n;"),
    ),
    "a hundred registers fed by a constant": gate(
        "    reg " + ", ".join(f"late{n}" for n in range(100)) + ";\n"
        "    always @(posedge clk) begin\n        late0 <= 1'b1;\n"
        + "".join(f"        late{n + 1} <= late{n};\n" for n in range(99))
        + "    end\n" + WIRE + "(EXPR) & late99;"
    ),
    "register that holds its first value": gate(
        "    reg stuck; always @(posedge clk) stuck <= stuck;\n" + WIRE + "(EXPR) ^ stuck;"
    ),
    "memory": gate("    reg m [1:0];\n" + WIRE + "EXPR ^ m[0];"),
    "latched by an edge of data": gate("    reg NAME; always @(posedge INPUT[0]) NAME <= EXPR;"),
}  # fmt: skip

VALID = {
    "valid a cycle early": replaced(
        r"assign valid_out = valid\[(\d+)\]", "assign valid_out = valid[0]", ""
    ),
    "valid always": replaced(r"assign valid_out = .*;", "assign valid_out = 1'b1;", ""),
    "valid never": replaced(r"assign valid_out = .*;", "assign valid_out = 1'b0;", ""),
    "valid that is not reset": replaced(r"valid <= rst \? \d+'d0 : ", "valid <= ", ""),
    "reset inverted": replaced(r"valid <= rst \?", "valid <= ~rst ?", ""),
    "valid set by reset": replaced(r"(valid <= rst \? \d+'d)0", r"\g<1>1", ""),
    "valid waits for data": replaced(r"valid_in\};", "valid_in & x[0]};", ""),
    "result waits for valid": replaced(
        r"assign class_index = (\{[^}]*\});", r"assign class_index = valid_in ? \1 : ~\1;", ""
    ),
}  # fmt: skip

MODULES = {
    "module twice": another_file("module TOP_core ();\nendmodule\n"),
    "module twice in a file": behind("module TOP_core ();\nendmodule"),
    "module instantiated twice": replaced(
        r"(TOP_core) core (\([^;]*;)", r"wire [999:0] w; \1 core \2\n    \1 spare \2", ""
    ),
    "instance array": replaced(r"TOP_core core \(", "TOP_core core [0:0] (", ""),
    "parameters": replaced(r"TOP_core core \(", "TOP_core #(.N(2)) core (", ""),
    "connected by order": replaced(r"\.clk\(clk\), \.from_encoder\(", "clk, (", ""),
    "connected by .*": replaced(r"\.clk\(clk\), \.from_encoder", ".*, .from_encoder", ""),
    "clock not connected": replaced(r"\.clk\(clk\), \.from_encoder", ".from_encoder", ""),
    "port left open": replaced(r"\.clk\(clk\), \.from_encoder", ".clk(), .from_encoder", ""),
    "scores crossed": replaced(
        r"popcount_to_result\[1\], popcount_to_result\[0\]",
        "popcount_to_result[0], popcount_to_result[1]", ""
    ),
    "macromodule": replaced(r"^module", "macromodule"),
    "reads another module's net": gate(WIRE + "TOP.rst ^ EXPR;"),
    "hierarchical assign": inserted("    assign TOP.valid = 1'b0;"),
    "generate": gate("    generate if (1) begin" + WIRE + "~(EXPR); end endgenerate"),
    "function": gate(
        "    function f(input a); f = ~a; endfunction\n" + WIRE + "f(EXPR);"
    ),
    "task": inserted("    task t; NAME = 0; endtask"),
    "library cell": inserted("    \\$_NOT_ spare (.A(clk), .Y(NAME));"),
    "unknown cell": inserted("    LUT1 spare (.I0(clk), .O(spare_o));"),
    "empty module in place of the core": replaced(r"^module (\w+)", r"module \1_x"),
    "module of the system": another_file("module LUT6 ();\nendmodule\n"),
}  # fmt: skip

NAMES = {
    "escaped name of the same net": gate(WIRE + "EXPR;\n    assign \\NAME  = ~(EXPR);"),
    "escaped name with a comment in it": gate("    wire \\a//b ;\n" + WIRE + "~(EXPR);"),
    "net declared twice": gate(WIRE + "EXPR;\n    wire NAME;"),
    "net used before it is declared": gate(
        "    wire NAME_f = ~NAME_d;\n    wire [1:0] NAME_d = {EXPR, 1'b0};\n" + WIRE + "NAME_f;"
    ),
    "implicit net": gate("    assign NAME_i = EXPR;\n" + WIRE + "~NAME_i;"),
    "net without a driver": gate("    wire NAME;"),
    "two drivers": gate(WIRE + "EXPR;\n    assign NAME = INPUT[0];"),
    "input driven": inserted("    assign INPUT[0] = 1'b0;"),
    "keyword of SystemVerilog": gate("    wire logic = EXPR;\n" + WIRE + "~logic;"),
    "keyword of a simulator": gate("    wire bool = EXPR;\n" + WIRE + "~bool;"),
    "instance named like a net": replaced(r"TOP_core core \(", "TOP_core valid_in (", ""),
    "net named like an instance": replaced(
        r"(TOP_core core [^;]*;\n)", r"\1    wire core = rst;\n", ""
    ),
    "genvar": inserted("    genvar NAME_g;"),
    "name of 5,000 characters": gate(f"    wire {'n' * 5000} = EXPR;\n" + WIRE + f"~{'n' * 5000};"),
    "localparam over a net": gate(
        "    localparam [1:0] REG = 2'h0;\n" + WIRE + "EXPR & REG[INPUT[0]];"
    ),
}

VALUES = {
    "row of a table": flipped_row,
    "gate inverted": gate(WIRE + "~(EXPR);"),
    "gate constant": gate(WIRE + "1'b0;"),
    "another input": gate(WIRE + "INPUT[0] ^ INPUT[1];"),
    "table too short for its address": short_table,
    "read beyond a vector": gate(WIRE + "(EXPR) ^ INPUT[99999];"),
    "variable index": gate(WIRE + "INPUT[{INPUT[7:0], INPUT[8]}];"),
    "undefined value": gate(WIRE + "INPUT[0] ? EXPR : 1'bx;"),
    "undefined value, never chosen": gate(WIRE + "1'b1 ? ~(EXPR) : 1'bx;"),
    "question mark in a number": gate(WIRE + "1'b1?~(EXPR):EXPR;"),
    "comparison with x": gate(WIRE + "(EXPR) === 1'bx;"),
    "casez": gate("    reg NAME; always @* casez (INPUT[0]) 1'b?: NAME = EXPR; endcase"),
    "full_case": gate(
        "    reg NAME; always @* (* full_case *) case (INPUT[0]) 1'b0: NAME = EXPR; endcase"
    ),
    "operator ^~ as two": gate(WIRE + "(EXPR) ^~ INPUT[0] & INPUT[1];"),
    "operator ~& as two": gate(WIRE + "~&(EXPR);"),
    "logical operator": gate(WIRE + "!(EXPR) && 1'b1;"),
    "signed number": gate(
        "    wire signed [1:0] NAME_s = -2'sd1;\n" + WIRE + "~(EXPR) ^ NAME_s[1];"
    ),
    "width cut off": gate(WIRE + "{1'b1, EXPR} + 2'd1;"),
    "width extended": gate("    wire [1:0] NAME_w = ~(EXPR);\n" + WIRE + "NAME_w[1];"),
    "carry of a wider context": gate(
        "    wire [1:0] NAME_w = INPUT[0] + INPUT[1];\n" + WIRE + "NAME_w[1];"
    ),
    "ascending range": gate("    wire [0:1] NAME_w = {EXPR, ~(EXPR)};\n" + WIRE + "NAME_w[1];"),
    "range with an offset": gate(
        "    wire [2:1] NAME_w = {EXPR, ~(EXPR)};\n" + WIRE + "NAME_w[1];"
    ),
    "part select by width": gate(WIRE + "~INPUT[0 +: 1];"),
    "number without a width": gate(WIRE + "~(EXPR) & 1;"),
    "number that does not fit": gate(WIRE + "(EXPR) ^ 1'd3;"),
    "underscore in a number": gate(WIRE + "(EXPR) ^ 1'b0_1;"),
    "space in a number": gate(WIRE + "(EXPR) ^ 1 'b 1;"),
    "real number": gate(WIRE + "(EXPR) ^ 1.5;"),
    "text as a number": gate(WIRE + '(EXPR) ^ "a";'),
    "product": gate(WIRE + "~(EXPR) * 1'b1;"),
    "power": gate(WIRE + "(EXPR) ** 1'b0;"),
    "shift": gate(WIRE + "(EXPR) >>> 1'b1;"),
    "replication": gate("    wire [1:0] NAME_w = {2{EXPR}};\n" + WIRE + "~NAME_w[1];"),
    "assignment in an expression": gate(WIRE + "(REG = EXPR);"),
    "increment": gate(WIRE + "EXPR ++ 1'b1;"),
    "attribute": gate("    (* full_case, init = 1 *)" + WIRE + "~(EXPR);"),
}

GROUPS = {
    "comments": COMMENTS,
    "bytes": BYTES,
    "directives": DIRECTIVES,
    "simulation": SIMULATION,
    "clocks": CLOCKS,
    "valid": VALID,
    "modules": MODULES,
    "names": NAMES,
    "values": VALUES,
}

TEXT_ATTACKS = tuple(
    Attack(group, name, edit) for group, attacks in GROUPS.items() for name, edit in attacks.items()
)
"""All of them."""
