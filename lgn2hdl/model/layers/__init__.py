"""Layers: what a trained network computes between its encoder and its head.

A layer kind owns its arrays, how it is evaluated, which look-up tables it unrolls to, and what it
means to the proof. Kinds are registered in :data:`KINDS` under their name in model files.
``docs/extend-layer.md`` shows how one is added.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.registry import Registry
from lgn2hdl.ir import logic
from lgn2hdl.model.layers.lut import Lut

AddGates = Callable[[npt.NDArray[np.int64], logic.Tables], npt.NDArray[np.int64]]
"""Adds gates to the graph of a proof: literals of the pins ``i64[G, k]`` and tables ``[G]`` give
the literals of the gates, ``i64[G]``."""


class Layer(Protocol):
    """A layer of a trained network, frozen; its constructor raises ValueError for wrong arrays."""

    kind: ClassVar[str]
    """Name in model files."""

    @property
    def width(self) -> int:
        """Number of values that the layer gives, W."""

    @property
    def fan_in(self) -> int:
        """Most values that one node reads."""

    @property
    def reads(self) -> int:
        """Number of values that the layer below must give at least."""

    def evaluate(self, values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
        """Packed values ``u64[W, words]`` of those of the layer below, ``u64[below, words]``."""

    def unrolled(self) -> tuple[Lut, ...]:
        """The same function as layers of look-up tables, input side first, the last W wide."""

    def reference(self, add: AddGates, literals: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """What the layer means, for the proof, independent of :meth:`unrolled`.

        Args:
            add: adds gates.
            literals: of the layer below, ``i64[below]``.

        Returns:
            Literals of the layer's values, ``i64[W]``.
        """

    def arrays(self) -> Mapping[str, npt.NDArray[Any]]:
        """Its arrays in a model file, by name."""

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Layer:
        """The layer of arrays of a model file, which may hold anything.

        Raises:
            KeyError: if one is missing.
            ValueError: if they contradict each other.
        """


KINDS: Registry[type[Layer]] = Registry("layer kind")
"""All kinds of layers by :attr:`Layer.kind`."""

KINDS.register(Lut.kind, Lut)
