"""What has to be computed, as the model file says it, in gates and sums over the bits of ``x``.

Feature 0 has the lowest bits of ``x``, each feature its least significant bit first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .graph import AND, FALSE, OR, TRUE, CheckError, Graph
from .model import Head, Model

GREATER_OR_BELOW = 0b10110010
"""Pins a, b, below: ``a > b``, or ``a == b`` and below."""

CHOOSE = 0b11001010
"""Pins b, a, choice: a if the choice is 1, else b."""

DIFFERENCE = 0b01101001
"""Pins a, b, enough: a bit of ``a - b``, where what is below needs no borrow if enough is 1."""

Bits = list[int]
"""Literals of a number, the least significant first."""


def network_outputs(graph: Graph, model: Model, x: Sequence[int]) -> Bits:
    """Literals of the last layer's nodes."""
    start, starts = 0, []
    for width in model.width:
        starts.append(start)
        start += width
    bits = []
    for feature, threshold in zip(model.feature, model.threshold, strict=True):
        width, start = model.width[feature], starts[feature]
        bits.append(_reaches(graph, x[start : start + width], threshold))
    for layer in model.layers:
        bits = [
            graph.gate(table, *(bits[pin] for pin in pins))
            for pins, table in zip(layer.fan_in, layer.table, strict=True)
        ]
    return bits


def _reaches(graph: Graph, digits: Sequence[int], threshold: int) -> int:
    """``number >= threshold``; where the threshold has a 1, digit and rest must do, else either."""
    if threshold >> len(digits):
        return FALSE
    result = TRUE
    for place, digit in enumerate(digits):
        result = graph.gate(AND if threshold >> place & 1 else OR, digit, result)
    return result


@dataclass(frozen=True)
class Sum:
    """A constant plus coefficients times literals that may be complements."""

    constant: int
    terms: tuple[tuple[int, int], ...]

    def minus(self, other: Sum) -> Sum:
        """The difference."""
        negative = tuple((literal, -value) for literal, value in other.terms)
        return Sum(self.constant - other.constant, self.terms + negative)

    def bounds(self, graph: Graph) -> tuple[int, int]:
        """Numbers that all values lie between; terms of the same node are added first."""
        constant, total = self.constant, dict[int, int]()
        for literal, value in self.terms:
            literal = graph.now(literal)
            if literal & 1:
                constant, value = constant + value, -value
            if literal >> 1:
                total[literal >> 1] = total.get(literal >> 1, 0) + value
        low = sum(value for value in total.values() if value < 0)
        return constant + low, constant + sum(value for value in total.values() if value > 0)


def scores_of(head: Head, outputs: Bits) -> list[Sum]:
    """The score of every class: its constant part, and the weights of its outputs that are 1."""
    terms: list[list[tuple[int, int]]] = [[] for _ in head.bias]
    for number, literal, weight in zip(head.class_of, outputs, head.weight, strict=True):
        terms[number].append((literal, weight))
    return [Sum(bias, tuple(row)) for bias, row in zip(head.bias, terms, strict=True)]


def at_least(graph: Graph, a: Bits, b: Bits) -> int:
    """``a >= b`` for numbers without a sign of the same number of bits."""
    below = TRUE
    for one, other in zip(a, b, strict=True):
        below = graph.gate(GREATER_OR_BELOW, one, other, below)
    return below


def constant_bits(value: int, width: int) -> Bits:
    """Literals of a number that is not negative."""
    return [TRUE if value >> place & 1 else FALSE for place in range(width)]


@dataclass(frozen=True)
class Player:
    """A score without a sign, and the index of the class that has it."""

    score: Bits
    index: Bits


def knockout(graph: Graph, players: list[Player], rounds: Sequence[Sequence[int]]) -> Player:
    """The first player with the highest score.

    "Higher, or as high and earlier" is an order, so it does not matter who meets whom as long as
    groups are neighbours and the earlier one wins a draw.

    Args:
        graph: where the scores are.
        players: in the order of their index.
        rounds: sizes of the groups that meet in every round; the rest meets in one group.
    """
    for sizes in rounds:
        if not sizes or min(sizes) < 1 or sum(sizes) != len(players):
            raise CheckError(f"a round of {sum(sizes)} where {len(players)} are left")
        left, players = players, []
        for size in sizes:
            players.append(_winner(graph, left[:size]))
            left = left[size:]
    return _winner(graph, players)


def _winner(graph: Graph, group: list[Player]) -> Player:
    best = group[0]
    for other in group[1:]:
        wins = at_least(graph, best.score, other.score)
        score = _chosen(graph, other.score, best.score, wins)
        best = Player(score, _chosen(graph, other.index, best.index, wins))
    return best


def _chosen(graph: Graph, no: Bits, yes: Bits, choice: int) -> Bits:
    return [graph.gate(CHOOSE, b, a, choice) for b, a in zip(no, yes, strict=True)]


def margin(
    graph: Graph, players: list[Player], winner: Player, rounds: Sequence[Sequence[int]]
) -> Bits:
    """The winner's score less the highest score of all others; no score is below 0 here."""
    rest = []
    for player in players:
        hit = TRUE
        for bit, digit in zip(winner.index, player.index, strict=True):
            hit = graph.gate(AND, bit ^ digit ^ 1, hit)
        rest.append(Player([graph.gate(AND, bit, hit ^ 1) for bit in player.score], []))
    second = knockout(graph, rest, rounds)
    difference, enough = [], TRUE
    for a, b in zip(winner.score, second.score, strict=True):
        difference.append(graph.gate(DIFFERENCE, a, b, enough))
        enough = graph.gate(GREATER_OR_BELOW, a, b, enough)
    return difference
