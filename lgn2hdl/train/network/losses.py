"""Losses in the arithmetic of :mod:`lgn2hdl.train.kernels.arithmetic`: no processor shows in them.

torch's own are used where that arithmetic is not available.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from lgn2hdl.train.kernels import exact
from lgn2hdl.train.kernels.arithmetic import exponential, is_exact, logarithm, mean, sigmoid


class _CrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, goal: Tensor) -> Tensor:
        loss, slope = exact.cross_entropy(logits.T.contiguous(), goal.T.contiguous())
        ctx.save_for_backward(slope)
        return mean(loss, 0)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (slope,) = ctx.saved_tensors
        return (grad / slope.shape[1] * slope).T, None


def cross_entropy(logits: Tensor, goal: Tensor) -> Tensor:
    """Mean over rows of ``-sum(goal * log softmax(logits))``; both ``[N, C]``."""
    if is_exact(logits, goal):
        return _CrossEntropy.apply(logits, goal)  # type: ignore[no-untyped-call]
    return functional.cross_entropy(logits, goal)


def smoothed(classes: Tensor, n_classes: int, smoothing: float, like: Tensor) -> Tensor:
    """Goals ``[N, C]`` of classes ``i64[N]``: a part ``smoothing`` is spread over all classes."""
    goal = torch.full(
        (len(classes), n_classes), smoothing / n_classes, dtype=like.dtype, device=like.device
    )
    return goal.scatter_(1, classes[:, None], 1 - smoothing + smoothing / n_classes)


class _BinaryCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, goal: Tensor) -> Tensor:
        ctx.save_for_backward((sigmoid(logits) - goal) / logits.numel())
        rest = logarithm(1 + exponential(-logits.abs()))
        return mean((logits.clamp(min=0) - logits * goal + rest).reshape(-1), 0)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (slope,) = ctx.saved_tensors
        return grad * slope, None


def binary_cross_entropy(logits: Tensor, goal: Tensor) -> Tensor:
    """Mean binary cross entropy of logits with goals between 0 and 1, of equal shape."""
    if is_exact(logits, goal):
        return _BinaryCrossEntropy.apply(logits, goal)  # type: ignore[no-untyped-call]
    return functional.binary_cross_entropy_with_logits(logits, goal)
