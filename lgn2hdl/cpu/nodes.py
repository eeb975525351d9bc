"""Three-input nodes in a normal form, so that a few machine operations compute all of them.

Every node is kept in the polarity in which it is 0 when all inputs of the network are 0; its
readers' tables absorb the complement. Then row 0 of every table is 0, and up to the order of the
pins 40 of the 256 tables are left: one machine operation each.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir import logic
from lgn2hdl.ir.netlist import CONSTANT_ZERO, Ids, Netlist, evaluate

FAN_IN = 3
"""Pins of a node."""

WIRE = logic.pin_table(FAN_IN, 0)
"""Normal table of a node that passes its pin on."""


@dataclass(frozen=True, eq=False)
class NormalNodes:
    """The gates of a netlist in normal form; inputs and the constant are what they are.

    Attributes:
        n_inputs: number of one-bit inputs.
        fanin: node ids of the pins, ``i32[G, 3]``; pins that the table ignores come last and
            read node 0.
        table: tables of :func:`normal_tables`, ``u8[G]``; 0 and :data:`WIRE` are gates that nobody
            reads, since every constant is node 0 and a wire is what it reads.
        outputs: node ids of the outputs, ``i32[O]``.
        complemented: whether an output is the complement of its node, ``bool[O]``.
    """

    n_inputs: int
    fanin: Ids
    table: npt.NDArray[np.uint8]
    outputs: Ids
    complemented: npt.NDArray[np.bool_]

    @property
    def first_gate(self) -> int:
        """Node id of gate 0."""
        return self.n_inputs + 1

    @property
    def n_nodes(self) -> int:
        """Constant, inputs and gates together."""
        return self.first_gate + len(self.table)


def normal_form(netlist: Netlist) -> NormalNodes:
    """Normal form of a netlist with three pins a gate.

    Raises:
        ValueError: if the gates have another number of pins.
    """
    if netlist.n_pins != FAN_IN:
        raise ValueError(f"gates of {netlist.n_pins} pins, not {FAN_IN}")
    flipped = _values_for_zero(netlist)
    table = netlist.table.copy()
    for pin in range(FAN_IN):
        turned = flipped[netlist.fanin[:, pin]]
        table[turned] = logic.negate_pin(table[turned], FAN_IN, pin)
    own = flipped[netlist.first_gate :]
    table[own] = logic.negate(table[own], FAN_IN)
    normal, order = _NORMAL_TABLE[table], _NORMAL_ORDER[table]
    fanin = np.take_along_axis(netlist.fanin, order, axis=1)
    fanin[np.arange(FAN_IN) >= _SUPPORT_SIZE[normal][:, None]] = CONSTANT_ZERO
    stands_for = _without_wires(netlist, fanin, normal)
    return NormalNodes(
        n_inputs=netlist.n_inputs,
        fanin=stands_for[fanin],
        table=normal,
        outputs=stands_for[netlist.outputs],
        complemented=flipped[netlist.outputs],
    )


def _without_wires(netlist: Netlist, fanin: Ids, table: npt.NDArray[np.uint8]) -> Ids:
    """What stands for every node, ``i32[n_nodes]``: an inverter is a wire in normal form."""
    stands_for = np.arange(netlist.n_nodes, dtype=np.int32)
    wires = np.flatnonzero(table == WIRE)
    stands_for[netlist.first_gate + wires] = fanin[wires, 0]
    stands_for[netlist.first_gate + np.flatnonzero(table == 0)] = CONSTANT_ZERO
    while not np.array_equal(further := stands_for[stands_for], stands_for):
        stands_for = further
    return stands_for


def normal_tables() -> list[int]:
    """The tables of the normal form, ascending; the first one is constant 0."""
    return sorted(set(_NORMAL_TABLE[::2].tolist()))


def support_size(table: npt.NDArray[np.uint8]) -> npt.NDArray[np.int8]:
    """Pins that normal tables read, the first ones, ``i8`` of the same shape."""
    return _SUPPORT_SIZE[table]


def _values_for_zero(netlist: Netlist) -> npt.NDArray[np.bool_]:
    """Value of every node when all inputs are 0, ``bool[n_nodes]``."""
    everything = replace(netlist, outputs=np.arange(netlist.n_nodes, dtype=np.int32))
    words = evaluate(everything, np.zeros((netlist.n_inputs, 1), np.uint64))
    return (words[:, 0] & np.uint64(1)).astype(np.bool_)


def _normal_tables() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.intp]]:
    """For each of the 256 tables the smallest one among the orders of its pins that have the pins
    that matter first, ``u8[256]``, and that order, ``[256, 3]``."""
    tables = np.arange(256, dtype=np.uint8)
    best = np.full(256, 256)
    order = np.zeros((256, FAN_IN), np.intp)
    ignored = ~logic.support(tables, FAN_IN)
    for pins in itertools.permutations(range(FAN_IN)):
        now = logic.permute(tables, np.tile(pins, (256, 1)))
        late = (np.diff(ignored[:, pins].astype(np.int8), axis=1) >= 0).all(axis=1)
        better = late & (now < best)
        best[better] = now[better]
        order[better] = pins
    return best.astype(np.uint8), order


_NORMAL_TABLE, _NORMAL_ORDER = _normal_tables()
_SUPPORT_SIZE = logic.support(np.arange(256, dtype=np.uint8), FAN_IN).sum(axis=1).astype(np.int8)
