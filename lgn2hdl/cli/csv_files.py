"""Options on how CSV files are read, and what a model's card keeps of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import click

from lgn2hdl.datasets import CsvOptions
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


def with_notation(options: CsvOptions, decimal: str | None, separator: str | None) -> CsvOptions:
    """The options, changed by what was given on the command line."""
    if decimal is not None:
        options = replace(options, decimal=Decimal(decimal))
    if separator is not None:
        options = replace(options, separator=Separator(separator))
    return options


def csv_card(options: CsvOptions) -> dict[str, Any]:
    """What the card says of the options: those that are not the default."""
    values = {
        "decimal": options.decimal.value,
        "separator": options.separator.value,
        "drop": list(options.drop),
        "keep": list(options.keep),
    }
    return {name: value for name, value in values.items() if value != _DEFAULTS[name]}


_DEFAULTS: Mapping[str, Any] = {"decimal": "point", "separator": "comma", "drop": [], "keep": []}


def csv_options_of(card: Mapping[str, Any]) -> CsvOptions:
    """The options that a card's entry on the data set tells; what it cannot mean is left out."""
    drop, keep = (_names(card.get(name)) for name in ("drop", "keep"))
    found = {
        kind: value
        for kind, known in (("decimal", Decimal), ("separator", Separator))
        if (value := card.get(kind)) in [item.value for item in known]
    }
    return with_notation(
        CsvOptions(drop=drop, keep=keep), found.get("decimal"), found.get("separator")
    )


def _names(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
