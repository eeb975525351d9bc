"""The layer of look-up tables with two to six inputs; a Boolean gate is one with two."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir import logic
from lgn2hdl.ir.netlist import frozen


@dataclass(frozen=True, eq=False)
class Lut:
    """A layer of W nodes with k pins each, ``2 <= k <= 6``; a two-input gate is a LUT with k = 2.

    Attributes:
        fanin: position in the layer below (or input bit) of every pin, ``i32[W, k]``.
        table: truth tables, ``[W]``, bit order as in :mod:`lgn2hdl.ir.logic`; stored in the
            smallest unsigned dtype that holds ``2**k`` bits.
    """

    kind: ClassVar[str] = "lut"

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

    @property
    def reads(self) -> int:
        """Number of values that the layer below must give at least."""
        return int(self.fanin.max()) + 1

    def evaluate(self, values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
        """Packed values ``u64[W, words]`` of those of the layer below, ``u64[below, words]``."""
        result = np.empty((self.width, values.shape[1]), np.uint64)
        block = max(1, (1 << 21) // max(1, values.shape[1]))  # bounds the temporary arrays
        for start in range(0, self.width, block):
            nodes = slice(start, start + block)
            result[nodes] = logic.evaluate(self.table[nodes], values[self.fanin[nodes].T])
        return result

    def unrolled(self) -> tuple[Lut, ...]:
        """The layer itself."""
        return (self,)

    def reference(
        self,
        add: Callable[[npt.NDArray[np.int64], logic.Tables], npt.NDArray[np.int64]],
        literals: npt.NDArray[np.int64],
    ) -> npt.NDArray[np.int64]:
        """Literals of the nodes, ``i64[W]``: a gate each."""
        return add(literals[self.fanin], self.table)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Its arrays in a model file, by name."""
        return {"fanin": self.fanin, "table": self.table}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Lut:
        """The layer of arrays of a model file.

        Raises:
            KeyError: if one is missing.
            ValueError: if they contradict each other.
        """
        return cls(arrays["fanin"], arrays["table"])
