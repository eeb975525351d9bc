"""A grammar of the Verilog that simulation and synthesis see alike.

It goes down to the tokens of expressions, and leaves their widths and what they compute to Yosys.
It has what the writers of our designs need: the text emitter, Amaranth, and Yosys for netlists
after synthesis.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lgn2hdl.verify.readers.cells import HardwareError
from lgn2hdl.verify.readers.keywords import RESERVED
from lgn2hdl.verify.readers.lexer import LONGEST_NAME, line_of, split

_SIMPLE = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")
_ESCAPED = re.compile(r"\\[A-Za-z0-9_.$:\[\]]+")
_MODULE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_INNER_MODULE = re.compile(r"\\[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z0-9_$]+)+")
"""A module in another one, as Amaranth calls it; none begins as Yosys's own cells do."""
_UNSIZED = re.compile(r"[0-9]+")
_SIZED = re.compile(r"[0-9]+'(?:b[01]+|d[0-9]+|h[0-9a-f]+)")
_UNDEFINED = re.compile(r"[0-9]+'hx+")
_STRING = re.compile(r'"[A-Za-z0-9_ .:|/-]*"')
_OPERATORS = frozenset(
    (*"~&|^+-?:!,<>", *("^~", "~^", "~&", "~|", "&&", "||", "==", "!=", "<=", ">=", ">>"))
)  # fmt: skip
_CLOSING = {"(": ")", "[": "]", "{": "}"}

_ATTRIBUTES = frozenset(("src", "top", "generator"))
"""Attributes that change nothing; ``init`` would be a value at power-up that no simulator sees."""

DEEPEST = 30
"""Statements in each other."""

END = "end of file"


