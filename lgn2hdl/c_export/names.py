"""Names that come from a model, made safe for C: identifiers, string literals and comments."""

from __future__ import annotations

import re

from lgn2hdl.base.errors import OptionError

LONGEST_PREFIX = 40
"""Longest prefix of the exported names, in characters."""

LONGEST_NAME = 200
"""Bytes of a name that a string literal keeps: C99 promises no more than 4095 for a literal."""

_PLAIN = re.compile(r"[^A-Za-z0-9 _.,:;=<>()+-]")
_PREFIX = re.compile(rf"[A-Za-z][A-Za-z0-9_]{{0,{LONGEST_PREFIX - 1}}}")


def prefix_for(wish: str) -> str:
    """A legal prefix of C identifiers close to ``wish`` (a model file's stem).

    What C does not allow becomes an underscore; a name that does not begin with a letter gets one
    in front. A prefix may be a keyword, since no exported name is a prefix alone.
    """
    name = re.sub(r"[^A-Za-z0-9]+", "_", wish).rstrip("_")
    name = name if name[:1].isalpha() else f"lgn_{name.lstrip('_') or 'model'}"
    return name[:LONGEST_PREFIX]


def check_prefix(name: str) -> str:
    """``name`` if it can begin a C identifier.

    Raises:
        OptionError: otherwise.
    """
    if not _PREFIX.fullmatch(name):
        raise OptionError(
            f"{name!r} cannot begin a C name: give --name 1 to {LONGEST_PREFIX} letters, digits "
            "and underscores, a letter first"
        )
    return name


def string_literal(text: str) -> str:
    """A C string literal of the text's UTF-8, of at most :data:`LONGEST_NAME` bytes.

    Whatever is not a plain character is an octal escape of three digits, which nothing that follows
    can lengthen (a hexadecimal one could be); a question mark is, too, so that no trigraph arises.
    """
    whole = text.encode("utf-8", "replace")[:LONGEST_NAME]
    kept = whole.decode("utf-8", "ignore").encode("utf-8")  # no half character at the end
    return '"' + "".join(map(_escaped, kept)) + '"'


def _escaped(byte: int) -> str:
    plain = 32 <= byte < 127 and chr(byte) not in '"\\?'
    return chr(byte) if plain else f"\\{byte:03o}"


def comment_text(text: str, longest: int = 60) -> str:
    """The text with only characters that mean nothing special in a comment."""
    plain = _PLAIN.sub("_", text)
    return plain if len(plain) <= longest else plain[: longest - 3] + "..."
