"""The table of ``docs/results.md``: every model in ``models/``, from its card.

Hard accuracy is that of the discrete network. Models and options were chosen on validation rows;
the test rows were looked at once, when the model was trained.

    python benchmarks/results.py [models/*.lgn]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from lgn2hdl.model import file as model_file
from lgn2hdl.model.network import LogicNet

MODELS = Path(__file__).resolve().parents[1] / "models"

HEADER = (
    "| model | data set | nodes | hard validation | hard test | seed | training | step |\n"
    "|---|---|---|---|---|---|---|---|"
)


def nodes(network: LogicNet) -> str:
    """Such as ``8,000 LUT2 + 1,000 LUT6``."""
    return " + ".join(f"{layer.width:,} LUT{layer.fan_in}" for layer in network.layers)


def row(path: Path) -> str:
    """The table's line of a model file."""
    network = model_file.load(path)
    card = network.card
    metrics, timing = card["metrics"], card["timing"]
    cells = (
        f"[{path.name}](../models/{path.stem}.md)",
        card["dataset"]["name"],
        nodes(network),
        f"{100 * metrics['validation_hard_accuracy']:.2f} %",
        f"{100 * metrics['test_hard_accuracy']:.2f} %",
        str(card["seed"]),
        f"{timing['seconds']:.0f} s",
        f"{timing['milliseconds_per_step']:.1f} ms",
    )
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print the table, the machines, and the commands."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", type=Path, nargs="*")
    paths = parser.parse_args().models or sorted(MODELS.glob("*.lgn"))
    print(HEADER)
    for path in paths:
        print(row(path))
    cards = [model_file.load(path).card for path in paths]
    machines = sorted({card["timing"].get("machine", "not recorded") for card in cards})
    print(f"\nMachine: {'; '.join(machines)}; CPU only.\n\n```sh")
    for card in cards:
        print(card["command"])
    print("```")


if __name__ == "__main__":
    main()
