"""A part of a netlist, cut out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lgn2hdl.ir.netlist import CONSTANT_ZERO, Netlist


def between(netlist: Netlist, inputs: Sequence[int], outputs: Sequence[int]) -> Netlist | None:
    """The gates that compute some nodes from others.

    Args:
        netlist: the graph.
        inputs: nodes that become the inputs, each once, in this order; not the constant.
        outputs: nodes that become the outputs.

    Returns:
        The part, or None if the outputs depend on an input of ``netlist`` that is not among these.
    """
    is_input = np.zeros(netlist.n_nodes, np.bool_)
    is_input[list(inputs)] = True
    is_input[CONSTANT_ZERO] = False
    needed = np.zeros(netlist.n_nodes, np.bool_)
    frontier = np.unique(np.array(outputs, np.int64))
    while True:
        frontier = frontier[~is_input[frontier] & ~needed[frontier] & (frontier != CONSTANT_ZERO)]
        if not len(frontier):
            break
        if frontier[0] < netlist.first_gate:
            return None
        needed[frontier] = True
        frontier = np.unique(netlist.fanin[frontier - netlist.first_gate])
    gates = np.flatnonzero(needed)
    new_id = np.zeros(netlist.n_nodes, np.int32)
    new_id[gates] = 1 + len(inputs) + np.arange(len(gates))
    new_id[list(inputs)] = 1 + np.arange(len(inputs))
    return Netlist(
        len(inputs),
        new_id[netlist.fanin[gates - netlist.first_gate]],
        netlist.table[gates - netlist.first_gate],
        new_id[np.array(outputs, np.int64)],
    )
