"""Yosys as a reader of Verilog: slower than our own, and independent of it.

It also reads what Amaranth writes, and netlists after synthesis. Text that simulators may see in
another way than synthesis does not reach it (:mod:`lgn2hdl.verify.readers.one_meaning`), and every
warning of Yosys is an error. Yosys elaborates the text into word-level cells, without optimizing
them, so that an undefined bit stays one; the meaning of the few kinds of cells that our designs
need is given here, and any other kind is an error, as is any bit that may be undefined.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from lgn2hdl.base.files import temporary_folder
from lgn2hdl.compiler.mapping import yosys_tool
from lgn2hdl.ir import logic
from lgn2hdl.tools.runner import run_tool
from lgn2hdl.verify.readers.cells import (
    AND2,
    CHOOSE,
    NOT,
    ONE,
    OR2,
    XOR2,
    ZERO,
    Cells,
    HardwareError,
    Memory,
    Nets,
    Register,
)
from lgn2hdl.verify.readers.one_meaning import checked
from lgn2hdl.verify.readers.reader import BoxPorts

SCRIPT = (
    "read_verilog -noautowire {files}; hierarchy -check -top {top}; proc -noopt -norom; "
    "memory_collect; flatten -noscopeinfo; write_json out.json"
)
WARNINGS_ARE_ERRORS = ("-e", ".*")

MEMORY = "$mem_v2"
_MEMORY_SHAPE = {
    "ABITS": 0, "SIZE": 0, "OFFSET": 0, "RD_PORTS": 1, "WR_PORTS": 1, "RD_CLK_ENABLE": 0,
    "WR_CLK_ENABLE": 1, "WR_CLK_POLARITY": 1, "RD_WIDE_CONTINUATION": 0, "WR_WIDE_CONTINUATION": 0,
}  # fmt: skip
_MEMORY_PINS = ("WR_CLK", "WR_EN", "WR_ADDR", "WR_DATA", "RD_ADDR", "RD_DATA")
"""Parameters of the only kind of memory that is known, sizes aside, and its pins."""

HOLDING_MUXES = 4
"""Multiplexers in front of a register in which its clock enable is looked for."""

MOST_COPIES = 64
"""Wires between a multiplexer and what it reads."""

TIMEOUT = 1800.0
"""Seconds for Yosys; the first run after installing takes a minute more."""


def read_with_yosys(
    files: Mapping[str, bytes | str], top: str, boxes: Mapping[str, BoxPorts] | None = None
) -> Cells:
    """Hardware of the module ``top``; arguments and errors as for our own reader.

    Raises:
        HardwareError: if simulation may see something else than synthesis, or there is a kind of
            cell that is not known here.
        ToolError: if Yosys is missing, fails, warns or refuses the text.
    """
    boxes = boxes or {}
    texts = checked({**files, **stubs(boxes)}, top)
    with temporary_folder() as folder:
        # Our own file names: nothing of the caller's reaches the script.
        numbered = [f"file{index}.v" for index in range(len(texts))]
        for own, text in zip(numbered, texts.values(), strict=True):
            (folder / own).write_bytes(text.encode("ascii"))
        script = SCRIPT.format(files=" ".join(numbered), top=top)
        arguments = ["-q", *WARNINGS_ARE_ERRORS, "-p", script]
        run_tool(yosys_tool(), arguments, folder=folder, outputs=["out.json"], timeout=TIMEOUT)
        design = json.loads((folder / "out.json").read_text())
    return cells_of(design["modules"][top], boxes)


def stubs(boxes: Mapping[str, BoxPorts]) -> dict[str, str]:
    """Verilog, by what it is, of modules that Yosys does not look into, as they are empty."""
    texts = {}
    for name, ports in boxes.items():
        declared = ", ".join(f"{way} wire [{width - 1}:0] {port}" for way, port, width in ports)
        texts[f"the box {name}"] = f"module {name} ({declared});\nendmodule\n"
    return texts


def cells_of(module: Mapping[str, Any], boxes: Mapping[str, BoxPorts] | None = None) -> Cells:
    """Hardware of a flat module of Yosys's JSON, but for instances of the boxes.

    Raises:
        HardwareError: if there is a kind of cell that is not known here, or an undefined bit that
            something reads.
    """
    return _Module(module, boxes or {}).cells


class _Module:
    """Cells of one flat module of Yosys's JSON."""

    def __init__(self, module: Mapping[str, Any], boxes: Mapping[str, BoxPorts]) -> None:
        self.cells, self._boxes = Cells(), boxes
        self._net: dict[int, int] = {}
        self._muxes: dict[int, tuple[int, int, int]] = {}
        self._guarded: dict[int, tuple[int, int]] = {}
        for name, port in module["ports"].items():
            nets = [self._bit(bit) for bit in port["bits"]]
            self.cells.ports[name], self.cells.directions[name] = nets, port["direction"]
            if port["direction"] == "input":
                for net in nets:
                    self.cells.drive(net, name)
        self._names(module["netnames"])
        left = {name: cell for name, cell in module["cells"].items() if not self._is_guard(cell)}
        for name, cell in left.items():
            if cell["type"] != MEMORY:
                self._cell(name, cell)
        for cell in left.values():
            if cell["type"] == MEMORY:
                self._memory(cell)
        self.cells.registers = [self._with_enable(item) for item in self.cells.registers]

    def _bit(self, bit: int | str) -> int:
        if isinstance(bit, str):
            if bit not in ("0", "1"):
                raise HardwareError(f"a net that is read is {bit!r}, neither 0 nor 1")
            return int(bit)
        if bit not in self._net:
            self._net[bit] = self.cells.new(1)[0]
        return self._net[bit]

    def _names(self, netnames: Mapping[str, Any]) -> None:
        """Names of nets, and the ports of instances, which are nets named after both."""
        for name, net in netnames.items():
            if any(bit in ("x", "z") for bit in net["bits"]):
                continue
            nets = [self._bit(bit) for bit in net["bits"]]
            if name.count(".") == 1:
                instance, _, port = name.partition(".")
                self.cells.instance_ports[instance, port] = nets
            self._initial(nets, net.get("attributes", {}).get("init", ""))
            if not net.get("hide_name") and nets[0] not in (ZERO, ONE):
                self.cells.names.append((nets[0], name))

    def _initial(self, nets: Nets, value: str) -> None:
        """Note what nets hold at power-up: binary digits, the highest first; x where it is open."""
        for net, digit in zip(nets, reversed(value), strict=False):
            if digit in "01":
                self.cells.initial[net] = int(digit)

    def _cell(self, name: str, cell: Mapping[str, Any]) -> None:
        kind = cell["type"]
        if kind in self._boxes:
            self._box(name, self._boxes[kind], cell["connections"])
            return
        read = _KINDS.get(kind)
        if read is None:
            raise HardwareError(f"cell {name} is of kind {kind}, which is not known here")
        pins = {pin: [self._bit(bit) for bit in bits] for pin, bits in cell["connections"].items()}
        parameters = {key: _number(value) for key, value in cell["parameters"].items()}
        read(self, pins, parameters, _instance_of(name))

    def _box(self, name: str, ports: BoxPorts, connections: Mapping[str, Any]) -> None:
        """An instance that is not looked into; its outputs are driven."""
        for way, port, width in ports:
            nets = [self._bit(bit) for bit in connections.get(port, [])]
            if len(nets) != width:
                raise HardwareError(f"port {port} of {name} has {len(nets)} bits, not {width}")
            self.cells.instance_ports[name, port] = nets
            for net in nets if way == "output" else []:
                self.cells.drive(net, f"port {port} of {name}")

    def _is_guard(self, cell: Mapping[str, Any]) -> bool:
        """Whether a cell gives a value under a condition, else nothing: what a memory is written.

        Its output is not driven, nor is a register of it: whatever reads that, but the memory under
        the same condition, is refused.
        """
        pins = cell["connections"]
        if cell["type"] != "$mux" or set(pins["A"]) != {"x"}:
            return False
        (condition,) = pins["S"]
        for target, value in zip(pins["Y"], pins["B"], strict=True):
            self._guarded[self._bit(target)] = self._bit(value), self._bit(condition)
        return True

    def is_guarded(self, net: int) -> bool:
        """Whether a net is a value under a condition, see :meth:`_is_guard`."""
        return net in self._guarded

    def _memory(self, cell: Mapping[str, Any]) -> None:
        """A memory with one port that is written by a clock, and one that is read.

        Raises:
            HardwareError: if it is another one, or has not as many words as an address can say.
        """
        values = cell["parameters"]
        number = {name: _number(values[name]) for name in _MEMORY_SHAPE}
        name = values["MEMID"].removeprefix("\\")
        if number | {"ABITS": 0, "SIZE": 0} != _MEMORY_SHAPE:
            raise HardwareError(f"memory {name} is of a kind that is not known here")
        if number["SIZE"] != 1 << number["ABITS"]:
            raise HardwareError(f"an address of memory {name} may be beyond its end")
        pins = {pin: [self._bit(bit) for bit in bits]
                for pin, bits in cell["connections"].items() if pin in _MEMORY_PINS}  # fmt: skip
        written = [self._guarded.get(net, (net, -1)) for net in pins["WR_ADDR"] + pins["WR_DATA"]]
        enables = {self._muxes.get(self._source(net)) for net in pins["WR_EN"]}
        conditions = {condition for _, condition in written}
        if len(conditions) != 1 or enables != {(ONE, ZERO, condition) for condition in conditions}:
            raise HardwareError(f"memory {name} is not written a word at a time, on a condition")
        nets, width = [net for net, _ in written], len(pins["WR_ADDR"])
        self.cells.memories.append(
            Memory(name, pins["WR_CLK"][0], conditions.pop(), nets[:width], nets[width:],
                   pins["RD_ADDR"], pins["RD_DATA"])
        )  # fmt: skip

    def choose(self, target: int, one: int, other: int, choice: int, instance: str) -> None:
        """``target`` is ``one`` if ``choice`` is 1, else ``other``."""
        if choice in (ZERO, ONE):
            self.give([target], [one if choice == ONE else other])
            return
        self._muxes[target] = one, other, choice
        self.give([target], [self.cells.gate(CHOOSE, (one, other, choice), instance)])

    def _with_enable(self, register: Register) -> Register:
        """A register with a clock enable, where its input may be its own output."""
        enable, data = self._held(register, register.data, HOLDING_MUXES)
        return register if enable == ONE else register._replace(enable=enable, data=data)

    def _held(self, register: Register, net: int, depth: int) -> tuple[int, int]:
        """When a net is not the register's output, and what it is then."""
        net = self._source(net)
        if net == register.out:
            return ZERO, ZERO
        if not depth or net not in self._muxes:
            return ONE, net
        one, other, choice = self._muxes[net]
        (one_enable, one_data), (other_enable, other_data) = (
            self._held(register, side, depth - 1) for side in (one, other)
        )
        if one_enable == other_enable == ONE:
            return ONE, net
        if (one_enable, other_enable) == (ONE, ZERO):
            return choice, one_data
        instance = register.instance
        if (one_enable, other_enable) == (ZERO, ONE):
            return self.cells.gate(NOT, (choice,), instance), other_data
        enable = self.cells.gate(CHOOSE, (one_enable, other_enable, choice), instance)
        data = self.cells.gate(CHOOSE, (one_data, other_data, choice), instance)
        return enable, data

    def _source(self, net: int) -> int:
        """The multiplexer's, gate's or register's net that a net is a copy of."""
        for _ in range(MOST_COPIES):
            source = self.cells.source[net]
            if source < 0 or net in self._muxes:
                return net
            net = source
        return net

    def give(self, target: Nets, value: Nets) -> None:
        """Drive the output pins of a cell."""
        self.cells.connect(target, value, "the output of a cell")

    def extended(self, nets: Nets, width: int, *, signed: bool) -> Nets:
        """As many bits as an operator has."""
        sign = nets[-1] if signed and nets else ZERO
        return (nets + [sign] * (width - len(nets)))[:width]


