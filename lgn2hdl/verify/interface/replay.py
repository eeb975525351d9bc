"""Clock cycles that show a fault around the pipeline, replayed on the text in Verilator.

The pipeline is a module here whose outputs are those of the cycles, so that the simulator sees the
same bytes of the module around it, and nothing of what a reader made of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from lgn2hdl.base.errors import ToolError
from lgn2hdl.tools.verilator import Pins, simulate_text
from lgn2hdl.verify.interface.spec import PATH, Wanted
from lgn2hdl.verify.proofs.interface_trace import Trace
from lgn2hdl.verify.proofs.report import Part, Verdict

REPLAY = "interface: simulation"
"""The part that says what a simulator makes of the clock cycles."""

TOP = "lgn2hdl_replay"
GIVEN, SEEN = "given_", "seen_"
"""In front of the names of the pipeline's outputs, and of its inputs, at the top."""

_REGISTER = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\[([0-9]+)\]")


def replay_trace(
    want: Wanted, trace: Trace, verilog: Mapping[str, str], top: str, pipeline: str, instance: str
) -> Part:
    """Apply the cycles to the module.

    Args:
        want: what the module has to be.
        trace: the cycles.
        verilog: text of the module by file name.
        top: name of the module.
        pipeline: name of the pipeline's module.
        instance: name of its instance.

    Returns:
        A part: different if the simulator gives the same wrong values in the last cycle; not proved
        if it does not, or there is none.
    """
    if trace.violated == PATH:
        return Part(REPLAY, Verdict.NOT_PROVED, "a path without a register is no value to be seen")
    texts = {
        **verilog,
        f"{pipeline}.v": _pipeline(want, pipeline),
        f"{TOP}.v": _top(want, top, instance, _power_up(trace)),
    }
    pins = Pins(_widths(want, "input", "output", GIVEN), _widths(want, "output", "input", SEEN))
    cycles = [_cycle(want, trace, number) for number in range(len(trace.ports))]
    right = {**trace.ports[-1], **{f"{SEEN}{k}": v for k, v in trace.pipeline[-1].items()}}
    try:
        given = simulate_text(texts, TOP, pins, cycles)[-1]
    except ToolError as error:
        return Part(REPLAY, Verdict.NOT_PROVED, f"the cycles were not simulated: {error}")
    wrong = [name for name in pins.outputs if given[name] != right[name]]
    if not wrong:
        detail = f"Verilator shows it: the same values in cycle {len(cycles) - 1}"
        return Part(REPLAY, Verdict.DIFFERENT, detail)
    name = wrong[0]
    detail = (
        f"Verilator gives {given[name]:#x} for {name}, not {right[name]:#x}: the readers differ"
    )
    return Part(REPLAY, Verdict.NOT_PROVED, detail)


def _widths(want: Wanted, way: str, inner_way: str, prefix: str) -> dict[str, int]:
    """Ports of the top module of one direction, beside the clock."""
    own = {name: width for name, (of, width) in want.ports.items() if of == way}
    inner = {f"{prefix}{name}": width for of, name, width in want.pipeline_ports if of == inner_way}
    return {k: v for k, v in (own | inner).items() if k not in ("clk", f"{prefix}clk")}


def _cycle(want: Wanted, trace: Trace, number: int) -> dict[str, int]:
    """Values of the inputs in one cycle; the results are side by side in a trace."""
    inner = trace.pipeline[number]
    values = {**trace.ports[number], f"{GIVEN}valid_out": inner["valid_out"]}
    start = 0
    for name, width in want.results:
        values[f"{GIVEN}{name}"] = inner["result"] >> start & (1 << width) - 1
        start += width
    return values


def _power_up(trace: Trace) -> dict[str, int]:
    """Numbers that registers begin with, where they are not 0, by name."""
    values: dict[str, int] = {}
    for bit in trace.power_up:
        known = _REGISTER.fullmatch(bit)
        if known is not None:
            values[known[1]] = values.get(known[1], 0) | 1 << int(known[2])
    return values


def _declared(way: str, widths: Mapping[str, int]) -> list[str]:
    return [f"{way} wire [{width - 1}:0] {name}" for name, width in widths.items()]


def _pipeline(want: Wanted, pipeline: str) -> str:
    """The pipeline, which gives what the top module is given for it."""
    ports = [f"{way} wire [{width - 1}:0] {name}" for way, name, width in want.pipeline_ports]
    outputs = [name for way, name, _ in want.pipeline_ports if way == "output"]
    lines = [f"    assign {name} = {TOP}.{GIVEN}{name};" for name in outputs]
    return "\n".join([f"module {pipeline} ({', '.join(ports)});", *lines, "endmodule", ""])


def _top(want: Wanted, top: str, instance: str, power_up: Mapping[str, int]) -> str:
    """The module, and what the pipeline in it gets."""
    inputs = _widths(want, "input", "output", GIVEN)
    outputs = _widths(want, "output", "input", SEEN)
    ports = ["input wire clk", *_declared("input", inputs), *_declared("output", outputs)]
    wired = ", ".join(f".{name}({name})" for name in want.ports)
    seen = [
        f"    assign {SEEN}{name} = dut.{instance}.{name};"
        for way, name, _ in want.pipeline_ports
        if way == "input" and name != "clk"
    ]
    begins = [f"        dut.{name} = 'h{value:x};" for name, value in power_up.items()]
    return "\n".join([
        f"module {TOP} ({', '.join(ports)});", f"    {top} dut ({wired});", *seen,
        "    initial begin", *begins, "    end", "endmodule", "",
    ])  # fmt: skip
