"""Functions of the bits of ``x`` as a graph of look-up tables in which equal gates are one node.

A literal is a node or its complement: ``2 * node + complement``; node 0 is constant 0. Every node
is one function of the inputs, for ever. That two nodes are the same function is noted when it has
been proven (:meth:`Graph.merge`); gates that are looked up later read the one that stands for both.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

FALSE, TRUE = 0, 1
"""Literals of the constants."""

MOST_PINS = 6

NOT_A_GATE = -1
"""Table of an input."""

AND, OR = 0b1000, 0b1110


class CheckError(Exception):
    """A certificate, a model file or Verilog that is not accepted, and why."""


def pin_mask(place: int, n_pins: int) -> int:
    """The rows of a truth table in which this pin is 1, a bit each."""
    return sum(1 << row for row in range(1 << n_pins) if row >> place & 1)


MASKS = [[pin_mask(place, n_pins) for place in range(n_pins)] for n_pins in range(MOST_PINS + 1)]


@lru_cache(maxsize=1 << 16)
def reduced(table: int, reads: tuple[tuple[int, int], ...]) -> tuple[tuple[int, ...], int, int]:
    """A truth table over the variables that matter, 0 where all of these are 0.

    Args:
        table: truth table; pin 0 is the lowest bit of the row.
        reads: variable and complement of each pin; variable -1 is the constant 0.

    Returns:
        The variables that matter, ascending; the table over them; whether it is complemented.
    """
    variables = sorted({variable for variable, _ in reads} - {-1})
    values = []
    for row in range(1 << len(variables)):
        bit = {variable: row >> place & 1 for place, variable in enumerate(variables)} | {-1: 0}
        address = sum((bit[v] ^ flip) << place for place, (v, flip) in enumerate(reads))
        values.append(table >> address & 1)
    for place in reversed(range(len(variables))):
        rows = [row for row in range(len(values)) if not row >> place & 1]
        if all(values[row] == values[row | 1 << place] for row in rows):
            values = [values[row] for row in rows]
            del variables[place]
    flip = values[0]
    return tuple(variables), sum((v ^ flip) << row for row, v in enumerate(values)), flip


class Graph:
    """Nodes in topological order.

    Attributes:
        table: truth table of every node; :data:`NOT_A_GATE` of inputs and of node 0.
        pins: nodes that each node reads, descending; none is complemented, all matter.
    """

    def __init__(self) -> None:
        self.table = [NOT_A_GATE]
        self.pins: list[tuple[int, ...]] = [()]
        self._merged: dict[int, int] = {}
        self._known: dict[tuple[int, tuple[int, ...]], int] = {}

    def add_inputs(self, number: int) -> list[int]:
        """Literals of new nodes of which nothing is known."""
        first = len(self.table)
        self.table += [NOT_A_GATE] * number
        self.pins += [()] * number
        return [2 * node for node in range(first, first + number)]

    def now(self, literal: int) -> int:
        """The literal that stands for a literal, after all that has been merged."""
        while (other := self._merged.get(literal >> 1)) is not None:
            literal = other ^ (literal & 1)
        return literal

    def merge(self, node: int, literal: int) -> None:
        """Let a literal stand for a node; the caller has proven that they are equal."""
        one, other = self.now(2 * node), self.now(literal)
        if one >> 1 == other >> 1:
            raise CheckError(f"node {node} is merged with what stands for it already")
        if one >> 1 == 0:
            one, other = other, one
        self._merged[one >> 1] = other ^ (one & 1)

    def form(self, table: int, pins: Sequence[int]) -> tuple[tuple[int, ...], int, int]:
        """Nodes that a gate depends on, descending, its table over them, and its complement.

        Args:
            table: truth table.
            pins: literals.
        """
        literals = [self.now(pin) for pin in pins]
        nodes = sorted({literal >> 1 for literal in literals} - {0}, reverse=True)
        place = {node: index for index, node in enumerate(nodes)} | {0: -1}
        reads = tuple((place[literal >> 1], literal & 1) for literal in literals)
        kept, own_table, flip = reduced(table, reads)
        return tuple(nodes[index] for index in kept), own_table, flip

    def gate_itself(self, table: int, pins: Sequence[int]) -> int:
        """Literal of a gate, even if another node stands for it by now."""
        nodes, own_table, flip = self.form(table, pins)
        if not nodes:
            return flip
        if len(nodes) == 1:
            return 2 * nodes[0] ^ flip
        key = own_table, nodes
        node = self._known.get(key)
        if node is None:
            node = self._known[key] = len(self.table)
            self.table.append(own_table)
            self.pins.append(nodes)
        return 2 * node ^ flip

    def gate(self, table: int, *pins: int) -> int:
        """Literal that stands for a gate."""
        return self.now(self.gate_itself(table, pins))
