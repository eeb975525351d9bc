"""Graphs and patterns for the tests of the proof."""

from __future__ import annotations

import numpy as np

from lgn2hdl.ir import packed
from lgn2hdl.ir.netlist import Netlist
from lgn2hdl.verify.sat.deadline import Deadline
from lgn2hdl.verify.sat.sweep import Sweeper


def small_sweeper(n_inputs: int, seconds: float | None = None, words: int = 1) -> Sweeper:
    """A sweeper with few random patterns, so that the solver has something to do."""
    bits = np.random.default_rng(0).random((n_inputs, 64 * words)) < 0.5
    return Sweeper(packed.pack(bits), Deadline(seconds))


def one_bit_changed(netlist: Netlist, gate: int, row: int) -> Netlist:
    """The netlist with one bit of one table flipped."""
    table = netlist.table.copy()
    table[gate] ^= table.dtype.type(1 << row)
    return Netlist(netlist.n_inputs, netlist.fanin, table, netlist.outputs, netlist.origin)
