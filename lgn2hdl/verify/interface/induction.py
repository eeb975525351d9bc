"""Proof of a module around the pipeline, by an inductive invariant that is found by itself.

Candidates are equalities of the module's control registers with what the scoreboard keeps; those
that a reset does not make true, or that one clock cycle can break, are dropped until the rest holds
for ever (Houdini: C. Flanagan, K. R. M. Leino, FME 2001). Which registers hold a beat or a result
that waits is read off the wires. Neither is trusted: whatever is used was proved to hold after one
cycle of reset, from any state, and to go on holding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir import logic
from lgn2hdl.verify.interface.product import Cycle, Pipeline, Product, State, new_state
from lgn2hdl.verify.interface.spec import RESET, RIGID, at_most, is_beat
from lgn2hdl.verify.readers.cells import CHOOSE
from lgn2hdl.verify.readers.items import PINS
from lgn2hdl.verify.sat.algebra import Bits, Symbols, Vector
from lgn2hdl.verify.sat.deadline import Deadline
from lgn2hdl.verify.sat.graph import FALSE, TRUE, Graph
from lgn2hdl.verify.sat.machine import Machine
from lgn2hdl.verify.sat.solver import NodeSolver

Places = npt.NDArray[np.int64]

GROUP = 256
"""Properties of data that one question to the solver asks for."""

DATA_MOVES = "beats and results that wait move from register to register"
"""What the invariant says of data, as a property."""


@dataclass(frozen=True)
class Induction:
    """What came out.

    Attributes:
        properties: how many there are.
        failed: those that the invariant does not imply; none if all are proved.
        invariants: equalities and implications that hold in every cycle.
        not_reset: names of the registers that a reset does not give a value, bit by bit.
    """

    properties: int
    failed: tuple[str, ...]
    invariants: int
    not_reset: tuple[str, ...]


def prove_by_induction(product: Product, deadline: Deadline) -> Induction:
    """Prove all properties of the scoreboard, as far as the invariant that is found goes."""
    return _Proof(product, deadline).run()


class _Proof:
    """One cycle from any state, with reset and without."""

    def __init__(self, product: Product, deadline: Deadline) -> None:
        self._product, self._want = product, product.want
        graph = Graph()
        self._symbols = Symbols(graph)
        self._b = Bits(self._symbols)
        self._solver = NodeSolver(graph, deadline)
        self._registers = data_registers(product)
        pipeline = Pipeline(self._want, None, lambda _, width: self._symbols.free(width))
        self._now = new_state(product, pipeline, lambda _, width: self._symbols.free(width))
        self._reset = self._cycle(pipeline, self._b.true)
        self._run = self._cycle(pipeline, self._b.false)

    def _cycle(self, pipeline: Pipeline, rst: Vector) -> Cycle:
        """A clock cycle with a reset or without; all other inputs are free."""
        inputs = self._product.module_inputs()
        ports = {name: self._symbols.free(width) for name, width in inputs.items()}
        others = {name: self._symbols.free(width) for name, width in inputs.items()}
        ports["rst"] = rst
        return self._product.cycle(self._b, self._now, pipeline, ports, others)

    def run(self) -> Induction:
        self._require(self._watched(self._now))
        control = np.unique(self._inductive())
        data = np.unique(self._data(self._now))
        # Nothing is assumed of the state before a reset, all of this of the state before a run.
        failed = [DATA_MOVES]
        if self._hold(self._data(self._reset.after)):
            self._require(np.concatenate([control, data]))
            if self._hold(self._data(self._run.after)):
                failed = [name for name, check in self._checks() if not self._always(check)]
        after = self._reset.after.module.tolist()
        names = zip(self._product.machine.names, after, strict=True)
        return Induction(
            properties=len(self._run.checks),
            failed=tuple(failed),
            invariants=len(control) + len(data),
            not_reset=tuple(name for name, literal in names if literal not in (FALSE, TRUE)),
        )

    def _checks(self) -> list[tuple[str, Vector]]:
        """The properties in a run, and that of the pipeline's reset in a reset too."""
        resets = self._b.both(self._run.checks[RESET], self._reset.checks[RESET])
        return list({**self._run.checks, RESET: resets}.items())

    def _watched(self, state: State) -> Vector:
        """The number of the watched beat is one of a beat."""
        if not self._want.is_stream:
            return self._b.true
        return is_beat(self._b, self._want, state.kept[RIGID])

    def _require(self, literals: Vector) -> None:
        """Demand that all of these are true, from now on."""
        self._solver.require_all(literals[literals != TRUE])

    def _always(self, literals: Vector, given: Sequence[int] = ()) -> bool:
        """Whether all of these are true wherever what is required and given is."""
        return self._counterexample(literals, given) is None

    def _counterexample(self, literals: Vector, given: Sequence[int] = ()) -> Places | None:
        """Places of literals that a counterexample makes false; all if none was found in time."""
        wrong = self._b.negated(self._b.all_of(np.unique(literals)))
        if wrong[0] == FALSE:
            return None
        assumed = [literal for literal in given if literal != TRUE]
        if wrong[0] != TRUE:
            assumed.append(int(wrong[0]))
        self._solver.load(np.concatenate([np.array(assumed, np.int64), literals]) >> 1)
        answer = False if FALSE in assumed else self._solver.satisfiable(assumed)
        if answer is False:
            return None
        everything = np.arange(len(literals))
        if answer is None:
            return everything
        found = np.flatnonzero(~self._solver.literal_values(literals))
        return found if len(found) else everything

    def _control(self, state: State) -> Vector:
        """Candidates, of which each may be wrong."""
        b, kept, want = self._b, state.kept, self._want
        control = state.module[self._control_places()]
        candidates = [b.implies(state.pipeline["valid"], kept["used"])]
        candidates.append(b.implies(kept["waiting"], kept["used"]))
        single = ["used", "waiting"]
        conditions = [b.true, b.either(kept["used"], kept.get("pending", b.false))]
        vectors = [b.true]
        if want.is_stream:
            single += ["skipping", "pending", "bad", "failed", "fresh"]
            conditions.append(b.negated(kept["skipping"]))
            vectors.append(kept["place"])
            candidates.append(self._counted(state))
        signals = np.concatenate([*vectors, *(kept[name] for name in single)])
        same = b.same(np.tile(control, len(signals)), np.repeat(signals, len(control)))
        either = np.concatenate([same, b.negated(same)])
        candidates += [b.implies(condition, either) for condition in conditions]
        return np.concatenate(candidates)

    def _counted(self, state: State) -> Vector:
        """What the scoreboard's counters are to each other."""
        b, kept = self._b, state.kept
        place, index, age = kept["place"], kept["index"], kept["age"]
        nothing = b.negated(b.any_of(place))
        come = b.any_of(age)
        return np.concatenate([
            is_beat(b, self._want, place),
            at_most(b, age, place),
            b.implies(kept["skipping"], nothing),
            b.implies(kept["pending"], nothing),
            b.implies(kept["pending"], b.negated(kept["fresh"])),
            b.implies(kept["pending"], b.negated(kept["skipping"])),
            b.implies(come, b.equal(place, b.sum(index, age))),
            b.either(come, at_most(b, place, index)),
        ])  # fmt: skip

    def _inductive(self) -> Vector:
        """The candidates that a reset makes true and that stay true together."""
        now, then = self._control(self._now), self._control(self._run.after)
        after_reset = self._control(self._reset.after)
        alive = np.flatnonzero(after_reset != FALSE)
        while True:
            wrong = self._counterexample(after_reset[alive])
            if wrong is None:
                wrong = self._counterexample(then[alive], np.unique(now[alive]).tolist())
            if wrong is None:
                return now[alive]
            alive = np.delete(alive, wrong)

    def _control_places(self) -> Places:
        """Registers that hold no data."""
        known = self._registers
        data = np.concatenate([known.result, known.sample, known.newest])
        return np.setdiff1d(np.arange(len(self._product.machine.registers)), data)

    def _data(self, state: State) -> Vector:
        """What the registers of data hold: all of it, or this proof fails."""
        b, kept, known = self._b, state.kept, self._registers
        found = [b.true]
        if len(known.result):
            same = b.same(state.module[known.result], kept["result"])
            found.append(b.implies(kept["waiting"], same))
        if len(known.sample):
            beats, width = self._want.beats, self._want.beat_bits
            sample = state.module[known.sample]
            watched = b.both(kept["pending"], b.decoded(kept["index"], beats))
            found.append(self._hold_beat(watched, sample, kept["ready_beat"]))
            if beats > 1:
                newest = state.module[known.newest]
                some = np.concatenate([sample[: (beats - 1) * width], newest])
                found.append(self._hold_beat(self._places(state), some, kept["beat"]))
        return np.concatenate(found)

    def _places(self, state: State) -> Vector:
        """Whether the watched beat of the packet that comes in is at a place, for each.

        It enters at the last one, and moves on one cycle after each beat that is not the last.
        """
        b, kept, beats = self._b, state.kept, self._want.beats
        age = b.decoded(kept["age"], beats + 1)[1:][::-1]  # at place p, of age beats - p
        moved = np.concatenate([age[1:], b.false])
        return b.choose(kept["fresh"], age, moved)

    def _hold_beat(self, where: Vector, registers: Vector, beat: Vector) -> Vector:
        """Registers hold a beat wherever the places say that they do."""
        b, width = self._b, self._want.beat_bits
        places = np.repeat(where, width)[: len(registers)]
        return b.implies(places, b.same(registers, np.tile(beat, len(where))[: len(registers)]))

    def _hold(self, literals: Vector) -> bool:
        """Whether all of these are true, a group at a time."""
        return all(
            self._always(literals[start : start + GROUP])
            for start in range(0, len(literals), GROUP)
        )


