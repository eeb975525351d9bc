"""Commands killed at random moments: nothing half-written, no orphan, nothing left behind.

Usage: python benchmarks/kills.py [--rounds N] [--seed N] [--command NAME ...]

Train, synth, sim, sweep and export-c are ended by SIGINT, SIGTERM and SIGKILL in turn, each at a
random moment of its run: drawn evenly from the time that the command takes when it is left alone,
from the moment on that it has taken over the signals (before that it is Python that starts; SIGKILL
comes from the very beginning on). After every kill the outputs have to be whole, the old or the new
ones, and no process may be left that was started by the command, whoever is its parent by then. An
interrupted command says so in its last line, with exit code 130 or 143, and prints no traceback.
After every third kill the command is run to its end: then no hidden or temporary file may be left
beside the outputs, in TMPDIR or in the cache. In the end two writers at a time write one folder.
Ends with 1 if anything is wrong.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from lgn2hdl.base.errors import Lgn2HdlError
from lgn2hdl.c_export.folder import MANIFEST as C_MANIFEST
from lgn2hdl.model import file as model_file
from lgn2hdl.project.manifest import MANIFEST
from lgn2hdl.train.loop import checkpoint

MARKER = "LGN2HDL_KILLED_BY"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
RACE = "race"
WRITERS = 4
"""How often two writers race, for each kind of folder."""

TINY = ("--layers", "80,60", "--steps", "60", "--evaluate-every", "20", "--checkpoint-every", "5")
PATIENCE = 60.0
"""Seconds that orphans are waited for."""


@dataclass
class Place:
    """A folder to work in, and the environment of the commands."""

    folder: Path
    environment: dict[str, str]

    @property
    def temporary(self) -> Path:
        """TMPDIR of the commands."""
        return self.folder / "tmp"


@dataclass
class Victim:
    """A command to be killed.

    Attributes:
        name: of the command.
        arguments: of the command, for the run of a number.
        faults: what is wrong with its outputs.
        outputs: names of what may be in its folder after a whole run.
    """

    name: str
    arguments: Callable[[Path, int], list[str]]
    faults: Callable[[Path], list[str]]
    outputs: tuple[str, ...]


@dataclass
class Counts:
    """What happened to a command."""

    kills: dict[int, int] = field(default_factory=lambda: dict.fromkeys(SIGNALS, 0))
    finished: int = 0
    slowest: float = 0.0
    faults: dict[str, list[str]] = field(
        default_factory=lambda: {"half": [], "orphans": [], "lines": [], "left": []}
    )


def train_arguments(folder: Path, number: int) -> list[str]:
    """Another seed every time; an unfinished run is taken up with its own options."""
    out = folder / "m.lgn"
    resume = (folder / "m.lgn.ckpt").exists()
    seed = json.loads((folder / "seed").read_text()) if resume else number
    (folder / "seed").write_text(json.dumps(seed))
    options = ["--resume"] if resume else []
    return ["train", "--dataset", "digits", "--out", f"{out}", "--seed", f"{seed}", *TINY, *options]


def train_faults(folder: Path) -> list[str]:
    """Models and checkpoints that cannot be read."""
    faults = [fault for path in folder.rglob("*.lgn") for fault in _unreadable(path)]
    for path in folder.glob("*.ckpt"):
        try:
            checkpoint.read(path)
        except Lgn2HdlError as error:
            faults.append(str(error))
    return faults


def _unreadable(path: Path) -> list[str]:
    try:
        model_file.load(path)
    except Lgn2HdlError as error:
        return [str(error)]
    return []


def sweep_arguments(folder: Path, number: int) -> list[str]:
    """One more trial."""
    out = folder / "m.lgn"
    return ["train", "--dataset", "digits", "--out", f"{out}", "--seed", "1", *TINY, "--sweep", "1"]


def sweep_faults(folder: Path) -> list[str]:
    """As for training, and a damaged database."""
    database = folder / "m.lgn.sweep.db"
    if not database.exists():
        return train_faults(folder)
    with sqlite3.connect(database, timeout=60) as connection:
        found = connection.execute("PRAGMA integrity_check").fetchone()[0]
    connection.close()
    return [*train_faults(folder), *([] if found == "ok" else [f"{database}: {found}"])]


def synth_arguments(folder: Path, number: int) -> list[str]:
    """Another number of vectors every time."""
    options = ["--out", str(folder / "rtl"), "--vectors", str(50 + number % 10)]
    return ["synth", str(folder.with_name("model.lgn")), *options]


def export_arguments(folder: Path, number: int) -> list[str]:
    """Another seed of the vectors every time."""
    options = ["--out", str(folder / "c"), "--seed", str(number)]
    return ["export-c", str(folder.with_name("model.lgn")), *options]


def sim_arguments(folder: Path, number: int) -> list[str]:
    """A simulation of a folder that is there."""
    return ["sim", str(folder / "rtl")]


def folder_faults(target: Path, manifest: str) -> list[str]:
    """Files of a folder that are missing or not what its manifest says."""
    if not target.exists():
        return []
    if not (target / manifest).is_file():
        return [f"{target} has no {manifest}"]
    hashes = json.loads((target / manifest).read_text())["sha256"]
    return [
        f"{target / name} is missing or another"
        for name, digest in hashes.items()
        if not (target / name).is_file()
        or hashlib.sha256((target / name).read_bytes()).hexdigest() != digest
    ]


def rtl_faults(folder: Path) -> list[str]:
    """Of an output folder of synth."""
    return folder_faults(folder / "rtl", MANIFEST)


def c_faults(folder: Path) -> list[str]:
    """Of an output folder of export-c."""
    return folder_faults(folder / "c", C_MANIFEST)


SWEPT = ("m.lgn", "m.lgn.front.png", "m.lgn.sweep.db", "m.lgn.trials")
VICTIMS = (
    Victim("train", train_arguments, train_faults, ("m.lgn", "seed")),
    Victim("synth", synth_arguments, rtl_faults, ("rtl",)),
    Victim("sim", sim_arguments, rtl_faults, ("rtl",)),
    Victim("train --sweep", sweep_arguments, sweep_faults, SWEPT),
    Victim("export-c", export_arguments, c_faults, ("c",)),
)


def begin(place: Place, arguments: list[str]) -> subprocess.Popen[bytes]:
    """Start a command; its messages go to a file."""
    with (place.folder / "messages").open("wb") as messages:
        return subprocess.Popen(
            [sys.executable, "-m", "lgn2hdl", *arguments],
            env=place.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=messages,
            start_new_session=True,
        )


def messages_of(place: Place) -> list[str]:
    """Lines that the latest command has printed on stderr."""
    text = (place.folder / "messages").read_text(errors="replace")
    return [line for line in text.splitlines() if line.strip()]


def alone(place: Place, arguments: list[str]) -> float:
    """Run a command to its end; seconds since it listens to signals.

    Raises:
        SystemExit: if it fails.
    """
    process = begin(place, arguments)
    wait_for_handlers(process)
    began = time.monotonic()
    if process.wait():
        lines = "\n".join(messages_of(place))
        sys.exit(f"{' '.join(arguments)} failed with exit code {process.returncode}:\n{lines}")
    return time.monotonic() - began


def wait_for_handlers(process: subprocess.Popen[bytes]) -> None:
    """Wait until a process has a handler for SIGTERM, or has ended."""
    while process.poll() is None:
        status = Path(f"/proc/{process.pid}/status").read_text()
        caught = next((line for line in status.splitlines() if line.startswith("SigCgt:")), "0: 0")
        if int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1:
            return
        time.sleep(0.005)


def of_ours(mark: str) -> set[int]:
    """Living processes with the marker in their environment, whoever is their parent."""
    found = set()
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                marked = mark.encode() in (path / "environ").read_bytes()
                state = (path / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if marked and state not in "ZX":
                found.add(int(path.name))
    return found


def wait_for_orphans(mark: str) -> tuple[float, set[int]]:
    """Seconds until no process of ours is left, and those that do not end."""
    began = time.monotonic()
    while (left := of_ours(mark)) and time.monotonic() - began < PATIENCE:
        time.sleep(0.02)
    return time.monotonic() - began, left


def kill(victim: Victim, place: Place, number: int, delay: float, counts: Counts) -> None:
    """Start a command, end it after a delay, and look at what is there then."""
    sent = SIGNALS[number % len(SIGNALS)]
    work = place.folder / "work"
    process = begin(place, victim.arguments(work, number))
    if sent != signal.SIGKILL:
        wait_for_handlers(process)
    try:
        process.wait(delay)
    except subprocess.TimeoutExpired:
        process.send_signal(sent)
    code = process.wait()
    seconds, orphans = wait_for_orphans(place.environment[MARKER])
    what = f"{victim.name}, {sent.name} after {delay:.2f} s"
    counts.kills[sent] += 1
    counts.finished += code == 0
    counts.slowest = max(counts.slowest, seconds)
    for process_id in orphans:
        counts.faults["orphans"].append(f"{what}: {process_id}")
        os.kill(process_id, signal.SIGKILL)
    counts.faults["half"] += [f"{what}: {fault}" for fault in victim.faults(work)]
    if code:
        wrong = wrong_end(messages_of(place), sent, code)
        counts.faults["lines"] += [f"{what}: {wrong}"] if wrong else []


def wrong_end(lines: list[str], sent: signal.Signals, code: int) -> str:
    """What is wrong with exit code and last line of a command that was ended."""
    if code != (-sent if sent == signal.SIGKILL else 128 + sent):
        return f"exit code {code}: {lines[-1:]}"
    if any("Traceback" in line or "Exception ignored" in line for line in lines):
        return f"a traceback: {lines[-1]}"
    if sent != signal.SIGKILL:
        errors = [line for line in lines if line.startswith("lgn2hdl: error: ")]
        return "" if errors == lines[-1:] else f"not one last line: {lines[-3:]}"
    return ""


def left_behind(victim: Victim, place: Place) -> list[str]:
    """Names of files that no whole run leaves."""
    work = {path.name for path in (place.folder / "work").iterdir()}
    hidden = list(place.folder.rglob(".lgn2hdl-*"))
    temporary = list(place.temporary.iterdir())
    return [*sorted(work - set(victim.outputs)), *map(str, hidden), *map(str, temporary)]


def kill_often(victim: Victim, place: Place, kills: int, rng: random.Random) -> Counts:
    """Kill a command many times, and let it finish after every third."""
    counts, work = Counts(), place.folder / "work"
    work.mkdir()
    if victim.name == "sim":
        alone(place, synth_arguments(work, 0))
    alone(place, victim.arguments(work, 0))  # (fills the caches, which the second does not pay)
    whole = alone(place, victim.arguments(work, 1))
    for number in range(kills):
        kill(victim, place, number, rng.uniform(0, whole), counts)
        if number % len(SIGNALS) == len(SIGNALS) - 1 or number == kills - 1:
            alone(place, victim.arguments(work, number + 2))
            counts.faults["left"] += [f"{victim.name}: {f}" for f in left_behind(victim, place)]
    shutil.rmtree(work)
    return counts


def race(victim: Victim, place: Place, name: str) -> list[str]:
    """Two writers to one folder at the same time: what is wrong afterwards."""
    work, faults = place.folder / "work", []
    work.mkdir()
    for number in range(0, 2 * WRITERS, 2):
        writers = [begin(place, victim.arguments(work, number + own)) for own in (1, 2)]
        codes = [writer.wait() for writer in writers]
        if codes != [0, 0]:
            faults.append(f"{victim.name}: exit codes {codes}")
        faults += victim.faults(work)
        if [path.name for path in work.iterdir()] != [name]:
            faults.append(f"{victim.name}: {sorted(path.name for path in work.iterdir())}")
    shutil.rmtree(work)
    return faults


def print_table(results: dict[str, Counts]) -> None:
    """A line for every command."""
    header = ("command", *(number.name for number in SIGNALS), "of them after its end",
              "half-written", "orphans", "all ended within", "tracebacks or wrong codes",
              "left after the next start")  # fmt: skip
    print("| " + " | ".join(header) + " |")
    print("|" + "---|" * len(header))
    for name, counts in results.items():
        wrong = {kind: len(faults) for kind, faults in counts.faults.items()}
        cells = [*counts.kills.values(), counts.finished, wrong["half"], wrong["orphans"],
                 f"{counts.slowest:.1f} s", wrong["lines"], wrong["left"]]  # fmt: skip
        print(f"| {name} | " + " | ".join(map(str, cells)) + " |")


def main() -> int:
    """Kill, race, and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=13, help="kills of each command")
    parser.add_argument("--seed", type=int, default=0)
    names = [*(victim.name for victim in VICTIMS), RACE]
    parser.add_argument("--command", nargs="*", default=names, choices=names)
    options = parser.parse_args()
    results: dict[str, Counts] = {}
    faults: list[str] = []
    with tempfile.TemporaryDirectory(prefix="kills-") as name:
        folder = Path(name)
        variables = {MARKER: folder.name, "TMPDIR": str(folder / "tmp"),
                     "XDG_CACHE_HOME": str(folder / "cache")}  # fmt: skip
        # (The translated WebAssembly tools are the user's own: to make them takes minutes.)
        variables["YOWASP_CACHE_DIR"] = str(Path.home() / ".cache" / "YoWASP")
        variables["TORCHINDUCTOR_CACHE_DIR"] = str(folder / "cache" / "torch")
        place = Place(folder, {**os.environ, **variables})
        place.temporary.mkdir()
        model = ["train", "--dataset", "digits", "--out", str(folder / "model.lgn"), *TINY]
        alone(place, model)
        for victim in VICTIMS:
            if victim.name in options.command:
                rng = random.Random(f"{options.seed} {victim.name}")
                results[victim.name] = kill_often(victim, place, options.rounds, rng)
        if RACE in options.command:
            for victim, target in ((VICTIMS[1], "rtl"), (VICTIMS[4], "c")):
                faults += race(victim, place, target)
            wins = "one of them won whole" if not faults else "not one of them won whole"
            print(f"{2 * WRITERS} times two writers to one folder: {wins}.\n")
    if results:
        print_table(results)
    for counts in results.values():
        faults += [fault for found in counts.faults.values() for fault in found]
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
