"""Gates and registers by their nets, in an order in which nothing reads what comes later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir import logic
from lgn2hdl.verify.readers.cells import ONE, Cells, Gate, HardwareError, Register

Nets = npt.NDArray[np.int64]
Ports = Mapping[tuple[str, str], Nets]
"""Nets by instance and port; the top module's instance is ``""``."""

PINS = logic.MAX_FAN_IN


@dataclass(frozen=True, eq=False)
class Items:
    """Gates and registers by their nets, copies resolved; a register is a wire with a delay.

    Attributes:
        out: output net, ``[n]``.
        pins: input nets, ``[n, 6]``; net 0 where there is none.
        table: truth tables of six pins, ``u64[n]``.
        delay: 1 for a register, else 0, ``[n]``.
        enable: net of a register's clock enable, ``[n]``; :data:`ONE` where there is none.
        instance: index into the instances' names, ``[n]``.
        level: gates and registers on the longest path to the item, from 1, ``[n]``.
    """

    out: Nets
    pins: Nets
    table: npt.NDArray[np.uint64]
    delay: Nets
    enable: Nets
    instance: Nets
    level: Nets


def roots_of(cells: Cells) -> Nets:
    """The net that each net is a copy of, in the end.

    Raises:
        HardwareError: if copies go in a circle.
    """
    source = np.array(cells.source, np.int64)
    root = np.where(source < 0, np.arange(len(source)), source)
    for _ in range(len(root).bit_length() + 1):
        root = root[root]
    if (source[root] >= 0).any():
        raise HardwareError("wires drive each other in a circle")
    return root


def items_of(cells: Cells, root: Nets, instances: tuple[str, ...]) -> Items:
    """All gates and registers; the levels are not known yet."""
    number = {name: index for index, name in enumerate(instances)}
    n_gates, n_items = len(cells.gates), len(cells.gates) + len(cells.registers)
    pins = np.zeros((n_items, PINS), np.int64)
    table = np.full(n_items, logic.pin_table(PINS, 0), np.uint64)
    widths = np.array([len(gate.pins) for gate in cells.gates], np.int64)
    for width in np.unique(widths).tolist():
        chosen = np.flatnonzero(widths == width)
        pins[chosen, :width] = [cells.gates[index].pins for index in chosen.tolist()]
        narrow = np.array([cells.gates[index].table for index in chosen.tolist()], np.uint64)
        table[chosen] = logic.widen(narrow.astype(logic.table_dtype(width)), width, PINS)
    pins[n_gates:, 0] = [register.data for register in cells.registers]
    enable = np.full(n_items, ONE, np.int64)
    enable[n_gates:] = [register.enable for register in cells.registers]
    both: list[Gate | Register] = [*cells.gates, *cells.registers]
    return Items(
        out=np.array([item.out for item in both], np.int64),
        pins=root[pins],
        table=table,
        delay=(np.arange(n_items) >= n_gates).astype(np.int64),
        enable=root[enable],
        instance=np.array([number[item.instance] for item in both], np.int64),
        level=np.zeros(n_items, np.int64),
    )


def require_driven(cells: Cells, root: Nets, items: Items, ports: Ports) -> None:
    """Check that something drives whatever is read.

    Raises:
        HardwareError: if not.
    """
    driven = np.array(cells.driven)
    read = np.concatenate([items.pins.ravel(), *ports.values()])
    missing = read[~driven[root[read]]]
    if len(missing):
        raise HardwareError(f"nothing drives {name_of(cells, root, int(missing[0]))}")


def levelled(items: Items, root: Nets) -> Items:
    """The items, ordered by level.

    Raises:
        HardwareError: if some read each other in a circle.
    """
    known = np.ones(len(root), np.bool_)
    known[items.out] = False
    level = np.zeros(len(items.out), np.int64)
    left, number = np.arange(len(items.out)), 0
    while len(left):
        number += 1
        ready = known[items.pins[left]].all(axis=1)
        if not ready.any():
            raise HardwareError("gates and registers read each other in a circle")
        level[left[ready]] = number
        known[items.out[left[ready]]] = True
        left = left[~ready]
    order = np.argsort(level, kind="stable")
    ordered = {name: getattr(items, name)[order] for name in _COLUMNS}
    return Items(**ordered, level=level[order])


_COLUMNS = ("out", "pins", "table", "delay", "enable", "instance")


def groups(items: Items) -> list[slice]:
    """Items of each level."""
    cuts = np.flatnonzero(np.diff(items.level)) + 1
    edges = [0, *cuts.tolist(), len(items.level)]
    return [slice(a, b) for a, b in pairwise(edges) if b > a]


def name_of(cells: Cells, root: Nets, net: int) -> str:
    """The net's own name, else the last one that a copy of it was given."""
    own = [name for first, name in cells.names if first == net]
    copies = [name for first, name in cells.names if root[first] == net]
    before = [f"a gate behind {name}" for first, name in cells.names if first <= net]
    return [*own, *copies[::-1], *before[::-1], "a gate"][0]
