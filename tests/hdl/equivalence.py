"""Both emitters' hardware of the same design, proven equal module by module with Yosys."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from amaranth.back import rtlil

from lgn2hdl.compiler.interface_choice import Interface
from lgn2hdl.compiler.schedule import Design
from lgn2hdl.hdl.component import components
from lgn2hdl.hdl.emit import emit_verilog
from lgn2hdl.hdl.part import plan_parts
from lgn2hdl.tools.area import yosys
from lgn2hdl.tools.runner import run_tool

SMALL = 60
"""Gates of a design that is compared as a whole; larger ones take a minute."""


def prove_both_equal(
    designs: Mapping[str, Design],
    folder: Path,
    gold: Mapping[str, str] | None = None,
    *,
    clock_enable: bool = False,
) -> int:
    """Prove that all parts of all designs are equal, and small designs as a whole.

    A pipeline without feedback has forgotten what it started with after as many cycles as it has
    stages: equal outputs from then on, whatever the registers held, are a proof.

    Args:
        designs: by name.
        folder: an empty folder to work in.
        gold: Verilog text by file name to put in place of what the text emitter writes.
        clock_enable: whether both have one, which is high then.

    Returns:
        The number of modules that were compared.

    Raises:
        ToolError: if one differs, or has other ports.
    """
    script, compared, interface = [], 0, Interface(clock_enable=clock_enable)
    for name, design in designs.items():
        left, right = f"{name}_text", f"{name}_amaranth"
        for file, text in (
            emit_verilog(design, left, interface=interface) | dict(gold or {})
        ).items():
            (folder / file).write_text(text)
            script.append(f"read_verilog {file}")
        for module, component in components(design, right, clock_enable=clock_enable).items():
            (folder / f"{module}.il").write_text(rtlil.convert(component, name=module))
            script.append(f"read_rtlil {module}.il")
        script += ["setattr -mod -unset top", "proc", "opt_clean"]
        for module in _modules(design):
            enabled = clock_enable and (not module or _has_clock(design, module))
            script += _comparison(f"{left}{module}", f"{right}{module}", design.latency, enabled)
            compared += 1
        script.append("delete *")
    (folder / "prove.ys").write_text("\n".join(script))
    run_tool(yosys(), ["-q", "-s", "prove.ys"], folder=folder)
    return compared


def _modules(design: Design) -> list[str]:
    """Ends of the names of the modules to compare: parts that have outputs, and the top module."""
    parts = [f"_{plan.name}" for plan in plan_parts(design) if plan.outputs]
    return [*parts, ""] if design.circuit.netlist.n_gates <= SMALL else parts


def _has_clock(design: Design, module: str) -> bool:
    return any(
        plan.ports()[0][0] == "clk" for plan in plan_parts(design) if module == f"_{plan.name}"
    )


def _comparison(gold: str, gate: str, latency: int, enabled: bool) -> list[str]:
    """Commands that fail unless two modules have the same ports and behave the same."""
    induction = "-tempinduct -set in_enable 1" if enabled else "-tempinduct"
    return [
        f"miter -equiv -flatten -make_assert {gold} {gate} miter",
        f"sat -verify {induction} -prove-asserts -seq {latency} -maxsteps {latency + 1} miter",
        "delete miter",
    ]
