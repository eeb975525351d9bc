"""Small networks for tables: test accuracy over seeds, and LUT6 of the whole design.

Options were chosen on validation rows; the test rows are looked at once for each seed. LUTs are
Yosys's for UltraScale+ of everything, encoder, core, popcount and argmax: of the design as one
module (flattened), and as the sum of its parts mapped alone. Prints a Markdown table with a row for
every seed, and the means.

    python benchmarks/small_tables.py [SET ...] [--seeds 5] [--data-dir FOLDER]
"""

from __future__ import annotations

import argparse
import statistics
from dataclasses import dataclass, replace
from pathlib import Path

from emitters import flat_cells

from lgn2hdl.compiler.flow import compile_network
from lgn2hdl.compiler.recipe import Emitter, Recipe
from lgn2hdl.datasets import load_dataset
from lgn2hdl.hdl.emit import emit_verilog
from lgn2hdl.model.network import LogicNet
from lgn2hdl.tools.area import XCUP, measure_area
from lgn2hdl.train.config import TrainConfig
from lgn2hdl.train.loop.loop import train

TABLE = {
    "fan_in": [6], "wiring": ["mapping"], "initialization": "gaussian", "sampling": "hard",
    "batch_size": 256,
}  # fmt: skip


@dataclass(frozen=True)
class Task:
    """A data set with the options that were chosen for it.

    Attributes:
        input_width: bits of a feature.
        config: options of training.
    """

    input_width: int
    config: TrainConfig


TASKS = {
    "drybean": Task(6, TrainConfig.of(
        **TABLE, layers=[49], encoder="learned", bits_per_feature=5, learning_rate=0.03,
        label_smoothing=0.1, weight_decay=0.1, steps=6000, validation_fraction=0.2,
    )),
    "unsw-nb15-82k": Task(12, TrainConfig.of(
        **TABLE, layers=[34], bits_per_feature=8, learning_rate=0.1, steps=8000,
    )),
}  # fmt: skip


def luts(network: LogicNet) -> tuple[int, int]:
    """LUT6 of the flattened design, and of its parts."""
    design = compile_network(network, Recipe()).design
    verilog = emit_verilog(design, "classifier", Emitter.AMARANTH)
    flat = flat_cells(verilog, "classifier", XCUP)
    parts = measure_area(verilog, "classifier", XCUP)
    return flat.lut, parts.total.lut


def print_task(name: str, seeds: int, data_dir: Path | None) -> None:
    """A row for every seed, and the means."""
    task, rows = TASKS[name], []
    data = load_dataset(name, input_width=task.input_width, data_dir=data_dir)
    for seed in range(seeds):
        network = train(data, replace(task.config, seed=seed))
        metrics = network.card["metrics"]
        flat, parts = luts(network)
        rows.append((metrics["validation_hard_accuracy"], metrics["test_hard_accuracy"]))
        rows[-1] += (flat, parts, network.card["timing"]["seconds"])
        print(line(name, str(seed), rows[-1]), flush=True)
    print(line(name, "mean", tuple(map(statistics.mean, zip(*rows, strict=True)))))


def line(name: str, seed: str, row: tuple[float, ...]) -> str:
    """One line of the table."""
    validation, test, flat, parts, seconds = row
    return (
        f"| {name} | {seed} | {validation:.2%} | {test:.2%} | {flat:.0f} | {parts:.0f} "
        f"| {seconds:.0f} s |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", default=list(TASKS), metavar="SET")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--data-dir", type=Path)
    options = parser.parse_args()
    print("| data set | seed | validation | test | LUT6, flattened | LUT6, parts | training |")
    print("|---|---|---|---|---|---|---|")
    for name in options.sets:
        print_task(name, options.seeds, options.data_dir)


if __name__ == "__main__":
    main()
