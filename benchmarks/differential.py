"""All engines on the same vectors, for every model: how many vectors differ.

Usage: python benchmarks/differential.py [--no-simulate] [--data-dir DIR] [MODEL ...]

Without models it takes every file in models/. Prints a Markdown table with a row for each model and
engine; the Verilog before and after synthesis runs in one simulation, whose time is given for both.
Exits with 1 if any engine differs, and leaves mismatch-MODEL.json in the present folder, or if a
tool fails. ``--device generic`` leaves synthesis out, for models that are too large for Yosys here.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from lgn2hdl.api.comparison import DEFAULT_NUMBER, run_engines
from lgn2hdl.base.errors import Lgn2HdlError
from lgn2hdl.compiler.recipe import Recipe
from lgn2hdl.datasets.trained import trained_dataset
from lgn2hdl.model import file as model_file
from lgn2hdl.targets.devices import find_device
from lgn2hdl.verify.differential.vectors import vector_table

MODELS = Path(__file__).resolve().parents[1] / "models"


def note(line: str) -> None:
    """Progress, on stderr."""
    print(line, file=sys.stderr, flush=True)


def measure(model: Path, options: argparse.Namespace) -> bool:
    """Print the rows of one model; whether all engines agree."""
    network = model_file.load(model)
    real = trained_dataset(network, None, options.data_dir, None).x_test
    table = vector_table(network, real, options.vectors)
    groups = ", ".join(f"{number} {name}" for name, number in table.groups.items())
    note(f"{model.name}: {groups}")
    device = find_device(options.device)
    outcomes = run_engines(network, device, table, simulate=options.simulate, note=note)
    for item in outcomes:
        cells = (model.stem, item.engine, f"{item.vectors:,}", item.mismatches)
        print(f"| {' | '.join(map(str, cells))} | {item.seconds:.1f} |", flush=True)
    wrong = [item.first for item in outcomes if item.first is not None]
    for first in wrong:
        note(first.text)
    if wrong:
        wrong[0].write(Path(f"mismatch-{model.stem}.json"), model=str(model))
    return not wrong


def main() -> int:
    """All models."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", type=Path, metavar="MODEL")
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--device", default=Recipe.device)
    parser.add_argument("--vectors", type=int, default=DEFAULT_NUMBER)
    parser.add_argument("--no-simulate", dest="simulate", action="store_false")
    options = parser.parse_args()
    print("| model | engine | vectors | mismatches | seconds |\n|---|---|---|---|---|")
    models = options.models or sorted(MODELS.glob("*.lgn"))
    agree = []
    for model in models:
        try:
            agree.append(measure(model, options))
        except Lgn2HdlError as error:
            note(f"error: {model.name}: {error}")
            agree.append(False)
    return 0 if all(agree) else 1


if __name__ == "__main__":
    sys.exit(main())
