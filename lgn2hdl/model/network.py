"""LogicNet: a discrete trained logic gate network, still structured. Needs NumPy only.

The forward pass, row by row: raw columns -> :class:`~lgn2hdl.model.features.Features` -> unsigned
integers -> :class:`Thermometer` -> bits -> :class:`Lut` layers -> bits -> head. The head
:class:`GroupSum` gives one integer score per class and decides for the highest; with the head
:class:`Bits` the last layer's bits are the result.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, overload

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import OptionError
from lgn2hdl.ir import logic, packed
from lgn2hdl.ir.netlist import frozen
from lgn2hdl.model.features import Features, Integers

MAX_CLASSES = 1 << 15
"""Most classes of a head: ``class_of`` is a signed 16-bit number."""

MAX_OUTPUT_BITS = 1 << 15
"""Most output bits of a network with a :class:`Bits` head: they leave the hardware side by side."""


@dataclass(frozen=True, eq=False)
class Thermometer:
    """Input bits: bit ``j`` is ``x[feature[j]] >= threshold[j]`` on unsigned integers.

    Thermometer encoding: the bits of one feature form a bar that rises with its value.

    Attributes:
        feature: feature that each bit reads, ``i32[B]``.
        threshold: smallest value that sets the bit, ``i32[B]``, not negative.
    """

    feature: npt.NDArray[np.int32]
    threshold: npt.NDArray[np.int32]

    def __post_init__(self) -> None:
        object.__setattr__(self, "feature", frozen(self.feature, np.int32))
        object.__setattr__(self, "threshold", frozen(self.threshold, np.int32))
        if self.feature.ndim != 1 or self.feature.shape != self.threshold.shape:
            raise ValueError("feature and threshold of the encoder differ in length")
        if (self.feature < 0).any() or (self.threshold < 0).any():
            raise ValueError("a feature or threshold of the encoder is negative")

    @property
    def n_bits(self) -> int:
        """Number of input bits, B."""
        return len(self.feature)

    def encode(self, integers: Integers) -> npt.NDArray[np.uint64]:
        """Packed input bits, ``u64[B, words]``, of integer features ``[N, F]``."""
        columns = np.ascontiguousarray(integers.T)
        result = np.empty((self.n_bits, packed.words_for(len(integers))), np.uint64)
        block = max(1, (1 << 24) // max(1, len(integers)))  # bounds the unpacked bits
        for start in range(0, self.n_bits, block):
            bits = slice(start, start + block)
            above = columns[self.feature[bits]] >= self.threshold[bits, None]
            result[bits] = packed.pack(above)
        return result


@dataclass(frozen=True, eq=False)
class Lut:
    """A layer of W nodes with k pins each, ``2 <= k <= 6``; a two-input gate is a LUT with k = 2.

    Attributes:
        fanin: position in the layer below (or input bit) of every pin, ``i32[W, k]``.
        table: truth tables, ``[W]``, bit order as in :mod:`lgn2hdl.ir.logic`; stored in the
            smallest unsigned dtype that holds ``2**k`` bits.
    """

    fanin: npt.NDArray[np.int32]
    table: logic.Tables

    def __post_init__(self) -> None:
        fanin = np.asarray(self.fanin)
        if fanin.ndim != 2 or not 2 <= fanin.shape[1] <= logic.MAX_FAN_IN or not len(fanin):
            raise ValueError(f"a layer's fan-in has shape {fanin.shape}, not (W, 2..6)")
        if fanin.min() < 0:
            raise ValueError("a fan-in is negative")
        object.__setattr__(self, "fanin", frozen(fanin, np.int32))
        object.__setattr__(self, "table", frozen(self.table, logic.table_dtype(fanin.shape[1])))
        if self.table.shape != (len(fanin),):
            raise ValueError("fan-in and tables of a layer differ in length")
        if int(self.table.max()) > logic.all_ones(self.fan_in):
            raise ValueError(f"a table of a fan-in {self.fan_in} layer has too many bits")

    @property
    def width(self) -> int:
        """Number of nodes, W."""
        return int(self.fanin.shape[0])

    @property
    def fan_in(self) -> int:
        """Pins per node, k."""
        return int(self.fanin.shape[1])


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


@dataclass(frozen=True)
class Bits:
    """Head of a network whose outputs are bits, not classes: output ``j`` is last-layer bit ``j``.

    Attributes:
        n: number of outputs, equal to the width of the last layer; 1 to :data:`MAX_OUTPUT_BITS`.
    """

    n: int

    def __post_init__(self) -> None:
        if not 1 <= self.n <= MAX_OUTPUT_BITS:
            raise ValueError(f"{self.n} output bits are not 1 to {MAX_OUTPUT_BITS}")

    @property
    def n_outputs(self) -> int:
        """Bits of the last layer that the head reads, all of them."""
        return self.n

    @property
    def n_names(self) -> int:
        """Names that a network with this head has: one for each output."""
        return self.n

    def decisions(self, outputs: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
        """Output bits ``u8[N, n]``, 0 or 1, of last-layer bits ``bool[n, N]``."""
        return np.ascontiguousarray(outputs.T).view(np.uint8)


Head = GroupSum | Bits
"""What turns the bits of the last layer into the network's result."""

