"""Observed equalities: what is replaced, how far it may differ, and what it costs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import networks, random_netlist, random_network

from lgn2hdl.base.errors import DataError, OptionError
from lgn2hdl.compiler import observe as module
from lgn2hdl.compiler.accuracy import netlist_accuracy
from lgn2hdl.compiler.observe import observe
from lgn2hdl.ir import packed
from lgn2hdl.ir.netlist import Netlist, evaluate
from lgn2hdl.model.network import LogicNet
from lgn2hdl.passes import prune
from lgn2hdl.passes.lower import lower

AND, XOR, OR, NAND = 8, 6, 14, 7


def netlist_of(n_inputs: int, gates: list[tuple[int, int, int]], outputs: list[int]) -> Netlist:
    """A netlist of two-input gates: pins and table."""
    array = np.array(gates, np.int32)
    return Netlist(n_inputs, array[:, :2], array[:, 2], np.array(outputs, np.int32))


def random_inputs(seed: int, n_inputs: int, n_samples: int) -> np.ndarray:
    return packed.pack(np.random.default_rng(seed).random((n_inputs, n_samples)) < 0.5)


def with_ones(n_samples: int, *samples: int) -> np.ndarray:
    """A row of bits that are 1 in these samples."""
    row = np.zeros(n_samples, np.bool_)
    row[list(samples)] = True
    return row


def test_constants_equalities_and_complements_are_counted() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.random((2, 300)) < 0.5
    rows = packed.pack(np.stack([a, b, a, ~b, np.zeros(300, np.bool_), np.ones(300, np.bool_)]))
    gates = [(1, 2, AND), (3, 4, XOR), (5, 1, OR), (6, 2, AND), (7, 8, OR), (9, 10, XOR)]
    netlist = netlist_of(6, gates, [11, 12])
    result, report = observe(netlist, rows, 300)
    # Of the inputs 3 is a, 4 is ~b, 5 and 6 are constant. Gates 9 and 10 are a and b; 8 is ~(a^b)
    # and so is 11, which counts the AND in vain; 12 is its complement.
    assert (report.constants, report.equalities, report.complements) == (2, 4, 2)
    assert (report.samples, report.tolerance, report.gates_before) == (300, 0, 6)
    assert report.gates_after == result.n_gates == 2
    found, expected = (packed.unpack(evaluate(item, rows), 300) for item in (result, netlist))
    assert np.array_equal(found, expected)
    assert not np.isin([3, 4, 5, 6], result.fanin).any()


def test_a_constant_one_node_and_its_readers() -> None:
    rows = packed.pack(np.stack([with_ones(70, *range(70)), with_ones(70, 1, 2), with_ones(70, 3)]))
    netlist = netlist_of(3, [(1, 2, AND), (4, 3, OR), (1, 2, NAND)], [5, 6, 1])
    result, report = observe(netlist, rows, 70)
    assert report.constants == 1
    assert result.outputs[2] == 1  # an output may read an input that looks constant
    assert result.n_gates == 2
    assert result.fanin.max(axis=1).tolist() == [2, 3]


@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_samples=st.integers(1, 200),
    n_pins=st.integers(1, 6),
    block=st.integers(1, 4),
)
def test_without_tolerance_no_sample_changes_and_nothing_is_missed(
    seed: int, n_samples: int, n_pins: int, block: int
) -> None:
    rng = np.random.default_rng(seed)
    netlist = random_netlist(rng, 6, int(rng.integers(0, 40)), n_pins, 8)
    rows = random_inputs(seed, 6, n_samples)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK_WORDS", block)
        result, report = observe(netlist, rows, n_samples)
    found = packed.unpack(evaluate(result, rows), n_samples)
    assert np.array_equal(found, packed.unpack(evaluate(netlist, rows), n_samples))
    assert report.gates_after <= report.gates_before == prune(netlist)[0].n_gates
    assert distinct(result, rows, n_samples)


def distinct(netlist: Netlist, rows: np.ndarray, n_samples: int) -> bool:
    """Whether all gates that gates read differ from each other, up to complement."""
    every = np.arange(netlist.n_nodes)
    whole = Netlist(netlist.n_inputs, netlist.fanin, netlist.table, every)
    values = packed.unpack(evaluate(whole, rows), n_samples)
    values ^= values[:, :1]
    read = np.unique(netlist.fanin[netlist.fanin >= netlist.first_gate])
    return len(np.unique(values[read], axis=0)) == len(read)


@pytest.mark.parametrize(("tolerance", "gates"), [(0, 2), (1, 2), (2, 1), (3, 1)])
def test_the_tolerance_counts_samples(tolerance: int, gates: int) -> None:
    # Input 1 is 1 in two samples alone, so its AND and its OR are constant 0 and input 2 but for 2.
    rng = np.random.default_rng(1)
    b, c = rng.random((2, 500)) < 0.5
    rows = packed.pack(np.stack([with_ones(500, 7, 400), b, c]))
    netlist = netlist_of(3, [(1, 2, XOR), (4, 3, AND)], [5])
    result, report = observe(netlist, rows, 500, tolerance)
    assert report.gates_after == result.n_gates == gates
    assert report.constants == (tolerance >= 2)


def test_close_pairs_are_found_with_a_tolerance() -> None:
    rng = np.random.default_rng(2)
    values = rng.random((8, 4000)) < 0.5
    noisy = values.copy()
    noisy[np.arange(8), rng.integers(0, 4000, 8)] ^= True
    noisy[4:] ^= True
    rows = packed.pack(np.concatenate([values, noisy]))
    gates = [(1 + i, 9 + (i + 1) % 8, AND) for i in range(8)]
    netlist = netlist_of(16, gates, list(range(17, 25)))
    assert observe(netlist, rows, 4000)[1].equalities == 0
    result, report = observe(netlist, rows, 4000, 1)
    assert (report.constants, report.equalities, report.complements) == (0, 4, 4)
    assert result.fanin.max() <= 8


def test_close_pairs_stand_together_in_order_of_their_ones() -> None:
    """All inputs agree in half of the samples; two pairs, in turn, differ in one of the others."""
    rng = np.random.default_rng(4)
    half = rng.random(320) < 0.5
    few, many = rng.random(320) < 0.1, rng.random(320) < 0.4
    rows = np.stack([np.concatenate([half, rest]) for rest in (few, many, few, many)])
    rows[[2, 3], [400, 500]] ^= True
    others = rng.random((4, 640)) < 0.5
    gates = [(1 + i, 5 + i, AND) for i in range(4)]
    netlist = netlist_of(8, gates, [9, 10, 11, 12])
    result, report = observe(netlist, packed.pack(np.concatenate([rows, others])), 640, 1)
    assert (report.constants, report.equalities, report.complements) == (0, 2, 0)
    assert {min(pins) for pins in result.fanin.tolist()} == {1, 2}


def test_no_node_goes_further_than_the_tolerance() -> None:
    # Each input differs from the one before in two samples; a chain of replacements would drift.
    values = np.zeros((6, 640), np.bool_)
    values[:, ::2] = True
    for row in range(1, 6):
        values[row:, 100 * row : 100 * row + 2] ^= True
    rows = packed.pack(values)
    gates = [(1 + i, 7 + i, AND) for i in range(6)]
    others = np.random.default_rng(3).random((6, 640)) < 0.5
    rows = np.concatenate([rows, packed.pack(others)])
    result, report = observe(netlist_of(12, gates, list(range(13, 19))), rows, 640, 2)
    assert report.equalities == 3
    read = {min(pins) for pins in result.fanin.tolist()}
    assert read == {1, 3, 5}


@settings(max_examples=30)
@given(network=networks(), seed=st.integers(0, 2**32 - 1))
def test_accuracy_of_a_netlist_is_that_of_the_network(network: LogicNet, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 2, (50, network.features.n_features))
    decisions = network.decisions(x)
    labels = np.where(rng.random(decisions.shape) < 0.3, decisions == 0, decisions)
    expected = float((decisions == labels).mean())
    assert netlist_accuracy(network, lower(network), x, labels) == pytest.approx(expected)


def test_no_rows_have_no_accuracy() -> None:
    network = random_network(np.random.default_rng(0), n_features=2, width=2, fan_ins=(2,))
    with pytest.raises(DataError, match="no rows to measure"):
        netlist_accuracy(network, lower(network), np.zeros((0, 2), int), np.zeros(0, int))


def test_wrong_arguments() -> None:
    netlist = netlist_of(2, [(1, 2, AND)], [3])
    rows = random_inputs(0, 2, 100)
    with pytest.raises(DataError, match="no rows"):
        observe(netlist, rows[:, :0], 0)
    for tolerance in (-1, 50):
        with pytest.raises(OptionError, match=f"tolerance of {tolerance} samples"):
            observe(netlist, rows, 100, tolerance)
    with pytest.raises(ValueError, match=r"inputs of shape \(2, 2\)"):
        observe(netlist, rows, 200)


def test_the_same_data_gives_the_same_netlist() -> None:
    netlist = random_netlist(np.random.default_rng(5), 8, 200, 3, 20)
    rows = random_inputs(5, 8, 150)
    first, second = (observe(netlist, rows, 150, 4)[0] for _ in range(2))
    assert np.array_equal(first.fanin, second.fanin)
    assert np.array_equal(first.table, second.table)