def _instance_of(cell: str) -> str:
    """The instance that a cell comes from: ``$flatten\\popcount.$add...`` or ``popcount.name``."""
    inner = cell.removeprefix("$flatten\\")
    if inner == cell and cell.startswith("$"):
        return ""
    return inner.partition(".")[0] if "." in inner else ""


Pins = Mapping[str, Nets]
Parameters = Mapping[str, int]


def _number(value: str | int) -> int:
    """A parameter: a number, or its binary digits.

    Raises:
        HardwareError: if some are undefined.
    """
    if isinstance(value, int):
        return value
    try:
        return int(value.strip() or "0", 2)
    except ValueError:
        raise HardwareError(f"a cell has a parameter {value[:40]!r}") from None


def _operands(module: _Module, pins: Pins, parameters: Parameters) -> tuple[Nets, ...]:
    """Operands as wide as the result."""
    width = parameters["Y_WIDTH"]
    names = [name for name in ("A", "B") if name in pins]
    signed = all(parameters[f"{name}_SIGNED"] for name in names)
    return tuple(module.extended(pins[name], width, signed=signed) for name in names)


def _bitwise(table: int) -> Any:
    def read(module: _Module, pins: Pins, parameters: Parameters, instance: str) -> None:
        operands = _operands(module, pins, parameters)
        gates = [module.cells.gate(table, row, instance) for row in zip(*operands, strict=True)]
        module.give(pins["Y"], gates)

    return read


