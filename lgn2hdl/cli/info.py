"""``lgn2hdl info``: the card, the layers, and what pruning does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import numpy as np

from lgn2hdl.cli.console import markdown_table, print_json, print_table
from lgn2hdl.cli.options import json_option, model_argument
from lgn2hdl.ir import logic
from lgn2hdl.model import file as model_file
from lgn2hdl.model.layers.lut import Lut
from lgn2hdl.model.network import LogicNet
from lgn2hdl.passes import PassRecord, facts_of, prune
from lgn2hdl.passes.lower import lower


@click.command()
@model_argument
@json_option
@click.option("--markdown", is_flag=True, help="Print the card as a Markdown page.")
def info(model: Path, as_json: bool, markdown: bool) -> None:
    """Show what is in MODEL: its card, its layers, and what pruning does to its gates."""
    network = model_file.load(model)
    _, records = prune(lower(network), facts_of(network))
    if as_json:
        print_json(_as_json(network, records))
        return
    if markdown:
        click.echo(_markdown(model.name, network, records))
        return
    rows = list(_flat(network.card))
    print_table(f"{model.name}: card", ("what", "value"), rows)
    print_table("Layers", ("layer", "nodes", "fan-in", "most frequent gates"), _layers(network))
    print_pruning(records)


def print_pruning(records: tuple[PassRecord, ...]) -> None:
    """A row a pass."""
    header = ("pass", "round", "gates before", "gates after", "depth", "ms")
    rows = [
        (r.name, r.round, r.gates_before, r.gates_after, r.depth_after, f"{1000 * r.seconds:.1f}")
        for r in records
    ]
    print_table("Pruning", header, rows)


def _as_json(network: LogicNet, records: tuple[PassRecord, ...]) -> dict[str, Any]:
    return {
        "card": dict(network.card),
        "features": network.features.n_features,
        "input_bits": network.encoder.n_bits,
        "layers": [{"nodes": layer.width, "fan_in": layer.fan_in} for layer in network.layers],
        "outputs": network.head.n_outputs,
        **_head_json(network),
        "passes": [asdict(record) for record in records],
    }


def _head_json(network: LogicNet) -> dict[str, Any]:
    what = "classes" if network.head.decides_class else "output_names"
    return {"head": network.head.kind, what: list(network.class_names)}


def _markdown(name: str, network: LogicNet, records: tuple[PassRecord, ...]) -> str:
    """The card for people: nothing in it changes from run to run."""
    passes = [(r.round, r.name, r.gates_before, r.gates_after, r.depth_after) for r in records]
    sections = [
        f"# {name}",
        f"Written by `lgn2hdl info {name} --markdown`.",
        markdown_table(("what", "value"), _flat(network.card)),
        markdown_table(("layer", "nodes", "fan-in", "most frequent gates"), _layers(network)),
        markdown_table(("round", "pass", "gates before", "gates after", "depth"), passes),
    ]
    return "\n\n".join(sections)


def _layers(network: LogicNet) -> list[tuple[object, ...]]:
    first = f"thermometer encoder of {network.features.n_features} features"
    rows: list[tuple[object, ...]] = [("input", network.encoder.n_bits, "", first)]
    for index, layer in enumerate(network.layers):
        tables = layer.table if isinstance(layer, Lut) and layer.fan_in == 2 else None
        common = "" if tables is None else _common_gates(tables)
        rows.append((str(index), layer.width, layer.fan_in, common))
    return [*rows, ("head", network.head.n_outputs, "", _head_text(network))]


def _head_text(network: LogicNet) -> str:
    return network.head.describe(network.class_names)


def _common_gates(table: logic.Tables) -> str:
    counts = np.bincount(table, minlength=len(logic.GATE_NAMES))
    best = np.argsort(-counts, kind="stable")[:4]
    return ", ".join(f"{logic.GATE_NAMES[gate]} {counts[gate] / len(table):.0%}" for gate in best)


def _flat(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Nested card entries as ``a.b`` rows."""
    rows: list[tuple[str, str]] = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            rows += _flat(value, f"{prefix}{name}.")
        else:
            rows.append((f"{prefix}{name}", str(value)))
    return rows
