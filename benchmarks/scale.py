"""Time and memory by size: pruning and mapping of random layered networks of two-input gates.

Every size runs in a process of its own, so that its peak memory is its own; ABC's, which runs in a
child process, is counted apart. Seconds are CPU time, so that other work on the machine matters
less. Prints a Markdown table and draws the cost per gate.

    python benchmarks/scale.py --gates 10000 100000 1000000 --prune-only 10000000 60000000
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from passes import layered

from lgn2hdl.compiler.mapping import FAST, map_luts
from lgn2hdl.passes import prune

LAYERS, INPUTS, K = 6, 10_000, 6
PLOT = Path(__file__).with_suffix(".png")


@dataclass(frozen=True)
class Measurement:
    """One size.

    Attributes:
        gates: gates of the network.
        pruned: gates left after pruning.
        rounds: rounds of the pruning passes.
        prune_seconds: CPU time of all rounds.
        luts: LUT6 after mapping, or None if it was not mapped.
        map_seconds: CPU time of mapping, ABC included.
        peak_mb: most memory of this process, in megabytes, the network's generation included.
        abc_mb: most memory of the process that ABC runs in.
    """

    gates: int
    pruned: int
    rounds: int
    prune_seconds: float
    luts: int | None = None
    map_seconds: float | None = None
    peak_mb: float = 0.0
    abc_mb: float | None = None


def cpu_seconds() -> float:
    """CPU time of this process and of the finished ones that it started."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def measure(gates: int, mapped: bool, verbose: bool = False) -> Measurement:
    """Prune, and map if asked, one random network in this process."""
    netlist = layered(gates, LAYERS, 2, INPUTS, seed=0)
    start = cpu_seconds()
    pruned, records = prune(netlist)
    prune_seconds = cpu_seconds() - start
    if verbose:
        for record in records:
            print(record.name, record.gates_after, f"{record.seconds:.1f} s", file=sys.stderr)
    del netlist
    luts = map_seconds = abc_mb = None
    if mapped:
        start = cpu_seconds()
        _, report = map_luts(pruned, K, FAST)
        luts, map_seconds = report.luts_after, cpu_seconds() - start
        abc_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    return Measurement(
        gates, pruned.n_gates, records[-1].round, prune_seconds, luts, map_seconds, peak_mb, abc_mb
    )


def measure_apart(gates: int, mapped: bool) -> Measurement:
    """:func:`measure` in a process of its own."""
    command = [sys.executable, __file__, "--one", str(gates), *(["--map"] if mapped else [])]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Measurement(**json.loads(done.stdout))


def row(item: Measurement) -> str:
    """One line of the table."""
    cells = [f"{item.gates:,}", f"{item.pruned:,}", str(item.rounds), f"{item.prune_seconds:.1f}"]
    cells += [f"{1e6 * item.prune_seconds / item.gates:.2f}", f"{item.peak_mb:,.0f}"]
    if item.luts is None or item.map_seconds is None or item.abc_mb is None:
        cells += [""] * 4
    else:
        per_gate = 1e6 * item.map_seconds / item.pruned
        cells += [f"{item.luts:,}", f"{item.map_seconds:.1f}", f"{per_gate:.0f}"]
        cells += [f"{item.abc_mb:,.0f}"]
    return "| " + " | ".join(cells) + " |"


def draw(items: list[Measurement], path: Path) -> None:
    """Cost per gate against size: time on the left, memory on the right."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 4), layout="constrained")
    gates = [item.gates for item in items]
    left.plot(gates, [1e6 * item.prune_seconds / item.gates for item in items], "o-")
    right.plot(gates, [1e6 * item.peak_mb / item.gates for item in items], "o-")
    mapped = [item for item in items if item.map_seconds is not None]
    sizes = [item.gates for item in mapped]
    left.plot(sizes, [1e6 * (item.map_seconds or 0) / item.pruned for item in mapped], "s-")
    right.plot(sizes, [1e6 * (item.abc_mb or 0) / item.pruned for item in mapped], "s-")
    left.set_ylabel("CPU microseconds per gate")
    right.set_ylabel("bytes of peak memory per gate")
    for axes in (left, right):
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("gates of the random network")
        axes.grid(alpha=0.3)
        axes.legend(["fold, share, sweep", "LUT6 by ABC (per gate that it gets)"])
    figure.savefig(path, dpi=120, metadata={"Software": None})


def main() -> None:
    """Read the options, print the table and draw the plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gates", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--prune-only", type=int, nargs="*", default=[10_000_000, 60_000_000])
    parser.add_argument("--plot", type=Path, default=PLOT)
    parser.add_argument("--one", type=int, help="measure this size only and print it as JSON")
    parser.add_argument("--map", action="store_true", help="with --one: map as well")
    parser.add_argument("--known", type=Path, help="file of lines that --one printed before")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(asdict(measure(options.one, options.map, verbose=True))))
        return
    print(
        "| gates | after pruning | rounds | CPU s | us a gate | peak MB "
        "| LUT6 | CPU s | us a gate | ABC's peak MB |"
    )
    print("|" + "---|" * 10)
    lines = options.known.read_text().splitlines() if options.known else []
    known = {item.gates: item for item in (Measurement(**json.loads(line)) for line in lines)}
    items = []
    for gates in sorted({*options.gates, *options.prune_only}):
        items.append(known.get(gates) or measure_apart(gates, gates in options.gates))
        print(row(items[-1]), flush=True)
    draw(items, options.plot)


if __name__ == "__main__":
    main()
