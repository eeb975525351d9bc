"""The one way to run another program: on a leash, with a temporary folder of its own.

It ends with this process, however that ends (:mod:`leash`), and what it leaves in its temporary
folder is removed with the folder, at the latest when the next one is made (:mod:`scratch`).
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from lgn2hdl.base import leash
from lgn2hdl.base.files import temporary_folder


def run_program(
    command: Sequence[str],
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    timeout: float | None = None,
) -> tuple[int, str]:
    """Run a program; the exit code (negative for a signal) and what it printed.

    Args:
        command: the program and its arguments; never seen by a shell.
        folder: working folder; the present one by default.
        environment: variables in addition to those of this process.
        timeout: seconds until it is ended, with all that it started.

    Raises:
        OSError: if it cannot be started.
        OutputError: if there is no temporary folder.
        subprocess.TimeoutExpired: if it takes too long; with what it has printed.
    """
    # It prints into a file, because a pipe is not closed before the last child has ended.
    with temporary_folder() as place, tempfile.TemporaryFile(dir=place) as log:
        variables = {**os.environ, **(environment or {}), "TMPDIR": str(place)}
        try:
            code = leash.run(
                command, folder=folder, environment=variables, output=log, timeout=timeout
            )
        except subprocess.TimeoutExpired as error:
            error.output = _text(log)
            raise
        return code, _text(log)


def run_shown(
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    output: int | None = None,
) -> int:
    """Run a program that prints where this process does, and return its exit code.

    Args:
        command: the program and its arguments.
        environment: variables in addition to those of this process.
        output: file descriptor to print to instead.

    Raises:
        OSError: if it cannot be started.
        OutputError: if there is no temporary folder.
    """
    with temporary_folder() as place:
        variables = {**os.environ, **(environment or {}), "TMPDIR": str(place)}
        return leash.run(command, environment=variables, output=output)


def _text(log: IO[bytes]) -> str:
    log.seek(0)
    return log.read().decode(errors="replace")
