"""The claim: which bits of which port are shown to be what they should be, and no others."""

from types import SimpleNamespace

import pytest

from lgn2hdl.checker.claim import check_results
from lgn2hdl.checker.graph import FALSE, TRUE, CheckError, Graph
from lgn2hdl.checker.meaning import knockout, margin, network_outputs
from lgn2hdl.checker.model import Head, Layer, Model
from lgn2hdl.checker.scores import Score, players_of

BITS = Model((2, 1), (0, 1), (2, 1), (Layer(((0, 1), (1, 0)), (0b1000, 0b0110)),), None)
CLASSES = Model((1,), (0,), (1,), (Layer(((0,),), (2,)),), Head((0, 1), (1, 1), (0, 0)))


def bits_case():
    graph = Graph()
    x = graph.add_inputs(3)
    replay = SimpleNamespace(graph=graph, x=x)
    return replay, network_outputs(graph, BITS, x)


def test_output_bits():
    replay, outputs = bits_case()
    assert len(outputs) == 2
    assert check_results(replay, BITS, {"bits": outputs}) == ["bits: all 2 outputs"]


def test_wrong_output_bits():
    replay, (first, second) = bits_case()
    for bits, message in [
        ([first, second ^ 1], "bits: bit 1 is not shown to be what it should be"),
        ([second, first], "bits: bit 0 is not shown"),
        ([first], "bits has 1 bits, not 2"),
        ([first, second, FALSE], "bits has 3 bits, not 2"),
    ]:
        with pytest.raises(CheckError, match=message):
            check_results(replay, BITS, {"bits": bits})
    with pytest.raises(CheckError, match="bits has 0 bits, not 2"):
        check_results(replay, BITS, {})
    with pytest.raises(CheckError, match="nothing is known of port class_index"):
        check_results(replay, BITS, {"scores": [], "class_index": [], "bits": [first, second]})


def test_what_was_merged_is_the_same():
    replay, (first, second) = bits_case()
    (other,) = replay.graph.add_inputs(1)
    with pytest.raises(CheckError, match="bit 1"):
        check_results(replay, BITS, {"bits": [first, other]})
    replay.graph.merge(other >> 1, second)
    assert check_results(replay, BITS, {"bits": [first, other]})


def classes(scores=None, *, shifted=False, rounds=(), is_complete=True):
    """A certificate with the scores of three classes: an unsigned and two signed numbers."""
    graph = Graph()
    a, b, c, d, e, f = graph.add_inputs(6)
    given = scores or [
        Score("unsigned", (a, b), 0, 3),
        Score("signed", (c, d), -2, 1),
        Score("signed", (e, f), -2, 1),
    ]
    rounds = [list(sizes) for sizes in rounds]
    return SimpleNamespace(
        graph=graph, scores=given, shifted=shifted, rounds=rounds, is_complete=is_complete
    )


def expected(replay, width=None):
    """Right literals of all ports, by the definitions of knockout and margin."""
    players = players_of(replay.scores)
    winner = knockout(replay.graph, players, replay.rounds)
    width = width or 3
    ports = {
        "class_index": winner.index,
        "margin": margin(replay.graph, players, winner, replay.rounds),
    }
    ports["scores"] = [
        bit
        for score in replay.scores
        for bit in [*score.bits, *[score.sign] * (width - len(score.bits))]
    ]
    return ports


WORDS = {
    "class_index": "class_index: the first of 3 classes with the highest score",
    "scores": "scores: 3 numbers of 3 bits, two's complement",
    "margin": "margin: the highest score less the next highest",
}


@pytest.mark.parametrize("rounds", [(), [(2, 1)], [(1, 2)], [(1, 1, 1)]])
@pytest.mark.parametrize("more", [(), ("scores",), ("margin",), ("scores", "margin")])
def test_ports_of_a_classifier(rounds, more):
    replay = classes(rounds=rounds)
    ports = expected(replay)
    given = {name: ports[name] for name in ("class_index", *more)}
    said = [WORDS[name] for name in ("scores", "class_index", "margin") if name in given]
    assert check_results(replay, CLASSES, given) == said


@pytest.mark.parametrize("port", ["class_index", "scores", "margin"])
def test_every_wrong_bit_of_a_classifier_is_noticed(port):
    replay = classes()
    right = expected(replay)
    for place in range(len(right[port])):
        wrong = {**right, port: list(right[port])}
        wrong[port][place] ^= 1
        with pytest.raises(CheckError, match="is not shown to be what it should be"):
            check_results(replay, CLASSES, wrong)


def test_scores_by_class():
    replay = classes()
    right = expected(replay)
    scores = right["scores"]
    exchanged = [*scores[3:6], *scores[:3], *scores[6:]]
    with pytest.raises(CheckError, match="scores, class 0: bit 0 is not shown"):
        check_results(replay, CLASSES, {**right, "scores": exchanged})
    last = [*scores[:8], TRUE]
    with pytest.raises(CheckError, match="scores, class 2: bit 2 is not shown"):
        check_results(replay, CLASSES, {**right, "scores": last})


