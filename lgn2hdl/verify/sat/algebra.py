"""Boolean values as packed bits of many runs, or as literals of a graph: one description for both.

What is written with an :class:`Algebra` can be simulated and can be proved. A vector is an array
whose first axis are the bits, the least significant first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir import logic
from lgn2hdl.verify.readers.cells import AND2, CHOOSE, MAJORITY3, NOT, OR2, XOR2, XOR3
from lgn2hdl.verify.sat.graph import FALSE, TRUE, Graph

Vector = npt.NDArray[Any]
"""Packed bits ``u64[bits, words]``, or literals ``i64[bits]``."""


class Algebra(Protocol):
    """Gates of vectors; operands are of one length, or of length 1, which goes with every bit."""

    def constant(self, value: int, width: int) -> Vector:
        """The bits of a number."""

    def look_up(self, table: logic.Words, pins: Vector) -> Vector:
        """Gates with tables of six pins, ``u64[n]``; pins ``[n, 6]`` and an axis of runs."""

    def gate(self, table: int, *operands: Vector) -> Vector:
        """The same gate for every bit of the operands, of which the first is pin 0."""


def _length(operands: Sequence[Vector]) -> int:
    """Bits of a result; a single bit goes with any number of others, with none too."""
    return next((len(operand) for operand in operands if len(operand) != 1), 1)


class Words:
    """Packed bits of 64 runs each, ``u64[bits, words]``."""

    def __init__(self, words: int) -> None:
        self._words = words

    def constant(self, value: int, width: int) -> Vector:
        """See :class:`Algebra`."""
        bits = np.array([value >> place & 1 for place in range(width)], np.int64)
        return np.broadcast_to(-bits[:, None], (width, self._words)).astype(np.uint64)

    def look_up(self, table: logic.Words, pins: Vector) -> Vector:
        """See :class:`Algebra`."""
        values = np.moveaxis(pins, 1, 0).astype(np.uint64, copy=False)
        return np.array(logic.evaluate(table, values))

    def gate(self, table: int, *operands: Vector) -> Vector:
        """See :class:`Algebra`."""
        length = _length(operands)
        pins = np.array([
            np.broadcast_to(operand, (length, self._words)) for operand in operands
        ], np.uint64)  # fmt: skip
        tables = np.full(length, table, logic.table_dtype(len(operands)))
        return np.array(logic.evaluate(tables, pins))


class Symbols:
    """Literals of a graph that grows, ``i64[bits]``."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def constant(self, value: int, width: int) -> Vector:
        """See :class:`Algebra`."""
        return np.array([TRUE if value >> place & 1 else FALSE for place in range(width)], np.int64)

    def look_up(self, table: logic.Words, pins: Vector) -> Vector:
        """See :class:`Algebra`."""
        return self.graph.add_gates(pins.astype(np.int64, copy=False), table)[0]

    def gate(self, table: int, *operands: Vector) -> Vector:
        """See :class:`Algebra`."""
        if table == NOT and len(operands) == 1:
            return operands[0] ^ 1
        length = _length(operands)
        pins = np.stack([np.broadcast_to(operand, (length,)) for operand in operands], axis=1)
        tables = np.full(length, table, logic.table_dtype(len(operands)))
        return self.graph.add_gates(pins.astype(np.int64, copy=False), tables)[0]

    def free(self, width: int) -> Vector:
        """Bits that may have any value."""
        return self.graph.add_inputs(width)


class Bits:
    """The gates of vectors that a description is written with.

    Attributes:
        algebra: what the vectors are.
        true, false: single bits.
    """

    def __init__(self, algebra: Algebra) -> None:
        self.algebra = algebra
        self.false, self.true = algebra.constant(0, 1), algebra.constant(1, 1)

    def number(self, value: int, width: int) -> Vector:
        """The bits of a number."""
        return self.algebra.constant(value, width)

    def extended(self, vector: Vector, width: int) -> Vector:
        """A number with zeros above it; without its highest bits if it is wider."""
        return np.concatenate([vector, *[self.false] * (width - len(vector))])[:width]

    def negated(self, vector: Vector) -> Vector:
        """Every bit the other way round."""
        return self.algebra.gate(NOT, vector)

    def both(self, *vectors: Vector) -> Vector:
        """Bits that are 1 in all."""
        return self._folded(AND2, vectors)

    def either(self, *vectors: Vector) -> Vector:
        """Bits that are 1 in any."""
        return self._folded(OR2, vectors)

    def _folded(self, table: int, vectors: Sequence[Vector]) -> Vector:
        result = vectors[0]
        for vector in vectors[1:]:
            result = self.algebra.gate(table, result, vector)
        return result

    def differ(self, one: Vector, other: Vector) -> Vector:
        """Bits that differ."""
        return self.algebra.gate(XOR2, one, other)

    def same(self, one: Vector, other: Vector) -> Vector:
        """Bits that are equal."""
        return self.negated(self.differ(one, other))

    def implies(self, one: Vector, other: Vector) -> Vector:
        """Bits of the second that are 1 where those of the first are."""
        return self.either(self.negated(one), other)

    def choose(self, condition: Vector, yes: Vector, no: Vector) -> Vector:
        """The first vector where the condition is 1, else the second."""
        return self.algebra.gate(CHOOSE, yes, no, condition)

    def all_of(self, vector: Vector) -> Vector:
        """One bit: whether all are 1."""
        return self._reduced(AND2, vector, self.true)

    def any_of(self, vector: Vector) -> Vector:
        """One bit: whether any is 1."""
        return self._reduced(OR2, vector, self.false)

    def _reduced(self, table: int, vector: Vector, empty: Vector) -> Vector:
        """A tree of gates."""
        while len(vector) > 1:
            half = len(vector) // 2
            pairs = self.algebra.gate(table, vector[:half], vector[half : 2 * half])
            vector = np.concatenate([pairs, vector[2 * half :]])
        return vector if len(vector) else empty

    def equal(self, one: Vector, other: Vector) -> Vector:
        """One bit: whether two vectors are equal."""
        return self.all_of(self.same(one, other))

    def is_number(self, vector: Vector, value: int) -> Vector:
        """One bit: whether a vector is a number."""
        if value >> len(vector):
            return self.false
        return self.equal(vector, self.number(value, len(vector))) if len(vector) else self.true

    def decoded(self, vector: Vector, count: int) -> Vector:
        """As many bits: whether a vector is 0, is 1, ..."""
        found = np.repeat(self.true, count, axis=0)
        found[np.arange(count) >> len(vector) > 0] = self.false
        for place in range(len(vector)):
            bit = np.repeat(vector[place : place + 1], count, axis=0)
            is_one = np.arange(count) >> place & 1 == 1
            bit[~is_one] = self.negated(bit[~is_one])
            found = self.both(found, bit)
        return found

    def sum(self, one: Vector, other: Vector) -> Vector:
        """As many bits of the sum of two vectors of the same length."""
        carry, sums = self.false, []
        for place in range(len(one)):
            pair = one[place : place + 1], other[place : place + 1]
            sums.append(self.algebra.gate(XOR3, *pair, carry))
            carry = self.algebra.gate(MAJORITY3, *pair, carry)
        return np.concatenate(sums) if sums else one

    def incremented(self, vector: Vector) -> Vector:
        """A number and 1, without a carry out."""
        return self.sum(vector, self.number(1, len(vector)))

    def decremented(self, vector: Vector) -> Vector:
        """A number less 1; 0 becomes the highest one."""
        return self.sum(vector, self.number((1 << len(vector)) - 1, len(vector)))
