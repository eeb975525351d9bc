"""What a reader of Verilog hands over: nets, gates and registers, without any meaning yet.

A net is a number: 0 and 1 are the constants, the others are bits of wires, registers and ports.
Each is driven once: by another net, a gate, a register, or from outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from lgn2hdl.base.errors import ToolError
from lgn2hdl.ir import logic

ZERO, ONE = 0, 1
"""Nets of the constants."""

NOT, AND2, OR2, XOR2 = 0b01, 0b1000, 0b1110, 0b0110
XOR3, MAJORITY3 = 0b10010110, 0b11101000
MOST_NETS = 1 << 26
"""Nets of a design, above which it is not read: they take some gigabytes."""

CHOOSE = 0b10101100
"""Pin 0 if pin 2 is 1, else pin 1."""

Nets = list[int]
"""Nets of a vector, the least significant bit first."""


class HardwareError(ToolError):
    """Verilog that is not what this reader understands, or no sound hardware."""


class Gate(NamedTuple):
    """A look-up table: output net, table, input nets, and instance."""

    out: int
    table: int
    pins: tuple[int, ...]
    instance: str


class Register(NamedTuple):
    """A bit of a register: output, input and clock net, clock enable, and instance.

    The clock enable is :data:`ONE` where there is none.
    """

    out: int
    data: int
    clock: int
    enable: int
    instance: str


class Memory(NamedTuple):
    """Words that a clock writes and that are read at any time.

    Attributes:
        name: its name.
        clock: net of the clock.
        write_enable: net that says whether a word is written.
        write_address, write_data, read_address: nets.
        read_data: nets that nothing drives, but whoever knows what a memory is.
    """

    name: str
    clock: int
    write_enable: int
    write_address: Nets
    write_data: Nets
    read_address: Nets
    read_data: Nets


@dataclass
class Cells:
    """Flat hardware, module by module.

    Attributes:
        source: net that each net is a copy of; -1 for a net of its own.
        driven: whether something drives each net.
        gates: the look-up tables.
        registers: the registers, bit by bit.
        ports: nets of the top module's ports by name.
        directions: ``input`` or ``output`` of each of them.
        instance_ports: nets of the ports of each instance, by instance and port.
        names: lowest net and name of everything that was declared.
        initial: what the registers' nets hold at power-up, as far as the text says so.
        memories: the memories.
    """

    source: list[int] = field(default_factory=lambda: [-1, -1])
    driven: list[bool] = field(default_factory=lambda: [True, True])
    gates: list[Gate] = field(default_factory=list)
    registers: list[Register] = field(default_factory=list)
    ports: dict[str, Nets] = field(default_factory=dict)
    directions: dict[str, str] = field(default_factory=dict)
    instance_ports: dict[tuple[str, str], Nets] = field(default_factory=dict)
    names: list[tuple[int, str]] = field(default_factory=list)
    initial: dict[int, int] = field(default_factory=dict)
    memories: list[Memory] = field(default_factory=list)

    def new(self, width: int, *, driven: bool = False) -> Nets:
        """Nets that nothing drives yet.

        Raises:
            HardwareError: if there are too many.
        """
        first = len(self.source)
        if first + width > MOST_NETS:
            raise HardwareError(f"there are more than {MOST_NETS:,} nets: give a smaller design")
        self.source += [-1] * width
        self.driven += [driven] * width
        return list(range(first, first + width))

    def connect(self, targets: Sequence[int], sources: Sequence[int], what: str) -> None:
        """Let nets be copies of others.

        Raises:
            HardwareError: if the widths differ, or something drives a net already.
        """
        if len(targets) != len(sources):
            raise HardwareError(f"{what}: {len(sources)} bits for {len(targets)}")
        for target, source in zip(targets, sources, strict=True):
            self.drive(target, what)
            self.source[target] = source

    def drive(self, net: int, what: str) -> None:
        """Note that something drives a net.

        Raises:
            HardwareError: if something does already.
        """
        if self.driven[net]:
            raise HardwareError(f"{what} is driven twice")
        self.driven[net] = True

    def gate(self, table: int, pins: tuple[int, ...], instance: str) -> int:
        """Net of a new gate."""
        net = self.new(1, driven=True)[0]
        self.gates.append(Gate(net, table, pins, instance))
        return net

    def add(self, one: Nets, other: Nets, carry: int, instance: str) -> Nets:
        """Nets of a sum, as wide as its operands, with a carry into the lowest position."""
        sums = []
        for place, pins in enumerate(zip(one, other, strict=True)):
            sums.append(self.gate(XOR3, (*pins, carry), instance))
            if place + 1 < len(one):
                carry = self.gate(MAJORITY3, (*pins, carry), instance)
        return sums

    def look_up(self, table: int, pins: Nets, instance: str, what: str) -> int:
        """Net of the bit of a table that the pins, the lowest first, address.

        Raises:
            HardwareError: if there are more pins than a look-up table can have.
        """
        if not 1 <= len(pins) <= logic.MAX_FAN_IN:
            raise HardwareError(f"{what}: a table of {len(pins)} address bits, not 1 to 6")
        return self.gate(table, tuple(pins), instance)
