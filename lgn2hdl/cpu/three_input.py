"""A netlist from as few nodes of at most three inputs as possible.

A processor computes any function of three words with one or a few instructions, so fewer nodes are
faster, whatever their tables.
"""

from __future__ import annotations

import numpy as np

from lgn2hdl.cpu.decompose import decompose
from lgn2hdl.cpu.fuse import fuse
from lgn2hdl.ir import logic
from lgn2hdl.ir.netlist import Netlist
from lgn2hdl.passes import absorb_inverters, bypass_wires, fold_constants, share_gates


def three_input(netlist: Netlist) -> Netlist:
    """The same outputs and inputs, from nodes of at most three inputs.

    Args:
        netlist: gates of any fan-in; it is best pruned before.

    Returns:
        A netlist with ``K = 3``; pins that a node does not need point at node 0 and its table
        ignores them. Not more gates than ``netlist`` has if its gates have at most three pins.
    """
    folded = fold_constants(netlist)  # no pin is ignored, reads a constant or what another reads
    result = _widened(folded) if folded.n_pins <= 3 else _tidied(decompose(folded))
    while True:
        before = result
        result = fuse(result)
        if result is before:
            return result
        result = _tidied(result)  # fused gates may be constants, wires or equal


def _tidied(netlist: Netlist) -> Netlist:
    """One round of pruning; no gate reads a node twice afterwards."""
    shared = share_gates(absorb_inverters(bypass_wires(fold_constants(netlist))))
    return fold_constants(shared)  # what were two nodes may be one now


def _widened(netlist: Netlist) -> Netlist:
    if netlist.n_pins == 3:
        return netlist
    return Netlist(
        n_inputs=netlist.n_inputs,
        fanin=np.pad(netlist.fanin, ((0, 0), (0, 3 - netlist.n_pins))),
        table=logic.widen(netlist.table, netlist.n_pins, 3),
        outputs=netlist.outputs,
        origin=netlist.origin,
    )
