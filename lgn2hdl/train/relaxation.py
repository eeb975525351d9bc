"""Relaxations: trainable stand-ins for a truth table.

A relaxation maps the parameters of W nodes to their *expected truth tables*: the probability that
the output is 1, for every row. Everything else (evaluation, gradients of the inputs, wiring) only
sees these, so a relaxation is three functions: initial parameters, expected tables, and the table
that remains after training. Rows are ordered as in :mod:`lgn2hdl.logic`.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from lgn2hdl import logic
from lgn2hdl.errors import OptionError
from lgn2hdl.train.config import INITIALIZATIONS

RESIDUAL_PROBABILITY = 0.9
"""How sure a node with residual initialization is to pass pin 0 through."""

Logits = npt.NDArray[np.float32]


class Relaxation(Protocol):
    """What a parametrization of truth tables must offer."""

    @property
    def fan_ins(self) -> tuple[int, ...]:
        """Numbers of pins that it can be used with."""
        ...

    def initial(
        self, width: int, fan_in: int, initialization: str, rng: np.random.Generator
    ) -> Logits:
        """Parameters ``f32[P, width]`` to start from; P depends on the relaxation."""
        ...

    def expected_table(self, parameters: Tensor) -> Tensor:
        """Probabilities ``[2**fan_in, W]`` of output 1, differentiable in ``[P, W]``."""
        ...

    def discretize(self, parameters: Tensor) -> logic.Tables:
        """Truth tables ``[W]`` that the trained parameters stand for."""
        ...


class Softmax16:
    """A softmax over the 16 two-input gates (Petersen et al., arXiv:2210.08277).

    ``p[r] = sum_t softmax(z)[t] * bit r of t``; 16 parameters a node, indexed by the gate's table.
    """

    fan_ins = (2,)

    def initial(
        self, width: int, fan_in: int, initialization: str, rng: np.random.Generator
    ) -> Logits:
        """Logits ``f32[16, width]``."""
        if initialization == "gaussian":
            return rng.standard_normal((16, width), np.float32)
        _require_residual(initialization)
        logits = np.zeros((16, width), np.float32)
        odds = 15 * RESIDUAL_PROBABILITY / (1 - RESIDUAL_PROBABILITY)
        logits[logic.pin_table(2, 0)] = np.log(odds)
        return logits

    def expected_table(self, parameters: Tensor) -> Tensor:
        """Expected rows ``[4, W]`` of the mixture of gates."""
        rows = logic.table_to_bits(np.arange(16, dtype=np.uint8), 2).T
        gates = torch.as_tensor(rows, dtype=parameters.dtype, device=parameters.device)
        return gates @ torch.softmax(parameters, dim=0)

    def discretize(self, parameters: Tensor) -> logic.Tables:
        """The likeliest gate of each node; the lowest table among equals."""
        return np.asarray(parameters.detach().cpu().numpy().argmax(axis=0), np.uint8)


class Light:
    """One logit per truth-table row, ``p[r] = sigmoid(z[r])`` (arXiv:2510.03250)."""

    fan_ins = (2,)

    def initial(
        self, width: int, fan_in: int, initialization: str, rng: np.random.Generator
    ) -> Logits:
        """Logits ``f32[2**fan_in, width]``."""
        rows = logic.rows(fan_in)
        if initialization == "gaussian":
            return rng.standard_normal((rows, width), np.float32)
        _require_residual(initialization)
        sign = 2.0 * logic.address_bits(fan_in)[:, :1] - 1.0
        logit = np.log(RESIDUAL_PROBABILITY / (1 - RESIDUAL_PROBABILITY))
        return np.repeat(sign * logit, width, axis=1).astype(np.float32)

    def expected_table(self, parameters: Tensor) -> Tensor:
        """Probabilities, row by row."""
        return torch.sigmoid(parameters)

    def discretize(self, parameters: Tensor) -> logic.Tables:
        """Rows whose probability is above one half."""
        return logic.table_from_bits((parameters.detach().cpu().numpy() > 0).T)


RELAXATIONS: dict[str, Relaxation] = {"softmax16": Softmax16(), "light": Light()}
"""The relaxations by the name that configurations use."""


def _require_residual(initialization: str) -> None:
    if initialization != "residual":
        raise OptionError(
            f"initialization {initialization!r} is unknown: choose {', '.join(INITIALIZATIONS)}"
        )


def coefficients(expected_table: Tensor) -> Tensor:
    """Multilinear coefficients ``[2**k, W]`` of expected truth tables ``[2**k, W]``.

    Möbius transform over the pins: the expected output for independent inputs ``x`` is
    ``sum_S c[S] * prod(x[i] for i in S)``, where bit i of index S says whether pin i is in S. With
    two pins: ``c0 + c1*a + c2*b + c3*a*b``.
    """
    rows, width = expected_table.shape
    result = expected_table
    half = 1
    while half < rows:
        low, high = result.reshape(-1, 2, half, width).unbind(1)
        result = torch.stack([low, high - low], dim=1).reshape(rows, width)
        half *= 2
    return result
