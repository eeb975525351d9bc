"""Scheduling and Verilog emission against the number of gates.

Usage: python benchmarks/emission.py [--gates N ...] [--amaranth-below N]

Random two-input networks of five layers, pruned, with encoder, popcount and argmax around them. One
process a row, so that the memory is that row's: peak resident memory of all steps together.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time

import numpy as np

from lgn2hdl.arithmetic.resources import Resources
from lgn2hdl.compiler.assemble import assemble
from lgn2hdl.compiler.recipe import Emitter
from lgn2hdl.compiler.schedule import schedule
from lgn2hdl.hdl.emit import emit_verilog
from lgn2hdl.model.features import integer_features
from lgn2hdl.model.heads.group_sum import contiguous_groups
from lgn2hdl.model.layers.lut import Lut
from lgn2hdl.model.network import LogicNet, Thermometer
from lgn2hdl.passes import prune
from lgn2hdl.passes.lower import lower

LAYERS = 5
N_CLASSES = 10
N_FEATURES = 1000
SIZES = [10_000, 50_000, 200_000, 1_000_000]


def random_network(n_gates: int) -> LogicNet:
    """A network of :data:`LAYERS` layers whose gates all depend on both pins."""
    rng = np.random.default_rng(0)
    width = n_gates // LAYERS // N_CLASSES * N_CLASSES
    tables = np.array([1, 2, 4, 6, 7, 8, 9, 11, 13, 14], np.uint8)
    layers, available = [], N_FEATURES
    for _ in range(LAYERS):
        fanin = rng.integers(0, available, (width, 2))
        layers.append(Lut(fanin, rng.choice(tables, width)))
        available = width
    return LogicNet(
        features=integer_features(N_FEATURES, 8),
        encoder=Thermometer(np.arange(N_FEATURES), np.full(N_FEATURES, 128)),
        layers=tuple(layers),
        head=contiguous_groups(width, N_CLASSES, 1.0),
        class_names=tuple(map(str, range(N_CLASSES))),
        card={},
    )


def measure(n_gates: int, amaranth: bool) -> dict[str, float]:
    """Seconds of every step, sizes, and peak memory of this process."""
    network = random_network(n_gates)
    began = time.perf_counter()
    core, _ = prune(lower(network))
    pruned = time.perf_counter()
    circuit, head = assemble(network, core, Resources(6, True, absorbs_addend=True))
    assembled = time.perf_counter()
    design = schedule(network, circuit, head, levels_per_stage=2)
    scheduled = time.perf_counter()
    size = sum(map(len, emit_verilog(design, "top").values()))
    emitted = time.perf_counter()
    row = {
        "gates": network.n_nodes,
        "nodes": circuit.netlist.n_gates,
        "prune": pruned - began,
        "assemble": assembled - pruned,
        "schedule": scheduled - assembled,
        "fewest": design.stages.minimal,
        "text": emitted - scheduled,
        "megabytes": size / 1e6,
    }
    if amaranth:
        emit_verilog(design, "top", Emitter.AMARANTH)
        row["amaranth"] = time.perf_counter() - emitted
    row["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return row


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gates", type=int, nargs="+", default=SIZES)
    parser.add_argument("--amaranth-below", type=int, default=20_000)
    parser.add_argument("--one", type=int, help="measure one size and print JSON")
    options = parser.parse_args()
    if options.one is not None:
        print(json.dumps(measure(options.one, options.one < options.amaranth_below)))
        return
    print("| gates | nodes emitted | prune | encoder and head | schedule | fewest registers "
          "| Verilog text | by Amaranth | text | peak memory |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|---|")
    for n_gates in options.gates:
        command = [sys.executable, __file__, "--one", str(n_gates)]
        command += ["--amaranth-below", str(options.amaranth_below)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        row = json.loads(done.stdout)
        amaranth = f"{row['amaranth']:.1f} s" if "amaranth" in row else "not run"
        print(
            f"| {row['gates']:,} | {row['nodes']:,} | {row['prune']:.1f} s "
            f"| {row['assemble']:.1f} s | {row['schedule']:.1f} s "
            f"| {'yes' if row['fewest'] else 'not proven'} | {row['text']:.1f} s | {amaranth} "
            f"| {row['megabytes']:.0f} MB | {row['memory']:.2f} GB |",
            flush=True,
        )


if __name__ == "__main__":
    main()
