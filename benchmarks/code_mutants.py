"""Do the tests test? One-line mutants of the package's own code, each against its module's tests.

The mutants (see ``code_edits.py``) are drawn by a seed, as many of every room, at most one of a
line; each is planted in a copy of the tree, never in place. What its tests do not notice is printed
with its difference: it is either no fault at all, or a test is missing. The tests of a module are
those of its name (``passes/wires.py``: ``test_wires.py``, ``test_passes_wires.py``), or those that
``TESTS`` names, or else those that import it. The test that fails must pass on the unchanged copy.

    python benchmarks/code_mutants.py [--count 100] [--seed 0] [--jobs 2] [--rooms verify ...]
    python benchmarks/code_mutants.py --at lgn2hdl/passes/sharing.py:69    # all mutants of a line

Which tests call which function can be recorded once (as long as all tests take, one by one); then
what a module's own tests do not notice is shown to all tests that call the changed function.

    python benchmarks/code_mutants.py --record FILE
    python benchmarks/code_mutants.py --calls FILE [--count 100] ...
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from queue import Queue

import called_functions
import mutant_profile
from code_edits import Edit, edits
from cpu_baseline.report import markdown
from function_callers import Callers, recorded

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "lgn2hdl"

ROOMS: Mapping[str, tuple[str, ...]] = {
    "gates and circuits": (
        "ir/logic.py", "ir/packed.py", "ir/netlist.py", "passes/lower.py", "ir/circuit.py",
        "model/golden.py", "model/corners.py", "tools/bench_format.py", "compiler/accuracy.py",
        "passes/estimate.py",
    ),
    "passes": ("passes/*.py",),
    "observation, pruned heads": ("compiler/observe.py", "compiler/prune_head.py"),
    "arithmetic": ("arithmetic/*.py", "model/head.py", "compiler/assemble.py"),
    "retiming": ("ir/retiming.py", "compiler/schedule.py"),
    "model reading": ("model/network.py", "model/file.py", "base/container.py"),
    "features": ("model/features.py",),
    "data sets": ("datasets/*.py",),
    "discretization": (
        "train/relax/nodes.py", "train/loop/tidy.py", "train/network/forward.py",
        "train/wiring/wires.py", "train/encoder/thermometer.py",
        "train/encoder/learned_thresholds.py", "train/wiring/candidates.py",
        "train/network/network.py", "train/network/heads.py",
    ),
    "training": ("train/**/*.py",),
    "hdl": ("hdl/*.py",),
    "tools and targets": ("tools/*.py", "targets/*.py"),
    "compiler": ("compiler/*.py",),
    "project": ("project/*.py",),
    "verify": ("verify/**/*.py",),
    "certificate checker": ("checker/*.py",),
    "CPU engine": ("cpu/*.py", "tools/native.py"),
    "C kernels": ("train/kernels/*.c", "cpu/*.c", "cpu/*.h"),
    "C export": ("c_export/*.py", "c_export/templates/[!t]*.c"),
    "boards": ("board/*.py",),
    "everything else": ("**/*.py",),
}  # fmt: skip
"""Rooms and their files; a file in two is the first one's. The command line is left out, whose
tests start processes for every word, and so are tests: those that run in a simulator, and those of
exported C."""

LEFT_OUT = ("cli", "sim")

TESTS: Mapping[str, tuple[str, ...]] = {
    "compiler/prune_head.py": ("compiler/test_prune_head_steps.py", "compiler/test_prune_head.py"),
    "compiler/accuracy.py": ("compiler/test_accuracy.py", "compiler/test_observe.py"),
    "arithmetic/argmax.py": ("arithmetic/test_argmax.py", "arithmetic/test_margin.py"),
    "arithmetic/builder.py": ("arithmetic/test_popcount.py", "arithmetic/test_argmax.py"),
    "arithmetic/compression.py": ("arithmetic/test_popcount.py",),
    "arithmetic/cost.py": ("arithmetic/test_popcount.py", "arithmetic/test_argmax.py"),
    "arithmetic/counters.py": ("arithmetic/test_popcount.py",),
    "board/baud.py": ("board/test_boards.py", "board/test_uart.py"),
    "board/folder.py": ("board/test_build.py",),
    "board/identity.py": ("board/test_identity.py",),
    "board/receiver.py": ("board/test_receiver.py", "board/test_protocol.py"),
    "board/protocol.py": ("board/test_identity.py", "board/test_protocol.py"),
    "board/samples.py": ("board/test_identity.py",),
    "board/top.py": ("board/test_top.py",),
    **{
        f"c_export/{name}.py": ("c_export/test_c_prepare.py", f"c_export/{test}")
        for name, test in (
            ("expressions", "test_c_expressions.py"), ("vectors", "test_c_vectors.py"),
        )
    },
    "c_export/filling.py": ("c_export/test_c_folder.py",),
    "c_export/gates.py": ("c_export/test_c_gates.py", "c_export/test_c_export.py"),
    "c_export/head.py": ("c_export/test_c_prepare.py", "c_export/test_c_source.py"),
    "c_export/notes.py": ("c_export/test_c_prepare.py", "c_export/test_c_source.py"),
    "c_export/prepare.py": ("c_export/test_c_prepare.py", "c_export/test_c_source.py"),
    "c_export/templates/*": ("c_export/test_c_export.py",),
    "c_export/templates/model.c": ("c_export/test_c_export.py",),
    **{
        f"checker/{name}.py": (f"checker/test_checker_{name}.py", "checker/test_checker_verilog.py")
        for name in ("expressions", "nets", "text")
    },
    "checker/check.py": ("checker/test_certificate.py",),
    "checker/clauses.py": ("checker/test_checker_clauses.py", "checker/test_checker_graph.py"),
    "checker/polynomial.py": ("checker/test_checker_graph.py", "checker/test_checker_scores.py"),
    "checker/replay.py": ("checker/test_checker_replay.py", "verify/test_certificate_proofs.py"),
    "cpu/builder.c": ("cpu/test_builder.py", "cpu/test_program.py"),
    "cpu/columns.py": ("cpu/test_splits.py",),
    "cpu/decompose.py": ("cpu/test_splits.py",),
    "cpu/encoder.py": ("cpu/test_cpu_encoder.py",),
    "cpu/engine.c": ("cpu/test_engine.py", "cpu/test_engine_c.py"),
    "cpu/engine.h": ("cpu/test_engine.py", "cpu/test_engine_c.py"),
    "cpu/engine.py": ("cpu/test_engine.py", "cpu/test_memory.py"),
    "cpu/four_inputs.py": ("cpu/test_splits.py",),
    "cpu/functions.py": ("cpu/test_splits.py",),
    "cpu/fuse.py": ("cpu/test_three_input.py",),
    "cpu/kernel.h": ("cpu/test_engine.py", "cpu/test_engine_c.py"),
    "datasets/*": (
        "datasets/test_datasets_files.py", "datasets/test_datasets_rows.py",
        "datasets/test_datasets_targets.py", "datasets/test_datasets_parsers.py",
        "datasets/test_datasets_public.py", "datasets/test_datasets_sources.py",
        "datasets/test_datasets_names.py", "datasets/test_datasets_csv.py",
    ),
    "datasets/archives.py": (
        "datasets/test_datasets_archives.py", "datasets/test_datasets_members.py",
    ),
    "datasets/cifar.py": ("datasets/test_datasets_cifar.py",),
    "datasets/members.py": ("datasets/test_datasets_members.py",),
    "datasets/rdata.py": ("datasets/test_datasets_rdata.py",),
    "datasets/readers.py": (
        "datasets/test_datasets_parsers.py", "datasets/test_datasets_public.py",
        "datasets/test_datasets_cifar.py", "datasets/test_datasets_row_sets.py",
    ),
    "datasets/row_sets.py": ("datasets/test_datasets_row_sets.py",),
    **{
        f"datasets/{name}.py": (
            "datasets/test_datasets_steps.py", "datasets/test_datasets_csv.py",
            "datasets/test_datasets_files.py",
        )
        for name in ("cells", "csv_columns", "csv_files", "csv_sheet", "csv_split", "notations")
    },
    "datasets/rows.py": ("datasets/test_datasets_rows.py", "datasets/test_datasets_csv.py"),
    "datasets/labels.py": ("datasets/test_datasets_names.py", "datasets/test_datasets_files.py"),
    "datasets/npz_files.py": (
        "datasets/test_datasets_names.py", "datasets/test_datasets_validation.py",
        "datasets/test_datasets_files.py",
    ),
    "datasets/public.py": ("datasets/test_datasets_public.py",),
    "datasets/parsers.py": ("datasets/test_datasets_parsers.py", "datasets/test_datasets_files.py"),
    "datasets/sources.py": (
        "datasets/test_datasets_sources.py", "datasets/test_datasets_public.py",
        "datasets/test_datasets_members.py",
    ),
    "hdl/component.py": ("hdl/test_component.py", "verify/test_yosys_reader.py"),
    "hdl/domain.py": ("hdl/test_component.py",),
    "hdl/interface.py": ("hdl/test_interface.py", "hdl/test_interface_verilog.py"),
    "base/files.py": ("base/test_files_steps.py", "base/test_files.py"),
    "base/interrupts.py": ("base/test_interrupts_steps.py", "base/test_interrupts.py"),
    "base/leash.py": ("base/test_leash_steps.py", "base/test_leash.py"),
    "base/leash_keeper.py": ("base/test_leash_steps.py", "base/test_leash.py"),
    "base/scratch.py": ("base/test_scratch_steps.py", "base/test_scratch.py"),
    "compiler/observe.py": ("compiler/test_observe_steps.py", "compiler/test_observe.py"),
    "compiler/interface_choice.py": ("compiler/test_recipe.py", "hdl/test_interface.py"),
    "api/*": ("api/test_project.py",),
    "datasets/arrays.py": ("train/test_train_call.py",),
    "passes/*": ("passes/test_passes.py",),
    "passes/dont_cares.py": ("passes/test_dont_cares.py",),
    "passes/replacing.py": (
        "passes/test_passes.py", "passes/test_dont_cares.py", "compiler/test_observe.py",
    ),
    "passes/small_cones.py": ("passes/test_dont_cares.py",),
    "project/manifest.py": ("project/test_folder.py",),
    "project/render.py": ("project/test_folder.py",),
    "train/loop/accuracy.py": ("train/test_train_loop.py",),
    "train/loop/card.py": ("train/test_train_loop.py",),
    "train/loop/checkpoint.py": ("train/test_train_resume.py",),
    "train/checks.py": ("train/test_train_config.py",),
    "train/layer_spec.py": ("train/test_train_config.py",),
    "train/relax/kinds.py": ("train/test_train_relaxation.py", "train/test_train_openness.py"),
    "train/wiring/kinds.py": ("train/test_train_openness.py", "train/test_train_wiring.py"),
    "train/kernels/cpu.c": ("train/test_train_kernels.py",),
    "train/loop/optimizer.py": ("train/test_train_loop.py",),
    "train/loop/resampling.py": ("train/test_train_wires.py",),
    "train/running.py": ("train/test_train_call.py",),
    "train/loop/run.py": ("train/test_train_loop.py", "train/test_train_resume.py"),
    "train/sweep/study.py": ("train/test_train_sweep.py",),
    "train/loop/threads.py": ("train/test_train_presets.py",),
    "train/sweep/trials.py": ("train/test_train_sweep.py",),
    "verify/readers/cells.py": ("verify/test_cells.py", "verify/test_reader.py"),
    "verify/certificate/certify.py": (
        "verify/test_certificate_proofs.py", "checker/test_certificate.py",
    ),
    "verify/certificate/heads.py": (
        "verify/test_certificate_proofs.py", "checker/test_certificate.py",
    ),
    "verify/proofs/circuit_proof.py": ("verify/test_design.py",),
    "verify/sat/cone.py": ("verify/test_sweep.py", "verify/test_solver.py"),
    "verify/proofs/core_proof.py": ("verify/test_core_proof.py", "verify/test_design.py"),
    "verify/sat/deadline.py": ("verify/test_reference.py", "verify/test_design.py"),
    "verify/differential/engines.py": ("verify/test_differential.py",),
    "verify/readers/grammar.py": ("verify/test_one_meaning.py",),
    "verify/proofs/head_proof.py": ("verify/test_design.py",),
    "verify/interface/proof.py": (
        "verify/test_interface_names.py", "verify/test_interface_proof.py",
    ),
    "verify/readers/items.py": ("verify/test_items.py", "verify/test_hardware.py"),
    "verify/proofs/latency_proof.py": ("verify/test_design.py",),
    "verify/proofs/replay.py": ("verify/test_replay.py", "verify/test_design.py"),
    "verify/proofs/report.py": ("verify/test_verify_report.py",),
    "verify/proofs/session.py": ("verify/test_design.py",),
    "verify/differential/simulation.py": ("verify/test_differential_rtl.py",),
    "verify/readers/synthesized.py": ("verify/test_differential_rtl.py",),
    "verify/readers/tokens.py": ("verify/test_reader.py",),
    "verify/readers/valid.py": ("verify/test_hardware.py",),
    "verify/differential/vectors.py": ("verify/test_vector_table.py",),
    "verify/proofs/verilog_proof.py": ("verify/test_design.py",),
    "verify/readers/yosys_reader.py": ("verify/test_yosys_reader.py", "verify/test_reader.py"),
}  # fmt: skip
"""Tests of modules that have none of their name, or not only these; the most exact first."""


LIBRARIES = (
    "numpy", "scipy.sparse", "scipy.optimize", "hypothesis.extra.numpy", "jinja2", "click",
    "amaranth.sim", "amaranth.back.rtlil", "_hypothesis_pytestplugin", "torch",
)  # fmt: skip
"""What tests take long to import: it is imported once."""

WAITING = 20
"""Tests that sleep are stopped after so many times the processor time that they may take."""


class Outcome(Enum):
    """What the tests say of a mutant."""

    KILLED = "killed"
    TIMED_OUT = "never ended"
    ALIVE = "alive"
    VOID = "no verdict"


@dataclass(frozen=True)
class Mutant:
    """A file of the package with one change.

    Attributes:
        room: room of the file.
        path: the file, from the root.
        edit: the change.
    """

    room: str
    path: str
    edit: Edit

    @property
    def place(self) -> str:
        """File and line."""
        return f"{self.path}:{self.edit.line}"


def rooms() -> dict[str, list[str]]:
    """Files of every room, from the root, each in the first room that names it."""
    taken: dict[str, str] = {}
    for room, globs in ROOMS.items():
        for path in (path for glob in globs for path in (ROOT / PACKAGE).glob(glob)):
            if path.relative_to(ROOT / PACKAGE).parts[0] not in LEFT_OUT:
                taken.setdefault(path.relative_to(ROOT).as_posix(), room)
    return {room: sorted(path for path in taken if taken[path] == room) for room in ROOMS}


def own_tests(path: str) -> list[str]:
    """Test files of a module, from the root, the most exact first."""
    name = path.removeprefix(f"{PACKAGE}/")
    folder, _, file_name = name.rpartition("/")
    if name in TESTS:
        return [f"tests/{test}" for test in TESTS[name]]
    stem = file_name.rpartition(".")[0]
    room, _, inner = folder.partition("/")
    prefixes = ("", f"{room.removesuffix('_export')}_", f"{room}_", f"{inner}_")
    mirrored = [
        f"tests/{place}test_{prefix}{stem}.py"
        for place in (f"{room}/" if room else "", "")
        for prefix in prefixes
    ]
    found = [test for test in dict.fromkeys(mirrored) if (ROOT / test).is_file()]
    return found or [f"tests/{test}" for test in TESTS.get(f"{folder}/*", ())] or importing(path)


def importing(path: str) -> list[str]:
    """Test files that name a module, from the root; at most two, the shortest ones."""
    dotted = re.compile(re.escape(path.removesuffix(".py").replace("/", ".")) + r"\b")
    found = [
        test for test in (ROOT / "tests").rglob("test_*.py") if dotted.search(test.read_text())
    ]
    found.sort(key=lambda test: (test.stat().st_size, test))
    return [test.relative_to(ROOT).as_posix() for test in found[:2]]


def mutants_of(room: str, path: str) -> list[Mutant]:
    """All mutants of a file; none if it has no tests."""
    if not own_tests(path):
        return []
    return [Mutant(room, path, edit) for edit in edits(path, (ROOT / path).read_text())]


def drawn(names: Iterable[str], count: int, seed: int) -> list[Mutant]:
    """So many mutants, as many of every room as of any other, no two of a line."""
    shuffled = []
    for room in names:
        mutants = [mutant for path in rooms()[room] for mutant in mutants_of(room, path)]
        generator = random.Random(f"{seed} {room}")
        generator.shuffle(mutants)
        one_of_a_line = list({mutant.place: mutant for mutant in mutants}.values())
        generator.shuffle(one_of_a_line)  # (or lines with few mutants would come first)
        shuffled.append(one_of_a_line)
    chosen: list[Mutant] = []
    while len(chosen) < count and any(shuffled):
        for mutants in shuffled:
            if mutants and len(chosen) < count:
                chosen.append(mutants.pop())
    return chosen


def at_place(place: str) -> list[Mutant]:
    """All mutants of a line, given as FILE:LINE."""
    path, _, line = place.rpartition(":")
    room = next(room for room, paths in rooms().items() if path in paths)
    return [mutant for mutant in mutants_of(room, path) if mutant.edit.line == int(line)]


def tree() -> list[str]:
    """Files of the working tree, from the root; none that git ignores."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.check_output(command, cwd=ROOT, text=True).split("\0")
    return [name for name in names if (ROOT / name).is_file()]


