"""Passes: they never change an output, and each rule gives exactly what it promises."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from networks import netlists, truth

from lgn2hdl.ir import logic
from lgn2hdl.ir.netlist import Netlist, depth, live
from lgn2hdl.passes import (
    PRUNING,
    absorb_inverters,
    bypass_wires,
    fold_constants,
    prune,
    remove_dead,
    share_gates,
)
from lgn2hdl.passes.sharing import _packed_keys as packed_keys

pytestmark = pytest.mark.slow

ZERO, NOR, A_AND_NOT_B, NOT_B, NOT_A, XOR, NAND = 0, 1, 2, 3, 5, 6, 7
AND, XNOR, A, A_OR_NOT_B, B, OR, ONE = 8, 9, 10, 11, 12, 14, 15

Pass = Callable[[Netlist], Netlist]
Gate = tuple[Sequence[int], int]

each_pass = pytest.mark.parametrize("step", PRUNING.rounds, ids=str)


def pruned(netlist: Netlist) -> Netlist:
    return prune(netlist)[0]


each_rewriting = pytest.mark.parametrize(
    "step", [*PRUNING.rounds, pruned], ids=[*map(str, PRUNING.rounds), "pruned"]
)


def build(n_inputs: int, gates: Sequence[Gate], outputs: Sequence[int], n_pins: int = 2) -> Netlist:
    """A netlist from (pins, table) pairs; each gate's origin is its position."""
    fanin = np.array([pins for pins, _ in gates], np.int32).reshape(-1, n_pins)
    table = np.array([table for _, table in gates], np.uint64)
    return Netlist(n_inputs, fanin, table, np.array(outputs, np.int32), np.arange(len(gates)))


def assert_is(
    netlist: Netlist, gates: Sequence[Gate], outputs: Sequence[int], origin: Sequence[int]
) -> None:
    found = [
        (tuple(pins), table)
        for pins, table in zip(netlist.fanin.tolist(), netlist.table.tolist(), strict=True)
    ]
    assert found == [(tuple(pins), table) for pins, table in gates]
    assert netlist.outputs.tolist() == list(outputs)
    assert netlist.origin.tolist() == list(origin)


def same(first: Netlist, second: Netlist) -> bool:
    names = ("fanin", "table", "outputs", "origin")
    return first.n_inputs == second.n_inputs and all(
        np.array_equal(getattr(first, name), getattr(second, name)) for name in names
    )


def gate_values(netlist: Netlist) -> np.ndarray:
    """Values of all gates for all input vectors, ``bool[G, 2**n_inputs]``."""
    every = np.arange(netlist.first_gate, netlist.n_nodes)
    return truth(Netlist(netlist.n_inputs, netlist.fanin, netlist.table, every))


# What every pass promises


@each_rewriting
@given(netlist=netlists())
def test_no_output_changes(step: Pass, netlist: Netlist) -> None:
    result = step(netlist)
    assert result.n_inputs == netlist.n_inputs
    assert np.array_equal(truth(result), truth(netlist))


@each_rewriting
@given(netlist=netlists())
def test_gates_and_depth_never_grow(step: Pass, netlist: Netlist) -> None:
    result = step(netlist)
    assert result.n_gates <= netlist.n_gates
    assert depth(result) <= depth(netlist)


@each_rewriting
@given(netlist=netlists())
def test_nothing_useless_stays(step: Pass, netlist: Netlist) -> None:
    result = step(netlist)
    assert live(result)[result.first_gate :].all()


@each_rewriting
@given(netlist=netlists())
def test_origin_is_a_node_of_equal_or_complementary_value(step: Pass, netlist: Netlist) -> None:
    result = step(netlist)
    found, trained = gate_values(result), gate_values(netlist)[result.origin]
    assert ((found == trained).all(axis=1) | (found != trained).all(axis=1)).all()
    assert len(set(result.origin.tolist())) == result.n_gates


@each_rewriting
@given(netlist=netlists())
def test_a_second_run_finds_nothing_to_do(step: Pass, netlist: Netlist) -> None:
    once = step(bypass_wires(netlist))
    assert step(once) is once


@each_rewriting
@given(netlist=netlists())
def test_the_argument_stays_as_it_was(step: Pass, netlist: Netlist) -> None:
    copy = Netlist(
        netlist.n_inputs,
        netlist.fanin.copy(),
        netlist.table.copy(),
        netlist.outputs.copy(),
        netlist.origin.copy(),
    )
    step(netlist)
    assert same(netlist, copy)


