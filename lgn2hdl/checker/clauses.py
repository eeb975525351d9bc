"""Clauses that hold for every input, each proven by reverse unit propagation along hints.

To prove a clause, all its literals are assumed to be false, and the hints are followed in their
order, each of which is a gate or a clause proven before, until one of them cannot be satisfied.
A gate forces whatever is the same in all rows of its truth table that are still possible; that is
unit propagation on the clauses of the table. Hints make this linear (L. Cruz-Filipe et al.,
"Efficient Certified RAT Verification", CADE 2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .graph import MASKS, NOT_A_GATE, CheckError, Graph

Clause = tuple[int, ...]


class Hint(NamedTuple):
    """What to propagate next: a node's gate, or a clause by its number."""

    is_clause: bool
    number: int


class Clauses:
    """The clauses that have been proven, by number, from 1."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._clauses: list[Clause] = []
        self._value: dict[int, int] = {}

    def assert_true(self, literal: int) -> None:
        """Take up a literal that the caller has shown to be true for every input."""
        self._clauses.append((literal,))

    def prove(self, clause: Clause, hints: Sequence[Hint]) -> None:
        """Take up a clause that follows.

        Raises:
            CheckError: if the hints do not show that.
        """
        self._value = {0: 0}
        if not self._assume_false(clause) and not any(self._fails(hint) for hint in hints):
            raise CheckError("its hints do not prove the clause")
        self._clauses.append(clause)

    def last(self, number: int) -> list[Clause]:
        """The newest clauses."""
        return self._clauses[-number:]

    def _assume_false(self, clause: Clause) -> bool:
        """Make all literals false; whether that is impossible."""
        return any(self._contradicts(literal ^ 1) for literal in clause)

    def _contradicts(self, literal: int) -> bool:
        """Make a literal true; whether it is false already."""
        wanted = literal & 1 ^ 1
        return self._value.setdefault(literal >> 1, wanted) != wanted

    def _fails(self, hint: Hint) -> bool:
        """Propagate; whether a contradiction was reached."""
        if not hint.is_clause:
            return self._gate_fails(hint.number)
        if not 1 <= hint.number <= len(self._clauses):
            raise CheckError(f"there is no clause {hint.number} yet")
        return self._clause_fails(self._clauses[hint.number - 1])

    def _clause_fails(self, clause: Clause) -> bool:
        left = [lit for lit in clause if self._value.get(lit >> 1) != lit & 1]
        if not left:
            return True
        if len(left) == 1:
            self._contradicts(left[0])
        return False

    def _gate_fails(self, node: int) -> bool:
        table, pins = self._graph.table[node], self._graph.pins[node]
        if table == NOT_A_GATE:
            raise CheckError(f"node {node} is no gate")
        masks, value = MASKS[len(pins)], self._value
        rows = (1 << (1 << len(pins))) - 1
        for pin, mask in zip(pins, masks, strict=True):
            if pin in value:
                rows &= mask if value[pin] else ~mask
        if node not in value:
            if rows & table and rows & ~table:
                return False
            value[node] = int(bool(rows & table))
            return False
        rows &= table if value[node] else ~table
        for pin, mask in zip(pins, masks, strict=True):
            if pin not in value and not (rows & mask and rows & ~mask):
                value[pin] = int(bool(rows & mask))
        return not rows
