"""What a block costs: LUTs and levels, where a carry chain is one level."""

from __future__ import annotations

from enum import Enum

import numpy as np

from lgn2hdl.ir.circuit import Block
from lgn2hdl.ir.netlist import constant_nodes
from lgn2hdl.ir.retiming import lut_levels


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

    Raises:
        ValueError: if a chain feeds itself through gates outside of it.
    """
    netlist = block.netlist
    in_chain = np.zeros(netlist.n_nodes, np.bool_)
    for chain in block.chains:
        in_chain[chain.gates] = True
    plain = int((~constant_nodes(netlist) & ~in_chain)[netlist.first_gate :].sum())
    positions = sum(chain.length for chain in block.chains)
    level = lut_levels(netlist, block.clusters)
    return plain + positions, int(level[netlist.outputs].max(initial=0))
