"""The decision: the index is that of the highest score, and of equal scores the lowest.

The scores' bits are free variables here, with each score in its range. The claim is compared with
knockouts of two, in which the earlier class wins a draw: whoever meets whom, the winner of a run of
neighbouring classes is its first highest score, because "higher, or as high and earlier" is an
order. So any knockout is as good, and one is taken that shares winners with the circuit: then the
proof goes from winner to winner.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir import packed
from lgn2hdl.ir.netlist import Netlist, evaluate
from lgn2hdl.verify.proofs.replay import with_every_node
from lgn2hdl.verify.sat.deadline import Deadline
from lgn2hdl.verify.sat.graph import FALSE, TRUE, Literals
from lgn2hdl.verify.sat.sweep import SHARE, Builder, Effort, Sweeper

PATTERN_WORDS = 32

GREATER_OR_BELOW = 0b10110010
"""Pins a, b, below: ``a > b``, or ``a == b`` and below."""

DIFFERENCE = 0b01101001
"""Pins a, b, enough: a bit of ``a - b``, where what is below needs no borrow if enough is 1."""

AND = 0b1000

CHOOSE = 0b11001010
"""Pins b, a, choice: a if the choice is 1, else b."""

Bools = npt.NDArray[np.bool_]

Rounds = tuple[tuple[int, ...], ...]
"""Sizes of the groups of every round, in the order of the players."""

EFFORT = Effort(20000)
"""For the circuit's gates, each of which should be a winner's bit, or close to one."""

CONSTANT_FALSE, CONSTANT_TRUE = -1, -2
"""What stands for a variable where a score's bit never changes."""


@dataclass(frozen=True)
class Score:
    """The bits of a score, and what it can be.

    Attributes:
        bits: position among the variables of each bit, least significant first; or
            :data:`CONSTANT_FALSE` or :data:`CONSTANT_TRUE`.
        low, high: lowest and highest value.
        signed: whether the highest bit counts negative.
    """

    bits: tuple[int, ...]
    low: int
    high: int
    signed: bool


def score_values(scores: Sequence[Score], variables: Bools) -> npt.NDArray[np.int64]:
    """Values ``i64[C, N]`` of scores for variables ``bool[n, N]``."""
    n_samples = variables.shape[1]
    ones = np.ones(n_samples, np.int64)
    rows = [*variables.astype(np.int64), ones, 0 * ones]  # (from the end: 0, then 1)
    values = np.zeros((len(scores), n_samples), np.int64)
    for number, score in enumerate(scores):
        for place, bit in enumerate(score.bits):
            negative = score.signed and place == len(score.bits) - 1
            values[number] += (-rows[bit] if negative else rows[bit]) << place
    return values


def _patterns(scores: Sequence[Score], n_variables: int, rng: np.random.Generator) -> Bools:
    """Variables ``bool[n, N]`` for which all scores are in range: far apart, near, and equal."""
    number = 64 * PATTERN_WORDS
    low = np.array([score.low for score in scores])[:, None]
    high = np.array([score.high for score in scores])[:, None]
    wish = rng.integers(low, high + 1, (len(scores), number))
    top = rng.integers(low.max(), max(int(high.max()), int(low.max())) + 1, number)
    near = rng.random((len(scores), number)) < rng.choice([0.0, 0.4, 0.9], number)
    wish = np.where(near, np.clip(top - rng.integers(0, 3, wish.shape), low, high), wish)
    variables = np.zeros((n_variables, number), np.bool_)
    for score, values in zip(scores, wish, strict=True):
        for place, bit in enumerate(score.bits):
            if bit >= 0:
                variables[bit] = values >> place & 1
    got = score_values(scores, variables)
    valid = np.flatnonzero(((got >= low) & (got <= high)).all(axis=0))
    return variables[:, valid[np.arange(number) % len(valid)]] if len(valid) else variables[:, :0]


@dataclass(frozen=True, eq=False)
class Players:
    """Literals of scores and of class indices, least significant bit first.

    Attributes:
        score: unsigned, ``i64[n, bits]``.
        index: ``i64[n, width]``.
    """

    score: Literals
    index: Literals

    def at(self, places: npt.NDArray[np.intp]) -> Players:
        """Some of them."""
        return Players(self.score[places], self.index[places])


def players_of(scores: Literals, width: int) -> Players:
    """All classes; the index of each is a constant of so many bits."""
    number = np.arange(len(scores))[:, None]
    return Players(scores, np.where(number >> np.arange(width) & 1, TRUE, FALSE))


def knockout(sweeper: Builder, players: Players, rounds: Rounds = ()) -> Players:
    """The first player with the highest score, alone.

    Args:
        sweeper: where the scores are.
        players: in the order of their index.
        rounds: sizes of the groups of neighbours that meet in every round; whoever is left after
            the last one meets in one group.
    """
    left = players
    for sizes in rounds:
        left = _round(sweeper, left, sizes)
    return _round(sweeper, left, (len(left.score),))


