"""One relaxed layer: wires, trainable truth tables, and three ways to compute with them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lgn2hdl.ir import logic
from lgn2hdl.train.kernels.arithmetic import sigmoid
from lgn2hdl.train.kernels.hard_bits import tables
from lgn2hdl.train.relax.hard import (
    HardValues,
    Values,
    hard_layer,
    hard_values,
    is_possible,
    real_values,
)
from lgn2hdl.train.relax.nodes import interpolate, straight_through
from lgn2hdl.train.relax.relaxation import Relaxation, tables_of
from lgn2hdl.train.wiring.choice import PinChoice
from lgn2hdl.train.wiring.wires import Wires

NOISE_MARGIN = 1e-6
"""Uniform random numbers stay so far away from 0 and 1, where noise would be infinite."""


@dataclass(frozen=True)
class Sampling:
    """How layers compute in one forward pass.

    Attributes:
        kind: ``soft``, ``hard`` or ``gumbel`` (:data:`lgn2hdl.train.config.SAMPLINGS`).
        temperature: divisor of the logits of tables.
        generator: where the noise of ``gumbel`` comes from.
    """

    kind: str = "soft"
    temperature: float = 1.0
    generator: torch.Generator | None = None


class RelaxedLayer(nn.Module):
    """A layer of W nodes with k pins.

    Args:
        wires: where pins read.
        relaxation: what the parameters mean.
        parameters: first parameters ``[P, W]``.
    """

    def __init__(self, wires: Wires, relaxation: Relaxation, parameters: Tensor) -> None:
        super().__init__()
        self.wires, self.relaxation = wires, relaxation
        self.logits = nn.Parameter(parameters)

    def forward(self, x: Values, sampling: Sampling) -> Values:
        """Outputs ``[W, N]`` for ``x[n_sources, N]``.

        Unless the sampling is soft, pins and outputs are those of a discrete layer, exactly 0 or 1
        for such ``x``, and the gradients are those of the relaxed tables at these pins. If it is
        ``hard`` they are computed with bits wherever that is possible; they are packed bits if
        ``x`` is.
        """
        choice = None
        if sampling.kind == "hard" and is_possible(self.logits, x):
            choice = self.wires.choice()
        if choice is None:
            return self._interpolated(real_values(x), sampling)
        y = self._looked_up(hard_values(x), choice, sampling)
        return y if isinstance(x, HardValues) else real_values(y)

    def _looked_up(self, x: HardValues, choice: PinChoice, sampling: Sampling) -> HardValues:
        rows = self.relaxation.rows(self.logits, sampling.temperature)
        slope = None
        if self.relaxation.sigmoid_output:
            soft = sigmoid(rows.detach())
            slope = soft * (1 - soft)
        table = tables(self.relaxation.hard_rows(self.logits.detach()))
        return hard_layer(x, choice, table, rows, slope)

    def _interpolated(self, x: Tensor, sampling: Sampling) -> Tensor:
        hard = sampling.kind != "soft"
        values, index = self.wires(x, hard=hard)
        parameters: Tensor = self.logits
        if sampling.kind == "gumbel":
            parameters = self.relaxation.noise(parameters, _uniform(parameters, sampling))
        rows = self.relaxation.rows(parameters, sampling.temperature)
        hard_rows = self.relaxation.hard_rows(parameters.detach()) if hard else None
        if not self.relaxation.sigmoid_output:
            return interpolate(values, rows, index, hard=hard_rows)
        soft = sigmoid(interpolate(values, rows, index))
        if hard_rows is None:
            return soft
        return straight_through(soft, interpolate(values.detach(), hard_rows, index))

    @torch.no_grad()
    def hard(self, x: Tensor) -> Tensor:
        """Outputs ``[W, N]`` of the discretized layer; exact for inputs 0 and 1."""
        values, index = self.wires(x, hard=True)
        return interpolate(values, self.relaxation.hard_rows(self.logits), index)

    def tables(self) -> logic.Tables:
        """Discretized truth tables ``[W]``."""
        return tables_of(self.relaxation, self.logits)


def _uniform(like: Tensor, sampling: Sampling) -> Tensor:
    """Drawn on the CPU, so that every device gets the same numbers."""
    drawn = torch.rand(like.shape, generator=sampling.generator, dtype=torch.float32)
    return drawn.clamp_(NOISE_MARGIN, 1 - NOISE_MARGIN).to(like.device, like.dtype)
