"""Relaxations: trainable stand-ins for truth tables.

A relaxation maps the parameters of W nodes to one value for every truth-table row. The layer
interpolates these values at the pins (:mod:`lgn2hdl.train.relax.nodes`). Rows are ordered as in
:mod:`lgn2hdl.ir.logic`.
"""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from lgn2hdl.ir import logic
from lgn2hdl.train.kernels.arithmetic import (
    logarithm,
    product,
    sigmoid,
    softmax,
    walsh_transform,
)
from lgn2hdl.train.relax.nodes import straight_through
from lgn2hdl.train.seeds import standard_normal

RESIDUAL_PROBABILITY = 0.9
"""How sure a node with residual initialization is to pass pin 0 through."""

Parameters = npt.NDArray[np.float32]


class Relaxation(Protocol):
    """What a parametrization of truth tables must offer."""

    def initial(
        self, width: int, fan_in: int, initialization: str, rng: np.random.Generator
    ) -> Parameters:
        """Parameters ``f32[P, width]`` to start from; P depends on relaxation and fan-in."""
        ...

    def noise(self, parameters: Tensor, uniform: Tensor) -> Tensor:
        """Parameters with the noise whose argmax or sign samples from the relaxed distribution.

        ``uniform`` has the parameters' shape and values between 0 and 1, both excluded.
        """
        ...

    def rows(self, parameters: Tensor, temperature: float) -> Tensor:
        """A value for every row, ``[2**fan_in, W]``, differentiable in ``[P, W]``."""
        ...

    @property
    def sigmoid_output(self) -> bool:
        """Whether rows are logits, so that outputs are the sigmoid of interpolated values."""
        ...

    def hard_rows(self, parameters: Tensor) -> Tensor:
        """The truth tables that remain after training, ``[2**fan_in, W]``, all 0 or 1."""
        ...


class Softmax16:
    """A softmax over the 16 two-input gates (Petersen et al., arXiv:2210.08277).

    ``p[r] = sum_t softmax(z / T)[t] * bit r of t``; 16 parameters a node, indexed by the gate's
    table. The likeliest gate remains, the lowest table among equals.
    """

    sigmoid_output = False

    def initial(
        self, width: int, fan_in: int, initialization: str, rng: np.random.Generator
    ) -> Parameters:
        """Logits ``f32[16, width]``."""
        if initialization == "gaussian":
            return standard_normal(rng, (16, width))
        logits = np.zeros((16, width), np.float32)
        odds = 15 * RESIDUAL_PROBABILITY / (1 - RESIDUAL_PROBABILITY)
        logits[logic.pin_table(2, 0)] = math.log(odds)
        return logits

    def noise(self, parameters: Tensor, uniform: Tensor) -> Tensor:
        """Gumbel noise: the argmax is a sample of the softmax."""
        return parameters - logarithm(-logarithm(uniform))

    def rows(self, parameters: Tensor, temperature: float) -> Tensor:
        """Expected rows ``[4, W]`` of the mixture of gates."""
        return product(_gates(parameters), softmax(_cooled(parameters, temperature)))

    def hard_rows(self, parameters: Tensor) -> Tensor:
        """Rows of the likeliest gate."""
        return _gates(parameters)[:, parameters.argmax(dim=0)]


def _cooled(parameters: Tensor, temperature: float) -> Tensor:
    return parameters if temperature == 1 else parameters / temperature


def _gates(like: Tensor) -> Tensor:
    """Row r of the gate with table t, ``[4, 16]``."""
    bits = logic.table_to_bits(np.arange(16, dtype=np.uint8), 2).T
    return torch.as_tensor(bits, dtype=like.dtype, device=like.device)


class Light:
    """One logit per truth-table row, ``p[r] = sigmoid(z[r] / T)`` (arXiv:2510.03250)."""

    sigmoid_output = False

    def initial(
        self, width: int, fan_in: int, initialization: str, rng: np.random.Generator
    ) -> Parameters:
        """Logits ``f32[2**fan_in, width]``."""
        return _initial_logits(width, fan_in, initialization, rng)

    def noise(self, parameters: Tensor, uniform: Tensor) -> Tensor:
        """Logistic noise: the sign is a sample of the row's bit."""
        return parameters + _logistic(uniform)

    def rows(self, parameters: Tensor, temperature: float) -> Tensor:
        """Probabilities, row by row."""
        return sigmoid(_cooled(parameters, temperature))

    def hard_rows(self, parameters: Tensor) -> Tensor:
        """Rows whose probability is above one half."""
        return (parameters > 0).to(parameters.dtype)


