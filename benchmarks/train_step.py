"""Milliseconds per training step, and where they go.

Presets: whole steps as `lgn2hdl train` takes them (batch, encoder, network, optimizer, resampling),
on random images or tables of the size that the preset was made for. *floats* are the kernels that
interpolate, *bits* those that look up; both compute the same function.

Gates: layers of two-input nodes with fixed wiring, loss, backward and Adam included, beside
* plain: the formula of the 2022 paper word by word (`train_baseline/plain.py`);
* torch: this package without compiled kernels;
* torchlogix: its raw layers, in the environment whose Python is given;
* floor: the bytes that a step must move at least, over the bandwidth of this machine, which is that
  of copying an array as large as a layer's activations. A layer reads its input and writes its
  output; backward it reads the input and the output's gradient and writes the input's; Adam reads a
  parameter, its gradient and two moments, and writes three of them. Values are floats, or bits.

DWN: one layer of LUT6 whose pins choose among all inputs, beside a port of DWN
(`train_baseline/dwn.py` says how it was ported).

    python benchmarks/train_step.py [--threads 1 2] [--torchlogix PYTHON] [--only presets gates dwn]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from torch import nn
from train_baseline.dwn import DwnLayer
from train_baseline.plain import PlainMixture

from lgn2hdl.datasets import Dataset
from lgn2hdl.model.features import Features
from lgn2hdl.train.config import TrainConfig
from lgn2hdl.train.kernels import cpu, hard_layer
from lgn2hdl.train.loop.distributed import Group
from lgn2hdl.train.loop.optimizer import make_optimizer
from lgn2hdl.train.loop.resampling import observe, resample
from lgn2hdl.train.loop.run import Run
from lgn2hdl.train.network.network import RelaxedNetwork
from lgn2hdl.train.presets import preset
from lgn2hdl.train.relax.kinds import RELAXATIONS
from lgn2hdl.train.relax.layer import Sampling

N_CLASSES = 10
LAYERS, WIDTH, BATCH = 6, 8000, 128
SHAPES = {"digits-demo": (8, 8, 5), "mnist": (28, 28, 8), "tabular": (1, 16, 8)}
"""Rows, columns and bits of the images, or of the table, that each preset is timed on."""

TORCHLOGIX = Path(__file__).with_name("train_baseline") / "torchlogix_step.py"


def seconds_of(action: Callable[[], object]) -> float:
    """Wall time of one call."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def median_ms(step: Callable[[], object], seconds: float) -> float:
    """Median time of a step over about ``seconds``, after three steps of warm-up."""
    for _ in range(3):
        step()
    times: list[float] = []
    while sum(times) < seconds or len(times) < 5:
        times.append(seconds_of(step))
    return 1000 * statistics.median(times)


@contextmanager
def without(module: object) -> Iterator[None]:
    """Kernels of this module count as not compiled."""
    usual = module.available  # type: ignore[attr-defined]
    module.available = lambda *tensors: False  # type: ignore[attr-defined]
    try:
        yield
    finally:
        module.available = usual  # type: ignore[attr-defined]


def random_data(name: str) -> Dataset:
    """Random rows of the size of a preset's data set."""
    rows, columns, width = SHAPES[name]
    rng = np.random.default_rng(0)
    size = rows * columns
    x = rng.integers(0, 1 << width, (4096, size)).astype(np.uint8)
    y = np.arange(4096) % N_CLASSES
    features = Features(
        column=np.arange(size), width=np.full(size, width), offset=np.zeros(size),
        step=np.ones(size), category=np.full(size, -1),
        column_names=tuple(map(str, range(size))), categories=((),) * size,
    )  # fmt: skip
    return Dataset(
        name="random", x_train=x, y_train=y, x_test=x[:100], y_test=y[:100], features=features,
        class_names=tuple(map(str, range(N_CLASSES))), image_shape=(rows, columns), sha256="",
    )  # fmt: skip


