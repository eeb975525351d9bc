"""Resampling: learned wiring replaces candidates while it trains.

``random`` draws the lower half of every pin's candidates anew (CompactLogic, arXiv:2602.05830).
``guided`` looks at all sources of the layer: in the step before, each had some correlation
``sum_n (2 x[n] - 1) g[n]`` with the gradient g of a pin, and the most negative one would have
lowered the loss most had the pin followed it. That source takes the place of the pin's worst
candidate (the idea of growing connections by gradient is RigL's, arXiv:1911.11134).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from lgn2hdl.train.config import TrainConfig
from lgn2hdl.train.kernels import hard_bits
from lgn2hdl.train.kernels.arithmetic import product
from lgn2hdl.train.loop.distributed import Group
from lgn2hdl.train.loop.optimizer import sampling_kind
from lgn2hdl.train.network.network import RelaxedNetwork
from lgn2hdl.train.relax.hard import is_possible
from lgn2hdl.train.seeds import Purpose, generator
from lgn2hdl.train.wiring.kinds import WIRINGS
from lgn2hdl.train.wiring.wires import CandidateWires

LAST_PART = 0.7
"""Part of the run after which candidates stay, so that their scores can settle."""

CORRELATIONS = 1 << 23
"""Correlations that are in memory at once."""

HARD_CORRELATIONS = 1 << 17
"""The same where they are computed from bits: so many stay in the processor's cache."""


def is_due(config: TrainConfig, step: int) -> bool:
    """Whether candidates are replaced after ``step`` steps."""
    every = config.resample_every
    return bool(every) and step % every == 0 and step < LAST_PART * config.steps


def observe(network: RelaxedNetwork, config: TrainConfig, step: int) -> None:
    """Before the step that ends as number ``step``: have it keep what guided resampling needs."""
    wanted = config.resampling == "guided" and is_due(config, step)
    for _, wires in _learned(network):
        wires.observing = wanted
        wires.observed, wires.observed_bits = [], None


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
            by_bits = sampling_kind(config, step - 1) == "hard" and is_possible(wires.scores)
            wires.adopt(_best_sources(wires, n_sources, by_bits, group), adam)
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


Correlations = Callable[[int, int], Tensor]
"""``f32[end - begin, S]``: of pins ``begin`` to ``end`` with every source."""


@torch.no_grad()
def _best_sources(
    wires: CandidateWires, n_sources: int, computes_with_bits: bool, group: Group
) -> Tensor:
    """The source that every pin's loss falls fastest with, ``i64[P]``.

    The correlations of all processes of the group are added up.
    """
    at_once = HARD_CORRELATIONS if computes_with_bits else CORRELATIONS
    correlations = _of_bits(wires) if computes_with_bits else _of_values(wires)
    block, found = max(1, at_once // n_sources), []
    for begin in range(0, wires.n_pins, block):
        part = correlations(begin, min(wires.n_pins, begin + block))
        group.add_up([part])
        found.append(hard_bits.lowest(part) if computes_with_bits else part.argmin(dim=1))
    return torch.cat(found)


def _of_bits(wires: CandidateWires) -> Correlations:
    assert wires.observed_bits is not None
    bits, pins = wires.observed_bits
    x = hard_bits.interleaved(bits)
    return lambda begin, end: pins.sources(x, begin, end)


def _of_values(wires: CandidateWires) -> Correlations:
    x, grad = wires.observed
    signs = (2 * x - 1).T.contiguous()
    return lambda begin, end: product(grad[begin:end], signs)
