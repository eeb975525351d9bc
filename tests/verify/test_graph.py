import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import random_table

from lgn2hdl.ir import logic
from lgn2hdl.ir.netlist import Netlist
from lgn2hdl.verify.sat.graph import FALSE, FEW, TRUE, Graph, levels_of, normal_form

PINS = 6


def random_gates(seed: int, number: int, n_nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Literals with constants, complements and pins of the same node; and tables."""
    rng = np.random.default_rng(seed)
    pins = rng.integers(0, 2 * n_nodes, (number, PINS))
    pins[rng.random(pins.shape) < 0.2] = FALSE
    tables = np.array([random_table(rng, PINS) for _ in range(number)], np.uint64)
    return pins, tables


def values_of(pins: np.ndarray, tables: np.ndarray, nodes: np.ndarray) -> np.ndarray:
    """Outputs of gates whose pins are literals, for values of nodes ``bool[n_nodes, N]``."""
    rows = np.zeros((len(pins), nodes.shape[1]), np.int64)
    for pin in range(pins.shape[1]):
        value = nodes[pins[:, pin] >> 1] ^ (pins[:, pin] & 1)[:, None].astype(bool)
        rows |= value.astype(np.int64) << pin
    table = logic.table_to_bits(tables, PINS)
    return np.take_along_axis(table, rows, axis=1).astype(bool)


def all_values(n_nodes: int) -> np.ndarray:
    """Node 0 is 0, the others take all values, ``bool[n_nodes, 2 ** (n_nodes - 1)]``."""
    samples = np.arange(1 << n_nodes - 1)
    return np.concatenate([
        np.zeros((1, len(samples)), bool), samples >> np.arange(n_nodes - 1)[:, None] & 1 == 1,
    ])  # fmt: skip


@given(st.integers(0, 2**32 - 1))
def test_the_form_computes_the_same(seed: int) -> None:
    pins, tables = random_gates(seed, 30, 6)
    nodes, normal, negated = normal_form(pins, tables)
    before = values_of(pins, tables, all_values(6))
    after = values_of(2 * nodes, normal, all_values(6))
    assert np.array_equal(before, after ^ negated[:, None])


@given(st.integers(0, 2**32 - 1))
def test_equal_functions_have_one_form(seed: int) -> None:
    pins, tables = random_gates(seed, 60, 4)
    nodes, normal, negated = normal_form(pins, tables)
    function = values_of(pins, tables, all_values(4)) ^ negated[:, None]
    form = np.column_stack([nodes, normal.view(np.int64)])
    _, by_function = np.unique(function, axis=0, return_inverse=True)
    _, by_form = np.unique(form, axis=0, return_inverse=True)
    pairs = set(zip(by_function.ravel().tolist(), by_form.ravel().tolist(), strict=True))
    assert len(pairs) == by_function.max() + 1 == by_form.max() + 1


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25)
def test_gates_of_equal_functions_are_one_node(seed: int) -> None:
    pins, tables = random_gates(seed, 40, 4)
    graph = Graph()
    inputs = graph.add_inputs(3)
    assert inputs.tolist() == [2, 4, 6]
    literals, _ = graph.add_gates(pins, tables)
    function = values_of(pins, tables, all_values(4))
    for one in range(len(pins)):
        for other in range(one):
            same = np.array_equal(function[one], function[other])
            assert same == (literals[one] == literals[other])
            opposite = np.array_equal(function[one], ~function[other])
            assert opposite == (literals[one] == literals[other] ^ 1)


@given(st.integers(0, 2**32 - 1), st.integers(1, PINS))
@settings(max_examples=25)
def test_gates_one_by_one_are_those_of_an_array(seed: int, fan_in: int) -> None:
    pins, tables = random_gates(seed, 2 * FEW, 6)
    pins, tables = pins[:, :fan_in], tables & np.uint64(logic.all_ones(fan_in))
    single, together = Graph(), Graph()
    for graph in (single, together):
        graph.add_inputs(5)
    rows = [slice(row, row + 1) for row in range(2 * FEW)]
    found = [single.add_gates(pins[row], tables[row])[0] for row in rows]
    assert np.concatenate(found).tolist() == together.add_gates(pins, tables)[0].tolist()
    assert single.size == together.size
    assert np.array_equal(single.pins[: single.size], together.pins[: single.size])
    assert np.array_equal(single.table[: single.size], together.table[: single.size])


def test_wires_and_constants_are_no_nodes() -> None:
    graph = Graph()
    a, b = graph.add_inputs(2).tolist()
    pins = np.array([[a, b], [a, b], [a, b], [a, a ^ 1], [a, TRUE], [a, FALSE], [a, b]])
    tables = np.array([0b1010, 0b0101, 0b0000, 0b1000, 0b1000, 0b1110, 0b1111], np.uint8)
    literals, new = graph.add_gates(pins, tables)
    assert literals.tolist() == [a, a ^ 1, FALSE, FALSE, a, a, TRUE]
    assert len(new) == 0


def test_the_graph_grows() -> None:
    graph = Graph()
    inputs = graph.add_inputs(3000)
    pairs = np.stack([inputs[:-1], inputs[1:]], axis=1)
    literals, new = graph.add_gates(pairs, np.full(len(pairs), 0b0110, np.uint8))
    assert len(new) == len(pairs) == len(set(literals.tolist()))
    assert graph.size == 1 + 3000 + 2999


def test_what_was_merged_is_looked_up_as_its_representative() -> None:
    graph = Graph()
    a, b = graph.add_inputs(2).tolist()
    gate = (np.array([[a, b]]), np.array([0b1000], np.uint8))
    made, _ = graph.add_gates(*gate)
    graph.merge(int(made[0]) >> 1, a ^ 1)
    again, new = graph.add_gates(*gate)
    assert again.tolist() == [a ^ 1]
    assert len(new) == 0


def test_no_levels_without_gates() -> None:
    empty = Netlist(2, np.empty((0, 2), np.int32), np.empty(0, np.uint8), np.array([1]))
    assert levels_of(empty) == []
