"""Programs on a leash: they end when the process that started them does, however it ends.

A program is started by a keeper (:mod:`leash_keeper`), in a process group of its own. The keeper
holds one end of a pipe; the other end is here and nowhere else. When this process lets go of it,
or is killed, the keeper sees the end of the pipe and kills the whole group: the program, and all
that it started. This works for SIGKILL too, and needs nothing but POSIX. A program that is itself
of our kind (a simulation that starts make) is a keeper's parent in turn, so that the end passes on
from leash to leash.

This file uses the standard library alone: generated folders have a copy of it.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

KEEPER = Path(__file__).resolve().with_name("leash_keeper.py")


def run(
    command: Sequence[str],
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    output: int | IO[bytes] | None = None,
    timeout: float | None = None,
) -> int:
    """Run a program to its end; it reads nothing, and no shell sees its arguments.

    Args:
        command: the program and its arguments.
        folder: working folder; the present one by default.
        environment: environment variables; those of this process by default.
        output: where to print; where this process prints by default.
        timeout: seconds until it is ended.

    Returns:
        The exit code; negative for the signal that ended it.

    Raises:
        OSError: if it cannot be started.
        subprocess.TimeoutExpired: if it takes too long.
    """
    with started(command, folder, environment, output) as report:
        return _wait(report, command, timeout)


@contextmanager
def started(
    command: Sequence[str],
    folder: Path | None,
    environment: Mapping[str, str] | None,
    output: int | IO[bytes] | None,
) -> Iterator[IO[bytes]]:
    """A running program; when the block ends, so does it. Gives what its keeper reports."""
    with ExitStack() as ends:
        leash_end, leash = _pipe(ends)
        report, report_end = _pipe(ends)
        kept = [str(end.fileno()) for end in (leash_end, report_end)]
        keeper = subprocess.Popen(
            [sys.executable, "-I", "-S", str(KEEPER), *kept, *command],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=None if output is None else subprocess.STDOUT,
            pass_fds=(leash_end.fileno(), report_end.fileno()),
            start_new_session=True,
        )
        try:
            leash_end.close()
            report_end.close()
            _require_start(report, command, folder)
            yield report
        finally:
            leash.close()
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(keeper.pid, signal.SIGKILL)  # (should the keeper have been killed)
            keeper.wait()


def _pipe(ends: ExitStack) -> tuple[IO[bytes], IO[bytes]]:
    """Both ends, which close with ``ends``; no program inherits them unless it is told to."""
    read, write = os.pipe()
    return (
        ends.enter_context(os.fdopen(read, "rb", buffering=0)),
        ends.enter_context(os.fdopen(write, "wb", buffering=0)),
    )


def _require_start(report: IO[bytes], command: Sequence[str], folder: Path | None) -> None:
    word, number = _line(report)
    if word == "failed":
        raise OSError(number, os.strerror(number), command[0])


def _wait(report: IO[bytes], command: Sequence[str], timeout: float | None) -> int:
    """The exit code, as soon as the keeper reports it."""
    if timeout is not None and not select.select([report], [], [], timeout)[0]:
        raise subprocess.TimeoutExpired(command, timeout)
    word, status = _line(report)
    if word != "ended":  # somebody killed the keeper, which is our program as well as the other
        return -int(signal.SIGKILL)
    return os.waitstatus_to_exitcode(status)


def _line(report: IO[bytes]) -> tuple[str, int]:
    """A word and a number of the keeper's; nothing and 0 where it has been killed."""
    words = report.readline().decode().split()
    return (words or [""])[0], int(words[1]) if len(words) > 1 else 0
