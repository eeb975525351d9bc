"""What every node computes from a few nodes below it, as far as inputs can occur at all.

The inputs of a network are the bits of a thermometer encoder: bit ``j`` is
``x[feature[j]] >= threshold[j]``. Of two bits of one feature, the one with the higher threshold
implies the other, so many combinations never occur. They are the don't-cares that
:mod:`lgn2hdl.passes.dont_cares` lives from.

A node's *cone* is a set of at most ``window`` variables below it (inputs, or gates that are taken
as free variables) and the node's table over them. Rows that cannot occur do not count. What is left
has one form only: bits of one feature that can change alone, because its value moves across one
threshold, decide which variables matter, and the rows that cannot occur hold 0. So two nodes with
equal forms are equal for every input that can occur.

Tables of cones have a byte or a bit for each row, row ``a`` meaning that variable ``v`` is
``(a >> v) & 1``; variables go by *rank*: inputs by feature and threshold, then gates by node id.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir import logic
from lgn2hdl.ir.netlist import Ids, Netlist, gates_by_level

NO_VARIABLE = np.iinfo(np.int32).max
"""Rank that fills the places of a cone's variables that are not used."""

MIN_WINDOW, MAX_WINDOW = logic.MAX_FAN_IN, 10
"""Bounds of the number of variables of a cone: the pins of every gate must fit."""

BLOCK_BYTES = 1 << 20
"""Size of the largest temporary array."""

Rows = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Variables:
    """The variables of cones, by rank.

    Attributes:
        node: node of each rank, ``i32[n_nodes - 1]``.
        rank: rank of each node, ``i32[n_nodes]``; of the constant it means nothing.
        chain: equal for neighbouring ranks where the higher one implies the lower one: the feature
            of an input; a number of its own for a gate, ``i32[n_nodes - 1]``.
        stands_for: node that each input equals for every ``x``, ``i32[B]``: itself, or an input
            with the same feature and threshold; -1 if it is constant 0, -2 if it is constant 1.
    """

    node: Ids
    rank: Ids
    chain: Ids
    stands_for: Ids


def thermometer_variables(
    netlist: Netlist, feature: Ids, threshold: Ids, highest: npt.NDArray[np.integer] | None
) -> Variables:
    """Ranks of a netlist whose input ``j`` is ``x[feature[j]] >= threshold[j]``.

    ``highest`` is the highest value of every feature, where it is known.
    """
    order = np.lexsort((threshold, feature))
    again = np.zeros(len(order), np.bool_)
    again[1:] = (np.diff(feature[order]) == 0) & (np.diff(threshold[order]) == 0)
    first = order[np.maximum.accumulate(np.where(again, 0, np.arange(len(order))))]
    stands_for = np.empty(netlist.n_inputs, np.int32)
    stands_for[order] = 1 + first
    if highest is not None:
        stands_for[threshold > highest[feature]] = -1
    stands_for[threshold <= 0] = -2
    gates = np.arange(netlist.first_gate, netlist.n_nodes, dtype=np.int32)
    node = np.concatenate([1 + order.astype(np.int32), gates])
    rank = np.zeros(netlist.n_nodes, np.int32)
    rank[node] = np.arange(len(node), dtype=np.int32)
    own = feature.max(initial=0) + 1 + np.arange(netlist.n_gates, dtype=np.int32)
    chain = np.concatenate([feature[order], own]).astype(np.int32)
    return Variables(node, rank, chain, stands_for)


@dataclass(frozen=True, eq=False)
class Cones:
    """Cone of every node.

    Attributes:
        variables: ranks, ascending, :data:`NO_VARIABLE` in unused places, ``i32[n_nodes, window]``.
        table: a bit a row, ``u8[n_nodes, 2**window / 8]``; row 0 and what cannot occur are 0.
        negated: whether the node is the complement of what the table says, ``bool[n_nodes]``.
    """

    variables: Ids
    table: Rows
    negated: Bools

    @property
    def window(self) -> int:
        """Most variables of a cone."""
        return self.variables.shape[1]


