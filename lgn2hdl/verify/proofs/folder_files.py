"""The files of an output folder: read once, and known to be those of one run of ``synth``."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from lgn2hdl.base.errors import OptionError, OutputError
from lgn2hdl.base.files import read_file
from lgn2hdl.base.system_errors import explained
from lgn2hdl.project.build_digest import build_digest, unstamped
from lgn2hdl.project.manifest import MANIFEST, manifest_text

BUILD, HASHES = "build", "sha256"
"""Entries of the manifest that follow from the files."""

MADE_LATER = frozenset(
    {"sim_build", "vivado", "quartus", "board", "coverage.json", "mismatch.json", "__pycache__"}
)
"""Files and folders that tools write into an output folder."""

READ_BY_TOOLS = frozenset(
    {".v", ".vh", ".sv", ".svh", ".vhd", ".vhdl", ".hex", ".mem", ".mif", ".py", ".tcl", ".xdc"}
    | {".sdc", ".core", ".qsf", ".f", ".so", ".mk"}
)
"""Suffixes of files that a tool may take for a part of the design."""

MAKEFILES = frozenset({"makefile", "gnumakefile"})

LARGEST_FILE = 1 << 30
"""Bytes of a file, above which it is not read."""


def read_files(
    folder: Path, manifest: Mapping[str, Any], told_by: str = MANIFEST
) -> dict[str, bytes]:
    """Bytes of the Verilog and of every other file that the manifest has a hash of, by name.

    What is missing is left out, and :func:`prove_folder` says so.

    Raises:
        OptionError: if the manifest has no hashes, or a name leads out of the folder.
        OutputError: if a file cannot be read, is no regular file or too large, or Verilog is
            missing.
    """
    hashes = manifest.get(HASHES)
    if not isinstance(hashes, Mapping) or not all(map(_is_inside, hashes)):
        raise OptionError(f"{folder / told_by} has no hashes: run 'lgn2hdl synth' again")
    others = [name for name in hashes if (folder / name).exists()]
    return {name: _read(folder / name) for name in dict.fromkeys([*manifest["verilog"], *others])}


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts


def _read(path: Path) -> bytes:
    try:
        if path.exists() and (not path.is_file() or path.stat().st_size > LARGEST_FILE):
            raise OutputError(f"{path} is no file of synth's: run 'lgn2hdl synth' again")
        return read_file(path)
    except OSError as error:
        again = "run 'lgn2hdl synth' again"
        raise OutputError(f"cannot read {path}: {explained(error, again)}") from None


def file_faults(folder: Path, manifest: Mapping[str, Any], files: Mapping[str, bytes]) -> list[str]:
    """Files that were changed, are of another run, or are not of the design."""
    hashes, build = manifest[HASHES], manifest.get(BUILD)
    changed = changed_files(files, hashes)
    texts = {name: without_build(name, data, build) for name, data in files.items()}
    foreign = [f"{name} is of another run" for name, text in texts.items() if text is None]
    if _bytes(folder / MANIFEST) != manifest_text(manifest).encode():
        return [f"{MANIFEST} is not written as synth writes it"]
    missing = [f"{name} is missing" for name in hashes if name not in files]
    faults = missing or changed or foreign
    plain = {name: text for name, text in texts.items() if text is not None}
    if not faults and build != build_digest(_claims(manifest), plain):
        faults = [f"{MANIFEST} is not that of these files"]
    return [*faults, *(f"{name} is no file of synth's" for name in unlisted(folder, hashes))]


def changed_files(files: Mapping[str, bytes], hashes: Mapping[str, Any]) -> list[str]:
    """Files that have not the hash that is told of them, in words."""
    return [
        f"{name} is not the file that synth wrote"
        for name, data in files.items()
        if hashes.get(name) != hashlib.sha256(data).hexdigest()
    ]


def _bytes(path: Path) -> bytes:
    try:
        return read_file(path)
    except OSError:
        return b""


def _claims(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What the build digest is made of besides the files."""
    return {name: value for name, value in manifest.items() if name not in (BUILD, HASHES)}


def without_build(name: str, data: bytes, build: object) -> str | None:
    """The text of a file without the line of its build; None if it is of another one."""
    try:
        return unstamped(name, data.decode(), str(build))
    except UnicodeDecodeError:
        return None


def unlisted(folder: Path, hashes: Mapping[str, Any]) -> list[str]:
    """Files that a tool may take for a part of the design, although synth did not write them."""
    found = []
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder)
        name = place.as_posix()
        if MADE_LATER & set(place.parts) or name in hashes or name == MANIFEST:
            continue
        if path.suffix.lower() in READ_BY_TOOLS or path.name.lower() in MAKEFILES:
            found.append(name)
    return found
