"""How often the discrete network is right."""

from __future__ import annotations

from lgn2hdl.base.errors import DataError
from lgn2hdl.model.features import Integers
from lgn2hdl.model.network import LogicNet
from lgn2hdl.train.data.problem import Targets


def test_metrics(network: LogicNet, x: Integers, y: Targets) -> dict[str, float]:
    """Hard accuracy on the test rows; for output bits also how often all of them are right."""
    metrics = {"test_hard_accuracy": accuracy(network, x, y)}
    if not network.head.decides_class:
        metrics["test_exact_match"] = float((network.decisions(x) == y).all(axis=1).mean())
    return metrics


def accuracy(network: LogicNet, x: Integers, y: Targets) -> float:
    """Part of the rows ``[N, F]`` that the discrete network classifies as ``y[N]`` says.

    For output bits, the part of all bits ``y[N, n]`` that is right.

    Raises:
        DataError: if there are no rows.
    """
    if len(x) == 0:
        raise DataError("no rows to measure the accuracy on")
    return float((network.decisions(x) == y).mean())
