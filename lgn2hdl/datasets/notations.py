"""Numbers and dates in notations that are not read, so that a message can say what they are."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass

from lgn2hdl.datasets.cells import is_number

_AMOUNT = r"[0-9](?:[0-9.,'\u2019\u00a0\u202f ]*[0-9])?"
_MONEY = r"(?:[$\u00a2-\u00a5\u20a0-\u20bf]|USD|EUR|GBP|CHF|JPY|CNY|INR|kr)"
_GAP = r"[\u00a0\u202f ]?"
_DATE = (
    r"(?:[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}"
    r"|[0-9]{1,2}[-/.][0-9]{1,2}[-/.](?:[0-9]{4}|[0-9]{2}))"
)
_TIME = r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(?: ?[AaPp][Mm])?"
_ZONE = r"(?: ?(?:Z|UTC|[+-][0-9]{2}:?[0-9]{2}))?"


@dataclass(frozen=True)
class Notation:
    """A way to write what could have been a plain number.

    Attributes:
        pattern: matches a whole cell.
        what: what the cell has, in words.
        advice: what to do about it.
    """

    pattern: re.Pattern[str]
    what: str
    advice: str


def _notation(pattern: str, what: str, advice: str) -> Notation:
    return Notation(re.compile(pattern), what, advice)


_COMMA_OF_EITHER_KIND = _notation(
    r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+",
    "thousands separators or a decimal comma",
    "write its numbers without thousands separators, or give --decimal comma",
)
_DECIMAL_COMMA = _notation(
    r"[+-]?(?:[0-9]+,[0-9]*|,[0-9]+)(?:[eE][+-]?[0-9]+)?",
    "a decimal comma",
    "give --decimal comma",
)
_NOTATIONS = (
    _COMMA_OF_EITHER_KIND,
    _DECIMAL_COMMA,
    _notation(
        r"[+-]?[0-9]{1,3}(?:(?:,[0-9]{3})+\.[0-9]*|(?:\.[0-9]{3})+(?:,[0-9]*)?"
        r"|(?:['\u2019_\u00a0\u202f ][0-9]{3})+(?:[.,][0-9]*)?)",
        "thousands separators",
        "write its numbers without them",
    ),
    _notation(rf"[+-]?{_AMOUNT}{_GAP}%", "a percent sign", "write its numbers without it"),
    _notation(
        rf"[+-]?{_GAP}{_MONEY}{_GAP}[+-]?{_AMOUNT}|[+-]?{_AMOUNT}{_GAP}{_MONEY}|\({_AMOUNT}\)",
        "an amount of money",
        "write its numbers alone",
    ),
    _notation(
        r"[+-]?0[xX][0-9a-fA-F]+|[+-]?0[bB][01]+|[+-]?0[oO][0-7]+",
        "a hexadecimal, octal or binary number",
        "write its numbers in decimal",
    ),
    _notation(
        rf"{_DATE}(?:[T ]{_TIME}{_ZONE})?|{_TIME}",
        "a date or time",
        "write it as a number, such as days or seconds since a date",
    ),
    _notation(
        r"[+-]?(?:[iI][nN][fF](?:[iI][nN][iI][tT][yY])?|\u221e)",
        "an infinite number",
        "write a finite number",
    ),
)

_POINT_OR_THOUSANDS = _notation(
    r"[+-]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?",
    "a decimal point or thousands separators",
    "give --decimal point, or write its numbers without thousands separators",
)
"""Of a cell of a file with decimal commas that would be a number with a decimal point."""

_FOREIGN_DIGITS = _notation(
    r".*", "digits or a sign other than those of ASCII", "write its numbers with 0 to 9 and -"
)


def notation(cell: str) -> Notation | None:
    """The notation of a cell that is not a plain number; None if it is just a text."""
    if is_number(cell):  # then the file has decimal commas
        return _POINT_OR_THOUSANDS
    for known in _NOTATIONS:
        if known.pattern.fullmatch(cell):
            return known
    plain = unicodedata.normalize("NFKC", cell).replace("\u2212", "-").replace("\u2013", "-")
    if plain != cell and is_number(plain):
        return _FOREIGN_DIGITS
    return None


def prevailing(counts: Counter[Notation]) -> Notation:
    """The notation of a column from how often each occurs, at least one."""
    if _DECIMAL_COMMA in counts:  # it tells what the commas of other cells are
        counts = Counter(
            {known: n for known, n in counts.items() if known != _COMMA_OF_EITHER_KIND}
        )
    return counts.most_common(1)[0][0]
