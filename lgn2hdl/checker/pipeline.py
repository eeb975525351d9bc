"""What the Verilog computes, and when: gates between registers that all have the same clock.

Two kinds of nets: data depends on ``x`` alone, control on ``rst``, ``enable`` and ``valid_in``
alone. Whatever the registers hold at first: a result with ``valid_out`` belongs to an ``x`` that
came with ``valid_in`` after the last cycle of reset, as many clock cycles ago as there are
registers on every way from ``x`` to the result; and no constant is behind more registers than
that. With ``enable``, cycles in which it is 0 do not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .graph import AND, FALSE, OR, TRUE, CheckError, Graph
from .nets import ONE, ZERO, Driver, Flat, Nets

CONTROLS = ("clk", "rst", "enable", "valid_in")

ALWAYS = -1
"""Time of a net that does not depend on ``x``."""


@dataclass(frozen=True)
class Value:
    """What is known of a net.

    Attributes:
        literal: its function: of the bits of ``x``, or, of a control net, of the control inputs and
            of registers.
        control: whether it is a control net.
        time: registers on every way from ``x``; :data:`ALWAYS` if there is none.
        depth: registers on the longest way from anywhere.
    """

    literal: int
    control: bool = False
    time: int = ALWAYS
    depth: int = 0


class Pipeline:
    """The values of all nets of a design."""

    def __init__(self, graph: Graph, flat: Flat, x: Sequence[int]) -> None:
        """Args: the graph, in which ``x`` are the literals of port ``x``; and the design."""
        self._graph, self._flat = graph, flat
        self._controls = Graph()
        self._value: dict[int, Value] = {ZERO: Value(FALSE), ONE: Value(TRUE)}
        self._register: dict[int, tuple[int, int]] = {}
        ports = self._ports(len(x))
        for name in CONTROLS:
            for net in ports.get(name, []):
                self._value[net] = Value(self._controls.add_inputs(1)[0], control=True)
        for net, literal in zip(ports["x"], x, strict=True):
            self._value[net] = Value(literal, time=0)
        self._reset = self._value[ports["rst"][0]].literal
        self._enable = self._value[ports["enable"][0]].literal if "enable" in ports else TRUE
        for net in range(len(flat.driver)):
            self._evaluate(net)
        self.latency = self._valid_latency(ports["valid_in"][0], ports["valid_out"][0])

    def results(self) -> dict[str, list[int]]:
        """Literals of all result ports, after having checked that they come when valid does."""
        found = {}
        for name, (direction, nets) in self._flat.ports.items():
            if direction == "output" and name != "valid_out":
                found[name] = [self._result(name, self._value[net]) for net in nets]
        return found

    def _result(self, name: str, value: Value) -> int:
        if value.control or value.time not in (ALWAYS, self.latency) or value.depth > self.latency:
            raise CheckError(f"{name} does not come {self.latency} clock cycles after x")
        return value.literal

    def _ports(self, bits: int) -> dict[str, Nets]:
        widths = {**dict.fromkeys((*CONTROLS, "valid_out"), 1), "x": bits}
        for name, (direction, nets) in self._flat.ports.items():
            if len(nets) != widths.get(name, len(nets)):
                raise CheckError(f"port {name} has {len(nets)} bits, not {widths[name]}")
            if (direction == "input") != (name in (*CONTROLS, "x")):
                raise CheckError(f"there should be no {direction} {name}")
        missing = {*widths} - {"enable"} - {*self._flat.ports}
        if missing:
            raise CheckError(f"port {min(missing)} is missing")
        return {name: nets for name, (_, nets) in self._flat.ports.items()}

    def _evaluate(self, goal: int) -> None:
        """Find the values of a net and of all that it depends on."""
        pending, open_nets = [goal], set[int]()
        while pending:
            net = pending[-1]
            if net in self._value:
                pending.pop()
                continue
            driver = self._flat.driver[net]
            if driver is None:
                raise CheckError(f"net {net} is not driven")
            missing = [pin for pin in driver.pins if pin not in self._value]
            if not missing:
                self._value[net] = self._driven(driver)
            elif net in open_nets:
                raise CheckError("nets drive each other in a circle")
            open_nets.add(net)
            pending += missing

    def _driven(self, driver: Driver) -> Value:
        pins = [self._value[pin] for pin in driver.pins]
        if driver.kind == "copy":
            return pins[0]
        if driver.kind == "register":
            return self._registered(*pins)
        times = {pin.time for pin in pins} - {ALWAYS}
        literals = [pin.literal for pin in pins]
        if not any(pin.control for pin in pins):
            if len(times) > 1:
                raise CheckError("a gate reads values of different clock cycles")
            depth = max((pin.depth for pin in pins), default=0)
            literal = self._graph.gate(driver.table, *literals)
            return Value(literal, time=max(times, default=ALWAYS), depth=depth)
        if times or any(pin.depth and not pin.control for pin in pins):
            raise CheckError("a gate reads data and control")
        return Value(self._controls.gate(driver.table, *literals), control=True)

    def _registered(self, data: Value, enable: Value) -> Value:
        if data.control:
            literal = self._controls.add_inputs(1)[0]
            self._register[literal] = data.literal, self._enable_of(enable)
            return Value(literal, control=True)
        if self._enable_of(enable) != self._enable:
            raise CheckError("a register of data has another clock enable")
        time = ALWAYS if data.time == ALWAYS else data.time + 1
        return Value(data.literal, time=time, depth=data.depth + 1)

    def _enable_of(self, value: Value) -> int:
        """Literal of a clock enable: constant 1, or a control net."""
        if not value.control and value.literal != TRUE:
            raise CheckError("a clock enable is no control net")
        return value.literal

    def _valid_latency(self, first: int, last: int) -> int:
        """Length of the shift register that ``rst`` clears."""
        gate, length = self._controls.gate, 0
        held = TRUE if self._enable == TRUE else gate(OR, self._enable, self._reset)
        start, literal = self._value[first].literal, self._value[last].literal
        if not self._value[last].control:
            raise CheckError("valid_out does not depend on valid_in")
        while literal != start:
            if literal not in self._register:
                raise CheckError("valid_out is no shift register of valid_in")
            data, enable = self._register[literal]
            before = [
                2 * node for node in self._controls.pins[data >> 1] if 2 * node != self._reset
            ]
            if enable != held or len(before) != 1 or gate(AND, before[0], self._reset ^ 1) != data:
                raise CheckError("valid_out is no shift register that rst clears")
            literal, length = before[0], length + 1
        return length