def _sum(minus: bool) -> Any:
    def read(module: _Module, pins: Pins, parameters: Parameters, instance: str) -> None:
        one, other = _operands(module, pins, parameters)
        if minus:
            other = [module.cells.gate(NOT, (net,), instance) for net in other]
        carry = ONE if minus else ZERO
        module.give(pins["Y"], module.cells.add(one, other, carry, instance))

    return read


def _compare(*, equal: bool) -> Any:
    """Whether two numbers without a sign are equal, or are not."""

    def read(module: _Module, pins: Pins, parameters: Parameters, instance: str) -> None:
        if parameters["A_SIGNED"] or parameters["B_SIGNED"] or len(pins["Y"]) != 1:
            raise HardwareError("a comparison of signed numbers is not known here")
        gate = module.cells.gate
        width = max(len(pins["A"]), len(pins["B"]))
        one, other = (module.extended(pins[name], width, signed=False) for name in ("A", "B"))
        differ = ZERO
        for row in zip(one, other, strict=True):
            differ = gate(OR2, (differ, gate(XOR2, row, instance)), instance)
        module.give(pins["Y"], [gate(NOT, (differ,), instance) if equal else differ])

    return read


def _order(*, swapped: bool, negated: bool) -> Any:
    """Whether a number without a sign is less than another one; or the operands swapped, or not."""

    def read(module: _Module, pins: Pins, parameters: Parameters, instance: str) -> None:
        if parameters["A_SIGNED"] or parameters["B_SIGNED"] or len(pins["Y"]) != 1:
            raise HardwareError("a comparison of signed numbers is not known here")
        gate = module.cells.gate
        width = max(len(pins["A"]), len(pins["B"]))
        names = ("B", "A") if swapped else ("A", "B")
        one, other = (module.extended(pins[name], width, signed=False) for name in names)
        less = ZERO
        for low, high in zip(one, other, strict=True):
            less = gate(CHOOSE, (high, less, gate(XOR2, (low, high), instance)), instance)
        module.give(pins["Y"], [gate(NOT, (less,), instance) if negated else less])

    return read


