"""Milliseconds per training step, against a plain mixture of 16 gates and against the floor.

All train the same wiring, 6 layers of 8,000 two-input nodes, batch 128, float32, loss, backward
and Adam included.

* compiled: this package's kernels; torch: the same with torch's own operations, which is what runs
  where there is no C compiler.
* plain: what the formula of the 2022 paper says word by word: batch first, 16 gate outputs weighted
  by a softmax, gradients by autograd.
* floor: the bytes that a step must move at least, over the bandwidth of this machine. A layer must
  read its input and write its output; backward it must read the input and the output's gradient and
  write the input's; Adam must read a parameter, its gradient and two moments, and write three of
  them. The bandwidth is that of copying an array as large as a layer's activations.

    python benchmarks/train_step.py [--threads 1 2] [--layers 6] [--width 8000] [--batch 128]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from lgn2hdl.train.config import TrainConfig
from lgn2hdl.train.kernels import cpu as kernels
from lgn2hdl.train.network.network import RelaxedNetwork
from lgn2hdl.train.relax.kinds import RELAXATIONS

N_CLASSES = 10


def sixteen_gates(a: Tensor, b: Tensor, weights: Tensor) -> Tensor:
    """The mixture ``[batch, W]`` of all gates of ``a`` and ``b``; ``weights`` are ``[W, 16]``."""
    both = a * b
    gates = (
        torch.zeros_like(a), 1 - (a + b - both), a - both, 1 - b,
        b - both, 1 - a, a + b - 2 * both, 1 - both,
        both, 1 - (a + b - 2 * both), a, 1 - b + both,
        b, 1 - a + both, a + b - both, torch.ones_like(a),
    )  # fmt: skip
    return sum((weights[:, i] * gate for i, gate in enumerate(gates)), torch.zeros_like(a))


class PlainMixture(nn.Module):
    """The reference: same wiring and start as ``network``, evaluated without any shortcut."""

    def __init__(self, network: RelaxedNetwork) -> None:
        super().__init__()
        layers = network.relaxed_layers
        self.pins = [torch.from_numpy(layer.wires.fanin().T).long() for layer in layers]
        self.logits = nn.ParameterList([layer.logits.detach().T.clone() for layer in layers])
        self.tau = network.head.tau

    def forward(self, bits: Tensor) -> Tensor:
        """Class logits ``[N, C]`` for bits ``[N, n_inputs]``."""
        values = bits
        for pins, logits in zip(self.pins, self.logits, strict=True):
            weights = torch.softmax(logits, dim=1)
            values = sixteen_gates(values[:, pins[0]], values[:, pins[1]], weights)
        return values.reshape(len(values), N_CLASSES, -1).sum(2) / self.tau


def milliseconds(model: nn.Module, bits: Tensor, labels: Tensor, seconds: float) -> float:
    """Median time of a whole step over about ``seconds``, after two steps of warm-up."""
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01, fused=True)

    def step() -> None:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(bits), labels).backward()
        optimizer.step()

    step()
    step()
    times: list[float] = []
    while sum(times) < seconds or len(times) < 3:
        times.append(_timed(step))
    return 1000 * statistics.median(times)


def _timed(action: Callable[[], None]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def floor_bytes(network: RelaxedNetwork, batch: int) -> int:
    """Bytes that a step must move."""
    total, sources = 0, network.n_inputs
    for layer in network.relaxed_layers:
        parameters, width = layer.logits.shape
        backward = width + sources * (1 if total == 0 else 2)  # inputs of the network need no grad
        total += 4 * batch * (sources + width + backward) + 4 * 7 * parameters * width
        sources = width
    return total


def bandwidth(n_floats: int, seconds: float) -> float:
    """Bytes per second, read and written, of copying an array."""
    source = torch.rand(n_floats)
    target = torch.empty_like(source)
    times = [_timed(lambda: target.copy_(source)) for _ in range(5)]
    while sum(times) < seconds:
        times.append(_timed(lambda: target.copy_(source)))
    return 8 * n_floats / statistics.median(times)


def without_kernels(action: Callable[[], float]) -> float:
    """The figure with torch's own operations only."""
    usual = kernels.available
    kernels.available = lambda *tensors: False
    try:
        return action()
    finally:
        kernels.available = usual


def main() -> None:
    """Print a table for each number of threads."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--width", type=int, default=8000)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--seconds", type=float, default=5, help="time spent on each figure")
    options = parser.parse_args()
    widths = (options.width,) * options.layers
    bits = (torch.rand(784, options.batch) > 0.5).float()
    labels = torch.arange(options.batch) % N_CLASSES
    networks = {
        name: RelaxedNetwork(784, N_CLASSES, TrainConfig.of(layers=widths, relaxation=name))
        for name in RELAXATIONS.names
    }
    plain = PlainMixture(networks["softmax16"])
    rows = bits.T.contiguous()
    difference = (plain(rows) - networks["softmax16"](bits)).abs().max().item()
    print(f"{options.layers} x {options.width} gates, batch {options.batch}, ms per step, medians")
    print(f"(softmax16 and plain agree: largest difference of a logit {difference:.1e})")
    print(f"kernels compiled: {kernels.available(bits)}")
    for threads in options.threads:
        torch.set_num_threads(threads)
        slow = milliseconds(plain, rows, labels, options.seconds)
        speed = bandwidth(options.width * options.batch, options.seconds)
        print(f"\n{threads} thread(s); copying moves {speed / 1e9:.1f} GB/s; plain {slow:.0f} ms")
        print("relaxation   compiled   torch   plain / compiled   floor   compiled / floor")
        for name, network in networks.items():
            fast = milliseconds(network, bits, labels, options.seconds)
            usual = without_kernels(
                lambda net=network: milliseconds(net, bits, labels, options.seconds)
            )
            floor = 1000 * floor_bytes(network, options.batch) / speed
            print(
                f"{name:10s} {fast:10.1f} {usual:7.1f} {slow / fast:18.1f} {floor:7.1f} "
                f"{fast / floor:18.2f}"
            )


if __name__ == "__main__":
    main()
