"""Truth tables: the one place that knows the bit order.

Pin 0 is the least significant address bit: bit ``a`` of a table is the output for the pin values
``pin[i] = (a >> i) & 1``. A table is therefore a Xilinx ``INIT`` value as it stands. With two pins
the table of ``a & b`` is ``0b1000``.

Every function works on whole arrays of tables (any unsigned dtype that holds ``2**fan_in`` bits)
and returns an array of the same dtype and shape, unless it says otherwise.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

MAX_FAN_IN = 6
"""Most pins of a node: ``2**6`` table bits fill one 64-bit word."""

Tables = npt.NDArray[np.unsignedinteger]
Words = npt.NDArray[np.uint64]

GATE_NAMES: tuple[str, ...] = (
    "0", "~(a|b)", "a&~b", "~b", "~a&b", "~a", "a^b", "~(a&b)",
    "a&b", "~(a^b)", "a", "a|~b", "b", "~a|b", "a|b", "1",
)  # fmt: skip
"""Names of the 16 two-input gates, indexed by their table; ``a`` is pin 0 and ``b`` is pin 1."""


def rows(fan_in: int) -> int:
    """Number of rows, ``2**fan_in``, of a truth table."""
    return 1 << fan_in


def table_dtype(fan_in: int) -> np.dtype[np.unsignedinteger]:
    """Smallest unsigned dtype that holds a table of ``fan_in`` pins (1 to 6).

    Raises:
        ValueError: if ``fan_in`` is out of range.
    """
    if not 1 <= fan_in <= MAX_FAN_IN:
        raise ValueError(f"fan-in {fan_in} is not in 1..{MAX_FAN_IN}")
    return np.dtype(f"u{max(1, rows(fan_in) // 8)}")


def all_ones(fan_in: int) -> int:
    """Table of constant 1."""
    return (1 << rows(fan_in)) - 1


@cache
def pin_table(fan_in: int, pin: int) -> int:
    """Table of the wire that passes ``pin`` through."""
    return sum(1 << address for address in range(rows(fan_in)) if address >> pin & 1)


def address_bits(fan_in: int) -> npt.NDArray[np.uint8]:
    """Pin values of every row: ``bits[a, i] = (a >> i) & 1``, shape ``(2**fan_in, fan_in)``."""
    return ((np.arange(rows(fan_in))[:, None] >> np.arange(fan_in)) & 1).astype(np.uint8)


def table_from_bits(bits: npt.ArrayLike) -> Tables:
    """Pack outputs ``bits[..., 2**fan_in]`` (row ``a`` last axis, values 0 or 1) into tables."""
    array = np.asarray(bits)
    fan_in = int(array.shape[-1]).bit_length() - 1
    if array.shape[-1] != rows(fan_in):
        raise ValueError(f"a table has a power of two of rows, not {array.shape[-1]}")
    dtype = table_dtype(max(fan_in, 1))
    shifts = np.arange(rows(fan_in), dtype=dtype)
    packed = np.bitwise_or.reduce(array.astype(dtype) << shifts, axis=-1)
    return np.asarray(packed, dtype=dtype)


def table_to_bits(table: Tables, fan_in: int) -> npt.NDArray[np.uint8]:
    """Outputs of every row, ``table.shape + (2**fan_in,)``; undoes :func:`table_from_bits`."""
    table = np.asarray(table)
    return ((table[..., None] >> np.arange(rows(fan_in), dtype=table.dtype)) & 1).astype(np.uint8)


def _like(table: Tables, value: int) -> np.unsignedinteger:
    return table.dtype.type(value)


def negate(table: Tables, fan_in: int) -> Tables:
    """Complement of the output."""
    return table ^ _like(table, all_ones(fan_in))


def cofactor(table: Tables, fan_in: int, pin: int, value: int) -> Tables:
    """The function with ``pin`` fixed at ``value``: the same ``fan_in``, that pin ignored."""
    high = _like(table, pin_table(fan_in, pin))
    shift = _like(table, 1 << pin)
    if value:
        half = table & high
        return half | (half >> shift)
    half = table & ~high
    return half | (half << shift)


def depends_on(table: Tables, fan_in: int, pin: int) -> npt.NDArray[np.bool_]:
    """Whether the output ever changes with ``pin``."""
    return cofactor(table, fan_in, pin, 0) != cofactor(table, fan_in, pin, 1)


def support(table: Tables, fan_in: int) -> npt.NDArray[np.bool_]:
    """Which pins matter, shape ``table.shape + (fan_in,)``."""
    return np.stack([depends_on(table, fan_in, pin) for pin in range(fan_in)], axis=-1)


def _mux(table: Tables, fan_in: int, pin: int, low: Tables, high: Tables) -> Tables:
    """Rows with ``pin`` = 1 from ``high``, the others from ``low``."""
    mask = _like(table, pin_table(fan_in, pin))
    return (low & ~mask & _like(table, all_ones(fan_in))) | (high & mask)


def negate_pin(table: Tables, fan_in: int, pin: int) -> Tables:
    """The function after an inverter is put in front of ``pin``."""
    high = _like(table, pin_table(fan_in, pin))
    shift = _like(table, 1 << pin)
    return ((table & high) >> shift) | ((table & ~high) << shift)


def tie_pins(table: Tables, fan_in: int, kept: int, tied: int) -> Tables:
    """The function when pin ``tied`` always equals pin ``kept``; ``tied`` is ignored afterwards."""
    low = cofactor(table, fan_in, tied, 0)
    high = cofactor(table, fan_in, tied, 1)
    return _mux(table, fan_in, kept, low, high)


def swap_pins(table: Tables, fan_in: int, first: int, second: int) -> Tables:
    """The function after two different pins change places."""
    low, high = min(first, second), max(first, second)
    shift = _like(table, (1 << high) - (1 << low))
    # Only rows where the two pins differ move: those with low = 1, high = 0 and their partners.
    movable = _like(table, pin_table(fan_in, low) & ~pin_table(fan_in, high))
    differs = (table ^ (table >> shift)) & movable
    return table ^ differs ^ (differs << shift)


def permute(table: Tables, order: npt.NDArray[np.integer]) -> Tables:
    """The function after its pins are reordered: new pin ``i`` is old pin ``order[..., i]``.

    Args:
        table: tables, shape ``(n,)``.
        order: a permutation of the pins for each table, shape ``(n, fan_in)``.
    """
    fan_in = order.shape[-1]
    result = np.array(table)
    now = np.tile(np.arange(fan_in, dtype=np.int8), (len(result), 1))  # old pin at each place
    for place in range(fan_in):
        for other in range(place + 1, fan_in):
            moving = np.flatnonzero(now[:, other] == order[:, place])
            if not len(moving):
                continue
            result[moving] = swap_pins(result[moving], fan_in, place, other)
            now[moving, other] = now[moving, place]
            now[moving, place] = order[moving, place]
    return result


def widen(table: Tables, fan_in: int, wide: int) -> Tables:
    """The same function with ``wide >= fan_in`` pins, the added ones ignored; dtype grows."""
    table = np.asarray(table).astype(table_dtype(wide))
    for pin in range(fan_in, wide):
        table = table | (table << _like(table, 1 << pin))
    return table


def evaluate(table: Tables, pins: Words) -> Words:
    """Outputs of many nodes, 64 samples a word.

    Args:
        table: the nodes' tables, shape ``(n,)``.
        pins: packed pin values, shape ``(fan_in, n, words)``.

    Returns:
        Packed outputs, shape ``(n, words)``.
    """
    fan_in = len(pins)
    # Shannon expansion: start from the constants of every row, then let one pin after the other,
    # the least significant first, choose between neighbouring rows.
    constants = -table_to_bits(table, fan_in).T.astype(np.int64)
    choices = constants.view(np.uint64)[:, :, None]
    for pin in pins:
        low, high = choices[0::2], choices[1::2]
        choices = low ^ (pin & (low ^ high))
    return np.broadcast_to(choices[0], pins.shape[1:])
