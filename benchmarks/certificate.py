"""Certificates: their size, and the time that it takes to write them and to check them.

Compiles each model as ``lgn2hdl synth --emitter text`` does, proves it, writes the certificate, and
checks it with ``python -m lgn2hdl.checker``'s code, each model in a process of its own. Times are
seconds of CPU. *Changed* certificates have one byte, word or line changed, at random: each must be
refused, or prove the same.

    python benchmarks/certificate.py [--models models/digits.lgn ...] [--mutants 40]
"""

from __future__ import annotations

import argparse
import gzip
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from cpu_baseline.report import markdown, number

from lgn2hdl.checker.check import check
from lgn2hdl.checker.graph import CheckError
from lgn2hdl.compiler.flow import compile_network
from lgn2hdl.hdl.emit import emit_verilog
from lgn2hdl.model import file as model_file
from lgn2hdl.verify.design import Verifier

ROOT = Path(__file__).resolve().parents[1]
MODELS = ("digits", "mnist", "mnist-8000")


@dataclass(frozen=True)
class Row:
    """Figures of a model; seconds are seconds of CPU."""

    model: str
    luts: int
    merges: int
    clauses: int
    size: int
    compressed: int
    proof_seconds: float
    write_seconds: float
    check_seconds: float
    refused: int
    same: int


def measure(path: Path, mutants: int) -> Row:
    """Prove one model, write its certificate, check it, and damage it."""
    network = model_file.load(path)
    design = compile_network(network).design
    files = {name: text.encode() for name, text in emit_verilog(design, "top").items()}
    model = path.read_bytes()
    times = [time.process_time()]
    verifier = Verifier(network, design)
    report = verifier.verify(files)
    times.append(time.process_time())
    certificate = verifier.certificate(model, files)
    times.append(time.process_time())
    said = check(certificate, model, files)
    times.append(time.process_time())
    outcomes = Counter(
        outcome(mutant, model, files, said)
        for mutant in mutations(certificate.decode(), mutants, random.Random(0))
    )
    words = Counter(line.split(" ")[0] for line in certificate.decode().split("\n"))
    print(path.stem, report.verdict.value, file=sys.stderr)
    return Row(
        path.stem,
        sum(design.luts().values()),
        words["equal"],
        words["clause"],
        len(certificate),
        len(gzip.compress(certificate, mtime=0)),
        *(later - earlier for earlier, later in pairwise(times)),
        outcomes["refused"],
        outcomes["same"],
    )


def outcome(certificate: str, model: bytes, files: dict[str, bytes], said: list[str]) -> str:
    """What becomes of a changed certificate.

    Raises:
        SystemExit: if it proves something else.
    """
    try:
        again = check(certificate.encode("latin-1"), model, files)
    except CheckError:
        return "refused"
    if again != said:
        raise SystemExit("a changed certificate proves something else")
    return "same"


def mutations(text: str, count: int, rng: random.Random) -> Iterator[str]:
    """Certificates with one byte, word or line changed."""
    lines = text.split("\n")
    for number_of in range(count):
        kind = number_of % 4
        if kind == 0:
            place = rng.randrange(len(text))
            yield text[:place] + chr(ord(text[place]) ^ 1 << rng.randrange(7)) + text[place + 1 :]
            continue
        place = rng.randrange(len(lines) - 1)
        if kind == 1:
            yield "\n".join(lines[:place] + lines[place + 1 :])
        elif kind == 2:
            swapped = [lines[place + 1], lines[place]]
            yield "\n".join([*lines[:place], *swapped, *lines[place + 2 :]])
        else:
            words = lines[place].split(" ")
            at = rng.randrange(len(words))
            words[at] = rng.choice(lines[rng.randrange(len(lines))].split(" "))
            yield "\n".join([*lines[:place], " ".join(words), *lines[place + 1 :]])


def table(rows: list[Row]) -> str:
    """All rows as Markdown."""
    header = ("model", "LUTs", "merged nodes", "clauses", "bytes", "bytes, gzip", "proof, s",
              "writing, s", "checking, s", "changed: refused", "changed: same claim")  # fmt: skip
    return markdown(
        header,
        [
            [
                row.model,
                *(f"{count:,}" for count in (row.luts, row.merges, row.clauses)),
                *(f"{count:,}" for count in (row.size, row.compressed)),
                *map(number, (row.proof_seconds, row.write_seconds, row.check_seconds)),
                str(row.refused),
                str(row.same),
            ]
            for row in rows
        ],
    )


def main() -> None:
    """Read the options, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    defaults = [ROOT / "models" / f"{name}.lgn" for name in MODELS]
    parser.add_argument("--models", type=Path, nargs="+", default=defaults)
    parser.add_argument("--mutants", type=int, default=12, help="changed certificates of each")
    options = parser.parse_args()
    rows = []
    for path in options.models:
        with ProcessPoolExecutor(1) as own_process:
            rows.append(own_process.submit(measure, path, options.mutants).result())
    print(table(rows))


if __name__ == "__main__":
    main()
