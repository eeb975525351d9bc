"""Runs pytest many times without importing the same libraries many times, for ``code_mutants.py``.

A process that has imported what tests take long to import, but nothing of the package, forks for
every run. It reads a line of JSON for each, ``[arguments, environment, file of the output]``, and
answers with the process id of the run, which leads a process group, and then with how it ended.

    python benchmarks/warm_pytest.py LIBRARY ...
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
from typing import NoReturn


def serve(libraries: list[str]) -> None:
    """Import what is installed of these, then answer requests until there are no more."""
    for name in libraries:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    for line in sys.stdin:
        arguments, environment, output = json.loads(line)
        process = os.fork()
        if process == 0:
            run(arguments, environment, output)
        print(process, flush=True)
        _, status = os.waitpid(process, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def run(arguments: list[str], environment: dict[str, str], output: str) -> NoReturn:
    """Run pytest in this process, and end it."""
    code = 99
    try:
        os.setsid()
        for number, (path, flags) in enumerate(
            [(os.devnull, os.O_RDONLY), (output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)]
        ):
            os.dup2(os.open(path, flags), number)
        os.dup2(1, 2)
        os.environ.update(environment)
        import pytest

        code = int(pytest.main(arguments))
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve(sys.argv[1:])