class Steps:
    """The steps of a preset, one call each."""

    def __init__(self, name: str) -> None:
        config = preset(name).config.changed(steps=1_000_000)  # as many as are timed
        self.run = Run(random_data(name), config, None, Group(), "")

    def __call__(self) -> None:
        """The next step, with the resampling that is due after it."""
        run = self.run
        observe(run.network, run.config, run.step + 1)
        run.advance(False)
        resample(run.network, run.optimizer, run.config, run.step, run.group)


def mean_ms(step: Callable[[], object], seconds: float) -> float:
    """A twentieth of the median time of 20 steps, of which one resamples."""
    batches: list[float] = []
    while sum(batches) < seconds or len(batches) < 5:
        batches.append(seconds_of(lambda: [step() for _ in range(20)]))
    return 1000 * statistics.median(batches) / 20


def print_presets(seconds: float) -> None:
    """Whole steps of every preset."""
    print("preset        floats ms   bits ms   floats / bits")
    for name in SHAPES:
        steps = Steps(name)
        bits = mean_ms(steps, seconds)
        with without(hard_layer):
            floats = mean_ms(Steps(name), seconds)
        print(f"{name:12s} {floats:10.2f} {bits:9.2f} {floats / bits:15.1f}")


def print_profile(name: str) -> None:
    """Where the time of a preset's step goes."""
    steps = Steps(name)
    run, times = steps.run, defaultdict(list)

    def watch(owner: object, method: str, label: str) -> None:
        action = getattr(owner, method)

        def timed(*arguments: object, **options: object) -> object:
            started = time.perf_counter()
            result = action(*arguments, **options)
            times[label].append(time.perf_counter() - started)
            return result

        setattr(owner, method, timed)

    usual = torch.Tensor.backward
    watch(run.problem, "batch", "batch: rows, shifts")
    watch(run, "_inputs", "input bits")
    watch(run.network, "forward", "network forward, head included")
    watch(run.network.head, "loss", "loss")
    watch(torch.Tensor, "backward", "backward")
    watch(run.optimizer, "step", "Adam")
    for _ in range(20):
        steps()
    times.clear()
    whole = mean_ms(steps, 2)
    torch.Tensor.backward = usual  # type: ignore[method-assign]
    print(f"\nprofile of a step of {name}, {whole:.2f} ms")
    parts = {label: 1000 * statistics.mean(every) for label, every in times.items()}
    for label, part in parts.items():
        print(f"  {label:32s} {part:6.2f} ms")
    print(f"  {'resampling and everything else':32s} {whole - sum(parts.values()):6.2f} ms")


def gates_step(network: RelaxedNetwork, bits: torch.Tensor, kind: str) -> Callable[[], None]:
    """A whole step on random bits."""
    optimizer = make_optimizer(network, TrainConfig.of(layers=[10]))
    for group in optimizer.param_groups:
        group["lr"] = 0.01
    labels = torch.arange(bits.shape[1]) % N_CLASSES

    def step() -> None:
        optimizer.zero_grad()
        network.head.loss(network(bits, Sampling(kind)), labels, 0.0).backward()
        optimizer.step()

    return step


def usual_step(model: nn.Module, bits: torch.Tensor) -> Callable[[], None]:
    """The same for a model of batch-first bits, in torch's operations."""
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01, fused=True)
    labels = torch.arange(len(bits)) % N_CLASSES

    def step() -> None:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(bits), labels).backward()
        optimizer.step()

    return step


def floor_bytes(network: RelaxedNetwork, batch: int, value_bytes: float) -> float:
    """Bytes that a step must move; a value between layers has ``value_bytes``, a gradient 4."""
    total, sources = 0.0, network.n_inputs
    for index, layer in enumerate(network.relaxed_layers):
        parameters, width = layer.logits.shape
        values = sources + width + sources  # read, write, read again
        gradients = width + (sources if index else 0)  # inputs of the network need none
        total += batch * (value_bytes * values + 4 * gradients) + 4 * 7 * parameters * width
        sources = width
    return total