class Walsh:
    """Walsh coefficients of a logit: ``y = sigmoid(-1/T * sum_S c_S * prod_{j in S} (1 - 2 x_j))``.

    The sum is multilinear in x, so it is interpolated between its values at the corners, and those
    are the Walsh-Hadamard transform of c (WARP, arXiv:2602.03527). ``2**k`` parameters a node;
    bit j of S's index says whether pin j belongs to it.
    """

    sigmoid_output = True

    def initial(
        self, width: int, fan_in: int, initialization: str, rng: np.random.Generator
    ) -> Parameters:
        """Coefficients ``f32[2**fan_in, width]`` of the logits that :class:`Light` starts from."""
        logits = _initial_logits(width, fan_in, initialization, rng)
        coefficients = _transform(torch.from_numpy(logits)) / -logic.rows(fan_in)
        return np.asarray(coefficients.numpy(), np.float32)

    def noise(self, parameters: Tensor, uniform: Tensor) -> Tensor:
        """Logistic noise on every row's logit."""
        return parameters - _transform(_logistic(uniform)) / len(parameters)

    def rows(self, parameters: Tensor, temperature: float) -> Tensor:
        """Logits of the rows."""
        return -_cooled(_transform(parameters), temperature)

    def hard_rows(self, parameters: Tensor) -> Tensor:
        """Rows whose logit is positive."""
        return (_transform(parameters) < 0).to(parameters.dtype)


def _walsh_matrix(fan_in: int) -> npt.NDArray[np.float32]:
    """``(-1)**(number of pins of set S that are 1 in row r)``, ``f32[2**k, 2**k]``, symmetric."""
    address = logic.address_bits(fan_in).astype(np.int64)
    return np.asarray(1 - 2 * (address @ address.T % 2), np.float32)


def _transform(values: Tensor) -> Tensor:
    return walsh_transform(values, _walsh_matrix(len(values).bit_length() - 1))


def _logistic(uniform: Tensor) -> Tensor:
    return logarithm(uniform) - logarithm(1 - uniform)


class Binary:
    """Binarized tables with a straight-through estimator, as in DWN (ICML 2024).

    A row is the sign of its parameter, in training as well, so that pins, outputs and the finite
    differences that lower layers learn from are all those of the discrete network. The gradient of
    a row goes to its parameter unless that is beyond 1 and would move away from it.
    """

    sigmoid_output = False

    def initial(
        self, width: int, fan_in: int, initialization: str, rng: np.random.Generator
    ) -> Parameters:
        """Parameters ``f32[2**fan_in, width]``."""
        logits = _initial_logits(width, fan_in, initialization, rng)
        return np.asarray(logits / (1.0 + np.abs(logits)), np.float32)

    def noise(self, parameters: Tensor, uniform: Tensor) -> Tensor:
        """Uniform noise between -1 and 1."""
        return parameters + 2 * uniform - 1

    def rows(self, parameters: Tensor, temperature: float) -> Tensor:
        """Bits, exactly 0 or 1."""
        return straight_through(torch.clamp(parameters, -1, 1), self.hard_rows(parameters))

    def hard_rows(self, parameters: Tensor) -> Tensor:
        """Rows whose parameter is positive."""
        return (parameters > 0).to(parameters.dtype)


def _initial_logits(
    width: int, fan_in: int, initialization: str, rng: np.random.Generator
) -> Parameters:
    rows = logic.rows(fan_in)
    if initialization == "gaussian":
        return standard_normal(rng, (rows, width))
    sign = 2.0 * logic.address_bits(fan_in)[:, :1] - 1.0
    logit = math.log(RESIDUAL_PROBABILITY / (1 - RESIDUAL_PROBABILITY))
    return np.repeat(sign * logit, width, axis=1).astype(np.float32)


def tables_of(relaxation: Relaxation, parameters: Tensor) -> logic.Tables:
    """Truth tables ``[W]`` that trained parameters stand for."""
    return logic.table_from_bits(relaxation.hard_rows(parameters.detach()).T.cpu().numpy() > 0.5)
