"""The lines of a certificate, one by one: what they add, and why they are refused."""

import pytest

from lgn2hdl.checker.graph import CheckError
from lgn2hdl.checker.model import Head, Layer, Model
from lgn2hdl.checker.replay import Replay, number_in

WIRES = Layer(((0, 0), (1, 1), (2, 2)), (0b1010, 0b1010, 0b1010))
BITS = Model((1, 1, 1), (0, 1, 2), (1, 1, 1), (WIRES,), None)
SUMS = Model((1, 1, 1), (0, 1, 2), (1, 1, 1), (WIRES,), Head((0, 0, 1), (1, 1, -1), (0, 2)))
"""Class 0 counts two inputs; class 1 is 2 less the third one."""


def replayed(model: Model, *lines: str) -> Replay:
    replay = Replay(model)
    for line in lines:
        replay.step(line)
    return replay


def refused(model: Model, *lines: str) -> str:
    """Why the last line is not accepted; all others are."""
    replay = replayed(model, *lines[:-1])
    with pytest.raises(CheckError) as caught:
        replay.step(lines[-1])
    return str(caught.value)


def test_a_certificate_begins_with_the_inputs():
    replay = Replay(BITS)
    assert replay.x == [2, 4, 6]
    assert replay._node == [0, 2, 4, 6]
    assert not replay.shifted
    assert (replay.scores, replay.rounds) == ([], [])
    assert replay.is_complete
    assert not Replay(SUMS).is_complete


def test_gates_are_nodes_in_their_order():
    replay = replayed(BITS, "gate 8 2 4", "gate 6 2 5", "gate e 8 10", "gate 1 2")
    graph = replay.graph
    both, differ = graph.gate(0b1000, 2, 4), graph.gate(0b0110, 2, 5)
    assert replay._node[4:6] == [both, differ]
    assert replay._node[6] == graph.gate(0b1110, both, differ)
    assert replay._node[7] == 3  # (not x[0])
    assert replayed(BITS, "gate 8 2 4", "gate 2 9").graph is not None


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("gate", "no gate"), ("gate 8 2 2 2 2 2 2 2", "no gate"), ("gate x 2 4", "no gate"),
        ("gate 12345678123456781 2 2 2 2 2 2", "no gate"), ("gate -8 2 4", "no gate"),
        ("gate 10 2 4", "a truth table has too many bits"),
        ("gate 4 2", "a truth table has too many bits"),
        ("gate 8 2 8", "there is no node 4 yet"), ("gate 8 2 9", "there is no node 4 yet"),
        ("gate 8 2 -2", "'-2' is no number"), ("gate 8 2 1234567890", "'1234567890' is no number"),
        ("gate 8 2 ", "'' is no number"), ("believe 2", "'believe' is no step"),
        ("", "'' is no step"),
        (f"{'a' * 30} 2", f"'{'a' * 20}' is no step"), ("gate  8 2 4", "no gate"),
    ],
)  # fmt: skip
def test_wrong_gates(line, why):
    assert refused(BITS, line).startswith(why)


def test_gates_of_six_pins_and_of_none():
    replay = replayed(BITS, "gate ffffffffffffffff 2 4 6 2 4 6", "gate 1", "gate 0")
    assert replay._node[4:] == [1, 1, 0]


def test_numbers():
    assert number_in("0") == 0
    assert number_in("123456789") == 123456789
    for word in ("", "-1", "1a", "1234567890", " 1", "\u0661"):
        with pytest.raises(CheckError, match="is no number"):
            number_in(word)
    with pytest.raises(CheckError) as caught:
        number_in("x" * 30)
    assert str(caught.value) == f"{'x' * 20!r} is no number"


def test_clauses_and_their_hints():
    lines = ["gate 8 2 4", "clause 9 2 : 4", "clause 9 4 : 4", "clause 8 3 5 : 4"]
    replay = replayed(BITS, *lines, "clause 9 2 : c1 c2", "clause 9 2 : c3 4")
    node = replay._node[4]
    assert replay._clauses.last(4)[0] == (node ^ 1, 4)
    assert refused(BITS, *lines, "clause 9 2 : c4") == "there is no clause 4 yet"
    assert refused(BITS, *lines, "clause 9 2 : c") == "'' is no number"
    assert refused(BITS, *lines, "clause 9 2 : 5") == "there is no node 5 yet"
    assert refused(BITS, *lines, "clause 9 2 : 1") == "node 1 is no gate"
    assert refused(BITS, *lines, "clause 9 2 4") == "there is no ':'"
    assert refused(BITS, *lines, "clause 9 10 : 4") == "there is no node 5 yet"
    assert refused(BITS, *lines, "clause 9 3 : 4") == "its hints do not prove the clause"


BOTH_WAYS = [
    "gate 8 2 4",  # node 4: x[0] and x[1]
    "gate e 3 5",  # node 5: not x[0], or not x[1]
    "gate 8 2 8",  # node 6: x[0] and node 4, which is node 4
]
IMPLIED = ["clause 13 8 : 6 4", "clause 12 9 : 4 6"]
"""Node 6 is node 4: each implies the other."""


