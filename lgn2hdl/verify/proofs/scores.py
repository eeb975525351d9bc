"""The popcount: every score is the sum that the head says, of the network's own outputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir.netlist import CONSTANT_ZERO, Ids, Netlist, levels
from lgn2hdl.model.heads.group_sum import GroupSum
from lgn2hdl.verify.proofs.argmax import CONSTANT_FALSE, CONSTANT_TRUE, Score
from lgn2hdl.verify.sat.graph import FALSE, TRUE, Literals
from lgn2hdl.verify.sat.polynomial import rewritten

MISSING = -1
"""Node of a score's bit that the circuit does not have."""


class NoProofError(Exception):
    """What was to be proved could not be, and why."""


@dataclass(frozen=True)
class Linear:
    """``constant`` plus integer coefficients times bits; a bit is a node of the sweeper's graph."""

    constant: int
    coefficients: Mapping[int, int]

    @property
    def bounds(self) -> tuple[int, int]:
        """Values that lie between which all values are."""
        values = self.coefficients.values()
        low = self.constant + sum(value for value in values if value < 0)
        return low, self.constant + sum(value for value in values if value > 0)

    def minus(self, other: Linear) -> Linear:
        """The difference."""
        total = dict(self.coefficients)
        for node, value in other.coefficients.items():
            total[node] = total.get(node, 0) - value
        kept = {node: value for node, value in total.items() if value}
        return Linear(self.constant - other.constant, kept)

    def is_zero(self, modulus: int) -> bool:
        """Whether all of it is a multiple of the modulus."""
        values = [self.constant, *self.coefficients.values()]
        return not any(value % modulus for value in values)


def linear(constant: int, terms: Sequence[tuple[int, int]]) -> Linear:
    """A constant plus literals times coefficients: a complement counts ``1 - bit``."""
    total: dict[int, int] = {}
    for literal, value in terms:
        if literal & 1:
            constant, value = constant + value, -value
        if literal >> 1:
            total[literal >> 1] = total.get(literal >> 1, 0) + value
    return Linear(constant, {node: value for node, value in total.items() if value})


def head_sums(head: GroupSum, outputs: Literals) -> list[Linear]:
    """The score of every class by definition, over the literals of the network's outputs."""
    literals, weights = outputs.tolist(), head.weight.astype(np.int64).tolist()
    terms: list[list[tuple[int, int]]] = [[] for _ in range(head.n_classes)]
    for index, literal, weight in zip(head.class_of.tolist(), literals, weights, strict=True):
        terms[index].append((literal, weight))
    return [linear(int(bias), row) for bias, row in zip(head.bias, terms, strict=True)]


@dataclass(frozen=True, eq=False)
class Adders:
    """A netlist whose scores are looked at.

    Attributes:
        netlist: the gates.
        literals: literal of every node in the sweeper's graph.
        inside: nodes that are expanded: those behind the core, and constants.
        bits: nodes of every class's score, least significant first; :data:`MISSING` where there is
            none because nothing reads it.
        signed: whether scores are two's complement numbers.
        lows: lowest value that each score is said to have; a hint where scores are not exact.
    """

    netlist: Netlist
    literals: Literals
    inside: npt.NDArray[np.bool_]
    bits: tuple[tuple[int, ...], ...]
    signed: bool
    lows: tuple[int, ...]


@dataclass(frozen=True)
class _Bits:
    """What there is of a score.

    Attributes:
        own: nodes of the lowest bits, without copies of the sign or zeros above them.
        signed: whether the last one counts negative.
        complete: whether these bits are all of the score.
        gaps: whether bits are missing below others.
        total: the sum of the core's signals that the bits are, modulo ``2**len(own)``.
    """

    own: tuple[int, ...]
    signed: bool
    complete: bool
    gaps: bool
    total: Linear

    @property
    def modulus(self) -> int:
        """What the sum is known modulo."""
        return 1 << len(self.own)

    def holds(self, low: int, high: int) -> bool:
        """Whether the bits have room for all numbers from low to high."""
        first = -(self.modulus >> 1) if self.signed else 0
        return not self.complete or first <= low <= high < first + self.modulus


@dataclass(frozen=True)
class Proven:
    """What the scores have been proven to be.

    Attributes:
        scores: bits and range of every score, for the argmax.
        variable: position of every node that is a bit of a score, among the scores' variables, or
            a constant.
        n_variables: number of the variables; bits that no node has are variables, too.
        sums: what the scores are, by the nodes of the sweeper's graph.
        own: the netlist's nodes that are each score's lowest bits.
    """

    scores: tuple[Score, ...]
    variable: Mapping[int, int]
    n_variables: int
    sums: tuple[Linear, ...] = ()
    own: tuple[tuple[int, ...], ...] = ()


def prove_scores(adders: Adders, sums: Sequence[Linear], *, exact: bool) -> Proven:
    """Prove that the scores are these sums, or lead to the same decision.

    Scores that do not leave the hardware may all differ from the sums by the same amount, whatever
    that is for a sample; and the circuit has only those of their bits that the decision needs.

    Args:
        adders: the netlist.
        sums: what the head says, see :func:`head_sums`.
        exact: whether the scores themselves must be right.

    Raises:
        NoProofError: if the rewriting does not end with the sums.
    """
    level = levels(adders.netlist)
    found = [_bits(adders, level, number) for number in range(len(sums))]
    if exact:
        return _proven(adders, found, sums)
    error = NoProofError("no score has bits to compare")
    for wanted in _shifted(adders, found, sums):
        try:
            return _proven(adders, found, wanted)
        except NoProofError as reason:
            error = reason
    raise error


