"""A step of the core: what is said of it, whatever the solver finds out."""

import numpy as np
import pytest
from hardware import design_of, mixed_network

from lgn2hdl.ir.netlist import Netlist
from lgn2hdl.passes.lower import lower
from lgn2hdl.verify.proofs.core_proof import prove_step
from lgn2hdl.verify.proofs.report import Verdict
from lgn2hdl.verify.proofs.session import Session
from lgn2hdl.verify.sat.deadline import Deadline


@pytest.fixture
def session() -> Session:
    network = mixed_network(2)
    return Session(network, design_of(network))


def said(session: Session) -> tuple[str, Verdict, str]:
    (part,) = session.parts
    return part.name, part.verdict, part.detail


def test_a_step_that_is_right(session):
    netlist = lower(session.network)
    prove_step(session, "lower", netlist)
    name, verdict, detail = said(session)
    assert (name, verdict) == ("core: lower", Verdict.PROVED)
    begin = f"{len(netlist.outputs):,} outputs, {netlist.n_gates:,} gates, "
    assert detail.startswith(begin)
    assert session.counterexample is None


def test_a_step_that_is_wrong(session):
    netlist = lower(session.network)
    outputs = netlist.outputs.copy()
    outputs[0] = 0  # constant
    wrong = Netlist(netlist.n_inputs, netlist.fanin, netlist.table, outputs)
    prove_step(session, "wrong", wrong)
    assert said(session) == ("core: wrong", Verdict.DIFFERENT, f"1 of {len(outputs)} outputs")
    example = session.counterexample
    assert example is not None
    assert example.part == "core: wrong"
    assert example.expected == {"output 0": 1}
    assert example.actual == {"output 0": 0}


def test_a_step_that_the_solver_leaves_open(session, monkeypatch):
    netlist = lower(session.network)
    monkeypatch.setattr(session, "unequal", lambda *_: (np.array([0, 2]), None))
    prove_step(session, "open", netlist)
    detail = f"2 of {len(netlist.outputs)} outputs: {session.why_not()}"
    assert said(session) == ("core: open", Verdict.NOT_PROVED, detail)
    assert session.counterexample is None


def test_a_step_behind_the_time_limit(session):
    session.deadline = Deadline(0)
    prove_step(session, "late", lower(session.network))
    assert said(session) == ("core: late", Verdict.NOT_PROVED, session.why_not())
