"""Skip gates that pass one pin through: ``wire(a) = a``."""

from __future__ import annotations

import numpy as np

from lgn2hdl.ir import logic
from lgn2hdl.ir.netlist import Ids, Netlist
from lgn2hdl.passes.dead import rebuild


def bypass_wires(netlist: Netlist) -> Netlist:
    """Readers of a wire (or of a chain of wires) read what the wire reads."""
    alias = np.arange(netlist.n_nodes, dtype=np.int32)
    for pin in range(netlist.n_pins):
        wires = np.flatnonzero(netlist.table == logic.pin_table(netlist.n_pins, pin))
        alias[netlist.first_gate + wires] = netlist.fanin[wires, pin]
    alias = _ends(alias)
    return rebuild(netlist, alias[netlist.fanin], netlist.table, alias[netlist.outputs])


def _ends(alias: Ids) -> Ids:
    """Where each chain of aliases ends; every round halves what is left of the chains."""
    while True:
        further = alias[alias]
        if np.array_equal(further, alias):
            return alias
        alias = further