def _shift_right(module: _Module, pins: Pins, parameters: Parameters, instance: str) -> None:
    """A number shifted by another one.

    Raises:
        HardwareError: if one of them is signed.
    """
    value, distance = pins["A"], pins["B"]
    if parameters["A_SIGNED"] or parameters["B_SIGNED"]:
        raise HardwareError("a shift of signed numbers is not known here")
    if not set(value) - {ZERO, ONE} and len(distance) <= logic.MAX_FAN_IN:
        _lowest_of_table(module, pins, instance)
        return
    width = len(pins["Y"])
    value = module.extended(value, max(len(value), width), signed=False)
    for place, bit in enumerate(distance):
        moved = value[1 << place :] if place < len(value).bit_length() else []
        moved = module.extended(moved, len(value), signed=False)
        rows = zip(moved, value, strict=True)
        value = [module.cells.gate(CHOOSE, (*row, bit), instance) for row in rows]
    module.give(pins["Y"], value[:width])


def _lowest_of_table(module: _Module, pins: Pins, instance: str) -> None:
    """A constant shifted by up to six bits, of which the lowest is read: a look-up table.

    Verilog gives the operator all bits of the constant. Nothing drives those above the lowest here,
    so that reading one is an error.
    """
    table, address = pins["A"], pins["B"]
    rows = logic.rows(min(len(address), logic.MAX_FAN_IN + 1))
    value = sum(bit << place for place, bit in enumerate(table[:rows]))
    module.give(pins["Y"][:1], [module.cells.look_up(value, address, instance, "a shift")])


