"""Verilog text of a design: one module a file, named after the model."""

from __future__ import annotations

import re
from enum import Enum

from lgn2hdl.errors import OptionError
from lgn2hdl.hdl.interface import PARALLEL, Interface, pipeline_name
from lgn2hdl.hdl.interface_verilog import interface_verilog
from lgn2hdl.hdl.verilog import verilog_files
from lgn2hdl.schedule import Design

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_RESERVED_WORDS = """
    accept_on alias always always_comb always_ff always_latch and assert assign assume automatic
    before begin bind bins binsof bit break buf bufif0 bufif1 byte case casex casez cell chandle
    checker class clocking cmos config const constraint context continue cover covergroup
    coverpoint cross deassign default defparam design disable dist do edge else end endcase
    endchecker endclass endclocking endconfig endfunction endgenerate endgroup endinterface
    endmodule endpackage endprimitive endprogram endproperty endsequence endspecify endtable
    endtask enum event eventually expect export extends extern final first_match for force
    foreach forever fork forkjoin function generate genvar global highz0 highz1 if iff ifnone
    ignore_bins illegal_bins implements implies import incdir include initial inout input inside
    instance int integer interconnect interface intersect join join_any join_none large let
    liblist library local localparam logic longint macromodule matches medium modport module
    nand negedge nettype new nexttime nmos nor noshowcancelled not notif0 notif1 null or output
    package packed parameter pmos posedge primitive priority program property protected pull0
    pull1 pulldown pullup pulsestyle_ondetect pulsestyle_onevent pure rand randc randcase
    randsequence rcmos real realtime ref reg reject_on release repeat restrict return rnmos
    rpmos rtran rtranif0 rtranif1 s_always s_eventually s_nexttime s_until s_until_with scalared
    sequence shortint shortreal showcancelled signed small soft solve specify specparam static
    string strong strong0 strong1 struct super supply0 supply1 sync_accept_on sync_reject_on
    table tagged task this throughout time timeprecision timeunit tran tranif0 tranif1 tri tri0
    tri1 triand trior trireg type typedef union unique unique0 unsigned until until_with untyped
    use uwire var vectored virtual void wait wait_order wand weak weak0 weak1 while wildcard
    wire with within wor xnor xor
"""
"""Keywords of SystemVerilog (IEEE 1800-2017), Verilog's among them."""
_RESERVED = frozenset([*_RESERVED_WORDS.split(), "std_logic", "std_logic_vector"])
"""These, and the two types that a VHDL component of the module refers to."""


def module_name(wish: str) -> str:
    """A legal Verilog module name close to ``wish`` (a model file's stem).

    Characters that Verilog does not allow become underscores; a name that starts with another
    character than a letter, or is reserved, gets a prefix.
    """
    name = re.sub(r"[^A-Za-z0-9_]", "_", wish)[:48] or "model"
    if not name[0].isalpha() or name.lower() in _RESERVED:
        name = f"lgn_{name}"
    return name


def check_module_name(name: str) -> str:
    """``name`` if it is a legal Verilog identifier.

    Raises:
        OptionError: otherwise.
    """
    if not _IDENTIFIER.fullmatch(name) or name.lower() in _RESERVED:
        raise OptionError(f"{name!r} is not a legal Verilog module name: give --name another one")
    return name


class Emitter(Enum):
    """What writes the Verilog; both do so from the same plan, behind the same ports."""

    TEXT = "text"
    AMARANTH = "amaranth"


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
