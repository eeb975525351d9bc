"""The circuit: comparisons, mapped gates, sums and decision, over the bits of ``x``."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir.circuit import PARTS
from lgn2hdl.ir.netlist import Netlist
from lgn2hdl.model.head import GroupSumPlan
from lgn2hdl.model.network import GroupSum
from lgn2hdl.verify.proofs.head_proof import (
    Implementation,
    decision_outputs,
    expected_decision,
    expected_results,
    inside_nodes,
    prove_decision,
    prove_popcount,
    score_outputs,
)
from lgn2hdl.verify.proofs.report import Verdict
from lgn2hdl.verify.proofs.scores import MISSING, NoProofError, Proven
from lgn2hdl.verify.proofs.session import Pattern, Session, named
from lgn2hdl.verify.sat.graph import FALSE, Literals
from lgn2hdl.verify.sat.sweep import SHARE, SWEEP

WHOLE_HEAD = 100_000
"""Conflicts of the SAT solver for each bit of the results, where nothing is known inside."""

HEAD = PARTS.index("popcount")
"""Parts from this one on are adders and comparisons, which nothing before resembles."""


def prove_circuit(session: Session) -> Implementation:
    """Prove that the circuit's results are those of the network, part by part."""
    circuit = session.design.circuit
    behind = circuit.part >= HEAD
    literals = session.sweeper.add_parts(
        circuit.netlist, session.sweeper.inputs, behind.astype(np.int64), (SWEEP, SHARE)
    )
    plan = session.design.head
    scores = () if not isinstance(plan, GroupSumPlan) else _score_nodes(session, plan)
    given = Implementation(circuit.netlist, literals, inside_nodes(circuit.netlist, behind), scores)
    _prove_encoder(session, literals)
    _prove_mapping(session, literals, behind)
    if isinstance(plan, GroupSumPlan):
        prove_head(session, given, plan, ("popcount", "argmax"))
    return given


def _score_nodes(session: Session, plan: GroupSumPlan) -> tuple[tuple[int, ...], ...]:
    circuit = session.design.circuit
    if plan.scores:
        return score_outputs(circuit.netlist, plan)
    node_of = {name: node for node, name in circuit.labels}
    return tuple(
        tuple(node_of.get(f"score{index}_{bit}", MISSING) for bit in range(plan.score_width))
        for index in range(plan.n_classes)
    )


def _prove_encoder(session: Session, literals: Literals) -> None:
    """Every node that has a comparison's name is that comparison."""
    encoder = session.network.encoder
    columns = (encoder.feature.tolist(), encoder.threshold.tolist(), session.bits.tolist())
    meaning = {f"x{f}_ge_{t}": literal for f, t, literal in zip(*columns, strict=True)}
    named_nodes = [(node, name) for node, name in session.design.circuit.labels if name in meaning]
    with session.part("encoder") as found:
        one = literals[[node for node, _ in named_nodes]]
        other = np.array([meaning[name] for _, name in named_nodes], np.int64)
        wrong, pattern = session.unequal(one, other)
        if not len(wrong):
            found.append((Verdict.PROVED, f"{len(named_nodes):,} comparisons"))
            return
        names = named([named_nodes[place][1] for place in wrong.tolist()])
        verdict = _judged(session, "encoder", pattern)
        found.append((verdict, f"{names}: not these comparisons"))


def _judged(session: Session, name: str, pattern: Pattern | None) -> Verdict:
    """Different if some sample shows it at the results, else not proved."""
    if session.search(name, session.design.circuit.netlist, pattern):
        return Verdict.DIFFERENT
    return Verdict.NOT_PROVED


def _prove_mapping(session: Session, literals: Literals, behind: npt.NDArray[np.bool_]) -> None:
    """What leaves the core are the network's outputs; the encoder is proved with it, if need be."""
    with session.part("core: mapped") as found:
        if isinstance(session.network.head, GroupSum):
            wrong, count = _wrong_in_cut(session, literals, behind)
            pattern = None
        else:
            outputs = literals[session.design.circuit.netlist.outputs]
            places, pattern = session.unequal(outputs, session.outputs)
            wrong, count = len(places), len(outputs)
        if not wrong:
            found.append((Verdict.PROVED, f"{count:,} signals of the core"))
        else:
            verdict = _judged(session, "core: mapped", pattern)
            why = "no output of the network" if pattern is None else "not the network's outputs"
            found.append((verdict, f"{wrong:,} of {count:,} signals are {why}"))
    if not wrong and session.verdict_of("encoder") is not Verdict.PROVED:
        session.settle("encoder", Verdict.PROVED, "together with the core")
        session.counterexample = None


def _wrong_in_cut(
    session: Session, literals: Literals, behind: npt.NDArray[np.bool_]
) -> tuple[int, int]:
    """Number of nodes that the adders read and that are no output of the network, nor a complement;
    and of all that they read."""
    netlist: Netlist = session.design.circuit.netlist
    inside = np.concatenate([np.zeros(netlist.first_gate, np.bool_), behind])
    read = np.unique(np.concatenate([netlist.fanin[behind].ravel(), netlist.outputs]))
    cut = read[~inside[read]]
    known = np.append(session.outputs >> 1, FALSE)
    return int((~np.isin(literals[cut] >> 1, known)).sum()), len(cut)


def prove_head(
    session: Session, given: Implementation, plan: GroupSumPlan, names: tuple[str, str]
) -> None:
    """Prove the scores and the decision of an implementation."""
    head = session.network.head
    assert isinstance(head, GroupSum)
    proven: Proven | None = None
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
