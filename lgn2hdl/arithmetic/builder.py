"""Build a block gate by gate: LUTs that simplify themselves, and carry chains.

Arithmetic is small and irregular, so it is built one LUT at a time. A literal is a node or its
complement, ``2 * node + complement``; complements and constants vanish in the table that reads
them, and equal LUTs are built once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np

from lgn2hdl.ir import logic
from lgn2hdl.ir.circuit import CARRY, SUM, Block, Chain
from lgn2hdl.ir.netlist import CONSTANT_ZERO, Netlist

FALSE, TRUE = 0, 1
"""Literals of the constants."""


def negated(literal: int) -> int:
    """The complement of a literal."""
    return literal ^ 1


@cache
def table_of(function: Callable[..., object], n_pins: int, *fixed: int) -> int:
    """Table of ``function(pins, *fixed)``, where ``pins`` is a tuple of 0 and 1; pin 0 first."""
    table = 0
    for address in range(1 << n_pins):
        pins = tuple(address >> pin & 1 for pin in range(n_pins))
        table |= bool(function(pins, *fixed)) << address
    return table


_FREE = TRUE + 1
"""In a pattern of constants: a pin that is none."""


@cache
def _table_with_constants(
    function: Callable[..., object], pattern: tuple[int, ...], fixed: tuple[int, ...]
) -> int:
    """Table of the same function of the free pins alone; the pattern holds the other pins' values.

    Comparing two numbers that each have many constant digits has far too many pins for a table.
    """
    table = 0
    for address in range(1 << pattern.count(_FREE)):
        left = address
        pins = []
        for value in pattern:
            if value == _FREE:
                value, left = left & 1, left >> 1
            pins.append(value)
        table |= bool(function(tuple(pins), *fixed)) << address
    return table


def _cofactor(table: int, n_pins: int, pin: int, value: int) -> int:
    """The function with ``pin`` fixed and removed: a table of one pin less."""
    low = (1 << pin) - 1
    result = 0
    for address in range(1 << (n_pins - 1)):
        source = (address & low) | value << pin | (address & ~low) << 1
        result |= (table >> source & 1) << address
    return result


def simplified(literals: Sequence[int], table: int) -> tuple[tuple[int, ...], int]:
    """The same function of plain nodes, each one once, ascending, and all of them needed."""
    pins = list(literals)
    for pin, literal in enumerate(pins):
        if literal & 1 and literal != TRUE:
            table = _negated_pin(table, len(pins), pin)
            pins[pin] = negated(literal)
    for reduce in (_without_copy, _without_idle):  # copies first: without them pins become idle
        for pin in reversed(range(len(pins))):
            reduced = reduce(table, pins, pin)
            if reduced is not None:
                table = reduced
                del pins[pin]
    order = sorted(range(len(pins)), key=pins.__getitem__)
    if order != list(range(len(pins))):
        table = _permuted(table, order)
    return tuple(pins[pin] >> 1 for pin in order), table


def _without_copy(table: int, pins: list[int], pin: int) -> int | None:
    """The table without ``pin`` if that is constant or a copy of an earlier pin, else None."""
    n_pins, literal = len(pins), pins[pin]
    if literal in (FALSE, TRUE):
        return _cofactor(table, n_pins, pin, literal)
    if literal not in pins[:pin]:
        return None
    low, high = _cofactor(table, n_pins, pin, 0), _cofactor(table, n_pins, pin, 1)
    mask = logic.pin_table(n_pins - 1, pins.index(literal))
    return (low & ~mask) | (high & mask)


def _without_idle(table: int, pins: list[int], pin: int) -> int | None:
    """The table without ``pin`` if it does not depend on it, else None."""
    low, high = _cofactor(table, len(pins), pin, 0), _cofactor(table, len(pins), pin, 1)
    return low if low == high else None


def _negated_pin(table: int, n_pins: int, pin: int) -> int:
    mask, shift = logic.pin_table(n_pins, pin), 1 << pin
    return (table & mask) >> shift | (table & ~mask) << shift


def _permuted(table: int, order: Sequence[int]) -> int:
    """New pin ``i`` is old pin ``order[i]``."""
    result = 0
    for address in range(1 << len(order)):
        old = sum((address >> new & 1) << pin for new, pin in enumerate(order))
        result |= (table >> old & 1) << address
    return result


class Builder:
    """Collects gates of at most ``k`` pins; :meth:`block` gives the finished block.

    Args:
        n_inputs: inputs of the block.
        k: pins of a LUT, 3 to 6.
    """

    def __init__(self, n_inputs: int, k: int) -> None:
        if not 3 <= k <= logic.MAX_FAN_IN:
            raise ValueError(f"LUTs of {k} inputs are not 3 to {logic.MAX_FAN_IN}")
        self.k = k
        self._n_inputs = n_inputs
        self._gates: list[tuple[tuple[int, ...], int]] = []  # node ids of the pins, and table
        self._known: dict[tuple[tuple[int, ...], int], int] = {}
        self._chains: list[Chain] = []
        self._in_chain: set[int] = set()

    def inputs(self) -> list[int]:
        """Literals of all inputs."""
        return [2 * node for node in range(1, self._n_inputs + 1)]

    def lut(self, literals: Sequence[int], table: int) -> int:
        """Literal of a function of up to ``k`` literals."""
        pins, table = simplified(literals, table)
        if not pins:
            return TRUE if table else FALSE
        if len(pins) == 1:
            return 2 * pins[0] + (table == 0b01)
        if len(pins) > self.k:
            raise ValueError(f"a gate of {len(pins)} pins in LUTs of {self.k}")
        complement = table & 1  # a function and its complement are one gate
        if complement:
            table ^= logic.all_ones(len(pins))
        key = (pins, table)
        if key not in self._known:
            self._known[key] = self._add(pins, table)
        return 2 * self._known[key] + complement

    def gate(self, literals: Sequence[int], function: Callable[..., object], *fixed: int) -> int:
        """Literal of ``function(pins, *fixed)``; the function must be a module's own.

        There may be any number of constants among the literals: they cost no row of a table.
        """
        free = [literal for literal in literals if literal > TRUE]
        if len(free) == len(literals):
            return self.lut(literals, table_of(function, len(literals), *fixed))
        pattern = tuple(min(literal, _FREE) for literal in literals)
        return self.lut(free, _table_with_constants(function, pattern, fixed))

    def _add(self, pins: tuple[int, ...], table: int) -> int:
        self._gates.append((pins, table))
        return self._n_inputs + len(self._gates)

    def _node(self, literal: int) -> int:
        """A node for the literal; a complement or a constant 1 takes a gate."""
        if literal == FALSE:
            return CONSTANT_ZERO
        if not literal & 1:
            return literal >> 1
        node = literal >> 1
        pins: tuple[int, ...] = (node,) if node else ()
        table = 0b10 if node else 0
        if node > self._n_inputs and node not in self._in_chain:
            pins, table = self._gates[node - self._n_inputs - 1]
        key = (pins, table ^ (logic.all_ones(len(pins)) if pins else 1))
        if key not in self._known:
            self._known[key] = self._add(*key)
        return self._known[key]

    def _addend(self, literals: Sequence[int], table: int) -> tuple[int, bool]:
        """Node that computes an addend, and whether the chain absorbs it."""
        pins, table = simplified(literals, table)
        if not pins:
            return self._node(TRUE if table else FALSE), False
        if pins == (pins[0],) and table == 0b10:
            return pins[0], False
        return self._add(pins, table), True  # a gate of its own: nobody else may read it

    def chain(
        self,
        augends: Sequence[int],
        addends: Sequence[tuple[Sequence[int], int]],
        carry_in: int = FALSE,
        carry_out: bool = True,
    ) -> list[int]:
        """Literals of the sums of a carry chain, least significant first, and its carry out.

        Args:
            augends: a literal for every position.
            addends: literals (at most ``k - 1``) and table of the gate of every position.
            carry_in: literal added to the lowest position.
            carry_out: whether the total can exceed the sums; the last carry is returned, too.
        """
        augend = [self._node(literal) for literal in augends]
        made = [self._addend(*gate) for gate in addends]
        carry = first_carry = self._node(carry_in)
        sums, carries = [], []
        for position, (one, (other, _)) in enumerate(zip(augend, made, strict=True)):
            last = position == len(augend) - 1 and not carry_out
            sums.append(self._add((one, other, carry), SUM))
            carry = CONSTANT_ZERO if last else self._add((one, other, carry), CARRY)
            carries.append(carry)
        addend = [node for node, _ in made]
        absorbed = [node for node, own in made if own]
        item = Chain(
            np.array(augend),
            np.array(addend),
            first_carry,
            np.array(sums),
            np.array(carries),
            np.array(absorbed, np.int32),
        )
        self._chains.append(item)
        self._in_chain.update(item.gates.tolist())
        return [2 * node for node in (sums + carries[-1:] if carry_out else sums)]

    def block(self, outputs: Sequence[int]) -> Block:
        """The block with these literals as outputs, without gates that nobody needs."""
        nodes = [self._node(literal) for literal in outputs]
        kept = self._needed(nodes)
        new_id = np.zeros(self._n_inputs + 1 + len(self._gates), np.int32)
        new_id[: self._n_inputs + 1] = np.arange(self._n_inputs + 1)
        new_id[kept] = self._n_inputs + 1 + np.arange(len(kept))
        fanin = np.zeros((len(kept), self.k), np.int32)
        table = np.zeros(len(kept), np.uint64)
        for row, node in enumerate(kept):
            pins, value = self._gates[node - self._n_inputs - 1]
            fanin[row, : len(pins)] = new_id[list(pins)]
            table[row] = _widened(value, len(pins), self.k)
        netlist = Netlist(self._n_inputs, fanin, table, new_id[nodes])
        alive = set(kept)
        chains = [item for item in self._chains if int(item.sums[0]) in alive]
        return Block(netlist, tuple(item.renumbered(new_id) for item in chains))

    def _needed(self, outputs: Sequence[int]) -> list[int]:
        """Gates that some output depends on, ascending; a chain is needed whole."""
        chain_of = {int(node): item for item in self._chains for node in item.gates}
        needed: set[int] = set()
        pending = list(outputs)
        while pending:
            node = pending.pop()
            if node <= self._n_inputs or node in needed:
                continue
            needed.add(node)
            pending += self._gates[node - self._n_inputs - 1][0]
            if node in chain_of:
                pending += chain_of[node].gates.tolist()
        return sorted(needed)


def _widened(table: int, n_pins: int, wide: int) -> int:
    for pin in range(n_pins, wide):
        table |= table << (1 << pin)
    return table
