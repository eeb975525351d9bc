"""SAT sweeping: gates of several netlists that always have the same value become one node.

Every new gate is simulated on many input patterns. A known node with the same values (or their
complement) is a candidate; the SAT solver proves the two equal, and one stands for both from then
on, or finds an input on which they differ, which becomes a pattern. So proofs are small: by the
time that the outputs are compared, all that is below them has been merged. Source: A. Kuehlmann,
"Dynamic Transition Relation Simplification for Bounded Property Checking", ICCAD 2004; A.
Mishchenko et al., "Improvements to Combinational Equivalence Checking", ICCAD 2006.

Constants 0 and 1 cannot be literals of a clause here: the solver has no variable for node 0.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir import logic, packed
from lgn2hdl.ir.netlist import Netlist
from lgn2hdl.verify.sat.deadline import Deadline
from lgn2hdl.verify.sat.graph import FALSE, Graph, Literals, levels_of
from lgn2hdl.verify.sat.solver import NodeSolver

CANDIDATES = 3
"""Known nodes with the same values that a gate is compared with."""

PENDING = 48
"""Inputs on which candidates differed that are collected before they become patterns."""

MOST_WORDS = 96
"""Words of patterns; later ones replace earlier ones that were found."""

Words = npt.NDArray[np.uint64]
Bits = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Effort:
    """How hard to look for equal nodes.

    Attributes:
        conflicts: of the SAT solver, for each pair; 0 merges gates of one form only.
        constants: whether gates that were constant in all patterns are candidates.
    """

    conflicts: int
    constants: bool = True


SWEEP = Effort(2000)
"""For logic that was rewritten."""

SHARE = Effort(0)
"""For logic that nothing else resembles."""


class ContradictionError(Exception):
    """A proof that rests on a contradiction: a fault of this package, never of the input."""


class Builder(ABC):
    """What gates can be added to, one group after the other.

    Attributes:
        inputs: literals of the inputs.
    """

    inputs: Literals

    @abstractmethod
    def add(self, pins: Literals, table: logic.Tables, effort: Effort = SWEEP) -> Literals:
        """Literals of gates that do not read each other, ``[n]``.

        Args:
            pins: literals, ``[n, K]``.
            table: truth tables of K pins, ``[n]``.
            effort: how hard to look for nodes that they equal.
        """

    @abstractmethod
    def require(self, clause: Iterable[int]) -> None:
        """Take for granted that one of these literals is true."""

    def add_netlist(self, netlist: Netlist, inputs: Literals, effort: Effort = SWEEP) -> Literals:
        """Literals of all nodes of a netlist with these inputs, ``[n_nodes]``."""
        efforts = np.zeros(netlist.n_gates, np.int64)
        return self.add_parts(netlist, inputs, efforts, (effort,))

    def add_parts(
        self,
        netlist: Netlist,
        inputs: Literals,
        of_gate: npt.NDArray[np.integer],
        efforts: Sequence[Effort],
    ) -> Literals:
        """The same with an effort for every gate: ``efforts[of_gate[g]]``."""
        literals = np.full(netlist.n_nodes, FALSE, np.int64)
        literals[1 : netlist.first_gate] = inputs
        for level in levels_of(netlist):
            for number in np.unique(of_gate[level]).tolist():
                gates = level[of_gate[level] == number]
                pins = literals[netlist.fanin[gates]]
                made = self.add(pins, netlist.table[gates], efforts[number])
                literals[netlist.first_gate + gates] = made
        return literals


class Sweeper(Builder):
    """A graph over some inputs, with values on patterns and a solver.

    Attributes:
        graph: the nodes.
        inputs: literals of the inputs.
        merged: gates that the solver has proven equal to another one.
        refuted: candidates that it has told apart.
        undecided: candidates that it gave up on.
    """

    def __init__(self, patterns: Words, deadline: Deadline, seed: int = 0) -> None:
        """Args: patterns, ``u64[n_inputs, words]``, that satisfy all that is required later."""
        self.graph = Graph()
        self.inputs: Literals = self.graph.add_inputs(len(patterns))
        self.deadline = deadline
        self.solver = NodeSolver(self.graph, deadline)
        self.merged = self.refuted = self.undecided = 0
        self._random = np.random.default_rng(seed)
        self._words = patterns.shape[1]
        self._first_words = patterns.shape[1]
        self._values = np.zeros((1024, patterns.shape[1]), np.uint64)
        self._batches: list[range] = []
        self._pending: list[Bits] = []
        self._alike: dict[bytes, list[int]] = {}
        self._reserve()
        self._values[1 : 1 + len(patterns)] = patterns
        self._remember(range(self.graph.size))

    def require_possible(self) -> None:
        """Check that what was required, or proven, leaves anything possible.

        Else every question would have the answer no, and everything would be proved.

        Raises:
            ContradictionError: if it does not.
        """
        if self.solver.satisfiable([]) is False:
            raise ContradictionError("what the solver was told contradicts itself")

    def close(self) -> None:
        """Free the solver's memory."""
        self.solver.close()

    def add(self, pins: Literals, table: logic.Tables, effort: Effort = SWEEP) -> Literals:
        """See :meth:`Builder.add`."""
        literals, new = self.graph.add_gates(pins, table)
        if len(new):
            self._simulate(new)
            self._batches.append(new)
            if effort.conflicts:
                self._merge(new, effort)
                literals = self.graph.stands_for[literals >> 1] ^ (literals & 1)
            else:
                self._remember(new)
        return literals

    def require(self, clause: Iterable[int]) -> None:
        """Tell the solver so."""
        self.solver.require(clause)

    @property
    def batches(self) -> tuple[range, ...]:
        """All gates, in groups of nodes that do not read each other."""
        return tuple(self._batches)

    def equal(self, one: int, other: int, conflicts: int | None = None) -> bool | None:
        """Whether two literals always have the same value; None if that was not found out."""
        one, other = self._now(one), self._now(other)
        if one == other:
            return True
        if one == other ^ 1 or self.differing_pattern(one, other) is not None:
            return False
        self.solver.load(np.array([one >> 1, other >> 1]))
        return self._proven(one, other, conflicts)

    def differing_pattern(self, one: int, other: int) -> Bits | None:
        """Inputs ``bool[n_inputs]`` of a pattern on which two literals differ, or None."""
        values = self._values[[one >> 1, other >> 1], : self._words]
        differs = values[0] ^ values[1]
        if (one ^ other) & 1:
            differs = ~differs
        places = np.flatnonzero(differs)
        if not len(places):
            return self._pending_difference(one, other)
        word = int(places[0])
        bit = int(differs[word]) & -int(differs[word])
        nodes = self.inputs >> 1
        return (self._values[nodes, word] & np.uint64(bit)) != 0

    def _pending_difference(self, one: int, other: int) -> Bits | None:
        if not self._pending:
            return None
        self.refine()
        return self.differing_pattern(one, other)

    def input_patterns(self) -> Words:
        """All patterns, ``u64[n_inputs, words]``."""
        self.refine()
        return self._values[self.inputs >> 1, : self._words]

    def _now(self, literal: int) -> int:
        return int(self.graph.stands_for[literal >> 1]) ^ (literal & 1)

    def _reserve(self) -> None:
        missing = len(self.graph.table) - len(self._values)
        if missing > 0:
            more = np.zeros((missing, self._values.shape[1]), np.uint64)
            self._values = np.concatenate([self._values, more])

    def _simulate(self, nodes: range, words: slice = slice(None)) -> None:
        self._reserve()
        where = slice(nodes.start, nodes.stop)
        self._values[where, words] = self.graph.evaluate(where, self._values[:, words])

    def _keys(self, nodes: npt.NDArray[np.int64]) -> tuple[list[bytes], list[bool]]:
        """What nodes of equal values share, and whether a node has their complement."""
        values = self._values[nodes, : self._words]
        flipped = (values[:, 0] & np.uint64(1)).astype(np.bool_)
        values[flipped] = ~values[flipped]
        return [row.tobytes() for row in values], flipped.tolist()

    def _remember(self, nodes: range) -> None:
        numbers = np.arange(nodes.start, nodes.stop)
        numbers = numbers[self.graph.stands_for[numbers] == 2 * numbers]
        keys, _ = self._keys(numbers)
        for node, key in zip(numbers.tolist(), keys, strict=True):
            self._alike.setdefault(key, []).append(node)

    def _merge(self, new: range, effort: Effort) -> None:
        """Merge new nodes with known ones that they are proven equal to."""
        numbers = np.arange(new.start, new.stop)
        keys, flipped = self._keys(numbers)
        zero = bytes(8 * self._words)
        pairs = []
        for node, key, flip in zip(numbers.tolist(), keys, flipped, strict=True):
            known = self._alike.setdefault(key, [])
            if known and (effort.constants or key != zero):
                pairs.append((node, flip, known))
            else:
                known.append(node)
        self._try(pairs, effort)
        if len(self._pending) >= PENDING:
            self.refine()

    def _try(self, pairs: list[tuple[int, bool, list[int]]], effort: Effort) -> None:
        if not pairs:
            return
        candidates = [node for _, _, known in pairs for node in known[-CANDIDATES:]]
        self.solver.load(np.array([node for node, _, _ in pairs] + candidates))
        for node, flip, known in pairs:
            for other in known[-CANDIDATES:]:
                flips = flip ^ bool(self._values[other, 0] & np.uint64(1))
                if self._proven(2 * node, 2 * other ^ flips, effort.conflicts):
                    self.graph.merge(node, 2 * other ^ flips)
                    self.merged += 1
                    break
            else:
                known.append(node)

    def _proven(self, one: int, other: int, conflicts: int | None) -> bool | None:
        """Whether two loaded literals that agree on all patterns are equal."""
        if FALSE in (one >> 1, other >> 1):
            literal = max(one, other) ^ min(one, other)
            questions = [[literal]]
        else:
            questions = [[one, other ^ 1], [one ^ 1, other]]
        for question in questions:
            answer = self.solver.satisfiable(question, conflicts)
            if answer:
                self.refuted += 1
                self._pending.append(self.solver.values(self.inputs >> 1))
            if answer is None:
                self.undecided += 1
                return None
            if answer:
                return False
        for question in questions:  # what was proven helps later
            self.solver.require([literal ^ 1 for literal in question])
        return True

    def refine(self) -> None:
        """Make patterns of the inputs that told candidates apart."""
        if not self._pending:
            return
        found, self._pending = self._pending[-64:], self._pending[:-64]
        repeated = np.stack([found[place % len(found)] for place in range(64)], axis=1)
        word = self._new_word()
        self._values[self.inputs >> 1, word] = packed.pack(repeated)[:, 0]
        for batch in self._batches:
            self._simulate(batch, slice(word, word + 1))
        self._alike = {}
        self._remember(range(self.graph.size))
        self.refine()

    def _new_word(self) -> int:
        if self._words == MOST_WORDS:
            return int(self._random.integers(self._first_words, MOST_WORDS))
        if self._words == self._values.shape[1]:
            more = np.zeros((len(self._values), 8), np.uint64)
            self._values = np.concatenate([self._values, more], axis=1)
        self._words += 1
        return self._words - 1
