"""Flip-flops for one to four LUT levels per stage: the fewest, and two ways without a program.

Usage: python benchmarks/registers.py [--levels 1 2 3 4] [MODEL ...]

For the circuit that ``synth`` makes for UltraScale+ (core as trained, pruned): registers placed by
the linear program, everything as early as possible, and each part (encoder, core, popcount, argmax)
pipelined for itself with registers behind it. Data path only; no tool is needed.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from lgn2hdl.compiler.flow import Compiled, compile_network, rescheduled
from lgn2hdl.compiler.recipe import Recipe
from lgn2hdl.ir.retiming import as_soon_as_possible
from lgn2hdl.model import file as model_file

MODELS = Path(__file__).resolve().parents[1] / "models"
CHOSEN = ("digits", "mnist-300lut6", "mnist-420lut6", "mnist-620lut6", "mnist", "mnist-8000",
          "mnist-48000fixed", "adult-1280", "drybean-84lut6")  # fmt: skip


def row(name: str, compiled: Compiled, levels: int) -> str:
    """One line of the table."""
    began = time.perf_counter()
    design = rescheduled(compiled, levels).design
    seconds = time.perf_counter() - began
    circuit = design.circuit
    early = as_soon_as_possible(circuit.netlist, circuit.clusters, levels)
    fewest = int(design.stages.registers.sum())
    naive = design.naive_flip_flops()
    apart = sum(naive.values()) - naive["control"]
    return (
        f"| {name} | {levels} | {design.latency} | {fewest:,} | {int(early.registers.sum()):,} "
        f"| {naive['control']} | {apart:,} | {fewest / apart:.0%} | {seconds:.1f} s |"
    )


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = [MODELS / f"{name}.lgn" for name in CHOSEN]
    parser.add_argument("models", type=Path, nargs="*", default=default)
    parser.add_argument("--levels", type=int, nargs="+", default=[1, 2, 3, 4])
    chosen = parser.parse_args()
    print("| model | levels | latency | fewest | as early as possible | latency, part by part "
          "| part by part | fewest of part by part | program |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|")
    for model in chosen.models:
        compiled = compile_network(model_file.load(model), Recipe(effort="none"))
        for levels in chosen.levels:
            print(row(model.stem, compiled, levels), flush=True)


if __name__ == "__main__":
    main()
