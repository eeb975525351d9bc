"""Truth tables: exhaustive for two and three pins, random for four to six."""

from collections.abc import Callable
from itertools import permutations, product

import numpy as np
import pytest

from lgn2hdl.ir import logic, packed

GATES: dict[str, Callable[[int, int], int]] = {
    "0": lambda a, b: 0,
    "~(a|b)": lambda a, b: 1 - (a | b),
    "a&~b": lambda a, b: a & (1 - b),
    "~b": lambda a, b: 1 - b,
    "~a&b": lambda a, b: (1 - a) & b,
    "~a": lambda a, b: 1 - a,
    "a^b": lambda a, b: a ^ b,
    "~(a&b)": lambda a, b: 1 - (a & b),
    "a&b": lambda a, b: a & b,
    "~(a^b)": lambda a, b: 1 - (a ^ b),
    "a": lambda a, b: a,
    "a|~b": lambda a, b: a | (1 - b),
    "b": lambda a, b: b,
    "~a|b": lambda a, b: (1 - a) | b,
    "a|b": lambda a, b: a | b,
    "1": lambda a, b: 1,
}

FAN_INS = range(1, logic.MAX_FAN_IN + 1)


def tables(fan_in: int) -> logic.Tables:
    """All tables up to three pins, otherwise 200 random ones and the extremes."""
    dtype = logic.table_dtype(fan_in)
    if fan_in <= 3:
        return np.arange(1 << logic.rows(fan_in)).astype(dtype)
    rng = np.random.default_rng(fan_in)
    ones = logic.all_ones(fan_in)
    anything = rng.integers(0, ones, 200, dtype=np.uint64, endpoint=True)
    wires = [logic.pin_table(fan_in, pin) for pin in range(fan_in)]
    return np.concatenate([anything, np.array([0, ones, *wires], np.uint64)]).astype(dtype)


def value(table: int, pins: tuple[int, ...]) -> int:
    """The definition: pin 0 is the least significant address bit."""
    return int(table) >> sum(bit << index for index, bit in enumerate(pins)) & 1


def assert_function(result: logic.Tables, fan_in: int, expected: Callable[..., int]) -> None:
    """``expected(table number, pins)`` gives every row of every result; no bit lies above it."""
    for pins in product((0, 1), repeat=fan_in):
        row = sum(bit << index for index, bit in enumerate(pins))
        found = logic.table_to_bits(result, fan_in)[:, row]
        wanted = [expected(number, pins) for number in range(len(result))]
        assert found.tolist() == wanted, pins
    assert int(result.max()) <= logic.all_ones(fan_in)


def with_pin(pins: tuple[int, ...], pin: int, bit: int) -> tuple[int, ...]:
    return (*pins[:pin], bit, *pins[pin + 1 :])


def test_names_of_the_sixteen_gates() -> None:
    assert set(GATES) == set(logic.GATE_NAMES)
    for table, name in enumerate(logic.GATE_NAMES):
        for a, b in product((0, 1), repeat=2):
            assert value(table, (a, b)) == GATES[name](a, b), name


@pytest.mark.parametrize("fan_in", FAN_INS)
def test_sizes(fan_in: int) -> None:
    assert logic.rows(fan_in) == 2**fan_in
    assert logic.all_ones(fan_in) == 2**2**fan_in - 1
    dtype = logic.table_dtype(fan_in)
    assert dtype.kind == "u"
    assert dtype.itemsize * 8 == max(8, 2**fan_in)


@pytest.mark.parametrize("fan_in", [-1, 0, 7])
def test_fan_in_out_of_range(fan_in: int) -> None:
    with pytest.raises(ValueError, match="fan-in"):
        logic.table_dtype(fan_in)


@pytest.mark.parametrize("fan_in", FAN_INS)
def test_pin_tables_and_address_bits(fan_in: int) -> None:
    rows = logic.address_bits(fan_in)
    assert rows.shape == (2**fan_in, fan_in)
    for pins in product((0, 1), repeat=fan_in):
        row = sum(bit << index for index, bit in enumerate(pins))
        assert tuple(rows[row]) == pins
        for pin in range(fan_in):
            assert value(logic.pin_table(fan_in, pin), pins) == pins[pin]


@pytest.mark.parametrize("fan_in", FAN_INS)
def test_bits_and_back(fan_in: int) -> None:
    table = tables(fan_in)
    bits = logic.table_to_bits(table, fan_in)
    assert_function(table, fan_in, lambda n, pins: value(table[n], pins))
    back = logic.table_from_bits(bits)
    assert back.dtype == table.dtype
    assert np.array_equal(back, table)


def test_bits_need_a_power_of_two_of_rows() -> None:
    with pytest.raises(ValueError, match="power of two"):
        logic.table_from_bits(np.zeros((4, 6), np.uint8))


@pytest.mark.parametrize("fan_in", FAN_INS)
def test_negate(fan_in: int) -> None:
    table = tables(fan_in)
    result = logic.negate(table, fan_in)
    assert result.dtype == table.dtype
    assert_function(result, fan_in, lambda n, pins: 1 - value(table[n], pins))


