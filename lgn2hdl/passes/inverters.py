"""Move inverters into the tables that read them: ``f(~a, b) = g(a, b)``, ``~f(a, b) = h(a, b)``."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir import logic
from lgn2hdl.ir.netlist import CONSTANT_ZERO, Ids, Netlist
from lgn2hdl.passes.dead import rebuild


def absorb_inverters(netlist: Netlist) -> Netlist:
    """No gate reads an inverter; an inverter stays only where it makes an output of an input.

    An output that reads the inverter of a gate reads a negated copy of that gate afterwards, which
    takes the inverter's place (and keeps its ``origin``), so the number of gates never grows.
    Wires have to be bypassed before: a wire that absorbs an inverter becomes one.
    """
    n_pins, first = netlist.n_pins, netlist.first_gate
    source, inverted = _sources(netlist)
    fanin, table = source[netlist.fanin], netlist.table.copy()
    for pin in range(n_pins):
        readers = np.flatnonzero(inverted[netlist.fanin[:, pin]])
        table[readers] = logic.negate_pin(table[readers], n_pins, pin)

    outputs = source[netlist.outputs]
    negated = np.flatnonzero(inverted[netlist.outputs])
    sources, group = np.unique(outputs[negated], return_inverse=True)
    copies = np.full(len(sources), netlist.n_nodes, np.int32)
    np.minimum.at(copies, group, netlist.outputs[negated])  # one inverter is enough per source
    outputs[negated] = copies[group]

    fanin[copies - first], table[copies - first] = _inverses(n_pins, sources, first, fanin, table)
    return rebuild(netlist, fanin, table, outputs)


def _sources(netlist: Netlist) -> tuple[Ids, npt.NDArray[np.bool_]]:
    """The node at the end of each node's chain of inverters, and whether the chain inverts."""
    source = np.arange(netlist.n_nodes, dtype=np.int32)
    inverted = np.zeros(netlist.n_nodes, np.bool_)
    ones = logic.all_ones(netlist.n_pins)
    for pin in range(netlist.n_pins):
        inverter = netlist.table == ones ^ logic.pin_table(netlist.n_pins, pin)
        gates = np.flatnonzero(inverter)
        source[netlist.first_gate + gates] = netlist.fanin[gates, pin]
        inverted[netlist.first_gate + gates] = True
    while True:  # every round halves what is left of the chains
        further = source[source]
        if np.array_equal(further, source):
            return source, inverted
        inverted ^= inverted[source]
        source = further


def _inverses(
    n_pins: int, nodes: Ids, first_gate: int, fanin: Ids, table: logic.Tables
) -> tuple[Ids, logic.Tables]:
    """Pins and tables of gates that compute the complements of ``nodes``."""
    pins = np.full((len(nodes), n_pins), CONSTANT_ZERO, np.int32)
    pins[:, 0] = nodes
    inverses = np.full(len(nodes), logic.all_ones(n_pins) ^ logic.pin_table(n_pins, 0), table.dtype)
    inverses[nodes == CONSTANT_ZERO] = logic.all_ones(n_pins)
    gates = nodes >= first_gate
    pins[gates] = fanin[nodes[gates] - first_gate]
    inverses[gates] = logic.negate(table[nodes[gates] - first_gate], n_pins)
    return pins, inverses
