"""Resampling: learned wiring replaces candidates while it trains.

``random`` draws the lower half of every pin's candidates anew (CompactLogic, arXiv:2602.05830).
``guided`` looks at all sources of the layer: in the step before, each had some correlation
``sum_n (2 x[n] - 1) g[n]`` with the gradient g of a pin, and the most negative one would have
lowered the loss most had the pin followed it. That source takes the place of the pin's worst
candidate (the idea of growing connections by gradient is RigL's, arXiv:1911.11134).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from lgn2hdl.train.config import TrainConfig
from lgn2hdl.train.kernels.arithmetic import product
from lgn2hdl.train.loop.distributed import Group
from lgn2hdl.train.network.network import RelaxedNetwork
from lgn2hdl.train.seeds import Purpose, generator
from lgn2hdl.train.wiring.kinds import WIRINGS
from lgn2hdl.train.wiring.wires import CandidateWires

LAST_PART = 0.7
"""Part of the run after which candidates stay, so that their scores can settle."""

CORRELATIONS = 1 << 23
"""Correlations that are in memory at once."""


def is_due(config: TrainConfig, step: int) -> bool:
    """Whether candidates are replaced after ``step`` steps."""
    every = config.resample_every
    return bool(every) and step % every == 0 and step < LAST_PART * config.steps


def observe(network: RelaxedNetwork, config: TrainConfig, step: int) -> None:
    """Before the step that ends as number ``step``: have it keep what guided resampling needs."""
    wanted = config.resampling == "guided" and is_due(config, step)
    for _, wires in _learned(network):
        wires.observing = wanted
        wires.observed = []


def resample(
    network: RelaxedNetwork,
    optimizer: torch.optim.Optimizer,
    config: TrainConfig,
    step: int,
    group: Group,
) -> None:
    """Replace candidates of every learned pin, if that is due."""
    if not is_due(config, step):
        return
    for index, wires in _learned(network):
        adam: dict[str, Any] = optimizer.state.get(wires.scores, {})
        n_sources = network.n_inputs if index == 0 else config.layers[index - 1].width
        if config.resampling == "guided":
            x, grad = wires.observed or _nothing(wires, n_sources)
            wires.adopt(_best_sources(x, grad, group), adam)
            continue
        local = WIRINGS.find(config.layers[index].wiring).needs_places
        wires.resample(
            n_sources,
            generator(config.seed, Purpose.RESAMPLING, step * len(config.layers) + index),
            adam,
            network.places[index] if local else None,
            config.local_radius,
        )


def _learned(network: RelaxedNetwork) -> Iterator[tuple[int, CandidateWires]]:
    for index, layer in enumerate(network.relaxed_layers):
        if isinstance(layer.wires, CandidateWires):
            yield index, layer.wires


def _nothing(wires: CandidateWires, n_sources: int) -> tuple[Tensor, Tensor]:
    """What a process without a row observes."""
    return wires.scores.new_empty((n_sources, 0)), wires.scores.new_empty((wires.n_pins, 0))


@torch.no_grad()
def _best_sources(x: Tensor, grad: Tensor, group: Group) -> Tensor:
    """The source that every pin's loss falls fastest with, ``i64[P]``.

    Args:
        x: values of the sources, ``[S, N]``; this process's rows.
        grad: gradients of the pins, ``[P, N]``.
        group: processes whose correlations are added up.
    """
    signs = (2 * x - 1).T.contiguous()
    block = max(1, CORRELATIONS // len(x))
    found = []
    for start in range(0, len(grad), block):
        correlation = product(grad[start : start + block], signs)
        group.add_up([correlation])
        found.append(correlation.argmin(dim=1))
    return torch.cat(found)