@each_rewriting
def test_netlists_without_gates_or_outputs(step: Pass) -> None:
    assert_is(step(build(3, [], [0, 2, 2, 3])), [], [0, 2, 2, 3], [])
    assert_is(step(build(2, [((1, 2), AND)], [])), [], [], [])
    assert_is(step(build(0, [], [])), [], [], [])


# remove_dead


def test_dead_gates_go_and_the_others_are_renumbered() -> None:
    netlist = build(2, [((1, 2), AND), ((1, 2), OR), ((3, 1), AND), ((4, 2), XOR)], [6, 1])
    assert_is(remove_dead(netlist), [((1, 2), OR), ((3, 2), XOR)], [4, 1], [1, 3])


# fold_constants


@pytest.mark.parametrize(
    ("table", "constant", "expected"),
    [
        (AND, ZERO, None),
        (OR, ZERO, A),
        (XOR, ZERO, A),
        (AND, ONE, A),
        (XOR, ONE, NOT_A),
        (NAND, ONE, NOT_A),
    ],
)
def test_a_pin_that_reads_a_constant_is_cofactored(
    table: int, constant: int, expected: int | None
) -> None:
    netlist = build(2, [((1, 2), constant), ((1, 3), table), ((4, 2), XNOR)], [5])
    if expected is None:
        # b ~^ 0 = ~b, on the pin that it had
        assert_is(fold_constants(netlist), [((0, 2), NOT_B)], [3], [2])
    else:
        wanted = [((1, 0), expected), ((3, 2), XNOR)]
        assert_is(fold_constants(netlist), wanted, [4], [1, 2])


def test_equal_pins_are_tied() -> None:
    majority = 0b11101000
    netlist = build(2, [((1, 2, 1), majority), ((2, 1, 2), majority)], [3, 4], n_pins=3)
    wire = logic.pin_table(3, 0)
    assert_is(fold_constants(netlist), [((1, 0, 0), wire), ((2, 0, 0), wire)], [3, 4], [0, 1])
    netlist = build(1, [((1, 1), XOR), ((1, 1), XNOR), ((1, 1), NAND)], [2, 3, 4])
    assert_is(fold_constants(netlist), [((0, 0), ONE), ((1, 0), NOT_A)], [0, 2, 3], [1, 2])


def test_pins_that_the_table_ignores_are_disconnected() -> None:
    netlist = build(2, [((1, 2), AND), ((3, 2), NOT_B), ((4, 3), A)], [5])
    assert_is(fold_constants(netlist), [((0, 2), NOT_B), ((3, 0), A)], [4], [1, 2])


def test_constants_travel_through_all_levels_in_one_run() -> None:
    gates: list[Gate] = [((1, 1), XOR)]
    gates += [((2 + index, 1), (AND, NAND)[index == 5]) for index in range(10)]
    result = fold_constants(build(1, gates, [12]))
    # 0 until gate 6, which is 1; then x, x & x ... which needs one pin only.
    assert_is(
        result, [((0, 1), B), ((2, 1), AND), ((3, 1), AND), ((4, 1), AND)], [5], [7, 8, 9, 10]
    )


def test_constant_outputs() -> None:
    gates: list[Gate] = [((1, 2), ONE), ((1, 2), ZERO), ((3, 4), NAND), ((1, 0), AND)]
    netlist = build(2, gates, [5, 4, 3, 6, 0, 1])
    assert_is(fold_constants(netlist), [((0, 0), ONE)], [3, 0, 3, 0, 0, 1], [0])


def test_a_constant_one_that_only_gates_read_goes() -> None:
    netlist = build(1, [((0, 0), ONE), ((1, 2), AND)], [3])
    assert_is(fold_constants(netlist), [((1, 0), A)], [2], [1])


@given(netlists())
def test_folded_netlists_have_no_constants_ties_or_ignored_pins(netlist: Netlist) -> None:
    result = fold_constants(netlist)
    needed = logic.support(result.table, result.n_pins)
    assert np.array_equal(needed, result.fanin != 0)
    ones = result.table == logic.all_ones(result.n_pins)
    assert ones.sum() <= 1
    assert not (result.table == 0).any()
    assert not np.isin(result.fanin, result.first_gate + np.flatnonzero(ones)).any()
    for pins in result.fanin.tolist():
        connected = [pin for pin in pins if pin]
        assert len(set(connected)) == len(connected)


# bypass_wires


def test_chains_of_wires_are_skipped() -> None:
    gates: list[Gate] = [((1, 2), B), ((3, 1), A), ((2, 4), B), ((5, 1), AND), ((0, 6), B)]
    netlist = build(2, gates, [7, 5, 6])
    assert_is(bypass_wires(netlist), [((2, 1), AND)], [3, 2, 3], [3])


