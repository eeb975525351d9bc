"""The parts and the top module as Amaranth components, behind the same ports as the Verilog text.

The second emitter: slower and less readable than :mod:`lgn2hdl.hdl.verilog`, but made by another
tool from the same plans, so that each checks the other; and a way into Amaranth projects.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

from amaranth.hdl import Cat, Const, Instance, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lgn2hdl.compiler.schedule import Design
from lgn2hdl.hdl.domain import data_path_module
from lgn2hdl.hdl.names import constant_value, node_names
from lgn2hdl.hdl.part import RESULT, Level, PartPlan, Values, plan_parts
from lgn2hdl.hdl.pins import chain_ends, connected_pins_first
from lgn2hdl.hdl.ports import classifier_ports, result_ports
from lgn2hdl.ir import logic
from lgn2hdl.ir.circuit import Chain

_DIRECTIONS = {"input": In, "output": Out}

_TWO_PINS: dict[str, Callable[[Value, Value], Value]] = {
    "0": lambda a, b: Const(0, 1),
    "~(a|b)": lambda a, b: ~(a | b),
    "a&~b": lambda a, b: a & ~b,
    "~b": lambda a, b: ~b,
    "~a&b": lambda a, b: ~a & b,
    "~a": lambda a, b: ~a,
    "a^b": lambda a, b: a ^ b,
    "~(a&b)": lambda a, b: ~(a & b),
    "a&b": lambda a, b: a & b,
    "~(a^b)": lambda a, b: ~(a ^ b),
    "a": lambda a, b: a,
    "a|~b": lambda a, b: a | ~b,
    "b": lambda a, b: b,
    "~a|b": lambda a, b: ~a | b,
    "a|b": lambda a, b: a | b,
    "1": lambda a, b: Const(1, 1),
}


def components(
    design: Design, top: str, *, module: str | None = None, clock_enable: bool = False
) -> dict[str, wiring.Component]:
    """The top module and its parts by module name, the top module first.

    The arguments are those of :func:`lgn2hdl.hdl.verilog.verilog_files`.
    """
    names = node_names(design)
    plans = plan_parts(design)
    parts = {f"{top}_{plan.name}": Part(design, plan, names, clock_enable) for plan in plans}
    return {module or top: Classifier(design, top, plans, clock_enable), **parts}


class Part(wiring.Component):
    """One part: gates and carry chains, stage by stage, and the registers of their values.

    Ports: ``clk``, ``x`` (encoder only), and a vector from and to every neighbour, as in the plan.
    Embedded in an Amaranth design it has no ``clk`` and is in the ``sync`` domain around it.
    """

    def __init__(
        self,
        design: Design,
        plan: PartPlan,
        names: Sequence[str],
        clock_enable: bool = False,
        *,
        embedded: bool = False,
    ) -> None:
        self._design, self._plan, self._names = design, plan, names
        ports = plan.ports(clock_enable=clock_enable)
        ports = [port for port in ports if not embedded or port[0] != "clk"]
        super().__init__({name: _DIRECTIONS[direction](width) for name, direction, width in ports})

    def elaborate(self, _platform: Any) -> Module:
        """Values by (node, time), in topological order."""
        plan = self._plan
        m = data_path_module(self.clk) if hasattr(self, "clk") else Module()
        values: dict[tuple[int, int], Value] = {}
        if plan.n_x:
            values.update(((1 + bit, 0), self.x[bit]) for bit in range(plan.n_x))
        for part, rows in plan.inputs.items():
            keys = map(tuple, rows.tolist())
            values.update(zip(keys, getattr(self, f"from_{part}"), strict=True))
        for stage, levels in enumerate(plan.logic):
            for level in levels:
                self._level(m, level, stage, values)
            self._registers(m, plan.registers[stage], values)
        for part, rows in plan.outputs.items():
            port = getattr(self, part if part == RESULT else f"to_{part}")
            m.d.comb += port.eq(Cat(values[key] for key in map(tuple, rows.tolist())))
        return m

    def _value(self, values: dict[tuple[int, int], Value], node: int, time: int) -> Value:
        constant = constant_value(self._design.circuit.netlist, node)
        return values[node, time] if constant is None else Const(constant, 1)

    def _level(
        self, m: Module, level: Level, stage: int, values: dict[tuple[int, int], Value]
    ) -> None:
        netlist = self._design.circuit.netlist
        tables, fanins, pins = connected_pins_first(netlist, level.gates)
        columns = (level.gates.tolist(), tables.tolist(), fanins.tolist(), pins.tolist())
        for gate, table, fanin, n_pins in zip(*columns, strict=True):
            node = netlist.first_gate + gate
            wire = Signal(name=self._names[node])
            operands = [self._value(values, pin, stage) for pin in fanin[:n_pins]]
            m.d.comb += wire.eq(_function(table, operands))
            values[node, stage] = wire
        for chain in level.chains:
            self._chain(m, chain, stage, values)

    def _chain(
        self, m: Module, chain: Chain, stage: int, values: dict[tuple[int, int], Value]
    ) -> None:
        low, high = chain_ends(chain)  # written as the text is, for what Yosys makes of it
        top = [Const(0, 1)] * high
        below = [chain.carry_in] * low
        augend, addend = (
            Cat(*(self._value(values, node, stage) for node in (*below, *operand.tolist())), *top)
            for operand in (chain.augend, chain.addend)
        )
        total = Signal(low + chain.length + high, name=f"chain_{self._names[int(chain.sums[0])]}")
        m.d.comb += total.eq(augend - ~addend if len(chain.absorbed) else augend + addend)
        values.update(((node, stage), total[low + i]) for i, node in enumerate(chain.sums.tolist()))
        if high:
            values[int(chain.carries[-1]), stage] = total[-1]

    def _registers(self, m: Module, rows: Values, values: dict[tuple[int, int], Value]) -> None:
        if not len(rows):
            return
        keys = [(node, time) for node, time in rows.tolist()]
        register = Signal(len(keys), name=f"stage{keys[0][1]}", reset_less=True)
        changes = register.eq(Cat(values[node, time - 1] for node, time in keys))
        with m.If(self.enable) if hasattr(self, "enable") else nullcontext():
            m.d.sync += changes
        values.update(zip(keys, register, strict=True))


def _function(table: int, pins: list[Value]) -> Value:
    """The gate's expression: an operator for up to two pins, else a look-up in its truth table."""
    table &= logic.all_ones(len(pins))  # the other rows repeat these: the remaining pins are unused
    if len(pins) > 2:
        return Const(table, logic.rows(len(pins))).bit_select(Cat(pins), 1)
    if len(pins) == 1:
        table |= table << 2
    a, b = [*pins, Const(0, 1)][:2]
    return _TWO_PINS[logic.GATE_NAMES[table]](a, b)


