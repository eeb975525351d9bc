"""Functions that are yet to be split into nodes of three inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir import logic
from lgn2hdl.ir.netlist import CONSTANT_ZERO, Ids, Netlist

MAX_NEW = 2
"""Most nodes that a split of one function adds."""


@dataclass(frozen=True, eq=False)
class Functions:
    """Parts of gates, functions of ``k`` variables each.

    Attributes:
        node: node that each is to become, ``i32[n]``: a gate of the netlist, or a number above.
        gate: position of the gate that each is a part of, ``i32[n]``.
        place: ascending from the nodes of a gate that are read to those that read them, ``i32[n]``.
        pins: nodes that the variables are, ``i32[n, k]``.
        table: truth tables, ``[n]``.
    """

    node: Ids
    gate: Ids
    place: Ids
    pins: Ids
    table: logic.Tables

    @property
    def n_pins(self) -> int:
        """Variables of each function, k."""
        return int(self.pins.shape[1])

    def take(self, rows: npt.NDArray[np.intp]) -> Functions:
        """Some of the functions."""
        node, gate, place = self.node[rows], self.gate[rows], self.place[rows]
        return Functions(node, gate, place, self.pins[rows], self.table[rows])

    def permuted(self, order: Sequence[int]) -> Functions:
        """The same functions with their variables in another order."""
        wanted = np.tile(np.array(order), (len(self.node), 1))
        pins, table = self.pins[:, order], logic.permute(self.table, wanted)
        return Functions(self.node, self.gate, self.place, pins, table)

    def rest(self, pins: Ids, table: logic.Tables) -> Functions:
        """What reads the new parts of the same functions, and becomes the same nodes."""
        return Functions(self.node, self.gate, self.place, pins, table)

    def part(self, node: Ids, pins: Ids, table: logic.Tables) -> Functions:
        """New parts of the same functions, to become the nodes ``node``."""
        # What reads them has fewer variables than these functions have. So all that it will be
        # split into stays above them: 2**(k-1) + 2**(k-2) + ... < 2**k.
        return Functions(node, self.gate, self.place - (1 << self.n_pins), pins, table)


def joined(parts: Sequence[Functions], n_pins: int) -> Functions:
    """All functions of the parts, which have ``n_pins`` variables; there may be no parts."""
    none = np.empty(0, np.int32)
    table = np.empty(0, logic.table_dtype(n_pins))
    parts = [Functions(none, none, none, np.empty((0, n_pins), np.int32), table), *parts]
    return Functions(
        np.concatenate([part.node for part in parts]),
        np.concatenate([part.gate for part in parts]),
        np.concatenate([part.place for part in parts]),
        np.concatenate([part.pins for part in parts]),
        np.concatenate([part.table for part in parts]),
    )


def gate_functions(netlist: Netlist) -> list[Functions]:
    """The gates by the number of pins that they use, 3 at least; unused pins are left out."""
    used = netlist.fanin != CONSTANT_ZERO
    order = np.argsort(~used, axis=1, kind="stable")
    count = np.maximum(used.sum(axis=1), 3)
    return [
        _narrow(netlist, np.flatnonzero(count == n_pins), order, n_pins)
        for n_pins in range(3, max(3, netlist.n_pins) + 1)
    ]


def _narrow(
    netlist: Netlist, gates: npt.NDArray[np.intp], order: npt.NDArray[np.intp], n_pins: int
) -> Functions:
    """Some gates with their pins in another order, only the first ``n_pins`` of them."""
    pins = np.take_along_axis(netlist.fanin[gates], order[gates], axis=1)[:, :n_pins]
    table = logic.permute(netlist.table[gates], order[gates])
    if netlist.n_pins < n_pins:
        table = logic.widen(table, netlist.n_pins, n_pins)
        pins = np.pad(pins, ((0, 0), (0, n_pins - netlist.n_pins)))
    narrow = (table & table.dtype.type(logic.all_ones(n_pins))).astype(logic.table_dtype(n_pins))
    return Functions(
        (netlist.first_gate + gates).astype(np.int32),
        gates.astype(np.int32),
        np.zeros(len(gates), np.int32),
        pins,
        narrow,
    )


def assembled(netlist: Netlist, nodes: Functions, n_ids: int) -> Netlist:
    """The netlist whose gates ``nodes``, functions of three variables, are parts of."""
    order = np.lexsort([nodes.place, nodes.gate])
    new_id = np.zeros(n_ids, np.int32)
    new_id[: netlist.first_gate] = np.arange(netlist.first_gate)
    new_id[nodes.node[order]] = netlist.first_gate + np.arange(len(order), dtype=np.int32)
    return Netlist(
        n_inputs=netlist.n_inputs,
        fanin=new_id[nodes.pins[order]],
        table=nodes.table[order],
        outputs=new_id[netlist.outputs],
    )
