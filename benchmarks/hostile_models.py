"""Model files with valid checksums and hostile content, through all that opens a model.

Usage: python benchmarks/hostile_models.py [--files 20000] [--seed 0] [--processes 1]

Each file is loaded: refused in one line, or accepted. What is accepted must come back from a new
file unchanged; the CPU engine, built with AddressSanitizer and UndefinedBehaviorSanitizer, must
give the golden model's results with every instruction set that the processor has; every fourth is
compiled (pruned, scheduled, written as Verilog and as a folder) and the circuit must give the same
results; every eighth is written as C; of every 200th the C is compiled and run with the sanitizers.
Prints a line for each kind of file. Children do the work, so that a crash has a file; a file that
takes more than 10 s of processor time counts as a hang. Ends with 1 if anything is wrong.
"""

from __future__ import annotations

import argparse
import collections
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from hostile_files import KINDS, hostile_file

from lgn2hdl.base.errors import Lgn2HdlError, OptionError
from lgn2hdl.c_export.folder import c_files
from lgn2hdl.c_export.prepare import c_model
from lgn2hdl.c_export.vectors import vector_rows
from lgn2hdl.compiler.flow import compile_network
from lgn2hdl.compiler.recipe import Recipe
from lgn2hdl.cpu import Engine, library, supported
from lgn2hdl.hdl.emit import emit_verilog
from lgn2hdl.ir import packed
from lgn2hdl.ir.netlist import evaluate
from lgn2hdl.model import file as model_file
from lgn2hdl.model import golden
from lgn2hdl.model.features import Integers
from lgn2hdl.model.heads.bits import Bits
from lgn2hdl.model.network import LogicNet
from lgn2hdl.model.vectors import Vectors
from lgn2hdl.project.folder import FolderContent, folder_files
from lgn2hdl.tools import native

SECONDS = 10
BATCH = 250
LONGEST_LINE = 1000
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
OUTCOMES = ("refused", "accepted", "crash", "hang", "difference")


class DifferenceError(Exception):
    """Two engines do not agree."""


def same(what: str, first: object, second: object) -> None:
    """Raise DifferenceError unless two arrays or texts are equal."""
    if not np.array_equal(np.asarray(first), np.asarray(second)):
        raise DifferenceError(what)


def rows_of(network: LogicNet, rng: np.random.Generator, n: int = 70) -> Integers:
    """Integer features: random, all lowest, all highest."""
    highest = network.features.highest
    rows = rng.integers(0, highest + 1, (n, len(highest)))
    rows[0], rows[1] = 0, highest
    return rows.astype(network.features.dtype)


def check(path: Path, number: int) -> str:
    """Open a file in every way; ``refused`` or ``accepted``.

    Raises:
        DifferenceError: if two ways do not agree.
    """
    try:
        network = model_file.load(path)
    except Lgn2HdlError as error:
        line = str(error)
        if not line.isprintable() or len(line) > LONGEST_LINE:
            raise ValueError(f"a message that is no line: {line[:200]!r}") from None
        return "refused"
    rng = np.random.default_rng(number)
    again = path.with_suffix(".again")
    model_file.save(network, again)
    first = again.read_bytes()
    model_file.save(model_file.load(again), again)
    same("a file written again", first == again.read_bytes(), True)
    rows = rows_of(network, rng)
    check_features(network, rng)
    check_engine(network, rows)
    if number % 4 == 0:
        check_circuit(network, rows, rng, path.name)
    if number % 8 == 0:
        check_c(network, path.parent / "c", runs=number % 200 == 0)
    return "accepted"


def check_features(network: LogicNet, rng: np.random.Generator) -> None:
    """Raw values of every size give integers inside of the features' ranges."""
    values = [0.0, -0.0, 1.0, -1.0, 0.5, 1e308, -1e308, 5e-324, 65535.0, 2.0**53]
    raw = rng.choice(values, (20, network.features.n_columns))
    integers = network.features.integers(raw).astype(np.int64)
    same("a feature's range", integers, np.clip(integers, 0, network.features.highest))


