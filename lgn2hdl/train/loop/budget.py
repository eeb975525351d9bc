"""Training towards a LUT budget: drop the last-layer outputs that matter least, and go on.

From the first third of a run on, every evaluation drops a part of the outputs, so that the
estimate (:mod:`lgn2hdl.passes.estimate`) falls evenly, in ratio, to the target; the steps between
them repair what was lost. A dropped output becomes the constant that it mostly was, which costs
nothing in hardware and takes the nodes that only it needed with it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from lgn2hdl.base.errors import OptionError
from lgn2hdl.model.features import Integers
from lgn2hdl.passes.estimate import estimate_luts, least_luts
from lgn2hdl.train.config import TrainConfig
from lgn2hdl.train.data.problem import Problem
from lgn2hdl.train.kernels.arithmetic import mean, sigmoid, softmax
from lgn2hdl.train.network.network import EVALUATION_ROWS, RelaxedNetwork

FIRST_PART, LAST_PART = 0.3, 0.7
"""Parts of the run between which outputs are dropped step by step; afterwards at once."""

SAMPLE_ROWS = 4096
"""Training rows that outputs are judged by."""

ROUNDS = 20
"""Most attempts of one evaluation to come down to its goal."""

Importance = npt.NDArray[np.float64]


class Budget:
    """The limit of a run; without ``config.target_luts`` it does nothing.

    Args:
        config: has the limit.
        problem: has the training rows.

    Raises:
        OptionError: if no network for so many classes can meet it.
    """

    def __init__(self, config: TrainConfig, problem: Problem) -> None:
        self.config, self.problem = config, problem
        n_names = len(problem.dataset.class_names)
        least = 0 if problem.dataset.has_bit_targets else least_luts(n_names)
        if config.target_luts is not None and config.target_luts < least:
            raise OptionError(
                f"target_luts is {config.target_luts}: counting and comparing {n_names} classes "
                f"takes about {least}, so give more"
            )

    def allows(self, luts: int | None) -> bool:
        """Whether a state of so many LUTs may be the result."""
        target = self.config.target_luts
        return target is None or (luts is not None and luts <= target)

    def enforce(
        self, network: RelaxedNetwork, bits: Callable[[Integers], Tensor], step: int
    ) -> int | None:
        """Drop what is due after ``step`` steps and return the estimated LUTs."""
        target = self.config.target_luts
        if target is None:
            return None
        luts = self._luts(network)
        if step < FIRST_PART * self.config.steps or luts <= target:
            return luts
        goal = self._goal(luts, step)
        for _ in range(ROUNDS):
            if luts <= goal:
                break
            importance, mostly = output_importance(network, bits, self.problem)
            dropped = _least_important(network, importance, part=1 - goal / luts)
            network.drop(dropped, mostly[dropped])
            luts = self._luts(network)
        return luts

    def _goal(self, luts: int, step: int) -> float:
        """The same ratio at each of the evaluations that are left until the target holds."""
        assert self.config.target_luts is not None
        left = int((LAST_PART * self.config.steps - step) // self.config.evaluate_every)
        return luts * (self.config.target_luts / luts) ** (1 / max(1, left + 1))

    def _luts(self, network: RelaxedNetwork) -> int:
        """With the fitted encoder: its thresholds do not matter to the estimate."""
        dataset = self.problem.dataset
        discrete = network.to_logic_net(
            dataset.features, self.problem.encoder, tuple(dataset.class_names), {}
        )
        return estimate_luts(discrete).total


@torch.no_grad()
def output_importance(
    network: RelaxedNetwork, bits: Callable[[Integers], Tensor], problem: Problem
) -> tuple[Importance, Tensor]:
    """How much the training loss would rise without each output's changes, ``f64[O]``.

    First order: minus the loss's gradient times the output's distance from its mean, averaged over
    some training rows.

    Returns:
        The importance, and the constant (0 or 1) that each output mostly is.
    """
    rows = slice(0, SAMPLE_ROWS)
    x, y = problem.x[rows], torch.from_numpy(problem.y[rows])
    parts = [
        network.hard_outputs(bits(x[start : start + EVALUATION_ROWS])).cpu()
        for start in range(0, len(x), EVALUATION_ROWS)
    ]
    outputs = torch.cat(parts, dim=1)
    logits = network.head(outputs.to(network.kept.device)).cpu()
    if y.ndim == 1:
        wrong = softmax(logits.T).T - torch.nn.functional.one_hot(y, logits.shape[1])
    else:
        wrong = sigmoid(logits) - y
    gradient = network.head.to_outputs(wrong.T.to(network.kept.device), len(outputs)).cpu()
    usual = mean(outputs, 1)
    importance = -mean(gradient * (outputs - usual[:, None]), 1).double()
    return importance.numpy(), (usual > 0.5).float()


def _least_important(network: RelaxedNetwork, importance: Importance, part: float) -> Tensor:
    """Positions of that part of the kept outputs; never the best one of a class."""
    kept = network.kept.cpu().numpy() > 0
    count = max(1, int(part * kept.sum()))
    groups = network.head.groups(len(kept))
    best_first = np.lexsort((-np.where(kept, importance, -np.inf), groups))
    best = best_first[np.unique(groups[best_first], return_index=True)[1]]
    order = np.argsort(importance, kind="stable")
    order = order[kept[order] & ~np.isin(order, best)]
    return torch.from_numpy(order[:count])
