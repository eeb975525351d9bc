"""Heads: last-layer outputs to logits, a loss, and the head of the discrete network."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from lgn2hdl.model.heads.bits import Bits
from lgn2hdl.model.heads.group_sum import GroupSum, contiguous_groups
from lgn2hdl.train.kernels.arithmetic import exponential, sigmoid, softmax, spread, total
from lgn2hdl.train.network.losses import binary_cross_entropy, cross_entropy, smoothed
from lgn2hdl.train.relax.hard import HardValues, Values, group_sums, real_values

LARGEST_LOG_TAU = 80.0
"""The logarithm of tau stays within this and its negative, where its exponential is a float32."""

BITS_TAU = 0.25
"""Tau of output bits unless one is given: a certain bit has logit 4 or -4."""


class TrainedHead(nn.Module):
    """What both heads share: tau, fixed or trained (as its logarithm, so that it stays positive).

    Args:
        n_names: classes or output bits.
        tau: divisor of the logits, at the start if it is trained.
        learn_tau: whether it is trained.
    """

    def __init__(self, n_names: int, tau: float, learn_tau: bool) -> None:
        super().__init__()
        self.n_names, self._fixed = n_names, tau
        self.log_tau = nn.Parameter(torch.tensor(math.log(tau))) if learn_tau else None

    def divisor(self) -> Tensor | float:
        """Tau, differentiable if it is trained."""
        if self.log_tau is None:
            return self._fixed
        return exponential(self.log_tau.clamp(-LARGEST_LOG_TAU, LARGEST_LOG_TAU))

    def divided(self, sums: Tensor) -> Tensor:
        """Sums over tau."""
        tau = self.divisor()
        return sums / (spread(tau, sums) if isinstance(tau, Tensor) else tau)

    def order(self, n_outputs: int) -> npt.NDArray[np.int64]:
        """The node that each output of the discrete network is: all, one after the other."""
        return np.arange(n_outputs)

    def groups(self, n_outputs: int) -> npt.NDArray[np.int64]:
        """The class, or bit, that each output counts for, at least at the start, ``i64[O]``."""
        return np.arange(n_outputs) * self.n_names // n_outputs

    def to_outputs(self, gradient: Tensor, n_outputs: int) -> Tensor:
        """Gradients ``[O, N]`` of outputs, but for a factor, of those ``[C, N]`` of logits."""
        return gradient.repeat_interleave(n_outputs // len(gradient), dim=0)

    @property
    def tau(self) -> float:
        """The present divisor."""
        tau = self.divisor()
        return float(tau.detach() if isinstance(tau, Tensor) else tau)


class GroupSumHead(TrainedHead):
    """The logit of a class is the sum of its group of outputs over tau; cross entropy."""

    def forward(self, values: Values) -> Tensor:
        """Logits ``[N, C]`` of outputs ``[O, N]``."""
        return self.divided(self.sums(values)).T

    def sums(self, values: Values) -> Tensor:
        """Sums ``[C, N]`` of outputs ``[O, N]``; groups are contiguous."""
        if isinstance(values, HardValues):
            return group_sums(values, self.n_names)
        return total(values.reshape(self.n_names, -1, values.shape[1]), 1)

    def loss(self, logits: Tensor, targets: Tensor, label_smoothing: float) -> Tensor:
        """Mean cross entropy with classes ``i64[N]``."""
        goal = smoothed(targets, self.n_names, label_smoothing, logits)
        return cross_entropy(logits, goal)

    def divergence(self, logits: Tensor, teacher: Tensor, temperature: float) -> Tensor:
        """Distillation (Hinton et al., arXiv:1503.02531): cross entropy with a teacher's softmax.

        Both logits are divided by ``temperature``; its square keeps the size of the gradients.
        """
        goal = softmax((teacher / temperature).T).T
        return temperature**2 * cross_entropy(logits / temperature, goal)

    def discrete(self, n_outputs: int) -> GroupSum:
        """The head of the discrete network."""
        return contiguous_groups(n_outputs, self.n_names, self.tau)


class BitsHead(TrainedHead):
    """Outputs are bits: the logit of bit y is ``(2 y - 1) / tau``; binary cross entropy."""

    def forward(self, values: Values) -> Tensor:
        """Logits ``[N, n]`` of outputs ``[n, N]``."""
        return self.divided(2 * real_values(values) - 1).T

    def loss(self, logits: Tensor, targets: Tensor, label_smoothing: float) -> Tensor:
        """Mean binary cross entropy with bits ``f32[N, n]``."""
        goal = targets * (1 - label_smoothing) + label_smoothing / 2
        return binary_cross_entropy(logits, goal)

    def divergence(self, logits: Tensor, teacher: Tensor, temperature: float) -> Tensor:
        """Distillation: binary cross entropy with a teacher's probabilities."""
        goal = sigmoid(teacher / temperature)
        return temperature**2 * binary_cross_entropy(logits / temperature, goal)

    def discrete(self, n_outputs: int) -> Bits:
        """The head of the discrete network."""
        return Bits(n_outputs)


Head = GroupSumHead | BitsHead
