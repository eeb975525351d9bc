"""What hints force, exactly: gates by all rows that are left, clauses by their last literal."""

import itertools

import pytest

from lgn2hdl.checker.clauses import Clauses, Hint
from lgn2hdl.checker.graph import CheckError, Graph


def gate(table: int, n_pins: int) -> tuple[Graph, int, list[int]]:
    """A gate with this very table: node, and nodes of its pins, pin 0 first."""
    graph = Graph()
    pins = [literal >> 1 for literal in graph.add_inputs(n_pins)]
    graph.table.append(table)
    graph.pins.append(tuple(pins))
    return graph, len(graph.table) - 1, pins


def known_and_unknown(nodes: list[int]):
    """All ways in which nodes are 0, 1 or not known."""
    for values in itertools.product((0, 1, None), repeat=len(nodes)):
        yield {node: value for node, value in zip(nodes, values, strict=True) if value is not None}


@pytest.mark.parametrize(
    ("n_pins", "tables"), [(1, range(4)), (2, range(16)), (3, (0xE8, 0x96, 0x80, 0xCA))]
)
def test_a_gate_forces_what_is_the_same_in_all_rows(n_pins, tables):
    for table in tables:
        graph, node, pins = gate(table, n_pins)
        for known in known_and_unknown([node, *pins]):
            rows = [
                row
                for row in range(1 << n_pins)
                if all(known.get(pin, row >> k & 1) == row >> k & 1 for k, pin in enumerate(pins))
            ]
            wanted = dict(known)
            if node not in known:
                results = {table >> row & 1 for row in rows}
                if len(results) == 1:
                    wanted[node] = results.pop()
                fails = False
            else:
                rows = [row for row in rows if table >> row & 1 == known[node]]
                for place, pin in enumerate(pins):
                    bits = {row >> place & 1 for row in rows}
                    if len(bits) == 1:
                        wanted.setdefault(pin, bits.pop())
                fails = not rows
            clauses = Clauses(graph)
            clauses._value = dict(known)
            assert clauses._fails(Hint(False, node)) is fails
            if not fails:
                assert clauses._value == wanted


@pytest.mark.parametrize(
    ("known", "clause", "fails", "forced"),
    [
        ({}, (2, 4), False, {}),
        ({1: 0}, (2, 4), False, {2: 1}),
        ({1: 0}, (2, 5), False, {2: 0}),
        ({1: 1}, (3, 4), False, {2: 1}),
        ({1: 0, 2: 0}, (2, 4), True, {}),
        ({1: 1, 2: 0}, (2, 4), False, {}),
        ({1: 1, 2: 1}, (3, 5), True, {}),
        ({1: 0, 2: 0}, (2, 4, 6), False, {3: 1}),
        ({1: 0}, (2, 4, 6), False, {}),
        ({}, (7,), False, {3: 0}),
        ({}, (), True, {}),
    ],
)
def test_a_clause_forces_its_last_literal(known, clause, fails, forced):
    graph = Graph()
    graph.add_inputs(3)
    clauses = Clauses(graph)
    clauses._clauses.append(clause)
    clauses._value = dict(known)
    assert clauses._fails(Hint(True, 1)) is fails
    assert clauses._value == known | forced


def test_numbers_of_clauses():
    graph = Graph()
    a, b = graph.add_inputs(2)
    clauses = Clauses(graph)
    clauses.assert_true(a)
    clauses.assert_true(b)
    assert clauses.last(1) == [(b,)]
    assert clauses.last(2) == [(a,), (b,)]
    clauses.prove((a,), [Hint(True, 1)])
    clauses.prove((b,), [Hint(True, 2)])
    for number in (0, 5, -1):
        with pytest.raises(CheckError, match=f"there is no clause {number} yet"):
            clauses.prove((b,), [Hint(True, number)])
    clauses.prove((a,), [Hint(True, 3)])


def test_proofs_need_their_hints_in_order():
    """x and y: from x = 1 and y = 1 it follows, by the gate or by the clauses, in this order."""
    graph = Graph()
    x, y = graph.add_inputs(2)
    both = graph.gate(0b1000, x, y)
    clauses = Clauses(graph)
    clauses.prove((both ^ 1, x), [Hint(False, both >> 1)])  # the gate forces x, against the clause
    clauses.prove((both, x ^ 1, y ^ 1), [Hint(False, both >> 1)])
    with pytest.raises(CheckError, match="its hints do not prove the clause"):
        clauses.prove((both ^ 1, x ^ 1), [Hint(False, both >> 1)])
    with pytest.raises(CheckError, match="its hints do not prove the clause"):
        clauses.prove((x,), [])
    assert len(clauses.last(9)) == 2
    clauses.assert_true(both)
    clauses.prove((x,), [Hint(True, 3), Hint(True, 1)])
    clauses.prove((x,), [Hint(True, 1), Hint(True, 3)])


def test_what_contradicts_itself_needs_no_hints():
    graph = Graph()
    a, b = graph.add_inputs(2)
    clauses = Clauses(graph)
    clauses.prove((a, a ^ 1), [])
    clauses.prove((b, a, b ^ 1), [])
    clauses.prove((1,), [])  # the constant
    clauses.prove((a, 1), [])
    with pytest.raises(CheckError, match="do not prove"):
        clauses.prove((0,), [])
    with pytest.raises(CheckError, match="do not prove"):
        clauses.prove((), [])
