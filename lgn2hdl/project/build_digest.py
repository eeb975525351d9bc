"""The build digest: which run of ``synth`` a file belongs to, wherever it has been copied to.

The digest is that of everything in an output folder: of what its manifest says, and of every file
as it is without this line. It stands in the manifest, and as a comment in the last line of every
file in which a comment is possible; data for machines (JSON, test vectors) has none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

MARK = "build digest"

_HASH = ("# ", "")
_COMMENTS = {
    ".v": ("// ", ""),
    ".vh": ("// ", ""),
    ".vhd": ("-- ", ""),
    ".md": ("<!-- ", " -->"),
    ".py": _HASH,
    ".tcl": _HASH,
    ".xdc": _HASH,
    ".sdc": _HASH,
    ".core": _HASH,
    "": _HASH,  # Makefile
}
"""How a comment begins and ends, by the suffix of the file."""


def build_digest(claims: Mapping[str, Any], files: Mapping[str, str]) -> str:
    """The digest, in hexadecimal.

    Args:
        claims: what the manifest says, without digest and hashes of files.
        files: texts without the line of the digest, by name.
    """
    hashes = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in files.items()}
    everything = json.dumps([claims, hashes], sort_keys=True)
    return hashlib.sha256(everything.encode()).hexdigest()


def stamped(name: str, text: str, digest: str) -> str:
    """The text of a file with the line of the digest at its end, if it may have one."""
    return text + _line(name, digest)


def unstamped(name: str, text: str, digest: str) -> str | None:
    """The text of a file without the line of the digest; None if that is not its last one."""
    line = _line(name, digest)
    if not text.endswith(line):
        return None
    return text.removesuffix(line)


def _line(name: str, digest: str) -> str:
    marks = _COMMENTS.get(PurePosixPath(name).suffix)
    return "" if marks is None else f"{marks[0]}{MARK} {digest}{marks[1]}\n"
