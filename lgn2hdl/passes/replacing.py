"""Let nodes stand for other nodes, or for their complements: ``f(b) = g(a)`` where ``b = ~a``."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir import logic
from lgn2hdl.ir.netlist import CONSTANT_ZERO, Ids, Netlist, gates_by_level
from lgn2hdl.passes.dead import rebuild
from lgn2hdl.passes.inverters import absorb_inverters
from lgn2hdl.passes.wires import bypass_wires


def ordered_by_level(netlist: Netlist) -> Netlist:
    """The same gates in ascending order of level, so that a lower node id is no deeper node."""
    if not netlist.n_gates:
        return netlist
    order = np.concatenate(gates_by_level(netlist))
    if (order[1:] > order[:-1]).all():
        return netlist
    new_id = np.arange(netlist.n_nodes, dtype=np.int32)
    new_id[netlist.first_gate + order] = new_id[netlist.first_gate :].copy()
    return Netlist(
        n_inputs=netlist.n_inputs,
        fanin=new_id[netlist.fanin[order]],
        table=netlist.table[order],
        outputs=new_id[netlist.outputs],
        origin=netlist.origin[order],
    )


def replace_nodes(
    netlist: Netlist,
    fanin: Ids,
    table: logic.Tables,
    source: Ids,
    flipped: npt.NDArray[np.bool_],
) -> Netlist:
    """``netlist`` with other pins and tables, where readers of node ``i`` read ``source[i]``.

    Takes ``fanin`` and ``table`` over. An output that reads an input whose complement is to stand
    for it keeps the input, since it would need a gate more. Returns ``netlist`` itself if all is as
    it was.

    Args:
        netlist: a netlist whose gates are ordered by level.
        fanin: new pins, ``i32[G, K]``.
        table: new tables, ``[G]``.
        source: node that stands for each node, itself or one with a lower id, ``i32[n_nodes]``.
        flipped: whether the complement of it does, ``bool[n_nodes]``.
    """
    first = netlist.first_gate
    replaced = np.flatnonzero(source[first:] != np.arange(first, netlist.n_nodes))
    wire = logic.pin_table(netlist.n_pins, 0)
    inverter = logic.all_ones(netlist.n_pins) ^ wire
    fanin[replaced] = CONSTANT_ZERO
    fanin[replaced, 0] = source[first + replaced]
    table[replaced] = np.where(flipped[first + replaced], inverter, wire).astype(table.dtype)
    alias = np.arange(netlist.n_nodes, dtype=np.int32)
    alias[:first] = source[:first]
    for pin in range(netlist.n_pins):
        turned = np.flatnonzero((fanin[:, pin] < first) & flipped[fanin[:, pin]])
        table[turned] = logic.negate_pin(table[turned], netlist.n_pins, pin)
    fanin = alias[fanin]
    alias[:first][flipped[:first]] = np.flatnonzero(flipped[:first])
    result = rebuild(netlist, fanin, table, alias[netlist.outputs])
    return result if result is netlist else absorb_inverters(bypass_wires(result))
