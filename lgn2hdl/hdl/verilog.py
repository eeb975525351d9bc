"""Verilog (IEEE 1364-2005) text of the design, straight from the part plans.

One named wire a gate, one named register a value and boundary; a gate of up to two pins is an
expression, a larger one a look-up in its truth table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lgn2hdl.compiler.schedule import Design
from lgn2hdl.hdl.names import constant_value, in_lines, node_names
from lgn2hdl.hdl.part import RESULT, PartPlan, Values, plan_parts
from lgn2hdl.hdl.pins import chain_ends, connected_pins_first
from lgn2hdl.hdl.ports import Port, classifier_ports, result_ports
from lgn2hdl.ir import logic
from lgn2hdl.ir.circuit import Chain
from lgn2hdl.ir.netlist import Ids, Netlist, live

_TWO_PINS = (
    "1'b0", "~({0} | {1})", "{0} & ~{1}", "~{1}", "~{0} & {1}", "~{0}", "{0} ^ {1}",
    "~({0} & {1})", "{0} & {1}", "~({0} ^ {1})", "{0}", "{0} | ~{1}", "{1}", "~{0} | {1}",
    "{0} | {1}", "1'b1",
)  # fmt: skip
"""Verilog of the 16 two-input gates, indexed by their table; {0} is pin 0."""


UNUSED_OFF, UNUSED_ON = (f"// verilator lint_{way} UNUSEDSIGNAL" for way in ("off", "on"))
"""Around what is declared as a whole though bits of it may have no reader."""


def verilog_files(
    design: Design, top: str, *, module: str | None = None, clock_enable: bool = False
) -> dict[str, str]:
    """File texts by name, the top module first. The same design and name give the same bytes.

    Args:
        design: the scheduled circuit.
        top: what the names of the parts' modules start with.
        module: name of the module that wires the parts together, ``top`` itself unless given.
        clock_enable: whether all registers have a clock enable, port ``enable``.
    """
    names = node_names(design)
    plans = plan_parts(design)
    module = module or top
    files = {f"{module}.v": _top(design, module, top, plans, clock_enable)}
    return files | {
        f"{top}_{plan.name}.v": _part(design, top, plan, names, clock_enable) for plan in plans
    }


@dataclass(frozen=True)
class _Writer:
    """What every line of a module needs.

    Attributes:
        netlist: the circuit's graph.
        stage: stage of every node.
        names: names of the nodes.
        read: whether anything depends on each node.
    """

    netlist: Netlist
    stage: Sequence[int]
    names: Sequence[str]
    read: Sequence[bool]

    def value(self, node: int, time: int) -> str:
        """Name of a value; constants are literals."""
        constant = constant_value(self.netlist, node)
        if constant is not None:
            return f"1'b{constant}"
        name = self.names[node]
        return f"{name}_r{time}" if time > self.stage[node] else name

    def values(self, rows: Values) -> list[str]:
        """Names of values, given as rows (node, time)."""
        stage, names = self.stage, self.names
        return [
            f"{names[node]}_r{time}" if time > stage[node] else names[node]
            for node, time in rows.tolist()
        ]

    def vector(self, rows: Values) -> str:
        """Concatenation whose least significant bit is the first row."""
        return "{\n" + in_lines(self.values(rows)[::-1], " " * 8) + "\n    }"


def _part(
    design: Design, top: str, plan: PartPlan, names: Sequence[str], clock_enable: bool
) -> str:
    netlist = design.circuit.netlist
    read = live(netlist).tolist()
    writer = _Writer(netlist, design.stages.stage.tolist(), names, read)
    inputs = _used_inputs(writer, plan)
    lines = [f"// {plan.name} of {top}", f"module {top}_{plan.name} ("]
    ports = [
        f"    {direction} wire {'' if name in ('clk', 'enable') else _range(width)}{name}"
        for name, direction, width in plan.ports(clock_enable=clock_enable)
    ]
    ending = [");"]
    if len(inputs) < plan.n_x:
        ports, ending = _x_without_readers(ports)
    lines += [",\n".join(ports), *ending, *_inputs(writer, plan, inputs)]
    for stage, levels in enumerate(plan.logic):
        if levels:
            lines.append(f"\n    // stage {stage}")
        for level in levels:
            lines += _gates(writer, level.gates, stage)
            lines += [text for chain in level.chains for text in _chain(writer, chain, stage)]
        lines += _registers(writer, plan.registers[stage], stage + 1, clock_enable)
    for part, rows in plan.outputs.items():
        port = part if part == RESULT else f"to_{part}"
        lines.append(f"\n    assign {port} = {writer.vector(rows)};")
    return "\n".join([*lines, "endmodule", ""])


def _range(width: int) -> str:
    return f"[{width - 1}:0] "


def _used_inputs(writer: _Writer, plan: PartPlan) -> list[int]:
    """Bits of x that the part reads."""
    if not plan.n_x:
        return []
    used = np.zeros(writer.netlist.n_nodes, np.bool_)
    for levels in plan.logic:
        for level in levels:
            used[writer.netlist.fanin[level.gates]] = True
            for chain in level.chains:
                used[chain.augend] = used[chain.addend] = True
    for rows in plan.outputs.values():
        used[rows[rows[:, 1] == 0, 0]] = True
    for held in plan.registers[:1]:
        used[held[:, 0]] = True
    return np.flatnonzero(used[1 : writer.netlist.first_gate]).tolist()


def _x_without_readers(ports: list[str]) -> tuple[list[str], list[str]]:
    """The ports, and the lines behind them, where some bits of x have no reader."""
    at = next(place for place, port in enumerate(ports) if port.endswith(" x"))
    marked = [*ports[:at], f"    {UNUSED_OFF}\n{ports[at]}", *ports[at + 1 :]]
    if at == len(ports) - 1:
        return marked, [");", UNUSED_ON]
    marked[at + 1] = f"    {UNUSED_ON}\n{marked[at + 1]}"
    return marked, [");"]


def _inputs(writer: _Writer, plan: PartPlan, bits: Sequence[int]) -> list[str]:
    """A wire of its own for every value that comes in, and for every bit of x that is used."""
    lines = [f"    wire {writer.names[1 + bit]} = x[{bit}];" for bit in bits]
    for part, rows in plan.inputs.items():
        lines += [
            f"    wire {name} = from_{part}[{place}];"
            for place, name in enumerate(writer.values(rows))
        ]
    return lines


def _gates(writer: _Writer, gates: Ids, stage: int) -> list[str]:
    netlist, names = writer.netlist, writer.names
    tables, fanins, pins = connected_pins_first(netlist, gates)
    lines = []
    columns = (gates.tolist(), tables.tolist(), fanins.tolist(), pins.tolist())
    for gate, table, fanin, n_pins in zip(*columns, strict=True):
        name = names[netlist.first_gate + gate]
        values = [writer.value(pin, stage) for pin in fanin[:n_pins]]
        if n_pins <= 2:
            lines.append(f"    wire {name} = {_expression(table, values)};")
            continue
        rows = logic.rows(n_pins)
        digits = f"{rows}'h{table & logic.all_ones(n_pins):0{rows // 4}x}"
        lines.append(f"    localparam [{rows - 1}:0] {name}_table = {digits};")
        lines.append(f"    wire {name} = {name}_table[{{{', '.join(values[::-1])}}}];")
    return lines


def _expression(table: int, values: list[str]) -> str:
    two_pins = int(logic.widen(np.uint8(table & logic.all_ones(len(values))), len(values), 2))
    return _TWO_PINS[two_pins].format(*values, "1'b0")


def _chain(writer: _Writer, chain: Chain, stage: int) -> list[str]:
    """A sum on a carry chain.

    A position below the lowest one turns the carry input into a carry: ``c + c = 2c``. A
    subtraction of the complement is the same as an addition, but synthesis tools keep its operands
    in order, so that the augend reaches the carry cells without a look-up table; it needs that
    position too, because of the 1 that comes with it.
    """
    absorbs = len(chain.absorbed) > 0
    has_low, has_carry_out = chain_ends(chain)
    low = [chain.carry_in] * has_low
    rows = [
        [writer.value(node, stage) for node in (*operand[::-1].tolist(), *low)]
        for operand in (chain.augend, chain.addend)
    ]
    augend, addend = (", ".join(["1'b0"] * has_carry_out + row) for row in rows)
    name = f"chain_{writer.names[int(chain.sums[0])]}"
    results = [*chain.sums.tolist(), *([int(chain.carries[-1])] if has_carry_out else [])]
    line = (
        f"    wire [{len(low) + len(results) - 1}:0] {name} = "
        f"{{{augend}}} {'- ~' if absorbs else '+ '}{{{addend}}};"
    )
    read = [(place, node) for place, node in enumerate(results) if writer.read[node]]
    wires = [f"    wire {writer.names[node]} = {name}[{place + len(low)}];" for place, node in read]
    if low or len(read) < len(results):
        return [f"    {UNUSED_OFF}", line, f"    {UNUSED_ON}", *wires]
    return [line, *wires]


def _registers(writer: _Writer, rows: Values, boundary: int, clock_enable: bool) -> list[str]:
    if not len(rows):
        return []
    held = writer.values(rows)
    before = writer.values(rows - np.array([0, 1], rows.dtype))
    return [
        f"\n    // registers in front of stage {boundary}",
        "    reg\n" + in_lines(held, " " * 8) + ";",
        f"    always @(posedge clk) {'if (enable) ' if clock_enable else ''}begin",
        *(f"        {name} <= {source};" for name, source in zip(held, before, strict=True)),
        "    end",
    ]


def module_head(name: str, ports: Sequence[Port]) -> list[str]:
    """The lines that declare a module and its ports."""
    declared = [
        f"    {port.direction} wire {_range(port.width) if port.width > 1 else ''}{port.name}"
        for port in ports
    ]
    return [f"module {name} (", ",\n".join(declared), ");"]


def _top(
    design: Design, module: str, top: str, plans: Sequence[PartPlan], clock_enable: bool
) -> str:
    lines = module_head(module, classifier_ports(design, clock_enable=clock_enable))
    for plan in plans:
        lines += [
            f"    wire {_range(len(rows))}{plan.name}_to_{part};"
            for part, rows in plan.outputs.items()
        ]
    for plan in plans:
        lines += _instance(top, plan, clock_enable)
    lines += _results(design, plans)
    return "\n".join([*lines, *_valid(design.latency, clock_enable), "endmodule", ""])


def _instance(top: str, plan: PartPlan, clock_enable: bool) -> list[str]:
    connections = []
    for name, _, _ in plan.ports(clock_enable=clock_enable):
        wire = name
        if name.startswith("from_"):
            wire = f"{name.removeprefix('from_')}_to_{plan.name}"
        elif name not in ("clk", "enable", "x"):
            wire = f"{plan.name}_to_{name.removeprefix('to_')}"
        connections.append(f".{name}({wire})")
    return [f"    {top}_{plan.name} {plan.name} (", in_lines(connections, " " * 8), "    );"]


def _results(design: Design, plans: Sequence[PartPlan]) -> list[str]:
    """The result ports, bit by bit from the parts' result vectors."""
    netlist = design.circuit.netlist
    place = {
        node: f"{plan.name}_to_result[{position}]"
        for plan in plans
        for position, node in enumerate(plan.outputs.get(RESULT, np.empty((0, 2)))[:, 0].tolist())
    }
    lines, start = [], 0
    for port in result_ports(design.head):
        nodes = netlist.outputs[start : start + port.width].tolist()
        start += port.width
        bits = [place.get(node) or f"1'b{constant_value(netlist, node)}" for node in nodes]
        lines.append(f"    assign {port.name} = {{\n{in_lines(bits[::-1], ' ' * 8)}\n    }};")
    return lines


def _valid(latency: int, clock_enable: bool) -> list[str]:
    """The shift register of ``valid``, the only thing that is reset."""
    shifted = "valid_in" if latency == 1 else f"{{valid[{latency - 2}:0], valid_in}}"
    condition = "if (rst | enable) " if clock_enable else ""
    return [
        f"    reg {_range(latency)}valid;",
        "    always @(posedge clk)",
        f"        {condition}valid <= rst ? {latency}'d0 : {shifted};",
        f"    assign valid_out = valid[{latency - 1}];",
    ]
