"""Popcount: the scores of all classes, each a heap of weighted bits that counters add up."""

from __future__ import annotations

from lgn2hdl.arithmetic.builder import FALSE, TRUE, Builder, negated, table_of
from lgn2hdl.arithmetic.compression import compress
from lgn2hdl.arithmetic.cost import Objective, block_cost
from lgn2hdl.arithmetic.counters import ChainCounter, Counter, Group, LutCounter, Style
from lgn2hdl.arithmetic.resources import Resources
from lgn2hdl.ir.circuit import Block
from lgn2hdl.model.heads.group_sum_plan import ClassSum, GroupSumPlan

Columns = list[list[int]]
"""Literals of the bits in every column, the lowest column first."""


_LEVEL_COSTS = {Objective.LUTS: (0.01, 0.5), Objective.DEPTH: (0.5, 2.0, 8.0)}
"""LUTs that one level less is worth, of the candidates for each objective."""


def styles_for(resources: Resources) -> tuple[Style, ...]:
    """Styles worth a try (6:3 counters include full adders) with what a device offers."""
    if resources.carry:
        return (Style.CARRY_COUNTERS,) if resources.absorbs_addend else (Style.ADDER_TREE,)
    return (Style.SIX_THREE,)


def choose_popcount(plan: GroupSumPlan, n_signals: int, resources: Resources) -> Block:
    """The best popcount of all styles: the fewest LUTs, then levels, or the other way round.

    Args:
        plan: the classes' terms and biases.
        n_signals: number of core signals, the inputs of the block.
        resources: what the device offers, and what comes first.
    """
    objective = resources.objective
    blocks = [
        popcount_block(plan, n_signals, resources.lut_inputs, style, level_cost=level_cost)
        for style in styles_for(resources)
        for level_cost in _LEVEL_COSTS[objective]
    ]
    return min(blocks, key=lambda block: objective.key(*block_cost(block)))


def popcount_block(
    plan: GroupSumPlan, n_signals: int, k: int, style: Style, *, level_cost: float = 0.01
) -> Block:
    """Scores of all classes.

    Args:
        plan: the classes' terms and biases.
        n_signals: number of core signals, the inputs of the block.
        k: inputs of a LUT, 3 to 6.
        style: what the popcounts are made of.
        level_cost: LUTs that one LUT level less is worth, for each class.

    Returns:
        A block whose outputs are the scores, class by class, each least significant bit first, in
        ``plan.score_width`` bits (two's complement if ``plan.score_signed``).
    """
    builder = Builder(n_signals, k)
    outputs: list[int] = []
    for item in plan.sums:
        score = _score(builder, item, style, level_cost)
        sign = score[-1] if item.score_range[0] < 0 else FALSE
        outputs += score + [sign] * (plan.score_width - len(score))
    return builder.block(outputs)


def own_width(item: ClassSum) -> int:
    """Bits of one class's score, two's complement if it can be negative; 0 if it is always 0."""
    low, high = item.score_range
    if low < 0:
        return max((-low - 1).bit_length(), max(high, 0).bit_length()) + 1
    return high.bit_length()


def _score(builder: Builder, item: ClassSum, style: Style, level_cost: float) -> list[int]:
    """Literals of one class's score."""
    columns = heap(item, builder.inputs())
    heights = tuple(len(column) for column in columns)
    for level in compress(heights, style, builder.k, level_cost).levels:
        later: Columns = [[] for _ in columns]
        for counter in level:
            sums = _add(builder, columns, counter)
            for place, literal in enumerate(sums):
                later[counter.start + place].append(literal)
        columns = [left + made for left, made in zip(columns, later, strict=True)]
    return [column[0] if column else FALSE for column in columns]


def heap(item: ClassSum, signals: list[int]) -> Columns:
    """The bits to add: every term in the columns of its weight's digits, and the bias.

    In each column complements and constants come first: those a gate reads at no cost.
    """
    width = own_width(item)
    columns: Columns = [[] for _ in range(width)]
    constant = item.bias
    for term in item.terms:
        literal = signals[term.signal] ^ int(term.complement)
        for column, digit in signed_digits(term.weight):
            if digit < 0:  # -b = (1 - b) - 1
                constant -= 1 << column
            if column < width:
                columns[column].append(negated(literal) if digit < 0 else literal)
    for column in range(width):
        if constant >> column & 1:
            columns[column].append(TRUE)
    return [sorted(column, key=lambda literal: (~literal & 1, literal)) for column in columns]


def signed_digits(weight: int) -> list[tuple[int, int]]:
    """Columns and signs of the fewest powers of two that add up to ``weight``, lowest first.

    Binary digits where they are as few; otherwise the canonical signed digits.
    """
    binary = [(place, 1) for place in range(weight.bit_length()) if weight >> place & 1]
    signed, place = [], 0
    while weight:
        if weight & 1:
            digit = 2 - (weight & 3)
            signed.append((place, digit))
            weight -= digit
        weight >>= 1
        place += 1
    return signed if len(signed) < len(binary) else binary


def _add(builder: Builder, columns: Columns, counter: Counter) -> list[int]:
    """Literals of a counter's sums; what it adds is taken off the columns."""
    if isinstance(counter, LutCounter):
        return _lut_counter(builder, columns, counter)
    return _chain(builder, columns, counter)


def _lut_counter(builder: Builder, columns: Columns, counter: LutCounter) -> list[int]:
    bits, weights = _take(columns, counter.start, counter.taken)
    return [builder.gate(bits, _digit_of_sum, place, *weights) for place in range(counter.n_sums)]


def _chain(builder: Builder, columns: Columns, counter: ChainCounter) -> list[int]:
    """One carry chain; complements go to the addends, whose gates absorb them."""
    augends: list[int] = []
    addends: list[tuple[list[int], int]] = []
    start = counter.start
    counted = []
    for group in counter.groups:
        counted.append(_take(columns, start, group.counted))
        start += len(group.counted)
    start = counter.start
    for group, (bits, weights) in zip(counter.groups, counted, strict=True):
        augends += _augends(columns, start, group)
        addends += [
            (bits, table_of(_digit_of_sum, len(bits), place, *weights))
            for place in range(len(group.counted))
        ]
        start += len(group.counted)
    carry_in = columns[counter.start].pop() if counter.carry_in else FALSE
    return builder.chain(augends, addends, carry_in, bool(counter.carry_out))


def _augends(columns: Columns, start: int, group: Group) -> list[int]:
    return [
        columns[start + place].pop() if taken else FALSE
        for place, taken in enumerate(group.augends)
    ]


def _take(columns: Columns, start: int, taken: tuple[int, ...]) -> tuple[list[int], list[int]]:
    """Bits from the front of the columns, and the logarithm of each one's weight."""
    bits: list[int] = []
    weights: list[int] = []
    for place, number in enumerate(taken):
        column = columns[start + place]
        bits += column[:number]
        weights += [place] * number
        del column[:number]
    return bits, weights


def _digit_of_sum(pins: tuple[int, ...], place: int, *weights: int) -> int:
    """One binary digit of the weighted sum of the pins."""
    return sum(pin << weight for pin, weight in zip(pins, weights, strict=True)) >> place & 1
