"""What a block costs: LUTs and levels, where a carry chain is one level."""

from __future__ import annotations

from enum import Enum

import numpy as np

from lgn2hdl.circuit import Block
from lgn2hdl.netlist import CONSTANT_ZERO, Ids


class Objective(Enum):
    """What is made small first.

    With ``LUTS`` a level counts like a LUT: it costs registers.
    """

    LUTS = "LUTs"
    DEPTH = "depth"

    def key(self, luts: int, depth: int) -> tuple[int, int]:
        """Sort key of a cost: smaller is better."""
        return (luts + depth, luts) if self is Objective.LUTS else (depth, luts)


def block_cost(block: Block) -> tuple[int, int]:
    """LUTs and levels of a block.

    A LUT is a gate with pins outside the chains, or a position of a chain.
    """
    netlist = block.netlist
    in_chain = np.zeros(netlist.n_nodes, np.bool_)
    for chain in block.chains:
        in_chain[chain.gates] = True
    has_pins = (netlist.fanin != CONSTANT_ZERO).any(axis=1)
    plain = int((has_pins & ~in_chain[netlist.first_gate :]).sum())
    positions = sum(chain.length for chain in block.chains)
    level = cluster_levels(block)
    return plain + positions, int(level[netlist.outputs].max(initial=0))


def cluster_levels(block: Block) -> Ids:
    """Level of every node, ``i32[n_nodes]``, as :func:`lgn2hdl.netlist.levels`, but all gates of a
    chain stand on one level.

    Raises:
        ValueError: if a chain feeds itself through gates outside of it.
    """
    netlist = block.netlist
    cluster = np.arange(netlist.n_nodes, dtype=np.int32)
    for chain in block.chains:
        cluster[chain.gates] = chain.gates.min()
    reader = np.repeat(cluster[netlist.first_gate :], netlist.n_pins)
    source = cluster[netlist.fanin.ravel()]
    real = (source != reader) & (netlist.fanin.ravel() != CONSTANT_ZERO)
    reader, source = reader[real], source[real]
    level = np.zeros(netlist.n_nodes, np.int32)
    for _ in range(netlist.n_nodes + 1):
        raised = level.copy()
        np.maximum.at(raised, reader, level[source] + 1)
        if np.array_equal(raised, level):
            return np.asarray(level[cluster])
        level = raised
    raise ValueError("a carry chain depends on itself")