def bandwidth(n_floats: int, seconds: float) -> float:
    """Bytes per second, read and written, of copying an array."""
    source = torch.rand(n_floats)
    target = torch.empty_like(source)
    return 8 * n_floats / (median_ms(lambda: target.copy_(source), seconds) / 1000)


def print_gates(threads: int, seconds: float, torchlogix: str | None) -> None:
    """Every relaxation, soft, and the usual one with bits."""
    bits = (torch.rand(784, BATCH) > 0.5).float()
    networks = {
        name: RelaxedNetwork(
            784, N_CLASSES, TrainConfig.of(layers=[WIDTH] * LAYERS, relaxation=name)
        )
        for name in RELAXATIONS.names
    }
    plain = median_ms(usual_step(PlainMixture(networks["softmax16"]), bits.T.contiguous()), seconds)
    speed = bandwidth(WIDTH * BATCH, seconds)
    print(f"\n{LAYERS} x {WIDTH} gates, batch {BATCH}; copying moves {speed / 1e9:.1f} GB/s")
    print(f"plain {plain:.0f} ms")
    if torchlogix:
        sizes = map(str, (LAYERS, WIDTH, BATCH, threads, seconds))
        command = [torchlogix, str(TORCHLOGIX), *sizes]
        theirs = float(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
        print(f"torchlogix {theirs:.0f} ms")
    print("relaxation  sampling     ms   torch ms   plain / ms   floor ms   ms / floor")
    for name, network in networks.items():
        for kind, size in (("soft", 4.0), ("hard", 1 / 8)):
            step = gates_step(network, bits, kind)
            ours = median_ms(step, seconds)
            with without(cpu), without(hard_layer):
                slow = median_ms(step, seconds)
            floor = 1000 * floor_bytes(network, BATCH, size) / speed
            print(
                f"{name:10s}  {kind:8s} {ours:6.1f} {slow:10.1f} {plain / ours:12.1f} "
                f"{floor:10.2f} {ours / floor:12.2f}"
            )
    hard = gates_step(networks["light"], bits, "hard")
    with without(hard_layer):
        floats = median_ms(hard, seconds)
    ours = median_ms(hard, seconds)
    print(f"light, hard: floats {floats:.1f} ms, bits {ours:.1f} ms: {floats / ours:.1f} times")
    if torchlogix:
        print(f"torchlogix / bits: {theirs / ours:.1f}")


def print_dwn(seconds: float) -> None:
    """One layer with learned mapping."""
    print("\nlearned mapping: LUT6  inputs   port of DWN ms   bits ms   ratio")
    for width, inputs in ((200, 192), (1000, 784)):
        bits = (torch.rand(inputs, BATCH) > 0.5).float()
        theirs = median_ms(
            usual_step(DwnLayer(inputs, width, 6, N_CLASSES, 3.0), bits.T.contiguous()), seconds
        )
        config = TrainConfig.of(layers=[width], fan_in=[6], wiring=["mapping"])
        ours = median_ms(
            gates_step(RelaxedNetwork(inputs, N_CLASSES, config), bits, "hard"), seconds
        )
        print(f"{width:21d} {inputs:7d} {theirs:16.1f} {ours:9.2f} {theirs / ours:7.1f}")


def main() -> None:
    """Print the tables for each number of threads."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--seconds", type=float, default=3, help="time spent on each figure")
    parser.add_argument("--torchlogix", help="a Python that has torchlogix 0.2.2")
    parser.add_argument("--only", nargs="+", default=["presets", "gates", "dwn"])
    options = parser.parse_args()
    if not hard_layer.available(torch.zeros(1)):
        sys.exit("no C compiler: there are no kernels to time")
    for threads in options.threads:
        torch.set_num_threads(threads)
        print(f"\n== {threads} thread(s)")
        if "presets" in options.only:
            print_presets(options.seconds)
            print_profile("mnist")
        if "gates" in options.only:
            print_gates(threads, options.seconds, options.torchlogix)
        if "dwn" in options.only:
            print_dwn(options.seconds)


if __name__ == "__main__":
    main()
