"""Verilog of a component that Amaranth elaborates, in the subset that the text emitter writes, too.

Amaranth's own way to Verilog is Yosys, whose text only Yosys reads strictly: it leaves widths to
the rules of the language. So Amaranth's RTLIL is written here, every operand in its width: the same
readers take the files of both emitters, and synthesis tools see the same operators in them.

Registers begin with anything, as in the text; what a component needs at power-up has to go through
:func:`lgn2hdl.hdl.convert.verilog_text`.
"""

from __future__ import annotations

from collections.abc import Iterator

from lgn2hdl.base.errors import ToolError
from lgn2hdl.hdl.names import in_lines
from lgn2hdl.hdl.ports import Port
from lgn2hdl.hdl.rtlil import Cell, Piece, RtlilModule, Value
from lgn2hdl.hdl.rtlil_plan import OPERATORS, Plan, all_read, planned
from lgn2hdl.hdl.verilog import UNUSED_OFF, UNUSED_ON, module_head

_LONGEST_LINE = 96


def rtlil_verilog(module: RtlilModule) -> str:
    """Text of a module.

    Raises:
        ToolError: if it has cells that the subset has no expression for.
    """
    plan = planned(module)
    return "\n".join([*_head(plan), *_declarations(plan), *_wires(plan), *_ends(plan)])


def _head(plan: Plan) -> list[str]:
    wires = plan.module.wires
    ports = [
        Port(name, wire.direction, wire.width, "") for name, wire in wires.items() if wire.direction
    ]
    lines = module_head(plan.module.name, ports)
    declared = lines[1].split("\n")
    for place, port in enumerate(ports):
        if port.direction == "input" and not all_read(plan, port.name):
            declared[place] = f"    {UNUSED_OFF}\n{declared[place]}\n    {UNUSED_ON}"
    return [lines[0], "\n".join(declared), *lines[2:]]


def _declarations(plan: Plan) -> list[str]:
    """Registers, and wires that instances drive."""
    wires = plan.module.wires
    lines = [f"    reg {_range(wires[name].width)}{plan.names[name]};" for name in plan.registers]
    connected = [
        piece.wire for cell in plan.instances for value in cell.pins.values() for piece in value
    ]
    for name in dict.fromkeys(connected):
        others = (plan.drivers, plan.registers, plan.module.connections)
        if name and not wires[name].direction and not any(name in other for other in others):
            lines.append(f"    wire {_range(wires[name].width)}{plan.names[name]};")
    return lines


def _range(width: int) -> str:
    return f"[{width - 1}:0] " if width > 1 else ""


def _wires(plan: Plan) -> Iterator[str]:
    for name in plan.wires:
        cell = plan.drivers[name]
        verilog, width = plan.names[name], plan.widths[name]
        if cell.kind == "$shift":
            yield from _table(plan, verilog, cell)
            value = f"{verilog}_table[{_text(plan, cell.pins['B'])}]"
        else:
            value = _expression(plan, cell, width)
        if plan.module.wires[name].direction:
            yield f"    assign {verilog} = {value};"
            continue
        line = f"    wire {_range(width)}{verilog} = {value};"
        yield from (
            [line] if all_read(plan, name) else [f"    {UNUSED_OFF}", line, f"    {UNUSED_ON}"]
        )


def _table(plan: Plan, name: str, cell: Cell) -> Iterator[str]:
    """The constant that a look-up reads."""
    (table,) = cell.pins["A"]
    rows = 1 << sum(piece.width for piece in cell.pins["B"])
    if table.wire or rows != table.width or f"{name}_table" in plan.taken:
        raise ToolError(f"{name} of Amaranth is no look-up in a table: use --emitter text")
    yield f"    localparam [{rows - 1}:0] {name}_table = {_constant(table.low, rows)};"


def _constant(value: int, width: int) -> str:
    return f"{width}'b{value}" if width == 1 else f"{width}'h{value:0{-(-width // 4)}x}"


def _expression(plan: Plan, cell: Cell, width: int) -> str:
    if cell.kind == "$not":
        return f"~{_text(plan, cell.pins['A'], width)}"
    if cell.kind == "$mux":
        values = (_text(plan, cell.pins[pin], width) for pin in "BA")
        return f"{_text(plan, cell.pins['S'], 1)} ? {' : '.join(values)}"
    one, other = (_text(plan, cell.pins[pin], width) for pin in "AB")
    return f"{one} {OPERATORS[cell.kind]} {other}"


def _text(plan: Plan, value: Value, width: int = 0) -> str:
    """A value as an operand, brought to a width if one is given."""
    if width:
        value = _resized(value, width)
    if len(value) == 1 and value[0].wire in plan.inlined:
        cell = plan.drivers[value[0].wire]
        text = _expression(plan, cell, plan.widths[value[0].wire])
        return text if cell.kind == "$not" or not width else f"({text})"
    pieces = [_piece(plan, piece) for piece in reversed(value)]
    if len(pieces) == 1:
        return pieces[0]
    line = f"{{{', '.join(pieces)}}}"
    if len(line) <= _LONGEST_LINE:
        return line
    return f"{{\n{in_lines(pieces, ' ' * 8)}\n    }}"


def _resized(value: Value, width: int) -> Value:
    """A value without bits from ``width`` on, or with zeros above."""
    pieces, left = [], width
    for piece in value:
        if left:
            taken = min(left, piece.width)
            low = piece.low if piece.wire else piece.low & (1 << taken) - 1
            pieces.append(Piece(piece.wire, low, taken))
            left -= taken
    return (*pieces, Piece("", 0, left)) if left else tuple(pieces)


def _piece(plan: Plan, piece: Piece) -> str:
    if not piece.wire:
        return _constant(piece.low, piece.width)
    name, width = plan.names[piece.wire], plan.widths[piece.wire]
    if piece.width == width:
        return name
    high = piece.low + piece.width - 1
    return f"{name}[{high}]" if piece.width == 1 else f"{name}[{high}:{piece.low}]"


def _ends(plan: Plan) -> Iterator[str]:
    """Registers, instances, and output ports."""
    for name, register in plan.registers.items():
        enable = f"if ({_text(plan, register.enable)}) " if register.enable else ""
        yield f"    always @(posedge {_text(plan, register.clock)})"
        yield f"        {enable}{plan.names[name]} <= {_text(plan, register.value)};"
    for cell in plan.instances:
        yield f"    {cell.kind} {cell.name} ("
        yield in_lines(
            [f".{pin}({_text(plan, value)})" for pin, value in cell.pins.items()], " " * 8
        )
        yield "    );"
    for name, wire in plan.module.wires.items():
        if wire.direction != "output":
            continue
        if name in plan.registers:
            yield f"    assign {name} = {plan.names[name]};"
        elif name in plan.module.connections:
            yield f"    assign {name} = {_text(plan, plan.module.connections[name])};"
    yield "endmodule\n"
