"""Verilog (IEEE 1364-2005) of the module around a pipeline whose results may have to wait.

A result that its receiver does not take at once moves into a register of its own, ``held``, and the
pipeline stands still from the next cycle on. So ``ready`` and the pipeline's clock enable come
straight from a register: no path leads through the design from the receiver to the sender, and the
enable, which many registers read, has a whole clock cycle. It is a register of its own, ``flow``,
the complement of ``hold``: an inverter between a register and so many readers would be on the
slowest path.
"""

from __future__ import annotations

from collections.abc import Sequence

from lgn2hdl.base.errors import OptionError
from lgn2hdl.compiler.interface_choice import Interface, Kind
from lgn2hdl.compiler.schedule import Design
from lgn2hdl.hdl.interface import StreamLayout, stream_layout, top_ports
from lgn2hdl.hdl.names import in_lines
from lgn2hdl.hdl.ports import Port, classifier_ports, result_ports
from lgn2hdl.hdl.verilog import UNUSED_OFF, UNUSED_ON, module_head


def interface_verilog(design: Design, top: str, pipeline: str, interface: Interface) -> str:
    """Text of the module ``top`` around an instance of the module ``pipeline``.

    Raises:
        OptionError: for the parallel interface, which has no such module.
    """
    if not interface.can_stall:
        raise OptionError(f"the {interface.kind.value} interface has no module of its own")
    ports = top_ports(design, interface)
    enable = "enable & " if interface.clock_enable else ""
    lines = [f"// {interface.kind.value} interface of {top}"]
    hold = "    reg hold;  // a result waits in held"
    if interface.kind is Kind.HANDSHAKE:
        lines += [*module_head(top, ports), hold]
        lines += _pipeline(design, pipeline, enable, sample="x", valid="valid_in")
        lines += _waiting_result(design, enable, valid="valid_out", ready="ready_out")
        lines += ["", "    assign ready_in = ~hold;", *_result_ports(design)]
        return "\n".join([*lines, "endmodule", ""])
    layout = stream_layout(design, interface)
    lines += [*_stream_head(top, ports, layout), hold]
    lines += _stream_input(layout, enable)
    lines += _pipeline(design, pipeline, enable, sample=_sample(layout), valid="full")
    lines += _waiting_result(design, enable, valid="m_axis_tvalid", ready="m_axis_tready")
    lines += ["", *_packed_result(layout), "    assign m_axis_tlast = 1'b1;"]
    return "\n".join([*lines, "endmodule", ""])


def _pipeline(design: Design, pipeline: str, enable: str, *, sample: str, valid: str) -> list[str]:
    """The pipeline and its outputs: ``result_valid``, and all result ports as one vector."""
    connections = {"enable": "advance", "valid_in": valid, "x": sample}
    connections["valid_out"] = "result_valid"
    connections |= _slices(result_ports(design.head), "result")
    ports = classifier_ports(design, clock_enable=True)
    named = [f".{port.name}({connections.get(port.name, port.name)})" for port in ports]
    return [
        "",
        "    reg flow;  // no result waits: the pipeline moves",
        f"    wire advance = {enable}flow;",
        "    wire result_valid;",
        f"    wire [{_result_width(design) - 1}:0] result;",
        f"    {pipeline} pipeline (",
        in_lines(named, " " * 8),
        "    );",
    ]


def _waiting_result(design: Design, enable: str, *, valid: str, ready: str) -> list[str]:
    """The register of a result that has to wait, and ``given``, the result that leaves."""
    width = _result_width(design)
    return [
        "",
        f"    reg [{width - 1}:0] held;",
        f"    wire [{width - 1}:0] given = hold ? held : result;",
        f"    assign {valid} = hold | result_valid;",
        "    always @(posedge clk)",
        f"        {_condition(enable)}begin",
        f"            hold <= ~rst & {valid} & ~{ready};",
        f"            flow <= rst | ~{valid} | {ready};",
        "        end",
        "    always @(posedge clk)",
        "        if (advance) held <= result;",
    ]


def _condition(enable: str) -> str:
    """What control waits for: a reset works whether the clock is enabled or not."""
    return "if (rst | enable) " if enable else ""


def _result_width(design: Design) -> int:
    return sum(port.width for port in result_ports(design.head))


def _slices(ports: Sequence[Port], vector: str) -> dict[str, str]:
    """Each port's bits of a vector that holds all of them, the first port the lowest."""
    slices, lsb = {}, 0
    for port in ports:
        slices[port.name] = f"{vector}[{lsb + port.width - 1}:{lsb}]"
        lsb += port.width
    return slices


