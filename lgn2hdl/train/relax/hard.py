"""Layers that compute with bits while they train: outputs exact, gradients those of the tables.

At pins that are 0 or 1 a relaxed table is looked up and not interpolated, and its derivative along
a pin is the difference of two rows. So a step needs one address for every sample of a node, where
:mod:`lgn2hdl.train.relax.nodes` computes with all rows; results are the same but for rounding.

autograd knows floating-point tensors only. So beside the packed bits goes an ``edge``: a tensor of
the shape of the values, without memory of its own, that gradients flow back along.
"""

from __future__ import annotations

from dataclasses import dataclass
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
        edge: ``f32[S, N]``, whose values mean nothing and whose gradient is that of the bits.
    """

    bits: Tensor
    edge: Tensor

    @property
    def samples(self) -> int:
        """Samples N."""
        return self.edge.shape[1]


def is_possible(*values: Tensor) -> bool:
    """Whether these values can be computed with as bits."""
    return layers.available(*values)


Values = Tensor | HardValues
"""Values between layers: ``f32[S, N]``, or bits."""


def hard_values(values: Values) -> HardValues:
    """Values that are 0 or 1 as bits, with their gradient."""
    if isinstance(values, HardValues):
        return values
    return HardValues(kernels.pack(values.detach().contiguous()), values)


def real_values(values: Values) -> Tensor:
    """Values as ``f32[S, N]``, with their gradient."""
    if isinstance(values, Tensor):
        return values
    return torch.as_tensor(_Unpacked.apply(values.edge, values.bits))  # type: ignore[no-untyped-call]


def encoded(encoder: Thermometer, x: Integers) -> HardValues:
    """Input bits of integer features ``[N, F]``; nothing is learned from them."""
    bits = kernels.encode(encoder, x)
    return HardValues(bits, _edge(len(bits), len(x)))


def flipped(values: Values, flips: Tensor) -> Values:
    """Values, those inverted for which ``flips``, ``bool[S, N]``, is true."""
    if isinstance(values, HardValues):
        return HardValues(values.bits ^ kernels.pack(flips.float()), values.edge)
    return torch.where(flips.to(values.device), 1 - values, values)


def _edge(rows: int, samples: int) -> Tensor:
    return torch.zeros(()).expand(rows, samples)


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
        ctx.save_for_backward(rows.contiguous(), slope)
        ctx.layer, ctx.choice = layer, choice
        return _edge(layer.width, layer.samples)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        layer: HardLayer = ctx.layer
        choice: PinChoice = ctx.choice
        rows, slope = ctx.saved_tensors
        above = Above(rows, slope, grad.contiguous())
        grad_x = layers.backward_x(layer, above) if ctx.needs_input_grad[0] else None
        learns = ctx.needs_input_grad[3]
        keep = choice.observe is not None or (learns and choice.candidates is None)
        candidates = choice.candidates if learns else None
        found = layers.backward(layer, above, candidates, keep_pins=keep)
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
    return HardValues(layer.forward(table), edge)


class _Unpacked(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, edge: Tensor, bits: Tensor) -> Tensor:
        return kernels.unpack(bits, edge.shape[1])

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        return grad, None


class _GroupSums(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, edge: Tensor, bits: Tensor, groups: int) -> Tensor:
        ctx.shape = edge.shape
        return kernels.group_sums(bits, edge.shape[1], groups)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        rows, samples = ctx.shape
        shape = (len(grad), rows // len(grad), samples)
        return grad[:, None].expand(shape).reshape(rows, samples), None, None


def group_sums(values: HardValues, groups: int) -> Tensor:
    """Sums ``f32[groups, N]`` over equal, contiguous groups of values, with their gradient."""
    sums = _GroupSums.apply(values.edge, values.bits, groups)  # type: ignore[no-untyped-call]
    return torch.as_tensor(sums)
