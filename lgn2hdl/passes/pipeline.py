"""Passes as objects, and the pipelines that are made of them.

A pass is a pure function ``Netlist -> Netlist`` that never changes what an output computes, and
returns the very netlist that it got when there is nothing to do.
"""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import count

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir.netlist import CONSTANT_ZERO, Ids, Netlist, depth, levels, live
from lgn2hdl.model.network import LogicNet


@dataclass(frozen=True, eq=False)
class InputFacts:
    """What is known of the inputs of a netlist: input ``j`` is ``x[feature[j]] >= threshold[j]``.

    Attributes:
        feature: feature of each input, ``i32[n_inputs]``.
        threshold: threshold of each input, ``i32[n_inputs]``.
        highest: highest value of every feature, ``[F]``; without it thresholds of any height count
            as reachable.
    """

    feature: Ids
    threshold: Ids
    highest: npt.NDArray[np.integer] | None = None


def facts_of(network: LogicNet) -> InputFacts:
    """What is known of the bits of a network's encoder."""
    encoder = network.encoder
    return InputFacts(encoder.feature, encoder.threshold, network.features.highest)


class Checks(Enum):
    """For which inputs a pass leaves all outputs as they are: what a check of it may compare."""

    EVERY_INPUT = "every input"
    EVERY_SAMPLE = "every sample, through the encoder"


@dataclass(frozen=True)
class Pass:
    """A pass.

    Attributes:
        name: what records and proofs call it.
        run: the function, of a netlist and of what is known of its inputs.
        needs: whether it needs to know something of the inputs; it is left out where nothing is.
        checks: for which inputs it leaves the outputs as they are.
    """

    name: str
    run: Callable[[Netlist, InputFacts | None], Netlist]
    needs: bool = False
    checks: Checks = Checks.EVERY_INPUT

    def __call__(self, netlist: Netlist, facts: InputFacts | None = None) -> Netlist:
        """What the pass makes of a netlist."""
        return self.run(netlist, facts)

    def __str__(self) -> str:
        return self.name


def plain(function: Callable[[Netlist], Netlist]) -> Pass:
    """The pass of a function that needs to know nothing of the inputs, under its name."""
    return Pass(function.__name__, lambda netlist, _: function(netlist))


@dataclass(frozen=True)
class Pipeline:
    """Passes in the order in which they run.

    Attributes:
        name: what it is called.
        rounds: passes that are repeated until a round changes nothing.
        deeper: passes that then run, and the rounds after them, as long as that gains.
    """

    name: str
    rounds: tuple[Pass, ...]
    deeper: tuple[Pass, ...] = ()

    def __post_init__(self) -> None:
        names = [item.name for item in (*self.rounds, *self.deeper)]
        if len(set(names)) < len(names):
            raise ValueError(f"two passes of the pipeline {self.name} have one name: {names}")

    def find(self, name: str) -> Pass:
        """The pass of this name.

        Raises:
            KeyError: if there is none.
        """
        return {item.name: item for item in (*self.rounds, *self.deeper)}[name]

    def checks(self, facts: InputFacts | None) -> Checks:
        """For which inputs all passes that run with these facts leave the outputs as they are."""
        ran = _able((*self.rounds, *self.deeper), facts)
        only_samples = any(item.checks is Checks.EVERY_SAMPLE for item in ran)
        return Checks.EVERY_SAMPLE if only_samples else Checks.EVERY_INPUT


def _able(passes: Sequence[Pass], facts: InputFacts | None) -> list[Pass]:
    """The passes that know enough to run."""
    return [item for item in passes if facts is not None or not item.needs]


@dataclass(frozen=True)
class PassRecord:
    """What one pass did in one round.

    Attributes:
        round: number of the round, from 1.
        name: name of the pass.
        gates_before, gates_after: number of gates.
        depth_before, depth_after: highest level among the outputs.
        seconds: wall-clock time of the pass.
        peak_bytes: most memory that the pass held above what was there before; None if it was not
            measured.
    """

    round: int
    name: str
    gates_before: int
    gates_after: int
    depth_before: int
    depth_after: int
    seconds: float
    peak_bytes: int | None = None


