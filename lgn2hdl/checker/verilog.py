"""A parser for the Verilog that lgn2hdl writes as text: that subset of IEEE 1364-2005, no more.

What it does not know is an error. Nothing is extended or cut to a width, nothing is declared by its
use, every module of every file is used once, and comments cannot hold what a tool may obey.
"""

from __future__ import annotations

from collections.abc import Mapping

from .expressions import MOST_DEEP, Expressions
from .graph import CheckError
from .nets import ONE, Driver, Flat, Nets
from .text import END, first_module, is_name, words_of


def read_verilog(files: Mapping[str, bytes], top: str) -> Flat:
    """The design whose top module is ``top``.

    Raises:
        CheckError: if the text is not of the subset.
    """
    modules: dict[str, list[str]] = {}
    for file, data in files.items():
        try:
            words = words_of(data)
            while words:
                name, rest, words = first_module(words)
                if name in modules:
                    raise CheckError(f"module {name} is there twice")
                modules[name] = rest
        except CheckError as error:
            raise CheckError(f"{file}: {error}") from None
    flat = Flat()
    _Module(flat, modules, top, 0).read(None)
    if modules:
        raise CheckError(f"module {min(modules)} is not used")
    return flat


class _Module(Expressions):
    """One instance of a module, while its text is read."""

    def __init__(self, flat: Flat, modules: dict[str, list[str]], name: str, depth: int) -> None:
        if name not in modules or depth > MOST_DEEP:
            raise CheckError(f"there is no module {name}, or it is used twice, or too deep")
        super().__init__(flat, name, modules.pop(name))
        self._modules, self._depth = modules, depth
        self._registers: set[str] = set()
        self._instances: set[str] = set()

    def read(self, outside: dict[str, Nets] | None) -> None:
        """Read all of it; ``outside`` is what its ports are connected to, None of the top."""
        self._header(outside)
        statements = {
            "wire": self._wire,
            "reg": self._register,
            "localparam": self._local_table,
            "assign": self._assign,
            "always": self._always,
        }
        while (word := self.take()) != END:
            statement = statements.get(word)
            if statement is not None:
                statement()
            else:
                self._instance(word)

    def new_name(self) -> str:
        """A name that nothing in the module has yet."""
        name = self.name()
        if name in self.nets or name in self.tables or name in self._instances:
            raise self.error(f"{name} is declared twice")
        return name

    def _header(self, outside: dict[str, Nets] | None) -> None:
        self.expect("(")
        ports: set[str] = set()
        while not self.accept(")"):
            if ports:
                self.expect(",")
            direction = self.take()
            if direction not in ("input", "output"):
                raise self.error(f"{direction!r} is no direction")
            self.expect("wire")
            width = self.width()
            name = self.new_name()
            self.nets[name] = self.flat.new(width)
            ports.add(name)
            if outside is None:
                self._top_port(name, direction)
            else:
                self._port(name, direction, outside)
        self.expect(";")
        if outside is not None and ports != set(outside):
            raise self.error("it has other ports than those that are connected")

    def _port(self, name: str, direction: str, outside: dict[str, Nets]) -> None:
        inner, outer = self.nets[name], outside.get(name, [])
        if direction == "output":
            self.flat.connect(outer, inner)
            return
        self.flat.connect(inner, outer)
        if outer[0] in self.flat.clocks:
            self.flat.clocks.add(inner[0])

    def _top_port(self, name: str, direction: str) -> None:
        nets = self.nets[name]
        self.flat.ports[name] = direction, nets
        if direction == "input":
            for net in nets:
                self.flat.drive(net, Driver("input", ()))
        if (direction, name) == ("input", "clk"):
            self.flat.clocks.update(nets)

    def _wire(self) -> None:
        width = self.width()
        name = self.new_name()
        value = self.expression() if self.accept("=") else None
        self.nets[name] = nets = self.flat.new(width)
        if value is not None:
            self.flat.connect(nets, value)
        self.expect(";")

    def _register(self) -> None:
        width = self.width()
        more = True
        while more:
            name = self.new_name()
            self.nets[name] = self.flat.new(width)
            self._registers.add(name)
            more = self.accept(",")
        self.expect(";")

    def _local_table(self) -> None:
        width = self.width()
        name = self.new_name()
        self.expect("=")
        size, value = self.sized(self.take())
        self.expect(";")
        if size != width:
            raise self.error(f"{name} has {size} bits, not {width}")
        self.tables[name] = width, value

    def _assign(self) -> None:
        name = self.take()
        if name in self._registers:
            raise self.error(f"{name} is a register")
        targets = self.nets_of(name)
        self.expect("=")
        self.flat.connect(targets, self.expression())
        self.expect(";")

    def _always(self) -> None:
        self.expect("@", "(", "posedge")
        if self.one_bit(self.nets_of(self.take())) not in self.flat.clocks:
            raise self.error("a register has another clock than clk")
        self.expect(")")
        enable = ONE
        if self.accept("if"):
            self.expect("(")
            enable = self.one_bit(self.expression())
            self.expect(")")
        if not self.accept("begin"):
            self._update(enable)
            return
        while not self.accept("end"):
            self._update(enable)

    def _update(self, enable: int) -> None:
        name = self.take()
        if name not in self._registers:
            raise self.error(f"{name!r} is no register")
        self.expect("<=")
        value = self.expression()
        self.expect(";")
        if len(value) != len(self.nets[name]):
            raise self.error(f"{len(value)} bits for {name}")
        for net, source in zip(self.nets[name], value, strict=True):
            self.flat.drive(net, Driver("register", (source, enable)))

    def _instance(self, module: str) -> None:
        if not is_name(module):
            raise self.error(f"{module!r} is no statement")
        self._instances.add(self.new_name())
        connected: dict[str, Nets] = {}
        self.expect("(")
        while not self.accept(")"):
            if connected:
                self.expect(",")
            self.expect(".")
            port = self.name()
            self.expect("(")
            if port in connected:
                raise self.error(f"port {port} is connected twice")
            connected[port] = self.nets_of(self.take())
            self.expect(")")
        self.expect(";")
        _Module(self.flat, self._modules, module, self._depth + 1).read(connected)