@pytest.mark.parametrize("n_pins", range(1, 7))
def test_a_wire_of_any_pin_is_skipped(n_pins: int) -> None:
    for pin in range(n_pins):
        pins = [0] * n_pins
        pins[pin] = 2
        netlist = build(2, [(pins, logic.pin_table(n_pins, pin))], [3], n_pins)
        assert_is(bypass_wires(netlist), [], [2], [])


def test_a_long_chain_needs_no_recursion() -> None:
    gates: list[Gate] = [((index, 0), A) for index in range(1, 5001)]
    assert_is(bypass_wires(build(1, gates, [5001])), [], [1], [])


# absorb_inverters


def test_gates_absorb_inverters_and_chains_of_them() -> None:
    gates: list[Gate] = [
        ((1, 0), NOT_A),  # 3 = ~a
        ((0, 3), NOT_B),  # 4 = a
        ((4, 0), NOT_A),  # 5 = ~a
        ((3, 2), AND),  # ~a & b
        ((4, 2), AND),  # a & b
        ((5, 3), XOR),  # ~a ^ ~a
    ]
    wanted = [((1, 2), 4), ((1, 2), AND), ((1, 1), XOR)]
    assert_is(absorb_inverters(build(2, gates, [6, 7, 8])), wanted, [3, 4, 5], [3, 4, 5])


def test_an_output_reads_a_negated_copy_in_the_place_of_the_inverter() -> None:
    gates: list[Gate] = [((1, 2), AND), ((3, 0), NOT_A), ((3, 1), XOR), ((0, 3), NOT_B)]
    result = absorb_inverters(build(2, gates, [4, 5, 6, 4]))
    assert_is(result, [((1, 2), AND), ((1, 2), NAND), ((3, 1), XOR)], [4, 5, 4, 4], [0, 1, 2])


def test_a_gate_that_only_its_inverter_reads_goes() -> None:
    netlist = build(2, [((1, 2), AND), ((3, 0), NOT_A)], [4])
    assert_is(absorb_inverters(netlist), [((1, 2), NAND)], [3], [1])


def test_a_negated_copy_absorbs_inverters_itself() -> None:
    netlist = build(2, [((0, 2), NOT_B), ((1, 3), AND), ((0, 4), NOT_B)], [5])
    assert_is(absorb_inverters(netlist), [((1, 2), 0b1101)], [3], [2])


def test_one_inverter_of_an_input_stays_for_outputs() -> None:
    gates: list[Gate] = [((0, 1), NOT_B), ((1, 0), NOT_A), ((4, 2), OR)]
    result = absorb_inverters(build(2, gates, [4, 3, 5]))
    assert_is(result, [((1, 0), NOT_A), ((1, 2), 0b1101)], [3, 3, 4], [0, 2])


def test_the_inverter_of_constant_zero_is_constant_one() -> None:
    assert_is(absorb_inverters(build(1, [((0, 1), NOT_A)], [2])), [((0, 0), ONE)], [2], [0])


@pytest.mark.parametrize("n_pins", range(1, 7))
def test_an_inverter_of_any_pin_is_absorbed(n_pins: int) -> None:
    inverter = [logic.all_ones(n_pins) ^ logic.pin_table(n_pins, pin) for pin in range(n_pins)]
    for pin in range(n_pins):
        pins = [0] * n_pins
        pins[pin] = 1
        twice = [0] * n_pins
        twice[pin] = 2
        netlist = build(1, [(pins, inverter[pin]), (twice, inverter[pin])], [3], n_pins)
        assert_is(absorb_inverters(netlist), [], [1], [])


@given(netlists())
def test_no_gate_reads_an_inverter(netlist: Netlist) -> None:
    result = absorb_inverters(bypass_wires(netlist))
    for pin in range(result.n_pins):
        inverter = logic.all_ones(result.n_pins) ^ logic.pin_table(result.n_pins, pin)
        gates = np.flatnonzero(result.table == inverter)
        assert (result.fanin[gates, pin] < result.first_gate).all()
        assert not np.isin(result.fanin, result.first_gate + gates).any()


# share_gates


def test_equal_gates_are_merged_in_any_order_of_pins() -> None:
    gates: list[Gate] = [
        ((2, 1), A_AND_NOT_B),  # b & ~a
        ((1, 2), 4),  # ~a & b
        ((1, 2), AND),
        ((3, 4), OR),
        ((4, 5), OR),
    ]
    wanted = [((1, 2), 4), ((1, 2), AND), ((3, 3), OR), ((3, 4), OR)]
    assert_is(share_gates(build(2, gates, [6, 7])), wanted, [5, 6], [0, 2, 3, 4])