class Classifier(wiring.Component):
    """The top module. Latency: ``Design.latency``. Model: ``LogicNet``.

    A sample may enter every clock cycle. Only ``valid`` is reset; data registers are not. The parts
    are instances of Verilog modules ``<name>_<part>``, emitted beside this one.
    """

    def __init__(
        self, design: Design, name: str, plans: Sequence[PartPlan], clock_enable: bool = False
    ) -> None:
        self._design, self._name, self._plans = design, name, plans
        self._clock_enable = clock_enable
        ports = classifier_ports(design, clock_enable=clock_enable)
        super().__init__({port.name: _DIRECTIONS[port.direction](port.width) for port in ports})

    def elaborate(self, _platform: Any) -> Module:
        """Wire the parts together and shift ``valid`` beside them."""
        m = data_path_module(self.clk)
        wires = {
            (plan.name, part): Signal(len(rows), name=f"{plan.name}_to_{part}")
            for plan in self._plans
            for part, rows in plan.outputs.items()
        }
        for plan in self._plans:
            self._instance(m, plan, wires)
        vectors = {name: wire for (name, other), wire in wires.items() if other == RESULT}
        for name, value in result_values(self._design, self._plans, vectors).items():
            m.d.comb += getattr(self, name).eq(value)
        valid = Signal(self._design.latency)
        with m.If(self.rst | self.enable) if self._clock_enable else nullcontext():
            m.d.sync += valid.eq(Mux(self.rst, 0, Cat(self.valid_in, valid[:-1])))
        m.d.comb += self.valid_out.eq(valid[-1])
        return m

    def _instance(self, m: Module, plan: PartPlan, wires: dict[tuple[str, str], Signal]) -> None:
        connections: dict[str, Value] = {}
        for name, direction, _ in plan.ports(clock_enable=self._clock_enable):
            other = name.partition("_")[2]
            if name in ("clk", "enable", "x"):
                wire: Value = getattr(self, name)
            elif direction == "output":
                wire = wires[plan.name, other or name]
            else:
                wire = wires[other, plan.name]
            connections[f"{direction[0]}_{name}"] = wire
        m.submodules[plan.name] = Instance(f"{self._name}_{plan.name}", **connections)


def result_values(
    design: Design, plans: Sequence[PartPlan], vectors: Mapping[str, Value]
) -> dict[str, Value]:
    """The value of every result port.

    Args:
        design: the design.
        plans: its parts.
        vectors: what each part gives of the result, by its name.
    """
    netlist = design.circuit.netlist
    bits: dict[int, Value] = {}
    for plan in plans:
        if plan.name in vectors:
            bits.update(zip(plan.outputs[RESULT][:, 0].tolist(), vectors[plan.name], strict=True))
    values, start = {}, 0
    for port in result_ports(design.head):
        nodes = netlist.outputs[start : start + port.width].tolist()
        start += port.width
        values[port.name] = Cat(
            bits[node] if node in bits else Const(constant_value(netlist, node) or 0, 1)
            for node in nodes
        )
    return values
