"""Proofs that one literal implies another, as clauses with hints.

A solver refutes the contrary on a window of gates, the nearest ones first, and writes down the
clauses that it learns. Each of them follows from the gates and the clauses before by propagation;
what is not needed in the end is left out.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from lgn2hdl.ir import logic
from lgn2hdl.verify.certificate.propagation import Clause, Gate, Hint, Propagation, negated
from lgn2hdl.verify.sat.cover import cubes
from lgn2hdl.verify.sat.deadline import Deadline
from lgn2hdl.verify.sat.graph import Graph

SOLVER = "glucose4"
"""Of python-sat: it writes proofs, and its clauses are short."""

WINDOWS: tuple[tuple[int | None, int | None], ...] = (
    (30, 1_000), (120, 2_000), (500, 4_000), (2_000, 10_000), (None, None),
)  # fmt: skip
"""Gates that a proof may use, and conflicts of the solver, one try after the other."""

SLICE = 2_000
"""Conflicts between two looks at the clock."""


class NoCertificateError(Exception):
    """Something that cannot be written down as a proof, and why."""


@dataclass(frozen=True)
class Lemma:
    """A clause, and what shows that it follows; hints count lemmas within the same proof."""

    clause: Clause
    hints: tuple[Hint, ...]


@dataclass(frozen=True)
class Fact:
    """A literal that is true, and the gates between it and the bits that it says something about.

    Attributes:
        literal: the literal.
        gates: nodes.
        bits: nodes that these read.
    """

    literal: int
    gates: frozenset[int]
    bits: frozenset[int]


class Refuter:
    """Proves implications between nodes of a graph."""

    def __init__(self, graph: Graph, deadline: Deadline) -> None:
        self._graph, self._deadline = graph, deadline

    def implication(self, one: int, other: int, facts: Sequence[Fact]) -> list[Lemma]:
        """Lemmas of which the last one is that a literal implies another.

        Args:
            one, other: literals; not both constant.
            facts: what may be used.

        Raises:
            NoCertificateError: if no proof is found.
        """
        claim = tuple(literal for literal in (one ^ 1, other) if literal >> 1)
        for size, conflicts in WINDOWS:
            gates, known = self._window([one >> 1, other >> 1], size, facts)
            lemmas = _Attempt(gates, known, claim, self._deadline).lemmas(conflicts)
            if lemmas is not None:
                return lemmas
        raise NoCertificateError("what the solver proved once it does not prove again")

    def _window(
        self, nodes: Sequence[int], size: int | None, facts: Sequence[Fact]
    ) -> tuple[dict[int, Gate], dict[int, int]]:
        """The newest gates that nodes depend on, with what is known of their bits, by its place."""
        found: dict[int, Gate] = {}
        seen = set(nodes)
        pending = [-node for node in seen]
        heapq.heapify(pending)
        while pending and (size is None or len(found) < size):
            node = -heapq.heappop(pending)
            gate = self.gate(node)
            if gate is None:
                continue
            found[node] = gate
            for pin in gate.pins:
                if pin not in seen:
                    seen.add(pin)
                    heapq.heappush(pending, -pin)
        known = {}
        for place, fact in enumerate(facts):
            if fact.literal >> 1 and not seen.isdisjoint(fact.bits):
                known[place] = fact.literal
                found.update((node, gate) for node in fact.gates if (gate := self.gate(node)))
        return found, known

    def gate(self, node: int) -> Gate | None:
        """The gate of a node; None of an input or a constant."""
        table = int(self._graph.table[node])
        if not table:
            return None
        pins = tuple(pin for pin in self._graph.pins[node].tolist() if pin)
        return Gate(table & ((1 << (1 << len(pins))) - 1), pins)

    def fact(self, literal: int, bits: frozenset[int]) -> Fact:
        """A fact about nodes."""
        gates: set[int] = set()
        read: set[int] = set()
        pending = [literal >> 1]
        while pending:
            node = pending.pop()
            gate = None if node in bits else self.gate(node)
            if gate is None:
                read.add(node)
            elif node not in gates:
                gates.add(node)
                pending += gate.pins
        return Fact(literal, frozenset(gates), frozenset(read))


class _Attempt:
    """One window, one claim."""

    def __init__(
        self, gates: Mapping[int, Gate], known: Mapping[int, int], claim: Clause, deadline: Deadline
    ) -> None:
        self._gates, self._known, self._claim, self._deadline = gates, known, claim, deadline
        self._propagation = Propagation(gates)
        for place, literal in known.items():
            self._propagation.add(Hint("fact", place), (literal,))

    def lemmas(self, conflicts: int | None) -> list[Lemma] | None:
        """The proof, or None if there is none in this window, or it is too hard to find."""
        assumed = negated(self._claim)
        hints = self._propagation.refute(assumed)
        if hints is not None:
            return [Lemma(self._claim, tuple(hints))]
        learned = self._learned(conflicts)
        if learned is None:
            return None
        lemmas: list[Lemma] = []
        for clause in learned:
            hints = self._propagation.refute([*assumed, *negated(clause)])
            if hints is None:
                return None
            self._propagation.add(Hint("lemma", len(lemmas)), clause)
            lemmas.append(Lemma((*clause, *self._claim), tuple(hints)))
            if not clause:
                break
        return _needed(lemmas)

    def _learned(self, conflicts: int | None) -> list[Clause] | None:
        """Clauses that the solver learns until it has refuted the contrary of the claim."""
        from pysat.solvers import Solver  # type: ignore[import-untyped]

        with Solver(name=SOLVER, bootstrap_with=list(self._clauses()), with_proof=True) as solver:
            if self._refuted(solver, conflicts):
                lines = [line.split() for line in solver.get_proof() if not line.startswith("d")]
                found = [tuple(_literal(int(word)) for word in words[:-1]) for words in lines]
                return found if found and not found[-1] else [*found, ()]
        return None

    def _refuted(self, solver: Any, conflicts: int | None) -> bool:
        spent = 0
        while not self._deadline.passed:
            budget = SLICE if conflicts is None else min(SLICE, conflicts - spent)
            if budget <= 0:
                return False
            solver.conf_budget(budget)
            answer = solver.solve_limited()
            if answer is not None:
                return not answer
            spent += budget
        raise NoCertificateError("the time limit is over")

    def _clauses(self) -> Iterator[list[int]]:
        for node, gate in self._gates.items():
            for output, products in zip(
                (node, -node), covers(gate.table, len(gate.pins)), strict=True
            ):
                for care, value in products:
                    yield [output, *_false_pins(gate.pins, care, value)]
        for literal in (*self._known.values(), *negated(self._claim)):
            yield [_signed(literal)]


def _needed(lemmas: list[Lemma]) -> list[Lemma]:
    """The lemmas that the last one rests on."""
    needed = {len(lemmas) - 1}
    for place in reversed(range(len(lemmas))):
        if place in needed:
            needed |= {hint.number for hint in lemmas[place].hints if hint.kind == "lemma"}
    new = {old: place for place, old in enumerate(sorted(needed))}
    return [
        Lemma(
            lemmas[old].clause,
            tuple(
                Hint("lemma", new[hint.number]) if hint.kind == "lemma" else hint
                for hint in lemmas[old].hints
            ),
        )
        for old in new
    ]


@cache
def covers(table: int, n_pins: int) -> tuple[tuple[tuple[int, int], ...], ...]:
    """Products (care, value) of pins that make a gate 1, and that make it 0."""
    wide = int(logic.widen(np.array([table], np.uint64), n_pins, logic.MAX_FAN_IN)[0])
    sides = []
    for side in (wide, wide ^ logic.all_ones(logic.MAX_FAN_IN)):
        found = cubes(np.array([side], np.uint64))
        sides.append(tuple(zip(found.care.tolist(), found.value.tolist(), strict=True)))
    return tuple(sides)


def _false_pins(pins: tuple[int, ...], care: int, value: int) -> list[int]:
    """Signed literals of which one is true unless the pins are as the product says."""
    return [
        -pin if value >> place & 1 else pin for place, pin in enumerate(pins) if care >> place & 1
    ]


def _signed(literal: int) -> int:
    return -(literal >> 1) if literal & 1 else literal >> 1


def _literal(signed: int) -> int:
    return 2 * abs(signed) + (signed < 0)
