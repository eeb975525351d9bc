"""The scores of a certificate: their bits, and the gates to rewrite until they are sums."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lgn2hdl.model.heads.group_sum import GroupSum
from lgn2hdl.model.heads.group_sum_plan import GroupSumPlan
from lgn2hdl.verify.certificate.ledger import Ledger
from lgn2hdl.verify.certificate.rewriting import rewriting_order
from lgn2hdl.verify.proofs.argmax import Match, Rounds, Score, match_of
from lgn2hdl.verify.proofs.head_proof import Implementation, decision_cut, prove_popcount
from lgn2hdl.verify.proofs.scores import Linear, head_sums, linear
from lgn2hdl.verify.proofs.session import Session
from lgn2hdl.verify.proofs.sums import add_sums
from lgn2hdl.verify.sat.graph import FALSE, Literals


@dataclass(frozen=True, eq=False)
class Table:
    """The ledger, the session's nodes in it, and the literals of the network's outputs."""

    ledger: Ledger
    images: Literals
    outputs: Literals


@dataclass(frozen=True)
class ScoreLine:
    """A score in a certificate.

    Attributes:
        kind: ``unsigned``, ``signed`` or ``open``, as the format says.
        bits: literals of the bits that are known, the lowest first.
        missing: literals of new inputs that stand for the other bits of an open score.
        nodes: nodes whose gates are rewritten, in this order.
    """

    kind: str
    bits: tuple[int, ...]
    missing: tuple[int, ...]
    nodes: tuple[int, ...]

    def literals(self, width: int) -> list[int]:
        """Literals of all bits of a port of this width."""
        above = self.bits[-1] if self.kind == "signed" else FALSE
        return [*self.bits, *[above] * (width - len(self.bits))]


@dataclass(frozen=True, eq=False)
class Head:
    """All scores.

    Attributes:
        lines: what the certificate says of each.
        scores: the same as the argmax wants it, by variables.
        known: literals of the variables.
        shift: what is taken off every score, over nodes of the ledger.
        rounds: how the winner is found.
        match: the proof of the decision that the circuit comes to; None if there is none.
    """

    lines: tuple[ScoreLine, ...]
    scores: tuple[Score, ...]
    known: tuple[int, ...]
    shift: Linear
    rounds: Rounds
    match: Match | None


def head_by_circuit(
    session: Session, circuit: Implementation, table: Table, plan: GroupSumPlan
) -> Head:
    """The scores of the circuit, as they have been proven by rewriting its gates.

    Raises:
        NoProofError: if they have not.
    """
    head = session.network.head
    assert isinstance(head, GroupSum)
    proven = prove_popcount(session, circuit, head, plan)
    now, own = table.ledger.place(circuit.netlist)
    cut, inputs = decision_cut(circuit, proven, plan)
    match = match_of(
        cut, inputs, proven.scores, proven.n_variables, plan.class_width, session.deadline
    )
    known = {place: int(now[node]) for node, place in proven.variable.items()}
    inside = own[np.flatnonzero(circuit.inside)] >> 1
    sums = [_image(item, table.images) for item in proven.sums]
    lines = []
    for score, nodes, wanted in zip(proven.scores, proven.own, sums, strict=True):
        missing = score.bits[len(nodes) :]
        fresh = table.ledger.add_inputs(len(missing)).tolist()
        known |= dict(zip(missing, fresh, strict=True))
        kind = "open" if missing else "signed" if score.signed else "unsigned"
        bits = tuple(int(now[node]) for node in nodes)
        order = rewriting_order(table.ledger, bits, wanted, inside.tolist())
        lines.append(ScoreLine(kind, bits, tuple(fresh), order))
    literals = tuple(known[place] for place in range(proven.n_variables))
    shift = head_sums(head, table.outputs)[0].minus(sums[0])
    return Head(tuple(lines), proven.scores, literals, shift, match.rounds, match)


def _image(item: Linear, images: Literals) -> Linear:
    """A sum over the session's nodes as one over the ledger's."""
    terms = [(int(images[node]), value) for node, value in item.coefficients.items()]
    return linear(item.constant, terms)


def head_by_sums(table: Table, head: GroupSum) -> Head:
    """Scores by their definition, in gates that nothing has to have: for small heads."""
    sums = head_sums(head, table.outputs)
    bounds = [item.bounds for item in sums]
    low, high = min(low for low, _ in bounds), max(high for _, high in bounds)
    signed = low < 0
    width = max((end if end >= 0 else ~end).bit_length() for end in (low, high)) + signed
    bits = add_sums(table.ledger, sums, width)
    kind = "signed" if signed else "unsigned"
    every = range(table.ledger.graph.size)
    lines = [
        ScoreLine(kind, tuple(row), (), rewriting_order(table.ledger, row, wanted, every))
        for row, wanted in zip(bits.tolist(), sums, strict=True)
    ]
    scores = tuple(
        Score(tuple(range(number * width, (number + 1) * width)), *ends, signed)
        for number, ends in enumerate(bounds)
    )
    return Head(tuple(lines), scores, tuple(bits.ravel().tolist()), Linear(0, {}), (), None)
