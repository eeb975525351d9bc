"""Baseline: the formula of the 2022 paper word by word (arXiv:2210.08277).

Batch first, 16 gate outputs weighted by a softmax, gradients by autograd.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lgn2hdl.train.network.network import RelaxedNetwork


def sixteen_gates(a: Tensor, b: Tensor, weights: Tensor) -> Tensor:
    """The mixture ``[batch, W]`` of all gates of ``a`` and ``b``; ``weights`` are ``[W, 16]``."""
    both = a * b
    gates = (
        torch.zeros_like(a), 1 - (a + b - both), a - both, 1 - b,
        b - both, 1 - a, a + b - 2 * both, 1 - both,
        both, 1 - (a + b - 2 * both), a, 1 - b + both,
        b, 1 - a + both, a + b - both, torch.ones_like(a),
    )  # fmt: skip
    return sum((weights[:, i] * gate for i, gate in enumerate(gates)), torch.zeros_like(a))


class PlainMixture(nn.Module):
    """The reference: same wiring and start as ``network``, evaluated without any shortcut."""

    def __init__(self, network: RelaxedNetwork) -> None:
        super().__init__()
        layers = network.relaxed_layers
        self.pins = [torch.from_numpy(layer.wires.fanin().T).long() for layer in layers]
        self.logits = nn.ParameterList([layer.logits.detach().T.clone() for layer in layers])
        self.tau, self.n_names = network.head.tau, network.head.n_names

    def forward(self, bits: Tensor) -> Tensor:
        """Class logits ``[N, C]`` for bits ``[N, n_inputs]``."""
        values = bits
        for pins, logits in zip(self.pins, self.logits, strict=True):
            weights = torch.softmax(logits, dim=1)
            values = sixteen_gates(values[:, pins[0]], values[:, pins[1]], weights)
        return values.reshape(len(values), self.n_names, -1).sum(2) / self.tau