def small_cones(netlist: Netlist, variables: Variables, window: int) -> tuple[Cones, Bools]:
    """Cones of all nodes, and which rows of every gate's table can occur, ``bool[G, 2**K]``.

    The cone of a gate joins those of its pins; if they have too many variables together, pins
    become variables themselves, the one with the most variables first.

    Raises:
        ValueError: if ``window`` is out of range.
    """
    if not MIN_WINDOW <= window <= MAX_WINDOW:
        raise ValueError(f"a window of {window} variables is not {MIN_WINDOW} to {MAX_WINDOW}")
    cones = _input_cones(netlist, variables, window)
    possible = np.empty((netlist.n_gates, logic.rows(netlist.n_pins)), np.bool_)
    block = max(1, BLOCK_BYTES >> (window + 1))
    for level in gates_by_level(netlist):
        for start in range(0, len(level), block):
            gates = level[start : start + block]
            possible[gates] = _add_gates(netlist, variables, cones, gates)
    return cones, possible


def _input_cones(netlist: Netlist, variables: Variables, window: int) -> Cones:
    cones = Cones(
        variables=np.full((netlist.n_nodes, window), NO_VARIABLE, np.int32),
        table=np.zeros((netlist.n_nodes, (1 << window) // 8), np.uint8),
        negated=np.zeros(netlist.n_nodes, np.bool_),
    )
    inputs = 1 + np.flatnonzero(variables.stands_for > 0)
    cones.variables[inputs, 0] = variables.rank[variables.stands_for[inputs - 1]]
    cones.table[inputs] = _packed_rows(_variable_rows(window)[0])
    cones.negated[1 : netlist.first_gate] = variables.stands_for == -2
    return cones


def _add_gates(
    netlist: Netlist, variables: Variables, cones: Cones, gates: npt.NDArray[np.intp]
) -> Bools:
    """Fill in the cones of gates whose pins have theirs; returns the rows that can occur."""
    pins = netlist.fanin[gates]
    closed, joined = _join(cones.variables[pins], variables.rank[pins])
    occurs = _occurring(joined, variables.chain)
    address = np.zeros((len(gates), 1 << cones.window), np.uint8)
    for pin, nodes in enumerate(pins.T):
        own = np.where(closed[:, pin], variables.rank[nodes], NO_VARIABLE)
        address |= _pin_rows(cones, nodes, own, joined) << np.uint8(pin)
    possible = np.zeros((len(gates), logic.rows(netlist.n_pins)), np.bool_)
    row, column = np.nonzero(occurs)
    possible[row, address[row, column]] = True
    table = logic.table_to_bits(netlist.table[gates], netlist.n_pins)
    values = np.take_along_axis(table, address.astype(np.intp), axis=1)
    nodes = netlist.first_gate + gates
    _store(cones, nodes, *_normal_form(joined, values, occurs))
    return possible


def _join(cones: Ids, own: Ids) -> tuple[Bools, Ids]:
    """Which pins are variables themselves ``[n, K]``, and all variables ``[n, window]``, ascending.

    Args:
        cones: variables of every pin's own cone, ``[n, K, window]``.
        own: rank of every pin as a variable of its own, ``[n, K]``.
    """
    opened, closed = cones.copy(), np.zeros(own.shape, np.bool_)
    joined = np.empty((len(cones), cones.shape[2]), np.int32)
    left = np.arange(len(cones))
    while len(left):
        union = np.sort(opened[left].reshape(len(left), -1), axis=1)
        union[:, 1:][union[:, 1:] == union[:, :-1]] = NO_VARIABLE
        union.sort(axis=1)
        wide = (union[:, cones.shape[2] :] != NO_VARIABLE).any(axis=1)
        joined[left[~wide]] = union[~wide, : cones.shape[2]]
        left = left[wide]
        widest = (opened[left] != NO_VARIABLE).sum(axis=2).argmax(axis=1)
        opened[left, widest] = NO_VARIABLE
        opened[left, widest, 0] = own[left, widest]
        closed[left, widest] = True
    return closed, joined


def _occurring(joined: Ids, chain: Ids) -> Bools:
    """Rows of windows ``[n, window]`` that can occur, ``bool[n, 2**window]``.

    Bits of a feature are neighbours, in ascending order of threshold.
    """
    window = joined.shape[1]
    bits = _variable_rows(window).astype(np.bool_)
    occurs = np.ones((len(joined), 1 << window), np.bool_)
    known = np.where(joined == NO_VARIABLE, 0, joined)
    for low in range(window - 1):
        implied = (joined[:, low + 1] != NO_VARIABLE) & (
            chain[known[:, low]] == chain[known[:, low + 1]]
        )
        occurs[implied] &= bits[low] | ~bits[low + 1]
    return occurs


def _pin_rows(cones: Cones, nodes: Ids, own: Ids, joined: Ids) -> Rows:
    """Values of nodes on the rows of their readers' windows, ``u8[n, 2**window]``.

    Args:
        cones: of all nodes.
        nodes: nodes to evaluate, ``[n]``.
        own: rank of those that are variables themselves, else :data:`NO_VARIABLE`, ``[n]``.
        joined: variables of the windows, ``[n, window]``.
    """
    variable = own != NO_VARIABLE
    values = _unpacked_rows(cones.table[nodes]) ^ cones.negated[nodes, None]
    values[variable] = _variable_rows(cones.window)[0]
    places = np.zeros(joined.shape, np.uint16)
    for place in range(cones.window):
        mine = np.where(variable, own if place == 0 else NO_VARIABLE, cones.variables[nodes, place])
        here = (joined == mine[:, None]) & (joined != NO_VARIABLE)
        places |= here.astype(np.uint16) << np.uint16(place)
    return np.take_along_axis(values, _row_of(places), axis=1)


def _row_of(places: npt.NDArray[np.uint16]) -> npt.NDArray[np.intp]:
    """Row that each row turns into if variable v counts ``places[n, v]``, ``[n, 2**window]``."""
    window = places.shape[1]
    row = np.zeros((len(places), 1 << window), np.intp)
    for variable in range(window):
        half = 1 << variable
        row[:, half : 2 * half] = row[:, :half] + places[:, variable, None]
    return row


def _normal_form(joined: Ids, values: Rows, occurs: Bools) -> tuple[Ids, Rows, Bools]:
    """Variables that matter, table (a byte a row) and complement of functions on windows."""
    window = joined.shape[1]
    values, occurs = values.copy(), occurs.copy()
    needed = np.zeros(joined.shape, np.bool_)
    for variable in range(window):
        needed[:, variable] = drop_ignored(values, occurs, variable)
    place = np.cumsum(needed, axis=1) - 1
    variables = np.full_like(joined, NO_VARIABLE)
    places = np.zeros(joined.shape, np.uint16)
    row, column = np.nonzero(needed)
    variables[row, place[row, column]] = joined[row, column]
    places[row, place[row, column]] = 1 << column
    old_row = _row_of(places)
    values = np.take_along_axis(values, old_row, axis=1)
    occurs = np.take_along_axis(occurs, old_row, axis=1)
    negated = values[:, 0].astype(np.bool_)  # all variables 0: that can always occur
    return variables, (values ^ negated[:, None]) & occurs, negated


def drop_ignored(values: Rows, occurs: Bools, variable: int) -> Bools:
    """Whether functions depend on a variable; those that do not get rows without it, in place.

    A function depends on it where two rows that can occur differ in this variable alone and in the
    value. A row that cannot occur takes the value of its partner.
    """
    shape = (len(values), -1, 2, 1 << variable)
    value, may = values.reshape(shape), occurs.reshape(shape)
    low, high = value[:, :, 0], value[:, :, 1]
    needed = (may[:, :, 0] & may[:, :, 1] & (low != high)).any(axis=(1, 2))
    free = np.flatnonzero(~needed)
    value[free] = np.where(may[free, :, 0], low[free], high[free])[:, :, None]
    may[free] = (may[free, :, 0] | may[free, :, 1])[:, :, None]
    return needed


def _store(
    cones: Cones, nodes: npt.NDArray[np.intp], variables: Ids, table: Rows, negated: Bools
) -> None:
    cones.variables[nodes] = variables
    cones.table[nodes] = _packed_rows(table)
    cones.negated[nodes] = negated


def _variable_rows(window: int) -> Rows:
    """Value of every variable on every row, ``u8[window, 2**window]``."""
    return ((np.arange(1 << window) >> np.arange(window)[:, None]) & 1).astype(np.uint8)


def _packed_rows(rows: Rows) -> Rows:
    return np.packbits(rows, axis=-1, bitorder="little")


def _unpacked_rows(table: Rows) -> Rows:
    return np.unpackbits(table, axis=-1, bitorder="little")


def table_bits(
    cones: Cones, variables: Variables, nodes: npt.NDArray[np.intp], n_pins: int
) -> tuple[Rows, Bools]:
    """Tables of cones with at most ``n_pins`` variables, as gates that read them.

    Returns:
        Outputs, and which rows can occur, both ``[n, 2**n_pins]``.
    """
    rows = logic.rows(n_pins)
    values = _unpacked_rows(cones.table[nodes])[:, :rows] ^ cones.negated[nodes, None]
    return values, _occurring(cones.variables[nodes, :n_pins], variables.chain)
