"""The comment that every generated Verilog file begins with: version, model, recipe.

Nothing in it depends on the machine or the time, and nothing can end it or be taken for a directive
of a tool: the readers of the proof take it like any other comment of ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import lgn2hdl

LINES = 3
"""Lines of the header."""

_OTHER = re.compile(r"[^A-Za-z0-9_.-]+")


def verilog_header(
    model_sha256: str, recipe: Mapping[str, object], version: str = lgn2hdl.__version__
) -> str:
    """The lines of the header, each with its end.

    Args:
        model_sha256: hash of the model file, in hexadecimal.
        recipe: how the design is made, JSON-ready values by name; left out are those that are None
            and ``name``, which the modules tell and which may be any word.
        version: of lgn2hdl.
    """
    entries = [
        f"{_word(name)}: {_word(value)}"
        for name, value in recipe.items()
        if value is not None and name != "name"
    ]
    lines = (_word(version), f"model {_word(model_sha256)}", f"recipe {', '.join(entries)}")
    return "".join(f"// lgn2hdl {line}\n" for line in lines)


def _word(value: object) -> str:
    """A value as one word of letters, digits and a few marks."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if isinstance(value, list):
        text = "-".join(map(str, value))
    return _OTHER.sub("_", text) or "none"


def header_of(text: str) -> str:
    """The header that a file begins with; empty if it has none."""
    lines = text.split("\n", LINES)[:LINES]
    has_one = len(lines) == LINES and all(line.startswith("// lgn2hdl ") for line in lines)
    return "".join(f"{line}\n" for line in lines) if has_one else ""
