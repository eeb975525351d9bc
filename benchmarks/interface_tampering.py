"""The module around a pipeline, tampered with: handshakes and streams that are wrong.

As in :mod:`tampering`, whose edits these are: TOP stands for the name of the top module, which is
the interface's here; the edits leave a design that is wrong, or that some tools take for a wrong
one. A stream has several beats a sample.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from tampering import Attack, Edit, Files, another_file, inserted, replaced

OFFERED = r"(\w*valid\w*) = hold \| result_valid"
"""That a result is there."""


def around(pattern: str, new: str) -> Edit:
    """Another text in place of a pattern, in the interface's module."""
    return replaced(pattern, new, "")


def computed(pattern: str, new: Callable[[re.Match[str]], str]) -> Edit:
    """The same with a text that follows from what was found."""

    def edit(files: Files, top: str) -> dict[str, bytes]:
        name = f"{top}.v"
        text = files[name].decode()
        changed = re.sub(pattern, new, text, count=1, flags=re.MULTILINE)
        if changed == text:
            raise ValueError(f"{name} is as it was")
        return {**files, name: changed.encode()}

    return edit


def _crossed_result(found: re.Match[str]) -> str:
    """The class from the end of the scores, and the scores from the class."""
    low, high = int(found[1]), int(found[2])
    return f".class_index(result[{high}:{high - low}]), .scores(result[{high - low - 1}:0])"


def _turned_beats(found: re.Match[str]) -> str:
    """Beats in the opposite order."""
    high, low = int(found[1]), int(found[2])
    return f"earlier <= {{earlier[{high - low}:0], last}}"


WAITING = {
    "a waiting result is not given": around(r"hold \? held : result", "result"),
    "a result is given too late": around(r"hold \? held : result", "held"),
    "a waiting result is not offered": around(OFFERED, r"\1 = result_valid"),
    "results that are none": around(OFFERED, r"\1 = 1'b1"),
    "no result is offered": around(OFFERED, r"\1 = 1'b0"),
    "a result is given twice": around(r"(hold <= ~rst & \w+) & ~\w+;", r"\1;"),
    "a result that must wait is lost": around(r"hold <= .*;", "hold <= 1'b0;"),
    "hold is not reset": around(r"hold <= ~rst & ", "hold <= "),
    "hold is set by reset": around(r"hold <= ~rst & ", "hold <= rst | "),
    "the pipeline moves over a waiting result": around(r"flow <= .*;", "flow <= 1'b1;"),
    "the pipeline stands for ever": around(r"flow <= .*;", "flow <= 1'b0;"),
    "the pipeline waits without a result": around(
        r"flow <= rst \| ~\w+ \| (\w+);", r"flow <= rst | \1;"
    ),
    "the pipeline does not look at the receiver": around(
        r"flow <= rst \| ~(\w+) \| \w+;", r"flow <= rst | ~\1;"
    ),
    "held at another time": around(r"if \(advance\) held", "if (hold) held"),
    "held all the time": around(r"if \(advance\) held", "held"),
    "held upside down": around(r"held <= result", "held <= ~result"),
    "given upside down": around(r"(given = )(.*);", r"\1~(\2);"),
    "class and scores crossed": computed(
        r"\.class_index\(result\[(\d+):0\]\), \.scores\(result\[(\d+):\d+\]\)", _crossed_result
    ),
}

PIPELINE = {
    "the pipeline never waits": around(r"\.enable\(advance\)", ".enable(1'b1)"),
    "the pipeline waits the other way": around(r"\.enable\(advance\)", ".enable(~advance)"),
    "the pipeline is not reset": around(r"\.rst\(rst\)", ".rst(1'b0)"),
    "the pipeline's clock is inverted": around(r"\.clk\(clk\)", ".clk(~clk)"),
    "the pipeline's clock is gated": around(r"\.clk\(clk\)", ".clk(clk & advance)"),
    "no sample is valid": around(r"\.valid_in\(\w+\)", ".valid_in(1'b0)"),
    "every sample is valid": around(r"\.valid_in\(\w+\)", ".valid_in(1'b1)"),
    "a sample upside down": around(r"\.x\((\{.*?\}|\w+)\)", r".x(~\1)"),
    "the pipeline twice": around(r"(TOP_pipeline) pipeline ([^;]*;)", r"\1 pipeline \2 \1 more \2"),
    "another module as the pipeline": around(r"TOP_pipeline pipeline", "TOP_core pipeline"),
    "the pipeline with a parameter": around(r"TOP_pipeline pipeline", "TOP_pipeline #(1) pipeline"),
    "an array of pipelines": around(r"(TOP_pipeline pipeline)", r"\1 [0:0]"),
    "no pipeline": around(r"TOP_pipeline pipeline [^;]*;", ""),
    "a pipeline that is not connected": around(r"\.enable\(advance\), ", ""),
    "a register of the pipeline that never waits": replaced(r"if \(enable\) ", ""),
    "valid of the pipeline never waits": replaced(
        r"if \(rst \| enable\) valid", "valid", "_pipeline"
    ),
    "the pipeline's module twice": another_file("module TOP_pipeline ();\nendmodule\n"),
}

