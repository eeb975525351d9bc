"""Scores and decision of a netlist whose core is known: what circuit and Verilog share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir.netlist import CONSTANT_ZERO, Ids, Netlist
from lgn2hdl.model.heads.group_sum import GroupSum
from lgn2hdl.model.heads.group_sum_plan import GroupSumPlan
from lgn2hdl.model.results import places
from lgn2hdl.verify.proofs.argmax import (
    Answer,
    Players,
    as_wide,
    knockout,
    margin,
    players_of,
    prove_argmax,
    unsigned_bits,
)
from lgn2hdl.verify.proofs.scores import (
    Adders,
    Linear,
    NoProofError,
    Proven,
    head_sums,
    prove_scores,
)
from lgn2hdl.verify.proofs.session import Session
from lgn2hdl.verify.proofs.sums import add_sums
from lgn2hdl.verify.sat.cone import between
from lgn2hdl.verify.sat.graph import FALSE, TRUE, Literals


@dataclass(frozen=True, eq=False)
class Implementation:
    """Gates over the bits of ``x``, whose literals are known.

    Attributes:
        netlist: the gates; its outputs are the bits of the result ports.
        literals: of all nodes.
        inside: nodes behind the core, ``bool[n_nodes]``.
        scores: nodes of every class's score, least significant bit first.
    """

    netlist: Netlist
    literals: Literals
    inside: npt.NDArray[np.bool_]
    scores: tuple[tuple[int, ...], ...]


def inside_nodes(netlist: Netlist, behind: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Nodes to expand: gates behind the core ``bool[G]``, and constants, ``bool[n_nodes]``."""
    own = behind | ~netlist.fanin.any(axis=1)
    return np.concatenate([np.zeros(netlist.first_gate, np.bool_), own])


def score_outputs(netlist: Netlist, plan: GroupSumPlan) -> tuple[tuple[int, ...], ...]:
    """Nodes of the scores that leave the hardware."""
    nodes = netlist.outputs[places(plan.results)["scores"]].reshape(
        plan.n_classes, plan.score_width
    )
    return tuple(tuple(row) for row in nodes.tolist())


def decision_outputs(netlist: Netlist, plan: GroupSumPlan) -> Ids:
    """Nodes of the class index, and of the margin if there is one."""
    known = places(plan.results)
    parts = [netlist.outputs[known[name]] for name in ("class_index", "margin") if name in known]
    return np.concatenate(parts)


def prove_popcount(
    session: Session, given: Implementation, head: GroupSum, plan: GroupSumPlan
) -> Proven:
    """Prove that the scores are those of the head, or decide as they do.

    Raises:
        NoProofError: if that cannot be done.
    """
    lows = tuple(item.score_range[0] for item in plan.sums)
    adders = Adders(
        given.netlist, given.literals, given.inside, given.scores, plan.score_signed, lows
    )
    return prove_scores(adders, head_sums(head, session.outputs), exact=plan.scores)


def prove_decision(
    session: Session, given: Implementation, proven: Proven, plan: GroupSumPlan
) -> Answer:
    """Prove that class index and margin are right for all scores in their ranges.

    Raises:
        NoProofError: if the index depends on anything but the scores.
    """
    cut, inputs = decision_cut(given, proven, plan)
    return prove_argmax(
        cut, inputs, proven.scores, proven.n_variables, plan.class_width, session.deadline
    )


def decision_cut(
    given: Implementation, proven: Proven, plan: GroupSumPlan
) -> tuple[Netlist, list[int]]:
    """The gates between the scores and the decision, and the variable of each of their inputs.

    Raises:
        NoProofError: if the index depends on anything but the scores.
    """
    nodes = [node for node in proven.variable if node != CONSTANT_ZERO]
    cut = between(given.netlist, nodes, decision_outputs(given.netlist, plan).tolist())
    if cut is None:
        raise NoProofError("the decision depends on more than the scores")
    return cut, [proven.variable[node] for node in nodes]


def expected_decision(
    session: Session, given: Implementation, proven: Proven, plan: GroupSumPlan
) -> Literals:
    """Literals of the index, and of the margin, that the scores of a sample lead to."""
    literal = {variable: int(given.literals[node]) for node, variable in proven.variable.items()}
    known = [literal[place] for place in range(proven.n_variables)] + [TRUE, FALSE]
    players = players_of(unsigned_bits(proven.scores, known), plan.class_width)
    return _decision(session, players, plan)


def expected_results(session: Session, head: GroupSum, plan: GroupSumPlan) -> Literals:
    """Literals of all result ports by the head's definition, in the order of the ports.

    Where scores leave the hardware they are those of the head; else only the decision is.
    """
    sums = head_sums(head, session.outputs)
    low = min(item.bounds[0] for item in sums)
    width = max(1, (max(item.bounds[1] for item in sums) - low).bit_length())
    raised = [item.minus(Linear(low, {})) for item in sums]
    players = players_of(add_sums(session.sweeper, raised, width), plan.class_width)
    decision = _decision(session, players, plan)
    if not plan.scores:
        return decision
    scores = add_sums(session.sweeper, sums, plan.score_width).ravel()
    return np.concatenate([decision[: plan.class_width], scores, decision[plan.class_width :]])


def _decision(session: Session, players: Players, plan: GroupSumPlan) -> Literals:
    """Literals of the index of who wins, and of the margin if there is one."""
    winner = knockout(session.sweeper, players)
    if not plan.margin:
        return winner.index[0]
    difference = margin(session.sweeper, players, winner, ())
    return np.concatenate([winner.index[0], as_wide(difference, plan.margin_width)])
