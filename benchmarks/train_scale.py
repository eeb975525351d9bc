"""Time and memory of a training step against the width: 5 layers of two-input gates.

The widest, 5 x 1,024,000, is the largest network of the 2022 paper (arXiv:2210.08277): 5.12 million
gates, on CIFAR-10's 31 thresholds per channel (95,232 input bits). Every width runs in a process of
its own, so that its peak memory is its own.

    python benchmarks/train_scale.py [--sampling hard] [--widths 16000 64000 256000 1024000]
        [--batch 128] [--plot F]
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

N_INPUTS, N_CLASSES, N_LAYERS = 95_232, 10, 5


def measure(width: int, batch: int, steps: int, sampling: str) -> dict[str, float]:
    """Build, then train on random bits; seconds and bytes."""
    import torch

    from lgn2hdl.train.config import TrainConfig
    from lgn2hdl.train.loop.optimizer import make_optimizer, set_rates
    from lgn2hdl.train.network.network import RelaxedNetwork
    from lgn2hdl.train.relax.hard import hard_values, is_possible
    from lgn2hdl.train.relax.layer import Sampling

    config = TrainConfig.of(layers=(width,) * N_LAYERS, relaxation="light", batch_size=batch)
    how = Sampling(sampling)
    started = time.perf_counter()
    network = RelaxedNetwork(N_INPUTS, N_CLASSES, config)
    optimizer = make_optimizer(network, config)
    set_rates(optimizer, 1.0)
    built = time.perf_counter() - started
    bits = (torch.rand(N_INPUTS, batch) > 0.5).float()
    if sampling == "hard" and is_possible(bits):
        bits = hard_values(bits)  # as an encoder gives them
    labels = torch.arange(batch) % N_CLASSES
    times = []
    for _ in range(steps):
        started = time.perf_counter()
        optimizer.zero_grad()
        network.head.loss(network(bits, how), labels, 0.0).backward()
        optimizer.step()
        times.append(time.perf_counter() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"width": width, "build": built, "step": statistics.median(times[1:]), "peak": peak}


def main() -> None:
    """Print the table, and draw it if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--widths", type=int, nargs="+", default=[16_000, 64_000, 256_000, 1_024_000]
    )
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--sampling", choices=("soft", "hard"), default="hard")
    parser.add_argument("--steps", type=int, default=4, help="the first is not counted")
    parser.add_argument("--plot", type=Path, help="picture to write, such as scale.png")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one, options.batch, options.steps, options.sampling)))
        return
    print(f"{N_LAYERS} layers, batch {options.batch}, {options.sampling}")
    print("gates     build s    step s   ns/gate/sample   peak GiB")
    rows = []
    for width in options.widths:
        shared = ["--batch", str(options.batch), "--steps", str(options.steps)]
        shared += ["--sampling", options.sampling]
        command = [sys.executable, __file__, "--one", str(width), *shared]
        row = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
        rows.append(row)
        gates = N_LAYERS * width
        each = 1e9 * row["step"] / gates / options.batch
        print(
            f"{gates:9d} {row['build']:7.1f} {row['step']:9.2f} {each:16.2f} "
            f"{row['peak'] / 2**30:10.2f}",
            flush=True,
        )
    if options.plot:
        draw(rows, options.plot)


def draw(rows: list[dict[str, float]], path: Path) -> None:
    """Both curves on logarithmic axes."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    gates = [N_LAYERS * row["width"] for row in rows]
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    left.loglog(gates, [row["step"] for row in rows], "o-")
    left.set(xlabel="gates", ylabel="seconds per step", title="time")
    right.loglog(gates, [row["peak"] / 2**30 for row in rows], "o-")
    right.set(xlabel="gates", ylabel="GiB", title="peak memory")
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
