"""Thermometer don't-cares: no output changes for any feature vector, and what can go does go."""

import dataclasses
import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import random_netlist

from lgn2hdl.ir import logic, packed
from lgn2hdl.ir.netlist import Ids, Netlist, depth, evaluate
from lgn2hdl.model.network import Thermometer
from lgn2hdl.passes import PRUNING, InputFacts, PassRecord, prune
from lgn2hdl.passes.dont_cares import WINDOW, dont_cares, thermometer_dont_cares
from lgn2hdl.passes.small_cones import (
    MAX_WINDOW,
    MIN_WINDOW,
    NO_VARIABLE,
    small_cones,
    thermometer_variables,
)

AND, XOR, OR, XNOR, A_AND_NOT_B, NAND, A_WIRE = 8, 6, 14, 9, 2, 7, 10


def prune_thermometer(
    netlist: Netlist, feature: Ids, threshold: Ids, highest=None, *, window: int = WINDOW
) -> tuple[Netlist, tuple[PassRecord, ...]]:
    pipeline = dataclasses.replace(PRUNING, deeper=(dont_cares(window),))
    return prune(netlist, InputFacts(feature, threshold, highest), pipeline=pipeline)


def every_vector(n_features: int, width: int) -> np.ndarray:
    """All feature vectors, ``[2**(n_features * width), n_features]``."""
    return np.array(list(itertools.product(range(1 << width), repeat=n_features)), np.int64)


def outputs(netlist: Netlist, encoder: Thermometer, x: np.ndarray) -> np.ndarray:
    return packed.unpack(evaluate(netlist, encoder.encode(x)), len(x))


def encoder_of(bits: Sequence[tuple[int, int]]) -> Thermometer:
    """An encoder from (feature, threshold) pairs."""
    feature, threshold = np.array(bits, np.int32).reshape(-1, 2).T
    return Thermometer(feature, threshold)


def build(
    n_inputs: int, gates: Sequence[tuple[Sequence[int], int]], ends: Sequence[int]
) -> Netlist:
    n_pins = max(len(pins) for pins, _ in gates)
    fanin = np.array([[*pins, *[0] * (n_pins - len(pins))] for pins, _ in gates], np.int32)
    table = np.array([table for _, table in gates], np.uint64)
    return Netlist(n_inputs, fanin, table, np.array(ends, np.int32), np.arange(len(gates)))


def simplified(netlist: Netlist, encoder: Thermometer, width: int = 3, **options: int) -> Netlist:
    """Both functions on a netlist, checked on every vector; the result of the second one."""
    n_features = int(encoder.feature.max()) + 1
    highest = np.full(n_features, (1 << width) - 1)
    x = every_vector(n_features, width)
    expected = outputs(netlist, encoder, x)
    arguments = (netlist, encoder.feature, encoder.threshold, highest)
    once = thermometer_dont_cares(*arguments, **options)
    result, _ = prune_thermometer(*arguments, **options)
    for found in (once, result):
        assert np.array_equal(outputs(found, encoder, x), expected)
        assert found.n_gates <= netlist.n_gates
        assert depth(found) <= depth(netlist)
    assert result.n_gates <= prune(netlist)[0].n_gates
    return result


def fewest_gates(outputs_of_values: Sequence[int]) -> int:
    """Gates for a function of one feature's values 0 (neither bit), 1 (low bit), 2 (both)."""
    none, low, both = outputs_of_values
    free = {(0, 0, 0), (0, 1, 1), (0, 0, 1)}  # constant 0 and the inputs need no gate
    return 0 if (none, low, both) in free else 1


