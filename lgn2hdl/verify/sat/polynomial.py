"""Sums of gates as polynomials of what the gates read, modulo a power of two.

A gate over bits is a polynomial: ``a & b = ab``, ``a ^ b = a + b - 2ab``. An adder's outputs,
weighted, are the sum of its inputs: rewriting gates from the outputs back, level by level, turns
the number that a popcount gives into a sum of the bits that it counts, where products cancel.
Source: A. Mahzoon, D. Grosse, R. Drechsler, "PolyCleaner", ICCAD 2018, and the works cited there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir import logic
from lgn2hdl.ir.netlist import CONSTANT_ZERO, Ids, Netlist

MOST_PRODUCTS = 4096
"""Products of two or more bits at a time, above which rewriting gives up."""

Bools = npt.NDArray[np.bool_]

Monomial = frozenset[int]
"""Nodes whose bits are multiplied; empty for the constant."""

ONE: Monomial = frozenset()


class TooManyProductsError(Exception):
    """The products do not cancel: this is no adder, or not one that can be rewritten."""


@dataclass(frozen=True)
class LinearSum:
    """``constant`` plus coefficients times nodes, no coefficient 0."""

    constant: int
    coefficients: Mapping[int, int]


@cache
def products_of(table: int) -> tuple[tuple[int, int], ...]:
    """The polynomial of a table of six pins: (pins of the product, a bit each; coefficient)."""
    values = [table >> row & 1 for row in range(logic.rows(logic.MAX_FAN_IN))]
    for pin in range(logic.MAX_FAN_IN):
        for row in range(len(values)):
            if row >> pin & 1:
                values[row] -= values[row ^ 1 << pin]
    return tuple((row, value) for row, value in enumerate(values) if value)


class Rewriting:
    """A polynomial of nodes of a netlist, modulo ``2**width``, that gates are expanded in."""

    def __init__(self, netlist: Netlist, width: int) -> None:
        self._netlist = netlist
        self._modulus = (1 << width) - 1
        self._terms: dict[Monomial, int] = {}
        self._with: dict[int, set[Monomial]] = {}
        self._n_products = 0

    def add(self, monomial: Monomial, coefficient: int) -> None:
        """Add a product of nodes."""
        if CONSTANT_ZERO in monomial:
            return
        before = self._terms.get(monomial, 0)
        after = (before + coefficient) & self._modulus
        if after == before:
            return
        if after:
            self._terms[monomial] = after
        else:
            del self._terms[monomial]
        if bool(before) == bool(after):
            return
        self._n_products += (1 if after else -1) * (len(monomial) > 1)
        for node in monomial:
            if after:
                self._with.setdefault(node, set()).add(monomial)
            else:
                self._with[node].discard(monomial)

    def expand(self, node: int) -> None:
        """Put the gate's pins in place of the gate.

        Raises:
            TooManyProductsError: if the polynomial has become too long.
        """
        if not self.reads(node):
            return
        netlist = self._netlist
        gate = node - netlist.first_gate
        table = int(logic.widen(netlist.table[gate], netlist.n_pins, logic.MAX_FAN_IN))
        self.put(node, netlist.fanin[gate].tolist(), table)

    def put(self, node: int, pins: Sequence[int], table: int) -> None:
        """Put a function of other nodes, a table of six pins, in place of a node.

        Raises:
            TooManyProductsError: if the polynomial has become too long.
        """
        products = [
            (frozenset(pin for place, pin in enumerate(pins) if row >> place & 1), value)
            for row, value in products_of(table)
        ]
        terms = [(monomial, self._terms[monomial]) for monomial in self._with.get(node, ())]
        for monomial, coefficient in terms:
            self.add(monomial, -coefficient)
        for monomial, coefficient in terms:
            others = monomial - {node}
            for product, value in products:
                self.add(others | product, coefficient * value)
        if self._n_products > MOST_PRODUCTS:
            raise TooManyProductsError

    def linear(self) -> LinearSum | None:
        """The polynomial if it has no products left, else None."""
        if self._n_products:
            return None
        coefficients = {next(iter(item)): value for item, value in self._terms.items() if item}
        return LinearSum(self._terms.get(ONE, 0), coefficients)

    @property
    def is_zero(self) -> bool:
        """Whether nothing is left."""
        return not self._terms

    def reads(self, node: int) -> bool:
        """Whether the polynomial depends on a node."""
        return bool(self._with.get(node))


def rewritten(
    netlist: Netlist, level: Ids, inside: Bools, bits: Sequence[tuple[int, int]], width: int
) -> LinearSum | None:
    """The number with these bits, as a sum of the nodes that are not inside.

    Args:
        netlist: the gates.
        level: level of every node, ``[n_nodes]``.
        inside: gates that are expanded, ``bool[n_nodes]``.
        bits: nodes and what each one counts.
        width: the sum counts modulo ``2**width``.

    Returns:
        The sum, or None if it is no sum of single bits.
    """
    polynomial = Rewriting(netlist, width)
    for node, weight in bits:
        polynomial.add(frozenset([node]), weight)
    try:
        for node in cone_of(netlist, level, inside, [node for node, _ in bits]):
            polynomial.expand(node)
    except TooManyProductsError:
        return None
    return polynomial.linear()


def cone_of(netlist: Netlist, level: Ids, inside: Bools, nodes: list[int]) -> list[int]:
    """Inside gates that the nodes depend on, highest level first, then by number."""
    found = np.zeros(netlist.n_nodes, np.bool_)
    frontier = np.unique(np.array(nodes, np.int64))
    while True:
        frontier = frontier[inside[frontier] & ~found[frontier]]
        if not len(frontier):
            break
        found[frontier] = True
        frontier = np.unique(netlist.fanin[frontier - netlist.first_gate])
    cone = np.flatnonzero(found)
    return cone[np.lexsort((-cone, -level[cone]))].tolist()
