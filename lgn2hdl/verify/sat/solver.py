"""A SAT solver that knows the nodes of a graph: their clauses are loaded when they are needed."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from lgn2hdl.verify.sat.cover import cubes
from lgn2hdl.verify.sat.deadline import Deadline
from lgn2hdl.verify.sat.graph import PINS, Graph

SOLVER = "glucose4"
"""The solver of python-sat: small queries, many of them, on clauses that grow."""

SLICE = 2000
"""Conflicts between two looks at the clock."""

Clause = list[int]


class NodeSolver:
    """Asks whether literals of a graph can have given values together.

    The variable of a node is its number. Only the nodes that a question depends on have clauses.
    """

    def __init__(self, graph: Graph, deadline: Deadline) -> None:
        from pysat.solvers import Solver  # type: ignore[import-untyped]

        self._graph = graph
        self._deadline = deadline
        self._solver: Any = Solver(name=SOLVER)
        self._delete = weakref.finalize(self, self._solver.delete)
        self._loaded = np.zeros(1024, np.bool_)
        self._covers: dict[int, tuple[list[tuple[int, int]], list[tuple[int, int]]]] = {}

    def require(self, clause: Iterable[int]) -> None:
        """Demand that one of these literals is true, from now on."""
        literals = list(clause)
        self.load(np.array(literals, np.int64) >> 1)
        self._solver.add_clause([_signed(literal) for literal in literals])

    def require_all(self, literals: npt.NDArray[np.int64]) -> None:
        """Demand that each of these literals is true, from now on."""
        self.load(literals >> 1)
        for literal in literals.tolist():
            self._solver.add_clause([_signed(literal)])

    def load(self, nodes: npt.NDArray[np.int64]) -> None:
        """Give these nodes, and all that they read, their clauses."""
        graph = self._graph
        if len(self._loaded) < graph.size:
            grown = np.zeros(len(graph.table), np.bool_)
            grown[: len(self._loaded)] = self._loaded
            self._loaded = grown
        new: list[npt.NDArray[np.int64]] = []
        frontier = np.unique(nodes)
        while True:
            frontier = frontier[~self._loaded[frontier] & (frontier > 0)]
            if not len(frontier):
                break
            self._loaded[frontier] = True
            new.append(frontier)
            frontier = np.unique(graph.pins[frontier])
        if new:
            self._add(np.concatenate(new))

    def _add(self, nodes: npt.NDArray[np.int64]) -> None:
        tables = self._graph.table[nodes]
        self._cover(tables)
        pins = self._graph.pins[nodes]
        add = self._solver.add_clause
        for node, table, row in zip(nodes.tolist(), tables.tolist(), pins.tolist(), strict=True):
            if not table:
                continue  # an input
            for output, products in zip((node, -node), self._covers[table], strict=True):
                for care, value in products:
                    add(_clause(output, row, care, value))

    def _cover(self, tables: npt.NDArray[np.uint64]) -> None:
        """Products of tables that are not known yet, and of their complements."""
        unique = np.unique(tables)
        unique = np.array([item for item in unique.tolist() if item not in self._covers], np.uint64)
        for item in unique.tolist():
            self._covers[item] = ([], [])
        order = unique.tolist()
        for side, given in enumerate((unique, ~unique)):
            found = cubes(given)
            columns = (found.table.tolist(), found.care.tolist(), found.value.tolist())
            for index, care, value in zip(*columns, strict=True):
                self._covers[order[index]][side].append((care, value))

    def satisfiable(self, literals: Iterable[int], conflicts: int | None = None) -> bool | None:
        """Whether all literals can be true together; None if that was not found out.

        Args:
            literals: of nodes that are loaded.
            conflicts: how hard to try; None for as long as there is time.
        """
        assumptions = [_signed(literal) for literal in literals]
        spent = 0
        while not self._deadline.passed:
            budget = SLICE if conflicts is None else min(SLICE, conflicts - spent)
            if budget <= 0:
                return None
            self._solver.conf_budget(budget)
            answer = self._solver.solve_limited(assumptions=assumptions)
            if answer is not None:
                return bool(answer)
            spent += budget
        return None

    def values(self, nodes: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Values of nodes in the last positive answer; False where nothing depends on them."""
        model = np.array(self._solver.get_model() or [0])
        known = nodes[nodes <= len(model)]
        result = np.zeros(len(nodes), np.bool_)
        result[nodes <= len(model)] = (model[known - 1] > 0) & self._loaded[known]
        return result

    def literal_values(self, literals: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Values of literals in the last positive answer, constants among them."""
        return self.values(literals >> 1) ^ (literals & 1).astype(np.bool_)

    def close(self) -> None:
        """Free the solver's memory; else that is done with the object, or when Python ends."""
        self._delete()


def _signed(literal: int) -> int:
    return -(literal >> 1) if literal & 1 else literal >> 1


def _clause(output: int, pins: list[int], care: int, value: int) -> Clause:
    """The product of pins implies the output."""
    clause = [output]
    for pin in range(PINS):
        if care >> pin & 1:
            clause.append(-pins[pin] if value >> pin & 1 else pins[pin])
    return clause
