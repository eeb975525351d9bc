"""The one way to run an external tool: five ways to fail, one typed error."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lgn2hdl.base.errors import ToolError
from lgn2hdl.base.files import temporary_folder
from lgn2hdl.base.system_errors import explained
from lgn2hdl.tools.programs import run_program

SHOWN_LINES = 3
"""Lines of a tool's output that an error message shows, the last ones."""

SHOWN_CHARACTERS = 160
"""Characters of each of them."""

VERSION_SECONDS = 600.0
"""Time for a tool to say its version: a fresh WebAssembly tool translates itself first."""


@dataclass(frozen=True)
class Tool:
    """An external program.

    Attributes:
        name: what people call it.
        command: the program and its first arguments.
        install: what to do if it is missing.
    """

    name: str
    command: tuple[str, ...]
    install: str


def script_tool(script: str, name: str, install: str) -> Tool:
    """A tool that a Python package installs beside this interpreter, else one on the PATH.

    Raises:
        ToolError: if there is neither.
    """
    beside = shutil.which(script, path=sysconfig.get_path("scripts"))
    program = beside or shutil.which(script)
    if program is None:
        raise ToolError(f"{name} is not installed: {install}")
    return Tool(name, (program,), install)


def run_tool(
    tool: Tool,
    arguments: Sequence[str],
    *,
    folder: Path,
    outputs: Sequence[str] = (),
    timeout: float = 1800.0,
    error_text: str = "ERROR:",
    environment: Mapping[str, str] | None = None,
) -> str:
    """Run a tool and return what it printed.

    Args:
        tool: the program.
        arguments: its arguments; never seen by a shell.
        folder: working folder.
        outputs: files in ``folder`` that must exist and not be empty afterwards.
        timeout: seconds until it is ended.
        error_text: a line that starts with it is an error even if the exit code is 0.
        environment: variables in addition to those of this process.

    Raises:
        ToolError: missing program, timeout, exit code, error text, or missing or empty output.
    """
    code, printed = _run([*tool.command, *arguments], tool, folder, timeout, environment)
    complaint = _complaint(printed, error_text)
    if code:
        raise ToolError(f"{tool.name} failed with exit code {code}: {complaint}")
    if complaint.startswith(error_text):
        raise ToolError(f"{tool.name} failed: {complaint}")
    for output in outputs:
        path = folder / output
        if not path.is_file() or path.stat().st_size == 0:
            raise ToolError(f"{tool.name} did not write {output}: {complaint}")
    return printed


def tool_version(tool: Tool, argument: str = "--version") -> str:
    """What the tool says about its version: the last line that it prints.

    Raises:
        ToolError: as :func:`run_tool`, or if it prints nothing.
    """
    with temporary_folder() as folder:
        printed = run_tool(tool, [argument], folder=folder, timeout=VERSION_SECONDS)
    lines = _lines(printed)
    if not lines:
        raise ToolError(f"{tool.name} does not say its version: {tool.install}")
    return lines[-1]


def _run(
    command: Sequence[str],
    tool: Tool,
    folder: Path,
    timeout: float,
    environment: Mapping[str, str] | None,
) -> tuple[int, str]:
    """Exit code and what was printed."""
    try:
        return run_program(command, folder=folder, environment=environment, timeout=timeout)
    except (FileNotFoundError, PermissionError):
        raise ToolError(f"{tool.name} is not installed: {tool.install}") from None
    except OSError as error:
        why = explained(error, tool.install)
        raise ToolError(f"{tool.name} cannot be started: {why}") from None
    except subprocess.TimeoutExpired as error:
        last = _last_lines(str(error.output))
        raise ToolError(f"{tool.name} did not finish within {timeout:g} s: {last}") from None


def _complaint(text: str, error_text: str) -> str:
    """The first error line, else the last lines."""
    errors = [line for line in _lines(text) if line.startswith(error_text)]
    return errors[0] if errors else _last_lines(text)


def _last_lines(text: str) -> str:
    """The last lines as one."""
    lines = [line[:SHOWN_CHARACTERS] for line in _lines(text)[-SHOWN_LINES:]]
    return " | ".join(lines) or "it printed nothing"


def _lines(text: str) -> list[str]:
    """Lines that are not empty."""
    return [line.strip() for line in text.splitlines() if line.strip()]