def _round(sweeper: Builder, players: Players, sizes: Sequence[int]) -> Players:
    """The winner of each group; in all groups at a time, the next one meets the best so far."""
    size = np.array(sizes)
    start = np.cumsum(size) - size
    best = players.at(start)
    for place in range(1, int(size.max())):
        playing = np.flatnonzero(size > place)
        won = _winners(sweeper, best.at(playing), players.at(start[playing] + place))
        score, index = best.score.copy(), best.index.copy()
        score[playing], index[playing] = won.score, won.index
        best = Players(score, index)
    return best


def _winners(sweeper: Builder, first: Players, other: Players) -> Players:
    """The better one of each pair; the first one in a draw."""
    wins = at_least(sweeper, first.score, other.score)
    pins = [np.concatenate([item.score, item.index], axis=1) for item in (other, first)]
    pins.append(np.broadcast_to(wins[:, None], pins[0].shape))
    made = _gates(sweeper, CHOOSE, *pins, effort=EFFORT)
    return Players(made[:, : first.score.shape[1]], made[:, first.score.shape[1] :])


def margin(sweeper: Builder, players: Players, winner: Players, rounds: Rounds) -> Literals:
    """Literals ``i64[bits]`` of the winner's score less the highest score of all others."""
    hit = np.full(len(players.score), TRUE)
    for bit, digit in zip(winner.index[0].tolist(), players.index.T, strict=True):
        hit = _gates(sweeper, AND, bit ^ digit ^ 1, hit)
    away = np.broadcast_to(hit[:, None] ^ 1, players.score.shape)
    rest = _gates(sweeper, AND, players.score, away, effort=EFFORT)
    second = knockout(sweeper, Players(rest, players.index[:, :0]), rounds)
    bits, enough = [], np.array([TRUE])
    for a, b in zip(winner.score.T, second.score.T, strict=True):
        bits.append(_gates(sweeper, DIFFERENCE, a, b, enough, effort=EFFORT))
        enough = _gates(sweeper, GREATER_OR_BELOW, a, b, enough)
    return np.concatenate(bits)


def at_least(sweeper: Builder, a: Literals, b: Literals) -> Literals:
    """Literals ``i64[n]`` of ``a >= b``, unsigned, for literals of bits ``i64[n, bits]``."""
    below = np.full(len(a), TRUE)
    for x, y in zip(a.T, b.T, strict=True):
        below = _gates(sweeper, GREATER_OR_BELOW, x, y, below)
    return below


def _gates(sweeper: Builder, table: int, *pins: Literals, effort: Effort = SHARE) -> Literals:
    """Literals of the same function of many pins, arrays of one shape."""
    columns = np.stack([np.asarray(pin).ravel() for pin in pins], axis=1)
    tables = np.full(len(columns), table, np.uint8)
    return sweeper.add(columns, tables, effort).reshape(np.shape(pins[0]))


def unsigned_bits(scores: Sequence[Score], known: Sequence[int]) -> Literals:
    """Literals ``i64[C, bits]`` of every score plus the same number, so that none is negative.

    Args:
        scores: the scores.
        known: literals of the variables, then of constant 1 and constant 0.
    """
    width = max(len(score.bits) for score in scores) + 1
    result = []
    for score in scores:
        bits = [known[bit] for bit in score.bits]
        extension = bits[-1] if score.signed and bits else FALSE
        bits += [extension] * (width - len(bits))
        result.append([*bits[:-1], bits[-1] ^ 1])
    return np.array(result, np.int64)


@dataclass(frozen=True)
class Answer:
    """What came out of :func:`prove_argmax`.

    Attributes:
        holds: whether the index is right; None if that was not found out.
        scores: scores for which it is not.
    """

    holds: bool | None
    scores: tuple[int, ...] = ()


def prove_argmax(
    netlist: Netlist,
    inputs: Sequence[int],
    scores: Sequence[Score],
    n_variables: int,
    class_width: int,
    deadline: Deadline,
) -> Answer:
    """Prove that a netlist gives the index of the first highest score, and perhaps the margin.

    Args:
        netlist: its outputs are the bits of the index, then those of the difference of the two
            highest scores if there are more.
        inputs: variable of each of its inputs, or a constant.
        scores: bits and ranges.
        n_variables: number of variables.
        class_width: bits of the index.
        deadline: when to give up.
    """
    match = match_of(netlist, inputs, scores, n_variables, class_width, deadline)
    answer = _compared(match.sweeper, match.made, match.claimed, scores)
    match.sweeper.require_possible()
    match.sweeper.close()
    return answer


@dataclass(frozen=True, eq=False)
class Match:
    """A netlist beside a knockout, in one graph of which the scores' bits are the inputs.

    Attributes:
        sweeper: the graph.
        rounds: the knockout's rounds.
        made: literals of the netlist's outputs.
        claimed: literals of what they should be.
    """

    sweeper: Sweeper
    rounds: Rounds
    made: Literals
    claimed: Literals