def check_engine(network: LogicNet, rows: Integers) -> None:
    """Every instruction set gives the golden model's results, from rows and from packed bits."""
    words, wanted = network.encoder.encode(rows), network.decisions(rows)
    engine = Engine(network)
    for name in supported():
        engine.instruction_set = name  # (the program is the same for all)
        same(f"{name}: results", engine.predict(rows), wanted)
        same(f"{name}: packed", engine.predict_packed(words, len(rows)), wanted)
        if not isinstance(network.head, Bits):
            same(f"{name}: scores", engine.scores(rows), network.scores(rows))


def check_circuit(network: LogicNet, rows: Integers, rng: np.random.Generator, name: str) -> None:
    """The compiled circuit gives the golden model's bits; all of its files can be written."""
    outputs = ["class"]
    if not isinstance(network.head, Bits):
        outputs += ["scores"] * (rng.random() < 0.7) + ["margin"] * (rng.random() < 0.5)
    device = str(rng.choice(["xcup", "ecp5-25k", "generic"]))
    recipe = Recipe(device=device, effort="none", outputs=tuple(outputs))
    compiled = compile_network(network, recipe)
    design = compiled.design
    inputs = packed.pack(golden.feature_bits(network.features, rows))
    found = packed.unpack(evaluate(design.circuit.netlist, inputs), len(rows))
    wanted = golden.result_bits(network, design.head, network.outputs(rows))
    same("circuit", found, np.concatenate(list(wanted.values())))
    verilog = emit_verilog(design, "top")
    same("Verilog", all(text.isascii() for text in verilog.values()), True)
    content = FolderContent(
        design, "top", "0" * 64, verilog, Vectors(rows, "random"), 0, None, model_file=name
    )
    for text in folder_files(content).values():
        text.encode()


def check_c(network: LogicNet, folder: Path, *, runs: bool) -> None:
    """The exported C; ``runs``: compiled with the sanitizers, it passes its self-test."""
    try:
        model = c_model(network, "net", 32, "0" * 64)
    except OptionError:
        return
    files = c_files(model, vector_rows(network, model.logic, 20, 0))
    if not runs:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_bytes(text.encode())
    sources = [str(folder / name) for name in ("model.c", "test_model.c")]
    command = ["gcc", "-std=c99", "-w", *SANITIZERS, "-o", str(folder / "test"), *sources]
    plain = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    subprocess.run(command, check=True, capture_output=True, env=plain)
    done = subprocess.run([str(folder / "test")], capture_output=True, env=plain)
    same("exported C", done.returncode, 0)


# ---- children ----


def child(first: int, last: int, seed: int, folder: Path) -> None:
    """Open files, and print after the number of each what came of it."""
    use_sanitized(folder)
    path = Path(tempfile.mkdtemp(dir=folder)) / "hostile.lgn"
    for number in range(first, last):
        kind, data = hostile_file(number, seed)
        path.write_bytes(data)
        print(number, kind, sep="\t", end="\t", flush=True)
        signal.setitimer(signal.ITIMER_PROF, SECONDS)  # ends the process, whatever it does
        try:
            outcome, detail = check(path, number), ""
        except DifferenceError as error:
            outcome, detail = "difference", str(error)
        except Exception:
            outcome, detail = "crash", repr(traceback.format_exc()[-1500:])
        signal.setitimer(signal.ITIMER_PROF, 0)
        print(outcome, detail, sep="\t", flush=True)
    print("memory", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10, sep="\t", flush=True)


def use_sanitized(folder: Path) -> None:
    """From now on the engine's C is what :func:`build` has compiled."""

    def load(source: Path, **_: object) -> object:
        import ctypes

        return ctypes.CDLL(str(folder / f"{source.stem}.so"))

    native.load_or_raise = load  # type: ignore[assignment]
    library.engine.cache_clear()
    library.builder.cache_clear()