def run_pipeline(
    pipeline: Pipeline,
    netlist: Netlist,
    facts: InputFacts | None = None,
    *,
    measure_memory: bool = False,
) -> tuple[Netlist, tuple[PassRecord, ...]]:
    """Run a pipeline.

    A turn of the deeper passes gains if fewer gates are left; or as many, with fewer connected
    pins; or with as many of those, on fewer inputs or on lower nodes.

    Args:
        pipeline: the passes.
        netlist: the gates to prune; outputs and inputs keep their number, order and meaning.
        facts: what is known of the inputs; without it passes that need it are left out.
        measure_memory: also record peak memory, with ``tracemalloc``; costs time.

    Returns:
        The pruned netlist, and the records of all rounds in order.

    Raises:
        ValueError: if ``facts`` are of another number of inputs, or passes undo each other's work.
    """
    if facts is not None and not len(facts.feature) == len(facts.threshold) == netlist.n_inputs:
        raise ValueError(f"{len(facts.feature)} encoder bits for {netlist.n_inputs} inputs")
    rounds, deeper = _able(pipeline.rounds, facts), _able(pipeline.deeper, facts)
    best, records = _until_nothing_changes(rounds, netlist, facts, 1, measure_memory)
    while deeper:
        number = (records[-1].round if records else 0) + 1
        turned, turn = _in_turn(deeper, best, facts, number, measure_memory)
        cleaned, more = _until_nothing_changes(rounds, turned, facts, number + 1, measure_memory)
        records = (*records, *turn, *more)
        if _size(cleaned) >= _size(best):
            break
        best = cleaned
    return best, records


Records = tuple[PassRecord, ...]

MOST_IDLE_ROUNDS = 1000
"""Rounds that may change something without a gate less; passes of a package of its own may undo
what others do."""


def _until_nothing_changes(
    steps: Sequence[Pass], netlist: Netlist, facts: InputFacts | None, first: int, memory: bool
) -> tuple[Netlist, Records]:
    # With the passes of this package this ends. Gates never become more. While they stay as many,
    # an inverter can still become a copy of the gate it reads, but only once: the copy could only
    # become an inverter again if that gate became a wire, and wires go. Nothing else adds pins, and
    # sharing alone settles at once.
    records: Records = ()
    idle = 0
    for number in count(first):
        before = netlist
        netlist, more = _in_turn(steps, netlist, facts, number, memory)
        records += more
        if netlist is before:
            break
        idle = 0 if netlist.n_gates < before.n_gates else idle + 1
        if idle > MOST_IDLE_ROUNDS:
            raise ValueError(
                f"{', '.join(step.name for step in steps)} undo each other's work: no gate less in "
                f"{MOST_IDLE_ROUNDS} rounds"
            )
    return netlist, records


def _in_turn(
    steps: Sequence[Pass], netlist: Netlist, facts: InputFacts | None, number: int, memory: bool
) -> tuple[Netlist, Records]:
    records = []
    level = depth(netlist)
    for step in steps:
        peak, start = _Peak(memory), time.perf_counter()
        result = step(netlist, facts)
        seconds, peak_bytes = time.perf_counter() - start, peak.stop()
        record = PassRecord(
            round=number,
            name=step.name,
            gates_before=netlist.n_gates,
            gates_after=result.n_gates,
            depth_before=level,
            depth_after=level if result is netlist else depth(result),
            seconds=seconds,
            peak_bytes=peak_bytes,
        )
        netlist, level = result, record.depth_after
        records.append(record)
    return netlist, tuple(records)


class _Peak:
    """Most memory held since it was made; None if that is not measured."""

    def __init__(self, measured: bool) -> None:
        self._measured = measured
        if measured:
            tracemalloc.start()

    def stop(self) -> int | None:
        """Bytes; measuring ends."""
        if not self._measured:
            return None
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak


def _size(netlist: Netlist) -> tuple[int, int, int, int]:
    """Gates, connected pins, inputs that are read, and the levels of what gates read."""
    pins = int((netlist.fanin != CONSTANT_ZERO).sum())
    inputs = int(live(netlist)[1 : netlist.first_gate].sum())
    return netlist.n_gates, pins, inputs, int(levels(netlist)[netlist.fanin].sum())