Decisions = npt.NDArray[np.int64] | npt.NDArray[np.uint8]
"""Results of N rows: classes ``i64[N]`` of a GroupSum head, bits ``u8[N, n]`` of a Bits head."""


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


def decide(scores: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """Class of each row of scores ``[N, C]``: the highest score, the lowest index among equals."""
    return np.asarray(scores.argmax(axis=1), np.int64)


@dataclass(frozen=True, eq=False)
class LogicNet:
    """A trained network.

    Attributes:
        features: how raw columns become unsigned integers.
        encoder: how integers become input bits.
        layers: the layers of nodes, input side first.
        head: how the last layer's bits become the result: a class or bits.
        class_names: a name for each class of a GroupSum head, for each output of a Bits head.
        card: everything needed to reproduce and judge the network (JSON values only): data set and
            its hash, seed, command, versions, metrics.

    Raises:
        ValueError: if the parts do not fit together.
    """

    features: Features
    encoder: Thermometer
    layers: tuple[Lut, ...]
    head: Head
    class_names: tuple[str, ...]
    card: Mapping[str, Any]

    def __post_init__(self) -> None:
        if self.encoder.n_bits == 0 or not self.layers:
            raise ValueError("a network needs input bits and at least one layer")
        if int(self.encoder.feature.max()) >= self.features.n_features:
            raise ValueError("the encoder reads a feature that does not exist")
        available = self.encoder.n_bits
        for number, layer in enumerate(self.layers):
            if int(layer.fanin.max()) >= available:
                raise ValueError(f"layer {number} reads a position that does not exist")
            available = layer.width
        if self.head.n_outputs != available:
            raise ValueError("the head and the last layer differ in length")
        if len(self.class_names) != self.head.n_names:
            raise ValueError("class names and classes, or output bits, differ in number")

    @property
    def n_nodes(self) -> int:
        """Nodes of all layers."""
        return sum(layer.width for layer in self.layers)

    def outputs(self, integers: Integers) -> npt.NDArray[np.bool_]:
        """Bits of the last layer, ``bool[O, N]``, for integer features ``[N, F]``."""
        values = self.encoder.encode(integers)
        for layer in self.layers:
            values = _layer(layer, values)
        return packed.unpack(values, len(integers))

    def scores(self, integers: Integers) -> npt.NDArray[np.int32]:
        """Scores ``i32[N, C]`` of integer features ``[N, F]``; an empty batch is fine.

        Raises:
            ValueError: if the head is :class:`Bits`, which has no scores.
        """
        head = self.head
        if isinstance(head, Bits):
            raise ValueError("a network whose outputs are bits has no scores: use decisions")
        return np.concatenate([head.scores(outputs) for outputs in self._blocks(integers)])

    def decisions(self, integers: Integers) -> Decisions:
        """Results of integer features ``[N, F]``; an empty batch is fine.

        Returns:
            Classes ``i64[N]`` (among equal scores the lowest) if the head is :class:`GroupSum`;
            output bits ``u8[N, n]``, 0 or 1, if it is :class:`Bits`.
        """
        return np.concatenate([self.head.decisions(part) for part in self._blocks(integers)])

    def _blocks(self, integers: Integers) -> Iterator[npt.NDArray[np.bool_]]:
        """Outputs of some rows at a time, which bounds the memory; at least one block."""
        block = 1 << 14
        for start in range(0, max(1, len(integers)), block):
            yield self.outputs(integers[start : start + block])

    @overload
    def predict(self, raw: npt.ArrayLike, *, names: Literal[False] = False) -> Decisions: ...

    @overload
    def predict(self, raw: npt.ArrayLike, *, names: Literal[True]) -> npt.NDArray[np.str_]: ...

    def predict(
        self, raw: npt.ArrayLike, *, names: bool = False
    ) -> Decisions | npt.NDArray[np.str_]:
        """Results of raw rows ``[N, n_columns]``, as :meth:`decisions` gives them.

        Args:
            raw: the rows.
            names: give the names of the classes, ``str[N]``, and not their numbers.

        Raises:
            DataError: if the rows do not fit the model's columns.
            OptionError: if names are asked for and the results are bits, not classes.
        """
        if names and isinstance(self.head, Bits):
            raise OptionError("the outputs of this model are bits, not classes: leave names out")
        found = self.decisions(self.features.integers(raw))
        return np.array(self.class_names, np.str_)[found] if names else found


def _layer(layer: Lut, values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """One layer on packed values, in blocks that bound the temporary arrays."""
    result = np.empty((layer.width, values.shape[1]), np.uint64)
    block = max(1, (1 << 21) // max(1, values.shape[1]))
    for start in range(0, layer.width, block):
        nodes = slice(start, start + block)
        result[nodes] = logic.evaluate(layer.table[nodes], values[layer.fanin[nodes].T])
    return result
