"""Unit propagation that remembers what forced what, and so gives the hints of a clause's proof."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from lgn2hdl.ir import logic

Clause = tuple[int, ...]
"""Literals, ``2 * node + complement``."""

PIN_ROWS = [
    [logic.pin_table(n_pins, pin) for pin in range(n_pins)]
    for n_pins in range(logic.MAX_FAN_IN + 1)
]
"""Rows of a table of so many pins in which a pin is 1."""


class Hint(NamedTuple):
    """What forces something: a ``gate`` by its node; a ``fact`` or a ``lemma`` by its place."""

    kind: str
    number: int


class Gate(NamedTuple):
    """A truth table, and the nodes that it reads."""

    table: int
    pins: tuple[int, ...]


class Propagation:
    """Gates and clauses over nodes."""

    def __init__(self, gates: Mapping[int, Gate]) -> None:
        self._gates = gates
        self._touching: dict[int, list[Hint]] = defaultdict(list)
        self._clause: dict[Hint, Clause] = {}
        self._units: list[Hint] = []
        self._value: dict[int, int] = {}
        self._reason: dict[int, tuple[Hint, tuple[int, ...]] | None] = {}
        self._trail: list[int] = []
        self._conflict: tuple[Hint, tuple[int, ...]] | None = None
        for node, gate in gates.items():
            for touched in (node, *gate.pins):
                self._touching[touched].append(Hint("gate", node))

    def add(self, hint: Hint, clause: Clause) -> None:
        """Add a clause, by a name."""
        self._clause[hint] = clause
        if len(clause) == 1:
            self._units.append(hint)
        for literal in clause:
            self._touching[literal >> 1].append(hint)

    def refute(self, assumed: Sequence[int]) -> list[Hint] | None:
        """Hints that lead to a contradiction of literals that are assumed; None if none is found.

        Constants must not be among the literals.
        """
        self._value, self._reason, self._conflict = {}, {}, None
        self._trail = []
        for literal in assumed:
            if self._value.get(literal >> 1) == literal & 1:
                return []
            self._set(literal, None)
        for hint in self._units:
            self._follow(hint)
        place = 0
        while self._conflict is None and place < len(self._trail):
            for hint in self._touching[self._trail[place]]:
                self._follow(hint)
            place += 1
        return None if self._conflict is None else self._explained()

    def _explained(self) -> list[Hint]:
        assert self._conflict is not None
        last, needed_by = self._conflict
        needed, hints = set(needed_by), [last]
        for node in reversed(self._trail):
            reason = self._reason[node]
            if node not in needed or reason is None:
                continue
            needed.update(reason[1])
            if hints[-1] != reason[0]:
                hints.append(reason[0])
        return hints[::-1]

    def _set(self, literal: int, reason: tuple[Hint, tuple[int, ...]] | None) -> None:
        if literal >> 1 not in self._value:
            self._trail.append(literal >> 1)
        self._value[literal >> 1] = literal & 1 ^ 1
        self._reason[literal >> 1] = reason

    def _follow(self, hint: Hint) -> None:
        if hint.kind == "gate":
            self._follow_gate(hint, self._gates[hint.number])
        else:
            self._follow_clause(hint, self._clause[hint])

    def _follow_clause(self, hint: Hint, clause: Clause) -> None:
        value = self._value
        left = [literal for literal in clause if value.get(literal >> 1) != literal & 1]
        if len(left) > 1 or (left and left[0] >> 1 in value):
            return
        reason = hint, tuple(literal >> 1 for literal in clause if literal not in left)
        if left:
            self._set(left[0], reason)
        elif self._conflict is None:
            self._conflict = reason

    def _follow_gate(self, hint: Hint, gate: Gate) -> None:
        value, node, pins = self._value, hint.number, gate.pins
        masks = PIN_ROWS[len(pins)]
        rows = logic.all_ones(len(pins))
        known = [pin for pin in pins if pin in value]
        for pin, ones in zip(pins, masks, strict=True):
            if pin in value:
                rows &= ones if value[pin] else ~ones
        if node not in value:
            on, off = rows & gate.table, rows & ~gate.table
            if not (on and off):
                self._set(2 * node + (not on), (hint, tuple(known)))
            return
        rows &= gate.table if value[node] else ~gate.table
        reason = hint, (*known, node)
        if not rows:
            self._conflict = self._conflict or reason
            return
        for pin, ones in zip(pins, masks, strict=True):
            if pin not in value and not (rows & ones and rows & ~ones):
                self._set(2 * pin + (not rows & ones), reason)


def negated(clause: Iterable[int]) -> list[int]:
    """The complements of literals."""
    return [literal ^ 1 for literal in clause]
