"""Expressions of Verilog; all operands of an operator have the same width, nothing is extended."""

from __future__ import annotations

from .graph import AND, MOST_PINS, OR
from .nets import ONE, ZERO, Flat, Nets
from .text import Cursor

XOR, XOR3, MAJORITY = 0b0110, 0b10010110, 0b11101000
NOT = 0b01

IF_ELSE = 0b10101100
"""Pin 0 if pin 2 is 1, else pin 1."""

MOST_DEEP = 30
"""Expressions inside of each other."""


class Expressions(Cursor):
    """A cursor that reads expressions as gates.

    Attributes:
        nets: nets of everything that has been declared, by name.
        tables: width and value of every constant that is a look-up table.
    """

    def __init__(self, flat: Flat, module: str, words: list[str]) -> None:
        super().__init__(module, words)
        self.flat = flat
        self.nets: dict[str, Nets] = {}
        self.tables: dict[str, tuple[int, int]] = {}
        self._deep = 0

    def nets_of(self, name: str) -> Nets:
        """Nets of something that has been declared."""
        if name not in self.nets:
            raise self.error(f"{name!r} is not declared")
        return self.nets[name]

    def one_bit(self, value: Nets) -> int:
        """The net of a value of one bit."""
        if len(value) != 1:
            raise self.error(f"{len(value)} bits where one is needed")
        return value[0]

    def _bitwise(self, table: int, *operands: Nets) -> Nets:
        if len({len(operand) for operand in operands}) != 1:
            raise self.error("operands of different widths")
        return [self.flat.gate(table, *pins) for pins in zip(*operands, strict=True)]

    def expression(self) -> Nets:
        """Nets of the expression that is next."""
        self._deep += 1
        if self._deep > MOST_DEEP:
            raise self.error("too many expressions inside of each other")
        value = self._or()
        if self.accept("?"):
            condition = self.one_bit(value)
            yes = self.expression()
            self.expect(":")
            no = self.expression()
            value = self._bitwise(IF_ELSE, yes, no, [condition] * len(yes))
        self._deep -= 1
        return value

    def _or(self) -> Nets:
        value = self._xor()
        while self.accept("|"):
            value = self._bitwise(OR, value, self._xor())
        return value

    def _xor(self) -> Nets:
        value = self._and()
        while self.accept("^"):
            value = self._bitwise(XOR, value, self._and())
        return value

    def _and(self) -> Nets:
        value = self._sum()
        while self.accept("&"):
            value = self._bitwise(AND, value, self._sum())
        return value

    def _sum(self) -> Nets:
        value = self._unary()
        while True:
            if self.accept("+"):
                value = self._added(value, self._unary(), ZERO)
            elif self.accept("-"):  # a - b = a + ~b + 1
                value = self._added(value, self._bitwise(NOT, self._unary()), ONE)
            else:
                return value

    def _added(self, one: Nets, other: Nets, carry: int) -> Nets:
        if len(one) != len(other):
            raise self.error("operands of different widths")
        total = []
        for a, b in zip(one, other, strict=True):
            total.append(self.flat.gate(XOR3, a, b, carry))
            carry = self.flat.gate(MAJORITY, a, b, carry)
        return total

    def _unary(self) -> Nets:
        flips = 0
        while self.accept("~"):
            flips ^= 1
        value = self._primary()
        return self._bitwise(NOT, value) if flips else value

    def _primary(self) -> Nets:
        token = self.take()
        if token == "(":
            value = self.expression()
            self.expect(")")
            return value
        if token == "{":
            return self._concatenation()
        if token[:1].isdigit():
            width, number = self.sized(token)
            return [number >> place & 1 for place in range(width)]
        if token in self.tables:
            return self._looked_up(*self.tables[token])
        return self._selected(self.nets_of(token))

    def _concatenation(self) -> Nets:
        value = self.expression()
        while self.accept(","):
            value = self.expression() + value
        self.expect("}")
        return value

    def _looked_up(self, width: int, table: int) -> Nets:
        self.expect("[")
        address = self.expression()
        self.expect("]")
        if len(address) > MOST_PINS or width != 1 << len(address):
            raise self.error(f"{len(address)} address bits for a table of {width}")
        return [self.flat.gate(table, *address)]

    def _selected(self, nets: Nets) -> Nets:
        if not self.accept("["):
            return nets
        high = low = self.number()
        if self.accept(":"):
            low = self.number()
        self.expect("]")
        if not low <= high < len(nets):
            raise self.error(f"bits {high} to {low} of {len(nets)}")
        return nets[low : high + 1]
