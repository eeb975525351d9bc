"""The checker's scores: room, sums, and comparing numbers with and without a sign."""

import itertools

import pytest

from lgn2hdl.checker.graph import AND, FALSE, OR, TRUE, CheckError, Graph
from lgn2hdl.checker.meaning import Sum, at_least
from lgn2hdl.checker.scores import MOST_BITS, Score, comparable, is_sum, players_of, range_facts

XOR, XOR3, MAJORITY = 0b0110, 0b10010110, 0b11101000


def evaluated(graph: Graph, inputs, literal: int) -> int:
    """Value of a literal."""
    values = dict(enumerate(inputs, 1)) | {0: 0}

    def node(number: int) -> int:
        if number not in values:
            row = sum(node(pin) << place for place, pin in enumerate(graph.pins[number]))
            values[number] = graph.table[number] >> row & 1
        return values[number]

    literal = graph.now(literal)
    return node(literal >> 1) ^ literal & 1


@pytest.mark.parametrize(
    ("kind", "n_bits", "low", "high"),
    [
        ("unsigned", 0, 0, 0), ("unsigned", 3, 0, 7), ("unsigned", 3, 2, 2),
        ("signed", 1, -1, 0), ("signed", 3, -4, 3), ("signed", 3, -4, -4),
        ("open", 0, -9, 9), ("open", 1, 5, 6), ("open", MOST_BITS, 0, 1),
        ("unsigned", MOST_BITS, 0, 2**MOST_BITS - 1),
    ],
)  # fmt: skip
def test_scores_with_room(kind, n_bits, low, high):
    Score(kind, (2,) * n_bits, low, high).check_room()


@pytest.mark.parametrize(
    ("kind", "n_bits", "low", "high", "message"),
    [
        ("unsigned", 3, 0, 8, "0 to 8 in 3 bits"),
        ("unsigned", 3, -1, 7, "-1 to 7 in 3 bits"),
        ("unsigned", 0, 0, 1, "0 to 1 in 0 bits"),
        ("signed", 3, -5, 3, "-5 to 3 in 3 bits"),
        ("signed", 3, -4, 4, "-4 to 4 in 3 bits"),
        ("signed", 3, 1, 0, "1 to 0 in 3 bits"),
        ("open", 3, 1, 0, "1 to 0 in 3 bits"),
        ("odd", 3, 0, 1, "kind 'odd' and 3 bits"),
        ("unsigned", MOST_BITS + 1, 0, 1, f"'unsigned' and {MOST_BITS + 1} bits"),
        ("x" * 30, 1, 0, 1, f"kind '{'x' * 20}' and"),
    ],
)
def test_scores_without_room(kind, n_bits, low, high, message):
    with pytest.raises(CheckError, match=message):
        Score(kind, (2,) * n_bits, low, high).check_room()


@pytest.mark.parametrize(
    ("kind", "n_bits", "low", "high", "missing"),
    [
        ("unsigned", 2, 0, 3, 0), ("signed", 2, -2, 1, 0),
        ("open", 0, 0, 0, 1), ("open", 0, 0, 1, 2), ("open", 0, -1, 0, 1), ("open", 0, -2, 0, 2),
        ("open", 2, 0, 7, 2), ("open", 2, -8, 7, 2), ("open", 2, -9, 0, 3), ("open", 2, 0, 8, 3),
        ("open", 5, 0, 1, 1),
    ],
)  # fmt: skip
def test_bits_that_an_open_score_misses(kind, n_bits, low, high, missing):
    assert Score(kind, (2,) * n_bits, low, high).n_missing == missing


def test_the_bits_above():
    assert Score("unsigned", (4, 6), 0, 3).sign == FALSE
    assert Score("signed", (4, 6), -2, 1).sign == 6
    assert Score("open", (), 0, 0).sign == FALSE
    whole = Score("open", (4, 6), -4, 3).with_bits([8])
    assert whole.all_bits == (4, 6, 8)
    assert whole.sign == 8
    assert whole.bits == (4, 6)


def adder(n_inputs: int = 3) -> tuple[Graph, list[int], tuple[int, int]]:
    """The sum of three inputs in two bits."""
    graph = Graph()
    inputs = graph.add_inputs(n_inputs)
    return graph, inputs, (graph.gate(XOR3, *inputs), graph.gate(MAJORITY, *inputs))