def _bit_select(module: _Module, pins: Pins, parameters: Parameters, instance: str) -> None:
    """A bit of a constant, which must have as many as the address can say: others are undefined.

    Raises:
        HardwareError: if it has fewer.
    """
    table, address = pins["A"], pins["B"]
    if len(table) < 1 << len(address):
        raise HardwareError(
            f"a table of {len(table)} bits has {len(address)} address bits: reads beyond its end "
            f"are undefined"
        )
    if parameters["A_SIGNED"] or parameters["B_SIGNED"]:
        raise HardwareError("a shift of signed numbers is not known here")
    if set(table) - {ZERO, ONE}:
        raise HardwareError("a bit of anything but a constant is not known here")
    _lowest_of_table(module, pins, instance)


def _choose(module: _Module, pins: Pins, parameters: Parameters, instance: str) -> None:
    for target, one, other in zip(pins["Y"], pins["B"], pins["A"], strict=True):
        module.choose(target, one, other, pins["S"][0], instance)


def _logic(table: int) -> Any:
    """A gate of single bits, such as ``a && b``."""

    def read(module: _Module, pins: Pins, parameters: Parameters, instance: str) -> None:
        operands = [pins[name] for name in ("A", "B") if name in pins]
        if any(len(operand) != 1 for operand in operands) or len(pins["Y"]) != 1:
            raise HardwareError("logic of more than single bits is not known here")
        row = tuple(operand[0] for operand in operands)
        module.give(pins["Y"], [module.cells.gate(table, row, instance)])

    return read


def _reduce(table: int, *, negated: bool = False) -> Any:
    """One bit of all bits of a vector."""

    def read(module: _Module, pins: Pins, parameters: Parameters, instance: str) -> None:
        first, *rest = pins["A"]
        for net in rest:
            first = module.cells.gate(table, (first, net), instance)
        value = module.cells.gate(NOT if negated else 0b10, (first,), instance)
        module.give(pins["Y"], module.extended([value], len(pins["Y"]), signed=False))

    return read


def _register(module: _Module, pins: Pins, parameters: Parameters, instance: str) -> None:
    if not parameters["CLK_POLARITY"]:
        raise HardwareError("a register has a falling clock edge")
    for target, source in zip(pins["Q"], pins["D"], strict=True):
        if module.is_guarded(source):
            continue
        module.cells.drive(target, "a register")
        register = Register(target, source, pins["CLK"][0], ONE, instance)
        module.cells.registers.append(register)


_KINDS: dict[str, Any] = {
    "$not": _bitwise(NOT),
    "$and": _bitwise(AND2),
    "$or": _bitwise(OR2),
    "$xor": _bitwise(XOR2),
    "$xnor": _bitwise(XOR2 ^ 0b1111),
    "$pos": _bitwise(0b10),
    "$add": _sum(minus=False),
    "$sub": _sum(minus=True),
    "$eq": _compare(equal=True),
    "$ne": _compare(equal=False),
    "$shr": _shift_right,
    "$shiftx": _bit_select,
    "$mux": _choose,
    "$lt": _order(swapped=False, negated=False),
    "$ge": _order(swapped=False, negated=True),
    "$gt": _order(swapped=True, negated=False),
    "$le": _order(swapped=True, negated=True),
    "$reduce_and": _reduce(AND2),
    "$reduce_or": _reduce(OR2),
    "$reduce_xor": _reduce(XOR2),
    "$reduce_bool": _reduce(OR2),
    "$logic_not": _reduce(OR2, negated=True),
    "$logic_and": _logic(AND2),
    "$logic_or": _logic(OR2),
    "$dff": _register,
}

__all__: Sequence[str] = ["read_with_yosys"]
