"""Runs of a tool whose output files follow from its input files: done once, then remembered.

Only the tools that pip installs are known well enough (their version and their WebAssembly file)
to be taken at their word from an earlier run; any other program runs every time. What is
remembered lies in the user's cache and is checked by whoever reads it, as the tool's own files are.
"""

from __future__ import annotations

import json
import os
import sysconfig
from collections.abc import Mapping, Sequence
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lgn2hdl.base import user_cache
from lgn2hdl.base.files import temporary_folder
from lgn2hdl.tools.runner import Tool, run_tool

CACHE = "tools"
"""Name of the cache's folder."""


def run_cached(
    tool: Tool,
    arguments: Sequence[str],
    inputs: Mapping[str, str],
    outputs: Sequence[str],
    *,
    timeout: float,
) -> list[str]:
    """Texts of the files that a tool writes, from an earlier run if there was an equal one.

    Args:
        tool: the program; what it writes must follow from arguments and inputs alone.
        arguments: its arguments.
        inputs: texts by name of the only files in its working folder.
        outputs: names of the files that it writes.
        timeout: seconds until it is ended.

    Raises:
        ToolError: as :func:`run_tool`.
    """
    key = _key(tool, arguments, inputs, outputs)
    found = None if key is None else _texts(user_cache.find(CACHE, key), len(outputs))
    if found is not None:
        return found
    with temporary_folder() as folder:
        for name, text in inputs.items():
            (folder / name).write_text(text)
        run_tool(tool, arguments, folder=folder, outputs=outputs, timeout=timeout)
        texts = [(folder / name).read_text(errors="replace") for name in outputs]
    if key is not None:
        user_cache.keep(CACHE, key, json.dumps(texts).encode())
    return texts


def _key(
    tool: Tool, arguments: Sequence[str], inputs: Mapping[str, str], outputs: Sequence[str]
) -> str | None:
    """Hash of everything that decides what the tool writes; None if the tool is not known."""
    known = identity(tool)
    if known is None:
        return None
    everything = [known, list(arguments), sorted(inputs.items()), list(outputs)]
    return user_cache.key_of([json.dumps(everything).encode()])


def identity(tool: Tool) -> list[Any] | None:
    """Version and WebAssembly files of a tool that pip has installed; None for any other one."""
    program = Path(tool.command[0])
    if len(tool.command) > 1 or program.parent != Path(sysconfig.get_path("scripts")):
        return None
    wasm = wasm_files(program.name)
    try:
        version = metadata.version(program.name)
    except metadata.PackageNotFoundError:
        return None
    statuses = [(path.name, path.stat()) for path in wasm]
    files = [[name, status.st_size, status.st_mtime_ns] for name, status in statuses]
    return [program.name, version, files] if files else None


def is_prepared(package: str) -> bool:
    """Whether a tool in WebAssembly has been translated for this machine, as its first run does."""
    place = os.environ.get("YOWASP_CACHE_DIR")
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = (Path(place) if place else Path(home) / "YoWASP") / package.replace("-", "_")
    for wasm in wasm_files(package):
        translated = (folder / wasm.name).glob("*")
        if not any(path.stat().st_mtime >= wasm.stat().st_mtime for path in translated):
            return False
    return True


def wasm_files(package: str) -> list[Path]:
    """WebAssembly files of a package, by its name in the registry; none if it is not there."""
    spec = find_spec(package.replace("-", "_").replace(".", "_"))
    if spec is None or spec.origin is None:
        return []
    return sorted(Path(spec.origin).parent.glob("*.wasm"))


def _texts(data: bytes | None, count: int) -> list[str] | None:
    """The remembered texts, if they are as many texts as there should be."""
    try:
        texts = json.loads(data or b"")
    except (ValueError, RecursionError):
        return None
    whole = isinstance(texts, list) and len(texts) == count
    return texts if whole and all(isinstance(text, str) and text for text in texts) else None
