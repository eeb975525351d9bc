"""Hardware as a machine: what its outputs are, and what its registers hold in the next cycle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lgn2hdl.verify.readers.cells import CHOOSE, ONE, Cells, HardwareError
from lgn2hdl.verify.readers.items import (
    Items,
    Nets,
    Ports,
    groups,
    items_of,
    levelled,
    require_driven,
    roots_of,
)
from lgn2hdl.verify.sat.algebra import Algebra, Vector

Values = Mapping[str, Vector]


@dataclass(frozen=True, eq=False)
class Machine:
    """Gates between registers; one clock.

    Attributes:
        gates: the gates, level by level.
        n_nets: nets.
        registers: net of every register, ``i64[R]``.
        data: net that each takes its next value from, ``i64[R]``.
        enable: net of the clock enable of each, ``i64[R]``.
        names: name of every register, with its bit.
        initial: what each holds at power-up, ``i8[R]``; -1 where the text does not say.
        sources: nets of the input ports, and of a box's outputs, by instance and port.
        sinks: nets of the output ports, and of a box's inputs, by instance and port.
    """

    gates: Items
    n_nets: int
    registers: Nets
    data: Nets
    enable: Nets
    names: tuple[str, ...]
    initial: npt.NDArray[np.int8]
    sources: Ports
    sinks: Ports

    def nets(
        self, algebra: Algebra, state: Vector, sources: Mapping[tuple[str, str], Vector]
    ) -> Vector:
        """The value of every net.

        Args:
            algebra: what values are.
            state: of the registers.
            sources: values of the input ports and of the boxes' outputs.
        """
        zero = algebra.constant(0, 1)
        values = np.repeat(zero, self.n_nets, axis=0)
        values[ONE] = algebra.constant(1, 1)[0]
        values[self.registers] = state
        for key, nets in self.sources.items():
            values[nets] = sources[key]
        for group in groups(self.gates):
            pins = values[self.gates.pins[group]]
            values[self.gates.out[group]] = algebra.look_up(self.gates.table[group], pins)
        return values

    def next_state(self, algebra: Algebra, state: Vector, nets: Vector) -> Vector:
        """What the registers hold after the clock edge."""
        return algebra.gate(CHOOSE, nets[self.data], state, nets[self.enable])


def machine_of(cells: Cells, directions: Mapping[tuple[str, str], str]) -> Machine:
    """The machine that some cells are.

    Args:
        cells: what a reader gave.
        directions: of the ports of the boxes, by instance and port.

    Raises:
        HardwareError: if a net is not driven, gates read each other in a circle, a register or a
            box has another clock than ``clk``, or anything else reads ``clk``.
    """
    root = roots_of(cells)
    ports = {("", name): root[np.array(nets)] for name, nets in cells.ports.items()}
    ways = {("", name): way for name, way in cells.directions.items()}
    boxes = {key: root[np.array(nets)] for key, nets in cells.instance_ports.items()}
    _require_clock(cells, root, boxes)
    names = {gate.instance for gate in cells.gates}
    names |= {register.instance for register in cells.registers}
    items = items_of(cells, root, tuple(sorted(names)))
    require_driven(cells, root, items, ports | boxes)
    is_gate = items.delay == 0
    _require_no_data(cells, root, items, ports, boxes)
    gates = Items(**{name: getattr(items, name)[is_gate] for name in Items.__dataclass_fields__})
    sources = {key: nets for key, nets in ports.items() if ways[key] == "input"}
    sources |= {key: nets for key, nets in boxes.items() if directions[key] == "output"}
    sinks = {key: nets for key, nets in ports.items() if ways[key] == "output"}
    sinks |= {key: nets for key, nets in boxes.items() if directions[key] == "input"}
    return Machine(
        gates=levelled(gates, root) if is_gate.any() else gates,
        n_nets=len(root),
        registers=items.out[~is_gate],
        data=items.pins[~is_gate, 0],
        enable=items.enable[~is_gate],
        names=_register_names(cells, items.out[~is_gate]),
        initial=_initial(cells, root, items.out[~is_gate]),
        sources=sources,
        sinks=sinks,
    )


def _require_clock(cells: Cells, root: Nets, boxes: Ports) -> None:
    clocks = {int(root[register.clock]) for register in cells.registers}
    clocks |= {int(nets[0]) for (_, port), nets in boxes.items() if port == "clk"}
    if clocks - {int(net) for net in root[np.array(cells.ports.get("clk", []), np.int64)]}:
        raise HardwareError("a register or the pipeline has another clock than clk")


def _require_no_data(cells: Cells, root: Nets, items: Items, ports: Ports, boxes: Ports) -> None:
    """The clock is no value: nothing but a clock pin may read it."""
    pins = [nets for (_, port), nets in boxes.items() if port != "clk"]
    outputs = [nets for (_, name), nets in ports.items() if cells.directions[name] == "output"]
    read = np.concatenate([items.pins.ravel(), items.enable, *pins, *outputs])
    if np.isin(root[np.array(cells.ports.get("clk", []), np.int64)], read).any():
        raise HardwareError("clk is read as a value")


def _initial(cells: Cells, root: Nets, registers: Nets) -> npt.NDArray[np.int8]:
    """What registers hold at power-up.

    Raises:
        HardwareError: if one has two values.
    """
    values: dict[int, int] = {}
    for net, value in cells.initial.items():
        if values.setdefault(int(root[net]), value) != value:
            raise HardwareError("a register holds two values at power-up")
    return np.array([values.get(net, -1) for net in registers.tolist()], np.int8)


def _register_names(cells: Cells, registers: Nets) -> tuple[str, ...]:
    """Names with the number of the bit."""
    first = np.array([net for net, _ in cells.names], np.int64)
    order = np.argsort(first, kind="stable")
    found = []
    for net in registers.tolist():
        at = int(np.searchsorted(first[order], net, side="right")) - 1
        lowest, name = cells.names[order[at]] if at >= 0 else (net, "a register")
        found.append(f"{name}[{net - lowest}]")
    return tuple(found)
