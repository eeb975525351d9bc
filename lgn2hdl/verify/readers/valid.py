"""The shift register of ``valid``, by its structure."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import numpy as np

from lgn2hdl.verify.readers.cells import ONE, ZERO
from lgn2hdl.verify.readers.items import Items, Ports

MOST_GATES = 16
"""Gates between two registers of valid; there is one, or two."""


def valid_latency(items: Items, ports: Ports) -> int | None:
    """Length of the shift register from ``valid_in`` to ``valid_out`` that ``rst`` clears."""
    gates = _Gates(items)
    rst, start, net = (int(ports["", name][0]) for name in ("rst", "valid_in", "valid_out"))
    enable = int(ports.get(("", "enable"), np.array([ONE]))[0])
    length = 0
    while net != start:
        register = gates.register(net)
        if register is None or not _is_enabled(gates, register, rst, enable):
            return None
        held = _held_by_reset(gates, int(items.pins[register, 0]), rst)
        if held is None:
            return None
        net, length = held, length + 1
    return length


class _Gates:
    """Gates by the nets that they drive."""

    def __init__(self, items: Items) -> None:
        self._items = items
        self._of_net = {net: index for index, net in enumerate(items.out.tolist())}

    def register(self, net: int) -> int | None:
        """The register that drives a net."""
        index = self._of_net.get(net)
        return index if index is not None and self._items.delay[index] else None

    def enable(self, register: int) -> int:
        """The net of its clock enable."""
        return int(self._items.enable[register])

    def _between(self, net: int) -> list[int] | None:
        """Gates that a net depends on up to registers and inputs; None if they are many."""
        found: list[int] = []
        pending = [net]
        while pending:
            index = self._of_net.get(pending.pop())
            if index is None or self._items.delay[index] or index in found:
                continue
            found.append(index)
            pending += self._items.pins[index].tolist()
            if len(found) > MOST_GATES:
                return None
        return sorted(found)  # the items are in order

    def sources(self, net: int) -> set[int] | None:
        """Registers and inputs that a net depends on without a register between."""
        gates = self._between(net)
        if gates is None:
            return None
        own = set(self._items.out[gates].tolist())
        read = set(self._items.pins[gates].ravel().tolist()) if gates else {net}
        return read - own - {ZERO, ONE}

    def value(self, net: int, given: Mapping[int, int]) -> int:
        """Value of a net for values of all its sources."""
        values = {ZERO: 0, ONE: 1, **given}
        for index in self._between(net) or []:
            pins = self._items.pins[index].tolist()
            row = sum(values[pin] << place for place, pin in enumerate(pins))
            values[int(self._items.out[index])] = int(self._items.table[index]) >> row & 1
        return values[net]


def _is_enabled(gates: _Gates, register: int, rst: int, enable: int) -> bool:
    """Whether a clock enable is the reset or port ``enable``, or 1 where there is no such port."""
    net = gates.enable(register)
    if enable == ONE:
        return net == ONE
    if gates.sources(net) != {rst, enable}:
        return False
    return all(
        gates.value(net, {rst: a, enable: b}) == (a | b) for a, b in product((0, 1), repeat=2)
    )


def _held_by_reset(gates: _Gates, net: int, rst: int) -> int | None:
    """The net v where ``net`` is ``v & ~rst``, or None."""
    others = (gates.sources(net) or set()) - {rst}
    if len(others) != 1:
        return None
    other = others.pop()
    for cleared, value in product((0, 1), repeat=2):
        if gates.value(net, {rst: cleared, other: value}) != value & ~cleared:
            return None
    return other
