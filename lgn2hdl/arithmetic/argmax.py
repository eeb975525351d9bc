"""Argmax: the index of the highest score; of equal scores the lowest index wins.

A knockout in rounds. In each round the players, in order of their index, meet in groups of two to
four; in a group everybody is compared with everybody at once, and what the comparisons say selects
the winner's score and index bits. With LUTs of six inputs a group of three costs least: three
comparisons are the select inputs of a three-way multiplexer, one LUT a bit. The last round's
winner needs no score.

The margin is the winner's score less the score of whoever wins the same knockout without it. The
scores have to be there a second time, which costs no registers where they leave the hardware too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import combinations, product

from lgn2hdl.arithmetic.builder import FALSE, TRUE, Builder, negated
from lgn2hdl.arithmetic.cost import Objective, block_cost
from lgn2hdl.ir.circuit import Block
from lgn2hdl.model.heads.group_sum_plan import GroupSumPlan

Rounds = tuple[tuple[int, ...], ...]
"""Sizes of the groups of every round, in the order of the players."""

FOUR_WAY_INPUTS = 6
"""Pins of a gate that chooses among four values by two bits."""


@dataclass(frozen=True)
class _Player:
    """Literals of a score and of a class index, both least significant bit first."""

    score: tuple[int, ...]
    index: tuple[int, ...]


class Comparison(Enum):
    """How two scores are compared."""

    SERIAL = "digit by digit"
    TREE = "all digits at once"
    CARRY = "the carry out of a subtraction"


def argmax_block(
    plan: GroupSumPlan, k: int, objective: Objective = Objective.LUTS, *, carry: bool = False
) -> Block:
    """Class index of the highest score.

    Args:
        plan: the classes, and what values their scores can take.
        k: inputs of a LUT, 3 to 6.
        objective: whether few LUTs or few levels come first.
        carry: whether scores may be compared on carry chains.

    Returns:
        A block whose inputs are the score bits as the popcount block gives them, and whose outputs
        are the ``plan.class_width`` bits of the index, least significant first, and behind them the
        ``plan.margin_width`` bits of the margin if the plan has one.
    """
    comparisons = [Comparison.CARRY] if carry else []
    comparisons.append(Comparison.SERIAL if objective is Objective.LUTS else Comparison.TREE)
    blocks = [
        _knockout(plan, k, rounds, comparison)
        for comparison in comparisons
        for rounds in _candidates(plan.n_classes, k)
    ]
    return min(blocks, key=lambda block: objective.key(*block_cost(block)))


def _candidates(n_classes: int, k: int) -> list[Rounds]:
    """Knockouts worth a try: one group size a round, and another in the last round."""
    # Only where a LUT chooses among four values do larger groups pay.
    sizes = (2, 3, 4) if k >= FOUR_WAY_INPUTS else (2,)
    found: dict[Rounds, None] = {}
    for size, last in product(sizes, sizes):
        for spread in (False, True):
            rounds: list[tuple[int, ...]] = []
            left = n_classes
            while left > 1:
                groups = (left,) if left <= last else _groups(left, size, spread)
                rounds.append(groups)
                left = len(groups)
            found[tuple(rounds)] = None
    return list(found)


def _groups(n_players: int, size: int, spread: bool) -> tuple[int, ...]:
    """Groups of at most ``size``: full ones and a rest, or of nearly equal size."""
    number = -(-n_players // size)
    if spread:
        return tuple(n_players // number + (i < n_players % number) for i in range(number))
    rest = n_players % size
    return (size,) * (n_players // size) + ((rest,) if rest else ())


def _knockout(plan: GroupSumPlan, k: int, rounds: Rounds, comparison: Comparison) -> Block:
    builder = Builder(plan.n_classes * plan.score_width, k)
    players = _players(builder, plan)
    winner = _last_one(builder, players, rounds, comparison)
    if not plan.margin:
        return builder.block(winner.index)
    others = [
        _without(builder, player, number, winner.index) for number, player in enumerate(players)
    ]
    second = _last_one(builder, others, rounds, comparison)
    margin = _difference(builder, winner.score, second.score, comparison)
    return builder.block([*winner.index, *margin[: plan.margin_width]])


def _last_one(
    builder: Builder, players: list[_Player], rounds: Rounds, comparison: Comparison
) -> _Player:
    """Who wins all rounds."""
    for groups in rounds:
        winners, first = [], 0
        for size in groups:
            winners.append(_winner(builder, players[first : first + size], comparison))
            first += size
        players = winners
    return players[0]


def _without(builder: Builder, player: _Player, number: int, index: Sequence[int]) -> _Player:
    """The player with the lowest score, zero, if it is the one that ``index`` says."""
    if len(index) < builder.k:
        score = [builder.gate([bit, *index], _unless, number) for bit in player.score]
        return _Player(tuple(score), ())
    hits = []
    for start in range(0, len(index), builder.k):
        part = index[start : start + builder.k]
        hits.append(builder.gate(part, _equals, number >> start & (1 << len(part)) - 1))
    while len(hits) >= builder.k:
        hits = [
            builder.gate(hits[at : at + builder.k], all) for at in range(0, len(hits), builder.k)
        ]
    score = [builder.gate([bit, *hits], _not_all) for bit in player.score]
    return _Player(tuple(score), ())


def _unless(pins: tuple[int, ...], number: int) -> bool:
    """Pin 0, unless the others are the number."""
    return bool(pins[0]) and not _equals(pins[1:], number)


def _equals(pins: tuple[int, ...], number: int) -> bool:
    return _number(pins) == number


def _not_all(pins: tuple[int, ...]) -> bool:
    """Pin 0, unless all the others are 1."""
    return bool(pins[0]) and not all(pins[1:])


def _difference(
    builder: Builder, a: Sequence[int], b: Sequence[int], comparison: Comparison
) -> list[int]:
    """Literals of ``a - b``, which is not negative."""
    if comparison is Comparison.CARRY:
        inverted = [([negated(bit)], 0b10) for bit in b]
        return builder.chain(a, inverted, carry_in=TRUE, carry_out=False)
    bits = []
    for place, pair in enumerate(zip(a, b, strict=True)):
        enough = TRUE  # what is below needs no borrow
        if place:
            enough = _at_least(builder, a[:place], b[:place], comparison)
        bits.append(builder.gate([*pair, enough], _less_borrow))
    return bits


def _less_borrow(pins: tuple[int, ...]) -> bool:
    """A bit of a difference; pins: both bits, and whether what is below needs no borrow."""
    return bool(pins[0] ^ pins[1] ^ pins[2] ^ 1)


def _players(builder: Builder, plan: GroupSumPlan) -> list[_Player]:
    """All classes; score bits that never change are constants, and order is that of unsigned."""
    inputs, width = builder.inputs(), plan.score_width
    players = []
    for number, item in enumerate(plan.sums):
        low, high = item.score_range
        bits = inputs[number * width : (number + 1) * width]
        score = [_bit(literal, place, low, high) for place, literal in enumerate(bits)]
        if plan.score_signed:
            score[-1] = negated(score[-1])
        index = [number >> place & 1 for place in range(plan.class_width)]
        players.append(_Player(tuple(score), tuple(index)))
    return players


def _bit(literal: int, place: int, low: int, high: int) -> int:
    """A score's bit, or the constant that it always is; ``low`` and ``high`` bound the score."""
    if low >> place != high >> place:
        return literal
    return TRUE if low >> place & 1 else FALSE


