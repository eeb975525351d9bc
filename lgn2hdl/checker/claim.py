"""The claim that a certificate ends with: the Verilog's results are those of the model."""

from __future__ import annotations

from collections.abc import Mapping

from .graph import FALSE, CheckError, Graph
from .meaning import Bits, knockout, margin, network_outputs
from .model import Model
from .replay import Replay
from .scores import Score, players_of


def check_results(replay: Replay, model: Model, results: Mapping[str, Bits]) -> list[str]:
    """Compare every result port with what it should be.

    Args:
        replay: the certificate, all of it.
        model: what has to be computed.
        results: literals of the result ports.

    Returns:
        What each port is, in words.

    Raises:
        CheckError: if one is not shown to be that, or is none that a design has.
    """
    left = dict(results)
    if model.head is None:
        bits = left.pop("bits", [])
        _require_equal(replay.graph, bits, network_outputs(replay.graph, model, replay.x), "bits")
        words = [f"bits: all {len(bits)} outputs"]
    else:
        words = _check_decision(replay, left)
    if left:
        raise CheckError(f"nothing is known of port {min(left)}")
    return words


def _check_decision(replay: Replay, left: dict[str, Bits]) -> list[str]:
    """Check the ports of a classifier, and take them out."""
    graph, scores = replay.graph, replay.scores
    if not replay.is_complete:
        raise CheckError("the certificate lacks scores")
    words = []
    if "scores" in left:
        words.append(_check_scores(replay, left.pop("scores")))
    players = players_of(scores)
    winner = knockout(graph, players, replay.rounds)
    index = left.pop("class_index", [])
    _require_equal(graph, index, winner.index, "class_index")
    words.append(f"class_index: the first of {len(players)} classes with the highest score")
    if "margin" in left:
        bits = left.pop("margin")
        _check_margin_width(scores, len(bits))
        expected = margin(graph, players, winner, replay.rounds)
        expected += [FALSE] * (len(bits) - len(expected))
        _require_equal(graph, bits, expected[: len(bits)], "margin")
        words.append("margin: the highest score less the next highest")
    return words


def _check_scores(replay: Replay, bits: Bits) -> str:
    width, rest = divmod(len(bits), len(replay.scores))
    signed = any(score.low < 0 for score in replay.scores)
    if rest or replay.shifted:
        raise CheckError("port scores does not have the same number of bits for every class")
    for number, score in enumerate(replay.scores):
        if score.kind == "open" or width < len(score.bits) + (signed and score.kind == "unsigned"):
            raise CheckError(f"the score of class {number} has more bits than its port")
        whole = [*score.bits, *[score.sign] * (width - len(score.bits))]
        part = bits[number * width : (number + 1) * width]
        _require_equal(replay.graph, part, whole, f"scores, class {number}")
    sign = "two's complement" if signed else "unsigned"
    return f"scores: {len(replay.scores)} numbers of {width} bits, {sign}"


def _check_margin_width(scores: list[Score], width: int) -> None:
    """The margin must have room for what the ranges of the scores allow."""
    low = sorted(score.low for score in scores)[-2:]
    for score in scores:
        others = low[0] if score.low == low[1] else low[1]
        if max(0, score.high - others) >> width:
            raise CheckError("the margin may not fit into its port")


def _require_equal(graph: Graph, given: Bits, expected: Bits, name: str) -> None:
    if len(given) != len(expected):
        raise CheckError(f"{name} has {len(given)} bits, not {len(expected)}")
    for place, (one, other) in enumerate(zip(given, expected, strict=True)):
        if graph.now(one) != graph.now(other):
            raise CheckError(f"{name}: bit {place} is not shown to be what it should be")
