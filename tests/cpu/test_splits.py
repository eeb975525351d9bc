"""Ways to split functions: each gives the function again, from as many nodes as it says."""

import numpy as np
import pytest

from lgn2hdl.cpu.columns import IMPOSSIBLE, columns
from lgn2hdl.cpu.decompose import decompose
from lgn2hdl.cpu.four_inputs import four_inputs
from lgn2hdl.cpu.functions import Functions
from lgn2hdl.cpu.splits import Encoded, Shared, best_splits, reordered, splits, variants
from lgn2hdl.ir import logic
from lgn2hdl.ir.netlist import Netlist, evaluate
from lgn2hdl.passes import prune

pytestmark = pytest.mark.slow


def structured_tables(rng: np.random.Generator, n_pins: int, count: int) -> logic.Tables:
    """Functions of random smaller functions, so that every way to split applies to some of them."""
    inputs = logic.address_bits(n_pins).T
    tables = []
    for _ in range(count):
        signals = list(inputs)
        for _ in range(int(rng.integers(2, 7))):
            pins = rng.choice(len(signals), 3, replace=False)
            address = sum(signals[pin].astype(np.int64) << at for at, pin in enumerate(pins))
            signals.append((int(rng.integers(256)) >> address & 1).astype(np.uint8))
        tables.append(int(logic.table_from_bits(signals[-1])))
    return np.array(tables, logic.table_dtype(n_pins))


def random_tables(n_pins: int, count: int = 200) -> logic.Tables:
    rng = np.random.default_rng(n_pins)
    anything = rng.integers(0, logic.all_ones(n_pins), count, dtype=np.uint64)
    structured = structured_tables(rng, n_pins, count)
    return np.concatenate([anything.astype(structured.dtype), structured])


def value(table: np.ndarray, signals: list[np.ndarray]) -> np.ndarray:
    """Values ``[n, rows]`` of functions of signals, ``[n, rows]`` each."""
    address = sum(signal.astype(np.uint64) << np.uint64(at) for at, signal in enumerate(signals))
    return table.astype(np.uint64)[:, None] >> address & np.uint64(1)


def functions_of(table: logic.Tables, n_pins: int) -> Functions:
    rows = np.arange(len(table), dtype=np.int32)
    pins = np.tile(np.arange(n_pins, dtype=np.int32), (len(table), 1))
    return Functions(rows + 100, rows, np.zeros(len(table), np.int32), pins, table)


def rebuilt(functions: Functions, parts: list[Functions]) -> np.ndarray:
    """Tables that the parts compute, as bits ``[n, rows]``; node ids tell what reads what."""
    n_pins = functions.n_pins
    bits = logic.address_bits(n_pins).T.astype(np.uint64)
    signals = np.zeros((10000, logic.rows(n_pins)), np.uint64)
    signals[:n_pins] = bits
    for part in sorted(parts, key=lambda part: int(part.place.min(initial=0))):
        assert part.n_pins < n_pins
        signals[part.node] = value(part.table, list(signals[part.pins.T]))
    return signals[functions.node]


@pytest.mark.parametrize("n_pins", [5, 6])
def test_every_variant_gives_the_function_again(n_pins: int) -> None:
    table = random_tables(n_pins)
    number = 0
    for way in splits(n_pins):
        for trial in way.trials(table):
            for variant, fixed in enumerate(trial.fixed):
                rows = trial.rows[fixed < IMPOSSIBLE]
                own = variants(n_pins)[number]
                assert own[0] is way
                functions = functions_of(table[rows], n_pins)
                ids = 1000 + np.arange(2 * len(rows), dtype=np.int32).reshape(2, -1)
                parts = way.build(functions, own[1], ids)
                expected = logic.table_to_bits(functions.table, n_pins)
                assert np.array_equal(rebuilt(functions, parts), expected), (way, variant)
                number += 1
    assert number == len(variants(n_pins))


@pytest.mark.parametrize("n_pins", [4, 5, 6])
def test_the_nodes_are_as_many_as_promised(n_pins: int) -> None:
    table = random_tables(n_pins)
    promised = four_inputs().cost[table] if n_pins == 4 else best_splits(table, n_pins)[0]
    for one, most in zip(table[::7], promised[::7], strict=True):
        pins = np.arange(1, n_pins + 1)[None]
        netlist = prune(Netlist(n_pins, pins, np.array([one]), np.array([n_pins + 1])))[0]
        result = prune(decompose(netlist))[0]
        inverter = most == 0 and netlist.n_gates
        assert result.n_gates <= int(most) + bool(inverter)


def test_all_functions_of_four_variables() -> None:
    every = np.arange(1 << 16, dtype=np.uint64)
    pins = np.tile([1, 2, 3, 4], (len(every), 1))
    netlist = Netlist(4, pins, every, 5 + np.arange(1 << 16))
    inputs = np.array([[0xAAAA], [0xCCCC], [0xF0F0], [0xFF00]], np.uint64)
    result = decompose(netlist)
    assert np.array_equal(evaluate(result, inputs)[:, 0] & np.uint64(0xFFFF), every)
    # 3 nodes where nothing less is enough: one node at the top, two below or one and a variable.
    assert np.bincount(four_inputs().cost).tolist() == [10, 932, 34250, 30344]


def test_columns_are_counted() -> None:
    rng = np.random.default_rng(5)
    table = rng.integers(0, 2**32, 50, dtype=np.uint32)
    table[:10] &= np.uint32(0x0F0F0F0F)
    for order in ((0, 1, 2, 3, 4), (2, 4, 0, 3, 1)):
        moved = reordered(table, order)
        wide = logic.permute(table, np.tile(order, (len(table), 1)))
        assert np.array_equal(moved, wide)
        column = moved[:, None] >> np.arange(0, 32, 4, dtype=np.uint32) & 15
        count = np.array([len(set(row)) for row in column.tolist()])
        possible = columns().cost[Encoded(order).present(moved)] < IMPOSSIBLE
        assert np.array_equal(possible, count <= 4)
        pairs = [max(len(set(row[:4])), len(set(row[4:]))) <= 2 for row in column.tolist()]
        assert np.array_equal(Shared(order).remainder(moved)[0], pairs)


def test_the_size_of_blocks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    table = random_tables(6)
    cost, best = best_splits(table, 6)
    monkeypatch.setattr("lgn2hdl.cpu.splits.BLOCK", 37)
    again, best_again = best_splits(table, 6)
    assert np.array_equal(again, cost)
    assert np.array_equal(best_again, best)
