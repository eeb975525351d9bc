"""A growing graph of look-up tables in which equal gates are one node.

A literal is a node or its complement: ``2 * node + complement``. Gates are brought into one form
before they are looked up: complements and constants vanish in the table, equal pins are tied, pins
that do not matter go, the others are sorted, and the table is 0 where all pins are 0 (the literal
carries the complement). Gates of one form are one node, so what two netlists share costs nothing.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from itertools import combinations

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir import logic
from lgn2hdl.ir.netlist import Netlist, gates_by_level

FALSE, TRUE = 0, 1
"""Literals of the constants: node 0 is constant 0."""

PINS = logic.MAX_FAN_IN

WIRE = logic.pin_table(PINS, 0)
"""Table of a gate that passes its first pin on."""

FEW = 24
"""Up to so many gates are faster one after the other than as arrays."""

KEY = struct.Struct(f"={PINS}qQ")
"""Nodes and table of a gate, as they are looked up."""

Literals = npt.NDArray[np.int64]
Nodes = npt.NDArray[np.int64]


def normal_form(
    pins: Literals, table: logic.Words, fan_in: int = PINS
) -> tuple[Nodes, logic.Words, npt.NDArray[np.bool_]]:
    """Gates in the one form that equal gates share.

    Args:
        pins: literals, ``[n, 6]``; unused pins are :data:`FALSE`.
        table: truth tables, ``u64[n]``.
        fan_in: pins that may be used, the first ones; no table depends on the others.

    Returns:
        Nodes ``[n, 6]``, descending, 0 where there is no pin; tables; and whether the gate is the
        complement of that.
    """
    pins, table = pins.copy(), table.copy()
    for pin in range(fan_in):
        negative = np.flatnonzero(pins[:, pin] & 1)
        table[negative] = logic.negate_pin(table[negative], PINS, pin)
    nodes = pins >> 1
    for kept, tied in combinations(range(fan_in), 2):
        equal = np.flatnonzero((nodes[:, kept] == nodes[:, tied]) & (nodes[:, kept] > 0))
        if len(equal):
            table[equal] = logic.tie_pins(table[equal], PINS, kept, tied)
    for pin in range(fan_in):
        constant = np.flatnonzero(nodes[:, pin] == 0)
        table[constant] = logic.cofactor(table[constant], PINS, pin, 0)
    for pin in range(fan_in):
        nodes[~logic.depends_on(table, PINS, pin), pin] = 0
    order = np.argsort(-nodes, axis=1, kind="stable")
    moved = np.flatnonzero((order != np.arange(PINS)).any(axis=1))
    if len(moved):
        table[moved] = logic.permute(table[moved], order[moved])
    negated = (table & np.uint64(1)).astype(np.bool_)
    table[negated] = ~table[negated]
    return np.take_along_axis(nodes, order, axis=1), table, negated


@lru_cache(maxsize=1 << 16)
def _form_of_pattern(pattern: tuple[int, ...], table: int) -> tuple[tuple[int, ...], int, int]:
    """The normal form of one gate; only the order of its nodes decides it, not their numbers."""
    fan_in = len(pattern)
    pins = np.zeros((1, PINS), np.int64)
    pins[0, :fan_in] = pattern
    wide = logic.widen(np.array([table], np.uint64), fan_in, PINS)
    nodes, tables, negated = normal_form(pins, wide, fan_in)
    return tuple(nodes[0].tolist()), int(tables[0]), int(negated[0])


class Graph:
    """Nodes, in topological order; it only grows.

    Attributes:
        pins: nodes that each node reads, ``i64[n, 6]``; 0 where there is no pin.
        table: truth tables, ``u64[n]``.
        stands_for: literal that each node has been merged into: an earlier one, or itself.
        size: number of nodes.
    """

    def __init__(self) -> None:
        self.size = 1
        self.pins = np.zeros((1024, PINS), np.int64)
        self.table = np.zeros(1024, np.uint64)
        self.stands_for = 2 * np.arange(1024)
        self._known: dict[bytes, int] = {}

    def add_inputs(self, number: int) -> Literals:
        """Literals of new nodes without a table."""
        first = self.size
        self._reserve(number)
        self.size += number
        return 2 * np.arange(first, self.size)

    def add_gates(self, pins: Literals, table: logic.Words) -> tuple[Literals, range]:
        """Gates that do not read each other.

        Args:
            pins: literals, ``[n, K]``.
            table: truth tables of K pins, ``[n]``.

        Returns:
            The gates' literals ``[n]``, and the nodes that are new.
        """
        own, new = self.find_gates(pins, table)
        return self.stands_for[own >> 1] ^ (own & 1), new

    def find_gates(self, pins: Literals, table: logic.Words) -> tuple[Literals, range]:
        """The same, but for literals of the gates themselves, whatever stands for them."""
        if len(pins) <= FEW:
            before, few = self.size, zip(pins.tolist(), table.tolist(), strict=True)
            found = np.array([self._find_gate(*gate) for gate in few], np.int64)
            return found, range(before, self.size)
        wide = np.zeros((len(pins), PINS), np.int64)
        wide[:, : pins.shape[1]] = pins
        tables = logic.widen(table, pins.shape[1], PINS).astype(np.uint64)
        nodes, tables, negated = normal_form(wide, tables, pins.shape[1])
        literals = self._wires(nodes, tables)
        gates = np.flatnonzero(literals < 0)
        first = self.size
        literals[gates] = self._looked_up(nodes[gates], tables[gates])
        return literals ^ negated, range(first, self.size)

    def _find_gate(self, pins: list[int], table: int) -> int:
        """Literal of a single gate, which is new if it was not known."""
        nodes = sorted({0, *(literal >> 1 for literal in pins)})
        rank = {node: place for place, node in enumerate(nodes)}
        pattern = tuple(2 * rank[literal >> 1] | literal & 1 for literal in pins)
        places, table, negated = _form_of_pattern(pattern, table)
        if table == 0:
            return FALSE ^ negated
        own = [nodes[place] for place in places]
        if table == WIRE:
            return 2 * own[0] ^ negated
        key = KEY.pack(*own, table)
        node = self._known.get(key)
        if node is None:
            self._reserve(1)
            node = self._known[key] = self.size
            self.pins[node], self.table[node] = own, table
            self.size += 1
        return 2 * node ^ negated

    def _wires(self, nodes: Nodes, tables: logic.Words) -> Literals:
        """Literals of constants and of gates that pass a pin on; -1 for the others."""
        wire = tables == np.uint64(WIRE)
        literals = np.full(len(nodes), -1, np.int64)
        literals[tables == 0] = FALSE
        literals[wire] = 2 * nodes[wire, 0]
        return literals

    def _looked_up(self, nodes: Nodes, tables: logic.Words) -> Literals:
        keys = np.ascontiguousarray(np.column_stack([nodes, tables.view(np.int64)]))
        whole = keys.view(np.dtype((np.void, keys.shape[1] * 8)))[:, 0]
        unique, first, member = np.unique(whole, return_index=True, return_inverse=True)
        order = np.argsort(first, kind="stable")  # new nodes in the order of the gates
        found = np.empty(len(unique), np.int64)
        self._reserve(len(unique))
        for place in order.tolist():
            key = unique[place].tobytes()
            node = self._known.get(key)
            if node is None:
                node = self._known[key] = self.size
                row = first[place]
                self.pins[node], self.table[node] = nodes[row], tables[row]
                self.size += 1
            found[place] = 2 * node
        return found[member.ravel()]

    def evaluate(self, where: slice, values: logic.Words) -> logic.Words:
        """What gates give, ``u64[n, words]``, from the values of all nodes."""
        pins = self.pins[where]
        fan_in = int(np.count_nonzero(pins.any(axis=0)))  # (of few pins: short tables)
        table = self.table[where] & np.uint64(logic.all_ones(fan_in))
        return logic.evaluate(table, values[pins[:, :fan_in].T])

    def _reserve(self, number: int) -> None:
        capacity = len(self.table)
        if self.size + number <= capacity:
            return
        grown = max(2 * capacity, self.size + number)
        self.pins = np.concatenate([self.pins, np.zeros((grown - capacity, PINS), np.int64)])
        self.table = np.concatenate([self.table, np.zeros(grown - capacity, np.uint64)])
        self.stands_for = np.concatenate([self.stands_for, 2 * np.arange(capacity, grown)])

    def merge(self, node: int, literal: int) -> None:
        """Let an earlier literal stand for a node that nothing reads yet."""
        self.stands_for[node] = literal


def levels_of(netlist: Netlist) -> list[npt.NDArray[np.intp]]:
    """Gate positions level by level; none where there are no gates."""
    return gates_by_level(netlist) if netlist.n_gates else []
