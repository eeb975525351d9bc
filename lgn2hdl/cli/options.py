"""Options that several commands share."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from lgn2hdl.base.errors import DataError, ToolError
from lgn2hdl.cli.csv_files import csv_options_of
from lgn2hdl.datasets import DATASET_NAMES, CsvOptions, Dataset, Missing, load_dataset
from lgn2hdl.model.network import LogicNet


class _FilePath(click.Path):
    """The path of a file or folder, which may exist or not."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, str) and (not value or "\0" in value):
            self.fail(f"{value!r} is no path.", param, ctx)
        return super().convert(value, param, ctx)


FILE = _FilePath(path_type=Path)

DEFAULT_INPUT_WIDTH = 12
"""Bits of a scaled real-valued feature: its quantization is far finer than any thermometer."""

model_argument = click.argument("model", type=FILE)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")

data_dir_option = click.option(
    "--data-dir",
    type=FILE,
    help="Folder with data sets [default: LGN2HDL_DATA, then the cache, then a download].",
)

label_option = click.option(
    "--label", help="Label column of a CSV data set [default: the last one, or one so named]."
)

dataset_help = f"One of {', '.join(DATASET_NAMES)}, or a .npz or .csv file"


def require_package(module: str, extra: str, what: str) -> None:
    """Check that an optional dependency is installed.

    Raises:
        ToolError: if it is not; the message names the extra that brings it.
    """
    if importlib.util.find_spec(module) is None:
        raise ToolError(f"{what} needs {module}: run 'pip install lgn2hdl[{extra}]'")


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
    network: LogicNet, wish: str | None, data_dir: Path | None, label: str | None
) -> Dataset:
    """The data set that is asked for, else the one that the card names.

    Raises:
        DataError: if it cannot be had, or has changed since the model was trained.
    """
    card = _dataset_card(network)
    width = card.get("input_width", DEFAULT_INPUT_WIDTH)
    csv = csv_options_of(card)
    known = card.get("missing") in [item.value for item in Missing]
    missing = Missing(card["missing"]) if known else Missing.ERROR
    if wish is not None:
        is_csv = Path(wish).suffix.lower() == ".csv"
        own = csv if is_csv else None
        label = label or card.get("label") if is_csv else label
        return load_dataset(
            wish, data_dir=data_dir, label=label, input_width=width, csv=own, missing=missing
        )
    name = card.get("source")
    if not isinstance(name, str):
        raise DataError("the model's card names no data set: give --dataset")
    label = label or card.get("label")
    dataset = load_dataset(
        name, data_dir=data_dir, label=label, input_width=width, csv=csv, missing=missing
    )
    if card.get("sha256") != dataset.sha256:
        raise DataError(
            f"data set {name} is not what the model was trained on (its hash differs): "
            "give --dataset to use it all the same"
        )
    return dataset
