"""Milliseconds per training step on a GPU: Triton's kernels against torch's own operations.

Both train the same balanced random wiring: layers of nodes with a sigmoid on every truth-table row,
GroupSum, cross entropy, backward and Adam included. The last column divides the step's time by that
of moving its arrays once through the GPU's memory, at the rate of a copy measured before.

    python benchmarks/gpu_step.py [--fan-in 2] [--batch 128] [--seconds 3]
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from lgn2hdl.train.kernels.backend import backend
from lgn2hdl.train.relax.nodes import interpolate, interpolate_plainly
from lgn2hdl.train.wiring.wiring import balanced

N_INPUTS = 784
N_CLASSES = 10
SHAPES = ((6, 8_000), (5, 128_000))
"""Layers and nodes of a layer."""

Interpolate = Callable[[Tensor, Tensor, Tensor], Tensor]


class Layers(nn.Module):
    """Layers with fixed wiring and a logit for every truth-table row."""

    def __init__(self, depth: int, width: int, fan_in: int, interpolate: Interpolate) -> None:
        super().__init__()
        rng = np.random.default_rng(0)
        sources = (N_INPUTS, *(width,) * (depth - 1))
        wiring = [balanced(n, width, rng, fan_in) for n in sources]
        self.wiring = [torch.from_numpy(w.T.astype(np.int32)).contiguous().cuda() for w in wiring]
        start = torch.randn((depth, 2**fan_in, width), generator=torch.Generator().manual_seed(0))
        self.logits = nn.ParameterList(list(start.cuda()))
        self.interpolate = interpolate

    def forward(self, bits: Tensor) -> Tensor:
        """Class logits ``[N, C]`` for bits ``[B, N]``."""
        values = bits
        for index, logits in zip(self.wiring, self.logits, strict=True):
            values = self.interpolate(values, torch.sigmoid(logits), index)
        return (values.view(N_CLASSES, -1, values.shape[1]).sum(1) / 20).T


def train_step(model: nn.Module, optimizer: torch.optim.Optimizer, bits: Tensor) -> None:
    """One step towards arbitrary labels."""
    labels = torch.arange(bits.shape[1], device="cuda") % N_CLASSES
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(bits), labels).backward()
    optimizer.step()


def milliseconds(action: Callable[[], object], seconds: float) -> float:
    """Median time of ``action`` on the GPU, after five calls of warm-up."""
    for _ in range(5):
        action()
    times: list[float] = []
    while sum(times) < 1000 * seconds or len(times) < 10:
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        action()
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end))
    return statistics.median(times)


def bytes_moved(depth: int, width: int, fan_in: int, batch: int) -> int:
    """Least traffic of a step: rows read and written once for every wire and node, and tables.

    A layer reads its pins and writes outputs (forward), reads pins and gradients, writes gradients
    of the pins and adds them up by source (backward); Adam and the sigmoid move a table 12 times.
    """
    wires, nodes = fan_in * width * batch, width * batch
    return 4 * depth * ((wires + nodes) + (3 * wires + 2 * nodes) + 12 * 2**fan_in * width)


def bytes_per_millisecond() -> float:
    """Rate of a copy of 1 GiB within the GPU's memory, read and written bytes counted."""
    source = torch.ones(2**28, device="cuda")
    target = torch.empty_like(source)
    return 2 * 4 * 2**28 / milliseconds(partial(target.copy_, source), 0.2)


def report(depth: int, width: int, options: argparse.Namespace, rate: float) -> None:
    """Print one line of the table."""
    bits = (torch.rand((N_INPUTS, options.batch), device="cuda") > 0.5).float()
    times, logits = [], []
    for way in (interpolate, interpolate_plainly):
        model = Layers(depth, width, options.fan_in, way)
        with torch.no_grad():
            logits.append(model(bits))
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01, fused=True)
        times.append(milliseconds(partial(train_step, model, optimizer, bits), options.seconds))
    difference = (logits[0] - logits[1]).abs().max().item()
    floor = bytes_moved(depth, width, options.fan_in, options.batch) / rate
    fast, plain = times
    print(
        f"{depth} x {width:7,d} {fast:9.2f} {plain:9.2f} {plain / fast:15.1f} "
        f"{fast / floor:15.1f} {difference:12.1e}"
    )


def main() -> None:
    """Print a table, or that there is no GPU."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fan-in", type=int, default=2)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--seconds", type=float, default=3, help="time spent on each figure")
    options = parser.parse_args()
    if not torch.cuda.is_available():
        print("there is no GPU here: nothing was measured")
        return
    if backend(torch.zeros(1, device="cuda")) is None:
        print("Triton does not run on this GPU: nothing was measured")
        return
    rate = bytes_per_millisecond()
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}, {rate / 1e6:.0f} GB/s")
    print(f"fan-in {options.fan_in}, batch {options.batch}, ms per step")
    print("   network    Triton     torch  torch / Triton  Triton / floor  difference")
    for depth, width in SHAPES:
        report(depth, width, options, rate)


if __name__ == "__main__":
    main()
