"""Scores: that bits are the number that a class has, and what follows for the winner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .graph import FALSE, CheckError, Graph
from .meaning import Player, Sum, at_least, constant_bits
from .polynomial import Polynomial

MOST_BITS = 64

Rounds = list[list[int]]


@dataclass(frozen=True)
class Score:
    """A number and the bits that are known of it.

    Attributes:
        kind: ``unsigned``; ``signed``, two's complement; or ``open``, two's complement of which
            only the lowest bits need a gate.
        bits: literals of the lowest bits, without copies of the sign or zeros above them.
        low, high: numbers that it lies between.
        above: literals of the other bits of an open number: nodes that stand for them.
    """

    kind: str
    bits: tuple[int, ...]
    low: int
    high: int
    above: tuple[int, ...] = ()

    @property
    def n_missing(self) -> int:
        """Bits that an open number has besides those that are known."""
        if self.kind != "open":
            return 0
        lengths = [(end if end >= 0 else ~end).bit_length() for end in (self.low, self.high)]
        return max(len(self.bits), *lengths) + 1 - len(self.bits)

    def with_bits(self, above: Sequence[int]) -> Score:
        """The same with literals for the bits above the known ones."""
        return replace(self, above=tuple(above))

    @property
    def all_bits(self) -> tuple[int, ...]:
        """Literals of all bits."""
        return self.bits + self.above

    @property
    def sign(self) -> int:
        """Literal of whatever is above the highest bit."""
        return FALSE if self.kind == "unsigned" or not self.all_bits else self.all_bits[-1]

    def check_room(self) -> None:
        """The bits must have room for all numbers that the score may be.

        Raises:
            CheckError: if they have not.
        """
        size = 1 << len(self.bits)
        rooms = {
            "unsigned": (0, size - 1),
            "signed": (-(size >> 1), (size >> 1) - 1),
            "open": (self.low, self.high),
        }
        if self.kind not in rooms or len(self.bits) > MOST_BITS:
            raise CheckError(f"a score of kind {self.kind[:20]!r} and {len(self.bits)} bits")
        low, high = rooms[self.kind]
        if not low <= self.low <= self.high <= high:
            raise CheckError(f"a score of {self.low} to {self.high} in {len(self.bits)} bits")


def is_sum(graph: Graph, score: Score, wanted: Sum, nodes: Sequence[int]) -> None:
    """Check that a score is a sum, modulo a power of two, and has room for it.

    Args:
        graph: where its bits are.
        score: the score.
        wanted: the sum.
        nodes: whose gates are put in their places, in this order, until nothing is left.

    Raises:
        CheckError: if something is left.
    """
    score.check_room()
    polynomial = Polynomial(graph, len(score.bits))
    for place, literal in enumerate(score.bits):
        polynomial.add_literal(literal, 1 << place)
    polynomial.add_constant(-wanted.constant)
    for literal, value in wanted.terms:
        polynomial.add_literal(literal, -value)
    for node in nodes:
        polynomial.rewrite(node)
    if not polynomial.is_zero:
        raise CheckError("the bits are not shown to be the score of the class")


def comparable(scores: Sequence[Score]) -> list[list[int]]:
    """Bits of every score plus the same number, so that they compare as numbers without a sign.

    That number is half the range of as many bits as the longest score has and one more.
    """
    width = 1 + max(len(score.all_bits) for score in scores)
    found = []
    for score in scores:
        bits = [*score.all_bits, *[score.sign] * (width - len(score.all_bits))]
        found.append([*bits[:-1], bits[-1] ^ 1])
    return found


def range_facts(graph: Graph, scores: Sequence[Score]) -> list[int]:
    """Literals that are true: no score is below its lowest value, none above its highest one."""
    facts = []
    for bits, score in zip(comparable(scores), scores, strict=True):
        offset = 1 << len(bits) - 1
        low, high = (constant_bits(end + offset, len(bits)) for end in (score.low, score.high))
        facts += [at_least(graph, bits, low), at_least(graph, high, bits)]
    return facts


def players_of(scores: Sequence[Score]) -> list[Player]:
    """The classes with their scores and numbers."""
    width = (len(scores) - 1).bit_length()
    return [
        Player(bits, constant_bits(number, width)) for number, bits in enumerate(comparable(scores))
    ]