@dataclass
class Module:
    """What is noted of a module.

    Attributes:
        ports: direction of each port that was declared so far.
        ranges: highest and lowest bit of each port; empty for a single bit.
        names: whatever else was declared so far; a port may be a wire or a register as well.
        memories: names of the memories.
        instances: module of every instance, by its name.
    """

    ports: dict[str, str] = field(default_factory=dict)
    ranges: dict[str, tuple[int, ...]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    memories: set[str] = field(default_factory=set)
    instances: dict[str, str] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        """Whether the name is declared."""
        return name in self.names or name in self.ports


def read_modules(file: str, text: str, modules: dict[str, Module]) -> None:
    """Read all modules of a file.

    Args:
        file: its name, for errors.
        text: its text, as :func:`lgn2hdl.verify.readers.lexer.plain_text` gives it.
        modules: gets them, by name.

    Raises:
        HardwareError: if there is anything else, or a module is there already.
    """
    _File(file, text, modules).read()


class _File:
    """Reads a file; its methods take one rule of the grammar each."""

    def __init__(self, file: str, text: str, modules: dict[str, Module]) -> None:
        self._file, self._text, self._modules = file, text, modules
        self._tokens, self._places = split(file, text)
        self._tokens.append(END)
        self._places.append(len(text))
        self._at = 0
        self._module = Module()

    def read(self) -> None:
        """Read all modules."""
        while self._next != END:
            self._attributes()
            self._one_module()

    @property
    def _next(self) -> str:
        return self._tokens[self._at]

    def _take(self) -> str:
        token = self._tokens[self._at]
        self._at += token != END
        return token

    def _accept(self, token: str) -> bool:
        found = self._tokens[self._at] == token
        self._at += found
        return found

    def _expect(self, *tokens: str) -> None:
        for token in tokens:
            if not self._accept(token):
                raise self._error(f"{self._next[:40]!r} where {token!r} is expected")

    def _error(self, text: str) -> HardwareError:
        return HardwareError(f"{self._file}, line {self._line}: {text}")

    @property
    def _line(self) -> int:
        return line_of(self._text, self._places[self._at])

    def _attributes(self) -> None:
        while self._accept("(*"):
            while True:
                name = self._take()
                if name not in _ATTRIBUTES:
                    raise self._error(f"attribute {name[:40]!r} may change what tools see")
                if self._accept("="):
                    value = self._take()
                    if not any(kind.fullmatch(value) for kind in (_UNSIZED, _SIZED, _STRING)):
                        raise self._error(f"{value[:40]!r} is no value of an attribute")
                if not self._accept(","):
                    break
            self._expect("*)")

    def _one_module(self) -> None:
        self._expect("module")
        name = self._module_name("is no name of a module")
        if name in self._modules:
            raise self._error(f"module {name} is there twice")
        self._modules[name] = self._module = Module()
        self._expect("(")
        while not self._accept(")"):
            if self._next in ("input", "output"):
                self._declaration(self._take(), ",")
            else:
                self._name()
            if self._next != ")":
                self._expect(",")
        self._expect(";")
        while not self._accept("endmodule"):
            self._attributes()
            self._item()

    def _module_name(self, otherwise: str) -> str:
        """A name, as it is without the mark of an escaped one."""
        name = self._take()
        simple = _MODULE.fullmatch(name) and name not in RESERVED
        if not (simple or _INNER_MODULE.fullmatch(name)) or len(name) > LONGEST_NAME:
            raise self._error(f"{name[:40]!r} {otherwise}")
        return name.removeprefix("\\")

    def _item(self) -> None:
        token = self._next
        if token in ("input", "output", "wire", "reg"):
            self._declaration(self._take(), ";")
            self._expect(";")
        elif self._accept("localparam"):
            self._range()
            self._declare(self._name())
            self._expect("=")
            self._number()
            self._expect(";")
        elif self._accept("assign"):
            self._assign()
        elif self._accept("always"):
            self._always()
        else:
            self._instance()

    def _assign(self) -> None:
        self._target("=")
        if _UNDEFINED.fullmatch(self._next):
            # Synthesis leaves it where nothing reads the target; whatever does is refused later.
            self._take()
        else:
            self._expression(";")
        self._expect(";")

    def _name(self) -> str:
        """A name, as it is without the mark of an escaped one."""
        token = self._take()
        simple = _SIMPLE.fullmatch(token) and token not in RESERVED
        if not simple and not _ESCAPED.fullmatch(token):
            raise self._error(f"{token[:40]!r} is no name, or none that all tools take")
        if len(token) > LONGEST_NAME:
            raise self._error(f"a name of {len(token)} characters is too long")
        return token.removeprefix("\\")

    def _declare(self, name: str, *, kind: str = "") -> None:
        """Note a name; a port may be a wire or register as well, anything else is one thing."""
        module = self._module
        is_port = kind in ("input", "output")
        if name in (module if is_port or not kind else module.names):
            raise self._error(f"{name} is declared twice")
        if is_port:
            module.ports[name] = kind
        else:
            module.names.add(name)

    def _known_name(self) -> str:
        name = self._name()
        self._require_net(name)
        return name

    def _require_net(self, name: str) -> None:
        if name not in self._module:
            raise self._error(f"{name} is not declared")
        if name in self._module.memories:
            raise self._error(f"memory {name} is read or written as a whole, or not by a clock")

    def _word(self) -> None:
        """An address that is a net."""
        self._expect("[")
        self._known_name()
        self._expect("]")

    def _range(self, *, to_zero: bool = False) -> tuple[int, ...]:
        if not self._accept("["):
            return ()
        high = self._take()
        self._expect(":")
        low = self._take()
        self._expect("]")
        if not (_UNSIZED.fullmatch(high) and _UNSIZED.fullmatch(low)) or len(high) > 8:
            raise self._error(f"{high[:40]!r} to {low[:40]!r} is no range")
        if int(high) < int(low) or (to_zero and int(low)):
            raise self._error(f"range {high} to {low} does not go down to 0")
        return int(high), int(low)

    def _declaration(self, kind: str, end: str) -> None:
        """Nets, registers or ports of one width."""
        is_port = kind in ("input", "output")
        is_net = not is_port or end == ","
        if is_port and self._next in ("wire", "reg"):
            is_net = bool(self._take())
        bits = self._range(to_zero=is_port)
        while True:
            name = self._name()
            if self._next == "[" and kind == "reg":
                self._memory(name)
                return
            if self._accept("="):
                self._value(kind, name, end)
            self._declare_as(name, kind if is_port else "", is_net=is_net, bits=bits)
            if end == "," or not self._accept(","):
                return

    def _declare_as(self, name: str, port: str, *, is_net: bool, bits: tuple[int, ...]) -> None:
        """Note a port, of a direction or none, a net, or both."""
        if port:
            self._declare(name, kind=port)
            self._module.ranges[name] = bits
        if is_net:
            self._declare(name, kind="net")
        if self._module.ranges.get(name, bits) != bits:
            raise self._error(f"{name} has another range as a port")

    def _value(self, kind: str, name: str, end: str) -> None:
        """What drives a wire, or what a register holds at power-up."""
        if kind == "wire":
            self._expression(",", end)  # may not read the wire itself
        elif kind != "reg":
            raise self._error(f"{kind} {name} has a value")
        else:
            self._number()

    def _memory(self, name: str) -> None:
        """Words of a memory: as many as some number of address bits can say."""
        self._expect("[")
        high = self._take()
        self._expect(":", "0", "]")
        if not _UNSIZED.fullmatch(high) or len(high) > 8 or (int(high) + 1) & int(high):
            raise self._error(f"memory {name} has not as many words as an address can say")
        self._declare(name)
        self._module.memories.add(name)

    def _number(self) -> str:
        token = self._take()
        if not _UNSIZED.fullmatch(token) and not _SIZED.fullmatch(token):
            raise self._error(f"{token[:40]!r} is no number, or none that all tools take")
        return token

    def _target(self, end: str) -> None:
        """What is assigned to, in front of ``end``: nets, bits and ranges of them, memory words."""
        if self._accept("{"):
            while True:
                self._one_target()
                if not self._accept(","):
                    break
            self._expect("}")
        else:
            self._one_target(in_memory=end == "<=")
        self._expect(end)

    def _one_target(self, *, in_memory: bool = False) -> None:
        name = self._name()
        if name in self._module.memories and in_memory:
            self._word()
            return
        self._require_net(name)
        if self._module.ports.get(name) == "input":
            raise self._error(f"input {name} is assigned to")
        if not self._accept("["):
            return
        while not self._accept("]"):
            if not _UNSIZED.fullmatch(self._take()):
                raise self._error("a target has an index that is no number")
            self._accept(":")

    def _expression(self, *ends: str) -> None:
        """All in front of one of these, which is not taken."""
        start, opened = self._at, list[str]()
        while opened or self._next not in ends:
            token = self._take()
            if token in _CLOSING:
                opened.append(token)
            elif opened and token == _CLOSING[opened[-1]]:
                opened.pop()
            elif token not in _OPERATORS:
                self._operand(token, indexed="[" in opened)
        if self._at == start:
            raise self._error(f"{self._next[:40]!r} where an expression is expected")

    def _operand(self, token: str, *, indexed: bool) -> None:
        """A number or name that was taken."""
        self._at -= token != END
        if token[0] in "0123456789":
            self._number()
            if _UNSIZED.fullmatch(token) and not indexed and self._next != "{":
                raise self._error(f"number {token} has no width")
            return
        self._known_name()
        if self._next == "(":
            raise self._error(f"{token[:40]} is called like a function")

    def _always(self) -> None:
        self._expect("@", "(", "posedge")
        self._known_name()
        self._expect(")")
        self._clocked(0)

    def _clocked(self, depth: int) -> None:
        """A statement that changes registers, all at once."""
        if depth > DEEPEST:
            raise self._error(f"more than {DEEPEST} statements are in each other")
        if self._accept("begin"):
            while not self._accept("end"):
                self._clocked(depth + 1)
        elif self._accept("if"):
            self._condition()
            self._clocked(depth + 1)
            if self._accept("else"):
                self._clocked(depth + 1)
        else:
            self._target("<=")
            if self._is_word():
                self._take()
                self._word()
            else:
                self._expression(";")
            self._expect(";")

    def _is_word(self) -> bool:
        """Whether a word of a memory comes, which is a whole expression and no part of one."""
        return self._next.removeprefix("\\") in self._module.memories

    def _condition(self) -> None:
        self._expect("(")
        self._expression(")")
        self._expect(")")

    def _instance(self) -> None:
        module = self._module_name("is no statement that is known here")
        instance = self._name()
        self._declare(instance)
        connected = set[str]()
        self._expect("(")
        more = self._next != ")"
        while more:
            self._expect(".")
            port = self._name()
            if port in connected:
                raise self._error(f"port {port} is connected twice")
            connected.add(port)
            self._expect("(")
            self._expression(")")
            self._expect(")")
            more = self._accept(",")
        self._expect(")", ";")
        self._module.instances[instance] = module
