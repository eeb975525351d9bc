"""Heads: how the bits of the last layer become the network's result, and as which ports it leaves.

A head owns its discrete form, its place in the model file, and its plan; a plan owns the ports of
the result, the golden model of their bits, and what is said of them. A plan may say by
:meth:`HeadPlan.gates` what it computes: then hardware, proof, C and CPU engine follow from that.
The heads of this package do better in places: :mod:`lgn2hdl.arithmetic.heads` makes hardware of a
plan, :mod:`lgn2hdl.verify.proofs.heads` proves it. Kinds are registered in :data:`KINDS` under
their name in model files. ``docs/extend-head.md`` shows how one is added.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.registry import Registry
from lgn2hdl.ir.netlist import Ids, Netlist
from lgn2hdl.model.heads.bits import Bits
from lgn2hdl.model.heads.group_sum import GroupSum
from lgn2hdl.model.results import Result

Bools = npt.NDArray[np.bool_]

Decisions = npt.NDArray[np.int64] | npt.NDArray[np.uint8]
"""Results of N rows: classes ``i64[N]`` of a head that decides for one, else a number for each of
its names: bits ``u8[N, n]``, or numbers ``i64[N, n]``."""


class HeadPlan(Protocol):
    """What follows the core of one design: which ports there are, and what their bits are."""

    @property
    def results(self) -> tuple[Result, ...]:
        """The result ports, in order."""

    def result_bits(self, head: Any, outputs: Bools) -> Mapping[str, Bools]:
        """Golden model: bits of every result port, least significant first, ``bool[width, N]``.

        Args:
            head: the network's head.
            outputs: bits of the last layer, ``bool[O, N]``.
        """

    def gates(self) -> Netlist | None:
        """The result ports' bits as gates over the O bits of the last layer; None if only the
        rooms that know this plan can say. Gates of at most four pins fit every device."""

    def document(self, names: tuple[str, ...]) -> dict[str, Any]:
        """What a manifest says of the result: JSON values."""


class Head(Protocol):
    """A head of a trained network, frozen; its constructor raises ValueError for wrong values."""

    kind: ClassVar[str]
    """Name in model files."""

    decides_class: ClassVar[bool]
    """Whether the result of a row is one of the names; else it is a number for each name."""

    value_name: ClassVar[str]
    """What a decision, or one of its numbers, is called: a key of :meth:`values`."""

    since_version: ClassVar[int]
    """Version of the model format that knows this head first."""

    @property
    def n_outputs(self) -> int:
        """Bits of the last layer that the head reads, O."""

    @property
    def n_names(self) -> int:
        """Names that a network with this head has."""

    def decisions(self, outputs: Bools) -> Decisions:
        """Results of bits of the last layer, ``bool[O, N]``."""

    def values(self, outputs: Bools) -> Mapping[str, npt.NDArray[Any]]:
        """All that the head gives, by :attr:`Result.name`: numbers ``[N]``, or ``[N, count]``."""

    def signals(self, netlist: Netlist, *, scores: bool = True) -> Ids:
        """Nodes that the head reads, ascending, each once, ``i32[S]``."""

    def plan(
        self,
        netlist: Netlist,
        signals: npt.NDArray[np.integer] | None,
        *,
        scores: bool = True,
        margin: bool = False,
    ) -> HeadPlan:
        """Plan what follows the core.

        Args:
            netlist: the gate graph whose outputs the head reads.
            signals: nodes that the core hands over to a plan without gates, at least those of
                :meth:`signals`; None for just these. To a plan with gates it hands over all
                outputs, in their order.
            scores, margin: whether these leave the hardware, of a head that has them.

        Raises:
            OptionError: if the head has no margin and it is asked for.
        """

    def describe(self, names: tuple[str, ...]) -> str:
        """One line for people."""

    def arrays(self) -> Mapping[str, npt.NDArray[Any]]:
        """Its arrays in a model file, by name."""

    def document(self) -> Mapping[str, Any]:
        """Its JSON values in a model file."""

    @classmethod
    def from_file(
        cls, arrays: Mapping[str, npt.NDArray[Any]], document: Mapping[str, Any], n_outputs: int
    ) -> Head:
        """The head of a model file, which may hold anything.

        Raises:
            KeyError: if something is missing.
            TypeError, ValueError: if it is of another type, or contradicts itself.
        """


@runtime_checkable
class ScoringHead(Head, Protocol):
    """A head that decides by scores."""

    @property
    def n_classes(self) -> int:
        """Number of classes, C."""

    def scores(self, outputs: Bools) -> npt.NDArray[np.int32]:
        """Scores ``i32[N, C]`` of bits of the last layer, ``bool[O, N]``."""


KINDS: Registry[type[Head]] = Registry("head kind")
"""All kinds of heads by :attr:`Head.kind`."""

KINDS.register(GroupSum.kind, GroupSum)
KINDS.register(Bits.kind, Bits)
