"""Place and route: the clock that nextpnr reaches, out of context.

Yosys maps the flattened design, which is then put into a wrapper with three pins (``wrapper.py``)
and goes through nextpnr for the device. The Fmax is the one that nextpnr's report gives for the
routed netlist, at the worst corner that its data base knows; where it gives none it is None.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lgn2hdl.base.errors import OptionError, ToolError
from lgn2hdl.base.files import temporary_folder
from lgn2hdl.targets.devices import Device, levels_for_target, require_capacity, require_router
from lgn2hdl.tools.area import Cells, count_cells, yosys
from lgn2hdl.tools.runner import Tool, run_tool, script_tool, tool_version
from lgn2hdl.tools.wrapper import CLOCK, PortBits, stub_verilog, wrapper_verilog

DEFAULT_SECONDS = 1800.0
"""Time limit of each of the two tools."""

WRAPPER = "lgn2hdl_wrapper"
"""Name of the wrapper's module."""

UNKNOWN_VERSION = "of unknown version"


@dataclass(frozen=True)
class Utilization:
    """Cells of one type.

    Attributes:
        used: cells of the design and its wrapper.
        available: cells of the device.
    """

    used: int
    available: int


@dataclass(frozen=True)
class CriticalPath:
    """The slowest path between two registers.

    Attributes:
        logic_ns: clock-to-output, LUTs and set-up.
        routing_ns: wires.
        luts: LUTs, carry cells and multiplexers between the registers.
        source, sink: cells that it starts and ends at.
        in_wrapper: whether both belong to the wrapper, so that the design itself may be faster.
    """

    logic_ns: float
    routing_ns: float
    luts: int
    source: str
    sink: str
    in_wrapper: bool


@dataclass(frozen=True)
class TimingReport:
    """What place and route reached.

    Attributes:
        device: name of the device.
        tools: names and versions of the tools.
        commands: the synthesis command, and the arguments of nextpnr.
        fmax_mhz: highest clock in MHz that nextpnr gives; None if it gives none.
        target_mhz: clock in MHz that it was asked for.
        seed: seed of the placement.
        utilization: cells used and available, by nextpnr's name of the type.
        cells: cells of the design as mapped by Yosys, flattened.
        wrapper_cells: cells of the wrapper around it, which are in ``utilization`` too.
        critical_path: the path that limits the clock; None if nextpnr does not say.
        seconds: run time of mapping, placement and routing.
        netlist_sha256: hash of the Verilog files, in their order.
    """

    device: str
    tools: tuple[str, ...]
    commands: tuple[str, ...]
    fmax_mhz: float | None
    target_mhz: float
    seed: int
    utilization: Mapping[str, Utilization]
    cells: Cells
    wrapper_cells: Cells
    critical_path: CriticalPath | None
    seconds: float
    netlist_sha256: str

    @property
    def meets_target(self) -> bool:
        """Whether the clock asked for is reached."""
        return self.fmax_mhz is not None and self.fmax_mhz >= self.target_mhz

    def latency_ns(self, cycles: int) -> float | None:
        """Time of so many clock cycles at Fmax."""
        return None if self.fmax_mhz is None else 1000 * cycles / self.fmax_mhz

    def to_json(self) -> dict[str, Any]:
        """JSON-ready values."""
        return asdict(self)


def place_and_route(
    verilog: Mapping[str, str],
    top: str,
    device: Device,
    *,
    target_mhz: float,
    seed: int = 1,
    timeout: float = DEFAULT_SECONDS,
    options: tuple[str, ...] = (),
) -> TimingReport:
    """Map, place and route a design in a wrapper, and read the clock that it reaches.

    Args:
        verilog: file texts by name.
        top: name of the top module, which has the clock ``clk``; the other ports may be anything.
        device: a device that nextpnr knows.
        target_mhz: clock to optimize for; one far out of reach makes routing slow.
        seed: seed of the placement.
        timeout: seconds until a tool is ended.
        options: further arguments of nextpnr.

    Raises:
        OptionError: no router for the device, a target that is no clock, or a design that is
            larger than the device.
        ToolError: a tool is missing, fails, takes too long, or writes what cannot be read.
    """
    script = require_router(device)
    levels_for_target(device, target_mhz)  # (checks it)
    install = "run 'pip install lgn2hdl[pnr]', or leave --pnr out"
    router = script_tool(script, script.removeprefix("yowasp-"), install)
    began = time.perf_counter()
    with temporary_folder() as folder:
        cells, wrapper_cells = map_in_wrapper(verilog, top, device, folder, timeout)
        arguments = [*_arguments(device, target_mhz, seed), *options]
        try:
            run_tool(router, arguments, folder=folder, outputs=["report.json"], timeout=timeout)
        except ToolError as error:
            raise ToolError(f"{error} ({_advice(device, cells + wrapper_cells)})") from None
        report = read_report((folder / "report.json").read_text(errors="replace"), router.name)
    return TimingReport(
        device=device.name,
        tools=(tool_title(yosys()), tool_title(router)),
        commands=(device.synthesis_command(top, flat=True), " ".join(arguments)),
        fmax_mhz=fmax(report),
        target_mhz=target_mhz,
        seed=seed,
        utilization=utilization(report),
        cells=cells,
        wrapper_cells=wrapper_cells,
        critical_path=critical_path(report),
        seconds=time.perf_counter() - began,
        netlist_sha256=netlist_sha256(verilog),
    )


