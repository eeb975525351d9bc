"""That a number is a sum of bits, by rewriting gates as polynomials modulo a power of two.

A gate over bits is a polynomial with integer coefficients: ``a & b = ab``, ``a ^ b = a + b - 2ab``.
A polynomial of nodes is rewritten, node by node in the order that the certificate gives; when
nothing is left of it, it was 0 for every input. (A. Mahzoon, D. Grosse, R. Drechsler,
"PolyCleaner", ICCAD 2018.)
"""

from __future__ import annotations

from functools import lru_cache

from .graph import NOT_A_GATE, CheckError, Graph

MOST_TERMS = 1 << 16
"""Terms above which rewriting is given up, so that a bad order cannot fill the memory."""

Monomial = frozenset[int]
"""Nodes whose bits are multiplied; none for the constant."""


@lru_cache(maxsize=1 << 12)
def products_of(table: int, n_pins: int) -> tuple[tuple[int, int], ...]:
    """The polynomial of a truth table: pins of each product, a bit each, and its coefficient."""
    values = [table >> row & 1 for row in range(1 << n_pins)]
    for pin in range(n_pins):
        for row in range(len(values)):
            if row >> pin & 1:
                values[row] -= values[row ^ 1 << pin]
    return tuple((row, value) for row, value in enumerate(values) if value)


class Polynomial:
    """A polynomial of nodes, modulo ``2**width``; each node is one that stands for itself."""

    def __init__(self, graph: Graph, width: int) -> None:
        self._graph = graph
        self._mask = (1 << width) - 1
        self._terms: dict[Monomial, int] = {}
        self._with: dict[int, set[Monomial]] = {}

    @property
    def is_zero(self) -> bool:
        """Whether nothing is left."""
        return not self._terms

    def add_literal(self, literal: int, coefficient: int) -> None:
        """Add a bit times a coefficient; a complement is ``1 - bit``."""
        literal = self._graph.now(literal)
        if literal & 1:
            self.add_constant(coefficient)
            coefficient = -coefficient
        if literal >> 1:
            self._add(frozenset([literal >> 1]), coefficient)

    def add_constant(self, value: int) -> None:
        """Add a number."""
        self._add(frozenset(), value)

    def rewrite(self, node: int) -> None:
        """Put the gate of a node in place of the node that stands for it."""
        if self._graph.table[node] == NOT_A_GATE:
            raise CheckError(f"node {node} is no gate")
        pins = [2 * pin for pin in self._graph.pins[node]]
        nodes, table, flip = self._graph.form(self._graph.table[node], pins)
        literal = self._graph.now(2 * node)
        terms = [(item, self._terms[item]) for item in self._with.get(literal >> 1, ())]
        flip ^= literal & 1
        for monomial, coefficient in terms:
            self._add(monomial, -coefficient)
        for monomial, coefficient in terms:
            others = monomial - {literal >> 1}
            if flip:
                self._add(others, coefficient)
                coefficient = -coefficient
            for product, value in products_of(table, len(nodes)):
                pins_of = [pin for place, pin in enumerate(nodes) if product >> place & 1]
                self._add(others.union(pins_of), coefficient * value)
        if len(self._terms) > MOST_TERMS:
            raise CheckError("the polynomial becomes too long")

    def _add(self, monomial: Monomial, coefficient: int) -> None:
        before = self._terms.get(monomial, 0)
        after = (before + coefficient) & self._mask
        if after:
            self._terms[monomial] = after
        elif before:
            del self._terms[monomial]
        if bool(before) == bool(after):
            return
        for node in monomial:
            if after:
                self._with.setdefault(node, set()).add(monomial)
            else:
                self._with[node].discard(monomial)
