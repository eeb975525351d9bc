"""Proof that a board's module does what its machine does, and that this answers every request.

The invariant is that registers are equal to their partners in the machine
(:mod:`lgn2hdl.verify.board.matching`), and what :mod:`lgn2hdl.verify.board.claims` says of the
machine. It holds when the configuration is loaded, and every clock cycle keeps it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lgn2hdl.verify.board.claims import RIGID, invariant, scoreboard
from lgn2hdl.verify.board.matching import Matching, one_state
from lgn2hdl.verify.board.product import BoardProduct, Cycle, State
from lgn2hdl.verify.board.wanted import initial, memory
from lgn2hdl.verify.sat.algebra import Bits, Symbols, Vector
from lgn2hdl.verify.sat.deadline import Deadline
from lgn2hdl.verify.sat.graph import FALSE, TRUE, Graph
from lgn2hdl.verify.sat.solver import NodeSolver

GROUP = 64
"""Conditions that one question to the solver asks for."""

MOST_REFINEMENTS = 200


@dataclass(frozen=True)
class Induction:
    """What came out.

    Attributes:
        failed: what is not proved: properties, registers, parts of the invariant.
        properties: how many there are.
        invariants: conditions that hold in every cycle.
        registers: of the module.
    """

    failed: tuple[str, ...]
    properties: int
    invariants: int
    registers: int


def prove_board(product: BoardProduct, deadline: Deadline) -> Induction:
    """Prove all properties, as far as the invariant goes."""
    matching = Matching(product, deadline)
    for _ in range(MOST_REFINEMENTS):
        step = _Step(product, matching, deadline)
        failed = step.failed_registers()
        if not failed or not step.refine():
            break
    return Induction(
        failed=(*failed, *_not_at_first(product, matching), *step.failed_conditions()),
        properties=len(step.run.checks),
        invariants=len(step.conditions) + len(step.matched),
        registers=len(product.machine.registers),
    )


def _not_at_first(product: BoardProduct, matching: Matching) -> list[str]:
    """Parts of the invariant that the configuration does not make true."""
    graph = Graph()
    b = Bits(Symbols(graph))
    symbols = Symbols(graph)
    want, values = product.want, initial(product.want)
    kept = {
        name: b.number(values[name], width) if name in values else symbols.free(width)
        for name, width in memory(want).items()
    }
    board = {
        name: symbols.free(width) if name == RIGID else b.number(0, width)
        for name, width in scoreboard(want).items()
    }
    found = [name for name, value in invariant(b, want, kept, board).items() if value[0] != TRUE]
    first = product.machine.initial
    module = np.where(first < 0, symbols.free(len(first)), first)
    bits = np.concatenate([module, *kept.values()])
    partner = matching.partner
    same = bits == bits[partner] ^ matching.inverted
    # A register that may be anything is equal to a bit of the machine's that may be, each to one of
    # its own: what the machine begins with is then what the module does.
    free = np.flatnonzero(bits > TRUE)
    is_own = np.bincount(partner[free], minlength=len(bits))[partner] <= 2
    in_module = np.arange(len(bits)) < matching.step.n_module
    is_own &= in_module & ~in_module[partner] & (bits > TRUE) & (bits[partner] > TRUE)
    names = np.flatnonzero(~(same | is_own))
    return found + [f"{matching.step.name(number)} at power-up" for number in names.tolist()]


class _Step:
    """One cycle from any state in which the invariant holds."""

    def __init__(self, product: BoardProduct, matching: Matching, deadline: Deadline) -> None:
        self._product, self._matching, want = product, matching, product.want
        graph = Graph()
        self._symbols = Symbols(graph)
        self._b = Bits(self._symbols)
        self._solver = NodeSolver(graph, deadline)
        self._given: dict[str, Vector] = {}
        board = {name: self._fresh(name, width) for name, width in scoreboard(want).items()}
        partner, inverted = matching.partner, matching.inverted.astype(np.int64)
        self.matched = np.flatnonzero(partner != np.arange(len(partner)))
        self._bits = self._fresh("bits", len(partner))[partner] ^ inverted
        module, kept = self._bits[: matching.step.n_module], matching.step.named(self._bits)
        now = State(module, kept, board)
        self.conditions = invariant(self._b, want, kept, board)
        required = np.concatenate(list(self.conditions.values()))
        self._solver.require_all(required[required != TRUE])
        self.run: Cycle = product.cycle(self._b, now, self._fresh("rx", 1), self._fresh)
        kept_then = [self.run.after.kept[name] for name in memory(want)]
        then = np.concatenate([self.run.after.module, *kept_then])
        self._equal = self._b.same(then, then[partner] ^ inverted)[self.matched]

    def _fresh(self, name: str, width: int) -> Vector:
        if name not in self._given:
            self._given[name] = self._symbols.free(width)
        return self._given[name]

    def failed_registers(self) -> list[str]:
        """A register that does not stay equal to its partner, or none."""
        for start in range(0, len(self.matched), GROUP):
            group = self._equal[start : start + GROUP]
            if not self._always(group):
                wrong = np.flatnonzero(group != TRUE)
                return [self._matching.step.name(int(self.matched[start + wrong[0]]))]
        return []

    def failed_conditions(self) -> list[str]:
        """Properties that may not hold, and parts of the invariant that may not stay true."""
        after = invariant(self._b, self._product.want, self.run.after.kept, self.run.after.board)
        kept = {f"{name} (invariant)": value for name, value in after.items()}
        return [
            name for name, value in {**self.run.checks, **kept}.items() if not self._always(value)
        ]

    def _always(self, literals: Vector) -> bool:
        """Whether all of these are true wherever the invariant is."""
        self._answer: bool | None = False
        wrong = self._b.negated(self._b.all_of(np.unique(literals)))
        if wrong[0] == FALSE:
            return True
        if wrong[0] == TRUE:
            self._answer = None
            return False
        self._solver.load(wrong >> 1)
        self._answer = self._solver.satisfiable(wrong.tolist())
        return self._answer is False

    def refine(self) -> bool:
        """Split the classes of registers by the counterexample that was just found, if there is."""
        if self._answer is not True:
            return False
        given = {
            name: one_state(self._solver.literal_values(value))
            for name, value in self._given.items()
        }
        return self._matching.refine(one_state(self._solver.literal_values(self._bits)), given)