def _result_ports(design: Design) -> list[str]:
    slices = _slices(result_ports(design.head), "given")
    return [f"    assign {name} = {bits};" for name, bits in slices.items()]


def _packed_result(layout: StreamLayout) -> list[str]:
    """``m_axis_tdata``: every number of ``given``, extended to whole bytes."""
    pieces, lsb = [], 0
    for field in layout.fields:
        last = lsb + field.width - 1
        number = f"given[{last}:{lsb}]"
        missing = field.bits - field.width
        if missing:
            above = f"{{{missing}{{given[{last}]}}}}" if field.signed else f"{missing}'d0"
            number = f"{above}, {number}"
        pieces.append(number)
        lsb += field.width
    return ["    assign m_axis_tdata = {", in_lines(pieces[::-1], " " * 8), "    };"]


def _stream_head(top: str, ports: Sequence[Port], layout: StreamLayout) -> list[str]:
    """The ports; a sample of one beat may leave bits of it without a reader."""
    lines = module_head(top, ports)
    if layout.beats == 1 and layout.sample_bits < layout.beat_bits:
        declared = lines[1].split("\n")
        at = next(i for i, line in enumerate(declared) if "s_axis_tdata" in line)
        declared[at : at + 1] = [f"    {UNUSED_OFF}", declared[at], f"    {UNUSED_ON}"]
        lines[1] = "\n".join(declared)
    return lines


def _sample(layout: StreamLayout) -> str:
    """The bits of ``x`` among the beats."""
    if layout.beats == 1:
        return "last"
    of_last = layout.sample_bits - (layout.beats - 1) * layout.beat_bits
    return f"{{last[{of_last - 1}:0], earlier}}"


def _stream_input(layout: StreamLayout, enable: str) -> list[str]:
    """Beats become a sample, and packets of another length are dropped."""
    return [
        "",
        "    reg full;  // a whole sample waits for the pipeline",
        "    reg skip;  // what comes is the rest of a long packet",
        "    reg dropped;  // a bad packet, just now",
        "    reg failed;  // a bad packet since failed was cleared",
        "    assign s_axis_tready = ~(full & hold);",
        "    wire take = s_axis_tvalid & s_axis_tready;",
        "    wire counts = take & ~skip;",
        *_counter(layout, enable),
        "    wire good = counts & s_axis_tlast & at_end;",
        "    wire bad = counts & (s_axis_tlast ^ at_end);",
        "    always @(posedge clk)",
        f"        {_condition(enable)}begin",
        "            full <= ~rst & (good | full & hold);",
        "            skip <= ~rst & (take ? ~s_axis_tlast & (skip | at_end) : skip);",
        "            dropped <= ~rst & bad;",
        "            failed <= ~rst & (bad | failed & ~error_clear);",
        "        end",
        "    assign bad_packet = dropped;",
        "    assign error = failed;",
        *_beats(layout, enable),
    ]


def _counter(layout: StreamLayout, enable: str) -> list[str]:
    """``at_end``: whether the beat that comes is the last one of a sample."""
    if layout.beats == 1:
        return ["    wire at_end = 1'b1;"]
    width = layout.counter_bits
    return [
        f"    reg [{width - 1}:0] beat;",
        f"    wire at_end = beat == {width}'d{layout.beats - 1};",
        "    always @(posedge clk)",
        f"        {_condition(enable)}begin",
        f"            if (rst | take & s_axis_tlast) beat <= {width}'d0;",
        f"            else if (counts) beat <= beat + {width}'d1;",
        "        end",
    ]


def _beats(layout: StreamLayout, enable: str) -> list[str]:
    """The registers of the beats.

    The last beat stays in the register that every beat enters; the beats before it move on in the
    next cycle, whatever comes then, so that what enables their registers is a register, too.
    """
    if layout.beats == 1:
        return [
            f"    reg [{layout.sample_bits - 1}:0] last;",
            "    always @(posedge clk)",
            f"        if ({enable}take) last <= s_axis_tdata[{layout.sample_bits - 1}:0];",
        ]
    width, moved = layout.beat_bits, (layout.beats - 1) * layout.beat_bits
    older = f", earlier[{moved - 1}:{width}]" if layout.beats > 2 else ""
    return [
        f"    reg [{width - 1}:0] last;",
        f"    reg [{moved - 1}:0] earlier;",
        "    reg shift;  // last holds a beat that is not the last one",
        "    always @(posedge clk)",
        f"        {_condition(enable)}shift <= ~rst & take & ~s_axis_tlast;",
        "    always @(posedge clk) begin",
        f"        if ({enable}take) last <= s_axis_tdata;",
        f"        if ({enable}shift) earlier <= {{last{older}}};",
        "    end",
    ]
