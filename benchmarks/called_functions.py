"""A plugin of pytest for ``code_mutants.py``: which functions of the package each test calls.

What a fixture calls, or the import of the test's file, counts for all tests of the file. The file
that the environment names gets a line of JSON for each test: its name, the seconds of processor
time that it took, those of its file's imports and fixtures, and the names of the functions, by file
of the package; ``<module>`` is what is done when the file is imported.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

OUTPUT = "CODE_MUTANTS_CALLS"
PACKAGE = str(Path.cwd() / "lgn2hdl") + os.sep


Functions = dict[int, CodeType]
"""Code by its identity: comparing it takes long."""


class Calls:
    """Functions that are called while it is told of.

    Attributes:
        called: those of the test that runs now, or of what is not one test's.
        by_file: of the fixtures and imports of a file of tests.
        seconds: that these took.
        by_test: name, seconds and functions of every test.
    """

    def __init__(self) -> None:
        self.called: Functions = {}
        self.by_file: dict[str, Functions] = defaultdict(dict)
        self.seconds: dict[str, float] = defaultdict(float)
        self.by_test: list[tuple[str, float, Functions]] = []

    def trace(self, frame: FrameType, _event: str, _value: Any) -> None:
        """Note a call; lines are not traced."""
        self.called[id(frame.f_code)] = frame.f_code

    def phase(self, name: str, *, is_test: bool) -> Iterator[None]:
        """Around what belongs to a test, or only to its file."""
        before, self.called = self.called, {}
        start = _processor_time()
        yield
        seconds = _processor_time() - start
        if is_test:
            self.by_test.append((name, seconds, self.called))
        else:
            self.by_file[name.partition("::")[0]] |= self.called
            self.seconds[name.partition("::")[0]] += seconds
        self.called = before

    def lines(self) -> Iterator[str]:
        """What is written."""
        for name, seconds, called in self.by_test:
            file, functions = name.partition("::")[0], defaultdict(list)
            for code in (called | self.by_file[file]).values():
                if code.co_filename.startswith(PACKAGE):
                    path = code.co_filename.removeprefix(PACKAGE).replace(os.sep, "/")
                    functions[f"lgn2hdl/{path}"].append(code.co_name)
            sorted_functions = {path: sorted(set(functions[path])) for path in sorted(functions)}
            times = [round(seconds, 3), round(self.seconds[file], 3)]
            yield json.dumps([name, *times, sorted_functions]) + "\n"


def _processor_time() -> float:
    """Seconds of processor time of this process and of the programs that it started."""
    return sum(os.times()[:4])


CALLS = Calls()
if OUTPUT in os.environ:
    threading.settrace(CALLS.trace)
    sys.settrace(CALLS.trace)


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """Imports belong to the file."""
    yield from CALLS.phase(collector.nodeid, is_test=False)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """Fixtures belong to the file."""
    yield from CALLS.phase(item.nodeid, is_test=False)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """A test."""
    yield from CALLS.phase(item.nodeid, is_test=True)


def pytest_sessionfinish() -> None:
    """Write what was found."""
    if OUTPUT in os.environ:
        sys.settrace(None)
        with Path(os.environ[OUTPUT]).open("a") as file:
            file.writelines(CALLS.lines())