@pytest.mark.parametrize(("extra", "width"), [(1, None), (-1, None), (0, 2)])
def test_scores_of_another_width(extra, width):
    replay = classes()
    ports = expected(replay)
    if width:  # an unsigned number beside signed ones needs a bit for its sign
        scores = expected(replay, width)["scores"]
        message = "the score of class 0 has more bits than its port"
    else:
        scores = [*ports["scores"], FALSE][: len(ports["scores"]) + extra]
        message = "port scores does not have the same number of bits"
    with pytest.raises(CheckError, match=message):
        check_results(replay, CLASSES, {**ports, "scores": scores})


def test_unsigned_scores_need_no_sign():
    graph_scores = [Score("unsigned", (2, 4), 0, 3), Score("unsigned", (6,), 0, 1)]
    replay = classes(graph_scores)
    ports = expected(replay, 2)
    found = check_results(replay, CLASSES, ports)
    assert found[0] == "scores: 2 numbers of 2 bits, unsigned"
    with pytest.raises(CheckError, match="class 0 has more bits"):
        check_results(replay, CLASSES, {**ports, "scores": expected(replay, 1)["scores"][:2]})


def test_open_and_shifted_scores_are_no_port():
    open_score = Score("open", (2,), -2, 1).with_bits([4])
    replay = classes([Score("signed", (6, 8), -2, 1), open_score])
    ports = expected(replay)
    del ports["scores"]
    assert check_results(replay, CLASSES, ports)
    with pytest.raises(CheckError, match="the score of class 1 has more bits than its port"):
        check_results(replay, CLASSES, {**ports, "scores": [6, 8, 8, 2, 4, 4]})
    shifted = classes(shifted=True)
    ports = expected(shifted)
    with pytest.raises(CheckError, match="same number of bits for every class"):
        check_results(shifted, CLASSES, ports)
    del ports["scores"]
    assert check_results(shifted, CLASSES, ports)


def test_a_certificate_without_all_scores():
    replay = classes(is_complete=False)
    with pytest.raises(CheckError, match="the certificate lacks scores"):
        check_results(replay, CLASSES, {})


def test_the_index_must_be_there():
    with pytest.raises(CheckError, match="class_index has 0 bits, not 2"):
        check_results(classes(), CLASSES, {})
    replay = classes()
    with pytest.raises(CheckError, match="nothing is known of port a"):
        check_results(replay, CLASSES, {**expected(replay), "b": [], "a": []})


def test_scores_from_minus_one_on_are_signed():
    replay = classes([Score("signed", (2,), -1, 0), Score("unsigned", (4,), 0, 1)])
    ports = expected(replay, 2)
    assert (
        check_results(replay, CLASSES, ports)[0] == "scores: 2 numbers of 2 bits, two's complement"
    )
    replay = classes([Score("signed", (2,), -1, 0), Score("unsigned", (4, 6), 0, 3)])
    with pytest.raises(CheckError, match="class 1 has more bits than its port"):
        check_results(replay, CLASSES, {**ports, "scores": [2, 2, 4, 6]})


@pytest.mark.parametrize(
    ("ranges", "width"),
    [
        ([(1, 7), (3, 3), (2, 2)], 3), ([(3, 3), (1, 7)], 3), ([(0, 9), (2, 9), (6, 9)], 3),
        ([(0, 3), (0, 3)], 2), ([(0, 3), (0, 4)], 3), ([(-2, 1), (-2, 1)], 2),
        ([(0, 7), (2, 2), (1, 1)], 3), ([(0, 7), (4, 4), (4, 4)], 2), ([(3, 3), (3, 3)], 0),
        ([(0, 8), (5, 5), (1, 1)], 3), ([(-4, -4), (3, 3)], 3), ([(5, 9), (5, 5)], 3),
        ([(0, 0), (4, 4), (7, 7)], 2),
    ],
)  # fmt: skip
def test_the_margin_has_room_for_the_largest_difference(ranges, width):
    """The winner is at most its highest, the best of the others at least its lowest."""
    graph = Graph()
    scores = [Score("signed", tuple(graph.add_inputs(5)), *ends) for ends in ranges]
    largest = max(
        high - max(low for other, (low, _) in enumerate(ranges) if other != number)
        for number, (_, high) in enumerate(ranges)
    )
    assert max(0, largest).bit_length() == width
    replay = SimpleNamespace(graph=graph, scores=scores, shifted=False, rounds=[], is_complete=True)
    ports = expected(replay, 6)
    given = {"class_index": ports["class_index"], "margin": ports["margin"][:width]}
    assert len(check_results(replay, CLASSES, given)) == 2
    longer = {**given, "margin": [*ports["margin"], FALSE, FALSE]}
    assert len(check_results(replay, CLASSES, longer)) == 2
    with pytest.raises(CheckError, match=r"margin: bit .* is not shown"):
        check_results(replay, CLASSES, {**longer, "margin": [*ports["margin"], FALSE, TRUE]})
    if width:
        given["margin"] = given["margin"][:-1]
        with pytest.raises(CheckError, match="the margin may not fit into its port"):
            check_results(replay, CLASSES, given)