TOOLS = {
    "falling edge": around(r"posedge clk", "negedge clk"),
    "asynchronous reset": around(r"posedge clk\)\n", "posedge clk or posedge rst)\n"),
    "gated clock": around(
        r"always @\(posedge clk\)\n", "wire gated = clk & hold; always @(posedge gated)\n"
    ),
    "latch": around(
        r"always @\(posedge clk\)\s+if \(advance\) held <= result;",
        "always @* if (advance) held = result;",
    ),
    "blocking assignment": around(r"hold <= ", "hold = "),
    "delay": around(r"hold <= ", "hold <= #1 "),
    "first value": inserted("    initial hold = 1'b0;", ""),
    "initial force": inserted("    initial force hold = 1'b0;", ""),
    "initial force of the pipeline": inserted("    initial force pipeline.valid_in = 1'b0;", ""),
    "initial force in an unused module": another_file(
        "module TOP_more ();\n    initial force TOP.hold = 1'b0;\nendmodule\n"
    ),
    "an unused module": another_file("module TOP_more ();\nendmodule\n"),
    "assign from an unused module": another_file(
        "module TOP_more ();\n    assign TOP.advance = 1'b1;\nendmodule\n"
    ),
    "hierarchical assign": inserted("    assign pipeline.valid_in = 1'b0;", ""),
    "hierarchical read": around(r"advance = flow", "advance = flow & ~pipeline.clk"),
    "the pipeline assigns to the interface": inserted("    assign TOP.advance = 1'b1;"),
    "second driver": inserted("    assign result_valid = 1'b0;", ""),
    "second register": inserted("    always @(posedge clk) hold <= 1'b0;", ""),
    "translate_off in a comment": around(
        r"hold <= ~rst &",
        "hold <= /* synthesis translate_off */ ~rst & /* synthesis translate_on */",
    ),
    "directive behind a comment of ours": around(
        r"(reg hold;  // .*)", r"\1 synthesis translate_off"
    ),
    "Verilator's directive": around(r"reg hold;  // .*", "reg hold;  // verilator public"),
    "Verilator's directive of ours around everything": around(
        r"(    reg hold;)", r"    // verilator lint_off MULTIDRIVEN\n\1"
    ),
    "carriage return in a comment": around(r"(reg hold;  // )", "\\1\r assign hold = 1'b0; //"),
    "`ifdef SYNTHESIS": around(
        r"    wire advance = (.*);",
        r"`ifdef SYNTHESIS\n    wire advance = 1'b1;\n`else\n    wire advance = \1;\n`endif",
    ),
    "attribute": around(r"^module", "(* black_box *) module"),
    "undefined value": around(r"hold \? held : result", "hold ? held : advance ? result : 'bx"),
    "a port more": around(r"input wire clk,", "input wire clk,\n    input wire spare,"),
    "a port missing": around(r"    input wire rst,\n", ""),
    "ports with a direction less": around(r"output wire (\w*valid\w*)", r"inout wire \1"),
    "net named like the pipeline": inserted("    wire pipeline = rst;", ""),
    "register with a net's name": around(r"reg flow;", "reg flow; wire hold;"),
    "macromodule": around(r"^module", "macromodule"),
}

HANDSHAKE = {
    "always ready": around(r"ready_in = ~hold", "ready_in = 1'b1"),
    "never ready": around(r"ready_in = ~hold", "ready_in = 1'b0"),
    "ready waits for valid": around(r"ready_in = ~hold", "ready_in = ~hold & valid_in"),
    "ready looks at the receiver": around(r"ready_in = ~hold", "ready_in = ~hold | ready_out"),
    "ready is the receiver's": around(r"ready_in = ~hold", "ready_in = ready_out"),
    "ready the other way": around(r"ready_in = ~hold", "ready_in = hold"),
    "valid waits for the receiver": around(OFFERED, r"\1 = (hold | result_valid) & ready_out"),
    "samples are lost": around(r"\.valid_in\(valid_in\)", ".valid_in(valid_in & ready_out)"),
    "class upside down": around(r"class_index = given", "class_index = ~given"),
    "scores upside down": around(r"scores = given", "scores = ~given"),
    "result straight from the pipeline": around(r"class_index = given", "class_index = result"),
    "flow is not reset": around(r"flow <= rst \| ", "flow <= "),
}