def _winner(builder: Builder, group: Sequence[_Player], comparison: Comparison) -> _Player:
    """Score and index of a group's winner."""
    if len(group) == 1:
        return group[0]
    pairs = combinations(group, 2)
    wins = [_at_least(builder, a.score, b.score, comparison) for a, b in pairs]
    if len(group) == 4:
        wins = [builder.gate(wins, _winner_digit, place) for place in range(2)]
    choose = {2: _choose_of_two, 3: _choose_of_three, 4: _choose_of_four}[len(group)]
    columns = zip(*(player.score + player.index for player in group), strict=True)
    bits = [builder.gate([*wins, *column], choose) for column in columns]
    width = len(group[0].score)
    return _Player(tuple(bits[:width]), tuple(bits[width:]))


def _choose_of_two(pins: tuple[int, ...]) -> int:
    """Pins: whether 0 beats 1; one bit of each."""
    return pins[1] if pins[0] else pins[2]


def _choose_of_three(pins: tuple[int, ...]) -> int:
    """Pins: whether 0 beats 1, 0 beats 2, 1 beats 2; one bit of each."""
    return pins[3] if pins[0] and pins[1] else pins[4] if pins[2] and not pins[0] else pins[5]


def _choose_of_four(pins: tuple[int, ...]) -> int:
    """Pins: the winner's number, low bit first; one bit of each."""
    return pins[2 + pins[0] + 2 * pins[1]]


