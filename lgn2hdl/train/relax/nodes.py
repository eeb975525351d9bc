"""Look-up tables on values between 0 and 1: multilinear interpolation, with its gradients.

A table with k pins is given at the corners of a cube; inside it is interpolated linearly along
every pin. If pins are the probabilities of independent bits, the result is the probability of
output 1. At the corners the derivative along a pin is the finite difference ``f(x_j = 1) -
f(x_j = 0)``, so that the same code trains binary networks with straight-through estimators.

Arrays are features-major, ``[features, batch]``: a node reads whole contiguous rows.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from lgn2hdl.train.kernels.backend import Kernels, backend


class _CompiledInterpolation(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        table: Tensor,
        index: Tensor | None,
        hard: Tensor | None,
        kernels: Kernels,
    ) -> Tensor:
        x, table = x.contiguous(), table.contiguous()
        ctx.kernels = kernels
        ctx.save_for_backward(x, table, index)
        return kernels.lut_forward(x, table if hard is None else hard.contiguous(), index)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor, None, None, None]:
        x, table, index = ctx.saved_tensors
        needed = ctx.needs_input_grad[0]
        grad_x, grad_table = ctx.kernels.lut_backward(
            x, table, index, grad.contiguous(), needs_x=needed
        )
        return grad_x, grad_table, None, None, None


def interpolate(
    x: Tensor, table: Tensor, index: Tensor | None = None, *, hard: Tensor | None = None
) -> Tensor:
    """Interpolated outputs ``[W, N]``, differentiable in ``x`` and ``table``.

    Args:
        x: values of the sources, ``[S, N]``.
        table: value of every truth-table row, ``[2**k, W]``, rows as in :mod:`lgn2hdl.ir.logic`.
        index: source of every pin, ``i32[k, W]``; without it pin p of node w is ``x[p * W + w]``.
        hard: interpolate these rows instead, but with the gradient of ``table``.
    """
    kernels = backend(x, table)
    if kernels is not None:
        return _CompiledInterpolation.apply(x, table, index, hard, kernels)  # type: ignore[no-untyped-call]
    soft = interpolate_plainly(x, table, index)
    if hard is None:
        return soft
    return straight_through(soft, interpolate_plainly(x.detach(), hard, index))


def interpolate_plainly(x: Tensor, table: Tensor, index: Tensor | None = None) -> Tensor:
    """:func:`interpolate` in torch's own operations: any device, any float dtype."""
    values = table.unsqueeze(2)
    fan_in = len(table).bit_length() - 1
    pins = x.view(fan_in, -1, x.shape[1]) if index is None else [x[i] for i in index.long()]
    for pin in pins:
        low, high = values[0::2], values[1::2]
        values = low + pin * (high - low)
    return values[0]


class _StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, soft: Tensor, hard: Tensor) -> Tensor:
        return hard.clone()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        return grad, None


def straight_through(soft: Tensor, hard: Tensor) -> Tensor:
    """``hard``, exactly, with the gradient of ``soft``."""
    return _StraightThrough.apply(soft, hard)  # type: ignore[no-untyped-call]
