"""Verilog text of a design: one module a file, named after the model."""

from __future__ import annotations

from lgn2hdl.base.errors import OptionError
from lgn2hdl.compiler.interface_choice import PARALLEL, Interface
from lgn2hdl.compiler.recipe import Emitter
from lgn2hdl.compiler.schedule import Design
from lgn2hdl.hdl.interface import pipeline_name
from lgn2hdl.hdl.interface_verilog import interface_verilog
from lgn2hdl.hdl.part import MOST_BITS, widest_module
from lgn2hdl.hdl.verilog import verilog_files

AMARANTH_NODES = 16_000
"""Nodes up to which Amaranth takes less than about 10 s: ``benchmarks/emitters.py`` measures it."""


def chosen_emitter(design: Design, wish: Emitter = Emitter.AUTO) -> Emitter:
    """The emitter that is meant: of ``auto``, Amaranth unless the design is large or too wide.

    The same design gives the same emitter, on every machine.
    """
    if wish is not Emitter.AUTO:
        return wish
    is_large = design.circuit.netlist.n_gates > AMARANTH_NODES
    return Emitter.TEXT if is_large or widest_module(design) > MOST_BITS else Emitter.AMARANTH


def emit_verilog(
    design: Design,
    name: str,
    emitter: Emitter = Emitter.TEXT,
    interface: Interface = PARALLEL,
    header: str = "",
) -> dict[str, str]:
    """Verilog files of ``design`` by file name, the top module ``name`` first.

    The same design, name and interface give the same bytes.

    Args:
        design: the scheduled circuit.
        name: name of the top module.
        emitter: what writes the pipeline and its parts.
        interface: what is around the pipeline; its module is always text.
        header: what every file begins with, see :func:`lgn2hdl.hdl.header.verilog_header`.

    Raises:
        OptionError: if the design is too wide for Amaranth, which was asked for.
    """
    module = pipeline_name(name, interface)
    enable = interface.can_stall or interface.clock_enable
    around = {}
    if interface.can_stall:
        around[f"{name}.v"] = interface_verilog(design, name, module, interface)
    emitter = chosen_emitter(design, emitter)
    files = around | _pipeline_files(design, name, emitter, module, enable)
    return {file: header + text for file, text in files.items()}


def _pipeline_files(
    design: Design, name: str, emitter: Emitter, module: str, clock_enable: bool
) -> dict[str, str]:
    if emitter is Emitter.TEXT:
        return verilog_files(design, name, module=module, clock_enable=clock_enable)
    widest = widest_module(design)
    if widest > MOST_BITS:
        raise OptionError(
            f"Amaranth writes no module with more than {MOST_BITS:,} bits in its inputs, its "
            f"outputs or a register, and {name} has {widest:,}: leave --emitter amaranth out"
        )
    from lgn2hdl.hdl.component import components
    from lgn2hdl.hdl.convert import strict_verilog

    return {
        f"{part}.v": strict_verilog(component, part)
        for part, component in components(
            design, name, module=module, clock_enable=clock_enable
        ).items()
    }
