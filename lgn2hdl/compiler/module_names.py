"""The name of the top module, from that of the model file or from the user."""

from __future__ import annotations

import re

from lgn2hdl.base.errors import OptionError
from lgn2hdl.compiler.reserved import why_reserved

PREFIX = "lgn_"
"""In front of a name that cannot be a module's; no reserved word begins with it."""

LONGEST_FROM_FILE = 48
"""Characters of a model file's name that are kept."""

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


def module_name(wish: str) -> str:
    """A legal module name close to ``wish`` (a model file's stem); the same wish, the same name.

    Characters that Verilog does not allow become underscores; a name that starts with another
    character than a letter, or is reserved, gets a prefix.
    """
    name = _plain(wish)
    if not name[0].isalpha() or why_reserved(name):
        name = f"{PREFIX}{name}"
    return name


def _plain(wish: str) -> str:
    return re.sub(r"[^A-Za-z0-9_]", "_", wish)[:LONGEST_FROM_FILE] or "model"


def why_renamed(wish: str) -> str | None:
    """Why the module is not called as the model file; None if it is."""
    if module_name(wish) == wish:
        return None
    reason = why_reserved(_plain(wish))
    return f"{_plain(wish)} is {reason}" if reason else "a module's name has letters, digits and _"


def check_module_name(name: str) -> str:
    """``name`` if a module can have it.

    Raises:
        OptionError: otherwise.
    """
    if not _IDENTIFIER.fullmatch(name):
        raise OptionError(f"{name!r} is not a legal Verilog module name: give --name another one")
    reason = why_reserved(name)
    if reason:
        raise OptionError(
            f"{name!r} is not a legal Verilog module name, since it is {reason}: give --name "
            "another one"
        )
    return name
