"""The core: the network's layers, and every netlist that the compiler made of them."""

from __future__ import annotations

import numpy as np

from lgn2hdl.ir import packed
from lgn2hdl.ir.netlist import Netlist, evaluate
from lgn2hdl.passes import PRUNING, Pipeline
from lgn2hdl.verify.proofs.reference import samples_of
from lgn2hdl.verify.proofs.report import Counterexample, Verdict
from lgn2hdl.verify.proofs.session import Pattern, Session
from lgn2hdl.verify.proofs.steps import pruning_steps


def prove_steps(session: Session, *, dont_cares: bool = True, pipeline: Pipeline = PRUNING) -> None:
    """Prove that lowering and every pass leave the outputs as they are, for every sample.

    Args:
        session: gets a part for every step.
        dont_cares: whether the compiler used what thermometer bits imply about each other.
        pipeline: the compiler's passes.
    """
    steps = pruning_steps(
        session.network, session.golden.gates, dont_cares=dont_cares, pipeline=pipeline
    )
    for step in steps:
        prove_step(session, step.name, step.netlist)


def prove_step(session: Session, name: str, netlist: Netlist) -> None:
    """Prove that a netlist of the encoder's bits has the network's outputs."""
    with session.part(f"core: {name}") as found:
        if session.deadline.passed:
            found.append((Verdict.NOT_PROVED, session.why_not()))
            return
        before = session.sweeper.merged
        literals = session.sweeper.add_netlist(netlist, session.bits)
        wrong, pattern = session.unequal(literals[netlist.outputs], session.outputs)
        merged = session.sweeper.merged - before
        if pattern is not None:
            _note_difference(session, f"core: {name}", netlist, pattern)
            found.append((Verdict.DIFFERENT, f"{len(wrong)} of {len(netlist.outputs)} outputs"))
        elif len(wrong):
            detail = f"{len(wrong)} of {len(netlist.outputs)} outputs: {session.why_not()}"
            found.append((Verdict.NOT_PROVED, detail))
        else:
            detail = f"{len(netlist.outputs):,} outputs, {netlist.n_gates:,} gates"
            found.append((Verdict.PROVED, f"{detail}, {merged:,} merged by SAT"))


def _note_difference(session: Session, name: str, netlist: Netlist, pattern: Pattern) -> None:
    """The outputs of a step and of the network for one sample."""
    sample = samples_of(session.network.features, pattern[:, None])
    given = evaluate(netlist, session.network.encoder.encode(sample))
    gates = session.golden.gates
    if gates is None:
        expected = session.network.outputs(sample)[:, 0]
    else:
        bits = evaluate(gates, session.network.encoder.encode(sample))
        expected = packed.unpack(bits, 1)[:, 0]
    actual = packed.unpack(given, 1)[:, 0]
    places = np.flatnonzero(actual != expected).tolist()
    session.counterexample = Counterexample(
        name,
        tuple(sample[0].tolist()),
        {f"output {place}": int(expected[place]) for place in places},
        {f"output {place}": int(actual[place]) for place in places},
    )
