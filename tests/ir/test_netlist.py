"""The netlist type, its analyses, and the golden model against plain Python."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import exhaustive_inputs, netlists, truth

from lgn2hdl.ir import logic, packed
from lgn2hdl.ir.netlist import (
    CONSTANT_ZERO,
    Netlist,
    constant_nodes,
    depth,
    evaluate,
    fanout,
    frozen,
    gates_by_level,
    levels,
    live,
)

AND, OR, XOR = 0b1000, 0b1110, 0b0110

FULL_ADDER = Netlist(
    n_inputs=3,
    fanin=np.array([[1, 2], [4, 3], [1, 2], [4, 3], [6, 7]]),
    table=np.array([XOR, XOR, AND, AND, OR]),
    outputs=np.array([5, 8]),
)
"""a, b, carry in -> sum, carry out; as a person would write it."""


def by_definition(netlist: Netlist, sample: int) -> list[int]:
    """Values of all nodes, one gate after the other."""
    values = [0] + [sample >> bit & 1 for bit in range(netlist.n_inputs)]
    for fanin, table in zip(netlist.fanin, netlist.table, strict=True):
        row = sum(values[node] << pin for pin, node in enumerate(fanin))
        values.append(int(table) >> row & 1)
    return values


def test_full_adder() -> None:
    total, carry = truth(FULL_ADDER).astype(int)
    for sample in range(8):
        assert total[sample] + 2 * carry[sample] == bin(sample).count("1")


@given(netlists(max_gates=25, max_inputs=5))
def test_evaluate_follows_the_definition(netlist: Netlist) -> None:
    found = truth(netlist)
    for sample in range(1 << netlist.n_inputs):
        values = by_definition(netlist, sample)
        assert found[:, sample].tolist() == [values[node] for node in netlist.outputs]


@given(netlists(max_gates=15, max_inputs=8), st.integers(1, 5))
@settings(max_examples=30)
def test_blocks_do_not_matter(netlist: Netlist, block_words: int) -> None:
    inputs = exhaustive_inputs(netlist.n_inputs)
    blocks = evaluate(netlist, inputs, block_words=block_words)
    assert np.array_equal(blocks, evaluate(netlist, inputs))


def test_no_samples_and_no_gates() -> None:
    assert evaluate(FULL_ADDER, np.empty((3, 0), np.uint64)).shape == (2, 0)
    bare = Netlist(2, np.empty((0, 2)), np.empty(0), np.array([0, 2, 1]))
    assert truth(bare).astype(int).tolist() == [[0, 0, 0, 0], [0, 0, 1, 1], [0, 1, 0, 1]]
    assert depth(bare) == 0


@pytest.mark.parametrize("shape", [(2, 1), (4, 1), (3,), (3, 1, 1), ()])
def test_evaluate_refuses_other_inputs(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="inputs of shape"):
        evaluate(FULL_ADDER, np.zeros(shape, np.uint64))


def test_constant_nodes() -> None:
    # Constant 0 and 1, a wire, a gate of a constant gate, and one whose table ignores its pins.
    fanin = np.array([[0, 0], [0, 0], [1, 0], [4, 0], [1, 2]])
    netlist = Netlist(2, fanin, np.array([0b0000, 0b1111, 0b1010, 0b0101, 0b1111]), np.array([7]))
    assert np.flatnonzero(constant_nodes(netlist)).tolist() == [CONSTANT_ZERO, 3, 4]


@given(netlists())
def test_constant_nodes_stay_as_they_are(netlist: Netlist) -> None:
    constant = constant_nodes(netlist)
    bare = [netlist.first_gate + gate for gate, pins in enumerate(netlist.fanin) if not pins.any()]
    assert np.flatnonzero(constant).tolist() == [CONSTANT_ZERO, *bare]
    everything = dataclasses.replace(netlist, outputs=np.arange(netlist.n_nodes))
    values = truth(everything)[constant]
    assert (values == values[:, :1]).all()


@given(netlists())
def test_levels(netlist: Netlist) -> None:
    expected = [0] * netlist.first_gate
    for fanin in netlist.fanin:
        connected = [expected[node] for node in fanin if node]
        expected.append(1 + max(connected) if connected else 0)
    assert levels(netlist).tolist() == expected
    assert depth(netlist) == max((expected[node] for node in netlist.outputs), default=0)


@given(netlists())
def test_gates_by_level(netlist: Netlist) -> None:
    groups = gates_by_level(netlist)
    found = [gate for group in groups for gate in group.tolist()]
    assert sorted(found) == list(range(netlist.n_gates))
    level = levels(netlist)[netlist.first_gate :]
    heights = [set(level[group].tolist()) for group in groups]
    assert all(len(height) == 1 for height in heights)
    flat = [min(height) for height in heights]
    assert flat == sorted(set(flat))


@given(netlists())
def test_live(netlist: Netlist) -> None:
    expected = set(netlist.outputs.tolist())
    for gate in reversed(range(netlist.n_gates)):
        if netlist.first_gate + gate in expected:
            expected |= set(netlist.fanin[gate].tolist())
    assert set(np.flatnonzero(live(netlist)).tolist()) == expected


@given(netlists())
def test_fanout(netlist: Netlist) -> None:
    readers = [*netlist.fanin.ravel().tolist(), *netlist.outputs.tolist()]
    assert fanout(netlist).tolist() == [readers.count(node) for node in range(netlist.n_nodes)]


def test_sizes() -> None:
    assert (FULL_ADDER.n_gates, FULL_ADDER.n_pins) == (5, 2)
    assert (FULL_ADDER.first_gate, FULL_ADDER.n_nodes) == (4, 9)
    assert depth(FULL_ADDER) == 3
    assert FULL_ADDER.origin.tolist() == [-1] * 5


@pytest.mark.parametrize("n_pins", range(1, 7))
def test_tables_have_the_smallest_dtype(n_pins: int) -> None:
    table = np.array([logic.all_ones(n_pins)], np.uint64)
    netlist = Netlist(1, np.zeros((1, n_pins)), table, np.array([2]))
    assert netlist.table.dtype == logic.table_dtype(n_pins)
    assert int(netlist.table[0]) == logic.all_ones(n_pins)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_inputs": -1}, "-1 inputs"),
        ({"fanin": np.zeros(5)}, "fanin has shape"),
        ({"fanin": np.zeros((5, 2, 1))}, "fanin has shape"),
        ({"fanin": np.zeros((5, 0))}, "fanin has shape"),
        ({"fanin": np.zeros((5, 7))}, "fanin has shape"),
        ({"fanin": np.array([[4, 0]] + [[0, 0]] * 4)}, "not below"),
        ({"fanin": np.array([[0, 0], [9, 0]] + [[0, 0]] * 3)}, "not below"),
        ({"fanin": np.array([[-1, 0]] + [[0, 0]] * 4)}, "not below"),
        ({"table": np.zeros(4)}, "differ in length"),
        ({"origin": np.zeros(4)}, "differ in length"),
        ({"table": np.zeros(6)}, "differ in length"),
        ({"table": np.zeros((5, 1))}, "differ in length"),
        ({"origin": np.zeros(6)}, "differ in length"),
        ({"table": np.full(5, 16)}, "more than 4 bits"),
        ({"table": np.array([0, 0, 16, 0, 0])}, "more than 4 bits"),
        ({"outputs": np.array([9])}, "not a node"),
        ({"outputs": np.array([-1])}, "not a node"),
        ({"outputs": np.array([[1]])}, "not a node"),
        ({"outputs": np.array([1, 9])}, "not a node"),
        ({"outputs": np.array([1, -1])}, "not a node"),
    ],
)
def test_contradictions_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(FULL_ADDER, **change)


def test_arrays_are_read_only_and_our_own() -> None:
    fanin = np.array([[1, 2]], np.int32)
    netlist = Netlist(2, fanin, np.array([AND], np.uint8), np.array([3], np.int32))
    fanin[0, 0] = 0
    assert netlist.fanin.tolist() == [[1, 2]]
    for array in (netlist.fanin, netlist.table, netlist.outputs, netlist.origin):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_frozen_copies_what_others_can_write() -> None:
    base = np.arange(6)
    view = frozen(base[:3], base.dtype)
    base[0] = 9
    assert view.tolist() == [0, 1, 2]
    assert frozen(view, view.dtype) is view


def test_frozen_copies_read_only_views_of_what_others_can_write() -> None:
    base = np.arange(6, dtype=np.int32)
    view = base[1:]
    view.flags.writeable = False
    of_bytearray = np.frombuffer(memoryview(bytearray(4)).toreadonly(), np.uint8)
    for array in (view, view[:2], of_bytearray):
        result = frozen(array, array.dtype)
        assert not np.shares_memory(result, array)
    for fixed in (b"1234", memoryview(b"1234")):
        array = np.frombuffer(fixed, np.uint8)
        assert frozen(array, np.uint8) is array
        assert np.shares_memory(frozen(array[1:], np.uint8), array)


def test_frozen_copies_memory_that_an_array_only_borrows() -> None:
    lent = bytearray(range(6))
    result = frozen(memoryview(lent), np.uint8)
    lent[0] = 9
    assert result.tolist() == [0, 1, 2, 3, 4, 5]
    assert not result.flags.writeable
    writable = np.arange(6)
    mine = frozen(writable, writable.dtype)
    writable[0] = 9
    assert mine[0] == 0


def test_packed_inputs_hold_all_samples() -> None:
    bits = packed.unpack(exhaustive_inputs(7), 128)
    assert [sum(int(bit) << row for row, bit in enumerate(column)) for column in bits.T] == list(
        range(128)
    )


@pytest.mark.parametrize("values", [[256], [-1], [0.5], [float("nan")]])
@pytest.mark.filterwarnings("ignore:invalid value")
def test_frozen_never_changes_a_value(values: list[float]) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        frozen(np.array(values), np.uint8)


def test_frozen_refuses_what_a_narrower_or_another_type_lacks() -> None:
    for values, dtype in [
        (np.array([1 << 31]), np.int32),
        (np.array([2.5]), np.int64),
        (np.array([300], np.int16), np.uint8),
        (np.array([-1], np.int8), np.uint16),
        (np.array([1 << 24 | 1]), np.float32),
    ]:
        with pytest.raises(ValueError, match="does not fit"):
            frozen(values, dtype)
    assert frozen(np.array([1.0, 2.0]), np.int8).tolist() == [1, 2]
