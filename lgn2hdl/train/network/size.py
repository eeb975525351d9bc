"""A part of the loss that drives nodes towards wires, inverters and constants.

A Boolean function is one of these exactly if no two of its pins interact: if every second
difference ``f(x_i=1, x_j=1) - f(x_i=1, x_j=0) - f(x_i=0, x_j=1) + f(x_i=0, x_j=0)`` is 0. The
penalty is the mean size of these differences; 1 for an AND of two pins, 2 for an XOR.
"""

from __future__ import annotations

import torch
from torch import Tensor

from lgn2hdl.train.kernels.arithmetic import mean, sigmoid
from lgn2hdl.train.network.network import RelaxedNetwork


def interactions(rows: Tensor) -> Tensor:
    """Mean size of the second differences of every pair of pins, summed over pairs, ``[W]``.

    Args:
        rows: probability of every truth-table row, ``[2**k, W]``.
    """
    fan_in = len(rows).bit_length() - 1
    cube = rows.reshape(*[2] * fan_in, -1)  # the last pin is the first axis
    total = rows.new_zeros(rows.shape[1])
    for first in range(fan_in):
        for second in range(first + 1, fan_in):
            difference = cube.diff(dim=first).diff(dim=second).abs()
            total = total + mean(difference.reshape(-1, rows.shape[1]), 0)
    return total


def size_penalty(network: RelaxedNetwork) -> Tensor:
    """Mean of :func:`interactions` over all nodes of the network."""
    parts = []
    for layer in network.relaxed_layers:
        rows = layer.relaxation.rows(layer.logits, 1.0)
        probabilities = sigmoid(rows) if layer.relaxation.sigmoid_output else rows
        parts.append(interactions(probabilities))
    return mean(torch.cat(parts), 0)
