"""Proofs of merges, written down and replayed: gates alone, and gates with what is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lgn2hdl.checker.graph import CheckError
from lgn2hdl.checker.model import Layer, Model
from lgn2hdl.checker.replay import Replay
from lgn2hdl.verify.certificate.draft import Draft
from lgn2hdl.verify.certificate.ledger import Ledger
from lgn2hdl.verify.certificate.propagation import Gate, Hint, Propagation
from lgn2hdl.verify.certificate.refutation import NoCertificateError, Refuter
from lgn2hdl.verify.certificate.rewriting import rewriting_order
from lgn2hdl.verify.certificate.text import Document
from lgn2hdl.verify.proofs.scores import Linear
from lgn2hdl.verify.sat.deadline import Deadline

XOR, AND, OR = 0b0110, 0b1000, 0b1110


def gate(ledger: Ledger, table: int, *pins: int) -> int:
    return int(ledger.add(np.array([pins]), np.array([table], np.uint8))[0])


def lines_of(ledger: Ledger) -> list[str]:
    return Document(Draft(ledger, None, 0), Deadline()).lines()


def replayed(lines: list[str], n_inputs: int) -> Replay:
    """The checker's state after these lines, for any model with so many bits."""
    replay = Replay(Model((1,) * n_inputs, (), (), (Layer((), ()),), None))
    for line in lines:
        replay.step(line)
    return replay


def parities(n_inputs: int, order: list[int]) -> tuple[Ledger, int, int]:
    """The parity of all inputs, once from the left and once in another order."""
    ledger = Ledger(n_inputs)
    totals = []
    for places in (range(n_inputs), order):
        total = 0
        for place in places:
            total = gate(ledger, XOR, total, int(ledger.inputs[place]))
        totals.append(total)
    return ledger, *totals


@given(st.permutations(range(7)))
@settings(max_examples=15)
def test_parities_in_any_order_are_proved_equal(order: list[int]) -> None:
    ledger, one, other = parities(7, order)
    ledger.merge(one, other)
    lines = lines_of(ledger)
    replay = replayed(lines, 7)
    total = 0
    for place in order:
        total = replay.graph.gate(XOR, total, replay.x[place])
    again = 0
    for literal in replay.x:
        again = replay.graph.gate(XOR, again, literal)
    assert total == again
    assert (one == other) == (not lines)


def test_lemmas_are_written_where_propagation_is_not_enough() -> None:
    ledger, one, other = parities(7, [6, 2, 4, 0, 5, 1, 3])
    ledger.merge(one, other)
    lines = lines_of(ledger)
    clauses = [line for line in lines if line.startswith("clause")]
    assert len(clauses) > 4
    assert any(" c" in line for line in clauses)
    for place, line in enumerate(lines):
        if line.startswith("clause") and " c" in line:
            with pytest.raises(CheckError):
                replayed([*lines[:place], *lines[place + 1 :]], 7)


def test_what_is_not_equal_is_not_proved() -> None:
    ledger, one, other = parities(5, [4, 2, 0, 1, 3])
    ledger.merge(one, gate(ledger, AND, other, int(ledger.inputs[0])))
    with pytest.raises(NoCertificateError, match="does not prove again"):
        lines_of(ledger)
    ledger = Ledger(2)
    ledger.merge(*ledger.inputs.tolist())
    with pytest.raises(NoCertificateError):
        lines_of(ledger)


def test_the_time_limit_ends_a_proof() -> None:
    ledger, one, other = parities(7, [6, 2, 4, 0, 5, 1, 3])
    ledger.merge(one, other)
    deadline = Deadline(1e-9)
    with pytest.raises(NoCertificateError, match="time limit"):
        Document(Draft(ledger, None, 0), deadline)


def test_constants_are_proved_by_one_clause() -> None:
    ledger = Ledger(3)
    a, b, c = ledger.inputs.tolist()
    both = gate(ledger, AND, gate(ledger, AND, a, b), gate(ledger, AND, a ^ 1, c))
    ledger.merge(both, 0)
    lines = lines_of(ledger)
    assert [line.split(" ")[0] for line in lines[-2:]] == ["clause", "equal"]
    replay = replayed(lines, 3)
    x = replay.x
    pair = [replay.graph.gate(AND, x[0], x[1]), replay.graph.gate(AND, x[0] ^ 1, x[2])]
    assert replay.graph.gate(AND, *pair) == 0


def test_only_what_the_checker_looks_up_is_written() -> None:
    ledger, one, other = parities(5, [4, 2, 0, 1, 3])
    ledger.merge(one, other)
    ledger.touched.clear()
    assert lines_of(ledger) == []


def test_a_fact_is_used() -> None:
    ledger = Ledger(3)
    a, b, c = ledger.inputs.tolist()
    refuter = Refuter(ledger.graph, Deadline())
    either = gate(ledger, OR, a, b)
    fact = refuter.fact(either, frozenset([a >> 1, b >> 1]))
    assert (fact.gates, fact.bits) == ({either >> 1}, {a >> 1, b >> 1})
    lemmas = refuter.implication(a ^ 1, b, [fact])
    assert Hint("fact", 0) in lemmas[-1].hints
    with pytest.raises(NoCertificateError):
        refuter.implication(a ^ 1, c, [fact])


def test_hints_are_what_the_contradiction_rests_on() -> None:
    propagation = Propagation({4: Gate(AND, (2, 1)), 5: Gate(AND, (4, 3)), 9: Gate(XOR, (8, 7))})
    assert propagation.refute([10, 3]) == [Hint("gate", 5), Hint("gate", 4)]
    assert propagation.refute([10, 2]) is None
    assert propagation.refute([10, 11]) == []
    propagation.add(Hint("lemma", 0), (3, 19))
    propagation.add(Hint("fact", 0), (18,))
    assert propagation.refute([10])[-1] == Hint("gate", 4)


@pytest.mark.parametrize("carry", [0, 1])
def test_adders_are_rewritten_to_sums(carry: int) -> None:
    ledger = Ledger(3)
    a, b, c = ledger.inputs.tolist()
    total = gate(ledger, 0x96, a, b, c)
    high = gate(ledger, 0xE8, a, b, c)
    wanted = Linear(0, {a >> 1: 1, b >> 1: 1, c >> 1: 1})
    inside = {total >> 1, high >> 1}
    assert set(rewriting_order(ledger, [total, high], wanted, inside)) == inside
    wrong = Linear(carry, {a >> 1: 1, b >> 1: 1, c >> 1: 1 + (not carry)})
    with pytest.raises(NoCertificateError):
        rewriting_order(ledger, [total, high], wrong, inside)
    # What stands for the sum is another node: its gate is rewritten all the same.
    ledger.merge(total, gate(ledger, XOR, gate(ledger, XOR, a, b), c))
    assert rewriting_order(ledger, [total, high], wanted, inside)