def test_merging_goes_on_level_by_level() -> None:
    gates: list[Gate] = [
        ((1, 2), AND), ((2, 1), AND), ((3, 3), XOR), ((3, 1), XOR), ((1, 4), XOR), ((7, 6), OR),
    ]  # fmt: skip
    result = share_gates(build(2, gates, [8]))
    assert_is(result, [((1, 2), AND), ((1, 3), XOR), ((4, 4), OR)], [5], [0, 3, 5])


def test_readers_absorb_a_complement() -> None:
    gates: list[Gate] = [((1, 2), AND), ((2, 1), NAND), ((3, 1), OR), ((4, 2), OR)]
    result = share_gates(build(2, gates, [5, 6]))
    assert_is(result, [((1, 2), AND), ((1, 3), OR), ((2, 3), A_OR_NOT_B)], [4, 5], [0, 2, 3])


def test_outputs_that_need_both_polarities_keep_two_gates() -> None:
    gates: list[Gate] = [((1, 2), AND), ((2, 1), NAND), ((4, 2), OR), ((1, 2), NAND)]
    result = share_gates(build(2, gates, [6, 4, 3, 3, 5]))
    wanted = [((1, 2), AND), ((1, 2), NAND), ((2, 3), A_OR_NOT_B)]
    assert_is(result, wanted, [4, 4, 3, 3, 5], [0, 1, 2])


def test_the_kept_gate_has_the_polarity_that_outputs_need() -> None:
    gates: list[Gate] = [((1, 2), AND), ((2, 1), NAND), ((3, 1), OR)]
    result = share_gates(build(2, gates, [4, 5]))
    assert_is(result, [((1, 2), NAND), ((1, 3), A_OR_NOT_B)], [3, 4], [0, 2])


def test_unused_pins_go_last() -> None:
    netlist = build(2, [((0, 2, 1), logic.widen(np.array([AND], np.uint8), 2, 3)[0])], [3], 3)
    moved = build(2, [((0, 2, 1), 0b11000000)], [3], 3)  # pin 1 & pin 2
    assert share_gates(netlist).fanin.tolist() == [[1, 2, 0]]
    assert_is(share_gates(moved), [((1, 2, 0), 0b10001000)], [3], [0])


@given(netlists())
def test_only_outputs_keep_two_gates_of_one_class(netlist: Netlist) -> None:
    result = share_gates(netlist)
    readers: dict[tuple[tuple[int, ...], int], list[int]] = {}
    for gate, (pins, table) in enumerate(
        zip(result.fanin.tolist(), result.table.tolist(), strict=True)
    ):
        normal = min(table, logic.all_ones(result.n_pins) ^ table)
        readers.setdefault((tuple(pins), normal), []).append(result.first_gate + gate)
    for twins in readers.values():
        if len(twins) > 1:
            assert len(twins) == 2
            assert set(twins) <= set(result.outputs.tolist())
            first, second = (result.table[node - result.first_gate] for node in twins)
            assert int(first) ^ int(second) == logic.all_ones(result.n_pins)
            assert not np.isin(result.fanin, twins[1]).any()


@pytest.mark.parametrize("n_inputs", [*range(1, 18), 31, 32, 33, 64])
@pytest.mark.parametrize("n_pins", [2, 3, 6])
def test_gates_of_different_pins_stay_apart(n_inputs: int, n_pins: int) -> None:
    """Also where the highest id is a power of two, and where an unused pin stands beside it."""
    table = logic.all_ones(n_pins) ^ 1  # an OR of all pins: of an unused one too
    pairs = [(one, other) for one in range(n_inputs + 1) for other in range(one)]
    rest = (0,) * (n_pins - 2)
    gates = [((one, other, *rest), table) for one, other in pairs]
    outputs = [n_inputs + 1 + gate for gate in range(len(gates))]
    netlist = build(n_inputs, gates, outputs, n_pins)
    assert share_gates(netlist).n_gates == len(gates)
    turned = [((other, *rest, one), table) for one, other in pairs]
    both = build(
        n_inputs, gates + turned, range(n_inputs + 1, n_inputs + 1 + 2 * len(gates)), n_pins
    )
    shared = share_gates(both)
    assert shared.n_gates == len(gates)
    assert shared.outputs[: len(gates)].tolist() == shared.outputs[len(gates) :].tolist()


