"""Functions, clauses and polynomials of the checker, against trying all inputs."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lgn2hdl.checker.clauses import Clauses, Hint
from lgn2hdl.checker.graph import NOT_A_GATE, CheckError, Graph, reduced
from lgn2hdl.checker.polynomial import Polynomial

N_INPUTS = 5


def values_of(graph: Graph, inputs: tuple[int, ...]) -> list[int]:
    """Value of every node for one input."""
    values = [0, *inputs]
    for table, pins in itertools.islice(
        zip(graph.table, graph.pins, strict=True), len(values), None
    ):
        assert table != NOT_A_GATE
        row = sum(values[pin] << place for place, pin in enumerate(pins))
        values.append(table >> row & 1)
    return values


def everywhere(graph: Graph) -> list[list[int]]:
    return [values_of(graph, inputs) for inputs in itertools.product((0, 1), repeat=N_INPUTS)]


def true(literal: int, values: list[int]) -> bool:
    return bool(values[literal >> 1] ^ literal & 1)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Graph, list[int]]:
    """A graph over five inputs, and the literals of its gates as they were asked for."""
    graph = Graph()
    literals = [0, *graph.add_inputs(N_INPUTS)]
    for _ in range(draw(st.integers(1, 12))):
        n_pins = draw(st.integers(1, 4))
        pins = [draw(st.sampled_from(literals)) ^ draw(st.integers(0, 1)) for _ in range(n_pins)]
        table = draw(st.integers(0, (1 << (1 << n_pins)) - 1))
        literal = graph.gate_itself(table, pins)
        for values in everywhere(graph):
            row = sum(true(pin, values) << place for place, pin in enumerate(pins))
            assert true(literal, values) == bool(table >> row & 1)
        literals.append(literal)
    return graph, literals


@given(graphs())
@settings(max_examples=60)
def test_gates_are_what_was_asked_for(case) -> None:
    graph, _ = case
    forms = set(zip(graph.table, graph.pins, strict=True))
    assert len(forms) == len(graph.table) - N_INPUTS  # inputs and the constant look alike
    for table, pins in zip(graph.table, graph.pins, strict=True):
        assert list(pins) == sorted(set(pins), reverse=True)
        assert table == NOT_A_GATE or not table & 1


@pytest.mark.parametrize("table", range(16))
def test_every_gate_of_two_pins_is_reduced(table: int) -> None:
    for reads in itertools.product([(-1, 0), (-1, 1), (0, 0), (0, 1), (1, 0), (1, 1)], repeat=2):
        kept, own, flip = reduced(table, reads)
        for bits in itertools.product((0, 1), repeat=2):
            row = sum((0 if v < 0 else bits[v]) << k ^ f << k for k, (v, f) in enumerate(reads))
            mine = sum(bits[v] << place for place, v in enumerate(kept))
            assert own >> mine & 1 ^ flip == table >> row & 1


@pytest.mark.slow
@given(graphs(), st.data())
@settings(max_examples=150)
def test_a_clause_that_is_accepted_holds(case, data: st.DataObject) -> None:
    graph, literals = case
    gates = [node for node, table in enumerate(graph.table) if table != NOT_A_GATE]
    clauses = Clauses(graph)
    flips = st.sampled_from([literal ^ flip for literal in literals for flip in (0, 1)])
    for _ in range(4):
        clause = tuple(data.draw(st.lists(flips, max_size=4)))
        hints = [Hint(False, node) for node in reversed(gates)] + [
            Hint(False, node) for node in gates
        ]
        holds = all(any(true(item, values) for item in clause) for values in everywhere(graph))
        try:
            clauses.prove(clause, hints)
        except CheckError:
            continue
        assert holds


def test_clauses_rest_on_clauses_before() -> None:
    graph = Graph()
    a, b, c = graph.add_inputs(3)
    clauses = Clauses(graph)
    clauses.assert_true(a)
    with pytest.raises(CheckError, match="no clause 2"):
        clauses.prove((b,), [Hint(True, 2)])
    with pytest.raises(CheckError, match="do not prove"):
        clauses.prove((b,), [Hint(True, 1)])
    with pytest.raises(CheckError, match="is no gate"):
        clauses.prove((b,), [Hint(False, a >> 1)])
    clauses.prove((a, c), [Hint(True, 1)])
    assert clauses.last(1) == [(a, c)]
    clauses.prove((c, c ^ 1), [])


def value_of(polynomial: Polynomial, values: list[int]) -> int:
    return sum(
        coefficient * all(values[node] for node in monomial)
        for monomial, coefficient in polynomial._terms.items()
    )


@given(graphs(), st.integers(1, 5), st.data())
@settings(max_examples=80)
def test_rewriting_leaves_the_value(case, width: int, data: st.DataObject) -> None:
    graph, literals = case
    polynomial = Polynomial(graph, width)
    terms = data.draw(
        st.lists(st.tuples(st.sampled_from(literals), st.integers(-9, 9)), max_size=5)
    )
    for literal, value in terms:
        polynomial.add_literal(literal ^ 1, value)
    gates = [node for node, table in enumerate(graph.table) if table != NOT_A_GATE]
    for node in data.draw(st.permutations(gates)):
        polynomial.rewrite(node)
    for values in everywhere(graph):
        wanted = sum(value * true(literal ^ 1, values) for literal, value in terms)
        assert (value_of(polynomial, values) - wanted) % (1 << width) == 0


def test_what_stands_for_a_gate_is_rewritten_as_the_gate() -> None:
    graph = Graph()
    a, b = graph.add_inputs(2)
    both = graph.gate(0b1000, a, b)
    neither = graph.gate(0b0001, a ^ 1, b ^ 1) ^ 1  # (the complement of the same, by one form)
    assert neither == both ^ 1
    same = graph.gate(0b0110, a, b)
    graph.merge(same >> 1, both ^ 1)  # wrong, but that is not what is looked at here
    polynomial = Polynomial(graph, 3)
    polynomial.add_literal(same, 1)
    polynomial.rewrite(same >> 1)
    for values in everywhere_of_two(graph):
        assert (value_of(polynomial, values) - (values[1] ^ values[2])) % 8 == 0


def everywhere_of_two(graph: Graph) -> list[list[int]]:
    return [values_of(graph, inputs) for inputs in itertools.product((0, 1), repeat=2)]


def test_a_node_is_merged_once() -> None:
    graph = Graph()
    a, b, c = graph.add_inputs(3)
    graph.merge(b >> 1, a ^ 1)
    assert graph.now(b) == a ^ 1
    graph.merge(c >> 1, b)
    assert graph.now(c ^ 1) == a
    with pytest.raises(CheckError, match="already"):
        graph.merge(c >> 1, a)
    graph.merge(0, a ^ 1)
    assert graph.now(a) == 1
