"""The circuit: comparisons, mapped gates, sums and decision, over the bits of ``x``."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir.labels import Comparison, Meaning
from lgn2hdl.ir.netlist import Netlist
from lgn2hdl.verify.proofs.head_proof import Implementation, inside_nodes
from lgn2hdl.verify.proofs.heads import find_scores, prove_head
from lgn2hdl.verify.proofs.report import Verdict, proved
from lgn2hdl.verify.proofs.session import Pattern, Session, named
from lgn2hdl.verify.sat.graph import FALSE, Literals
from lgn2hdl.verify.sat.sweep import SHARE, SWEEP


def prove_circuit(session: Session) -> Implementation:
    """Prove that the circuit's results are those of the network, part by part."""
    circuit = session.design.circuit
    behind = circuit.behind_core
    literals = session.sweeper.add_parts(
        circuit.netlist, session.sweeper.inputs, behind.astype(np.int64), (SWEEP, SHARE)
    )
    plan = session.design.head
    scores = find_scores(plan, circuit.netlist, circuit)
    given = Implementation(circuit.netlist, literals, inside_nodes(circuit.netlist, behind), scores)
    _prove_encoder(session, literals)
    _prove_mapping(session, literals, behind)
    prove_head(plan, session, given)
    return given


def _prove_encoder(session: Session, literals: Literals) -> None:
    """Every node that has a comparison's name is that comparison."""
    encoder = session.network.encoder
    columns = (encoder.feature.tolist(), encoder.threshold.tolist(), session.bits.tolist())
    meaning: dict[Meaning, int] = {
        Comparison(f, t): literal for f, t, literal in zip(*columns, strict=True)
    }
    labels = [item for item in session.design.circuit.labels if item.meaning in meaning]
    with session.part("encoder") as found:
        one = literals[[item.node for item in labels]]
        other = np.array([meaning[item.meaning] for item in labels], np.int64)
        wrong, pattern = session.unequal(one, other)
        if not len(wrong):
            found.append(proved(len(labels), f"{len(labels):,} comparisons"))
            return
        names = named([labels[place].meaning.name for place in wrong.tolist()])
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
        if any(part.in_head for part in session.design.circuit.parts):
            wrong, count = _wrong_in_cut(session, literals, behind)
            pattern = None
        else:
            outputs = literals[session.design.circuit.netlist.outputs]
            places, pattern = session.unequal(outputs, session.outputs)
            wrong, count = len(places), len(outputs)
        if not wrong:
            found.append(proved(count, f"{count:,} signals of the core"))
        else:
            verdict = _judged(session, "core: mapped", pattern)
            why = "no output of the network" if pattern is None else "not the network's outputs"
            found.append((verdict, f"{wrong:,} of {count:,} signals are {why}"))
    if not wrong and session.verdict_of("encoder") in (Verdict.DIFFERENT, Verdict.NOT_PROVED):
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