@pytest.mark.parametrize(
    ("bits", "n_words"),
    [
        ([1], 1),
        ([64], 1),
        ([32, 32], 1),
        ([32, 33], 2),
        ([31, 31, 2], 1),
        ([31, 31, 3], 2),
        ([5] * 12, 1),
        ([5] * 13, 2),
        ([10] * 6 + [64], 2),
    ],
)
def test_keys_hold_every_bit_of_their_columns(bits: list[int], n_words: int) -> None:
    """Each column alone is all ones or the lowest one: no bit is lost, none reaches another."""
    rows = 2 * len(bits) + 1
    columns = [np.zeros(rows, np.uint64) for _ in bits]
    for place, (column, width) in enumerate(zip(columns, bits, strict=True)):
        column[2 * place], column[2 * place + 1] = 1, (1 << width) - 1
    words = packed_keys(columns, bits)
    assert len(words) == n_words
    distinct = {tuple(int(word[row]) for word in words) for row in range(rows)}
    assert len(distinct) == rows - bits.count(1)  # the lowest one of a single bit is all ones


# The pipeline


@given(netlists())
def test_pruned_netlists_are_in_normal_form(netlist: Netlist) -> None:
    result = pruned(netlist)
    for step in PRUNING.rounds:
        assert step(result) is result
    needed = logic.support(result.table, result.n_pins)
    small = needed.sum(axis=1) < 2
    # What is left of constants, wires and inverters: constant 1 and inverted inputs, for outputs.
    assert (result.fanin[small] < result.first_gate).all()
    assert np.isin(result.first_gate + np.flatnonzero(small), result.outputs).all()
    assert not np.isin(result.fanin, result.first_gate + np.flatnonzero(small)).any()


def test_a_pass_can_make_work_for_an_earlier_one() -> None:
    # The two ANDs become one, so XOR sees equal pins and is 0, so OR is a wire.
    gates: list[Gate] = [((1, 2), AND), ((2, 1), AND), ((3, 4), XOR), ((5, 1), OR)]
    result, records = prune(build(2, gates, [6]))
    assert_is(result, [], [1], [])
    assert records[-1].round > 1


def test_a_round_that_gains_as_much_as_it_loses_is_not_the_end() -> None:
    gates: list[Gate] = [
        ((1, 2), AND),  # 6
        ((2, 1), AND),  # 7: round 1 merges it with 6
        ((6, 7), NAND),  # 8: round 2 makes it ~6 (a pin less), then a copy of 6 (a pin more)
        ((8, 6), XOR),  # 9: round 3 sees the pins 6 and 6
        ((3, 2), AND),  # 10
        ((10, 4), AND),  # 11
        ((11, 5), AND),  # 12: keeps the depth at 3
    ]
    netlist = build(5, gates, [6, 8, 9, 12])
    result, records = prune(netlist)
    wanted = [((1, 2), AND), ((1, 2), NAND), ((0, 0), ONE)]
    wanted += [((2, 3), AND), ((4, 9), AND), ((5, 10), AND)]
    assert_is(result, wanted, [6, 7, 8, 11], [0, 2, 3, 4, 5, 6])
    ends = [records[index] for index in (4, 9)]
    assert [(end.gates_after, end.depth_after) for end in ends] == [(6, 3), (6, 3)]


@given(netlists())
@settings(max_examples=30)
def test_records_tell_what_happened(netlist: Netlist) -> None:
    result, records = prune(netlist)
    assert [record.name for record in records[: len(PRUNING.rounds)]] == [
        "remove_dead", "fold_constants", "bypass_wires", "absorb_inverters", "share_gates",
    ]  # fmt: skip
    assert len(records) == records[-1].round * len(PRUNING.rounds)
    current = netlist
    for index, record in enumerate(records):
        assert record.round == index // len(PRUNING.rounds) + 1
        before, current = current, PRUNING.rounds[index % len(PRUNING.rounds)](current)
        assert (record.gates_before, record.gates_after) == (before.n_gates, current.n_gates)
        assert (record.depth_before, record.depth_after) == (depth(before), depth(current))
        assert record.seconds >= 0
        assert record.peak_bytes is None
    assert same(current, result)


def test_peak_memory_on_request() -> None:
    netlist = build(2, [((1, 2), AND), ((3, 0), A)], [4])
    result, records = prune(netlist, measure_memory=True)
    assert all(record.peak_bytes is not None for record in records)
    assert max(record.peak_bytes or 0 for record in records) > 0
    assert same(result, pruned(netlist))


def test_a_netlist_that_is_too_deep_for_recursion() -> None:
    last = 1200
    gates: list[Gate] = [((1, 2), XOR)]
    gates += [((index, 1 + index % 2), (AND, NAND)[index % 2]) for index in range(3, last)]
    netlist = build(2, gates, [last])
    assert np.array_equal(truth(pruned(netlist)), truth(netlist))
