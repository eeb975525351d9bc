"""A certificate, line by line: every step is checked before anything rests on it.

The lines are described in ``docs/certificate.md``. The functions of the certificate are looked up
in the same graph as those of the model and of the Verilog, so that what it proves about its gates
holds for theirs where they are the same gates; nothing else connects them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from .clauses import Clauses, Hint
from .graph import FALSE, TRUE, CheckError, Graph
from .meaning import Sum, network_outputs, scores_of
from .model import Model
from .scores import Rounds, Score, is_sum, range_facts

_NUMBER = re.compile(r"[0-9]{1,9}")
_SIGNED = re.compile(r"-?[0-9]{1,12}")
_TABLE = re.compile(r"[0-9a-f]{1,16}")


class Replay:
    """The state of a certificate that is being read.

    Attributes:
        graph: all functions.
        x: literals of the bits of port ``x``.
        shifted: whether something is taken off all scores.
        scores: those of the classes so far.
        rounds: how the winner is found.
    """

    def __init__(self, model: Model) -> None:
        self.graph = Graph()
        self.x = self.graph.add_inputs(sum(model.width))
        self.shifted = False
        self.scores: list[Score] = []
        self.rounds: Rounds = []
        self._model = model
        self._clauses = Clauses(self.graph)
        self._node = [FALSE, *self.x]  # literal of every node of the certificate
        self._sums: list[Sum] | None = None
        self._steps: Mapping[str, Callable[[list[str]], None]] = {
            "gate": self._gate,
            "clause": self._clause,
            "equal": self._equal,
            "shift": self._shift,
            "score": self._score,
            "round": self._round,
        }

    def step(self, line: str) -> None:
        """Check one line.

        Raises:
            CheckError: if it is none, or does not follow.
        """
        word, *words = line.split(" ")
        if word not in self._steps:
            raise CheckError(f"{word[:20]!r} is no step")
        self._steps[word](words)

    @property
    def is_complete(self) -> bool:
        """Whether all scores that the model has are there."""
        return self._model.head is None or len(self.scores) == len(self._model.head.bias)

    def _literal(self, word: str) -> int:
        number = number_in(word)
        if number >> 1 >= len(self._node):
            raise CheckError(f"there is no node {number >> 1} yet")
        return self._node[number >> 1] ^ (number & 1)

    def _own_node(self, word: str) -> int:
        """The node of the graph that a node of the certificate is, or is the complement of."""
        number = number_in(word)
        if number >= len(self._node):
            raise CheckError(f"there is no node {number} yet")
        return self._node[number] >> 1

    def _gate(self, words: list[str]) -> None:
        """``gate TABLE PIN ...``: the next node."""
        if not 1 <= len(words) <= 7 or not _TABLE.fullmatch(words[0]):
            raise CheckError("no gate")
        table = int(words[0], 16)
        if table >> (1 << len(words) - 1):
            raise CheckError("a truth table has too many bits")
        pins = [self._literal(word) for word in words[1:]]
        self._node.append(self.graph.gate_itself(table, pins))

    def _clause(self, words: list[str]) -> None:
        """``clause LITERAL ... : HINT ...``: the next clause."""
        before, after = _parted(words)
        clause = tuple(self._literal(word) for word in before)
        self._clauses.prove(clause, [self._hint(word) for word in after])

    def _hint(self, word: str) -> Hint:
        if word.startswith("c"):
            return Hint(True, number_in(word[1:]))
        return Hint(False, self._own_node(word))

    def _equal(self, words: list[str]) -> None:
        """``equal LITERAL LITERAL``: each implies the other by the two clauses before."""
        if len(words) != 2:
            raise CheckError("two literals are needed")
        one, other = (self._literal(word) for word in words)
        needed = {frozenset([one ^ 1, other]), frozenset([one, other ^ 1])}
        proven = {frozenset(clause) - {FALSE} for clause in self._clauses.last(2)}
        if not {clause - {FALSE} for clause in needed if TRUE not in clause} <= proven:
            raise CheckError("that is not what the clauses before say")
        self.graph.merge(one >> 1, other ^ (one & 1))

    def _shift(self, words: list[str]) -> None:
        """``shift CONSTANT COEFFICIENT*LITERAL ...``: what is taken off every score.

        The decision and the margin stay what they are.
        """
        sums = self._sums_of_head()
        if self.shifted or self.scores or not words:
            raise CheckError("there is one shift, and it comes before the scores")
        terms = [word.split("*") for word in words[1:]]
        if not all(len(term) == 2 for term in terms):
            raise CheckError("no sum")
        pairs = tuple((self._literal(literal), _signed(value)) for value, literal in terms)
        shift = Sum(_signed(words[0]), pairs)
        self._sums = [item.minus(shift) for item in sums]
        self.shifted = True

    def _score(self, words: list[str]) -> None:
        """``score KIND BIT ... : NODE ...``: bits of the next class's score, and the proof."""
        sums = self._sums_of_head()
        if len(self.scores) == len(sums):
            raise CheckError("more scores than classes")
        before, after = _parted(words)
        wanted = sums[len(self.scores)]
        bits = tuple(self._literal(word) for word in before[1:])
        score = Score(before[0] if before else "", bits, *wanted.bounds(self.graph))
        is_sum(self.graph, score, wanted, [self._own_node(word) for word in after])
        missing = self.graph.add_inputs(score.n_missing)
        self._node += missing
        self.scores.append(score.with_bits(missing))
        if self.is_complete:
            for literal in range_facts(self.graph, self.scores):
                self._clauses.assert_true(literal)

    def _sums_of_head(self) -> list[Sum]:
        if self._model.head is None:
            raise CheckError("the model has no scores")
        if self._sums is None:
            outputs = network_outputs(self.graph, self._model, self.x)
            self._sums = scores_of(self._model.head, outputs)
        return self._sums

    def _round(self, words: list[str]) -> None:
        """``round SIZE ...``: groups of neighbours that meet on the way to the winner."""
        self.rounds.append([number_in(word) for word in words])


def number_in(word: str) -> int:
    """A number that is not negative.

    Raises:
        CheckError: if the word is none.
    """
    if not _NUMBER.fullmatch(word):
        raise CheckError(f"{word[:20]!r} is no number")
    return int(word)


def _signed(word: str) -> int:
    if not _SIGNED.fullmatch(word):
        raise CheckError(f"{word[:20]!r} is no number")
    return int(word)


def _parted(words: list[str]) -> tuple[list[str], list[str]]:
    """What is before and behind the colon."""
    if ":" not in words:
        raise CheckError("there is no ':'")
    at = words.index(":")
    return words[:at], words[at + 1 :]
