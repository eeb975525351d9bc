"""The data set that a network was trained on, as its card tells of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from lgn2hdl.base.errors import DataError
from lgn2hdl.datasets import CsvOptions, Dataset, Missing, load_dataset
from lgn2hdl.datasets.csv_options import Decimal, Separator
from lgn2hdl.datasets.sources import Shown, hidden
from lgn2hdl.model.network import LogicNet

DEFAULT_INPUT_WIDTH = 12
"""Bits of a scaled real-valued feature: its quantization is far finer than any thermometer."""


def _dataset_card(network: LogicNet) -> Mapping[str, Any]:
    """The card's entry on its data set. A card can hold anything: only the right types count."""
    card = network.card.get("dataset")
    types = {"source": str, "label": str, "input_width": int, "sha256": str}
    types |= {"missing": str, "decimal": str, "separator": str, "drop": list, "keep": list}
    entries = card.items() if isinstance(card, Mapping) else ()
    return {name: value for name, value in entries if type(value) is types.get(name)}


def trained_csv_options(network: LogicNet) -> CsvOptions:
    """How the CSV file was read that the network was trained on."""
    return csv_options_of(_dataset_card(network))


def trained_dataset(
    network: LogicNet,
    wish: str | None,
    data_dir: Path | None,
    label: str | None,
    *,
    shown: Shown = hidden,
) -> Dataset:
    """The data set that is asked for, else the one that the card names.

    Args:
        network: the network.
        wish: name or file of a data set; None takes what the network was trained on.
        data_dir: folder with public data sets.
        label: label column of a CSV file.
        shown: shows how a download goes on.

    Raises:
        DataError: if it cannot be had, or has changed since the model was trained.
    """
    card = _dataset_card(network)
    csv = csv_options_of(card)
    known = card.get("missing") in [item.value for item in Missing]
    load = partial(
        load_dataset,
        data_dir=data_dir,
        input_width=card.get("input_width", DEFAULT_INPUT_WIDTH),
        missing=Missing(card["missing"]) if known else Missing.ERROR,
        shown=shown,
    )
    trained_label = label or card.get("label")
    if wish is not None:
        if Path(wish).suffix.lower() == ".csv":
            return load(wish, label=trained_label, csv=csv)
        return load(wish, label=label)
    name = card.get("source")
    if not isinstance(name, str):
        raise DataError("the model's card names no data set: give --dataset")
    dataset = load(name, label=trained_label, csv=csv)
    if card.get("sha256") != dataset.sha256:
        raise DataError(
            f"data set {name} is not what the model was trained on (its hash differs): "
            "give --dataset to use it all the same"
        )
    return dataset


def with_notation(options: CsvOptions, decimal: str | None, separator: str | None) -> CsvOptions:
    """The options, changed by what is given."""
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