class Copy:
    """A copy of the tree, in which mutants are planted and taken out again."""

    def __init__(self, folder: Path, callers: Callers | None = None) -> None:
        self.root, self.callers = folder / "tree", callers or recorded(None)
        for name in tree():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, self.root / name)
        self.environment = {
            **os.environ,
            "PYTHONPATH": f"{self.root}{os.pathsep}{Path(__file__).parent}",
            "PYTHONDONTWRITEBYTECODE": "1",  # a mutant may be as long, and as old, as the original
            "XDG_CACHE_HOME": str(folder / "cache"),  # no compiled mutant outlives the run
            "TMPDIR": str(folder / "tmp"),
        }
        (folder / "tmp").mkdir()
        self._known: dict[tuple[str, ...], bool] = {}
        self._process: subprocess.Popen[bytes] | None = None

    def judged(self, mutant: Mutant, limit: int) -> tuple[Outcome, str]:
        """What the tests say of a mutant, and the first one that failed.

        Those of its module are asked first, then those that call the changed function. There is no
        verdict where the test that fails does so on unchanged code, too, nor where the tests take
        more than half of the limit there.

        Args:
            mutant: the mutant.
            limit: seconds of processor time after which the tests are stopped.
        """
        own = own_tests(mutant.path)
        file = self.root / mutant.path
        original = file.read_text()
        others = self.callers.of(mutant.path, original, mutant.edit.line, own)
        file.write_text(mutant.edit.applied(original))
        try:
            tests, (code, output) = own, self._pytest(own, limit)
            if code == 0 and others:
                tests, (code, output) = others, self._pytest(others, limit)
        finally:
            file.write_text(original)
        if code == -signal.SIGXCPU or code == -signal.SIGKILL or code is None:
            ends = self._passes(tuple(tests), limit // 2)
            return Outcome.TIMED_OUT if ends else Outcome.VOID, f"after {limit} s"
        if code == 0:
            return Outcome.ALIVE, ""
        failed = failed_test(output)
        sound = all(self._is_sound(test) for test in ([failed] if failed else tests))
        outcome = Outcome.KILLED if sound else Outcome.VOID
        return outcome, failed or output.strip().splitlines()[-1][:100]

    def record(self, file: Path, limit: int) -> None:
        """Write which functions every test calls; each file of tests is stopped after ``limit``."""
        self.environment[called_functions.OUTPUT] = str(file.resolve())
        for test in sorted((self.root / "tests").rglob("test_*.py")):
            name = test.relative_to(self.root).as_posix()
            code, _ = self._pytest([name], limit, ("-p", "called_functions"))
            print(f"{name}: {'recorded' if code == 0 else f'exit code {code}'}", flush=True)

    def _is_sound(self, test: str) -> bool:
        """Whether a test passes on the unchanged tree, or a whole file can be read there."""
        return self._passes((test, *["--collect-only"] * ("::" not in test)))

    def _passes(self, tests: tuple[str, ...], limit: int | None = None) -> bool:
        """Whether tests pass on the unchanged tree, within the limit."""
        if tests not in self._known:
            self._known[tests] = self._pytest(list(tests), limit)[0] == 0
        return self._known[tests]

    def _pytest(
        self, tests: list[str], limit: int | None = None, options: Iterable[str] = ()
    ) -> tuple[int | None, str]:
        """Exit code, None where the tests waited too long, and output. No child process stays."""
        environment = dict(self.environment)
        if limit is not None:
            environment[mutant_profile.SECONDS] = str(limit)
        arguments = ["-x", "-q", "-p", "no:cacheprovider", "--tb=no", "-p", "mutant_profile",
                     f"--hypothesis-profile={mutant_profile.PROFILE}", "--hypothesis-seed=0",
                     *options, *tests]  # fmt: skip
        output = self.root.with_name("output")
        server = self._server()
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(json.dumps([arguments, environment, str(output)]).encode() + b"\n")
        process = int(server.stdout.readline())
        try:
            answered, _, _ = select.select([server.stdout], [], [], limit and WAITING * limit)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process, signal.SIGKILL)
        code = int(server.stdout.readline())
        return code if answered else None, output.read_text(errors="replace")

    def _server(self) -> subprocess.Popen[bytes]:
        """The process that runs tests; a new one where there is none."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("warm_pytest.py")), *LIBRARIES],
                cwd=self.root, env=self.environment, start_new_session=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0,
            )  # fmt: skip
        return self._process

    def close(self) -> None:
        """End the process that runs tests."""
        if self._process is not None:
            with self._process as process:
                process.kill()
            self._process = None


def failed_test(output: str) -> str | None:
    """The first test that failed, or file that could not be read, of what pytest printed."""
    for line in output.splitlines():
        if line.startswith(("FAILED ", "ERROR ")):
            return line.partition(" ")[2].partition(" - ")[0]
    return None


def judged_by_many(
    mutants: list[Mutant], jobs: int, limit: int, callers: Callers
) -> Iterator[tuple[Mutant, Outcome, str]]:
    """Judge mutants in so many copies at a time, in order."""
    with (
        tempfile.TemporaryDirectory(prefix="code-mutants-") as name,
        contextlib.ExitStack() as stack,
        ThreadPoolExecutor(jobs) as pool,
    ):
        copies: Queue[Copy] = Queue()
        for number in range(jobs):
            folder = Path(name) / str(number)
            folder.mkdir()
            copies.put(stack.enter_context(contextlib.closing(Copy(folder, callers))))

        def judge(mutant: Mutant) -> tuple[Outcome, str]:
            copy = copies.get()
            try:
                return copy.judged(mutant, limit)
            finally:
                copies.put(copy)

        for mutant, (outcome, why) in zip(mutants, pool.map(judge, mutants), strict=True):
            yield mutant, outcome, why


def table(results: list[tuple[Mutant, Outcome]]) -> str:
    """A row for each room, and one for all."""
    rows = []
    names = [room for room in ROOMS if any(mutant.room == room for mutant, _ in results)]
    for room in [*names, "all"]:
        own = [outcome for mutant, outcome in results if room in (mutant.room, "all")]
        counts = [sum(outcome is each for outcome in own) for each in Outcome]
        rows.append([room, str(len(own)), *map(str, counts)])
    return markdown(["room", "mutants", *(outcome.value for outcome in Outcome)], rows)


def main() -> None:
    """Print every mutant as it is judged, those alive with their difference, and the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rooms", nargs="+", choices=list(ROOMS), default=list(ROOMS))
    parser.add_argument("--jobs", type=int, default=1, help="copies that are tested at a time")
    parser.add_argument("--limit", type=int, default=150, help="processor seconds of a mutant")
    parser.add_argument("--at", nargs="+", metavar="FILE:LINE", help="all mutants of these lines")
    parser.add_argument(
        "--record", type=Path, metavar="FILE", help="only write which test calls what"
    )
    parser.add_argument("--calls", type=Path, metavar="FILE", help="what --record wrote")
    arguments = parser.parse_args()
    if arguments.record:
        with (
            tempfile.TemporaryDirectory(prefix="code-mutants-") as name,
            contextlib.closing(Copy(Path(name))) as copy,
        ):
            copy.record(arguments.record, 2 * arguments.limit)
        return
    untested = [
        path
        for room in arguments.rooms
        for path in rooms()[room]
        if not own_tests(path) and edits(path, (ROOT / path).read_text())
    ]
    if arguments.at:
        mutants = [mutant for place in arguments.at for mutant in at_place(place)]
    else:
        mutants = drawn(arguments.rooms, arguments.count, arguments.seed)
    texts = {mutant.path: (ROOT / mutant.path).read_text() for mutant in mutants}
    results = []
    callers = recorded(arguments.calls)
    for mutant, outcome, why in judged_by_many(mutants, arguments.jobs, arguments.limit, callers):
        results.append((mutant, outcome))
        print(f"{outcome.value}: {mutant.place}, {mutant.edit.kind}; {why}", flush=True)
        if outcome is Outcome.ALIVE:
            print(mutant.edit.diff(texts[mutant.path]), flush=True)
    print()
    print(table(results))
    if untested:
        print(f"\nNo mutants were made of modules that no test names: {', '.join(untested)}")


if __name__ == "__main__":
    main()
