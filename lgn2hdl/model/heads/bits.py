"""Bits: the bits of the last layer are the result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import OptionError
from lgn2hdl.ir.netlist import Ids, Netlist, constant_nodes
from lgn2hdl.model.results import Result

BIT = "bit"
"""What a number of the result is called."""

SHOWN_NAMES = 8
"""Names of outputs that a line for people has room for."""

MAX_OUTPUT_BITS = 1 << 15
"""Most output bits of a network with a :class:`Bits` head: they leave the hardware side by side."""


@dataclass(frozen=True)
class BitsPlan:
    """The outputs are the result.

    Attributes:
        n_outputs: number of output bits.
    """

    n_outputs: int

    @property
    def results(self) -> tuple[Result, ...]:
        """One port of all bits."""
        meaning = "output bits, output 0 the lowest bit"
        return (Result("bits", 1, meaning, BIT, self.n_outputs, several=True, together=True),)

    def result_bits(self, head: Bits, outputs: npt.NDArray[np.bool_]) -> dict[str, Any]:
        """Golden model: the bits of the last layer."""
        return {"bits": outputs}

    def gates(self) -> Netlist:
        """No gates: each bit of the result is an output."""
        outputs = np.arange(1, self.n_outputs + 1, dtype=np.int32)
        return Netlist(self.n_outputs, np.empty((0, 2), np.int32), np.empty(0, np.uint8), outputs)

    def document(self, names: tuple[str, ...]) -> dict[str, Any]:
        """What a manifest says of the result."""
        return {
            "head": Bits.kind,
            "outputs": list(names),
            "bits": {"order": "output 0 is the lowest bit"},
        }


@dataclass(frozen=True)
class Bits:
    """Head of a network whose outputs are bits, not classes: output ``j`` is last-layer bit ``j``.

    Attributes:
        n: number of outputs, equal to the width of the last layer; 1 to :data:`MAX_OUTPUT_BITS`.
    """

    kind: ClassVar[str] = "bits"
    decides_class: ClassVar[bool] = False
    value_name: ClassVar[str] = BIT
    since_version: ClassVar[int] = 2

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

    def values(self, outputs: npt.NDArray[np.bool_]) -> dict[str, npt.NDArray[Any]]:
        """The output bits."""
        return {BIT: self.decisions(outputs)}

    def signals(self, netlist: Netlist, *, scores: bool = True) -> Ids:
        """Nodes of the outputs that are no constants, ascending, each once, ``i32[S]``."""
        return np.unique(netlist.outputs[~constant_nodes(netlist)[netlist.outputs]])

    def plan(
        self,
        netlist: Netlist,
        signals: npt.NDArray[np.integer] | None,
        *,
        scores: bool = True,
        margin: bool = False,
    ) -> BitsPlan:
        """Nothing follows the core.

        Raises:
            OptionError: if a margin is asked for.
        """
        if margin:
            raise OptionError("the outputs of this model are bits, which have no margin")
        return BitsPlan(self.n)

    def describe(self, names: tuple[str, ...]) -> str:
        """One line for people."""
        more = ", ..." if len(names) > SHOWN_NAMES else ""
        return f"Bits: {', '.join(names[:SHOWN_NAMES])}{more}"

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """None in a model file: the last layer says how many bits there are."""
        return {}

    def document(self) -> dict[str, Any]:
        """Nothing but its kind."""
        return {}

    @classmethod
    def from_file(
        cls, arrays: Mapping[str, npt.NDArray[Any]], document: Mapping[str, Any], n_outputs: int
    ) -> Bits:
        """As many bits as the last layer has.

        Raises:
            ValueError: if there are too many.
        """
        return cls(n_outputs)
