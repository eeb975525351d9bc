"""GroupSum: every class has a score, the weighted count of its bits, and the highest score wins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir.netlist import Ids, Netlist, frozen
from lgn2hdl.model.heads.group_sum_plan import (
    CLASS,
    MARGIN,
    SCORES,
    GroupSumPlan,
    decide,
    group_sum_signals,
    margins,
    plan_group_sum,
)

MAX_CLASSES = 1 << 15
"""Most classes of a head: ``class_of`` is a signed 16-bit number."""


@dataclass(frozen=True, eq=False)
class GroupSum:
    """Classification head: the score of a class is its bias plus the weights of its set bits.

    Every score that the bits could give is a signed 32-bit number, so that nothing wraps around
    anywhere; a head of which that is not so is refused.

    Attributes:
        class_of: class that each output of the last layer counts for, ``i16[O]``.
        weight: what a set bit adds, ``i8[O]``.
        bias: constant part of each score, ``i32[C]``.
        tau: softmax temperature used in training; it does not change the decision.
    """

    kind: ClassVar[str] = "group_sum"
    decides_class: ClassVar[bool] = True
    value_name: ClassVar[str] = CLASS
    since_version: ClassVar[int] = 1

    class_of: npt.NDArray[np.int16]
    weight: npt.NDArray[np.int8]
    bias: npt.NDArray[np.int32]
    tau: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "class_of", frozen(self.class_of, np.int16))
        object.__setattr__(self, "weight", frozen(self.weight, np.int8))
        _require_32_bits("bias", self.bias, self.bias)
        object.__setattr__(self, "bias", frozen(self.bias, np.int32))
        if self.class_of.ndim != 1 or self.class_of.shape != self.weight.shape:
            raise ValueError("classes and weights of the head differ in length")
        if self.bias.ndim != 1 or self.n_classes < 2:
            raise ValueError("a head needs at least two classes")
        if self.n_classes > MAX_CLASSES:
            raise ValueError(f"a head of {self.n_classes} classes: at most {MAX_CLASSES} fit")
        if len(self.class_of) and not (
            int(self.class_of.min()) >= 0 and int(self.class_of.max()) < self.n_classes
        ):
            raise ValueError("an output counts for a class that does not exist")
        if not (np.isfinite(self.tau) and self.tau > 0):
            raise ValueError(f"tau is {self.tau}, not a positive number")
        _require_32_bits("score", *self.score_range())

    @property
    def n_classes(self) -> int:
        """Number of classes, C."""
        return len(self.bias)

    @property
    def n_outputs(self) -> int:
        """Bits of the last layer that the head reads, O."""
        return len(self.class_of)

    @property
    def n_names(self) -> int:
        """Names that a network with this head has: one for each class."""
        return self.n_classes

    def score_range(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Lowest and highest score that each class can reach, ``i64[C]`` both."""
        low, high = self.bias.astype(np.int64), self.bias.astype(np.int64)
        np.add.at(low, self.class_of, np.minimum(self.weight, 0).astype(np.int64))
        np.add.at(high, self.class_of, np.maximum(self.weight, 0).astype(np.int64))
        return low, high

    def scores(self, outputs: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
        """Scores ``i32[N, C]`` of last-layer bits ``bool[O, N]``."""
        scores = np.repeat(self.bias[:, None], outputs.shape[1], axis=1)
        for index in range(self.n_classes):
            mine = self.class_of == index
            scores[index] += self.weight[mine].astype(np.int32) @ outputs[mine].astype(np.int32)
        return np.ascontiguousarray(scores.T)

    def decisions(self, outputs: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        """Classes ``i64[N]`` of last-layer bits ``bool[O, N]``."""
        return decide(self.scores(outputs))

    def values(self, outputs: npt.NDArray[np.bool_]) -> dict[str, npt.NDArray[Any]]:
        """Scores, class and margin of last-layer bits ``bool[O, N]``."""
        scores = self.scores(outputs)
        return {SCORES: scores, CLASS: decide(scores), MARGIN: margins(scores)}

    def signals(self, netlist: Netlist, *, scores: bool = True) -> Ids:
        """Nodes that the core has to hand over, see :func:`group_sum_signals`."""
        return group_sum_signals(self, netlist, scores=scores)

    def plan(
        self,
        netlist: Netlist,
        signals: npt.NDArray[np.integer] | None,
        *,
        scores: bool = True,
        margin: bool = False,
    ) -> GroupSumPlan:
        """What follows the core, see :func:`plan_group_sum`."""
        given = group_sum_signals(self, netlist, scores=scores) if signals is None else signals
        return plan_group_sum(self, netlist, given, scores=scores, margin=margin)

    def describe(self, names: tuple[str, ...]) -> str:
        """One line for people."""
        return f"GroupSum, {self.n_classes} classes, tau {self.tau:g}"

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Its arrays in a model file, by name."""
        return {"class_of": self.class_of, "weight": self.weight, "bias": self.bias}

    def document(self) -> dict[str, Any]:
        """Its JSON values in a model file: a file without a kind of head has this one."""
        return {"tau": self.tau}

    @classmethod
    def from_file(
        cls, arrays: Mapping[str, npt.NDArray[Any]], document: Mapping[str, Any], n_outputs: int
    ) -> GroupSum:
        """The head of a model file.

        Raises:
            KeyError: if something is missing.
            TypeError, ValueError: if it is of another type, or contradicts itself.
        """
        if type(document["tau"]) not in (int, float):
            raise TypeError("its tau is of another type than it should")
        own = {name: arrays[name] for name in ("class_of", "weight", "bias")}
        return cls(**own, tau=float(document["tau"]))


def _require_32_bits(what: str, lowest: npt.ArrayLike, highest: npt.ArrayLike) -> None:
    """Check that a number of every class fits into a signed 32-bit one.

    Raises:
        ValueError: otherwise; names the first class and its range.
    """
    low, high = np.atleast_1d(lowest, highest)
    limits = np.iinfo(np.int32)
    outside = np.flatnonzero((low < limits.min) | (high > limits.max))
    if len(outside):
        first = low.flat[outside[0]], high.flat[outside[0]]
        span = f"is {first[0]}" if first[0] == first[1] else f"goes from {first[0]} to {first[1]}"
        raise ValueError(
            f"the {what} of class {outside[0]} {span}, which 32-bit numbers do not hold"
        )


def contiguous_groups(n_outputs: int, n_classes: int, tau: float) -> GroupSum:
    """The head that training uses: equal blocks of outputs, weight 1, no bias.

    Raises:
        ValueError: if ``n_outputs`` is not a positive multiple of ``n_classes``.
    """
    if n_outputs < n_classes or n_outputs % n_classes:
        raise ValueError(f"{n_outputs} outputs do not divide into {n_classes} classes")
    return GroupSum(
        class_of=np.repeat(np.arange(n_classes, dtype=np.int16), n_outputs // n_classes),
        weight=np.ones(n_outputs, np.int8),
        bias=np.zeros(n_classes, np.int32),
        tau=tau,
    )
