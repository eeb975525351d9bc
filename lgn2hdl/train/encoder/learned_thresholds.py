"""Learned thresholds: a thermometer encoder that is trained together with the network."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from lgn2hdl.model.features import Features, Integers
from lgn2hdl.model.network import Thermometer
from lgn2hdl.train.kernels.arithmetic import sigmoid, total

BANDWIDTH = 0.25
"""Softness of the surrogate gradient, in spreads of a feature.

A threshold learns from values within a few bandwidths: a much smaller one sees too few rows of a
batch, a much larger one is pulled by rows that it cannot change.
"""

MIN_SPREAD = 2.0
"""Least spread, in integer steps, so that a threshold always sees the neighbouring integers."""


class LearnedThresholds(nn.Module):
    """Input bits ``x >= threshold`` with thresholds that have a gradient.

    The parameter ``scaled`` holds the real thresholds, divided by the spread (standard deviation
    over the training rows) of the feature, so that one learning rate suits all features. The real
    threshold that starts at integer t is ``t - 0.5``, halfway between the integers that it
    separates. Forward is hard; backward pretends that a bit were
    ``sigmoid((x - threshold) / (BANDWIDTH * spread))`` (a straight-through estimator).

    Bits keep their order, also where thresholds of one feature pass each other.

    Args:
        start: the encoder to start from, such as a quantile one.
        x_train: training rows ``[N, F]``; give the spread of every feature.
        features: give the largest value of every feature.
    """

    feature: Tensor
    spread: Tensor
    largest: Tensor

    def __init__(self, start: Thermometer, x_train: Integers, features: Features) -> None:
        super().__init__()
        spread = np.maximum(_standard_deviation(x_train), MIN_SPREAD)[start.feature]
        largest = (1 << features.width.astype(np.int64)) - 1
        self._constant("feature", start.feature.astype(np.int64))
        self._constant("spread", spread.astype(np.float32))
        self._constant("largest", largest[start.feature].astype(np.float32))
        self.scaled = nn.Parameter(torch.from_numpy((start.threshold - 0.5) / spread).float())

    def _constant(self, name: str, value: npt.NDArray[Any]) -> None:
        self.register_buffer(name, torch.from_numpy(value), persistent=False)

    def forward(self, integers: Integers | Tensor) -> Tensor:
        """Bits ``f32[B, N]``, 0 or 1, of integer features ``[N, F]``, as :meth:`thermometer` says.

        In training, thresholds that have left the range of their feature are put back to its end
        first; they would have no gradient to come back with.
        """
        if self.training:
            with torch.no_grad():
                self.scaled.clamp_(0.5 / self.spread, (self.largest - 0.5) / self.spread)
        values = _columns(integers, self.scaled.device)[self.feature]
        bits: Tensor = _Step.apply(  # type: ignore[no-untyped-call]
            values, self.scaled, self.spread, self._integers()
        )
        return bits

    @torch.no_grad()
    def _integers(self) -> Tensor:
        """Smallest integers above the real thresholds, ``f32[B]``, within the feature's range."""
        above = torch.ceil(self.scaled * self.spread)
        return torch.minimum(above.clamp(min=1), self.largest)

    def thermometer(self) -> Thermometer:
        """The discrete encoder: thresholds rounded up, at least 1 and at most the largest value."""
        threshold = self._integers().cpu().numpy()
        return Thermometer(self.feature.cpu().numpy(), threshold.astype(np.int32))


class _Step(torch.autograd.Function):
    """Hard step forward, derivative of a sigmoid backward."""

    @staticmethod
    def forward(
        context: Any, values: Tensor, scaled: Tensor, spread: Tensor, integers: Tensor
    ) -> Tensor:
        # A copy: the next forward may put thresholds back into range before this one's backward.
        context.save_for_backward(values, scaled.clone(), spread)
        return (values >= integers[:, None]).to(torch.float32)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[None, Tensor, None, None]:
        values, scaled, spread = context.saved_tensors
        soft = sigmoid((values / spread[:, None] - scaled[:, None]) / BANDWIDTH)
        slope = soft * (1 - soft) / BANDWIDTH
        return None, -total(gradients[0] * slope, 1), None, None


def _columns(integers: Integers | Tensor, device: torch.device) -> Tensor:
    """Features-major ``f32[F, N]``; 16-bit integers are exact."""
    if not isinstance(integers, Tensor):
        integers = torch.from_numpy(np.asarray(integers, np.float32))
    return integers.to(device, torch.float32).T


def _standard_deviation(x_train: Integers) -> npt.NDArray[np.float64]:
    """Of every feature, ``f64[F]``; in blocks of rows, so that no large copy is made."""
    total = np.zeros(x_train.shape[1])
    squares = np.zeros(x_train.shape[1])
    for start in range(0, len(x_train), 4096):
        rows = x_train[start : start + 4096].astype(np.float64)
        total += rows.sum(axis=0)
        squares += (rows**2).sum(axis=0)
    count = max(len(x_train), 1)
    return np.sqrt(np.maximum(squares / count - (total / count) ** 2, 0))
