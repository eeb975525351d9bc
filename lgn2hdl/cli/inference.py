"""``lgn2hdl predict`` and ``lgn2hdl eval``, with the NumPy golden model."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np

from lgn2hdl import model_file
from lgn2hdl.cli.console import print_json, print_table
from lgn2hdl.cli.options import (
    FILE,
    data_dir_option,
    dataset_help,
    json_option,
    label_option,
    model_argument,
    trained_dataset,
)
from lgn2hdl.datasets import read_rows
from lgn2hdl.features import require_same_features
from lgn2hdl.model import decide


@click.command()
@model_argument
@click.argument("file", type=FILE)
@click.option("--scores", "with_scores", is_flag=True, help="Print every class score as well.")
@json_option
def predict(model: Path, file: Path, with_scores: bool, as_json: bool) -> None:
    """Classify the rows of FILE (.npy, .npz, .csv or IDX) with MODEL: a class name a line."""
    network = model_file.load(model)
    scores = network.scores(network.features.integers(read_rows(file, network.features)))
    names = [network.class_names[index] for index in decide(scores)]
    if as_json:
        rows = zip(names, scores.tolist(), strict=True)
        print_json(
            [
                {"class": name, "scores": values} if with_scores else {"class": name}
                for name, values in rows
            ]
        )
        return
    for name, values in zip(names, scores.tolist(), strict=True):
        click.echo("\t".join([name, *map(str, values)]) if with_scores else name)


@click.command("eval")
@model_argument
@click.option("--dataset", help=f"{dataset_help} [default: what the model was trained on].")
@data_dir_option
@label_option
@json_option
def evaluate(
    model: Path, dataset: str | None, data_dir: Path | None, label: str | None, as_json: bool
) -> None:
    """Hard accuracy of MODEL on the test rows of a data set."""
    network = model_file.load(model)
    data = trained_dataset(network, dataset, data_dir, label)
    require_same_features(network.features, data.features, data.name)
    predicted = decide(network.scores(data.x_test))
    right = predicted == data.y_test
    result = {
        "model": str(model),
        "dataset": data.name,
        "test_rows": len(right),
        "correct": int(right.sum()),
        "hard_accuracy": float(right.mean()),
    }
    if as_json:
        print_json(result)
        return
    rows = [
        (name, int(mine.sum()), f"{right[mine].mean():.2%}" if mine.any() else "-")
        for name, mine in (
            (name, data.y_test == index) for index, name in enumerate(network.class_names)
        )
    ]
    rows.append(("all", len(right), f"{np.mean(right):.2%}"))
    print_table(f"{model.name} on {data.name}", ("class", "test rows", "hard accuracy"), rows)