STREAM = {
    "always ready": around(r"s_axis_tready = .*;", "s_axis_tready = 1'b1;"),
    "never ready": around(r"s_axis_tready = .*;", "s_axis_tready = 1'b0;"),
    "ready waits for valid": around(r"(s_axis_tready = .*);", r"\1 & s_axis_tvalid;"),
    "ready looks at the receiver": around(r"(s_axis_tready = .*);", r"\1 | m_axis_tready;"),
    "ready is the receiver's": around(r"s_axis_tready = .*;", "s_axis_tready = m_axis_tready;"),
    "valid waits for the receiver": around(OFFERED, r"\1 = (hold | result_valid) & m_axis_tready"),
    "beats swapped": computed(
        r"earlier <= \{last, earlier\[(\d+):(\d+)\]\}", _turned_beats
    ),
    "beats at any time": around(r"if \(shift\) earlier", "earlier"),
    "beats that are none": around(r"if \(take\) last", "if (s_axis_tvalid) last"),
    "beats are not taken": around(r"if \(take\) last", "if (shift) last"),
    "beats upside down": around(r"last <= s_axis_tdata", "last <= ~s_axis_tdata"),
    "shifts for ever": around(r"shift <= ~rst & take & ~s_axis_tlast", "shift <= ~rst"),
    "short packets are taken": around(r"(good = counts & s_axis_tlast) & at_end", r"\1"),
    "long packets are taken": around(r"good = counts & s_axis_tlast &", "good = counts &"),
    "the rest of a long packet is taken": around(r"counts = take & ~skip", "counts = take"),
    "everything is skipped": around(r"counts = take & ~skip", "counts = take & skip"),
    "skips for ever": around(r"skip <= .*;", "skip <= ~rst & (skip | bad);"),
    "skip is not reset": around(r"skip <= ~rst & ", "skip <= "),
    "bad packets are not told": around(r"bad_packet = dropped", "bad_packet = 1'b0"),
    "good packets are told as bad": around(r"bad_packet = dropped", "bad_packet = full"),
    "bad packets are told too soon": around(r"bad_packet = dropped", "bad_packet = bad"),
    "short packets are not bad": around(r"counts & \(s_axis_tlast \^ at_end\)",
                                        "counts & at_end & ~s_axis_tlast"),
    "long packets are not bad": around(r"counts & \(s_axis_tlast \^ at_end\)",
                                       "counts & ~at_end & s_axis_tlast"),
    "no error": around(r"error = failed", "error = 1'b0"),
    "error is not cleared": around(r"failed & ~error_clear", "failed"),
    "error is forgotten": around(r"\(bad \| failed & ~error_clear\)", "bad"),
    "error is cleared by a good packet": around(r"~error_clear", "~good"),
    "error is not reset": around(r"failed <= ~rst & ", "failed <= "),
    "a waiting sample is lost": around(r"full <= .*;", "full <= ~rst & good;"),
    "a sample is given twice": around(r"full <= .*;", "full <= ~rst & (good | full);"),
    "full is not reset": around(r"full <= ~rst & ", "full <= "),
    "samples go before they are whole": around(r"\.valid_in\(full\)", ".valid_in(good)"),
    "the count is not reset": around(r"if \(rst \| take & s_axis_tlast\)",
                                     "if (take & s_axis_tlast)"),
    "the count goes on after a packet": around(r"if \(rst \| take & s_axis_tlast\)", "if (rst)"),
    "the count begins late": around(r"beat <= (\d+)'d0", r"beat <= \1'd1"),
    "the count stands": around(r"beat <= beat \+ (\d+)'d1", r"beat <= beat + \1'd0"),
    "the count is that of all beats": around(r"else if \(counts\) beat", "else beat"),
    "a beat less": around(r"beat == (\d+)'d\d+", r"beat == \1'd0"),
    "results upside down": around(r"m_axis_tdata = \{", "m_axis_tdata = ~{"),
    "ones between the fields": around(r"(\d+)'d0, given", r"\1'd1, given"),
    "no end of a result": around(r"m_axis_tlast = 1'b1", "m_axis_tlast = 1'b0"),
    "an end that changes": around(r"m_axis_tlast = 1'b1", "m_axis_tlast = m_axis_tready"),
}  # fmt: skip

GROUPS = {"handshake": HANDSHAKE, "stream": STREAM}
SHARED = {"waiting results": WAITING, "around the pipeline": PIPELINE, "what tools see": TOOLS}


def attacks(interface: str) -> tuple[Attack, ...]:
    """All of them on the module of ``handshake`` or ``stream``."""
    groups = {f"interface: {name}": edits for name, edits in SHARED.items()}
    groups["interface: protocol"] = GROUPS[interface]
    return tuple(
        Attack(group, name, edit) for group, edits in groups.items() for name, edit in edits.items()
    )
