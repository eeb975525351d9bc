"""Gates of vectors: as packed bits and as literals, the same numbers as in Python."""

import numpy as np
import pytest

from lgn2hdl.ir import packed
from lgn2hdl.verify.readers.cells import CHOOSE
from lgn2hdl.verify.sat.algebra import Bits, Symbols, Words
from lgn2hdl.verify.sat.graph import FALSE, TRUE, Graph

N = 6
"""Bits that are tried in all ways: one run each."""


class Packed:
    """Runs of packed bits."""

    def __init__(self) -> None:
        self.algebra = Words(1)
        runs = np.arange(1 << N) >> np.arange(N)[:, None] & 1 == 1
        self.inputs = packed.pack(runs)

    def read(self, vector) -> np.ndarray:
        """Bits of every run, ``bool[bits, runs]``."""
        assert vector.dtype == np.uint64
        return packed.unpack(vector, 1 << N)


class Literal:
    """Literals, whose graph is evaluated."""

    def __init__(self) -> None:
        self.graph = Graph()
        self.algebra = Symbols(self.graph)
        self.inputs = self.algebra.free(N)
        self.tried = Packed()

    def read(self, vector) -> np.ndarray:
        """Bits of every run, ``bool[bits, runs]``."""
        assert vector.dtype == np.int64
        values = np.zeros((self.graph.size, 1 << N), bool)
        values[self.inputs >> 1] = self.tried.read(self.tried.inputs)
        for node in range(self.graph.size):
            pins = self.graph.pins[node]
            if node == 0 or node in (self.inputs >> 1).tolist():
                continue
            row = sum(values[pin].astype(int) << place for place, pin in enumerate(pins))
            values[node] = self.graph.table[node] >> row.astype(np.uint64) & np.uint64(1)
        return values[vector >> 1] ^ (vector & 1 == 1)[:, None]


@pytest.fixture(params=[Packed, Literal])
def made(request):
    return request.param()


def numbers(made, vector) -> list[int]:
    bits = made.read(vector)
    return sum(
        (bit.astype(int) << place for place, bit in enumerate(bits)), np.zeros(1 << N, int)
    ).tolist()


def split(width: int) -> list[tuple[int, int]]:
    """The first bits and the rest of every run."""
    return [(run & (1 << width) - 1, run >> width) for run in range(1 << N)]


def test_constants(made):
    for value, width in [(0, 1), (1, 1), (5, 3), (5, 2), (9, 5), (3, 0)]:
        found = made.algebra.constant(value, width)
        assert len(found) == width
        assert numbers(made, found) == [value & (1 << width) - 1] * (1 << N)
    assert numbers(made, Bits(made.algebra).number(6, 4)) == [6] * (1 << N)


def test_operators_bit_by_bit(made):
    bits = Bits(made.algebra)
    one, other = made.inputs[:3], made.inputs[3:]
    pairs = split(3)
    for found, function in [
        (bits.negated(one), lambda a, b: 7 - a),
        (bits.both(one, other), lambda a, b: a & b),
        (bits.either(one, other), lambda a, b: a | b),
        (bits.differ(one, other), lambda a, b: a ^ b),
        (bits.same(one, other), lambda a, b: 7 - (a ^ b)),
        (bits.implies(one, other), lambda a, b: (7 - a) | b),
        (bits.sum(one, other), lambda a, b: (a + b) % 8),
        (bits.choose(made.inputs[:1], one, other), lambda a, b: a if a & 1 else b),
        (bits.both(one, other, one), lambda a, b: a & b),
        (bits.either(one), lambda a, b: a),
        (bits.equal(one, other), lambda a, b: int(a == b)),
        (bits.all_of(one), lambda a, b: int(a == 7)),
        (bits.any_of(other), lambda a, b: int(b > 0)),
        (made.algebra.gate(CHOOSE, one, other, made.inputs[5:]), lambda a, b: a if b & 4 else b),
    ]:
        assert numbers(made, found) == [function(a, b) for a, b in pairs]


@pytest.mark.parametrize("length", range(N + 1))
def test_all_and_any_of_vectors_of_every_length(made, length):
    bits, vector = Bits(made.algebra), made.inputs[:length]
    firsts = [run & (1 << length) - 1 for run in range(1 << N)]
    assert numbers(made, bits.all_of(vector)) == [int(a == (1 << length) - 1) for a in firsts]
    assert numbers(made, bits.any_of(vector)) == [int(a > 0) for a in firsts]
    for value in range(1 << length):
        assert numbers(made, bits.is_number(vector, value)) == [int(a == value) for a in firsts]
    for value in (1 << length, 3 << length):
        assert numbers(made, bits.is_number(vector, value)) == [0] * (1 << N)
    for count in (1, 3, 1 << length, (1 << length) + 2):
        decoded = bits.decoded(vector, count)
        assert len(decoded) == count
        assert made.read(decoded).tolist() == [
            [a == value for a in firsts] for value in range(count)
        ]
    assert numbers(made, bits.sum(vector, vector)) == [2 * a % (1 << length) for a in firsts]


def test_a_single_bit_goes_with_any_number_of_others(made):
    bits, one = Bits(made.algebra), made.inputs[:1]
    found = bits.both(one, made.inputs[1:])
    assert numbers(made, found) == [rest if bit else 0 for bit, rest in split(1)]
    assert len(bits.both(one, made.inputs[:0])) == 0
    assert len(bits.both(one, one)) == 1


def test_tables_of_six_pins(made):
    rng = np.random.default_rng(0)
    tables = rng.integers(0, 1 << 63, 4, np.uint64)
    orders = [list(rng.permutation(N)) for _ in range(4)]
    pins = np.stack([made.inputs[order] for order in orders])
    found = made.read(made.algebra.look_up(tables, pins))
    for bit, table, order in zip(found, tables.tolist(), orders, strict=True):
        rows = [sum((run >> pin & 1) << k for k, pin in enumerate(order)) for run in range(1 << N)]
        assert bit.tolist() == [bool(table >> row & 1) for row in rows]


def test_literals_of_constants_and_complements():
    symbols = Symbols(Graph())
    assert symbols.constant(2, 2).tolist() == [FALSE, TRUE]
    free = symbols.free(2)
    size = symbols.graph.size
    assert Bits(symbols).negated(free).tolist() == (free ^ 1).tolist()
    assert symbols.graph.size == size
