"""What the parts of a proof share: the network's graph, the clock, and the verdicts so far."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from lgn2hdl.compiler.schedule import Design
from lgn2hdl.ir import packed
from lgn2hdl.ir.netlist import Netlist
from lgn2hdl.model.features import Integers
from lgn2hdl.model.network import LogicNet
from lgn2hdl.verify.proofs.reference import add_encoder, add_layers, feature_sweeper, samples_of
from lgn2hdl.verify.proofs.replay import Golden
from lgn2hdl.verify.proofs.report import Counterexample, Part, Report, Verdict
from lgn2hdl.verify.sat.deadline import Deadline
from lgn2hdl.verify.sat.graph import Literals

Progress = Callable[[str], None]
Bools = npt.NDArray[np.bool_]
Pattern = npt.NDArray[np.bool_]
"""Bits of ``x`` of one sample."""

SHOWN = 3
"""Differences that a detail names."""


class Session:
    """A proof in the making.

    Attributes:
        network: what the design must compute.
        design: the compiler's circuit and schedule.
        golden: the network's results, by simulation.
        deadline: the time limit.
        sweeper: the graph that everything is compared in.
        bits: literals of the encoder's bits, ``i64[B]``.
        outputs: literals of the last layer's nodes, ``i64[O]``.
        parts: the verdicts so far.
        counterexample: a sample that shows a difference.
        progress: called with the name of every part before it begins.
    """

    def __init__(
        self,
        network: LogicNet,
        design: Design,
        gates: Netlist | None = None,
        *,
        time_limit: float | None = None,
        progress: Progress = lambda text: None,
    ) -> None:
        self._since = time.perf_counter()
        self.network = network
        self.design = design
        self.golden = Golden(replace(design, network=network), gates)
        self.deadline = Deadline(time_limit)
        self.progress = progress
        self.parts: list[Part] = []
        self._samples: tuple[npt.NDArray[np.uint64], Integers, Bools] | None = None
        self.counterexample: Counterexample | None = None
        self.sweeper = feature_sweeper(network, self.deadline)
        self.bits: Literals = add_encoder(self.sweeper, network.features, network.encoder)
        if gates is None:
            self.outputs: Literals = add_layers(self.sweeper, network, self.bits)
        else:
            self.outputs = self.sweeper.add_netlist(gates, self.bits)[gates.outputs]

    @contextmanager
    def part(self, name: str) -> Iterator[list[tuple[Verdict, str]]]:
        """Note the verdict and detail that the block appends, and the time since the last part."""
        self.progress(name)
        found: list[tuple[Verdict, str]] = []
        yield found
        verdict, detail = found[-1]
        before, self._since = self._since, time.perf_counter()
        self.parts.append(Part(name, verdict, detail, self._since - before))

    def settle(self, name: str, verdict: Verdict, detail: str) -> None:
        """Change the verdict of a part that is there already."""
        self.parts = [
            replace(part, verdict=verdict, detail=detail) if part.name == name else part
            for part in self.parts
        ]

    def verdict_of(self, name: str) -> Verdict:
        """The verdict of a part."""
        return next(part.verdict for part in self.parts if part.name == name)

    def unequal(
        self, one: Literals, other: Literals, conflicts: int | None = None
    ) -> tuple[npt.NDArray[np.intp], Pattern | None]:
        """Places where two rows of literals are not proven equal, and a pattern that shows it.

        Args:
            one, other: literals, ``[n]``.
            conflicts: how hard to try, see :meth:`lgn2hdl.verify.sat.sweep.Sweeper.equal`.
        """
        places = np.flatnonzero(one != other)
        left = []
        for place in places.tolist():
            pair = int(one[place]), int(other[place])
            answer = self.sweeper.equal(*pair, conflicts)
            if answer is False:
                return places, self.sweeper.differing_pattern(*pair)
            if answer is None:
                left.append(place)
        return np.array(left, np.intp), None

    def search(self, name: str, netlist: Netlist, pattern: Pattern | None = None) -> bool:
        """Look for a sample for which a netlist of the bits of ``x`` gives wrong results.

        Every pattern that the sweeper knows is tried, and, around one that shows a difference
        inside, many that differ from it in few features. What is found first is noted.

        Returns:
            Whether there is one.
        """
        samples, expected = self._known_samples()
        place = self.golden.mismatch(netlist, samples, expected)
        if place is None and pattern is not None:
            samples = samples_of(self.network.features, around(pattern, self._patterns()))
            place = self.golden.mismatch(netlist, samples, self.golden.results(samples))
        if place is None:
            return False
        if self.counterexample is None:
            sample = samples[place : place + 1]
            self.counterexample = self.golden.counterexample(name, netlist, sample)
        return True

    def _patterns(self) -> npt.NDArray[np.bool_]:
        words = self.sweeper.input_patterns()
        return packed.unpack(words, 64 * words.shape[1])

    def _known_samples(self) -> tuple[Integers, Bools]:
        """Samples of all patterns, and the results that the network gives for them."""
        words = self.sweeper.input_patterns()
        if self._samples is None or not np.array_equal(self._samples[0], words):
            samples = samples_of(self.network.features, self._patterns())
            self._samples = words, samples, self.golden.results(samples)
        return self._samples[1:]

    def state(self) -> tuple[tuple[Part, ...], Counterexample | None]:
        """What is known now, to come back to."""
        return tuple(self.parts), self.counterexample

    def restore(self, known: tuple[tuple[Part, ...], Counterexample | None]) -> None:
        """Come back to what was known."""
        self.parts, self.counterexample = list(known[0]), known[1]
        self._since = time.perf_counter()

    def report(self) -> Report:
        """All that is known."""
        return Report(tuple(self.parts), self.counterexample, self.deadline.elapsed)

    def why_not(self) -> str:
        """Why something was not found out."""
        limit = self.deadline.seconds
        if limit is not None and self.deadline.passed:
            return f"the time limit of {limit:g} s is over"
        return "the solver gave up"


def around(pattern: Pattern, patterns: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """A pattern, mixed with others ``bool[n, N]``: the more of them, the more bits of theirs."""
    number = patterns.shape[1]
    share = np.linspace(0, 0.9, number)
    takes = np.random.default_rng(0).random(patterns.shape) < share
    takes[:, 0] = False
    return np.where(takes, patterns, pattern[:, None])


def named(names: Sequence[str]) -> str:
    """The first few names."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
