"""Layers that compute with bits while they train: outputs exact, gradients those of the tables.

At pins that are 0 or 1 a relaxed table is looked up and not interpolated, and its derivative along
a pin is the difference of two rows. So a step needs one address for every sample of a node, where
:mod:`lgn2hdl.train.relax.nodes` computes with all rows; results are the same but for rounding.

autograd knows floating-point tensors only. So beside the packed bits goes an ``edge``, a tensor
without memory of its own that gradients flow back along.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from lgn2hdl.model.features import Integers
from lgn2hdl.model.network import Thermometer
from lgn2hdl.train.kernels import hard_bits as kernels
from lgn2hdl.train.kernels import hard_layer as layers
from lgn2hdl.train.kernels.hard_layer import Above, HardLayer
from lgn2hdl.train.wiring.choice import PinChoice


@dataclass(frozen=True, eq=False)
class HardValues:
    """Values that are all 0 or 1.

    Attributes:
        bits: ``i64[S, words]``, packed as :mod:`lgn2hdl.train.kernels.hard_bits` says.
        samples: N.
        edge: panels ``f32[panels, S, 16]``, whose values mean nothing and whose gradient is that
            of the bits.
    """

    bits: Tensor
    samples: int
    edge: Tensor


Values = Tensor | HardValues
"""Values between layers: ``f32[S, N]``, or bits."""


def is_possible(*values: Values) -> bool:
    """Whether these values can be computed with as bits."""
    return layers.available(*(value for value in values if isinstance(value, Tensor)))


def hard_values(values: Values) -> HardValues:
    """Values that are 0 or 1 as bits, with their gradient."""
    if isinstance(values, HardValues):
        return values
    edge = _Panels.apply(values)  # type: ignore[no-untyped-call]
    return HardValues(kernels.pack(values.detach().contiguous()), values.shape[1], edge)


def real_values(values: Values) -> Tensor:
    """Values as ``f32[S, N]``, with their gradient."""
    if isinstance(values, Tensor):
        return values
    real = _Unpacked.apply(values.edge, values.bits, values.samples)  # type: ignore[no-untyped-call]
    return torch.as_tensor(real)


def encoded(encoder: Thermometer, x: Integers) -> HardValues:
    """Input bits of integer features ``[N, F]``; nothing is learned from them."""
    bits = kernels.encode(encoder, x)
    return HardValues(bits, len(x), _edge(len(bits), len(x)))


def flipped(values: Values, flips: Tensor) -> Values:
    """Values, those inverted for which ``flips``, ``bool[S, N]``, is true."""
    if isinstance(values, HardValues):
        return replace(values, bits=values.bits ^ kernels.pack(flips.to(torch.float32)))
    return torch.where(flips.to(values.device), 1 - values, values)


def _edge(rows: int, samples: int) -> Tensor:
    return torch.zeros((), dtype=torch.float32).expand(
        kernels.panels_of(samples), rows, kernels.PANEL
    )


class _Panels(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.samples = x.shape[1]
        return _edge(*x.shape)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return kernels.from_panels(grad.contiguous(), ctx.samples)


class _HardLayer(torch.autograd.Function):
    """The edge of a layer's outputs, and its backward pass."""

    @staticmethod
    def forward(
        ctx: Any,
        edge: Tensor,
        rows: Tensor,
        slope: Tensor | None,
        weight: Tensor | None,
        layer: HardLayer,
        choice: PinChoice,
    ) -> Tensor:
        ctx.save_for_backward(rows, slope)
        ctx.layer, ctx.choice = layer, choice
        return _edge(layer.width, layer.samples)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        layer: HardLayer = ctx.layer
        choice: PinChoice = ctx.choice
        rows, slope = ctx.saved_tensors
        if slope is not None:
            slope = slope.T.contiguous()
        above = Above(rows.T.contiguous(), slope, grad.contiguous())
        learns, grad_x = ctx.needs_input_grad[3], None
        if ctx.needs_input_grad[0]:
            grad_x, grad_rows = layers.backward_x(layer, above, with_rows=not learns)
            if grad_rows is not None:
                return grad_x, grad_rows, None, None, None, None
        keep = choice.observe is not None or (learns and choice.candidates is None)
        candidates = choice.candidates if learns else None
        units = None
        if choice.agree is not None and learns:
            units = layers.units(layer, above)
            choice.agree(units)
        found = layers.backward(layer, above, candidates, keep_pins=keep, units=units)
        scores = found.scores
        if found.pins is not None and choice.observe is not None:
            choice.observe(layer.x, found.pins)
        if found.pins is not None and learns and scores is None:
            scores = found.pins.sources(kernels.interleaved(layer.x), 0, layer.index.numel())
        return grad_x, found.rows, None, scores, None, None


def hard_layer(
    x: HardValues, choice: PinChoice, table: Tensor, rows: Tensor, slope: Tensor | None
) -> HardValues:
    """Outputs of a layer.

    Args:
        x: values of the sources.
        choice: what the pins read.
        table: truth tables, ``i64[W]``: bit r is row r.
        rows: relaxed value of every row, ``f32[2**k, W]``, which gets a gradient.
        slope: derivative of the output for the value of its row, likewise; ``None`` for 1.
    """
    layer = HardLayer(x.bits, x.samples, choice.index)
    edge = _HardLayer.apply(x.edge, rows, slope, choice.weight, layer, choice)  # type: ignore[no-untyped-call]
    return HardValues(layer.forward(table), x.samples, edge)


class _Unpacked(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, edge: Tensor, bits: Tensor, samples: int) -> Tensor:
        return kernels.unpack(bits, samples)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        return kernels.to_panels(grad.contiguous()), None, None


class _GroupSums(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, edge: Tensor, bits: Tensor, samples: int, groups: int) -> Tensor:
        ctx.size = len(bits) // groups
        return kernels.group_sums(bits, samples, groups)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None]:
        panels = kernels.to_panels(grad.contiguous())[:, :, None]
        return panels.expand(-1, -1, ctx.size, -1).flatten(1, 2), None, None, None


def group_sums(values: HardValues, groups: int) -> Tensor:
    """Sums ``f32[groups, N]`` over equal, contiguous groups of values, with their gradient."""
    given = values.edge, values.bits, values.samples
    return torch.as_tensor(_GroupSums.apply(*given, groups))  # type: ignore[no-untyped-call]
