"""Hardware with its registers made transparent, and how many registers each value has passed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir.netlist import CONSTANT_ZERO, Netlist
from lgn2hdl.verify.readers.cells import ONE, ZERO, Cells, HardwareError
from lgn2hdl.verify.readers.items import (
    PINS,
    Items,
    Nets,
    Ports,
    groups,
    items_of,
    levelled,
    name_of,
    require_driven,
    roots_of,
)
from lgn2hdl.verify.readers.valid import valid_latency

ANY_TIME = -1
"""Time of a value that never changes."""

CONTROL = -1
"""Node of a net that depends on other inputs than ``x``."""

CONTROLS = ("clk", "rst", "valid_in", "enable")
"""Inputs of one bit beside ``x``; there may be no ``enable``."""


@dataclass(frozen=True, eq=False)
class Hardware:
    """What was read, as a graph of gates.

    Attributes:
        netlist: gates; inputs are the bits of ``x``, outputs the bits of the result ports in order.
        instances: names of the instances; the top module's own gates are in ``""``.
        instance: index into these of every gate, ``i64[G]``.
        node: node of every net, registers passed, ``i64[n_nets]``; :data:`CONTROL` for others.
        time: registers between ``x`` and each net, ``i64[n_nets]``; :data:`ANY_TIME` if constant.
        settling: clock edges after power-up until each constant net has its value, ``i64[n_nets]``;
            0 for the others.
        ports: nets of the top module's and the instances' ports, by instance and port.
        items: gates and registers, copies resolved.
        unbalanced: in words, what reads values of different times, and registers that ``enable``
            does not hold.
        unsettled: in words, what reads a constant before its registers surely hold it.
        valid_latency: registers between ``valid_in`` and ``valid_out``; None if that is no shift
            register that ``rst`` clears.
        edges_of_reset: clock edges that registers of data surely take in a cycle of reset: 1, or 0
            where ``enable`` may be low then.
    """

    netlist: Netlist
    instances: tuple[str, ...]
    instance: Nets
    node: Nets
    time: Nets
    settling: Nets
    ports: Ports
    items: Items
    unbalanced: tuple[str, ...]
    unsettled: tuple[str, ...]
    valid_latency: int | None
    edges_of_reset: int


def build(cells: Cells, n_inputs: int, results: Mapping[str, int]) -> Hardware:
    """Hardware of cells that have the ports of a design.

    Args:
        cells: what a reader gave.
        n_inputs: bits of ``x``.
        results: name and width of each result port, in the order of the netlist's outputs.

    Raises:
        HardwareError: if a net is not driven, is driven in a circle, or a result depends on
            anything but ``x``; if the ports are others; or if there is another clock than ``clk``.
    """
    _require_ports(cells, {"x": n_inputs, **results})
    root = roots_of(cells)
    ports = {("", name): root[np.array(nets)] for name, nets in cells.ports.items()}
    ports |= {key: root[np.array(nets)] for key, nets in cells.instance_ports.items()}
    if {int(root[register.clock]) for register in cells.registers} - set(ports["", "clk"].tolist()):
        raise HardwareError("a register has another clock than clk")
    instances = _instances(cells)
    items = items_of(cells, root, instances)
    require_driven(cells, root, items, ports)
    items = levelled(items, root)
    controls = [ports["", name] for name in CONTROLS if name in cells.ports]
    control = _control(items, len(root), controls)
    time, unbalanced = _times(cells, items, ports["", "x"], control, root)
    unbalanced += _not_held(cells, items, control, root, ports)
    edges = int(("", "enable") not in ports)
    settling = _settling(items, time)
    early = _reads_unsettled(items, time, settling, control, edges)
    unsettled = tuple(
        f"{name_of(cells, root, net)} reads a constant that its registers do not hold yet"
        for net in early[:3]
    )
    node, gates, instance = _gates(items, ports["", "x"], control)
    outputs = node[np.concatenate([ports["", name] for name in results])]
    if (outputs == CONTROL).any():
        raise HardwareError("a result depends on clk, rst, valid_in or enable")
    netlist = Netlist(n_inputs, gates[0].astype(np.int32), gates[1], outputs.astype(np.int32))
    latency = valid_latency(items, ports)
    return Hardware(
        netlist=netlist,
        instances=instances,
        instance=instance,
        node=node[root],
        time=time[root],
        settling=settling[root],
        ports=ports,
        items=items,
        unbalanced=unbalanced,
        unsettled=unsettled,
        valid_latency=latency,
        edges_of_reset=edges,
    )


def _require_ports(cells: Cells, widths: Mapping[str, int]) -> None:
    """The ports must be those of a design, with or without a clock enable."""
    wanted = {"clk": "input", "rst": "input", "valid_in": "input", "x": "input"}
    wanted |= dict.fromkeys(("valid_out", *(name for name in widths if name != "x")), "output")
    if "enable" in cells.directions:
        wanted["enable"] = "input"
    if cells.directions != wanted:
        raise HardwareError(
            f"the top module's ports are {_listed(cells.directions)}, not {_listed(wanted)}"
        )
    for name, nets in cells.ports.items():
        if len(nets) != widths.get(name, 1):
            raise HardwareError(f"port {name} has {len(nets)} bits, not {widths.get(name, 1)}")


def _instances(cells: Cells) -> tuple[str, ...]:
    names = {gate.instance for gate in cells.gates}
    return tuple(sorted(names | {register.instance for register in cells.registers} | {""}))


def _listed(directions: dict[str, str]) -> str:
    return ", ".join(f"{direction} {name}" for name, direction in directions.items())


def _control(items: Items, n_nets: int, inputs: list[Nets]) -> npt.NDArray[np.bool_]:
    """Nets that depend on other inputs than ``x``."""
    control = np.zeros(n_nets, np.bool_)
    control[np.concatenate(inputs)] = True
    for group in groups(items):
        control[items.out[group]] = control[items.pins[group]].any(axis=1)
    return control


def _times(
    cells: Cells, items: Items, inputs: Nets, control: npt.NDArray[np.bool_], root: Nets
) -> tuple[Nets, tuple[str, ...]]:
    """Registers on the way to each net, and whatever reads values of different times."""
    time = np.full(len(control), ANY_TIME, np.int64)
    time[inputs] = 0
    wrong: list[int] = []
    for group in groups(items):
        pins, out = items.pins[group], items.out[group]
        times = time[pins]
        latest = times.max(axis=1)
        earliest = np.where(times == ANY_TIME, np.iinfo(np.int64).max, times).min(axis=1)
        uneven = (latest != ANY_TIME) & (earliest != latest) & ~control[out]
        wrong += out[uneven].tolist()
        time[out] = np.where(latest == ANY_TIME, ANY_TIME, latest + items.delay[group])
    messages = [
        f"{name_of(cells, root, net)} reads values of different clock cycles" for net in wrong[:3]
    ]
    return time, tuple(messages)


def _settling(items: Items, time: Nets) -> Nets:
    """Clock edges until a constant net has its value, whatever the registers held before."""
    settling = np.zeros(len(time), np.int64)
    for group in groups(items):
        constant = time[items.out[group]] == ANY_TIME
        edges = settling[items.pins[group]].max(axis=1) + items.delay[group]
        settling[items.out[group]] = np.where(constant, edges, 0)
    return settling


def _reads_unsettled(
    items: Items, time: Nets, settling: Nets, control: npt.NDArray[np.bool_], edges: int
) -> list[int]:
    """Nets of data that read a constant which may not be there yet.

    A gate ``time`` registers behind ``x`` first matters in the cycle in which the first sample
    after reset gets there: by then there were ``time`` clock edges, and ``edges`` during reset.
    """
    latest = settling[items.pins].max(axis=1)
    is_data = ~control[items.out] & (time[items.out] != ANY_TIME)
    return items.out[is_data & (latest > time[items.out] + edges)].tolist()


def _not_held(
    cells: Cells,
    items: Items,
    control: npt.NDArray[np.bool_],
    root: Nets,
    ports: Ports,
) -> tuple[str, ...]:
    """Registers of data that the clock enable does not hold, or that something else holds."""
    enable = int(ports.get(("", "enable"), np.array([ONE]))[0])
    wrong = items.out[(items.delay == 1) & ~control[items.out] & (items.enable != enable)]
    return tuple(
        f"{name_of(cells, root, net)} has another clock enable" for net in wrong[:3].tolist()
    )


def _gates(
    items: Items, inputs: Nets, control: npt.NDArray[np.bool_]
) -> tuple[Nets, tuple[Nets, npt.NDArray[np.uint64]], Nets]:
    """Node of every net; pins and tables of the gates without registers; and their instances."""
    node = np.full(len(control), CONTROL, np.int64)
    node[ZERO] = CONSTANT_ZERO
    node[inputs] = 1 + np.arange(len(inputs))
    # The first gate is constant 1, which a netlist has no node for.
    fanin, table = [np.zeros((1, PINS), np.int64)], [np.array([~np.uint64(0)])]
    instance = [np.zeros(1, np.int64)]
    node[ONE] = size = 1 + len(inputs)
    for group in groups(items):
        own = ~control[items.out[group]]
        out, pins = items.out[group][own], node[items.pins[group][own]]
        gates = items.delay[group][own] == 0
        node[out[~gates]] = pins[~gates, 0]  # a register is transparent
        node[out[gates]] = size + 1 + np.arange(int(gates.sum()))
        size += int(gates.sum())
        fanin.append(pins[gates])
        table.append(items.table[group][own][gates])
        instance.append(items.instance[group][own][gates])
    return node, (np.concatenate(fanin), np.concatenate(table)), np.concatenate(instance)
