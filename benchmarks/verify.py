"""Formal proof of every model: what is proved, and how long it takes, step by step.

Compiles each model as ``lgn2hdl synth`` does by default, and proves it as ``lgn2hdl verify`` does,
each in a process of its own. ``passes`` is the proof of lowering and pruning, pass by pass;
``mapped`` that of the encoder and of the LUTs that ABC made; the rest is the head and the Verilog,
reading it included. With ``--synthesized`` the Verilog is the netlist that Yosys makes of it for a
Xilinx device, each cell as Yosys models it; ``Yosys`` is the time that this takes.

    python benchmarks/verify.py [--models models/mnist.lgn ...] [--time-limit 600] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from cpu_baseline.report import markdown, number

from lgn2hdl.base.files import write_atomically
from lgn2hdl.compiler.flow import compile_network
from lgn2hdl.hdl.emit import emit_verilog
from lgn2hdl.model import file as model_file
from lgn2hdl.targets.devices import find_device
from lgn2hdl.verify.design import verify_design
from lgn2hdl.verify.proofs.report import Report, Verdict
from lgn2hdl.verify.readers.reader import read_text
from lgn2hdl.verify.readers.synthesized import synthesized
from lgn2hdl.verify.readers.yosys_reader import read_with_yosys

ROOT = Path(__file__).resolve().parents[1]
DEVICE = "xcup"
GROUPS = ("passes", "mapped", "popcount", "argmax", "Verilog")


@dataclass(frozen=True)
class Row:
    """Figures of a model; seconds of each group of parts, in the order of :data:`GROUPS`."""

    model: str
    nodes: int
    luts: int
    merged: int
    compile_seconds: float
    synthesis_seconds: float | None
    group_seconds: tuple[float, ...]
    seconds: float
    peak_megabytes: float
    verdict: str
    not_proved: tuple[str, ...]


def group_of(part: str) -> str:
    """The group that a part's time counts in."""
    if part.startswith("Verilog"):
        return "Verilog"
    if part in ("encoder", "core: mapped"):
        return "mapped"
    return "passes" if part.startswith("core") else part


def merged(report: Report) -> int:
    """Gates that the solver has proven equal to another one, in the passes' netlists."""
    words = [part.detail.replace(",", "").split() for part in report.parts if "SAT" in part.detail]
    return sum(int(text[text.index("merged") - 1]) for text in words if "merged" in text)


def measure(path: Path, time_limit: float | None, synthesis: bool) -> Row:
    """Compile, emit, perhaps synthesize, and prove one model."""
    network = model_file.load(path)
    began = time.perf_counter()
    design = compile_network(network).design
    files = emit_verilog(design, "top")
    compiled = time.perf_counter() - began
    reader, synthesis_seconds = read_text, None
    if synthesis:
        began = time.perf_counter()
        files = {"netlist.v": synthesized(files, "top", find_device(DEVICE), "netlist")}
        reader, synthesis_seconds = read_with_yosys, time.perf_counter() - began
    report = verify_design(network, design, files, time_limit=time_limit, reader=reader)
    seconds = dict.fromkeys(GROUPS, 0.0)
    for part in report.parts:
        seconds[group_of(part.name)] += part.seconds
    return Row(
        model=path.stem,
        nodes=network.n_nodes,
        luts=sum(design.luts().values()),
        merged=merged(report),
        compile_seconds=compiled,
        synthesis_seconds=synthesis_seconds,
        group_seconds=tuple(seconds.values()),
        seconds=report.seconds,
        peak_megabytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        verdict=report.verdict.value,
        not_proved=tuple(p.name for p in report.parts if p.verdict is not Verdict.PROVED),
    )


def times(row: Row) -> tuple[float, ...]:
    """Seconds of compiling, of synthesis if there was any, and of the groups of parts."""
    synthesis = () if row.synthesis_seconds is None else (row.synthesis_seconds,)
    return (row.compile_seconds, *synthesis, *row.group_seconds)


def table(rows: list[Row]) -> str:
    """All rows as Markdown."""
    header = ("model", "nodes", "LUTs", "merged by SAT", "compile, s")
    header += ("Yosys, s",) if any(row.synthesis_seconds is not None for row in rows) else ()
    header += (*(f"{name}, s" for name in GROUPS), "proof, s", "peak MB", "verdict")
    return markdown(
        header,
        [
            [
                row.model,
                f"{row.nodes:,}",
                f"{row.luts:,}",
                f"{row.merged:,}",
                *(number(value) for value in times(row)),
                number(row.seconds),
                f"{row.peak_megabytes:.0f}",
                ", ".join([row.verdict, *row.not_proved]),
            ]
            for row in rows
        ],
    )


def main() -> None:
    """Read the options, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=Path, nargs="+", help="default: all in models/")
    parser.add_argument("--synthesized", action="store_true", help="prove what Yosys makes of it")
    parser.add_argument("--time-limit", type=float, default=600.0, help="seconds for each proof")
    parser.add_argument("--json", type=Path, help="write all figures to this file as well")
    options = parser.parse_args()
    rows = []
    for path in options.models or sorted((ROOT / "models").glob("*.lgn")):
        print(path.name, file=sys.stderr, flush=True)
        work = measure, path, options.time_limit, options.synthesized
        with ProcessPoolExecutor(1) as own_process:  # its memory is its own
            rows.append(own_process.submit(*work).result())
    print(table(rows))
    if options.json:
        text = json.dumps([asdict(row) for row in rows], indent=1)
        write_atomically(options.json, text.encode())
    if any(row.verdict == Verdict.DIFFERENT.value for row in rows):
        raise SystemExit("a difference was found; see 'lgn2hdl verify'")


if __name__ == "__main__":
    main()
