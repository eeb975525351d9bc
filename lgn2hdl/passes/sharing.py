"""Merge gates that compute the same function, or its complement, of the same pins.

``f(a, b) = g(b, a)``: pins are sorted by node id first. ``~f`` is ``f`` and an inverter, which the
readers' tables absorb: so a gate and its complement count as equal.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir import logic
from lgn2hdl.ir.netlist import Ids, Netlist, gates_by_level
from lgn2hdl.passes.dead import rebuild

Bools = npt.NDArray[np.bool_]


def share_gates(netlist: Netlist) -> Netlist:
    """No two gates have equal tables, or complementary ones, on equal pins, in any order of pins.

    The exception are two gates for two outputs that are each other's complement. Of each class of
    equal gates the first stays, in the polarity that an output needs.
    """
    fanin, table = netlist.fanin.copy(), netlist.table.copy()
    kept = np.arange(netlist.n_nodes, dtype=np.int32)  # the gate that replaces each node ...
    flipped = np.zeros(netlist.n_nodes, np.bool_)  # ... and whether it is the complement
    for gates in gates_by_level(netlist):
        old_pins = np.ascontiguousarray(fanin[gates].T)
        own = _absorb(table[gates], old_pins, flipped)
        pins, own = _sort_pins(kept[old_pins], own)
        same_as, complement = _classes(pins, own)
        kept[netlist.first_gate + gates] = netlist.first_gate + gates[same_as]
        flipped[netlist.first_gate + gates] = complement
        fanin[gates], table[gates] = pins.T, own

    outputs, inverted = _assign_outputs(netlist.outputs, kept, flipped)
    gates = np.flatnonzero(inverted[netlist.first_gate :])
    table = _absorb(table, fanin.T, inverted)
    table[gates] = logic.negate(table[gates], netlist.n_pins)
    return rebuild(netlist, fanin, table, outputs)


def _absorb(table: logic.Tables, pins: Ids, inverted: Bools) -> logic.Tables:
    """Tables after the nodes in ``inverted`` have become their complements."""
    for pin, node in enumerate(pins):
        readers = np.flatnonzero(inverted[node])
        table[readers] = logic.negate_pin(table[readers], len(pins), pin)
    return table


def _sort_pins(pins: Ids, table: logic.Tables) -> tuple[Ids, logic.Tables]:
    """The same gates, ``pins[K, n]``, with ascending pins and the unused ones last."""
    # An unused pin, node 0, is the largest value as an unsigned number one lower.
    rank = (pins - 1).view(np.uint32)
    for left, right in combinations(range(len(pins)), 2):
        swap = np.flatnonzero(rank[left] > rank[right])
        table[swap] = logic.swap_pins(table[swap], len(pins), left, right)
        rank[left, swap], rank[right, swap] = rank[right, swap], rank[left, swap]
    return rank.view(np.int32) + 1, table


def _classes(pins: Ids, table: logic.Tables) -> tuple[npt.NDArray[np.intp], Bools]:
    """Of gates with sorted pins: the first equal one of each, and whether it is the complement."""
    negative = (table & 1).astype(np.bool_)  # a class is known by its member that gives 0 for 0s
    normal = np.where(negative, logic.negate(table, len(pins)), table)
    id_bits = max(1, int(pins.max()).bit_length())
    words = _packed_keys([*pins, normal], [id_bits] * len(pins) + [logic.rows(len(pins))])
    order = np.lexsort(words)  # stable: equal gates stay in order
    new = np.ones(len(order), np.bool_)
    new[1:] = np.any([word[order[1:]] != word[order[:-1]] for word in words], axis=0)
    same_as = np.empty_like(order)
    same_as[order] = order[new][np.cumsum(new) - 1]
    return same_as, negative != negative[same_as]


def _packed_keys(
    columns: list[npt.NDArray[np.integer]], bits: list[int]
) -> list[npt.NDArray[np.uint64]]:
    """The columns, each of so many bits, side by side in as few 64-bit words as they need."""
    words: list[npt.NDArray[np.uint64]] = []
    room = 0
    for column, width in zip(columns, bits, strict=True):
        wide = column.astype(np.uint64)
        if width > room:
            words.append(wide)
            room = 64 - width
        else:
            words[-1] = words[-1] << np.uint64(width) | wide
            room -= width
    return words


def _assign_outputs(outputs: Ids, kept: Ids, flipped: Bools) -> tuple[Ids, Bools]:
    """Nodes for the outputs, and which kept gates to invert because outputs need nothing else."""
    wanted, complement = kept[outputs], flipped[outputs]
    plain = np.zeros(len(kept), np.bool_)
    plain[wanted[~complement]] = True
    inverted = np.zeros(len(kept), np.bool_)
    inverted[wanted[complement]] = True
    inverted &= ~plain
    # Where both are needed, the first of the merged gates that is the complement stays after all.
    both = np.flatnonzero(complement & plain[wanted])
    copy = np.full(len(kept), len(kept), np.int32)
    np.minimum.at(copy, wanted[both], outputs[both])
    wanted[both] = copy[wanted[both]]
    return wanted, inverted