def build(folder: Path) -> None:
    """The engine's C as shared libraries with the sanitizers."""
    sources = Path(library.__file__).parent
    for name in ("engine", "builder"):
        command = ["gcc", "-g", "-shared", "-fPIC", *SANITIZERS]
        target = ["-o", str(folder / f"{name}.so"), str(sources / f"{name}.c")]
        subprocess.run([*command, *target], check=True)


def environment() -> dict[str, str]:
    """What a Python that loads such libraries needs."""
    paths = [
        subprocess.run(
            ["gcc", f"-print-file-name={name}"], capture_output=True, text=True, check=True
        ).stdout.strip()
        for name in ("libasan.so", "libubsan.so")
    ]
    return {
        **os.environ,
        "LD_PRELOAD": " ".join(paths),
        "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1",
        "OPENBLAS_NUM_THREADS": "1",
    }


Result = tuple[int, str, str, str]
"""Number of a file, its kind, the outcome, and what else there is to say."""


def run_batch(first: int, last: int, seed: int, folder: Path) -> tuple[list[Result], int]:
    """Results of the files from ``first`` to ``last``, and the most MiB that a child took."""
    results: list[Result] = []
    memory = 0
    while first < last:
        command = [sys.executable, __file__, "--child", str(first), str(last)]
        command += ["--seed", str(seed), "--folder", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, env=environment())
        for line in done.stdout.splitlines():
            fields = line.split("\t")
            if fields[0] == "memory":
                memory = int(fields[1])
                continue
            number, kind, *rest = fields
            if rest in ([""], []):  # the child ended here
                outcome = "hang" if done.returncode == -signal.SIGPROF else "crash"
                rest = [outcome, f"exit code {done.returncode}: {done.stderr[-2000:]!r}"]
            results.append((int(number), kind, rest[0], rest[1]))
        if not results or results[-1][0] < first:
            raise RuntimeError(f"the child did nothing: {done.stderr[-2000:]}")
        first = results[-1][0] + 1
    return results, memory


@contextmanager
def work_folder() -> Iterator[Path]:
    """A folder with the libraries."""
    with tempfile.TemporaryDirectory() as name:
        build(Path(name))
        yield Path(name)


def run_all(
    n_files: int, seed: int, processes: int, say: Callable[[str], None]
) -> tuple[dict[str, collections.Counter[str]], int]:
    """Outcomes by kind, and the most MiB that a child took."""
    counts = {kind: collections.Counter[str]() for kind in KINDS}
    memory = 0
    starts = range(0, n_files, BATCH)
    with work_folder() as folder, ThreadPoolExecutor(processes) as pool:
        jobs = pool.map(
            lambda first: run_batch(first, min(first + BATCH, n_files), seed, folder), starts
        )
        for results, most in jobs:
            memory = max(memory, most)
            for number, kind, outcome, detail in results:
                counts[kind][outcome] += 1
                if outcome not in ("refused", "accepted"):
                    say(f"file {number} ({kind}): {outcome}: {detail}")
    return counts, memory


def table(counts: dict[str, collections.Counter[str]]) -> list[str]:
    """A line for each kind, and one for all."""
    lines = [
        "| kind | files | refused | accepted | crashes | hangs | differences |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    total = collections.Counter[str]()
    for found in counts.values():
        total.update(found)
    for kind, found in [*counts.items(), ("all", total)]:
        cells = [sum(found.values()), *(found[outcome] for outcome in OUTCOMES)]
        lines.append(f"| {kind} | " + " | ".join(f"{cell:,}" for cell in cells) + " |")
    return lines


def main() -> int:
    """Run everything, or be a child."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--child", type=int, nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        child(*chosen.child, chosen.seed, chosen.folder)
        return 0
    counts, memory = run_all(
        chosen.files, chosen.seed, chosen.processes, lambda line: print(line, file=sys.stderr)
    )
    print("\n".join(table(counts)))
    print(f"\nMost memory of a child, sanitizers included: {memory:,} MiB.")
    wrong = sum(found[outcome] for found in counts.values() for outcome in OUTCOMES[2:])
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