def test_equalities_merge():
    replay = replayed(BITS, *BOTH_WAYS, *IMPLIED, "equal 12 8")
    graph = replay.graph
    assert graph.now(replay._node[6]) == graph.now(replay._node[4])
    again = replayed(BITS, *BOTH_WAYS, *reversed(IMPLIED), "equal 9 13")
    assert again.graph.now(again._node[6]) == again.graph.now(again._node[4])


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (["equal 12 8"], "that is not what the clauses before say"),
        ([IMPLIED[0], "equal 12 8"], "that is not what the clauses before say"),
        ([IMPLIED[1], "equal 12 8"], "that is not what the clauses before say"),
        ([*IMPLIED, "equal 12 9"], "that is not what the clauses before say"),
        ([*IMPLIED, IMPLIED[0], "equal 12 8"], None),
        ([*IMPLIED, "clause 9 2 : 4", "equal 12 8"], "that is not what the clauses before say"),
        ([*IMPLIED, "equal 12"], "two literals are needed"),
        ([*IMPLIED, "equal 12 8 8"], "two literals are needed"),
        ([*IMPLIED, "equal 12 8", "equal 12 8"], "node "),
        ([*IMPLIED, "equal 12 14"], "there is no node 7 yet"),
    ],
)
def test_equalities_that_are_not_proven(lines, why):
    if why is None:
        replayed(BITS, *BOTH_WAYS, *lines)
    else:
        assert refused(BITS, *BOTH_WAYS, *lines).startswith(why)


CONSTANT = ["gate 8 2 4", "gate 8 3 8"]
"""Node 5: not x[0], and x[0] and x[1]: never."""


def test_a_node_that_is_constant_needs_one_clause():
    lines = [*CONSTANT, "clause 11 : 5 4"]
    for line in ("equal 10 0", "equal 11 1"):
        replay = replayed(BITS, *lines, line)
        assert replay.graph.now(replay._node[5]) == 0
    assert refused(BITS, *lines, "equal 10 1").startswith("that is not what")
    assert refused(BITS, *CONSTANT, "equal 10 0").startswith("that is not what")


ADDED = ["gate 6 2 4", "gate 8 2 4"]
"""Nodes 4 and 5: the sum of two inputs."""


def test_scores_of_all_classes():
    replay = replayed(SUMS, *ADDED, "score unsigned 8 10 : 4 5")
    assert not replay.is_complete
    (score,) = replay.scores
    assert (score.kind, score.low, score.high, score.above) == ("unsigned", 0, 2, ())
    assert score.bits == (replay._node[4], replay._node[5])
    replay.step("score unsigned 6 7 :")  # 2 - c: bit 0 is c, bit 1 is not c
    assert replay.is_complete
    assert (replay.scores[1].low, replay.scores[1].high) == (1, 2)
    assert len(replay._clauses.last(99)) == 4  # the ranges of both
    with pytest.raises(CheckError, match="more scores than classes"):
        replay.step("score unsigned 6 7 :")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("score unsigned 8 10 : 4", "the bits are not shown to be the score"),
        ("score unsigned 10 8 : 4 5", "the bits are not shown to be the score"),
        ("score unsigned 8 : 4 5", "a score of 0 to 2 in 1 bits"),
        ("score signed 8 10 : 4 5", "a score of 0 to 2 in 2 bits"),
        ("score : 4 5", "a score of kind ''"),
        ("score unsigned 8 10", "there is no ':'"),
        ("score unsigned 8 12 : 4 5", "there is no node 6 yet"),
        ("score unsigned 8 10 : 4 6", "there is no node 6 yet"),
        ("score unsigned 8 10 : 1", "node 1 is no gate"),
    ],
)
def test_wrong_scores(line, why):
    assert refused(SUMS, *ADDED, line).startswith(why)


def test_open_scores_get_nodes_for_what_they_miss():
    replay = replayed(SUMS, *ADDED, "score open 8 : 4")
    (score,) = replay.scores
    assert (score.kind, score.bits) == ("open", (replay._node[4],))
    assert len(score.above) == 2
    assert replay._node[6:] == list(score.above)
    assert refused(SUMS, *ADDED, "score open 8 : 4", "gate 8 2 16") == "there is no node 8 yet"


def test_a_shift_is_taken_off_every_score():
    replay = replayed(SUMS, *ADDED, "shift -1 1*2 -1*6")
    assert replay.shifted
    assert replay._sums is not None
    first, second = replay._sums
    assert first.bounds(replay.graph) == (1, 3)  # a + b - (a - c - 1)
    assert second.bounds(replay.graph) == (2, 3)  # 2 - c - (a - c - 1)
    why = "there is one shift, and it comes before the scores"
    assert refused(SUMS, "shift 1", "shift 1") == why
    assert refused(SUMS, *ADDED, "score unsigned 8 10 : 4 5", "shift 1") == why
    assert refused(SUMS, "shift") == why
    assert refused(SUMS, "shift 1 2") == "no sum"
    assert refused(SUMS, "shift 1 1*2*3") == "no sum"
    assert refused(SUMS, "shift x") == "'x' is no number"
    assert refused(SUMS, "shift 1 x*2") == "'x' is no number"
    assert refused(SUMS, "shift 1 1*8") == "there is no node 4 yet"
    assert refused(SUMS, f"shift {'1' * 13}") == f"{'1' * 13!r} is no number"
    assert replayed(SUMS, f"shift -{'1' * 12}").shifted


def test_a_model_of_bits_has_no_scores():
    for line in ("shift 1", "score unsigned 2 :"):
        assert refused(BITS, line) == "the model has no scores"


def test_rounds_are_noted():
    replay = replayed(SUMS, "round 2 1", "round", "round 3")
    assert replay.rounds == [[2, 1], [], [3]]
    assert refused(SUMS, "round 1 x") == "'x' is no number"
