"""The RTLIL that Amaranth writes of our components, as data: that subset, and nothing else.

RTLIL is the text form of Yosys's netlists. A value is a list of pieces, the least significant one
first. A process, Amaranth's form of ``If``, becomes the multiplexer that it stands for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from lgn2hdl.base.errors import ToolError


class Piece(NamedTuple):
    """Consecutive bits of a wire, or a constant.

    Attributes:
        wire: name of the wire; empty for a constant.
        low: the lowest bit of it; the value of a constant.
        width: number of bits.
    """

    wire: str
    low: int
    width: int


Value = tuple[Piece, ...]


@dataclass(frozen=True)
class Wire:
    """A wire of a module.

    Attributes:
        width: bits.
        direction: ``input`` or ``output`` of a port, else empty.
    """

    width: int
    direction: str


@dataclass(frozen=True)
class Cell:
    """A cell or an instance of another module.

    Attributes:
        kind: ``$and`` and the like; an instance's module without the mark of public names.
        name: of the instance.
        pins: what is connected to each pin.
    """

    kind: str
    name: str
    pins: Mapping[str, Value]


@dataclass(frozen=True)
class RtlilModule:
    """A module.

    Attributes:
        name: its name.
        wires: by name; public names without their mark, private ones begin with ``$``.
        cells: cells, processes and instances in their order.
        connections: what drives a whole wire, by the wire's name.
    """

    name: str
    wires: Mapping[str, Wire]
    cells: tuple[Cell, ...]
    connections: Mapping[str, Value]


_WIRE = re.compile(r"wire width (\d+) (?:(input|output) \d+ +)?(\S+)")
_PIECE = re.compile(r"(?P<bits>(?P<size>\d+)'[01]+)|(?P<wire>[\\$]\S+)(?: \[(\d+)(?::(\d+))?\])?")


def read_rtlil(text: str) -> RtlilModule:
    """The module that a text holds.

    Raises:
        ToolError: if there is more than one module, or anything that is not known.
    """
    lines = (line.strip() for line in text.splitlines())
    reader = _Reader(line for line in lines if line and not line.startswith("attribute "))
    return reader.module()


class _Reader:
    """Reads lines one by one; its methods take one thing each."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._wires: dict[str, Wire] = {}

    def module(self) -> RtlilModule:
        """The whole text."""
        name = _plain(self._after("module "))
        cells: list[Cell] = []
        connections: dict[str, Value] = {}
        while (line := self._next()) != "end":
            word = line.partition(" ")[0]
            if word == "wire":
                self._wire(line)
            elif word == "cell":
                cells.append(self._cell(line))
            elif word == "process":
                cells.append(self._process())
            elif word == "connect":
                target, value = self._pair(line)
                connections[self._whole(target)] = value
            else:
                raise _unknown(line)
        for line in self._lines:
            raise _unknown(line)
        return RtlilModule(name, self._wires, tuple(cells), connections)

    def _next(self) -> str:
        return next(self._lines, "nothing more")

    def _after(self, start: str) -> str:
        line = self._next()
        if not line.startswith(start):
            raise _unknown(line)
        return line.removeprefix(start)

    def _wire(self, line: str) -> None:
        match = _WIRE.fullmatch(line)
        if match is None:
            raise _unknown(line)
        self._wires[_plain(match[3])] = Wire(int(match[1]), match[2] or "")

    def _cell(self, line: str) -> Cell:
        _, kind, name = line.split()
        pins = {}
        while (line := self._next()) != "end":
            if line.startswith("connect "):
                pin, value = line.removeprefix("connect ").split(" ", 1)
                pins[_plain(pin)] = self._value(value)
            elif not line.startswith("parameter "):
                raise _unknown(line)
        return Cell(_plain(kind), _plain(name), pins)

    def _process(self) -> Cell:
        """``assign T A; switch S; case 1'1; assign T B``: T is B if S is high, else A."""
        target, otherwise = self._pair(self._next())
        condition = self._value(self._after("switch "))
        self._after("case 1'1")
        again, value = self._pair(self._next())
        self._after("end")
        self._after("end")
        if again != target or _width(condition) != 1:
            raise _unknown("another process than that of an If")
        return Cell("$mux", "", {"S": condition, "A": otherwise, "B": value, "Y": target})

    def _pair(self, line: str) -> tuple[Value, Value]:
        """Target and value of ``connect`` or ``assign``."""
        match = re.fullmatch(r"(?:connect|assign) (\S+(?: \[[0-9:]+\])?) (\S.*)", line)
        if match is None:
            raise _unknown(line)
        return self._value(match[1]), self._value(match[2])

    def _whole(self, value: Value) -> str:
        """Name of a wire of which all bits are meant."""
        (piece,) = value
        if not piece.wire or piece.low or piece.width != self._wires[piece.wire].width:
            raise _unknown(f"a connection of a part of {piece.wire}")
        return piece.wire

    def _value(self, text: str) -> Value:
        inside = text.removeprefix("{ ").removesuffix(" }")
        pieces, place = [], 0
        for match in _PIECE.finditer(inside):
            if inside[place : match.start()].strip():
                break
            place = match.end()
            pieces.append(self._piece(match))
        if inside[place:].strip() or not pieces:
            raise _unknown(text)
        return tuple(reversed(pieces))

    def _piece(self, match: re.Match[str]) -> Piece:
        if match["bits"]:
            return Piece("", int(match["bits"].partition("'")[2], 2), int(match["size"]))
        wire = _plain(match["wire"])
        if wire not in self._wires:
            raise _unknown(f"wire {wire}")
        if match[4] is None:
            return Piece(wire, 0, self._wires[wire].width)
        high = int(match[4])
        low = high if match[5] is None else int(match[5])
        return Piece(wire, low, high - low + 1)


def _plain(name: str) -> str:
    """A public name without its mark; a private one as it is."""
    return name.removeprefix("\\")


def _width(value: Value) -> int:
    return sum(piece.width for piece in value)


def _unknown(what: str) -> ToolError:
    return ToolError(
        f"this version of Amaranth writes what lgn2hdl does not know ({what[:60]!r}): "
        "use --emitter text"
    )
