"""Functions whose results are the same bytes on every x86-64 processor.

torch and NumPy choose code by the processor, and exponentials, sums and products of matrices come
out with other last bits; so do sums over tails of vectors when the number of threads changes. What
remains is the same everywhere: single additions, multiplications, divisions and square roots of
arrays, comparisons, copies. Training uses these and the functions of this module, which are
differentiable where nothing else is said.

Only float32 on the CPU is covered, where there is a C compiler (:func:`is_exact`); everything else
is computed by torch.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from lgn2hdl.train.kernels import exact


def is_exact(*values: Tensor) -> bool:
    """Whether results for these values are the same on every processor."""
    return exact.available(*values)


def warn_if_inexact(device: str) -> None:
    """Say that a run on the CPU will depend on the processor, if it will."""
    if device == "cpu" and not is_exact(torch.empty(0)):
        warnings.warn(
            "no C compiler works here, so training is slow and another processor may give another "
            "network from the same seed: install gcc, or set CC to a C compiler",
            stacklevel=2,
        )


def logarithm(x: Tensor) -> Tensor:
    """Natural logarithm of positive values; no gradient."""
    return exact.elementwise("logarithms", x.contiguous()) if is_exact(x) else torch.log(x)


class _Exponential(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        y = exact.elementwise("exponentials", x.contiguous())
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (y,) = ctx.saved_tensors
        return torch.as_tensor(grad * y)


def exponential(x: Tensor) -> Tensor:
    """``exp(x)``, with x taken to be within -87 and 88."""
    return _Exponential.apply(x) if is_exact(x) else x.exp()  # type: ignore[no-untyped-call]


class _Sigmoid(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        y = exact.elementwise("sigmoids", x.contiguous())
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (y,) = ctx.saved_tensors
        # (Three separate operations an element: the same everywhere.)
        return torch.as_tensor(torch.ops.aten.sigmoid_backward(grad, y))


def sigmoid(x: Tensor) -> Tensor:
    """``1 / (1 + exp(-x))``."""
    return _Sigmoid.apply(x) if is_exact(x) else torch.sigmoid(x)  # type: ignore[no-untyped-call]


class _Softmax(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        y = exact.over_columns("softmax", x.contiguous())
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (y,) = ctx.saved_tensors
        return exact.over_columns("softmax_backward", y, grad.contiguous())


def softmax(x: Tensor) -> Tensor:
    """Softmax over the first axis of ``[R, C]``."""
    return _Softmax.apply(x) if is_exact(x) else torch.softmax(x, dim=0)  # type: ignore[no-untyped-call]


class _Transform(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return exact.over_columns("transform", x.contiguous())

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return exact.over_columns("transform", grad.contiguous())


def walsh_transform(x: Tensor, matrix: npt.NDArray[np.float32]) -> Tensor:
    """``matrix @ x`` for the Walsh-Hadamard matrix ``[R, R]`` of the rows of ``[R, C]``."""
    if is_exact(x):
        return _Transform.apply(x)  # type: ignore[no-untyped-call]
    return torch.as_tensor(matrix, dtype=x.dtype, device=x.device) @ x


class _Total(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, axis: int) -> Tensor:
        ctx.shape, ctx.axis = x.shape, axis
        shape = (*x.shape[:axis], *x.shape[axis + 1 :])
        if axis == x.ndim - 1:
            return exact.sum_rows(x.reshape(-1, x.shape[axis]).contiguous()).view(shape)
        outer = x.shape[:axis].numel()
        blocks = x.reshape(outer, x.shape[axis], -1).contiguous()
        return torch.stack([exact.sum_columns(block) for block in blocks]).view(shape)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        return grad.unsqueeze(ctx.axis).expand(ctx.shape), None


def total(x: Tensor, axis: int) -> Tensor:
    """Sum over an axis, 0 or above."""
    return _Total.apply(x, axis) if is_exact(x) else x.sum(axis)  # type: ignore[no-untyped-call]


def mean(x: Tensor, axis: int) -> Tensor:
    """Mean over an axis, 0 or above."""
    return total(x, axis) / x.shape[axis]


class _Spread(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, value: Tensor, like: Tensor) -> Tensor:
        return value.expand_as(like)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        return total(grad.reshape(-1), 0), None


def spread(value: Tensor, like: Tensor) -> Tensor:
    """One value in the shape of ``like``; its gradient is summed in a defined order."""
    return _Spread.apply(value, like)  # type: ignore[no-untyped-call]


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor) -> Tensor:
        ctx.save_for_backward(a)
        return exact.multiply(a.contiguous(), b)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[None, Tensor]:
        (a,) = ctx.saved_tensors
        return None, exact.multiply(a.T.contiguous(), grad)


def matrix_product(a: Tensor, b: Tensor) -> Tensor:
    """``a[m, k] @ b[k, n]``; no gradient."""
    return exact.multiply(a.contiguous(), b) if is_exact(a, b) else a @ b


def product(a: Tensor, b: Tensor) -> Tensor:
    """``a[m, k] @ b[k, n]``, differentiable in b alone."""
    return _Product.apply(a, b) if is_exact(a, b) else a @ b  # type: ignore[no-untyped-call]
