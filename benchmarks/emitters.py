"""Both emitters on real models: seconds of CPU time, and cells that Yosys makes of their Verilog.

Usage: python benchmarks/emitters.py [MODEL ...] [--device NAME] [--levels N] [--no-area]

Every model in ``models/`` unless some are named; one process a model, so that the seconds of both
emitters contain what they import. The cells are those of the whole design as one module: flattened,
so that logic may move between parts as it does in a user's design. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lgn2hdl.base.files import temporary_folder
from lgn2hdl.compiler.flow import compile_network
from lgn2hdl.compiler.module_names import module_name
from lgn2hdl.compiler.recipe import Emitter, Recipe
from lgn2hdl.hdl.emit import emit_verilog
from lgn2hdl.model import file as model_file
from lgn2hdl.targets.devices import Device, find_device
from lgn2hdl.tools.area import XCUP, Cells, module_cells, yosys
from lgn2hdl.tools.runner import run_tool

MODELS = Path(__file__).resolve().parents[1] / "models"

BOTH = (Emitter.TEXT, Emitter.AMARANTH)


def flat_cells(verilog: dict[str, str], top: str, device: Device) -> Cells:
    """Cells of a design that is mapped as one module."""
    command = device.synthesis_command(top, flat=True)
    script = f"read_verilog {' '.join(verilog)}; {command}; tee -q -o stat.json stat -json"
    with temporary_folder() as folder:
        for name, text in verilog.items():
            (folder / name).write_text(text)
        run_tool(yosys(), ["-q", "-p", script], folder=folder, outputs=["stat.json"])
        return module_cells(json.loads((folder / "stat.json").read_text()), top)


def measure(model: Path, device: Device, levels: int, *, area: bool) -> dict[str, Any]:
    """Nodes, and of each emitter seconds of CPU time, bytes and cells."""
    top = module_name(model.stem)
    recipe = Recipe(device=device.name, levels=levels)
    design = compile_network(model_file.load(model), recipe).design
    row: dict[str, Any] = {"model": model.stem, "nodes": design.circuit.netlist.n_gates}
    for emitter in BOTH:
        began = time.process_time()
        verilog = emit_verilog(design, top, emitter)
        seconds = time.process_time() - began
        row[emitter.value] = {"seconds": seconds, "bytes": sum(map(len, verilog.values()))}
        if area:
            row[emitter.value] |= asdict(flat_cells(verilog, top, device))
    return row


def line(row: dict[str, Any]) -> str:
    """One line of the table; of every pair the text emitter's figure comes first."""
    pairs = [[row[emitter.value].get(name) for emitter in BOTH]
             for name in ("lut", "flip_flop", "carry")]  # fmt: skip
    counts = [f"{text:,} | {amaranth:,}" if text is not None else "not counted | not counted"
              for text, amaranth in pairs]  # fmt: skip
    seconds = " | ".join(f"{row[emitter.value]['seconds']:.2f}" for emitter in BOTH)
    return f"| {row['model']} | {row['nodes']:,} | {seconds} | {' | '.join(counts)} |"


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", type=Path, nargs="*", default=sorted(MODELS.glob("*.lgn")))
    parser.add_argument("--device", default=XCUP.name)
    parser.add_argument("--levels", type=int, default=2)
    parser.add_argument("--no-area", action="store_true", help="only the seconds")
    parser.add_argument("--one", action="store_true", help="measure one model and print JSON")
    options = parser.parse_args()
    if options.one:
        device = find_device(options.device)
        row = measure(options.models[0], device, options.levels, area=not options.no_area)
        print(json.dumps(row))
        return
    head = ["model", "nodes", "CPU s: text", "Amaranth", "LUT: text", "Amaranth"]
    head += ["FF: text", "Amaranth", "carry: text", "Amaranth"]
    print(f"| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for model in options.models:
        command = [sys.executable, __file__, str(model), "--one", "--device", options.device]
        command += ["--levels", str(options.levels), *(["--no-area"] if options.no_area else [])]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        print(line(json.loads(done.stdout)), flush=True)


if __name__ == "__main__":
    main()
