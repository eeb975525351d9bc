"""The graph of a certificate: gates, what was merged and when, as the checker will see it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir import logic
from lgn2hdl.ir.netlist import Netlist
from lgn2hdl.verify.sat.graph import FALSE, Graph, Literals, levels_of
from lgn2hdl.verify.sat.sweep import SHARE, Builder, Effort, Sweeper


@dataclass(frozen=True)
class Merge:
    """From here on a literal stands for a node.

    Attributes:
        node: the node.
        literal: the literal.
        size: nodes that there were.
        facts: whether the ranges of the scores were known.
    """

    node: int
    literal: int
    size: int
    facts: bool


class Ledger(Builder):
    """A graph that only merges what it is told to.

    Attributes:
        graph: the nodes.
        inputs: literals of the bits of ``x``.
        merges: by the node that is merged, in the order of time.
        touched: nodes that the checker will look up by itself.
        facts: literals that are known to be true, from a certain time on; see :meth:`know`.
    """

    def __init__(self, n_inputs: int) -> None:
        self.graph = Graph()
        self.merges: dict[int, Merge] = {}
        self.touched: set[int] = set()
        self.inputs: Literals = self.add_inputs(n_inputs)
        self.facts: tuple[int, ...] = ()

    def add_inputs(self, number: int) -> Literals:
        """Literals of new nodes of which nothing is known; the checker has them as well."""
        literals = self.graph.add_inputs(number)
        self.touched.update((literals >> 1).tolist())
        return literals

    def add(self, pins: Literals, table: logic.Tables, effort: Effort = SHARE) -> Literals:
        """See :meth:`Builder.add`; no effort is made. The gates count as touched."""
        own = self.own(pins, table)
        self.touched.update((own >> 1).tolist())
        return self.now(own)

    def require(self, clause: Iterable[int]) -> None:
        """Nothing is taken for granted."""

    def own(self, pins: Literals, table: logic.Tables) -> Literals:
        """Literals of the gates themselves, whatever stands for them."""
        return self.graph.find_gates(self.now(pins), table)[0]

    def now(self, literals: Literals) -> Literals:
        """What stands for literals."""
        literals = np.asarray(literals, np.int64)
        return self.graph.stands_for[literals >> 1] ^ (literals & 1)

    def merge(self, one: int, other: int) -> None:
        """Let the second literal stand for the first one, unless it depends on it.

        What was proved of gates that read the second one stays near to them that way.
        """
        one, other = self.now(np.array([one, other])).tolist()
        if one == other:
            return
        if self._depends(other >> 1, one >> 1):
            one, other = other, one
        node, literal = one >> 1, other ^ (one & 1)
        self.merges[node] = Merge(node, literal, self.graph.size, bool(self.facts))
        stands_for = self.graph.stands_for
        rest = np.flatnonzero(stands_for >> 1 == node)
        stands_for[rest] = literal ^ (stands_for[rest] & 1)

    def _depends(self, node: int, other: int) -> bool:
        """Whether a node reads another one, or what reads it; everything depends on a constant."""
        seen, pending = {node}, [node]
        while pending and other not in seen:
            pins = self.now(2 * self.graph.pins[pending.pop()]) >> 1
            new = {pin for pin in pins.tolist() if pin >= other} - seen
            seen |= new
            pending += new
        return other in seen

    def know(self, facts: Iterable[int]) -> None:
        """From here on these literals are known to be true."""
        self.facts = tuple(facts)

    def place(self, netlist: Netlist) -> tuple[Literals, Literals]:
        """Literals of all nodes of a netlist over ``x``; and of the gates themselves."""
        now = np.full(netlist.n_nodes, FALSE, np.int64)
        now[1 : netlist.first_gate] = self.now(self.inputs)
        own = now.copy()
        for level in levels_of(netlist):
            nodes = netlist.first_gate + level
            own[nodes] = self.own(now[netlist.fanin[level]], netlist.table[level])
            now[nodes] = self.now(own[nodes])
        return now, own


def transfer(ledger: Ledger, source: Sweeper, inputs: Literals) -> Literals:
    """Take over the gates of another graph, and what has been merged there.

    Args:
        ledger: where to.
        source: where from.
        inputs: literals of the ledger that are the other's inputs.

    Returns:
        The ledger's literals of all nodes of the other graph.
    """
    graph = source.graph
    found = np.full(graph.size, FALSE, np.int64)
    found[source.inputs >> 1] = inputs
    for batch in source.batches:
        nodes: npt.NDArray[np.int64] = np.arange(batch.start, batch.stop)
        found[nodes] = ledger.own(found[graph.pins[nodes]], graph.table[nodes])
        literals = graph.stands_for[nodes]
        merged = np.flatnonzero(literals != 2 * nodes)
        for node, literal in zip(nodes[merged].tolist(), literals[merged].tolist(), strict=True):
            ledger.merge(int(found[node]), int(found[literal >> 1]) ^ (literal & 1))
    return ledger.now(found)