@pytest.mark.parametrize("fan_in", FAN_INS)
def test_cofactor_negate_pin_and_dependence(fan_in: int) -> None:
    table = tables(fan_in)
    for pin in range(fan_in):
        for bit in (0, 1):
            fixed = logic.cofactor(table, fan_in, pin, bit)
            assert fixed.dtype == table.dtype
            assert_function(
                fixed,
                fan_in,
                lambda n, pins, pin=pin, bit=bit: value(table[n], with_pin(pins, pin, bit)),
            )
        negated = logic.negate_pin(table, fan_in, pin)
        assert negated.dtype == table.dtype
        assert_function(
            negated,
            fan_in,
            lambda n, pins, pin=pin: value(table[n], with_pin(pins, pin, 1 - pins[pin])),
        )


@pytest.mark.parametrize("fan_in", FAN_INS)
def test_support(fan_in: int) -> None:
    table = tables(fan_in)
    found = logic.support(table, fan_in)
    assert found.shape == (len(table), fan_in)
    for pin in range(fan_in):
        wanted = [
            any(
                value(each, with_pin(pins, pin, 0)) != value(each, with_pin(pins, pin, 1))
                for pins in product((0, 1), repeat=fan_in)
            )
            for each in table
        ]
        assert found[:, pin].tolist() == wanted
        assert logic.depends_on(table, fan_in, pin).tolist() == wanted


@pytest.mark.parametrize("fan_in", FAN_INS[1:])
def test_tied_and_swapped_pins(fan_in: int) -> None:
    table = tables(fan_in)
    for first, second in permutations(range(fan_in), 2):
        tied = logic.tie_pins(table, fan_in, first, second)
        assert tied.dtype == table.dtype
        assert_function(
            tied,
            fan_in,
            lambda n, pins, a=first, b=second: value(table[n], with_pin(pins, b, pins[a])),
        )
        assert not logic.depends_on(tied, fan_in, second).any()
        swapped = logic.swap_pins(table, fan_in, first, second)
        assert swapped.dtype == table.dtype
        assert_function(
            swapped,
            fan_in,
            lambda n, pins, a=first, b=second: value(
                table[n], with_pin(with_pin(pins, a, pins[b]), b, pins[a])
            ),
        )


def assert_permuted(table: logic.Tables, order: np.ndarray) -> None:
    before, orders = table.copy(), order.copy()
    result = logic.permute(table, order)
    assert result.dtype == table.dtype
    assert np.array_equal(table, before)
    assert np.array_equal(order, orders)

    def expected(number: int, pins: tuple[int, ...]) -> int:
        old = [0] * len(pins)
        for new_pin, old_pin in enumerate(order[number]):
            old[old_pin] = pins[new_pin]
        return value(table[number], tuple(old))

    assert_function(result, order.shape[1], expected)


@pytest.mark.parametrize("fan_in", [1, 2, 3])
def test_permute_every_table_in_every_order(fan_in: int) -> None:
    table = tables(fan_in)
    for order in permutations(range(fan_in)):
        assert_permuted(table, np.tile(np.array(order), (len(table), 1)))


@pytest.mark.parametrize("fan_in", [4, 5, 6])
def test_permute_each_table_in_an_order_of_its_own(fan_in: int) -> None:
    table = tables(fan_in)
    rng = np.random.default_rng(fan_in)
    assert_permuted(table, np.array([rng.permutation(fan_in) for _ in table]))


@pytest.mark.parametrize(
    ("fan_in", "wide"), [pair for pair in product(FAN_INS, FAN_INS) if pair[0] <= pair[1]]
)
def test_widen(fan_in: int, wide: int) -> None:
    table = tables(fan_in)
    result = logic.widen(table, fan_in, wide)
    assert result.dtype == logic.table_dtype(wide)
    assert_function(result, wide, lambda n, pins: value(table[n], pins[:fan_in]))


@pytest.mark.parametrize("fan_in", FAN_INS)
def test_evaluate_on_all_rows(fan_in: int) -> None:
    table = tables(fan_in)
    rows = logic.address_bits(fan_in)
    pins = packed.pack(rows.T.astype(bool))
    outputs = logic.evaluate(table, np.repeat(pins[:, None, :], len(table), axis=1))
    assert outputs.dtype == np.uint64
    found = packed.unpack(outputs, len(rows))
    assert np.array_equal(found, logic.table_to_bits(table, fan_in))


def test_evaluate_treats_each_sample_alone() -> None:
    rng = np.random.default_rng(0)
    table = tables(3)
    pins = rng.integers(0, 2, (3, len(table), 200)).astype(bool)
    words = np.stack([packed.pack(pin) for pin in pins])
    found = packed.unpack(logic.evaluate(table, words), 200)
    rows = (pins * (1 << np.arange(3))[:, None, None]).sum(axis=0)
    wanted = np.take_along_axis(logic.table_to_bits(table, 3), rows, axis=1)
    assert np.array_equal(found, wanted)
