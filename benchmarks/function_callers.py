"""Which tests call a function, for ``code_mutants.py``: what ``called_functions.py`` wrote."""

from __future__ import annotations

import ast
import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

SECONDS = 25.0
"""Processor time of the tests that are run for a mutant, all together."""

FILE_SECONDS = 1.0
"""Processor time that another file of tests takes at least."""

MODULE = "<module>"
"""What is done when a file is imported, as a function."""


class Callers:
    """Tests that call a function.

    Attributes:
        tests: name and seconds of tests, the quickest first, by file and name of the function.
        file_seconds: those of the imports and fixtures of each file of tests.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        """``lines``: a line of JSON for each test."""
        self.tests: dict[tuple[str, str], list[tuple[float, str]]] = defaultdict(list)
        self.file_seconds: dict[str, float] = {}
        for line in lines:
            test, seconds, of_file, functions = json.loads(line)
            self.file_seconds[test.partition("::")[0]] = max(FILE_SECONDS, of_file)
            for path, names in functions.items():
                for name in names:
                    self.tests[path, name].append((seconds, test))
        for tests in self.tests.values():
            tests.sort()

    def of(self, path: str, text: str, line: int, without: Iterable[str]) -> list[str]:
        """Tests of other files than some that call the function of a line; as many as time allows.

        Args:
            path: file of the package, from the root.
            text: what is in it.
            line: a line of it.
            without: files of tests that have been run.
        """
        if not path.endswith(".py"):
            return []
        left, chosen, files = SECONDS, [], set(without)
        known = len(files)
        for seconds, test in self.tests.get((path, function_at(text, line)), ()):
            file = test.partition("::")[0]
            if file in without:
                continue
            left -= seconds + self.file_seconds[file] * (file not in files)
            if left < 0:
                break
            files.add(file)
            chosen.append(test)
        return chosen if len(files) > known else []


def recorded(path: Path | None) -> Callers:
    """Those of a file that ``--record`` wrote; none without one."""
    return Callers(path.read_text().splitlines() if path else ())


def function_at(text: str, line: int) -> str:
    """Name of the innermost function that a line belongs to."""
    found = [
        (node.end_lineno - node.lineno, node.name)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.body[0].lineno <= line <= node.end_lineno
    ]
    return min(found)[1] if found else MODULE
