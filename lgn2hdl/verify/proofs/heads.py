"""What has to be shown of a head, whatever kind it is.

:func:`prove_head` is open: what a plan says by ``gates`` is compared bit for bit, by SAT; a plan of
another type registers its own proof, and where the numbers are that this begins at.
"""

from __future__ import annotations

from functools import singledispatch

from lgn2hdl.ir.circuit import Circuit
from lgn2hdl.ir.netlist import Netlist
from lgn2hdl.model.heads import HeadPlan
from lgn2hdl.model.heads.bits import BitsPlan
from lgn2hdl.model.heads.group_sum_plan import GroupSumPlan
from lgn2hdl.verify.proofs.group_sum_proof import Scores, group_sum_scores, prove_group_sum
from lgn2hdl.verify.proofs.head_proof import Implementation
from lgn2hdl.verify.proofs.report import Verdict, proved
from lgn2hdl.verify.proofs.session import Session

PART = "head"
"""Name of the part of the proof."""


@singledispatch
def prove_head(
    plan: HeadPlan, session: Session, given: Implementation, name: str | None = None
) -> None:
    """Prove that the results of an implementation are those of the network's head.

    Args:
        plan: of the head.
        session: gets the parts of this proof.
        given: gates over the bits of ``x``.
        name: what all parts are called; None for names of their own.
    """
    name = name or PART
    with session.part(name) as found:
        gates = plan.gates()
        if gates is None or gates.n_inputs != len(session.outputs):
            found.append((Verdict.NOT_PROVED, "nothing says what the head computes"))
            return
        wanted = session.sweeper.add_netlist(gates, session.outputs)[gates.outputs]
        outputs = given.literals[given.netlist.outputs]
        if len(wanted) != len(outputs):
            found.append((Verdict.DIFFERENT, f"{len(outputs)} bits of {len(wanted)}"))
            return
        wrong, pattern = session.unequal(outputs, wanted)
        if not len(wrong):
            found.append(proved(len(outputs), f"{len(outputs):,} bits of the results, by SAT"))
        elif session.search(name, given.netlist, pattern):
            found.append((Verdict.DIFFERENT, f"{len(wrong)} bits of the results"))
        else:
            found.append((Verdict.NOT_PROVED, f"{len(wrong)} bits: {session.why_not()}"))


@prove_head.register
def _prove_bits(
    plan: BitsPlan, session: Session, given: Implementation, name: str | None = None
) -> None:
    """Nothing: what leaves the core is compared with the network's outputs before."""


prove_head.register(GroupSumPlan, prove_group_sum)


@singledispatch
def find_scores(plan: HeadPlan, netlist: Netlist, circuit: Circuit | None = None) -> Scores:
    """Nodes of numbers inside a netlist from which its head can be proved anew; none if unknown.

    Args:
        plan: of the head.
        netlist: the gates.
        circuit: the circuit whose gates they are, if they are a circuit's.
    """
    return ()


find_scores.register(GroupSumPlan, group_sum_scores)