@pytest.mark.parametrize("table", range(16), ids=lambda table: logic.GATE_NAMES[table])
@pytest.mark.parametrize("high_pin", [0, 1])
def test_all_gates_on_two_bits_of_a_feature(table: int, high_pin: int) -> None:
    thresholds = [(0, 5), (0, 2)] if high_pin == 0 else [(0, 2), (0, 5)]
    result = simplified(build(2, [((1, 2), table)], [3]), encoder_of(thresholds))
    low, both = (2 if high_pin == 0 else 1), 3  # rows with the low bit alone, and with both
    values = [table & 1, table >> low & 1, table >> both & 1]
    assert result.n_gates == fewest_gates(values)
    changes = (values[0] != values[1]) + (values[1] != values[2])
    assert np.count_nonzero(result.fanin) == (changes if result.n_gates else 0)


@pytest.mark.parametrize("table", range(16), ids=lambda table: logic.GATE_NAMES[table])
def test_all_gates_on_two_equal_bits(table: int) -> None:
    result = simplified(build(2, [((2, 1), table)], [3]), encoder_of([(0, 4), (0, 4)]))
    inverts_or_is_one = table & 1
    assert result.n_gates == inverts_or_is_one
    if not inverts_or_is_one:
        assert result.outputs.tolist() in ([[1], [2]] if table >> 3 else [[0]])


@pytest.mark.parametrize("table", range(16), ids=lambda table: logic.GATE_NAMES[table])
@pytest.mark.parametrize(("threshold", "value"), [(0, 1), (8, 0)])
def test_all_gates_on_a_constant_bit(table: int, threshold: int, value: int) -> None:
    result = simplified(build(2, [((1, 2), table)], [3]), encoder_of([(0, threshold), (1, 3)]))
    row = [table >> value & 1, table >> (value + 2) & 1]
    constant_input = threshold == 0 and table == A_WIRE  # it may stay as it is: it needs no gate
    assert result.n_gates == row[0] * (not constant_input)
    assert np.count_nonzero(result.fanin) == (row == [1, 0])


def test_without_the_highest_value_any_threshold_can_be_reached() -> None:
    netlist = build(2, [((1, 2), AND)], [3])
    encoder = encoder_of([(0, 99), (1, 3)])
    found = thermometer_dont_cares(netlist, encoder.feature, encoder.threshold)
    assert found is netlist


def test_bits_of_different_features_stay_free() -> None:
    netlist = build(2, [((1, 2), XOR)], [3])
    encoder = encoder_of([(0, 5), (1, 2)])
    assert thermometer_dont_cares(netlist, encoder.feature, encoder.threshold) is netlist


def test_outputs_that_read_equal_inputs() -> None:
    netlist = build(3, [((2, 3), AND)], [2, 1, 4])
    result = simplified(netlist, encoder_of([(0, 4), (0, 4), (0, 2)]))
    assert result.outputs.tolist() == [1, 1, 1]


def test_gates_that_differ_on_impossible_rows_alone_are_one() -> None:
    # On (high, low) only (1, 0) tells OR from the low bit, and AND from the high bit.
    netlist = build(3, [((1, 2), OR), ((1, 2), AND), ((4, 3), XOR), ((2, 3), XOR)], [6, 7])
    result = simplified(netlist, encoder_of([(0, 5), (0, 2), (1, 1)]))
    assert result.n_gates == 1
    assert result.outputs[0] == result.outputs[1]


def test_complements_across_levels_are_found() -> None:
    # (low & ~high) is (low ^ high); so the second is the complement of the last.
    netlist = build(
        3,
        [((2, 1), A_AND_NOT_B), ((4, 3), AND), ((1, 2), XOR), ((6, 3), NAND), ((7, 5), OR)],
        [8, 5],
    )
    result = simplified(netlist, encoder_of([(0, 5), (0, 2), (1, 1)]))
    assert result.n_gates == 3  # with two-input gates: low & ~high, & third, and constant 1
    assert depth(result) == 2


def test_logic_over_few_inputs_reads_them_directly() -> None:
    # (a | b) & (a | c) with b => a, c => a is a; behind it, a & d.
    gates = [((1, 2), OR), ((1, 3), OR), ((5, 6), AND), ((7, 4), AND)]
    result = simplified(build(4, gates, [8]), encoder_of([(0, 1), (0, 2), (0, 3), (1, 4)]))
    assert result.n_gates == 1
    assert sorted(result.fanin[0].tolist()) == [1, 4]