def netlist_sha256(verilog: Mapping[str, str]) -> str:
    """Hash of Verilog files, in hexadecimal."""
    return hashlib.sha256("".join(verilog.values()).encode()).hexdigest()


def _arguments(device: Device, target_mhz: float, seed: int) -> list[str]:
    return [
        *device.router_arguments,
        *["--json", "wrapped.json", "--report", "report.json"],
        *["--freq", f"{target_mhz:g}", "--seed", str(seed), "--timing-allow-fail"],
    ]


def _advice(device: Device, cells: Cells) -> str:
    share = f"{cells.lut:,} LUTs and {cells.flip_flop:,} flip-flops are to be placed"
    if device.n_luts:
        share += f", {cells.lut / device.n_luts:.0%} and {cells.flip_flop / device.n_luts:.0%}"
    return f"{share} of {device.name}"


def tool_title(tool: Tool) -> str:
    """Name and version, without what the tool says about its build."""
    found = re.search(r"(?:Version nextpnr-|^Yosys )([^)\s]+)", tool_version(tool))
    return f"{tool.name} {found[1]}" if found else f"{tool.name} {UNKNOWN_VERSION}"


def map_in_wrapper(
    verilog: Mapping[str, str], top: str, device: Device, folder: Path, timeout: float
) -> tuple[Cells, Cells]:
    """Write ``wrapped.json``, the mapped design in its wrapper; give the cells of both.

    The wrapper is mapped apart from the design, so that neither changes the other.
    """
    for name, text in verilog.items():
        (folder / name).write_text(text)
    flat = device.synthesis_command(top, flat=True)
    script = f"read_verilog {' '.join(verilog)}; {flat}; write_json mapped.json"
    _run_yosys(script, folder, "mapped.json", timeout)
    design = _module(folder / "mapped.json", top)
    ports = _ports(design, top)
    (folder / "pins.cst").write_text(device.pins)
    (folder / "stub.v").write_text(stub_verilog(top, ports))
    (folder / "wrapper.v").write_text(wrapper_verilog(top, WRAPPER, ports))
    flat = device.synthesis_command(WRAPPER, flat=True, pads=True)
    script = (
        f"read_verilog -lib stub.v; read_verilog wrapper.v; {flat}; write_json wrapper.json; "
        f"delete ={top}; design -save wrapper; design -reset; "
        "read_json mapped.json; design -save mapped; design -load wrapper; "
        f"design -copy-from mapped -as {top} {top}; "
        f"hierarchy -top {WRAPPER}; flatten; opt_clean; write_json wrapped.json"
    )
    _run_yosys(script, folder, "wrapped.json", timeout)
    wrapper = _module(folder / "wrapper.json", WRAPPER)
    counts = _count(design), _count(wrapper, besides=top)
    both = counts[0] + counts[1]
    require_capacity(device, both.lut, both.flip_flop)
    return counts


def mapped_cells(path: Path, top: str) -> Cells:
    """Cells of a flat module in a netlist that Yosys wrote.

    Raises:
        ToolError: if it cannot be read.
    """
    return _count(_module(path, top))


def _run_yosys(script: str, folder: Path, output: str, timeout: float) -> None:
    run_tool(yosys(), ["-q", "-p", script], folder=folder, outputs=[output], timeout=timeout)


def _module(path: Path, name: str) -> dict[str, Any]:
    """A module of a netlist that Yosys wrote."""
    try:
        module = json.loads(path.read_text(errors="replace"))["modules"][name]
        module["ports"].items(), module["cells"].items()
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise ToolError("Yosys wrote a netlist that cannot be read: try another version") from None
    return dict(module)


