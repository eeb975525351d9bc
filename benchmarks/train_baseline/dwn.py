"""Baseline: a layer of DWN (Bacellar et al., ICML 2024) in torch's operations.

The package torch-dwn has CUDA kernels only, so this is a port of what they compute, from the paper:
look-up tables of -1 and 1 with straight-through estimators; pins that read the input with the
highest score among all, learned by the correlation of inputs and gradients; the extended finite
difference for the gradient of a pin. That difference is a fixed matrix times the table, so it is
one product of matrices a layer instead of the kernels' loops.
"""

from __future__ import annotations

import itertools
from typing import Any

import torch
from torch import Tensor, nn


def extended_difference(fan_in: int) -> Tensor:
    """Weights ``[rows, rows * fan_in]`` of table entries in the gradient of pins at an address.

    Entry q counts for pin i at address a with the sign of its own bit i and, by its distance h from
    a in the other bits, with ``1 / (h + 1)``.
    """
    rows = 1 << fan_in
    weights = torch.zeros((rows, rows, fan_in))
    for entry, address, pin in itertools.product(range(rows), range(rows), range(fan_in)):
        distance = ((entry ^ address) & ~(1 << pin)).bit_count()
        weights[entry, address, pin] = (1 if entry >> pin & 1 else -1) / (distance + 1)
    return weights.reshape(rows, rows * fan_in)


class _Layer(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, scores: Tensor, table: Tensor, weights: Tensor) -> Tensor:
        n_nodes, rows = table.shape
        fan_in = rows.bit_length() - 1
        pins = x[:, scores.argmax(dim=0)].view(len(x), n_nodes, fan_in)
        address = (pins.long() << torch.arange(fan_in)).sum(dim=2)
        ctx.save_for_backward(x, table, address, weights)
        return (table.T.gather(0, address) > 0).float()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor, Tensor, None]:
        x, table, address, weights = ctx.saved_tensors
        n_nodes, rows = table.shape
        grad_table = torch.zeros_like(table.T).scatter_add_(0, address, grad).T
        slopes = (table.sign() @ weights).view(n_nodes * rows, -1)
        at = torch.arange(n_nodes) * rows + address
        grad_pins = (slopes[at] * grad[:, :, None]).view(len(x), -1)
        return None, (2 * x - 1).T @ grad_pins, grad_table, None


class DwnLayer(nn.Module):
    """One layer with learned mapping and a sum for each class.

    Args:
        n_inputs: input bits.
        width: look-up tables.
        fan_in: inputs of a table.
        n_classes: groups of tables.
        tau: divisor of the sums.
    """

    def __init__(self, n_inputs: int, width: int, fan_in: int, n_classes: int, tau: float) -> None:
        super().__init__()
        self.scores = nn.Parameter(torch.rand(n_inputs, width * fan_in))
        self.table = nn.Parameter(torch.rand(width, 1 << fan_in) * 2 - 1)
        self.n_classes, self.tau = n_classes, tau
        self.register_buffer("weights", extended_difference(fan_in))

    def forward(self, bits: Tensor) -> Tensor:
        """Class logits ``[N, C]`` for bits ``[N, n_inputs]``."""
        values = _Layer.apply(bits, self.scores, self.table, self.weights)  # type: ignore[no-untyped-call]
        return torch.as_tensor(values.view(len(bits), self.n_classes, -1).sum(2) / self.tau)
