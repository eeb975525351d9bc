"""What people see: tables on stdout, notes and progress on stderr."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table


def note(text: str) -> None:
    """A line for people, on stderr."""
    click.echo(text, err=True)


def print_json(value: Any) -> None:
    """A result for programs, on stdout."""
    click.echo(json.dumps(value, indent=2))


def print_table(title: str, header: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """A result for people, on stdout; every column but the first is aligned right."""
    click.echo(title)  # (rich would break a long title to the width of the table)
    table = Table()
    for index, name in enumerate(header):
        table.add_column(name, justify="right" if index else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(_cell, row))
    Console(highlight=False, markup=False).print(table)


def markdown_table(header: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    """The same as a Markdown table."""
    lines = [header, ["---"] * len(header), *([_cell(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |"
                     for line in lines)  # fmt: skip


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
