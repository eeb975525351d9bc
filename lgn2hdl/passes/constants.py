"""Propagate constants: ``f(0, b) = f0(b)``, ``f(1, b) = f1(b)``, ``f(a, a) = g(a)``.

A pin that reads a constant is cofactored away, a pin that reads the same node as another one is
tied to it, and a pin that the table ignores is disconnected. What is left of some gates is a
constant itself, so one run goes through the levels in order and settles all of them.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir import logic
from lgn2hdl.ir.netlist import CONSTANT_ZERO, Ids, Netlist, gates_by_level
from lgn2hdl.passes.dead import rebuild

_NOT_CONSTANT = -1


def fold_constants(netlist: Netlist) -> Netlist:
    """No pin reads a constant, reads the same node as another pin of its gate, or is ignored.

    A gate that is constant 0 gives way to node 0; one gate without pins stays for constant 1 where
    an output needs it.
    """
    fanin, table = netlist.fanin.copy(), netlist.table.copy()
    constant = np.full(netlist.n_nodes, _NOT_CONSTANT, np.int8)
    constant[CONSTANT_ZERO] = 0
    for gates in gates_by_level(netlist):
        pins = np.ascontiguousarray(fanin[gates].T)
        folded = _tie_equal_pins(_fix_constant_pins(table[gates], pins, constant), pins)
        _disconnect_ignored_pins(folded, pins)
        fanin[gates], table[gates] = pins.T, folded
        values = constant[netlist.first_gate :]
        values[gates[folded == 0]] = 0
        values[gates[folded == logic.all_ones(netlist.n_pins)]] = 1
    return rebuild(netlist, fanin, table, _constant_outputs(netlist.outputs, constant))


def _fix_constant_pins(
    table: logic.Tables, pins: Ids, constant: npt.NDArray[np.int8]
) -> logic.Tables:
    for pin, node in enumerate(pins):
        value = constant[node]
        for bit in (0, 1):
            fixed = np.flatnonzero(value == bit)
            table[fixed] = logic.cofactor(table[fixed], len(pins), pin, bit)
    return table


def _tie_equal_pins(table: logic.Tables, pins: Ids) -> logic.Tables:
    for kept, tied in combinations(range(len(pins)), 2):
        equal = np.flatnonzero(pins[kept] == pins[tied])
        table[equal] = logic.tie_pins(table[equal], len(pins), kept, tied)
    return table


def _disconnect_ignored_pins(table: logic.Tables, pins: Ids) -> None:
    for pin in range(len(pins)):
        pins[pin, ~logic.depends_on(table, len(pins), pin)] = CONSTANT_ZERO


def _constant_outputs(outputs: Ids, constant: npt.NDArray[np.int8]) -> Ids:
    """All outputs that are constant 1 read the same gate, the first; constant 0 reads node 0."""
    result = outputs.copy()
    value = constant[outputs]
    result[value == 0] = CONSTANT_ZERO
    ones = value == 1
    result[ones] = outputs[ones].min(initial=len(constant))
    return result
