"""The head GroupSum: sums by rewriting adders, the decision by knockout, or all of it by SAT."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lgn2hdl.arithmetic.heads import SCORE
from lgn2hdl.ir.circuit import Circuit
from lgn2hdl.ir.labels import NumberBit
from lgn2hdl.ir.netlist import Netlist
from lgn2hdl.model.heads.group_sum import GroupSum
from lgn2hdl.model.heads.group_sum_plan import GroupSumPlan
from lgn2hdl.verify.proofs.head_proof import (
    Implementation,
    decision_outputs,
    expected_decision,
    expected_results,
    prove_decision,
    prove_popcount,
    score_outputs,
)
from lgn2hdl.verify.proofs.report import Verdict
from lgn2hdl.verify.proofs.scores import MISSING, NoProofError, Proven
from lgn2hdl.verify.proofs.session import Session, named

WHOLE_HEAD = 100_000
"""Conflicts of the SAT solver for each bit of the results, where nothing is known inside."""

PARTS = ("popcount", "argmax")
"""Names of the two parts of the proof."""

Scores = tuple[tuple[int, ...], ...]
"""Nodes of every class's score, the least significant bit first."""


def group_sum_scores(
    plan: GroupSumPlan, netlist: Netlist, circuit: Circuit | None = None
) -> Scores:
    """Where the scores are in a netlist: at its outputs, or, of a circuit, where labels say so."""
    if plan.scores:
        return score_outputs(netlist, plan)
    if circuit is None:
        return ()
    node_of = {item.meaning: item.node for item in circuit.labels}
    return tuple(
        tuple(node_of.get(NumberBit(SCORE, bit, index), MISSING) for bit in range(plan.score_width))
        for index in range(plan.n_classes)
    )


def prove_group_sum(
    plan: GroupSumPlan, session: Session, given: Implementation, name: str | None = None
) -> None:
    """Prove the scores and the decision of an implementation, see :func:`prove_head`."""
    head = session.network.head
    names = PARTS if name is None else (name, name)
    proven: Proven | None = None
    if not isinstance(head, GroupSum):
        with session.part(names[0]) as found:
            found.append((Verdict.NOT_PROVED, "the network has another head than the design"))
        return
    with session.part(names[0]) as found:
        try:
            proven = prove_popcount(session, given, head, plan)
            what = "scores" if plan.scores else "scores, but for what all classes have in common"
            found.append((Verdict.PROVED, f"{plan.n_classes} {what}"))
        except NoProofError as reason:
            wrong = session.search(names[0], given.netlist)
            found.append((Verdict.DIFFERENT if wrong else Verdict.NOT_PROVED, str(reason)))
    with session.part(names[1]) as found:
        if proven is None:
            found.append(_judged_as_a_whole(session, given, head, plan, names[1]))
        else:
            found.append(_judged_decision(session, given, proven, plan, names[1]))
    if proven is None and found[-1][0] is Verdict.PROVED:
        session.settle(names[0], Verdict.PROVED, "together with the decision")


def _judged_as_a_whole(
    session: Session, given: Implementation, head: GroupSum, plan: GroupSumPlan, name: str
) -> tuple[Verdict, str]:
    """The results, where what the scores are is not known: by SAT, which small sums allow."""
    if session.search(name, given.netlist):
        return Verdict.DIFFERENT, "what the scores are is not known"
    right = expected_results(session, head, plan)
    outputs = given.literals[given.netlist.outputs]
    wrong, pattern = session.unequal(outputs, right, WHOLE_HEAD)
    if pattern is not None and session.search(name, given.netlist, pattern):
        return Verdict.DIFFERENT, f"{named(_bit_names(wrong))} of the results"
    if not len(wrong):
        return Verdict.PROVED, f"{len(outputs)} bits of the results, by SAT"
    return Verdict.NOT_PROVED, f"what the scores are is not known, and {session.why_not()}"


def _bit_names(places: npt.NDArray[np.intp]) -> list[str]:
    return [f"bit {place}" for place in places.tolist()]


def _judged_decision(
    session: Session, given: Implementation, proven: Proven, plan: GroupSumPlan, name: str
) -> tuple[Verdict, str]:
    try:
        answer = prove_decision(session, given, proven, plan)
    except NoProofError as reason:
        wrong = session.search(name, given.netlist)
        return Verdict.DIFFERENT if wrong else Verdict.NOT_PROVED, str(reason)
    if answer.holds:
        also = ", and the margin" if plan.margin else ""
        return Verdict.PROVED, f"{plan.n_classes} classes, the lowest of equals wins{also}"
    if answer.holds is None:
        return Verdict.NOT_PROVED, session.why_not()
    return _judged_for_samples(session, given, proven, plan, name, answer.scores)


def _judged_for_samples(
    session: Session,
    given: Implementation,
    proven: Proven,
    plan: GroupSumPlan,
    name: str,
    scores: tuple[int, ...],
) -> tuple[Verdict, str]:
    """Whether a sample has scores for which the index is wrong."""
    detail = f"wrong for the scores {', '.join(map(str, scores))}"
    if session.search(name, given.netlist):
        return Verdict.DIFFERENT, detail
    right = expected_decision(session, given, proven, plan)
    outputs = given.literals[decision_outputs(given.netlist, plan)]
    wrong, pattern = session.unequal(outputs, right)
    if pattern is not None and session.search(name, given.netlist, pattern):
        return Verdict.DIFFERENT, detail
    if not len(wrong):
        return Verdict.PROVED, "for all scores that a sample can have"
    return Verdict.NOT_PROVED, f"{detail}, if a sample can have them: {session.why_not()}"
