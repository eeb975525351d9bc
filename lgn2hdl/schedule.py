"""Schedule: in which pipeline stage every node is computed, and which values wait in registers.

Boundary 0 holds the registers behind the thermometer encoder; stage ``s`` computes gates between
boundary ``s`` and boundary ``s + 1``. A value lives in a register at every boundary between the
stage that makes it and the last stage that reads it. One new sample enters every clock cycle
(initiation interval 1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lgn2hdl.errors import OptionError
from lgn2hdl.head import HeadPlan, plan_head
from lgn2hdl.model import LogicNet
from lgn2hdl.netlist import Ids, Netlist, levels

ENCODER_LATENCY = 1
"""Clock cycles of the thermometer encoder: comparators, then one register."""


@dataclass(frozen=True, eq=False)
class Design:
    """A network with a pipeline stage for everything in it; all that is emitted.

    Attributes:
        network: where the encoder, the head and the names come from.
        netlist: the pruned gate graph.
        levels_per_stage: most gate levels between two registers of the core.
        n_stages: pipeline stages of the core.
        first: first boundary at which each node is in a register, ``i32[n_nodes]``.
        last: last boundary at which each node is needed, ``i32[n_nodes]``; below ``first`` for a
            node that no later stage reads.
        signals: node ids, ``i32[S]``, that the core hands to the head, each once.
        head: the plan of what makes the result of those signals.
    """

    network: LogicNet
    netlist: Netlist
    levels_per_stage: int
    n_stages: int
    first: Ids
    last: Ids
    signals: Ids
    head: HeadPlan

    @property
    def latency(self) -> int:
        """Clock cycles from ``valid_in`` to ``valid_out`` of the same sample."""
        return ENCODER_LATENCY + self.n_stages + self.head.latency

    @property
    def encoder_bits(self) -> npt.NDArray[np.intp]:
        """Encoder bits that the core reads, in order; the others are not emitted."""
        inputs = slice(1, self.netlist.first_gate)
        return np.flatnonzero(self.last[inputs] >= 0)

    def held(self, boundary: int) -> Ids:
        """Node ids that are in a register at ``boundary``, lowest first."""
        kept = (self.first <= boundary) & (self.last >= boundary)
        return np.flatnonzero(kept).astype(np.int32)

    def flip_flops(self) -> dict[str, int]:
        """Data-path flip-flops of each part (``valid`` is counted as ``control``)."""
        held = np.maximum(self.last - self.first + 1, 0)
        encoder = len(self.encoder_bits)
        return {
            "encoder": encoder,
            "core": int(held.sum()) - encoder,
            **self.head.flip_flops,
            "control": self.latency,
        }


def schedule(
    network: LogicNet, netlist: Netlist, *, levels_per_stage: int, head_levels_per_stage: int
) -> Design:
    """Place registers after every ``levels_per_stage`` gate levels, and inside the head.

    Gates are computed as early as their inputs allow.

    Args:
        network: the trained network.
        netlist: its gate graph, perhaps pruned.
        levels_per_stage: gate levels between registers of the core, at least 1.
        head_levels_per_stage: adder or comparator levels between registers of the head, at least 1.

    Raises:
        OptionError: if a number of levels is below 1.
    """
    for option, value in (("levels", levels_per_stage), ("head levels", head_levels_per_stage)):
        if value < 1:
            raise OptionError(f"{value} {option} per pipeline stage: give at least 1")
    level = levels(netlist)
    deepest = int(level[netlist.outputs].max(initial=0))
    n_stages = -(-deepest // levels_per_stage)
    # A gate of level l (from 1) is computed in stage (l - 1) // n and first held one boundary on.
    first = np.where(level > 0, (level - 1) // levels_per_stage + 1, 0).astype(np.int32)
    last = _last_boundary(netlist, first, n_stages)
    constant = constant_nodes(netlist, level)
    last[constant] = -1
    signals = np.unique(netlist.outputs)
    signals = signals[~constant[signals]]
    return Design(
        network=network,
        netlist=netlist,
        levels_per_stage=levels_per_stage,
        n_stages=n_stages,
        first=first,
        last=last,
        signals=signals.astype(np.int32),
        head=plan_head(network.head, netlist, signals, head_levels_per_stage),
    )


def _last_boundary(netlist: Netlist, first: Ids, n_stages: int) -> Ids:
    """The last boundary at which each node must be held; -1 if no register ever reads it."""
    last = np.full(netlist.n_nodes, -1, np.int32)
    reading_stage = first[netlist.first_gate :] - 1
    # Gates deeper than every output are dead and not emitted: they read nothing.
    reading_stage[reading_stage >= n_stages] = -1
    for pin in netlist.fanin.T:
        np.maximum.at(last, pin, reading_stage)
    last[netlist.outputs] = n_stages
    return last


def constant_nodes(netlist: Netlist, level: Ids) -> npt.NDArray[np.bool_]:
    """Node 0 and the gates without connected pins, ``bool[n_nodes]``: they need no register."""
    constant = level == 0
    constant[1 : netlist.first_gate] = False
    return constant
