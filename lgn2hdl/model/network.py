"""LogicNet: a discrete trained logic gate network, still structured. Needs NumPy only.

The forward pass, row by row: raw columns -> :class:`~lgn2hdl.model.features.Features` -> unsigned
integers -> :class:`Thermometer` -> bits -> layers (:mod:`lgn2hdl.model.layers`) -> bits -> head
(:mod:`lgn2hdl.model.heads`). The head :class:`GroupSum` gives one integer score per class and
decides for the highest; with the head :class:`Bits` the last layer's bits are the result.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, overload

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import OptionError
from lgn2hdl.ir import packed
from lgn2hdl.ir.netlist import frozen
from lgn2hdl.model.features import Features, Integers
from lgn2hdl.model.heads import Decisions, Head, ScoringHead
from lgn2hdl.model.layers import Layer
from lgn2hdl.model.layers.lut import Lut


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
class LogicNet:
    """A trained network.

    Attributes:
        features: how raw columns become unsigned integers.
        encoder: how integers become input bits.
        layers: the layers of nodes, input side first.
        head: how the last layer's bits become the result: a class or bits.
        class_names: a name for each class of a head that decides for one, else for each number
            that it gives: each output of a Bits head.
        card: everything needed to reproduce and judge the network (JSON values only): data set and
            its hash, seed, command, versions, metrics.

    Raises:
        ValueError: if the parts do not fit together.
    """

    features: Features
    encoder: Thermometer
    layers: tuple[Layer, ...]
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
            if layer.reads > available:
                raise ValueError(f"layer {number} reads a position that does not exist")
            available = layer.width
        if self.head.n_outputs != available:
            raise ValueError("the head and the last layer differ in length")
        if len(self.class_names) != self.head.n_names:
            raise ValueError("class names and classes, or output bits, differ in number")

    @cached_property
    def luts(self) -> tuple[Lut, ...]:
        """All layers, unrolled to look-up tables: the same function, input side first."""
        return tuple(lut for layer in self.layers for lut in layer.unrolled())

    @property
    def n_nodes(self) -> int:
        """Nodes of all layers, unrolled."""
        return sum(lut.width for lut in self.luts)

    def outputs(self, integers: Integers) -> npt.NDArray[np.bool_]:
        """Bits of the last layer, ``bool[O, N]``, for integer features ``[N, F]``."""
        values = self.encoder.encode(integers)
        for layer in self.layers:
            values = layer.evaluate(values)
        return packed.unpack(values, len(integers))

    def scores(self, integers: Integers) -> npt.NDArray[np.int32]:
        """Scores ``i32[N, C]`` of integer features ``[N, F]``; an empty batch is fine.

        Raises:
            ValueError: if the head has no scores, such as :class:`Bits`.
        """
        head = self.head
        if not isinstance(head, ScoringHead):
            raise ValueError("a network whose outputs are bits has no scores: use decisions")
        return np.concatenate([head.scores(outputs) for outputs in self._blocks(integers)])

    def decisions(self, integers: Integers) -> Decisions:
        """Results of integer features ``[N, F]``; an empty batch is fine.

        Returns:
            Classes ``i64[N]`` (among equal scores the lowest) if the head decides for one;
            else a number for each name, such as bits ``u8[N, n]``, 0 or 1, of :class:`Bits`.
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
        if names and not self.head.decides_class:
            raise OptionError("the outputs of this model are bits, not classes: leave names out")
        found = self.decisions(self.features.integers(raw))
        return np.array(self.class_names, np.str_)[found] if names else found
