"""What people see: tables on stdout, notes and progress on stderr."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

import click

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_LINE_BREAKING = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode categories: control characters, halves of a character, line and paragraph ends."""

_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that change the direction in which a terminal shows the rest of the line."""


def one_line(text: str) -> str:
    r"""Text of unknown origin as one cell of one line.

    What would end the line or the cell, or command the terminal, is written as in JSON: ``\n``,
    ``\t``, ``\u001b``.
    """
    if text.isprintable():
        return text
    return "".join(map(_visible, text))


def _visible(character: str) -> str:
    if unicodedata.category(character) not in _LINE_BREAKING and character not in _TURNING:
        return character
    return _SHORT.get(character, f"\\u{ord(character):04x}")


def one_line_names(names: Sequence[str]) -> list[str]:
    """Names as :func:`one_line` writes them; different ones stay different."""
    lines = [one_line(name) for name in names]
    if len(set(lines)) == len(set(names)):
        return lines
    return [one_line(name.replace("\\", "\\\\")) for name in names]


def note(text: str) -> None:
    """A line for people, on stderr."""
    click.echo(one_line(text), err=True)


def data_note(text: str) -> None:
    """A word on the user's data, on stderr."""
    note(f"note: {text}")


def print_json(value: Any) -> None:
    """A result for programs, on stdout."""
    click.echo(json.dumps(value, indent=2))


def print_table(title: str, header: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """A result for people, on stdout; every column but the first is aligned right."""
    from rich.console import Console  # takes as long as all the rest of a command's start
    from rich.table import Table

    click.echo(one_line(title))  # (rich would break a long title to the width of the table)
    table = Table()
    for index, name in enumerate(header):
        table.add_column(one_line(name), justify="right" if index else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(_cell, row))
    Console(highlight=False, markup=False, emoji=False).print(table)


def markdown_table(header: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    """The same as a Markdown table."""
    lines = [header, ["---"] * len(header), *([_cell(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |"
                     for line in lines)  # fmt: skip


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else one_line(str(value))
