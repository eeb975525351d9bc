"""Verilog text of a design: one module a file, named after the model."""

from __future__ import annotations

from lgn2hdl.compiler.interface_choice import PARALLEL, Interface
from lgn2hdl.compiler.recipe import Emitter
from lgn2hdl.compiler.schedule import Design
from lgn2hdl.hdl.interface import pipeline_name
from lgn2hdl.hdl.interface_verilog import interface_verilog
from lgn2hdl.hdl.verilog import verilog_files


def emit_verilog(
    design: Design,
    name: str,
    emitter: Emitter = Emitter.TEXT,
    interface: Interface = PARALLEL,
) -> dict[str, str]:
    """Verilog files of ``design`` by file name, the top module ``name`` first.

    The same design, name and interface give the same bytes.

    Args:
        design: the scheduled circuit.
        name: name of the top module.
        emitter: what writes the pipeline and its parts.
        interface: what is around the pipeline; its module is always text.
    """
    module = pipeline_name(name, interface)
    enable = interface.can_stall or interface.clock_enable
    around = {}
    if interface.can_stall:
        around[f"{name}.v"] = interface_verilog(design, name, module, interface)
    return around | _pipeline_files(design, name, emitter, module, enable)


def _pipeline_files(
    design: Design, name: str, emitter: Emitter, module: str, clock_enable: bool
) -> dict[str, str]:
    if emitter is Emitter.TEXT:
        return verilog_files(design, name, module=module, clock_enable=clock_enable)
    from lgn2hdl.hdl.component import components
    from lgn2hdl.hdl.convert import verilog_text

    return {
        f"{part}.v": verilog_text(component, part)
        for part, component in components(
            design, name, module=module, clock_enable=clock_enable
        ).items()
    }
