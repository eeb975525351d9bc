"""One relaxed layer of two-input nodes, evaluated through its bilinear form.

Arrays are features-major: ``[features, batch]`` with contiguous rows, so that a node reads two
whole rows and the wiring is a copy of rows. The backward pass is written by hand: it keeps the
layer's input only, sums the coefficients' gradients along rows, and returns gradients to the layer
below by gathering along the reversed wiring, never by scattered addition.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lgn2hdl import logic
from lgn2hdl.train.relaxation import Relaxation, coefficients
from lgn2hdl.train.wiring import Fanin


class BilinearGates(torch.autograd.Function):
    """``y = c0 + c1*a + c2*b + c3*a*b`` with ``a, b = x[pins]``; see :func:`bilinear_gates`."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, c: Tensor, pins: Tensor, readers: Tensor, starts: Tensor
    ) -> Tensor:
        """Outputs ``[W, N]``."""
        ctx.save_for_backward(x, c, pins, readers, starts)
        a, b = x.index_select(0, pins[0]), x.index_select(0, pins[1])
        c0, c1, c2, c3 = c.unsqueeze(2)
        y = torch.addcmul(c2, c3, a).mul_(b)
        return y.add_(a.mul_(c1).add_(c0))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor, None, None, None]:
        """Gradients of ``x`` (only if it needs one) and ``c``."""
        x, c, pins, readers, starts = ctx.saved_tensors
        a, b = x.index_select(0, pins[0]), x.index_select(0, pins[1])
        ends = grad.new_empty((2, *grad.shape))
        times_b, times_a = torch.mul(grad, b, out=ends[0]), torch.mul(grad, a, out=ends[1])
        sums = [grad.sum(1), times_a.sum(1), times_b.sum(1), b.mul_(times_a).sum(1)]
        grad_x = None
        if ctx.needs_input_grad[0]:
            # In place: dy/da = c1 + c3*b on pin 0, dy/db = c2 + c3*a on pin 1.
            _, c1, c2, c3 = c.unsqueeze(2)
            times_b.mul_(c3).add_(torch.mul(grad, c1, out=a))
            times_a.mul_(c3).add_(torch.mul(grad, c2, out=a))
            rows = ends.view(-1, grad.shape[1])
            grad_x = nn.functional.embedding_bag(readers, rows, starts, mode="sum")
        return grad_x, torch.stack(sums), None, None, None


def bilinear_gates(x: Tensor, c: Tensor, pins: Tensor, readers: Tensor, starts: Tensor) -> Tensor:
    """Expected outputs of a layer.

    Args:
        x: values of the layer below, ``[n_sources, N]``.
        c: coefficients, ``[4, W]``.
        pins: source of both pins of each node, ``i64[2, W]``.
        readers: ends of the wires sorted by source, ``i64[2 * W]``; end ``p * W + w`` is pin p of
            node w.
        starts: where the readers of each source begin, ``i64[n_sources]``.

    Returns:
        ``[W, N]``, differentiable in ``x`` and ``c``.
    """
    return BilinearGates.apply(x, c, pins, readers, starts)  # type: ignore[no-untyped-call]


def reversed_wiring(fanin: Fanin, n_sources: int) -> tuple[Tensor, Tensor]:
    """``readers`` and ``starts`` of :func:`bilinear_gates` for wiring ``i32[W, 2]``."""
    ends = fanin.T.ravel()
    readers = np.argsort(ends, kind="stable")
    starts = np.searchsorted(ends[readers], np.arange(n_sources))
    return torch.from_numpy(readers.astype(np.int64)), torch.from_numpy(starts.astype(np.int64))


class RelaxedLayer(nn.Module):
    """A layer of W two-input nodes with trainable truth tables and fixed wiring."""

    pins: Tensor
    readers: Tensor
    starts: Tensor

    def __init__(
        self, fanin: Fanin, n_sources: int, relaxation: Relaxation, parameters: Tensor
    ) -> None:
        super().__init__()
        readers, starts = reversed_wiring(fanin, n_sources)
        self.relaxation = relaxation
        self.fanin = fanin
        self.logits = nn.Parameter(parameters)
        self.register_buffer("pins", torch.from_numpy(fanin.T.astype(np.int64)))
        self.register_buffer("readers", readers)
        self.register_buffer("starts", starts)

    def forward(self, x: Tensor) -> Tensor:
        """Expected outputs ``[W, N]`` for ``x[n_sources, N]``."""
        return self._evaluate(x, self.relaxation.expected_table(self.logits))

    def hard(self, x: Tensor) -> Tensor:
        """Outputs ``[W, N]`` of the discretized tables; exact for inputs 0 and 1."""
        bits = logic.table_to_bits(self.tables(), 2).T
        return self._evaluate(x, torch.as_tensor(bits, dtype=x.dtype, device=x.device))

    def tables(self) -> logic.Tables:
        """Discretized truth tables ``[W]``."""
        return self.relaxation.discretize(self.logits)

    def _evaluate(self, x: Tensor, expected_table: Tensor) -> Tensor:
        c = coefficients(expected_table)
        return bilinear_gates(x, c, self.pins, self.readers, self.starts)
