"""A strict reader of the Verilog that lgn2hdl writes as text: the subset, and nothing else.

It shares nothing with the emitter. What it does not know is an error, never a guess: no widths are
extended, no net is declared by its use, no module is taken from elsewhere, and none is left over:
every byte of every file is a part of the design. Expressions have the precedence of IEEE 1364-2005,
section 5.1.2.

A module may be named as a box: its instance has the ports that are given for it, and what drives
its outputs is not looked into.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import NamedTuple

from lgn2hdl.ir import logic
from lgn2hdl.verify.readers.cells import (
    AND2,
    CHOOSE,
    MOST_NETS,
    NOT,
    ONE,
    OR2,
    XOR2,
    ZERO,
    Cells,
    HardwareError,
    Nets,
    Register,
)
from lgn2hdl.verify.readers.tokens import END, Tokens

_BASES = {"b": 2, "d": 10, "h": 16}


BoxPorts = Sequence[tuple[str, str, int]]
"""Direction, name and width of the ports of a module that is not looked into."""


def read_text(
    files: Mapping[str, bytes | str], top: str, boxes: Mapping[str, BoxPorts] | None = None
) -> Cells:
    """Hardware of the module ``top``.

    Args:
        files: bytes, or text, of the Verilog files by name; every module that is used must be in
            one of them, and every module in them must be used once.
        top: name of the module.
        boxes: ports of the modules that are not looked into, by their names; none is in a file.

    Raises:
        HardwareError: if the text is not of the subset, drives a net twice or not at all, or is
            larger than anything that can be proved.
    """
    modules: dict[str, Tokens] = {}
    for name, content in files.items():
        tokens = Tokens.of_file(name, content)
        while tokens.next != END:
            tokens.expect("module")
            module = tokens.name()
            if module in modules:
                raise tokens.error(f"module {module} is there twice")
            modules[module] = tokens.until("endmodule")
    cells, left = Cells(), dict(boxes or {})
    try:
        _Module(cells, modules, top, "", left).read_top()
    except RecursionError:
        raise HardwareError("an expression, or an instance in another, is too deep") from None
    if modules or left:
        raise HardwareError(f"module {next(iter(modules | left))} is no part of {top}")
    _require_driven(cells)
    return cells


def _require_driven(cells: Cells) -> None:
    """Check that nothing is declared and then left open, read or not."""
    if not all(cells.driven):
        net = cells.driven.index(False)
        name = [name for first, name in cells.names if first <= net][-1]
        raise HardwareError(f"nothing drives {name}")


class _Update(NamedTuple):
    """What a register gets, and the net that says whether it does."""

    enable: int
    value: Nets


@dataclass
class _Module:
    """One instance of a module.

    Names of nets, tables and instances are of one space, as in Verilog.

    Attributes:
        cells: what is built.
        modules: text of every module by name.
        name: the module's name.
        instance: the instance's name; empty for the top module.
        boxes: ports of the modules that are not looked into and have no instance yet.
    """

    cells: Cells
    modules: dict[str, Tokens]
    name: str
    instance: str
    boxes: dict[str, BoxPorts]
    nets: dict[str, Nets] = field(default_factory=dict)
    tables: dict[str, tuple[int, int]] = field(default_factory=dict)
    registers: set[str] = field(default_factory=set)
    scalars: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)
    ports: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.name not in self.modules:
            raise HardwareError(f"there is no module {self.name}")
        # A module is used once: its tokens are used up then.
        self.tokens = self.modules.pop(self.name)

    def read_top(self) -> None:
        """Read this module as the top module."""
        self._header()
        for direction, name in self.ports:
            self.cells.ports[name] = self.nets[name]
            self.cells.directions[name] = direction
            if direction == "input":
                for net in self.nets[name]:
                    self.cells.drive(net, name)
        self._body()

    def _header(self) -> None:
        tokens = self.tokens
        tokens.expect("(")
        more = tokens.next != ")"  # a part without ports has nothing to do
        while more:
            direction = tokens.take()
            if direction not in ("input", "output"):
                raise tokens.error(f"{direction!r} is no direction")
            tokens.expect("wire")
            name = self._declare(self._range())
            self.ports.append((direction, name))
            more = tokens.accept(",")
        tokens.expect(")", ";")

    def _body(self) -> None:
        statements: dict[str, Callable[[], None]] = {
            "wire": self._wire,
            "localparam": self._table,
            "reg": self._register,
            "assign": self._assign,
            "always": self._always,
        }
        while self.tokens.next != END:
            statement = statements.get(self.tokens.next)
            if statement is None:
                self._instance()
                continue
            self.tokens.take()
            statement()

    def _range(self) -> int:
        """Bits of a vector; 0 for a single bit that is none."""
        tokens = self.tokens
        if not tokens.accept("["):
            return 0
        high = tokens.number()
        tokens.expect(":", "0", "]")
        return high + 1

    def _declare(self, width: int) -> str:
        name = self._new_name()
        self._add(name, width)
        return name

    def _new_name(self) -> str:
        name = self.tokens.name()
        if name in self.taken:
            raise self.tokens.error(f"{name} is declared twice")
        return name

    def _add(self, name: str, width: int) -> None:
        self.taken.add(name)
        if not width:
            self.scalars.add(name)
        self.nets[name] = self.cells.new(width or 1)
        whole = f"{self.instance}.{name}".lstrip(".")
        self.cells.names.append((self.nets[name][0], whole))

    def _wire(self) -> None:
        width = self._range()
        name = self._new_name()
        if self.tokens.accept("="):
            value = self._expression()  # may not read the wire itself
            self._add(name, width)
            self._drive(name, value)
        else:
            self._add(name, width)
        self.tokens.expect(";")

    def _drive(self, name: str, value: Nets) -> None:
        self.cells.connect(self.nets[name], value, f"{self.tokens.file}: {name}")

    def _table(self) -> None:
        width = self._range()
        name = self._new_name()
        self.tokens.expect("=")
        size, value = self._sized(self.tokens.take())
        self.tokens.expect(";")
        if size != width:
            raise self.tokens.error(f"{name} has {size} bits, not {width}")
        self.taken.add(name)
        self.tables[name] = (width, value)

    def _sized(self, token: str) -> tuple[int, int]:
        """Width and value of a sized number."""
        size, mark, digits = token.partition("'")
        if not mark:
            raise self.tokens.error(f"{token!r} is no number with a width")
        width = self.tokens.small(size)
        try:
            value = int(digits[1:], _BASES[digits[0]])
        except ValueError:
            raise self.tokens.error(f"{token!r} is no number") from None
        if value >> width or not width:
            raise self.tokens.error(f"{token!r} does not fit into its width")
        return width, value

    def _register(self) -> None:
        width = self._range()
        while True:
            self.registers.add(self._declare(width))
            if not self.tokens.accept(","):
                break
        self.tokens.expect(";")

    def _assign(self) -> None:
        name = self.tokens.name()
        if name not in self.nets or name in self.registers:
            raise self.tokens.error(f"{name} is no wire")
        self.tokens.expect("=")
        self._drive(name, self._expression())
        self.tokens.expect(";")

    def _always(self) -> None:
        tokens = self.tokens
        tokens.expect("@", "(", "posedge")
        clock = self._net_of(tokens.name())
        if len(clock) != 1:
            raise tokens.error("a clock has one bit")
        tokens.expect(")")
        for name, update in self._statement().items():
            self._update(name, update, clock[0])

    def _statement(self) -> dict[str, _Update]:
        """What a statement does to registers, by name."""
        tokens = self.tokens
        if tokens.accept("begin"):
            return self._block()
        if tokens.accept("if"):
            return self._if()
        name = tokens.name()
        if name not in self.registers:
            raise tokens.error(f"{name} is no register")
        tokens.expect("<=")
        value = self._expression()
        tokens.expect(";")
        if len(self.nets[name]) != len(value):
            raise tokens.error(f"{len(value)} bits for the {len(self.nets[name])} of {name}")
        return {name: _Update(ONE, value)}

    def _block(self) -> dict[str, _Update]:
        """Statements up to ``end``, no two of which are about the same register."""
        updates: dict[str, _Update] = {}
        while not self.tokens.accept("end"):
            more = self._statement()
            twice = updates.keys() & more.keys()
            if twice:
                raise self.tokens.error(f"{min(twice)} is driven twice")
            updates |= more
        return updates

    def _if(self) -> dict[str, _Update]:
        tokens = self.tokens
        tokens.expect("(")
        condition = self._expression()
        tokens.expect(")")
        if len(condition) != 1:
            raise tokens.error("a condition has one bit")
        yes = self._statement()
        no = self._statement() if tokens.accept("else") else {}
        names = [*yes, *(name for name in no if name not in yes)]
        return {name: self._chosen(condition[0], yes.get(name), no.get(name)) for name in names}

    def _chosen(self, condition: int, yes: _Update | None, no: _Update | None) -> _Update:
        """What happens to a register where a condition decides."""
        if yes is not None and no is not None:
            enable = ONE
            if (yes.enable, no.enable) != (ONE, ONE):
                enable = self._bitwise(CHOOSE, [yes.enable], [no.enable], [condition])[0]
            choice = [condition] * len(yes.value)
            return _Update(enable, self._bitwise(CHOOSE, yes.value, no.value, choice))
        if yes is None:
            condition = self._bitwise(NOT, [condition])[0]
        only = yes or no
        assert only is not None
        if only.enable == ONE:
            return _Update(condition, only.value)
        return _Update(self._bitwise(AND2, [condition], [only.enable])[0], only.value)

    def _update(self, name: str, update: _Update, clock: int) -> None:
        for target, source in zip(self.nets[name], update.value, strict=True):
            self.cells.drive(target, f"{self.tokens.file}: {name}")
            register = Register(target, source, clock, update.enable, self.instance)
            self.cells.registers.append(register)

    def _net_of(self, name: str) -> Nets:
        if name not in self.nets:
            raise self.tokens.error(f"{name} is not declared")
        return self.nets[name]

    def _instance(self) -> None:
        tokens = self.tokens
        module, name = tokens.name(), self._new_name()
        self.taken.add(name)
        path = f"{self.instance}.{name}".lstrip(".")
        if module in self.boxes:
            inner, ports = None, self._box(self.boxes.pop(module), path)
        else:
            inner = _Module(self.cells, self.modules, module, path, self.boxes)
            inner._header()
            ports = {port: (direction, inner.nets[port]) for direction, port in inner.ports}
        outputs = {port for port, (direction, _) in ports.items() if direction == "output"}
        connected = self._connections(name, outputs)
        if set(connected) != set(ports):
            raise tokens.error(f"the ports of {module} are not those that are connected")
        for port, (direction, inside) in ports.items():
            outside = connected[port]
            what = f"{tokens.file}: port {port} of {name}"
            pair = (inside, outside) if direction == "input" else (outside, inside)
            self.cells.connect(*pair, what)
            self.cells.instance_ports[path, port] = inside
        if inner is not None:
            inner._body()

    def _box(self, ports: BoxPorts, path: str) -> dict[str, tuple[str, Nets]]:
        """Direction and nets of the ports of a module that is not looked into."""
        found = {}
        for direction, port, width in ports:
            found[port] = (direction, self.cells.new(width, driven=direction == "output"))
            self.cells.names.append((found[port][1][0], f"{path}.{port}"))
        return found

    def _connections(self, instance: str, outputs: Set[str]) -> dict[str, Nets]:
        """What each port of an instance is connected to; an input may get any expression."""
        tokens = self.tokens
        connected: dict[str, Nets] = {}
        tokens.expect("(")
        more = tokens.next != ")"
        while more:
            tokens.expect(".")
            port = tokens.name()
            tokens.expect("(")
            if port in connected:
                raise tokens.error(f"port {port} is connected twice")
            is_output = port in outputs
            connected[port] = self._target(instance) if is_output else self._expression()
            tokens.expect(")")
            more = tokens.accept(",")
        tokens.expect(")", ";")
        return connected

    def _target(self, instance: str) -> Nets:
        """A wire, or bits of it, that an instance drives."""
        name = self.tokens.name()
        if name in self.registers:
            raise self.tokens.error(f"register {name} is an output of {instance}")
        return self._selected(self._net_of(name), name)

    def _expression(self) -> Nets:
        condition = self._binary(0)
        if not self.tokens.accept("?"):
            return condition
        if len(condition) != 1:
            raise self.tokens.error("a condition has one bit")
        yes = self._expression()
        self.tokens.expect(":")
        no = self._expression()
        return self._bitwise(CHOOSE, yes, no, condition * len(yes))

    def _binary(self, level: int) -> Nets:
        """Operators of one precedence, from the left: ``|``, ``^``, ``&``, ``==``, then sums."""
        if level == len(_OPERATORS):
            return self._unary()
        value = self._binary(level + 1)
        while self.tokens.next in _OPERATORS[level]:
            operator = self.tokens.take()
            other = self._binary(level + 1)
            if operator in _TABLES:
                value = self._bitwise(_TABLES[operator], value, other)
            elif operator == "==":
                value = self._equal(value, other)
            else:
                value = self._sum(value, other, minus=operator == "-")
        return value

    def _bitwise(self, table: int, *operands: Nets) -> Nets:
        self._same_width(*operands)
        return [self.cells.gate(table, pins, self.instance) for pins in zip(*operands, strict=True)]

    def _same_width(self, *operands: Nets) -> None:
        if len({len(operand) for operand in operands}) != 1:
            raise self.tokens.error(f"operands of {[len(item) for item in operands]} bits")

    def _equal(self, one: Nets, other: Nets) -> Nets:
        """One bit: whether two numbers of the same width are equal."""
        differ, *rest = self._bitwise(XOR2, one, other)
        for net in rest:
            differ = self.cells.gate(OR2, (differ, net), self.instance)
        return self._bitwise(NOT, [differ])

    def _sum(self, one: Nets, other: Nets, *, minus: bool) -> Nets:
        """``a - b`` is ``a + ~b + 1``."""
        self._same_width(one, other)
        if minus:
            other = self._bitwise(NOT, other)
        return self.cells.add(one, other, ONE if minus else ZERO, self.instance)

    def _unary(self) -> Nets:
        if self.tokens.accept("~"):
            return self._bitwise(NOT, self._unary())
        return self._primary()

    def _primary(self) -> Nets:
        tokens = self.tokens
        token = tokens.take()
        if token == "(":
            value = self._expression()
            tokens.expect(")")
            return value
        if token == "{":
            return self._concatenation()
        if token[0] in "0123456789":
            width, number = self._sized(token)
            return [number >> place & 1 for place in range(width)]
        if token in self.tables:
            return self._look_up(token)
        return self._selected(self._net_of(token), token)

    def _concatenation(self) -> Nets:
        tokens = self.tokens
        if not tokens.next.isdecimal():
            return self._side_by_side()
        times = tokens.number()  # {n{...}}
        tokens.expect("{")
        part = self._side_by_side()
        tokens.expect("}")
        if not 0 < times * len(part) <= MOST_NETS:
            raise tokens.error(f"{times} times {len(part)} bits")
        return part * times

    def _side_by_side(self) -> Nets:
        parts = [self._expression()]
        while self.tokens.accept(","):
            parts.append(self._expression())
        self.tokens.expect("}")
        return [net for part in reversed(parts) for net in part]

    def _look_up(self, name: str) -> Nets:
        width, table = self.tables[name]
        self.tokens.expect("[")
        address = self._expression()
        self.tokens.expect("]")
        if logic.rows(len(address)) != width:
            raise self.tokens.error(f"{len(address)} address bits for a table of {width}")
        return [self.cells.look_up(table, address, self.instance, name)]

    def _selected(self, nets: Nets, name: str) -> Nets:
        tokens = self.tokens
        if not tokens.accept("["):
            return nets
        if name in self.scalars:
            raise tokens.error(f"{name} is no vector")
        high = low = tokens.number()
        if tokens.accept(":"):
            low = tokens.number()
        tokens.expect("]")
        if not low <= high < len(nets):
            raise tokens.error(f"{name} has {len(nets)} bits")
        return nets[low : high + 1]


_OPERATORS = (("|",), ("^",), ("&",), ("==",), ("+", "-"))
_TABLES = {"|": OR2, "^": XOR2, "&": AND2}
