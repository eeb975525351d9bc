"""``lgn2hdl predict`` and ``lgn2hdl eval``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import OptionError
from lgn2hdl.cli.console import data_note, one_line_names, print_json, print_table
from lgn2hdl.cli.csv_files import notation_options
from lgn2hdl.cli.download_bar import download_bar
from lgn2hdl.cli.options import (
    FILE,
    data_dir_option,
    dataset_help,
    json_option,
    label_option,
    model_argument,
)
from lgn2hdl.cli.predictor import engine_options, predictor
from lgn2hdl.datasets import Dataset, read_rows, require_same_targets
from lgn2hdl.datasets.trained import trained_csv_options, trained_dataset, with_notation
from lgn2hdl.model import file as model_file
from lgn2hdl.model.features import require_same_features
from lgn2hdl.model.heads import ScoringHead
from lgn2hdl.model.heads.group_sum_plan import decide
from lgn2hdl.model.network import LogicNet


@click.command()
@model_argument
@click.argument("file", type=FILE)
@click.option("--scores", "with_scores", is_flag=True, help="Print every class score as well.")
@notation_options
@engine_options
@json_option
def predict(
    model: Path,
    file: Path,
    with_scores: bool,
    decimal: str | None,
    separator: str | None,
    engine: str,
    threads: int,
    as_json: bool,
) -> None:
    """Run MODEL on the rows of FILE (.npy, .npz, .csv or IDX).

    Prints a line a row: the name of the class (a line break or a tab in it as \\n or \\t; JSON has
    it as it is); or, of a model whose outputs are bits, all of them with tabs between, in the order
    in which 'lgn2hdl info' names them.
    """
    network = model_file.load(model)
    if with_scores and not isinstance(network.head, ScoringHead):
        raise OptionError(f"the outputs of {model} are bits, not scores: leave --scores out")
    csv = with_notation(trained_csv_options(network), decimal, separator)
    integers = network.features.integers(read_rows(file, network.features, csv, data_note))
    compute = predictor(network, engine, threads, len(integers))
    if not network.head.decides_class:
        _print_numbers(f"{network.head.value_name}s", compute.predict(integers), as_json)
    elif not isinstance(network.head, ScoringHead):
        _print_names(_names(network, compute.predict(integers), as_json), as_json)
    else:
        _print_classes(network, compute.scores(integers), with_scores, as_json)


def _names(network: LogicNet, classes: npt.NDArray[Any], as_json: bool) -> list[str]:
    known = list(network.class_names) if as_json else one_line_names(network.class_names)
    return [known[index] for index in classes]


def _print_names(names: list[str], as_json: bool) -> None:
    if as_json:
        print_json([{"class": name} for name in names])
        return
    for name in names:
        click.echo(name)


def _print_numbers(what: str, rows: npt.NDArray[Any], as_json: bool) -> None:
    if as_json:
        print_json([{what: row} for row in rows.tolist()])
        return
    for row in rows.tolist():
        click.echo("\t".join(map(str, row)))


def _print_classes(
    network: LogicNet, scores: npt.NDArray[np.int32], with_scores: bool, as_json: bool
) -> None:
    names = _names(network, decide(scores), as_json)
    if not with_scores:
        _print_names(names, as_json)
        return
    rows = zip(names, scores.tolist(), strict=True)
    if as_json:
        print_json([{"class": name, "scores": values} for name, values in rows])
        return
    for name, values in rows:
        click.echo("\t".join([name, *map(str, values)]))


@click.command("eval")
@model_argument
@click.option("--dataset", help=f"{dataset_help} [default: what the model was trained on].")
@data_dir_option
@label_option
@engine_options
@json_option
def evaluate(
    model: Path,
    dataset: str | None,
    data_dir: Path | None,
    label: str | None,
    engine: str,
    threads: int,
    as_json: bool,
) -> None:
    """Hard accuracy of MODEL on the test rows of a data set.

    A model whose outputs are bits gets two: the share of right bits (the mean over the outputs) and
    of rows in which all bits are right (the exact match).
    """
    network = model_file.load(model)
    data = trained_dataset(network, dataset, data_dir, label, shown=download_bar)
    require_same_features(network.features, data.features, data.name)
    require_same_targets(network, data)
    compute = predictor(network, engine, threads, len(data.x_test))
    right = compute.predict(data.x_test) == data.y_test
    result = {"model": str(model), "dataset": data.name, "test_rows": len(right), **_result(right)}
    if as_json:
        print_json(result)
        return
    what, rows = _bit_rows(network, right) if right.ndim == 2 else _class_rows(network, data, right)
    print_table(f"{model.name} on {data.name}", (what, "test rows", "hard accuracy"), rows)


def _result(right: npt.NDArray[np.bool_]) -> dict[str, Any]:
    """Accuracies of what is right: rows ``bool[N]``, or bits ``bool[N, n]``."""
    if right.ndim == 1:
        return {"correct": int(right.sum()), "hard_accuracy": float(right.mean())}
    exact = right.all(axis=1)
    return {
        "outputs": right.shape[1],
        "correct": int(exact.sum()),
        "bit_accuracy": float(right.mean()),
        "exact_match_accuracy": float(exact.mean()),
    }


Rows = list[tuple[object, ...]]


def _class_rows(network: LogicNet, data: Dataset, right: npt.NDArray[np.bool_]) -> tuple[str, Rows]:
    """A row a class, and one for all."""
    rows: Rows = [
        (name, int(mine.sum()), f"{right[mine].mean():.2%}" if mine.any() else "-")
        for name, mine in (
            (name, data.y_test == index) for index, name in enumerate(network.class_names)
        )
    ]
    return "class", [*rows, ("all", len(right), f"{right.mean():.2%}")]


def _bit_rows(network: LogicNet, right: npt.NDArray[np.bool_]) -> tuple[str, Rows]:
    """A row an output, their mean, and the exact match."""
    n_rows = len(right)
    rows: Rows = [
        (name, n_rows, f"{share:.2%}")
        for name, share in zip(network.class_names, right.mean(axis=0), strict=True)
    ]
    rows.append(("bit accuracy (mean)", n_rows, f"{right.mean():.2%}"))
    return "output", [*rows, ("exact match", n_rows, f"{right.all(axis=1).mean():.2%}")]
