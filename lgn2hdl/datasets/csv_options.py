"""How a CSV file of the user's is to be read."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from enum import Enum


class Decimal(Enum):
    """The mark between the whole and the fractional part of a number."""

    POINT = "point"
    COMMA = "comma"


class Separator(Enum):
    """What stands between the cells of a row."""

    COMMA = "comma"
    SEMICOLON = "semicolon"
    TAB = "tab"

    @property
    def character(self) -> str:
        """The character itself."""
        return {"comma": ",", "semicolon": ";", "tab": "\t"}[self.value]


@dataclass(frozen=True)
class CsvOptions:
    """Options of a CSV file.

    Attributes:
        decimal: the mark in its numbers.
        separator: what separates its cells.
        drop: columns that are left out.
        keep: columns that are kept as features although they look like ids, dates, numbers in a
            notation that is not read, or the split.
    """

    decimal: Decimal = Decimal.POINT
    separator: Separator = Separator.COMMA
    drop: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()


def drop_option(name: str) -> str:
    """The option that leaves the column out, as one types it."""
    return f"--drop {shlex.quote(name)}"


def keep_option(name: str) -> str:
    """The option that keeps the column, as one types it."""
    return f"--keep {shlex.quote(name)}"
