"""What a certificate has to say, before it is put into words.

The prover's graph is taken over into a ledger; then everything that the checker will look up by
itself (the network, the ranges of the scores, the knockout, the Verilog) is looked up there too,
and what should be equal in the end is merged. That all these merges are right is shown later.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lgn2hdl.ir.netlist import Netlist
from lgn2hdl.model.heads.bits import BitsPlan
from lgn2hdl.model.heads.group_sum import GroupSum
from lgn2hdl.model.heads.group_sum_plan import GroupSumPlan
from lgn2hdl.model.results import places
from lgn2hdl.verify.certificate.heads import Head, Table, head_by_circuit, head_by_sums
from lgn2hdl.verify.certificate.ledger import Ledger, transfer
from lgn2hdl.verify.certificate.refutation import NoCertificateError
from lgn2hdl.verify.proofs.argmax import decision, players_of, range_facts, unsigned_bits
from lgn2hdl.verify.proofs.head_proof import Implementation
from lgn2hdl.verify.proofs.reference import add_encoder, add_layers
from lgn2hdl.verify.proofs.scores import NoProofError
from lgn2hdl.verify.proofs.session import Session
from lgn2hdl.verify.sat.graph import FALSE, TRUE, Literals

MOST_PASSES = 8
"""Times that all is looked up again, because of what was merged since."""


@dataclass(frozen=True, eq=False)
class Draft:
    """A certificate without its proofs.

    Attributes:
        ledger: gates and merges.
        head: scores, and what is needed to show that they are right; None of a Bits head.
        size: nodes that there were when the scores were known.
    """

    ledger: Ledger
    head: Head | None
    size: int


def draft_of(session: Session, circuit: Implementation, verilog: Netlist) -> Draft:
    """Everything that the certificate of a finished proof has to say.

    Args:
        session: the proof.
        circuit: the compiler's circuit in the session's graph.
        verilog: the gates of the Verilog over the bits of ``x``.
    """
    ledger = Ledger(session.design.circuit.netlist.n_inputs)
    images = transfer(ledger, session.sweeper, ledger.inputs)
    network = session.network
    bits = add_encoder(ledger, network.features, network.encoder)
    outputs = add_layers(ledger, network, bits)
    plan, head, size = session.design.head, None, 0
    if not isinstance(plan, GroupSumPlan | BitsPlan):
        raise NoCertificateError("certificates know classes and bits, no other heads")
    if isinstance(plan, GroupSumPlan):
        head = _head(session, circuit, Table(ledger, images, outputs), plan)
        size = ledger.graph.size
        _know_decision(ledger, head)
    for _ in range(MOST_PASSES):
        given = ledger.add_netlist(verilog, ledger.inputs)[verilog.outputs]
        if head is not None and isinstance(plan, GroupSumPlan):
            outputs = _expected_results(ledger, head, plan)
        before = len(ledger.merges)
        for one, other in zip(given.tolist(), outputs.tolist(), strict=True):
            ledger.merge(one, other)
        transfer(ledger, session.sweeper, ledger.inputs)
        if len(ledger.merges) == before:
            return Draft(ledger, head, size)
    raise NoCertificateError("what is merged changes what has to be merged")


def _head(session: Session, circuit: Implementation, table: Table, plan: GroupSumPlan) -> Head:
    head = session.network.head
    assert isinstance(head, GroupSum)
    try:
        return head_by_circuit(session, circuit, table, plan)
    except NoProofError:
        return head_by_sums(table, head)


def _know_decision(ledger: Ledger, head: Head) -> None:
    """Make facts of the ranges of the scores, and take over the proof of the decision."""
    known = np.array(head.known, np.int64)
    bits = unsigned_bits(head.scores, [*head.known, TRUE, FALSE])
    ledger.know(range_facts(ledger, head.scores, bits).ravel().tolist())
    if head.match is not None:
        images = transfer(ledger, head.match.sweeper, known)
        for one, other in zip(head.match.made, head.match.claimed, strict=True):
            ledger.merge(int(images[one >> 1] ^ (one & 1)), int(images[other >> 1] ^ (other & 1)))


def _expected_results(ledger: Ledger, head: Head, plan: GroupSumPlan) -> Literals:
    """Literals of all result ports, in their order."""
    known = ledger.now(np.array(head.known, np.int64)).tolist()
    players = players_of(unsigned_bits(head.scores, [*known, TRUE, FALSE]), plan.class_width)
    margin_width = plan.margin_width if plan.margin else 0
    decided = decision(ledger, players, head.rounds, margin_width)
    of_port = places(plan.results)
    result = np.full(max(place.stop for place in of_port.values()), FALSE, np.int64)
    result[of_port["class_index"]] = decided[: plan.class_width]
    if plan.margin:
        result[of_port["margin"]] = decided[plan.class_width :]
    if plan.scores:
        rows = [score.literals(plan.score_width) for score in head.lines]
        result[of_port["scores"]] = ledger.now(np.concatenate(rows))
    return result
