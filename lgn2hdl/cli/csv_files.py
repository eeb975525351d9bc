"""Options on how CSV files are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from lgn2hdl.datasets.csv_options import Decimal, Separator

_decimal = click.option(
    "--decimal",
    type=click.Choice([item.value for item in Decimal]),
    help="Decimal mark of a CSV file's numbers [default: point, or as the model was trained].",
)
_separator = click.option(
    "--separator",
    type=click.Choice([item.value for item in Separator]),
    help="What separates a CSV file's columns [default: comma, or as the model was trained].",
)
_drop = click.option(
    "--drop",
    multiple=True,
    metavar="COLUMN",
    help="Leave a column of a CSV file out, such as an id; again for more.",
)
_keep = click.option(
    "--keep",
    multiple=True,
    metavar="COLUMN",
    help="Keep a column of a CSV file that looks like an id, a date or the split; again for more.",
)


def notation_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds ``--decimal`` and ``--separator``; absent ones are ``None``."""
    return _decimal(_separator(command))


def column_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds ``--drop`` and ``--keep``."""
    return _drop(_keep(command))
