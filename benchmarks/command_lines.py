"""Does a command line break? Hundreds of them, with a hostile value for every option and argument.

Commands, options and their kinds come from the command line itself, so that a new option is tried
without a word here. Each line is one that works, with one or two of its options or arguments given
a value that a person, a script or an attacker might give: numbers that are huge, negative, no
numbers or of another script; names with line breaks, quotes and ``..``; paths that are pipes,
devices, sockets, folders, links in a circle, 300 characters long, damaged, or in a folder that may
not be searched. Each runs in a process of its own with limits on time and memory, permissions bind
it as they bind an ordinary user, and afterwards everything around it is looked at. A line is

* refused: an exit code that is not 0, and exactly one line that begins with ``lgn2hdl: error:``
  (``error:``, where it is of the simulation's own script);
* done: exit code 0, no such line, and what the command promises is there (the model file loads, the
  folder has its manifest, ``--json`` printed JSON, ``predict`` a line a row);
* wrong: anything else. A traceback, no end within the limit, exit code 0 without what was promised,
  something half-written or hidden left behind, a device, a pipe or a file that was replaced.

    python benchmarks/command_lines.py [--lines 600] [--seed 0] [--quick] [--only NUMBER]
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import dataclasses
import io
import itertools
import json
import os
import random
import resource
import shutil
import signal
import socket
import stat
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from cpu_baseline.report import markdown
from python_board import plugged_board

from lgn2hdl.cli import cli, run
from lgn2hdl.cli.streams import prepare_streams
from lgn2hdl.datasets import load_dataset
from lgn2hdl.model import file as model_file

ROOT = Path(__file__).resolve().parents[1]

SECONDS = 300
"""Longest time of a line (a busy machine needs several times what a quiet one does)."""

MEMORY = 6 << 30
"""Bytes that a line may allocate."""

ROWS = 3

BASES: dict[str, tuple[str, ...]] = {
    "train": ("--dataset", "digits", "--out", "out.lgn", "--layers", "20,10", "--steps", "3"),
    "info": ("model.lgn",),
    "synth": ("model.lgn", "--out", "out", "--no-area", "--vectors", "20"),
    "sim": ("model.lgn", "--out", "out", "--simulator", "wheel"),
    "predict": ("model.lgn", "rows.npy"),
    "eval": ("model.lgn", "--dataset", "own.npz"),
    "export-c": ("model.lgn", "--out", "out"),
    "compare": ("model.lgn", "--no-simulate", "--vectors", "10", "--mismatch", "out.json"),
    "verify": ("model.lgn",),
    "host": ("model.lgn", "rows.npy", "--port", "board"),
}
"""Lines that work; ``host`` talks to a board in Python."""

QUICK = ("info", "predict", "eval", "export-c", "host")
"""Commands that take no time."""

Picture = dict[str, tuple[int, int, int, bytes]]
"""What is in a folder: kind, number, device and content by name."""

# fmt: off
WHOLE = ["0", "-1", "1", "3", "2147483648", "99999999999999999999", "\uff11", "1_0", " 2", "1.5",
         ""]
REAL = ["0", "-0.0", "-1", "0.5", "1e9", "1e-300", "1e308", "1e999", "nan", "inf", "\u0663", "",
        "x"]
NUMBERS = ["9" * 5000, "0x10", "true", "+", "--", "\u00bd", "1,5", "1e", "\n"]
TEXTS = ["", " ", "x" * 300, "\n", "a\nb", "../up", "a;touch owned", "$(touch owned)", "module",
         "caf\u00e9", "caf\udce9", "\x1b[31m", "%s%n", "-1", "'\"", "1,2,3", "class,class"]
STORAGES = ["sqlite:///pipe", "sqlite:///zero", "sqlite:///absent/x.db", "sqlite:///folder",
            "sqlite:///text.csv", "postgresql://me:s3cr3t@127.0.0.1:9/x", "://", "mysql://",
            "postgresql://me:p@s3cr3t@h/x", "nosuch://x?password=s3cr3t"]
PATHS = ["", ".", "..", "/", "absent", "absent/er", "empty", "text.csv", "garbage", "half.lgn",
         "huge", "pipe", "socket", "null", "zero", "full", "folder", "closed/x", "closed", "circle",
         "text.csv/x", "n" * 250, "n" * 300, "a\nb", "caf\udce9", "dangling", "protected",
         "link.lgn", "rows.npy", "model.lgn", "/proc/self/mem", "/proc/x", "-"]
# fmt: on
SECRET = "s3cr3t"
ERRORS = ("lgn2hdl: error: ", "error: ")


@dataclass(frozen=True)
class Line:
    """A command line.

    Attributes:
        command: name of the command.
        arguments: all arguments after it.
        changed: what was changed in the line that works, for people.
    """

    command: str
    arguments: tuple[str, ...]
    changed: str


def lines(number: int, seed: int) -> Iterator[Line]:
    """So many command lines; the same ones for the same seed."""
    places = [(name, item) for name, command in cli.commands.items() for item in command.params]
    for index in range(number):
        draw = random.Random(f"{seed}-{index}")
        name, first = places[index % len(places)]
        others = [item for item in cli.commands[name].params if item is not first]
        chosen = [first, *draw.sample(others, draw.choice([0, 0, 1]))]
        yield _changed(name, chosen, draw)


def quick_lines(number: int, seed: int) -> Iterator[Line]:
    """Every path where one may not search; then so many lines of commands that take no time."""
    draw = random.Random(seed)
    for name, command in cli.commands.items():
        for item in command.params:
            if isinstance(item.type, click.Path) and item.name != "data_dir":
                yield _changed(name, [item], draw, ["closed/x", "closed/absent", "closed"])
    kept = (line for line in lines(10**9, seed) if line.command in QUICK)
    yield from itertools.islice(kept, number)


def _changed(
    name: str,
    chosen: list[click.Parameter],
    draw: random.Random,
    choices: list[str] | None = None,
) -> Line:
    arguments, changed = list(BASES[name]), []
    positions = [item for item in cli.commands[name].params if isinstance(item, click.Argument)]
    for item in chosen:
        value = draw.choice(choices or values(item))
        if isinstance(item, click.Argument):
            arguments[positions.index(item)] = value
            # A value such as -1 would be taken for an option.
            if value.startswith("-"):
                arguments = [*arguments[len(positions) :], "--", *arguments[: len(positions)]]
        elif value is FLAG:
            arguments.insert(len(positions), draw.choice([*item.opts, *item.secondary_opts]))
        else:
            arguments += [item.opts[-1], value]
        changed.append(item.name or "")
    return Line(name, tuple(arguments), " ".join(changed))


MANIFESTS = {"synth": "manifest.json", "sim": "manifest.json", "export-c": "c_manifest.json"}

FLAG = "\0flag"
"""Stands for an option without a value."""


def values(item: click.Parameter) -> list[str]:
    """Hostile values for an option or argument, by its kind and its name."""
    kind = item.type
    if isinstance(item, click.Option) and item.is_flag:
        return [FLAG]
    if isinstance(kind, click.types.IntParamType):
        return WHOLE + NUMBERS
    if isinstance(kind, click.types.FloatParamType):
        return REAL + NUMBERS
    if isinstance(kind, click.Choice):
        return [*kind.choices, "", "nope", kind.choices[0].upper() + " ", "x" * 300]
    if isinstance(kind, click.Path):
        return PATHS
    extra = {"storage": STORAGES, "dataset": PATHS, "device": PATHS}
    return TEXTS + extra.get(item.name or "", [])


def prepare(folder: Path) -> None:
    """Files that work, and all the other things that a path can lead to."""
    network = model_file.load(ROOT / "models" / "monk1.lgn")
    bits = np.eye(network.features.n_features, dtype=int)
    label = np.arange(len(bits)) % 2
    np.savez(folder / "own.npz", x_train=bits, y_train=label, x_test=bits, y_test=label)
    features = load_dataset(str(folder / "own.npz")).features
    network = dataclasses.replace(network, features=features, card={})
    model_file.save(network, folder / "model.lgn")
    np.save(folder / "rows.npy", bits[:ROWS])
    (folder / "text.csv").write_text("a,b,label\n1,2,x\n3,4,y\n")
    (folder / "empty").write_bytes(b"")
    (folder / "garbage").write_bytes(random.Random(0).randbytes(4096))
    (folder / "half.lgn").write_bytes((folder / "model.lgn").read_bytes()[:-100])
    with (folder / "huge").open("wb") as file:
        file.truncate(1 << 40)
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        before = Path.cwd()
        os.chdir(folder)  # (the address of a socket is short)
        server.bind("socket")
        os.chdir(before)
    for name, number in (("null", 3), ("zero", 5), ("full", 7)):
        make_device(folder / name, number)
    (folder / "folder").mkdir()
    (folder / "folder" / "thesis.txt").write_text("precious")
    (folder / "circle").symlink_to("circle")
    (folder / "dangling").symlink_to("nowhere")
    (folder / "link.lgn").symlink_to("model.lgn")
    (folder / "protected").mkdir(mode=0o555)
    (folder / "closed").mkdir()
    (folder / "closed" / "x").write_text("mine")
    (folder / "closed").chmod(0)


def make_device(path: Path, number: int) -> None:
    """A device of this folder's own; an ordinary user, who cannot make one, gets a link.

    Nobody tries with those of the machine what root could replace.
    """
    try:
        os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, number))
    except PermissionError:
        path.symlink_to({3: "/dev/null", 5: "/dev/zero", 7: "/dev/full"}[number])


def picture(folder: Path) -> Picture:
    """What is in a folder; the content of short files alone."""
    found = {}
    for path in sorted(folder.iterdir()):
        status = path.lstat()
        short = stat.S_ISREG(status.st_mode) and status.st_size < 1 << 20
        content = path.read_bytes() if short else b""
        found[path.name] = (status.st_mode, status.st_ino, status.st_rdev, content)
    return found


@dataclass(frozen=True)
class Ended:
    """How a line ended: its exit code (None: it had to be killed), and what it printed."""

    code: int | None
    out: str
    err: str
    seconds: float


def run_line(line: Line, folder: Path) -> Ended:
    """Run a line in a process of its own, in a folder."""
    began = time.monotonic()
    process = os.fork()
    if not process:
        _child(line, folder)
    code = None
    while time.monotonic() < began + SECONDS:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            break
        time.sleep(0.005)
    else:
        os.killpg(process, signal.SIGKILL)
        os.waitpid(process, 0)
    texts = [(folder.parent / name).read_text(errors="replace") for name in ("out", "err")]
    return Ended(code, texts[0], texts[1], time.monotonic() - began)


def _child(line: Line, folder: Path) -> None:
    """The process of a line; does not return."""
    code = 99
    try:
        os.setsid()
        os.chdir(folder)
        for number, name in ((1, "out"), (2, "err")):
            file = os.open(folder.parent / name, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
            os.dup2(file, number)
        sys.stdin, sys.stdout, sys.stderr = (
            io.TextIOWrapper(os.fdopen(number, mode, closefd=False), "utf-8")
            for number, mode in ((0, "rb"), (1, "wb"), (2, "wb"))
        )
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        _drop_privileges()
        prepare_streams()
        code = run([line.command, *line.arguments])
        sys.stdout.flush()
    except BaseException:
        with contextlib.suppress(Exception):
            traceback.print_exc()
            sys.stderr.flush()
    finally:
        os._exit(code)


def _drop_privileges() -> None:
    """Let permissions bind root, too (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH), also in children."""
    libc = ctypes.CDLL(None, use_errno=True)
    for number in (1, 2):
        libc.prctl(24, number, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    sets = (ctypes.c_uint32 * 6)()
    if libc.capget(header, sets) == 0:
        for place in (0, 1, 2):  # effective, permitted, inheritable
            sets[place] &= ~0b110
        libc.capset(header, sets)


def judge(line: Line, ended: Ended, folder: Path, before: Picture) -> str:
    """``refused``, ``done``, or what is wrong."""
    if ended.code is None:
        return f"wrong: no end within {SECONDS} s"
    errors = [text for text in ended.err.splitlines() if text.startswith(ERRORS)]
    checks: list[tuple[bool, str]] = [
        ("Traceback" in ended.err, "a traceback"),
        (SECRET in ended.out + ended.err, "a password was printed"),
        (ended.code not in (0, 1, 2), f"exit code {ended.code}"),
        (ended.code != 0 and len(errors) != 1, f"exit code {ended.code} with {len(errors)} lines"),
        (ended.code == 0 and bool(errors), "exit code 0 with an error"),
        *_around(folder, before),
    ]
    if ended.code == 0 and "--help" not in line.arguments:
        checks += _kept_promises(line, ended, folder)
    wrong = [text for is_so, text in checks if is_so]
    return f"wrong: {'; '.join(wrong)}" if wrong else ("refused" if ended.code else "done")


def _around(folder: Path, before: Picture) -> Iterator[tuple[bool, str]]:
    """What may not have happened to the things around."""
    after = picture(folder)
    may_be_replaced = {"model.lgn", "rows.npy", "text.csv", "empty", "garbage", "half.lgn", "huge"}
    for name, entry in before.items():
        if name not in after:
            yield True, f"{name} is gone"
        elif name not in may_be_replaced:
            yield entry != after[name], f"{name} was replaced"
    hidden = [name for name in after if name.startswith(".")]
    yield bool(hidden), f"{hidden} was left"
    yield (folder / "owned").exists(), "a shell has run a name"
    thesis = folder / "folder" / "thesis.txt"
    yield thesis.read_text() != "precious", "somebody's file was changed"


def _kept_promises(line: Line, ended: Ended, folder: Path) -> Iterator[tuple[bool, str]]:
    """What a command that ended well has to have done."""
    arguments = list(line.arguments)
    if "--json" in arguments:
        yield not _is_json(ended.out), "no JSON"
    elif line.command in ("predict", "host"):
        yield len(ended.out.splitlines()) != ROWS, "not a line a row"
    elif line.command == "sim":
        yield "PASS: " not in ended.out, "no test passed"
    else:
        yield not ended.out.strip(), "nothing was printed"
    if "--out" in arguments:
        target = folder / arguments[len(arguments) - arguments[::-1].index("--out")]
        manifest = MANIFESTS.get(line.command)
        if manifest is not None:
            yield not _is_json((target / manifest).read_text()), f"no {manifest}"
        elif line.command == "train":
            yield not _loads(target), "no model"


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _loads(path: Path) -> bool:
    try:
        model_file.load(path)
    except Exception:
        return False
    return True


def tried(line: Line, template: Callable[[Path], None], work: Path) -> tuple[str, Ended]:
    """What becomes of a line in a fresh folder."""
    folder = work / "here"
    folder.mkdir()
    try:
        template(folder)
        with ExitStack() as stack:
            if line.command == "host":
                stack.enter_context(plugged_board(folder / "model.lgn", folder / "board"))
            before = picture(folder)
            ended = run_line(line, folder)
        return judge(line, ended, folder, before), ended
    finally:
        if (folder / "closed").exists():
            (folder / "closed").chmod(0o700)
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Print a table: a row a command."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lines", type=int, default=600, metavar="N")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="commands that take no time")
    parser.add_argument("--only", type=int, help="try one line alone and show what it prints")
    arguments = parser.parse_args()
    import optuna  # noqa: F401 (what lines import is imported once, before they are forked off)
    import torch

    torch.set_num_threads(1)
    results: dict[str, Counter[str]] = {name: Counter() for name in cli.commands}
    slowest: dict[str, float] = dict.fromkeys(cli.commands, 0.0)
    with tempfile.TemporaryDirectory() as name:
        os.environ.pop("LGN2HDL_DATA", None)
        chosen = quick_lines if arguments.quick else lines
        for index, line in enumerate(chosen(arguments.lines, arguments.seed)):
            if arguments.only not in (None, index):
                continue
            verdict, ended = tried(line, prepare, Path(name))
            kind = verdict.partition(":")[0]
            if index % 20 == 19:
                print(f"{index + 1} lines", file=sys.stderr)
            results[line.command][kind] += 1
            slowest[line.command] = max(slowest[line.command], ended.seconds)
            if kind == "wrong" or arguments.only is not None:
                shown = [text[:60] for text in line.arguments]
                print(f"{index}: {line.command} {shown!r}: {verdict}", file=sys.stderr)
                print(ended.err[-2000:], file=sys.stderr)
    columns = ("refused", "done", "wrong")
    rows = [
        (name, len(cli.commands[name].params), sum(counts.values()),
         *(counts[column] for column in columns), f"{slowest[name]:.1f}")
        for name, counts in results.items()
    ]  # fmt: skip
    total = [sum(row[place] for row in rows) for place in range(1, 6)]
    rows.append(("all", *total, f"{max(slowest.values()):.1f}"))
    header = ("command", "options", "lines", *columns, "slowest, s")
    print(markdown(header, [[str(cell) for cell in row] for row in rows]))
    if total[-1]:
        sys.exit(1)


if __name__ == "__main__":
    main()
