"""Packets through every interface in simulation: none lost, doubled, out of order or wrong.

Usage: python benchmarks/interfaces.py [--packets N]

Small designs behind valid/ready and AXI4-Stream, side by side in one simulation: beats from 8 bits
to more than a sample, with and without clock enable, from both emitters. Senders pause, receivers
are not ready, clock edges are not enabled, packets are short or long, and resets come in the middle
of packets; of the streams a part runs between the models of cocotbext-axi. Every result is compared
with the golden model's. Then broken modules take their place, and each has to be found out. Last,
the modules around the pipeline are proved, and every broken one has to be refused, or shown to be
wrong in clock cycles that Verilator repeats on the text. Ends with 1 if anything is wrong.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from interface_matrix import (  # noqa: E402 (it is the tests' own)
    FAULTS,
    PATTERNS,
    Entry,
    Matrix,
    Outcome,
    entries,
    mutant_entries,
    run_matrix,
)

from lgn2hdl.compiler.interface_choice import Kind  # noqa: E402
from lgn2hdl.hdl.interface import stream_layout  # noqa: E402
from lgn2hdl.hdl.interface_verilog import interface_verilog  # noqa: E402
from lgn2hdl.verify.interface.proof import prove_interface  # noqa: E402
from lgn2hdl.verify.interface.replay import replay_trace  # noqa: E402
from lgn2hdl.verify.proofs.report import Verdict  # noqa: E402
from lgn2hdl.verify.readers.cells import HardwareError  # noqa: E402

COUNTS = ("packets", "models", "results", "bad", "dropped", "cycles")
HEADER = (
    "design", "interface", "clock enable", "beats", "packets", "of them with cocotbext-axi",
    "results, all right", "short or long", "lost to resets", "clock cycles",
)  # fmt: skip


def row(entry: Entry, counts: dict[str, int]) -> list[str]:
    """One line of the table."""
    interface, beats = entry.interface, "1"
    if interface.kind is Kind.STREAM:
        layout = stream_layout(entry.design, interface)
        beats = f"{layout.beats} of {layout.beat_bits} bits"
    enable = "yes" if interface.clock_enable else "no"
    numbers = [f"{counts[name]:,}" for name in COUNTS]
    return [entry.name, interface.kind.value, enable, beats, *numbers]


def print_table(designs: tuple[Entry, ...], outcome: Outcome) -> None:
    """The counts of every design, and their sums."""
    print("| " + " | ".join(HEADER) + " |")
    print("|" + "---|" * len(HEADER))
    for entry in designs:
        print("| " + " | ".join(row(entry, outcome.counts[entry.name])) + " |")
    sums = [f"{sum(item[name] for item in outcome.counts.values()):,}" for name in COUNTS]
    print("| " + " | ".join(["all", "", "", "", *sums]) + " |")


def proved_verdicts(designs: tuple[Entry, ...]) -> Counter[str]:
    """How many modules around a pipeline the proof gives each verdict."""
    verdicts: Counter[str] = Counter()
    for entry in designs:
        text = interface_verilog(
            entry.design, entry.name, f"{entry.name}_pipeline", entry.interface
        )
        files = {"top.v": text if entry.change is None else entry.change(text)}
        try:
            known = prove_interface(entry.design, entry.interface, files, entry.name)
            verdicts[known.part.verdict.value] += 1
            if known.trace is not None:
                pipeline, instance = f"{entry.name}_pipeline", known.product.instance
                given = (known.product.want, known.trace, files, entry.name, pipeline, instance)
                verdicts["replayed"] += replay_trace(*given).verdict is Verdict.DIFFERENT
        except HardwareError:
            verdicts["refused"] += 1
    return verdicts


def print_proofs(designs: tuple[Entry, ...]) -> None:
    """Prove, print, judge."""
    right, wrong = proved_verdicts(designs), proved_verdicts(mutant_entries())
    print(f"Proved by verify: {right['proved']} of {len(designs)}")
    print(
        f"Broken modules: {wrong['different']} shown to be wrong in clock cycles "
        f"({wrong['replayed']} of them by Verilator too), "
        f"{wrong['refused']} refused, {wrong['proved'] + wrong['not proved']} neither"
    )
    if right["proved"] < len(designs) or wrong["proved"] or wrong["not proved"]:
        sys.exit("FAIL: the proof missed something")


def main() -> None:
    """Simulate, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--packets", type=int, default=110_000, help="about so many")
    options = parser.parse_args()
    designs = entries()
    each = max(40, options.packets // (10 * len(designs)))
    matrix = Matrix(designs, mutant_entries(), PATTERNS, driven=each, modelled=each)
    with tempfile.TemporaryDirectory(prefix="lgn2hdl-interfaces-") as name:
        outcome = run_matrix(matrix, Path(name) / "all")
    if outcome.tests != 2 or outcome.failures:
        sys.exit("FAIL: a result was lost, doubled, out of order or wrong; the log says which")
    print_table(designs, outcome)
    print(f"\nBroken modules found out: {len(outcome.found)} of {len(FAULTS)}")
    if len(outcome.found) < len(FAULTS):
        sys.exit("FAIL: a broken module was not found out")
    print_proofs(designs)


if __name__ == "__main__":
    main()
