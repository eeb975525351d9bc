"""The one way to run an external tool: five ways to fail, one typed error."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lgn2hdl.errors import ToolError


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
) -> str:
    """Run a tool and return what it printed.

    Args:
        tool: the program.
        arguments: its arguments; never seen by a shell.
        folder: working folder.
        outputs: files in ``folder`` that must exist and not be empty afterwards.
        timeout: seconds until it is ended.
        error_text: a line that starts with it is an error even if the exit code is 0.

    Raises:
        ToolError: missing program, timeout, exit code, error text, or missing or empty output.
    """
    try:
        done = subprocess.run(
            [*tool.command, *arguments],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout,
            text=True,
            errors="replace",
        )
    except (FileNotFoundError, PermissionError):
        raise ToolError(f"{tool.name} is not installed: {tool.install}") from None
    except OSError as error:
        raise ToolError(f"{tool.name} cannot be started: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise ToolError(f"{tool.name} did not finish within {timeout:g} s") from None
    complaint = _complaint(done.stdout, error_text)
    if done.returncode:
        raise ToolError(f"{tool.name} failed with exit code {done.returncode}: {complaint}")
    if complaint.startswith(error_text):
        raise ToolError(f"{tool.name} failed: {complaint}")
    for output in outputs:
        path = folder / output
        if not path.is_file() or path.stat().st_size == 0:
            raise ToolError(f"{tool.name} did not write {output}: {complaint}")
    return done.stdout


def _complaint(text: str, error_text: str) -> str:
    """The first error line, else the last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(error_text)]
    return (errors or lines[-1:] or ["it printed nothing"])[0]