def test_a_shared_gate_with_a_wide_cone_counts_as_a_variable() -> None:
    # Node 12 reads eight features; the two XORs behind it are still one function and its inverse.
    tree = [((i, i + 1), AND) for i in range(1, 9, 2)]
    gates = [*tree, ((10, 11), AND), ((12, 13), AND), ((14, 15), AND)]
    gates += [((16, 9), XOR), ((16, 9), XNOR), ((17, 18), OR)]
    encoder = encoder_of([(i, 3) for i in range(9)])
    feature, threshold = encoder.feature, encoder.threshold
    result, _ = prune_thermometer(build(9, gates, [19]), feature, threshold)
    assert result.n_gates == 1
    assert not result.fanin.any()


def test_the_window_bounds_what_is_seen() -> None:
    # An AND of four pairs of thresholds, each pair's OR in front: seven variables at the root.
    gates = [((2 * i + 1, 2 * i + 2), OR) for i in range(4)]
    gates += [((9, 10), AND), ((11, 12), AND), ((13, 14), AND)]
    encoder = encoder_of([(i // 2, 3 + 2 * (i % 2)) for i in range(8)])
    for window in (MIN_WINDOW, MAX_WINDOW):
        result = simplified(build(8, gates, [15]), encoder, window=window)
        assert result.n_gates == 3  # the ORs are the lower bits


@st.composite
def encoded_netlists(draw: st.DrawFn) -> tuple[Netlist, Thermometer, int]:
    """A netlist, an encoder for its inputs with at most 512 vectors, and the features' width."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_features, width = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    n_bits = draw(st.integers(1, 12))
    encoder = Thermometer(
        rng.integers(0, n_features, n_bits), rng.integers(0, (1 << width) + 2, n_bits)
    )
    n_pins = draw(st.integers(1, logic.MAX_FAN_IN))
    netlist = random_netlist(rng, n_bits, draw(st.integers(0, 40)), n_pins, 8)
    return netlist, encoder, width


@pytest.mark.slow
@settings(max_examples=60)
@given(case=encoded_netlists(), window=st.integers(MIN_WINDOW, MIN_WINDOW + 2))
def test_no_output_changes_for_any_vector(
    case: tuple[Netlist, Thermometer, int], window: int
) -> None:
    netlist, encoder, width = case
    n_features = int(encoder.feature.max()) + 1
    x = every_vector(n_features, width)
    result = simplified(netlist, encoder, width, window=window)
    unknown = thermometer_dont_cares(netlist, encoder.feature, encoder.threshold, window=window)
    assert np.array_equal(outputs(unknown, encoder, x), outputs(netlist, encoder, x))
    highest = np.full(n_features, (1 << width) - 1)
    again, _ = prune_thermometer(result, encoder.feature, encoder.threshold, highest, window=window)
    assert again.n_gates == result.n_gates


@settings(max_examples=60)
@given(case=encoded_netlists())
def test_cones_tell_equal_nodes_from_unequal_ones(
    case: tuple[Netlist, Thermometer, int],
) -> None:
    """Cones over inputs alone are equal exactly where the nodes' values are, for all vectors."""
    netlist, encoder, width = case
    n_features = int(encoder.feature.max()) + 1
    highest = np.full(n_features, (1 << width) - 1)
    variables = thermometer_variables(netlist, encoder.feature, encoder.threshold, highest)
    cones, _ = small_cones(netlist, variables, MAX_WINDOW)
    over_inputs = np.where(cones.variables == NO_VARIABLE, -1, cones.variables) < netlist.n_inputs
    nodes = np.flatnonzero(over_inputs.all(axis=1))
    whole = Netlist(netlist.n_inputs, netlist.fanin, netlist.table, nodes)
    values = outputs(whole, encoder, every_vector(n_features, width))
    form = np.concatenate([cones.variables[nodes].view(np.uint8), cones.table[nodes]], axis=1)
    plain = values ^ values[:, :1]  # the vector of zeros sets no bit, but constant ones
    equal_values = (plain[:, None] == plain[None]).all(axis=2)
    assert np.array_equal((form[:, None] == form[None]).all(axis=2), equal_values)
    assert np.array_equal(cones.negated[nodes], values[:, 0])


def test_origin_names_a_node_of_the_same_value() -> None:
    netlist = build(3, [((1, 2), XOR), ((4, 3), AND)], [5])
    result = simplified(netlist, encoder_of([(0, 5), (0, 2), (1, 1)]))
    assert result.origin.tolist() == [0, 1]


def test_records_tell_every_pass_of_every_round() -> None:
    netlist = build(2, [((1, 2), OR), ((3, 1), AND)], [4])
    encoder = encoder_of([(0, 5), (0, 2)])
    result, records = prune_thermometer(netlist, encoder.feature, encoder.threshold)
    assert result.n_gates == 0
    rounds = [record.round for record in records]
    assert rounds == sorted(rounds)
    mine = [record for record in records if record.name == "thermometer_dont_cares"]
    assert (mine[0].gates_before, mine[0].gates_after) == (2, 0)
    assert (mine[0].depth_before, mine[0].depth_after) == (2, 0)


def test_gates_in_any_topological_order() -> None:
    # The deep gate comes first; the shallow one that equals it takes over.
    netlist = build(
        3, [((1, 2), OR), ((4, 1), AND), ((5, 3), XOR), ((1, 3), XOR), ((7, 6), AND)], [8, 6]
    )
    result = simplified(netlist, encoder_of([(0, 5), (0, 2), (1, 1)]))
    assert result.n_gates == 1


@pytest.mark.parametrize(
    "bits", [[(0, 2), (0, 4), (0, 6)], [(0, 2), (0, 5), (1, 1)], [(0, 6), (1, 3), (0, 2)]]
)
def test_rows_that_cannot_occur_get_the_value_of_most_others(bits: list[tuple[int, int]]) -> None:
    """As many ones as zeros: the value of the row of zeros."""
    encoder = encoder_of(bits)
    x = every_vector(2, 3)
    rows = np.unique(packed.unpack(encoder.encode(x), len(x)).T @ [1, 2, 4])
    kept = ties = 0
    for table in range(256):
        netlist = build(3, [((1, 2, 3), table)], [4])
        result = thermometer_dont_cares(netlist, encoder.feature, encoder.threshold)
        if result.n_gates != 1 or not result.fanin.all():
            continue
        ones = sum(table >> row & 1 for row in rows.tolist())
        fill = table & 1 if 2 * ones == len(rows) else 2 * ones > len(rows)
        expected = sum((table >> row & 1 if row in rows else fill) << row for row in range(8))
        assert int(result.table[0]) == expected, table
        assert result.fanin.tolist() == [[1, 2, 3]]
        kept, ties = kept + 1, ties + (2 * ones == len(rows))
    assert ties
    assert kept > ties or len(rows) == 4


def test_wrong_arguments() -> None:
    netlist = build(2, [((1, 2), AND)], [3])
    two = np.zeros(2, np.int32)
    with pytest.raises(ValueError, match="3 encoder bits for 2 inputs"):
        thermometer_dont_cares(netlist, np.zeros(3, np.int32), np.zeros(3, np.int32))
    for window in (MIN_WINDOW - 1, MAX_WINDOW + 1):
        with pytest.raises(ValueError, match=f"a window of {window} variables is not 6 to 10"):
            thermometer_dont_cares(netlist, two, two, window=window)


def test_nothing_to_do_on_an_empty_netlist() -> None:
    netlist = Netlist(1, np.zeros((0, 2), np.int32), np.zeros(0, np.uint8), np.array([1]))
    one = np.ones(1, np.int32)
    assert thermometer_dont_cares(netlist, one, one) is netlist
    assert prune_thermometer(netlist, one, one)[0] is netlist
