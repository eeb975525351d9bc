"""``lgn2hdl compare``: every engine on the same vectors, bit for bit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from lgn2hdl.api.comparison import DEFAULT_NUMBER, run_engines
from lgn2hdl.base.errors import DataError, MismatchError
from lgn2hdl.base.packages import require_package
from lgn2hdl.cli.console import note, print_json, print_table
from lgn2hdl.cli.download_bar import download_bar
from lgn2hdl.cli.numbers import WholeRange
from lgn2hdl.cli.options import (
    FILE,
    data_dir_option,
    dataset_help,
    json_option,
    label_option,
    model_argument,
)
from lgn2hdl.compiler.recipe import DEFAULT_RECIPE
from lgn2hdl.datasets.trained import trained_dataset
from lgn2hdl.model import file as model_file
from lgn2hdl.model.features import Integers, require_same_features
from lgn2hdl.model.network import LogicNet
from lgn2hdl.targets.devices import find_device
from lgn2hdl.verify.differential.compare import Outcome
from lgn2hdl.verify.differential.vectors import VectorTable, table_of_file, vector_table

DEFAULT_DEVICE = DEFAULT_RECIPE.device


@click.command("compare")
@model_argument
@click.option("--vectors", "number", type=WholeRange(min=1), default=DEFAULT_NUMBER,
              show_default=True, help="Test rows, and as many random vectors; corner cases are "
              "added.")  # fmt: skip
@click.option("--device", default=DEFAULT_DEVICE, show_default=True,
              help="What to map and synthesize to.")  # fmt: skip
@click.option("--simulate/--no-simulate", default=True, help="Simulate the Verilog, before and "
              "after synthesis with Yosys.")  # fmt: skip
@click.option("--replay", type=FILE, help="Use the one vector in this file, which a mismatch left.")
@click.option("--mismatch", type=FILE, default=Path("mismatch.json"), show_default=True,
              help="Where the first mismatch is written.")  # fmt: skip
@click.option("--dataset", help=f"{dataset_help} [default: what the model was trained on].")
@data_dir_option
@label_option
@json_option
def compare_command(
    model: Path,
    number: int,
    device: str,
    simulate: bool,
    replay: Path | None,
    mismatch: Path,
    as_json: bool,
    **data: Any,
) -> None:
    """Run MODEL on everything that can run it, with the same vectors, and require equal bits.

    That is: torch, the network, the netlist after every pass, the mapped circuit, the CPU engine,
    the exported C, and the Verilog before and after synthesis, in the test bench.
    """
    require_package("scipy", "synth", "placing registers")
    if simulate:
        require_package("cocotb", "sim", "simulation")
    network, target = model_file.load(model), find_device(device)
    if replay is None:
        table = vector_table(network, _real(network, **data), number)
    else:
        table = table_of_file(replay, network.features)
    outcomes = run_engines(network, target, table, simulate=simulate, note=note)
    _print(model, table, outcomes, as_json)
    first = next((item.first for item in outcomes if item.first is not None), None)
    if first is not None:
        first.write(mismatch, model=str(model), device=device)
        raise MismatchError(f"{first.text}; {mismatch} has the vector for --replay")


def _real(
    network: LogicNet, dataset: str | None, data_dir: Path | None, label: str | None
) -> Integers | None:
    """Test rows; None, with a note, where the data set is not at hand and was not asked for."""
    try:
        data = trained_dataset(network, dataset, data_dir, label, shown=download_bar)
    except DataError as error:
        if dataset is not None:
            raise
        note(f"note: there are no real samples among the vectors: {error}")
        return None
    require_same_features(network.features, data.features, data.name)
    return data.x_test


def _print(model: Path, table: VectorTable, outcomes: list[Outcome], as_json: bool) -> None:
    if as_json:
        document: Mapping[str, Any] = {
            "model": str(model),
            "vectors": dict(table.groups),
            "engines": [item.to_json() for item in outcomes],
        }
        print_json(document)
        return
    groups = ", ".join(f"{number:,} {name}" for name, number in table.groups.items())
    rows = [
        (item.engine, item.vectors, item.mismatches, f"{item.seconds:.1f}") for item in outcomes
    ]
    title = f"{model.name} on {len(table.integers):,} vectors: {groups}"
    print_table(title, ("engine", "vectors", "mismatches", "seconds"), rows)
