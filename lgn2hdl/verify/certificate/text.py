"""A draft in words, with a proof for every merge that the checker needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lgn2hdl.verify.certificate.draft import Draft
from lgn2hdl.verify.certificate.heads import Head
from lgn2hdl.verify.certificate.ledger import Merge
from lgn2hdl.verify.certificate.propagation import Hint
from lgn2hdl.verify.certificate.refutation import Fact, Lemma, Refuter
from lgn2hdl.verify.sat.deadline import Deadline

FIRST_LINE = "lgn2hdl-certificate 1"


class Document:
    """Turns a draft into lines.

    What is needed is found from the end: merges of nodes that the checker looks up, the nodes that
    their proofs mention, and what these read.
    """

    def __init__(self, draft: Draft, deadline: Deadline) -> None:
        self._draft, self._ledger = draft, draft.ledger
        self._refuter = Refuter(draft.ledger.graph, deadline)
        self._facts = self._known_facts(draft.head)
        self._needed: set[int] = set()
        self._proofs = [(merge, self._proof(merge)) for merge in self._needed_merges()]
        if draft.head is not None:
            self._require_head(draft.head)
        self._pending = sorted(self._needed, reverse=True)
        self._lines: list[str] = []
        self._number = {node: node for node in [0, *(self._ledger.inputs >> 1).tolist()]}
        self._n_clauses = self._first_fact = 0

    def lines(self) -> list[str]:
        """All lines behind the first ones that say what the certificate is about."""
        head = self._draft.head
        for merge, lemmas in self._proofs:
            if head is not None and merge.facts:
                self._say_head(head)
                head = None
            self._say_merge(merge, lemmas)
        if head is not None:
            self._say_head(head)
        if self._draft.head is not None:
            rounds = self._draft.head.rounds
            self._lines += [f"round {' '.join(map(str, sizes))}" for sizes in rounds]
        return self._lines

    # --- What is needed ---

    def _known_facts(self, head: Head | None) -> list[Fact]:
        if head is None:
            return []
        bits = frozenset(literal >> 1 for literal in head.known)
        return [self._refuter.fact(literal, bits) for literal in self._ledger.facts]

    def _needed_merges(self) -> list[Merge]:
        """Merges of what the checker looks up, and of what stands for that, in order of time."""
        merges, found = self._ledger.merges, dict[int, Merge]()
        pending = list(self._ledger.touched)
        while pending:
            node = pending.pop()
            merge = merges.get(node)
            if merge is not None and node not in found:
                found[node] = merge
                pending.append(merge.literal >> 1)
        return [merge for node, merge in merges.items() if node in found]

    def _proof(self, merge: Merge) -> list[Lemma]:
        """Lemmas of which the last ones say that both imply each other."""
        facts = self._facts if merge.facts else []
        one, other = 2 * merge.node, merge.literal
        pairs = [(one, other), (other, one)]
        if not other >> 1:  # a constant: one of the two says nothing
            pairs = [pairs[other]]
        proofs = [self._refuter.implication(*pair, facts) for pair in pairs]
        lemmas = _joined(proofs)
        self._require([one >> 1, other >> 1])
        for lemma in lemmas:
            self._require(literal >> 1 for literal in lemma.clause)
            self._require(hint.number for hint in lemma.hints if hint.kind == "gate")
        return lemmas

    def _require_head(self, head: Head) -> None:
        self._require(head.shift.coefficients)
        for line in head.lines:
            self._require([*(literal >> 1 for literal in line.bits), *line.nodes])

    def _require(self, nodes: Iterable[int]) -> None:
        """Note that the certificate has to define these nodes, and what they read."""
        pending = list(nodes)
        while pending:
            node = pending.pop()
            if node not in self._needed:
                self._needed.add(node)
                gate = self._refuter.gate(node)
                pending += gate.pins if gate is not None else ()

    # --- Lines ---

    def _literals(self, literals: Iterable[int]) -> str:
        return "".join(f" {2 * self._number[item >> 1] + (item & 1)}" for item in literals)

    def _define_first(self, size: int) -> None:
        """Define the gates that are needed among the first nodes of the ledger.

        They must be defined before anything that they read is merged.
        """
        while self._pending and self._pending[-1] < size:
            node = self._pending.pop()
            gate = self._refuter.gate(node)
            if gate is not None:
                pins = self._literals(2 * pin for pin in gate.pins)
                self._lines.append(f"gate {gate.table:x}{pins}")
                self._number[node] = len(self._number)

    def _say_merge(self, merge: Merge, lemmas: Sequence[Lemma]) -> None:
        first = self._n_clauses + 1
        self._define_first(merge.size)
        for lemma in lemmas:
            hints = "".join(f" {self._hint(hint, first)}" for hint in lemma.hints)
            self._lines.append(f"clause{self._literals(lemma.clause)} :{hints}")
        self._n_clauses += len(lemmas)
        self._lines.append(f"equal{self._literals([2 * merge.node, merge.literal])}")

    def _hint(self, hint: Hint, first_lemma: int) -> str:
        if hint.kind == "gate":
            return str(self._number[hint.number])
        return f"c{hint.number + (first_lemma if hint.kind == 'lemma' else self._first_fact)}"

    def _say_head(self, head: Head) -> None:
        shift = head.shift
        self._define_first(self._draft.size)
        if shift.constant or shift.coefficients:
            terms = (f" {v}*{2 * self._number[node]}" for node, v in shift.coefficients.items())
            self._lines.append(f"shift {shift.constant}{''.join(terms)}")
        for line in head.lines:
            nodes = "".join(f" {self._number[node]}" for node in line.nodes)
            self._lines.append(f"score {line.kind}{self._literals(line.bits)} :{nodes}")
            for literal in line.missing:
                self._number[literal >> 1] = len(self._number)
        self._first_fact = self._n_clauses + 1
        self._n_clauses += len(self._ledger.facts)


def _joined(proofs: Sequence[Sequence[Lemma]]) -> list[Lemma]:
    """One proof after the other, but the last lemma of each at the end of all."""
    kept: list[Lemma] = []
    last: list[Lemma] = []
    for proof in proofs:
        moved = [_moved(lemma, len(kept)) for lemma in proof]
        kept += moved[:-1]
        last.append(moved[-1])
    return kept + last


def _moved(lemma: Lemma, by: int) -> Lemma:
    """The lemma where others have moved."""
    hints = (
        Hint(hint.kind, hint.number + by) if hint.kind == "lemma" else hint for hint in lemma.hints
    )
    return Lemma(lemma.clause, tuple(hints))
