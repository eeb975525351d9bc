"""LUT6 of the core: our pruning and mapping against ``synth_xilinx`` alone.

The baseline is the network as trained, written as plain combinational Verilog with a wire for every
node and given to ``synth_xilinx -family xcup``. Ours is the netlist after pruning (with the don't-
cares of the thermometer) and mapping: its LUTs; those behind the outputs that the head reads, which
needs only one of two outputs that are equal or each other's complement; and what the same
``synth_xilinx`` makes of the Verilog of these. Prints a Markdown table.

    python benchmarks/mapping.py models/mnist-48000fixed.lgn models/monk2.lgn
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lgn2hdl.compiler.mapping import EFFORTS, Effort, lut_count, map_luts, yosys_tool
from lgn2hdl.ir import logic
from lgn2hdl.ir.netlist import CONSTANT_ZERO, Netlist, depth
from lgn2hdl.model import file as model_file
from lgn2hdl.model.network import LogicNet
from lgn2hdl.passes import facts_of, prune, remove_dead
from lgn2hdl.passes.lower import lower
from lgn2hdl.tools.runner import run_tool

MODELS = Path(__file__).resolve().parents[1] / "models"

SCRIPT = (
    "read_verilog core.v; synth_xilinx -family xcup -top core -noiopad -noclkbuf; "
    "tee -q -o stat.json stat -json"
)


def plain_verilog(netlist: Netlist) -> str:
    """The netlist as a module ``core`` of assignments, one wire for every gate."""
    first, ids = netlist.first_gate, np.arange(netlist.n_nodes)
    names = np.where(ids < first, np.char.add("x[", np.char.mod("%d]", ids - 1)), "").astype(object)
    names[first:] = np.char.mod("n%d", ids[first:])
    names[CONSTANT_ZERO] = "1'b0"
    gate_text = _two_input_gate if netlist.n_pins == 2 else _lookup(netlist.n_pins)
    lines = [
        f"module core(input [{netlist.n_inputs - 1}:0] x, "
        f"output [{len(netlist.outputs) - 1}:0] y);\n"
    ]
    for own, pins, table in zip(
        names[first:], names[netlist.fanin], netlist.table.tolist(), strict=True
    ):
        lines.append(f"wire {own} = {gate_text(table, pins)};\n")
    lines += [f"assign y[{i}] = {name};\n" for i, name in enumerate(names[netlist.outputs])]
    return "".join([*lines, "endmodule\n"])


def _two_input_gate(table: int, pins: npt.NDArray[np.object_]) -> str:
    """A Verilog expression: the gate's name is one, with other names for pins and constants."""
    name = logic.GATE_NAMES[table]
    if name in ("0", "1"):
        return f"1'b{name}"
    return name.replace("a", "@").replace("b", pins[1]).replace("@", pins[0])


def _lookup(n_pins: int) -> Callable[[int, npt.NDArray[np.object_]], str]:
    rows = logic.rows(n_pins)
    return lambda table, pins: f"{rows}'h{table:x} >> {{{', '.join(pins[::-1])}}}"


def synth_xilinx(netlist: Netlist) -> tuple[int, float]:
    """LUTs that ``synth_xilinx`` makes of the netlist's Verilog, and the seconds it takes."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "core.v").write_text(plain_verilog(netlist))
        run_tool(yosys_tool(), ["-q", "-p", SCRIPT], folder=folder, outputs=["stat.json"])
        statistics = json.loads((folder / "stat.json").read_text())
    cells = statistics["design"]["num_cells_by_type"]
    luts = sum(number for cell, number in cells.items() if cell.startswith(("LUT", "INV")))
    return luts, time.perf_counter() - start


def core_for_head(network: LogicNet, mapped: Netlist) -> Netlist:
    """The core with the outputs that the head reads: of equal and complementary ones one each."""
    return remove_dead(replace(mapped, outputs=network.head.signals(mapped)))


def row(path: Path, efforts: tuple[Effort, ...]) -> str:
    """One line of the table."""
    network = model_file.load(path)
    netlist = lower(network)
    alone, seconds = synth_xilinx(netlist)
    pruned, _ = prune(netlist, facts_of(network))
    cells = [path.stem, f"{netlist.n_gates:,}", f"{alone:,}", f"{seconds:.0f}"]
    for effort in efforts:
        mapped, record = map_luts(pruned, 6, effort)
        core = core_for_head(network, mapped)
        again, _ = synth_xilinx(core)
        cells += [f"{record.luts_after:,}", f"{lut_count(core):,}", str(depth(core))]
        cells += [f"{again:,}", f"{100 * again / max(1, alone):.0f} %", f"{record.seconds:.1f}"]
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Read the options and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", type=Path, nargs="*", default=sorted(MODELS.glob("*.lgn")))
    parser.add_argument(
        "--effort", nargs="+", choices=[effort.name for effort in EFFORTS], default=["default"]
    )
    options = parser.parse_args()
    efforts = tuple(effort for effort in EFFORTS if effort.name in options.effort)
    head = ["model", "gates", "synth_xilinx alone", "s"]
    for effort in efforts:
        head += [f"{effort.name}: LUT6", "that the head needs", "depth"]
        head += ["by synth_xilinx", "of alone", "s"]
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for path in options.models:
        print(row(path, efforts), flush=True)


if __name__ == "__main__":
    main()
