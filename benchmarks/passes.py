"""Time and memory of the netlist passes on random layered networks.

Prints a Markdown table: one row per pass and round. ``--memory`` measures peak memory as well, in
a second run, so that the times stay honest.

    python benchmarks/passes.py --gates 100000 1000000
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from lgn2hdl.ir import logic
from lgn2hdl.ir.netlist import Netlist, depth
from lgn2hdl.passes import PassRecord, prune


def layered(n_gates: int, n_layers: int, fan_in: int, n_inputs: int, seed: int) -> Netlist:
    """Equal layers with random wiring and uniformly random tables, as an untrained network has."""
    rng = np.random.default_rng(seed)
    width = n_gates // n_layers
    fanins, below, available = [], 1, n_inputs
    for _ in range(n_layers):
        fanins.append(rng.integers(below, below + available, (width, fan_in), dtype=np.int32))
        below, available = below + available, width
    dtype = logic.table_dtype(fan_in)
    return Netlist(
        n_inputs=n_inputs,
        fanin=np.concatenate(fanins),
        table=rng.integers(
            0, logic.all_ones(fan_in), n_layers * width, dtype=np.uint64, endpoint=True
        ).astype(dtype),
        outputs=np.arange(below, below + width, dtype=np.int32),
        origin=np.arange(n_layers * width, dtype=np.int32),
    )


def row(record: PassRecord, peak_bytes: int | None) -> str:
    """One line of the table."""
    peak = "" if peak_bytes is None else f"{peak_bytes / 1e6:,.0f}"
    return (
        f"| {record.round} | {record.name} | {record.gates_before:,} | {record.gates_after:,} "
        f"| {record.depth_before} | {record.depth_after} | {record.seconds:.3f} | {peak} |"
    )


def report(netlist: Netlist, memory: bool) -> None:
    """Print the table of one netlist."""
    start = time.perf_counter()
    pruned, records = prune(netlist)
    seconds = time.perf_counter() - start
    peaks: list[int | None] = [None] * len(records)
    if memory:
        peaks = [record.peak_bytes for record in prune(netlist, measure_memory=True)[1]]
    print("| round | pass | gates before | after | depth before | after | seconds | peak MB |")
    print("|---|---|---|---|---|---|---|---|")
    for record, peak in zip(records, peaks, strict=True):
        print(row(record, peak))
    print(
        f"\n{netlist.n_gates:,} gates become {pruned.n_gates:,}, depth {depth(netlist)} becomes "
        f"{depth(pruned)}, in {seconds:.2f} s ({records[-1].round} rounds).\n"
    )


def main() -> None:
    """Read the options and print a table for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gates", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--fan-in", type=int, default=2)
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--memory", action="store_true", help="measure peak memory as well")
    options = parser.parse_args()
    for gates in options.gates:
        print(f"### {gates:,} gates, fan-in {options.fan_in}, {options.layers} layers\n")
        report(
            layered(gates, options.layers, options.fan_in, options.inputs, options.seed),
            options.memory,
        )


if __name__ == "__main__":
    main()
