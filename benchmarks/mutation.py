"""Does the proof find faults? Random ones, one at a time, in the Verilog of several models.

Kinds of faults: a truth table's bit is flipped; two pins of a gate, or bits of an adder's operand,
are exchanged; a register is bypassed; a threshold is one higher or lower; two classes are
exchanged; equal scores go to the later class, in all comparisons or in some. The first three change
the text, the others what it is made from: their Verilog is that of another design, of which
``verify`` knows nothing.

``different`` counts the faults for which verify printed an input, or a stream of inputs, that gives
another result, or a latency that is wrong; each input is tried again here. What verify proved equal
to the model is tried on many samples (of models with few input bits on all), and a single
difference ends the run with an error. The score is the part of the faults that are not equal to the
model that was found; it is 100 % only if nothing was left undecided.

    python benchmarks/mutation.py [--models models/monk2.lgn ...] [--each 100] [--json FILE]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from unittest import mock

import numpy as np
from cpu_baseline.report import markdown

from lgn2hdl.arithmetic import argmax
from lgn2hdl.arithmetic.builder import negated
from lgn2hdl.base.files import write_atomically
from lgn2hdl.compiler.flow import compile_network
from lgn2hdl.compiler.schedule import Design
from lgn2hdl.hdl.emit import emit_verilog
from lgn2hdl.hdl.ports import result_ports
from lgn2hdl.ir import packed
from lgn2hdl.model import file as model_file
from lgn2hdl.model.features import Integers
from lgn2hdl.model.golden import feature_bits
from lgn2hdl.model.network import LogicNet
from lgn2hdl.verify.design import Verifier
from lgn2hdl.verify.differential import mutants
from lgn2hdl.verify.proofs.reference import random_samples, samples_of
from lgn2hdl.verify.proofs.replay import Golden
from lgn2hdl.verify.proofs.report import Counterexample, Report, Verdict
from lgn2hdl.verify.readers.hardware import Hardware, build
from lgn2hdl.verify.readers.reader import read_text
from lgn2hdl.verify.readers.stream import simulate

ROOT = Path(__file__).resolve().parents[1]
MODELS = tuple(ROOT / "models" / f"{name}.lgn" for name in ("monk2", "digits", "mnist-420lut6"))
TOP = "top"

FEW_BITS = 16
"""Bits of ``x`` up to which all samples are tried."""

SAMPLES = 1 << 14
"""Samples that are tried of other models."""

TIME_LIMIT = 120.0
"""Seconds for one fault."""

REPETITIONS = 10
"""Designs in a row that were there before."""

Files = Mapping[str, str]

TEXT_FAULTS = {
    "table bit": mutants.flipped_table_bits,
    "fan-ins": mutants.swapped_fan_ins,
    "register": mutants.dropped_registers,
}
NETWORK_FAULTS = {"threshold": mutants.changed_thresholds, "classes": mutants.swapped_classes}
TIE_RULE = "tie rule"
KINDS = (*TEXT_FAULTS, *NETWORK_FAULTS, TIE_RULE)


@dataclass(frozen=True)
class Row:
    """What came out for a model and a kind of fault."""

    model: str
    kind: str
    mutants: int
    different: int
    equivalent: int
    undecided: int
    seconds: float


class Subject:
    """A model whose design is proved, and the samples that proofs are held against."""

    def __init__(self, path: Path) -> None:
        self.name = path.stem
        self.network = model_file.load(path)
        self.design = compile_network(self.network).design
        self.files = emit_verilog(self.design, TOP)
        self.verifier = Verifier(self.network, self.design)
        if self.verifier.verify(self.files).verdict is not Verdict.PROVED:
            raise SystemExit(f"{path}: not proved as it is; see 'lgn2hdl verify {path}'")
        self.golden = Golden(self.design)
        self.samples = some_samples(self.network)
        self.expected = self.golden.results(self.samples)

    def hardware(self, files: Files) -> Hardware:
        """The Verilog as a graph, as far as it is read."""
        widths = {port.name: port.width for port in result_ports(self.design.head)}
        n_inputs = self.design.circuit.netlist.n_inputs
        return build(read_text(files, TOP), n_inputs, widths)

    def judged(self, files: Files) -> Verdict:
        """What verify says of a fault, after looking whether that is true.

        Raises:
            SystemExit: if it is not.
        """
        self.verifier.restart(TIME_LIMIT)
        report = self.verifier.verify(files)
        if report.verdict is Verdict.PROVED:
            place = self.golden.mismatch(self.hardware(files).netlist, self.samples, self.expected)
            if place is not None:
                sample = self.samples[place].tolist()
                raise SystemExit(f"{self.name}: proved, but wrong for the features {sample}")
        if report.verdict is Verdict.DIFFERENT and not self._shown(files, report):
            raise SystemExit(f"{self.name}: called different, but nothing shows it: {report.parts}")
        return report.verdict

    def _shown(self, files: Files, report: Report) -> bool:
        """Whether the counterexample gives what it says, or the latency is wrong."""
        if report.counterexample is None:
            wrong = {part.name for part in report.parts if part.verdict is Verdict.DIFFERENT}
            return wrong == {"Verilog: latency"}
        given = self._replayed(self.hardware(files), report.counterexample)
        return any(
            given[name] != report.counterexample.expected[name]
            for name in report.counterexample.actual
        )

    def _replayed(self, hardware: Hardware, example: Counterexample) -> dict[str, int]:
        """Results for the counterexample: of its last cycle if it is a stream."""
        rows = np.array(example.stream or [example.features], self.network.features.dtype)
        if not example.stream:
            again = self.golden.counterexample("", hardware.netlist, rows)
            return {**again.expected, **again.actual}
        ports = [port.name for port in result_ports(self.design.head)]
        bits = feature_bits(self.network.features, rows)
        x = np.stack([packed.pack(bits[:, [cycle]]) for cycle in range(len(rows))])
        last = simulate(hardware, ports, x)[-1]
        return self.golden.decoded(packed.unpack(last, 1)[:, 0])


def some_samples(network: LogicNet) -> Integers:
    """All samples of a model with few input bits, else many random ones."""
    n_bits = int(network.features.width.sum())
    if n_bits > FEW_BITS:
        return random_samples(network, SAMPLES, seed=7)
    bits = (np.arange(1 << n_bits) >> np.arange(n_bits)[:, None] & 1).astype(np.bool_)
    samples = samples_of(network.features, bits)
    return samples[(samples <= network.features.highest).all(axis=1)]


def text_faults(subject: Subject, kind: str, number: int, rng: np.random.Generator) -> list[Files]:
    """Random changes of the text."""
    found = mutants.edits_of(subject.files, TEXT_FAULTS[kind])
    chosen = rng.permutation(len(found))[:number]
    return [mutants.with_edit(subject.files, *found[place]) for place in chosen]


def network_faults(
    subject: Subject, kind: str, number: int, rng: np.random.Generator
) -> Iterator[Files]:
    """Verilog of the designs of random changes of the network."""
    found = list(NETWORK_FAULTS[kind](subject.network))
    for place in rng.permutation(len(found))[:number]:
        yield emit_verilog(compile_network(found[place][1]).design, TOP)


def tie_faults(subject: Subject, number: int, rng: np.random.Generator) -> Iterator[Files]:
    """Verilog of designs in which a draw goes to the later class: always, or now and then.

    There are few such designs where there are few classes: repetitions are left out, and end it.
    """
    seen = {json.dumps(subject.files)}
    share, repeated = 1.0, 0
    while len(seen) <= number and repeated < REPETITIONS:
        files = emit_verilog(with_wrong_ties(subject, share, rng), TOP)
        text = json.dumps(files)
        repeated = repeated + 1 if text in seen else 0
        if not repeated:
            seen.add(text)
            yield files
        share = rng.uniform(0.02, 0.7)


def with_wrong_ties(subject: Subject, share: float, rng: np.random.Generator) -> Design:
    """The design, compiled by an argmax some of whose comparisons are strict."""
    right = argmax._at_least

    def at_least(builder, a, b, comparison):  # type: ignore[no-untyped-def]
        if rng.random() < share:
            return negated(right(builder, b, a, comparison))
        return right(builder, a, b, comparison)

    with mock.patch.object(argmax, "_at_least", at_least):
        return compile_network(subject.network).design


def measure(subject: Subject, kind: str, number: int, seed: int) -> Row:
    """Make and judge the faults of a kind."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    if kind in TEXT_FAULTS:
        found: Iterator[Files] = iter(text_faults(subject, kind, number, rng))
    elif kind in NETWORK_FAULTS:
        found = network_faults(subject, kind, number, rng)
    else:
        found = tie_faults(subject, number, rng)
    counts: Counter[Verdict] = Counter()
    spent = 0.0
    for files in found:
        began = time.perf_counter()
        counts[subject.judged(files)] += 1
        spent += time.perf_counter() - began
        print(f"\r{subject.name}, {kind}: {counts.total()} ", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return Row(
        subject.name,
        kind,
        counts.total(),
        counts[Verdict.DIFFERENT],
        counts[Verdict.PROVED],
        counts[Verdict.NOT_PROVED],
        spent / max(1, counts.total()),
    )


def table(rows: list[Row]) -> str:
    """All rows and their sum, as Markdown."""
    header = ("model", "fault", "mutants", "different", "equivalent", "undecided", "score", "s")
    total = Row(
        "all",
        "",
        *(
            sum(getattr(row, name) for row in rows)
            for name in ("mutants", "different", "equivalent", "undecided")
        ),
        sum(row.seconds * row.mutants for row in rows) / max(1, sum(row.mutants for row in rows)),
    )
    return markdown(header, [cells(row) for row in [*rows, total]])


def cells(row: Row) -> list[str]:
    """A row as text."""
    decisive = row.different + row.undecided
    score = f"{row.different / decisive:.1%}" if decisive else "-"
    numbers = (row.mutants, row.different, row.equivalent, row.undecided)
    return [row.model, row.kind, *map(str, numbers), score, f"{row.seconds:.2f}"]


def main() -> None:
    """Read the options, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=Path, nargs="+", default=list(MODELS))
    parser.add_argument("--each", type=int, default=100, help="faults of a kind, at most")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="write all figures to this file as well")
    options = parser.parse_args()
    rows = []
    for path in options.models:
        subject = Subject(path)
        rows += [measure(subject, kind, options.each, options.seed) for kind in options.kinds]
    print(table(rows))
    if options.json:
        text = json.dumps([asdict(row) for row in rows], indent=1)
        write_atomically(options.json, text.encode())
    if any(row.undecided for row in rows):
        raise SystemExit("some faults were left undecided")


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
