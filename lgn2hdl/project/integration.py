"""Files that put a design into somebody's project: constraints, Tcl, FuseSoC, VHDL, a page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import lgn2hdl
from lgn2hdl.compiler.interface_choice import Interface
from lgn2hdl.compiler.reserved import VHDL
from lgn2hdl.compiler.schedule import Design
from lgn2hdl.hdl.interface import initiation_interval, latency, timing_notes, top_ports
from lgn2hdl.hdl.ports import Port
from lgn2hdl.project.page import page
from lgn2hdl.project.render import render
from lgn2hdl.project.report import DesignReport

PAGE = "README.md"
"""Name of the page."""

DEFAULT_MHZ = 100.0
"""Clock of the constraints where nothing else is known."""

VIVADO_PARTS = {"xc7": "xc7a100tcsg324-1"}
VIVADO_PART = "xcvu9p-flgb2104-2-i"
"""Part of the Vivado project unless its script is told another; by device, and for all others."""

QUARTUS_FAMILY, QUARTUS_PART = "Cyclone V", "5CSEBA6U23I7"
"""Family and part of the Quartus project; its script can be told another part."""

_VHDL_NAME = re.compile(r"[a-z](_?[a-z0-9])*")
_VHDL_RESERVED = frozenset(VHDL.split())


@dataclass(frozen=True, eq=False)
class Integration:
    """What these files tell about a design.

    Attributes:
        design: the scheduled design.
        top: name of the top module.
        verilog: names of the emitted files, the top module first.
        interface: what is around the pipeline.
        model_sha256: hash of the model file.
        report: area and timing on a device.
        clock_mhz: clock that was asked for; None takes the one of the report.
    """

    design: Design
    top: str
    verilog: tuple[str, ...]
    interface: Interface
    model_sha256: str
    report: DesignReport | None
    clock_mhz: float | None = None

    @property
    def mhz(self) -> float:
        """Clock of the constraints, in MHz."""
        known = self.clock_mhz
        if known is None and self.report is not None:
            timing = self.report.timing
            known = self.report.estimate.estimated_mhz if timing is None else timing.target_mhz
        return known or DEFAULT_MHZ

    @property
    def period_ns(self) -> float:
        """Clock period of the constraints, in ns."""
        return round(1000 / self.mhz, 3)


def integration_files(given: Integration) -> dict[str, str]:
    """The files by name."""
    context = _context(given)
    top = given.top
    return {
        f"{top}.xdc": render("clock.xdc.j2", context),
        f"{top}.sdc": render("clock.xdc.j2", context),
        f"{top}.core": render("fusesoc.core.j2", context),
        f"{top}_vhdl.vhd": render("component.vhd.j2", context),
        "vivado.tcl": render("vivado.tcl.j2", context),
        "quartus.tcl": render("quartus.tcl.j2", context),
        PAGE: page(given.design, given.interface, given.report, context),
    }


def vhdl_name(name: str) -> str:
    """A VHDL identifier that names a Verilog one: as it is where VHDL allows it in lower case, else
    an extended identifier, which keeps capitals (IEEE 1076-2008, 15.4.3)."""
    plain = _VHDL_NAME.fullmatch(name) and name not in _VHDL_RESERVED
    return name if plain else f"\\{name}\\"


def _context(given: Integration) -> Mapping[str, Any]:
    ports = top_ports(given.design, given.interface)
    device = None if given.report is None else given.report.device.name
    return {
        "top": given.top,
        "version": lgn2hdl.__version__,
        "verilog": given.verilog,
        "period_ns": f"{given.period_ns:g}",
        "mhz": f"{1000 / given.period_ns:.0f}",
        "vivado_part": VIVADO_PARTS.get(device or "", VIVADO_PART),
        "quartus_family": QUARTUS_FAMILY,
        "quartus_part": QUARTUS_PART,
        "ports": ports,
        "data_ports": [port for port in ports if port.name != "clk"],
        "latency": latency(given.design, given.interface),
        "initiation_interval": initiation_interval(given.design, given.interface),
        "notes": timing_notes(given.design, given.interface),
        "model_sha256": given.model_sha256,
        "vhdl": {name: vhdl_name(name) for name in _vhdl_names(given.top, ports)},
        "vhdl_type": {port.name: _vhdl_type(port) for port in ports},
    }


def _vhdl_names(top: str, ports: tuple[Port, ...]) -> list[str]:
    """The names that the VHDL file declares."""
    of_top = (
        "", "_component", "_vhdl", "_instance", "_latency_cycles", "_initiation_interval",
    )  # fmt: skip
    return [*(f"{top}{suffix}" for suffix in of_top), *(port.name for port in ports)]


def _vhdl_type(port: Port) -> str:
    return "std_logic" if port.width == 1 else f"std_logic_vector({port.width - 1} downto 0)"