def _proven(adders: Adders, found: Sequence[_Bits], wanted: Sequence[Linear]) -> Proven:
    """Compare what the bits are with what they should be."""
    for number, (bits, value) in enumerate(zip(found, wanted, strict=True)):
        if bits.gaps:
            raise NoProofError(f"the circuit lacks low bits of the score of class {number}")
        if not bits.total.minus(value).is_zero(bits.modulus):
            what = _first_difference(bits, value)
            raise NoProofError(f"the score of class {number} is another sum: {what}")
        if not bits.holds(*value.bounds):
            raise NoProofError(f"the score of class {number} may not fit into its bits")
    places: dict[int, int] = {}
    variable: dict[int, int] = {}
    for bits, nodes in zip(found, adders.bits, strict=True):
        _name_variables(adders, bits, nodes, variable, places)
    count, scores = len(places), []
    for bits, value in zip(found, wanted, strict=True):
        scores.append(_score(bits, value, variable, count))
        count = max([count, *(1 + place for place in scores[-1].bits)])
    own = tuple(bits.own for bits in found)
    return Proven(tuple(scores), variable, count, tuple(wanted), own)


def _bits(adders: Adders, level: Ids, number: int) -> _Bits:
    """The bits of a class's score, and the sum that they are."""
    own, signed, complete = _own_bits(adders, number)
    if MISSING in own:
        return _Bits(own, signed, complete, True, Linear(0, {}))
    weights = [(node, 1 << place) for place, node in enumerate(own)]
    total = rewritten(adders.netlist, level, adders.inside, weights, len(own))
    if total is None:
        raise NoProofError(f"the score of class {number} is no sum of the core's outputs")
    terms = [(int(adders.literals[node]), value) for node, value in total.coefficients.items()]
    return _Bits(own, signed, complete, False, linear(total.constant, terms))


def _own_bits(adders: Adders, number: int) -> tuple[tuple[int, ...], bool, bool]:
    """The bits without the copies of the sign, or the zeros, on top; if signed; if complete."""
    own = list(adders.bits[number])
    while own and own[-1] == MISSING:
        own.pop()
    if len(own) < len(adders.bits[number]):
        return tuple(own), False, False
    if own[-1] == CONSTANT_ZERO:
        while own and own[-1] == CONSTANT_ZERO:
            own.pop()
        return tuple(own), False, True
    while adders.signed and own[-2:-1] == own[-1:]:
        own.pop()
    return tuple(own), adders.signed, True


def _shifted(
    adders: Adders, found: Sequence[_Bits], sums: Sequence[Linear]
) -> Iterator[list[Linear]]:
    """Sums that all differ from the given ones by the same, which the scores may be.

    Any such sums will do: they decide as the given ones do. What the scores are is read off one
    that has all its bits; or nothing is off but constants.
    """
    for number, bits in enumerate(found):
        if bits.complete and not bits.gaps and bits.own:
            shift = sums[number].minus(_lifted(bits, adders.lows[number]))
            yield [item.minus(shift) for item in sums]
    for number, item in enumerate(sums):
        constant = Linear(item.bounds[0] - adders.lows[number], {})
        yield [value.minus(constant) for value in sums]


def _lifted(bits: _Bits, low: int) -> Linear:
    """An integer sum behind a sum that is known modulo a power of two, of small coefficients.

    Its lowest value is the one given, if that can be.
    """
    modulus, half = bits.modulus, bits.modulus >> 1
    choices = []
    for lowest in (1 - half, -half):  # a coefficient of half the modulus may have either sign
        centred = {
            node: (value - lowest) % modulus + lowest
            for node, value in bits.total.coefficients.items()
        }
        kept = {node: value for node, value in centred.items() if value}
        below = sum(value for value in kept.values() if value < 0)
        first = -half if bits.signed else 0
        constant = (bits.total.constant + below - first) % modulus + first - below
        if (low - below - constant) % modulus == 0:
            constant = low - below
        choices.append(Linear(constant, kept))
    return next((item for item in choices if bits.holds(*item.bounds)), choices[0])


def _first_difference(bits: _Bits, wanted: Linear) -> str:
    difference = bits.total.minus(wanted)
    wrong = sum(value % bits.modulus != 0 for value in difference.coefficients.values())
    if not wrong:
        return f"its constant part is wrong by {difference.constant % bits.modulus}"
    return f"{wrong} bits count differently"


def _name_variables(
    adders: Adders,
    bits: _Bits,
    nodes: Sequence[int],
    variable: dict[int, int],
    places: dict[int, int],
) -> None:
    """Give the nodes of a score's bits variables: equal ones the same, constants none."""
    for place, node in enumerate(nodes):
        if node == MISSING:
            continue
        if place >= len(bits.own) and not bits.signed:
            variable[node] = CONSTANT_FALSE
            continue
        literal = int(adders.literals[bits.own[min(place, len(bits.own) - 1)]])
        if literal in (FALSE, TRUE):
            variable[node] = CONSTANT_TRUE if literal == TRUE else CONSTANT_FALSE
        else:
            variable[node] = places.setdefault(literal, len(places))


def _score(bits: _Bits, value: Linear, variable: Mapping[int, int], free: int) -> Score:
    """The score for the argmax; bits that are not there are variables that nothing reads.

    Args:
        bits: what there is.
        value: what it is.
        variable: variables of the nodes.
        free: first variable that nothing has.
    """
    low, high = value.bounds
    own = tuple(variable[node] for node in bits.own)
    if bits.complete:
        return Score(own, low, high, bits.signed)
    width = max(len(own), (low if low >= 0 else ~low).bit_length(), high.bit_length()) + 1
    return Score((*own, *range(free, free + width - len(own))), low, high, True)
