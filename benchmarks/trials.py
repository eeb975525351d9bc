"""What single options bring: short runs on MNIST that change one option at a time.

One layer of 1,000 LUTs of six inputs on the top bit of every pixel, the same seed, the same rows.
Figures are hard validation accuracy; the test rows are not looked at. Runs of one seed differ by a
few tenths of a per cent for no reason at all.

    python benchmarks/trials.py [--steps 1000] [--seeds 0]
"""

from __future__ import annotations

import argparse
import statistics

import torch

from lgn2hdl.datasets import load_dataset
from lgn2hdl.train.config import TrainConfig
from lgn2hdl.train.loop.loop import train

BASE = TrainConfig.of(
    layers=(1000,),
    fan_in=(6,),
    encoder="fixed",
    thresholds=(128,),
    wiring=("candidates",),
    candidates=32,
    resample_every=20,
    initialization="gaussian",
    sampling="hard",
    tau=5.0,
    learning_rate=0.1,
    shift_pixels=1,
)

CHANGES: tuple[tuple[str, dict[str, object]], ...] = (
    ("as in the preset", {}),
    ("soft nodes and wires", {"sampling": "soft", "selection": "softmax"}),
    ("gumbel", {"sampling": "gumbel"}),
    ("residual tables", {"initialization": "residual"}),
    ("binary tables", {"relaxation": "binary"}),
    ("walsh tables", {"relaxation": "walsh"}),
    ("gradient of the softmax for wires", {"selection": "straight-through"}),
    ("random resampling", {"resampling": "random", "resample_every": 200}),
    ("no resampling", {"resample_every": 0}),
    ("fixed wiring, balanced", {"wiring": ("balanced",)}),
    ("fixed wiring, local", {"wiring": ("local",)}),
    ("mapping", {"wiring": ("mapping",)}),
)


def main() -> None:
    """Train and print, one line for each change."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    options = parser.parse_args()
    torch.set_num_threads(1)
    dataset = load_dataset("mnist")
    base = BASE.changed(steps=options.steps, evaluate_every=options.steps)
    print(f"{options.steps} steps, seeds {options.seeds}\n")
    print("| change | hard validation | soft validation |\n|---|---|---|")
    for name, change in CHANGES:
        cards = [
            train(dataset, base.changed(seed=seed, **change), test=False).card
            for seed in options.seeds
        ]
        hard = statistics.mean(card["metrics"]["validation_hard_accuracy"] for card in cards)
        soft = statistics.mean(card["metrics"]["validation_soft_accuracy"] for card in cards)
        print(f"| {name} | {100 * hard:.2f} % | {100 * soft:.2f} % |", flush=True)


if __name__ == "__main__":
    main()