def match_of(
    netlist: Netlist,
    inputs: Sequence[int],
    scores: Sequence[Score],
    n_variables: int,
    class_width: int,
    deadline: Deadline,
) -> Match:
    """What :func:`prove_argmax` compares; the arguments are the same."""
    patterns = _patterns(scores, n_variables, np.random.default_rng(0))
    if not patterns.shape[1]:
        raise ValueError("no values of the scores' bits keep to the ranges")
    sweeper = Sweeper(packed.pack(patterns), deadline)
    known = [*sweeper.inputs.tolist(), TRUE, FALSE]
    literals = np.array([known[variable] for variable in inputs], np.int64)
    rounds = _likely_rounds(netlist, patterns, inputs, scores)
    bits = unsigned_bits(scores, known)
    _keep_in_range(sweeper, scores, bits)
    width = len(netlist.outputs) - class_width
    claimed = decision(sweeper, players_of(bits, class_width), rounds, width)
    made = sweeper.add_netlist(netlist, literals, EFFORT)[netlist.outputs]
    return Match(sweeper, rounds, made, claimed)


def decision(sweeper: Builder, players: Players, rounds: Rounds, margin_width: int) -> Literals:
    """Literals of the index of who wins, and of so many bits of the margin."""
    winner = knockout(sweeper, players, rounds)
    if not margin_width:
        return winner.index[0]
    difference = margin(sweeper, players, winner, rounds)
    return np.concatenate([winner.index[0], as_wide(difference, margin_width)])


def as_wide(bits: Literals, width: int) -> Literals:
    """The lowest bits of a margin, which needs no more; zeros above where there are too few."""
    return np.concatenate([bits, np.full(width, FALSE)])[:width]


def _compared(
    sweeper: Sweeper, made: Literals, claimed: Literals, scores: Sequence[Score]
) -> Answer:
    answers = []
    for one, other in zip(made.tolist(), claimed.tolist(), strict=True):
        answers.append(sweeper.equal(one, other))
        if answers[-1] is False:
            pattern = sweeper.differing_pattern(one, other)
            assert pattern is not None
            return Answer(False, tuple(score_values(scores, pattern[:, None])[:, 0].tolist()))
    return Answer(None if None in answers else True)


def _likely_rounds(
    netlist: Netlist,
    patterns: Bools,
    inputs: Sequence[int],
    scores: Sequence[Score],
) -> Rounds:
    """The rounds of whose winners the netlist has the most bits, in simulation.

    Only how long the proof takes depends on it.
    """
    n_patterns = patterns.shape[1]
    rows = [*patterns, np.ones(n_patterns, np.bool_), np.zeros(n_patterns, np.bool_)]
    given = np.array([rows[variable] for variable in inputs], np.bool_).reshape(-1, n_patterns)
    values = evaluate(with_every_node(netlist), packed.pack(given))
    present = {min(row.tobytes(), (~row).tobytes()) for row in values}
    totals = score_values(scores, patterns)
    return max(_candidates(len(scores)), key=lambda rounds: _shared(rounds, totals, present))


def _candidates(n_players: int) -> list[Rounds]:
    """Rounds of groups of two to four: full ones and a rest, or of nearly equal size."""
    found: list[Rounds] = [()]
    for size, spread in product((2, 3, 4), (False, True)):
        rounds, left = [], n_players
        while left > 4:
            number = -(-left // size)
            groups = [size] * (left // size) + [left % size] * bool(left % size)
            if spread:
                groups = [left // number + (place < left % number) for place in range(number)]
            rounds.append(tuple(groups))
            left = number
            found.append(tuple(rounds))
    return found


def _shared(rounds: Rounds, totals: npt.NDArray[np.int64], present: set[bytes]) -> int:
    """Bits of winners' scores that are there."""
    count, left = 0, totals
    for groups in rounds:
        starts = np.cumsum(groups) - np.array(groups)
        left = np.maximum.reduceat(left, starts, axis=0)
        for row in left[np.array(groups) > 1]:
            bits = packed.pack((row >> np.arange(_digits(totals))[:, None] & 1).astype(np.bool_))
            count += sum(min(bit.tobytes(), (~bit).tobytes()) in present for bit in bits)
    return count


def _digits(totals: npt.NDArray[np.int64]) -> int:
    return int(np.abs(totals).max(initial=1)).bit_length()


def _keep_in_range(sweeper: Builder, scores: Sequence[Score], bits: Literals) -> None:
    """Demand that no score is lower or higher than it can be."""
    for literal in range_facts(sweeper, scores, bits).ravel().tolist():
        if literal > TRUE:
            sweeper.require([literal])


def range_facts(sweeper: Builder, scores: Sequence[Score], bits: Literals) -> Literals:
    """Literals ``i64[C, 2]``: no score is lower than it can be, none is higher.

    Args:
        sweeper: where the bits are.
        scores: ranges.
        bits: what :func:`unsigned_bits` gives.
    """
    places = np.arange(bits.shape[1])
    offset = 1 << bits.shape[1] - 1
    low, high = (
        np.array([number + offset for number in numbers])[:, None] >> places & 1
        for numbers in ([score.low for score in scores], [score.high for score in scores])
    )
    facts = at_least(sweeper, bits, low), at_least(sweeper, high, bits)
    return np.stack(facts, axis=1)