def _winner_digit(pins: tuple[int, ...], place: int) -> int:
    """A bit of the number of the winner of four; pins: who beats whom, in order of the pairs."""
    beats = dict(zip(combinations(range(4), 2), pins, strict=True))
    for player in range(3):
        later = all(beats[player, other] for other in range(player + 1, 4))
        if later and not any(beats[other, player] for other in range(player)):
            return player >> place & 1
    return 3 >> place & 1


def _at_least(builder: Builder, a: Sequence[int], b: Sequence[int], comparison: Comparison) -> int:
    """Literal of ``a >= b``."""
    if comparison is Comparison.CARRY:
        return _by_carry(builder, a, b)
    if comparison is Comparison.SERIAL:
        return _serial(builder, a, b)
    return _tree(builder, a, b)


def _by_carry(builder: Builder, a: Sequence[int], b: Sequence[int]) -> int:
    """``a >= b`` unless ``b + ~a``, which is ``b - a - 1 + 2**width``, carries out."""
    inverted = [([negated(bit)], 0b10) for bit in a]
    return negated(builder.chain(b, inverted)[-1])


def _serial(builder: Builder, a: Sequence[int], b: Sequence[int]) -> int:
    """From the lowest digit up, one LUT a digit: a digit decides, or what is below it."""
    below = TRUE
    pairs = [(x, y) for x, y in zip(a, b, strict=True) if x != y]
    while pairs:
        size = _digit_size(pairs, below, builder.k)
        digit, pairs = pairs[:size], pairs[size:]
        pins = [below, *(x for x, _ in digit), *(y for _, y in digit)]
        below = builder.gate(pins, _reaches)
    return below


def _digit_size(pairs: Sequence[tuple[int, int]], below: int, k: int) -> int:
    """How many pairs of bits fit into a LUT together with what is below them."""
    room = k - (below > TRUE)
    for size, pair in enumerate(pairs):
        room -= sum(literal > TRUE for literal in pair)
        if room < 0:
            return size
    return len(pairs)


def _tree(builder: Builder, a: Sequence[int], b: Sequence[int]) -> int:
    """All digits at once; each one says whether it is greater and whether it is equal."""
    size = builder.k // 2
    digits = []
    for start in range(0, len(a), size):
        pins = [*a[start : start + size], *b[start : start + size]]
        last = start == 0
        greater = builder.gate([TRUE, *pins] if last else [FALSE, *pins], _reaches)
        digits.append((greater, FALSE if last else negated(builder.gate(pins, _differ))))
    size = max(2, size)  # (the lowest digit's "equal" is not read: two digits are three pins)
    while len(digits) > 1:
        digits = [_merge(builder, digits[at : at + size]) for at in range(0, len(digits), size)]
    return digits[0][0]


def _merge(builder: Builder, digits: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """(greater, equal) of neighbouring digits, the lowest first, as one digit."""
    pins = [literal for digit in digits for literal in digit]
    return builder.gate(pins, _greater_of), builder.gate(pins, _equal_of)


def _greater_of(pins: tuple[int, ...]) -> int:
    result = 0
    for greater, equal in zip(pins[::2], pins[1::2], strict=True):
        result = greater or (equal and result)
    return result


def _equal_of(pins: tuple[int, ...]) -> bool:
    return all(pins[1::2])


def _reaches(pins: tuple[int, ...]) -> bool:
    """Whether a > b, or a = b and pin 0; pins: what is below, bits of a, bits of b."""
    half = len(pins) // 2
    a, b = _number(pins[1 : 1 + half]), _number(pins[1 + half :])
    return a > b or (a == b and bool(pins[0]))


def _differ(pins: tuple[int, ...]) -> bool:
    half = len(pins) // 2
    return pins[:half] != pins[half:]


def _number(pins: Sequence[int]) -> int:
    return sum(value << place for place, value in enumerate(pins))
