"""From model file to proven Verilog, measured: gates, latency, LUTs by part, times.

Usage: python benchmarks/hardware.py [MODEL ...]   (default: every file in models/)

Prints Markdown tables. The simulation row runs the folder's own test bench with Verilator, build
included.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import lgn2hdl

MODELS = Path(__file__).resolve().parents[1] / "models"


def measure(model: Path, folder: Path) -> dict[str, str]:
    """Figures of one model, by row title."""
    network = lgn2hdl.load(model)
    began = time.perf_counter()
    project = lgn2hdl.compile(model)
    project.write(folder)
    total = time.perf_counter() - began
    compiled, area = project.compiled, project.report.counted
    design = compiled.design
    row = {
        "test accuracy, hard": f"{network.card['metrics']['test_hard_accuracy']:.2%}",
        "gates trained": f"{compiled.lowered.n_gates:,}",
        "gates pruned": f"{compiled.pruned.n_gates:,}",
        "latency, cycles": str(design.latency),
        "flip-flops": f"{sum(design.flip_flops().values()):,}",
        "flip-flops, part by part": f"{sum(design.naive_flip_flops().values()):,}",
    }
    for part in design.parts:
        row[f"LUT6 {part}"] = f"{area.parts[part].lut:,}"
    row["LUT6 all in"] = f"{area.total.lut:,}"
    row["Verilog written in"] = f"{project.verilog_seconds:.1f} s"
    row["synth in all, with Yosys"] = f"{total:.1f} s"
    return row | simulate(folder)


def simulate(folder: Path) -> dict[str, str]:
    """Build and simulation times as the test bench prints them."""
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "sim/run_sim.py"], cwd=folder, capture_output=True, text=True
    )
    seconds = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(f"the simulation of {folder} failed:\n{done.stdout}{done.stderr}")
    build = re.search(r"built with \w+ in ([\d.]+) s", done.stdout)
    rate = re.search(r"back to back, (\d+) vectors/s", done.stdout)
    assert build, done.stdout
    assert rate, done.stdout
    return {
        "simulation build": f"{build[1]} s",
        "simulation, vectors per second": f"{int(rate[1]):,}",
        "simulation in all": f"{seconds:.1f} s",
    }


def pass_table(model: Path) -> str:
    """Gates before and after each pass, as a Markdown table."""
    from lgn2hdl.compiler.flow import compile_network

    lines = ["| round | pass | gates before | gates after | ms |", "|---|---|---|---|---|"]
    for r in compile_network(lgn2hdl.load(model)).records:
        lines.append(
            f"| {r.round} | {r.name} | {r.gates_before:,} | {r.gates_after:,} "
            f"| {1000 * r.seconds:.1f} |"
        )
    return "\n".join(lines)


def main(models: list[Path]) -> None:
    """Measure all models and print the tables."""
    rows = {}
    for model in models:
        with tempfile.TemporaryDirectory() as folder:
            rows[model.name] = measure(model, Path(folder) / "design")
    print("|  |" + "|".join(rows) + "|\n" + "|---" * (len(rows) + 1) + "|")
    for title in next(iter(rows.values())):
        print(f"| {title} |" + "|".join(row[title] for row in rows.values()) + "|")
    for model in models:
        print(f"\n{model.name}:\n\n{pass_table(model)}")


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]] or sorted(MODELS.glob("*.lgn")))