def _ports(module: Mapping[str, Any], top: str) -> list[PortBits]:
    """Ports of a mapped design but for its clock."""
    if CLOCK not in module["ports"]:
        raise OptionError(f"the module {top} has no port {CLOCK}: without a clock there is no Fmax")
    read = {
        bit
        for cell in module["cells"].values()
        for bits in cell["connections"].values()
        for bit in bits
    }
    outputs = [port for port in module["ports"].values() if port["direction"] != "input"]
    read.update(bit for port in outputs for bit in port["bits"])
    return [
        PortBits(
            name,
            port["direction"] == "input",
            tuple(port["direction"] != "input" or bit in read for bit in port["bits"]),
        )
        for name, port in module["ports"].items()
        if name != CLOCK
    ]


def _count(module: Mapping[str, Any], besides: str = "") -> Cells:
    counts: dict[str, int] = {}
    for cell in module["cells"].values():
        if cell["type"] != besides:
            counts[cell["type"]] = counts.get(cell["type"], 0) + 1
    return count_cells(counts)


def read_report(text: str, tool: str) -> dict[str, Any]:
    """nextpnr's report.

    Raises:
        ToolError: if it is not one.
    """
    try:
        report = json.loads(text)
        fmax(report), utilization(report)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ToolError(f"{tool} wrote a report that cannot be read: try another version") from None
    return dict(report)


def fmax(report: Mapping[str, Any]) -> float | None:
    """Highest clock in MHz; None unless the report gives it for exactly one clock.

    The clock's name says little: it is the one of the buffer that nextpnr puts in.
    """
    clocks = [float(entry["achieved"]) for entry in report["fmax"].values()]
    return clocks[0] if len(clocks) == 1 else None


def utilization(report: Mapping[str, Any]) -> dict[str, Utilization]:
    """Cells by type; types that the design does not use are left out."""
    return {
        cell: Utilization(int(entry["used"]), int(entry["available"]))
        for cell, entry in report["utilization"].items()
        if int(entry["used"])
    }


def critical_path(report: Mapping[str, Any]) -> CriticalPath | None:
    """The path between registers that limits the clock, if the report has it."""
    try:
        path = next(
            entry["path"]
            for entry in report["critical_paths"]
            if "async" not in entry["from"] + entry["to"] and entry["path"]
        )
        kinds = [str(step["type"]) for step in path]
        wires = [float(step["delay"]) for step in path if step["type"] == "routing"]
        source, sink = str(path[0]["from"]["cell"]), str(path[-1]["to"]["cell"])
        total = sum(float(step["delay"]) for step in path)
    except (KeyError, TypeError, ValueError, StopIteration, IndexError):
        return None
    return CriticalPath(
        logic_ns=round(total - sum(wires), 3),
        routing_ns=round(sum(wires), 3),
        luts=kinds.count("logic"),
        source=source,
        sink=sink,
        in_wrapper=_of_wrapper(source) and _of_wrapper(sink),
    )


def _of_wrapper(cell: str) -> bool:
    """Whether a cell is the wrapper's: flattened, the design's have its instance's name first."""
    return not cell.startswith("design.")


@dataclass(frozen=True)
class TargetSearch:
    """What was tried for a target clock.

    Attributes:
        target_mhz: the clock asked for.
        tries: levels per stage and the report of each try, in the order of trying.
    """

    target_mhz: float
    tries: tuple[tuple[int, TimingReport], ...]

    @property
    def best(self) -> tuple[int, TimingReport]:
        """The try with the highest clock; the target is met if this one meets it."""
        return max(self.tries, key=lambda item: item[1].fmax_mhz or 0.0)

    @property
    def is_met(self) -> bool:
        """Whether the target is reached."""
        return self.best[1].meets_target


def meet_target(
    measure: Callable[[int], TimingReport], device: Device, target_mhz: float
) -> TargetSearch:
    """Find the most LUT levels per stage, and so the fewest registers, that reach a clock.

    Tries as many levels as the device's estimate allows, then fewer, until nextpnr reaches the
    target or a stage has one level.

    Args:
        measure: compiles the network with so many levels per stage, places and routes it.
        device: gives the first number of levels.
        target_mhz: clock in MHz.
    """
    tries: list[tuple[int, TimingReport]] = []
    for levels in range(levels_for_target(device, target_mhz), 0, -1):
        tries.append((levels, measure(levels)))
        if tries[-1][1].meets_target:
            break
    return TargetSearch(target_mhz, tuple(tries))
