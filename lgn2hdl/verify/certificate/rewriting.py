"""In which order gates are rewritten until nothing is left of bits less the sum that they are."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Sequence

import numpy as np

from lgn2hdl.ir import logic
from lgn2hdl.ir.netlist import Netlist
from lgn2hdl.verify.certificate.ledger import Ledger
from lgn2hdl.verify.certificate.refutation import NoCertificateError
from lgn2hdl.verify.proofs.scores import Linear
from lgn2hdl.verify.sat.graph import normal_form
from lgn2hdl.verify.sat.polynomial import ONE, Rewriting, TooManyProductsError

_NO_GATES = Netlist(
    0,
    np.zeros((0, 1), np.int32),
    np.zeros(0, np.uint8),
    np.zeros(0, np.int32),
    np.zeros(0, np.int32),
)


def rewriting_order(
    ledger: Ledger, bits: Sequence[int], wanted: Linear, inside: Collection[int]
) -> tuple[int, ...]:
    """Nodes of a ledger to rewrite, one after the other.

    Args:
        ledger: the gates.
        bits: literals, the lowest bit first.
        wanted: the sum that they are, modulo a power of two.
        inside: nodes that are adders; if they do not do, all others are rewritten as well.

    Raises:
        NoCertificateError: if something is left, or it becomes too long.
    """
    for gates in (inside, range(ledger.graph.size)):
        order = _Order(ledger, bits, wanted, gates).found()
        if order is not None:
            return order
    raise NoCertificateError("a score is no sum that rewriting ends with")


class _Order:
    def __init__(
        self, ledger: Ledger, bits: Sequence[int], wanted: Linear, gates: Iterable[int]
    ) -> None:
        self._ledger = ledger
        self._polynomial = Rewriting(_NO_GATES, len(bits))
        self._gate: dict[int, int] = {}
        for node in gates:
            if ledger.graph.table[node]:
                self._gate.setdefault(self._stands(node) >> 1, node)
        self._heap: list[int] = []
        self._polynomial.add(ONE, -wanted.constant)
        for place, literal in enumerate(bits):
            self._add(literal, 1 << place)
        for node, value in wanted.coefficients.items():
            self._add(2 * node, -value)

    def found(self) -> tuple[int, ...] | None:
        """The order, the newest gates first; None if something is left."""
        order: list[int] = []
        try:
            while self._heap and len(order) <= 2 * len(self._gate):
                gate = -heapq.heappop(self._heap)
                target = self._stands(gate)
                if self._polynomial.reads(target >> 1):
                    order.append(gate)
                    self._put(gate, target)
        except TooManyProductsError:
            return None
        return tuple(order) if self._polynomial.is_zero else None

    def _add(self, literal: int, value: int) -> None:
        literal = int(self._ledger.now(np.array([literal]))[0])
        if literal & 1:
            self._polynomial.add(ONE, value)
            value = -value
        self._polynomial.add(frozenset([literal >> 1]), value)
        self._note(literal >> 1)

    def _note(self, node: int) -> None:
        """A node is in the polynomial now: rewrite it some time, if it may be."""
        gate = self._gate.get(node)
        if gate is not None:
            heapq.heappush(self._heap, -gate)

    def _put(self, gate: int, target: int) -> None:
        graph = self._ledger.graph
        nodes, table = graph.pins[gate], graph.table[gate]
        literals = self._ledger.now(2 * nodes)
        negated = bool(target & 1)
        if (literals != 2 * nodes).any():
            rows, tables, flips = normal_form(literals[None], graph.table[gate : gate + 1])
            nodes, table, negated = rows[0], tables[0], negated ^ bool(flips[0])
        whole = int(table) ^ (logic.all_ones(logic.MAX_FAN_IN) if negated else 0)
        self._polynomial.put(target >> 1, nodes.tolist(), whole)
        for node in nodes.tolist():
            self._note(node)

    def _stands(self, node: int) -> int:
        """The literal that stands for a node."""
        return int(self._ledger.graph.stands_for[node])
