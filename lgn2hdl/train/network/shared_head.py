"""A head whose outputs count for several classes each, some of them against: learned connections.

The discrete head is a :class:`~lgn2hdl.model.heads.group_sum.GroupSum` with weights 1 and -1, which
reads a node once for every class that it counts for.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from lgn2hdl.model.heads.group_sum import GroupSum
from lgn2hdl.train.kernels.arithmetic import matrix_product
from lgn2hdl.train.network.heads import GroupSumHead
from lgn2hdl.train.relax.hard import Values, real_values
from lgn2hdl.train.seeds import standard_normal

START_STRENGTH = 1.0
"""First strength of an output for the class of its group; all others begin around 0."""

START_SPREAD = 0.1
"""Standard deviation of the first strengths, by which the other connections begin."""


class _SharedSums(torch.autograd.Function):
    """Sums by connections of -1, 0 or 1; every strength learns as if it were its connection."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, strength: Tensor, count: int) -> Tensor:
        ternary = connections(strength, count)
        ctx.save_for_backward(values, ternary)
        return matrix_product(ternary.T, values) + biases(ternary)[:, None]

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None]:
        values, ternary = ctx.saved_tensors
        return (
            matrix_product(ternary, grad),
            matrix_product(values - 0.5, grad.T.contiguous()),
            None,
        )


def connections(strength: Tensor, count: int) -> Tensor:
    """The signs of the ``count`` largest of all strengths, 0 elsewhere, ``[O, C]``.

    Among equals the first ones count.
    """
    size = strength.abs().reshape(-1)
    least = size.kthvalue(len(size) - count + 1).values
    equal = size == least
    more = size > least
    chosen = more | (equal & (equal.cumsum(0) <= count - more.sum()))
    sign = torch.where(strength < 0, -1.0, 1.0)
    return sign * chosen.view_as(sign)


def biases(ternary: Tensor) -> Tensor:
    """What makes connections for and against alike: minus half of their sum, ``[C]``, whole."""
    return -torch.floor(ternary.sum(0) / 2)


class SharedSumHead(GroupSumHead):
    """Outputs count for classes with weight 1 or -1, on average each for ``count``; cross entropy.

    The strongest connections of all count, so outputs may have more or fewer of them. At the start
    every output counts for the class of its group.

    Args:
        n_outputs: nodes of the last layer, O.
        n_names: classes C.
        count: connections for each node, at most C.
        tau: divisor of the logits, at the start if it is trained.
        learn_tau: whether it is trained.
        rng: where the first strengths come from.
    """

    def __init__(
        self,
        n_outputs: int,
        n_names: int,
        count: int,
        tau: float,
        learn_tau: bool,
        rng: np.random.Generator,
    ) -> None:
        super().__init__(n_names, tau, learn_tau)
        self.count = count * n_outputs
        start = standard_normal(rng, (n_outputs, n_names)) * np.float32(START_SPREAD)
        node = np.arange(n_outputs)
        start[node, self.groups(n_outputs)] += np.float32(START_STRENGTH)
        self.strength = nn.Parameter(torch.from_numpy(start))

    def sums(self, values: Values) -> Tensor:
        """Sums ``[C, N]`` of outputs ``[O, N]``."""
        real = real_values(values).contiguous()
        return torch.as_tensor(_SharedSums.apply(real, self.strength, self.count))  # type: ignore[no-untyped-call]

    def to_outputs(self, gradient: Tensor, n_outputs: int) -> Tensor:
        """Gradients ``[O, N]`` of outputs, but for a factor, of those ``[C, N]`` of logits."""
        return matrix_product(self._connections(), gradient)

    def _connections(self) -> Tensor:
        return connections(self.strength.detach(), self.count)

    def order(self, n_outputs: int) -> npt.NDArray[np.int64]:
        """The node of every connection: those of class 0 first."""
        return np.nonzero(self._connections().T.cpu().numpy())[1]

    def discrete(self, n_outputs: int) -> GroupSum:
        """The head of the discrete network, one output for each connection."""
        chosen = self._connections()
        ternary = chosen.T.cpu().numpy()
        classes, nodes = np.nonzero(ternary)
        return GroupSum(
            class_of=classes.astype(np.int16),
            weight=ternary[classes, nodes].astype(np.int8),
            bias=biases(chosen).cpu().numpy().astype(np.int32),
            tau=self.tau,
        )
