"""Milliseconds per training step: the bilinear form against a plain mixture of 16 gates.

Both train the same wiring, 6 layers of 8,000 two-input nodes, batch 128, float32, loss, backward
and Adam included. The plain form is what the formula of the 2022 paper says word by word: batch
first, 16 gate outputs weighted by a softmax, gradients by autograd.

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
from lgn2hdl.train.network import RelaxedNetwork

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
        self.pins = [layer.pins for layer in network.layers]
        self.logits = nn.ParameterList(
            [layer.logits.detach().T.clone() for layer in network.layers]
        )
        self.tau = network.tau

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


def main() -> None:
    """Print one line per number of threads."""
    parser = argparse.ArgumentParser(description=__doc__)
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
        name: RelaxedNetwork(784, N_CLASSES, TrainConfig(layers=widths, relaxation=name))
        for name in ("light", "softmax16")
    }
    plain = PlainMixture(networks["softmax16"])
    rows = bits.T.contiguous()
    difference = (plain(rows) - networks["softmax16"](bits)).abs().max().item()
    print(f"{options.layers} x {options.width} gates, batch {options.batch}, ms per step")
    print(f"(both forms agree: largest difference of a logit {difference:.1e})")
    print("threads   light   softmax16   plain 16 gates   plain / softmax16")
    for threads in options.threads:
        torch.set_num_threads(threads)
        light, fast = (
            milliseconds(net, bits, labels, options.seconds) for net in networks.values()
        )
        slow = milliseconds(plain, rows, labels, options.seconds)
        print(f"{threads:7d} {light:7.1f} {fast:11.1f} {slow:16.1f} {slow / fast:19.1f}")


if __name__ == "__main__":
    main()