def test_bits_that_are_a_sum():
    graph, (a, b, c), bits = adder()
    nodes = [literal >> 1 for literal in bits]
    wanted = Sum(0, ((a, 1), (b, 1), (c, 1)))
    is_sum(graph, Score("unsigned", bits, 0, 3), wanted, nodes)
    is_sum(graph, Score("unsigned", bits, 0, 3), wanted, nodes[::-1])
    # ~bit 1 is a 1 less two of the bit: -2 * (1 - bit) + 2 is 2 * bit
    is_sum(graph, Score("unsigned", bits, 0, 3), Sum(1, ((a ^ 1, -1), (b, 1), (c, 1))), nodes)
    # modulo 4: 4 more is the same number in two bits
    is_sum(graph, Score("unsigned", bits, 0, 3), Sum(4, wanted.terms), nodes)
    for other in (
        Sum(1, wanted.terms),
        Sum(2, wanted.terms),
        Sum(0, ((a, 1), (b, 1), (c, 2))),
        Sum(0, ((a, 1), (b, 1), (c, -1))),
        Sum(0, ((a, 1), (b, 1))),
        Sum(0, ((a ^ 1, 1), (b, 1), (c, 1))),
    ):
        with pytest.raises(CheckError, match="not shown to be the score"):
            is_sum(graph, Score("unsigned", bits, 0, 3), other, nodes)
    with pytest.raises(CheckError, match="not shown to be the score"):
        is_sum(graph, Score("unsigned", bits, 0, 3), wanted, nodes[:1])
    with pytest.raises(CheckError, match="0 to 4 in 2 bits"):
        is_sum(graph, Score("unsigned", bits, 0, 4), wanted, nodes)


def scores_over(graph: Graph, inputs: list[int]) -> list[Score]:
    """An unsigned, a signed and an open score over six inputs."""
    open_score = Score("open", tuple(inputs[4:5]), -2, 1).with_bits(inputs[5:6])
    return [
        Score("unsigned", tuple(inputs[:2]), 0, 3), Score("signed", tuple(inputs[2:4]), -2, 1),
        open_score,
    ]  # fmt: skip


def numbers(bits) -> tuple[int, int, int]:
    """Values of those scores."""
    first = bits[0] + 2 * bits[1]
    return first, bits[2] - 2 * bits[3], bits[4] - 2 * bits[5]


def test_scores_compare_as_numbers():
    graph = Graph()
    inputs = graph.add_inputs(6)
    rows = comparable(scores_over(graph, inputs))
    assert [len(row) for row in rows] == [3, 3, 3]
    pairs = list(itertools.permutations(range(3), 2))
    above = {pair: at_least(graph, rows[pair[0]], rows[pair[1]]) for pair in pairs}
    for bits in itertools.product((0, 1), repeat=6):
        values = numbers(bits)
        for place, row in enumerate(rows):
            found = sum(evaluated(graph, bits, bit) << k for k, bit in enumerate(row))
            assert found == values[place] + 4
        for one, other in pairs:
            literal = above[one, other]
            assert evaluated(graph, bits, literal) == (values[one] >= values[other])


def test_facts_say_that_scores_are_in_their_ranges():
    graph = Graph()
    inputs = graph.add_inputs(6)
    scores = [
        Score("unsigned", tuple(inputs[:2]), 1, 2), Score("signed", tuple(inputs[2:4]), -1, 0),
        Score("open", tuple(inputs[4:5]), -2, 0).with_bits(inputs[5:6]),
    ]  # fmt: skip
    facts = range_facts(graph, scores)
    assert len(facts) == 6
    for bits in itertools.product((0, 1), repeat=6):
        wanted = []
        for value, score in zip(numbers(bits), scores, strict=True):
            wanted += [value >= score.low, value <= score.high]
        assert [evaluated(graph, bits, fact) for fact in facts] == wanted


@pytest.mark.parametrize(("n", "width"), [(2, 1), (3, 2), (4, 2), (5, 3)])
def test_players_have_their_numbers(n, width):
    graph = Graph()
    inputs = graph.add_inputs(n)
    scores = [Score("unsigned", (literal,), 0, 1) for literal in inputs]
    players = players_of(scores)
    assert [player.score for player in players] == [[literal, TRUE] for literal in inputs]
    for number, player in enumerate(players):
        assert player.index == [TRUE if number >> k & 1 else FALSE for k in range(width)]


def test_gates_used_here_are_those_of_the_graph():
    graph, (a, b, _), _ = adder()
    assert graph.gate(AND, a, TRUE) == a
    assert graph.gate(OR, b, FALSE) == b
    assert graph.gate(XOR, a, a) == FALSE
