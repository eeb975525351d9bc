"""What of a module of Amaranth's RTLIL becomes which wire, register and instance of Verilog."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field

from lgn2hdl.base.errors import ToolError
from lgn2hdl.hdl.rtlil import Cell, Piece, RtlilModule, Value

OPERATORS = {"$and": "&", "$or": "|", "$xor": "^", "$add": "+", "$sub": "-"}
"""Verilog of the cells with two operands of one width."""

_EXPRESSIONS = (*OPERATORS, "$not", "$mux", "$shift")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Register:
    """A register.

    Attributes:
        clock: its clock.
        value: what it gets.
        enable: the condition of an ``If`` around that; empty if there is none.
    """

    clock: Value
    value: Value
    enable: Value


@dataclass
class Plan:
    """What is known of a module before it is written.

    Attributes:
        module: the module.
        drivers: the cell with an expression that drives each wire.
        registers: what each register is, by the wire that it drives.
        instances: the instances.
        reads: for each wire the pieces of it that are read.
        wires: wires that get a declaration and a value, in an order in which each reads only those
            before it.
        inlined: private wires whose expression stands where they are read.
        names: Verilog name of every wire.
        widths: bits of every wire that are written.
        taken: all Verilog names.
    """

    module: RtlilModule
    drivers: dict[str, Cell] = field(default_factory=dict)
    registers: dict[str, Register] = field(default_factory=dict)
    instances: list[Cell] = field(default_factory=list)
    reads: dict[str, list[Piece]] = field(default_factory=lambda: defaultdict(list))
    wires: list[str] = field(default_factory=list)
    inlined: set[str] = field(default_factory=set)
    names: dict[str, str] = field(default_factory=dict)
    widths: dict[str, int] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)


def planned(module: RtlilModule) -> Plan:
    """What is known of a module before it is written.

    Raises:
        ToolError: if it has cells that the subset has no expression for.
    """
    plan = Plan(module)
    for cell in module.cells:
        _sort_cell(plan, cell)
    for cell in module.cells:
        if cell.kind == "$dff":
            plan.registers[target_of(cell.pins["Q"])] = _register(plan, cell)
    _find_reads(plan)
    _name_wires(plan)
    _find_widths(plan)
    _find_inlined(plan)
    plan.wires = _in_order(plan)
    return plan


def _sort_cell(plan: Plan, cell: Cell) -> None:
    if cell.kind in _EXPRESSIONS:
        plan.drivers[target_of(cell.pins["Y"])] = cell
    elif not cell.kind.startswith("$"):
        plan.instances.append(cell)
    elif cell.kind != "$dff":
        raise ToolError(f"no Verilog for {cell.kind} of Amaranth: use --emitter text")


def target_of(value: Value) -> str:
    """The wire that a cell drives, which is a whole one."""
    return value[0].wire


def _register(plan: Plan, cell: Cell) -> Register:
    """A register; the multiplexer that keeps its value is its enable and no expression."""
    value, clock = cell.pins["D"], cell.pins["CLK"]
    choice = plan.drivers.get(value[0].wire) if len(value) == 1 else None
    if choice is None or choice.kind != "$mux" or choice.pins["A"] != cell.pins["Q"]:
        return Register(clock, value, ())
    del plan.drivers[value[0].wire]
    return Register(clock, choice.pins["B"], choice.pins["S"])


def _find_reads(plan: Plan) -> None:
    wires = plan.module.wires
    values = [value for cell in plan.drivers.values() for value in _inputs(cell)]
    for register in plan.registers.values():
        values += [register.clock, register.value, register.enable]
    values += [value for cell in plan.instances for value in cell.pins.values()]
    connections = plan.module.connections.items()
    values += [value for name, value in connections if wires[name].direction]
    for value in values:
        for piece in value:
            if piece.wire:
                plan.reads[piece.wire].append(piece)


def _inputs(cell: Cell) -> list[Value]:
    return [value for pin, value in cell.pins.items() if pin != "Y"]


def _name_wires(plan: Plan) -> None:
    """Public names; a private wire has the name of a public one that stands for it."""
    wires = plan.module.wires
    plan.taken = {name for name in wires if not name.startswith("$")}
    for name in plan.taken:
        if not _NAME.fullmatch(name):
            raise ToolError(f"Amaranth's name {name[:40]!r} is none in Verilog: use --emitter text")
    plan.names = _other_names(plan)
    for name in wires:
        if name in plan.names:
            continue
        if name.startswith("$"):
            plan.names[name] = _free(f"value_{name[1:]}", plan.taken)
        elif name in plan.registers and wires[name].direction:
            plan.names[name] = _free(f"{name}_held", plan.taken)
        else:
            plan.names[name] = name


def _other_names(plan: Plan) -> dict[str, str]:
    """Public names that stand for private wires, and for registers that are ports."""
    wires = plan.module.wires
    found: dict[str, str] = {}
    for name, value in plan.module.connections.items():
        source = value[0].wire
        if len(value) > 1 or value[0].low or wires[name].direction or source in found:
            continue
        if source.startswith("$") or (source in plan.registers and wires[source].direction):
            found[source] = name
    return found


def _free(wish: str, taken: set[str]) -> str:
    """A name that nothing has yet."""
    while wish in taken:
        wish += "_"
    taken.add(wish)
    return wish


def _find_widths(plan: Plan) -> None:
    """The highest bits of an expression without a name are left out if nothing reads them."""
    for name, wire in plan.module.wires.items():
        if name.startswith("$") and name in plan.drivers:
            ends = (piece.low + piece.width for piece in plan.reads[name])
            plan.widths[name] = max(ends, default=0) or wire.width
        else:
            plan.widths[name] = wire.width


def _find_inlined(plan: Plan) -> None:
    """Private wires that one expression reads, as a whole, have no name of their own."""
    for name, cell in plan.drivers.items():
        if cell.kind != "$shift":
            for pin, value in cell.pins.items():
                width = 1 if pin == "S" else plan.widths[name]
                _inline(plan, value, 0 if pin == "Y" else width)
    for name, register in plan.registers.items():
        _inline(plan, register.value, plan.widths[name])
        _inline(plan, register.enable, 1)


def _inline(plan: Plan, value: Value, width: int) -> None:
    if len(value) != 1 or value[0].wire not in plan.drivers:
        return
    (piece,) = value
    private = plan.names[piece.wire].startswith("value_")
    whole = piece.width == width == plan.widths[piece.wire]
    once = len(plan.reads[piece.wire]) == 1
    if private and whole and once and plan.drivers[piece.wire].kind != "$shift":
        plan.inlined.add(piece.wire)


def _in_order(plan: Plan) -> list[str]:
    """Wires with an expression that something needs, each behind those that it reads.

    Else they are in Amaranth's order, which is that of the text emitter: what synthesis tools make
    of a netlist depends on its order a little.
    """
    done: dict[str, None] = {}
    waiting: set[str] = set()
    for start in plan.drivers:
        stack = [start]
        while stack:
            name = stack.pop()
            if name in waiting:
                waiting.discard(name)
                done[name] = None
                continue
            if name in done:
                continue
            waiting.add(name)
            inputs = _inputs(plan.drivers[name])
            before = [piece.wire for value in inputs for piece in value if piece.wire not in done]
            if waiting.intersection(before):
                raise ToolError(f"the logic of {plan.module.name} has a cycle")
            stack += [name, *(wire for wire in reversed(before) if wire in plan.drivers)]
    wanted = (name for name in done if plan.reads[name] or plan.module.wires[name].direction)
    return [name for name in wanted if name not in plan.inlined]


def all_read(plan: Plan, name: str) -> bool:
    """Whether every bit of a wire has a reader."""
    end = 0
    for piece in sorted(plan.reads[name], key=lambda piece: piece.low):
        if piece.low > end:
            return False
        end = max(end, piece.low + piece.width)
    return end >= plan.widths[name]