@dataclass(frozen=True)
class DataRegisters:
    """Places of registers, as the wires say; nothing depends on their being the right ones.

    Attributes:
        result: of a result that waits, bit by bit; empty if they are not known.
        sample: of the sample that the pipeline gets; empty if they are not known.
        newest: of a beat, where every beat of more than one enters.
    """

    result: Places
    sample: Places
    newest: Places


def data_registers(product: Product) -> DataRegisters:
    """Registers that get the pipeline's result, and those that the pipeline gets a sample from."""
    machine, want = product.machine, product.want
    place = {net: index for index, net in enumerate(machine.registers.tolist())}
    taken = _taken(machine).tolist()
    reader = {net: index for index, net in reversed(list(enumerate(taken)))}
    results = np.concatenate([machine.sources[product.instance, name] for name, _ in want.results])
    held = _all_or_none([reader.get(net) for net in results.tolist()])
    x = machine.sinks[product.instance, "x"].tolist()
    sample = _all_or_none([place.get(net) for net in x])
    newest = np.empty(0, np.int64)
    if want.beats > 1 and len(sample):
        start = (want.beats - 2) * want.beat_bits
        before = sample[start : start + want.beat_bits].tolist()
        newest = _all_or_none([place.get(taken[register]) for register in before])
        sample = sample if len(newest) else newest
    return DataRegisters(held, sample, newest)


def _taken(machine: Machine) -> Places:
    """Net that each register takes a value from, if it does not keep its own."""
    gates, taken = machine.gates, machine.data.copy()
    chooses = gates.table == logic.widen(np.array([CHOOSE], np.uint8), 3, PINS)[0]
    between = dict(zip(gates.out[chooses].tolist(), gates.pins[chooses, :2].tolist(), strict=True))
    for index, own in enumerate(machine.registers.tolist()):
        one, other = between.get(int(taken[index]), (None, None))
        if own in (one, other):
            taken[index] = other if one == own else one
    return taken


def _all_or_none(places: Sequence[int | None]) -> Places:
    known = [place for place in places if place is not None]
    return np.array(known if len(known) == len(places) else [], np.int64)
