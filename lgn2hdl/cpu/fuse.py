"""Fuse gates into the gates that read them: ``f(g(a, b), c) = h(a, b, c)``.

A gate disappears if each of its readers can take it in and still has at most three inputs, and if
no output needs it. Inverters cost nothing, the tables take them in as well. A reader of two inputs
can take in one gate of two, so gates compete for readers: the one with the fewest readers wins, and
of equals the one at the lowest level. Where each gate has one reader, this is the best matching.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir import logic
from lgn2hdl.ir.netlist import CONSTANT_ZERO, Ids, Netlist, levels
from lgn2hdl.passes.dead import remove_dead

Rows = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]

NEVER = np.iinfo(np.int64).max
"""Rank of a node that cannot disappear."""


def fuse(netlist: Netlist) -> Netlist:
    """The same outputs with fewer gates; ``netlist`` itself if none can go.

    Args:
        netlist: gates of three pins, ``K = 3``, none of which reads a node twice.
    """
    fanin, table = netlist.fanin.copy(), netlist.table.copy()
    kept = np.zeros(netlist.n_nodes, np.bool_)
    kept[: netlist.first_gate] = True
    kept[netlist.outputs] = True
    level = levels(netlist).astype(np.int64)  # fusing changes few of them: not counted anew
    gone = 0
    while True:
        more = _fuse_once(netlist, fanin, table, kept, level)
        gone += more
        if not more:
            break
    if not gone:
        return netlist
    return remove_dead(Netlist(netlist.n_inputs, fanin, table, netlist.outputs))


def _fuse_once(
    netlist: Netlist,
    fanin: Ids,
    table: logic.Tables,
    kept: Bools,
    level: npt.NDArray[np.int64],
) -> int:
    """Fuse gates until those that could disappear at first are gone or cannot; returns how many."""
    rank = _ranks(netlist, fanin, kept, level)
    readers = np.arange(len(fanin))
    gone = 0
    while True:
        readers = _drop_impossible(netlist, fanin, rank, readers)
        if not len(readers):
            return gone
        edges = _winners(netlist, fanin, rank, readers)
        nodes = fanin[edges]
        gone += np.count_nonzero(np.bincount(nodes))
        rank[nodes] = NEVER
        kept[nodes] = True
        _take_in(netlist, fanin, table, *edges)
        fanin[nodes - netlist.first_gate] = CONSTANT_ZERO  # it reads nothing any more


def _ranks(
    netlist: Netlist, fanin: Ids, kept: Bools, level: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Lower for gates that are to disappear first; all different, ``i64[n_nodes]``."""
    fanout = np.bincount(fanin.ravel(), minlength=netlist.n_nodes)
    rank = (fanout * (level.max(initial=0) + 1) + level) * netlist.n_nodes
    rank += np.arange(netlist.n_nodes)
    rank[kept] = NEVER
    return rank


def _drop_impossible(
    netlist: Netlist, fanin: Ids, rank: npt.NDArray[np.int64], readers: Rows
) -> Rows:
    """Readers of gates that can still disappear; the others get the rank :data:`NEVER`."""
    pins = fanin[readers].T
    for pin, nodes in enumerate(pins):
        mine = np.flatnonzero(rank[nodes] != NEVER)
        inner = fanin[nodes[mine] - netlist.first_gate].T
        count = sum((node != CONSTANT_ZERO).astype(np.uint8) for node in inner)
        for other in {0, 1, 2} - {pin}:
            node = pins[other, mine]
            count += ~((node == CONSTANT_ZERO) | _is_any(node, inner))
        rank[nodes[mine[count > 3]]] = NEVER
    lowest = np.minimum.reduce([rank[nodes] for nodes in pins])
    return readers[lowest != NEVER]


def _is_any(nodes: Ids, among: Ids) -> Bools:
    """Whether each node is one of a column, ``among[3, n]``."""
    first, second, third = among
    return (nodes == first) | (nodes == second) | (nodes == third)


def _winners(
    netlist: Netlist, fanin: Ids, rank: npt.NDArray[np.int64], readers: Rows
) -> tuple[Rows, Rows]:
    """Gates and pins that read the gates to disappear now, which have no reader in common.

    Nor does any of them read another one. A gate wins if its rank is lower than that of every other
    gate that wants to change one of the same gates.
    """
    own = netlist.first_gate + readers
    pins = fanin[readers].T
    wanted = [rank[nodes] for nodes in pins]
    lowest = np.minimum.reduce([rank[own], *wanted])
    lost = np.zeros(netlist.n_nodes, np.bool_)
    lost[own[lowest != rank[own]]] = True
    for nodes, want in zip(pins, wanted, strict=True):
        lost[nodes[want != lowest]] = True
    won = [
        np.flatnonzero((want != NEVER) & ~lost[nodes])
        for nodes, want in zip(pins, wanted, strict=True)
    ]
    return readers[np.concatenate(won)], np.repeat(np.arange(3), [len(rows) for rows in won])


def _take_in(netlist: Netlist, fanin: Ids, table: logic.Tables, readers: Rows, pin: Rows) -> None:
    """Replace the node at a pin of each reader by what that node reads, in place."""
    inner = fanin[readers, pin] - netlist.first_gate
    inner_pins, own = fanin[inner].T, fanin[readers].T
    own[pin, np.arange(len(readers))] = CONSTANT_ZERO
    others = [np.where(_is_any(nodes, inner_pins), CONSTANT_ZERO, nodes) for nodes in own]
    both = np.sort(np.stack([*others, *inner_pins], axis=1), axis=1)[:, :2:-1]
    at_inner, at_own = _places(inner_pins, both.T), _places(own, both.T)
    result = np.zeros(len(readers), np.uint8)
    for row in range(8):
        values = np.array([row & 1, row >> 1 & 1, row >> 2, 0], np.uint8)
        value = table[inner] >> _address(values[at_inner]) & 1
        address = _address(values[at_own]) | value << pin.astype(np.uint8)
        result |= (table[readers] >> address & 1) << np.uint8(row)
    fanin[readers], table[readers] = both, result


def _places(pins: Ids, among: Ids) -> npt.NDArray[np.uint8]:
    """Where each of the pins ``[3, n]`` is among three others; 3 for unused ones."""
    places = np.full(pins.shape, 3, np.uint8)
    for place, nodes in enumerate(among):
        places[(pins == nodes) & (pins != CONSTANT_ZERO)] = place
    return places


def _address(values: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Rows of tables for the values of the pins, ``[3, n]``."""
    return values[0] | values[1] << np.uint8(1) | values[2] << np.uint8(2)
