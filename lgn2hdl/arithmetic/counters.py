"""Counters: what takes bits off the columns of a heap and puts fewer back.

A heap is a number of bits in every column; a bit in column ``c`` counts ``2**c``. Two kinds:

* LUT counters: every bit of the sum is one LUT that reads all the bits taken.
* Chains: a carry chain adds one bit (the augend) and one gate (the addend, in the same LUT) at
  every position. The gates of neighbouring positions can be the digits of a count of up to five
  bits, so that three positions take five bits and three augends and give three bits back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import NamedTuple

Heights = tuple[int, ...]
"""Number of bits in every column, lowest first."""


class Style(Enum):
    """What a popcount is made of."""

    ADDER_TREE = "adder tree"
    """Carry chains that add two bits a position."""
    FULL_ADDERS = "full adders"
    """LUT counters of three bits."""
    SIX_THREE = "6:3 counters"
    """LUT counters of up to as many bits as a LUT has inputs."""
    CARRY_COUNTERS = "carry counters"
    """Carry chains with counts of up to five bits in front, and LUT counters (Xilinx)."""


@dataclass(frozen=True)
class LutCounter:
    """``taken[i]`` bits of column ``start + i`` become ``n_sums`` bits, one LUT each."""

    start: int
    taken: Heights
    n_sums: int

    @property
    def luts(self) -> int:
        """LUTs that it takes."""
        return self.n_sums


@dataclass(frozen=True)
class Group:
    """Neighbouring positions of a chain whose addends are the digits of one count.

    Attributes:
        counted: bits taken off each position's column for the count.
        augends: bits taken off each position's column as augend, 0 or 1.
    """

    counted: Heights
    augends: Heights


@dataclass(frozen=True)
class ChainCounter:
    """A carry chain from column ``start`` upwards.

    Attributes:
        start: column of the lowest position.
        groups: what its positions add, lowest first.
        carry_in: bits taken off the lowest column as carry in, 0 or 1.
        carry_out: bits given to the column above the chain, 0 or 1.
    """

    start: int
    groups: tuple[Group, ...]
    carry_in: int
    carry_out: int

    @property
    def taken(self) -> Heights:
        """Bits taken off each column from ``start`` on."""
        total = [
            counted + augend
            for group in self.groups
            for counted, augend in zip(group.counted, group.augends, strict=True)
        ]
        total[0] += self.carry_in
        return tuple(total)

    @property
    def n_sums(self) -> int:
        """Bits given back, one in every column from ``start`` on."""
        return self.luts + self.carry_out

    @property
    def luts(self) -> int:
        """LUTs that it takes: one a position."""
        return sum(len(group.counted) for group in self.groups)


Counter = LutCounter | ChainCounter

_LUT_SHAPES = {
    Style.ADDER_TREE: (),
    Style.FULL_ADDERS: ((2,), (3,)),
    Style.SIX_THREE: ((2,), (3,), (5,), (6,), (5, 1), (3, 2)),
    Style.CARRY_COUNTERS: ((3,), (6,), (5, 1), (3, 2)),
}
"""Bits taken by the LUT counters of each style, lowest column first."""

_GROUP_SHAPES: dict[Style, tuple[Heights, ...]] = {
    Style.ADDER_TREE: ((1,),),
    Style.FULL_ADDERS: (),
    Style.SIX_THREE: (),
    Style.CARRY_COUNTERS: ((1,), (3, 0), (5, 0, 0), (3, 2, 0)),
}
"""Most bits counted by the groups of a chain in each style."""


class Candidate(NamedTuple):
    """A counter, what it gains (LUTs saved by the bits that it takes away), and its rate."""

    gain: float
    rate: float
    counter: Counter


@cache
def best_rate(style: Style, k: int) -> float:
    """Bits that one LUT takes away at best."""
    if style is Style.CARRY_COUNTERS:
        return 5 / 3 if k >= 6 else 1.5 if k > 3 else 1.0
    if style is Style.ADDER_TREE or (style is Style.SIX_THREE and k >= 6):
        return 1.0
    return 2 / 3 if style is Style.SIX_THREE and k == 5 else 0.5


@cache
def candidates(heights: Heights, style: Style, k: int, most: int) -> tuple[Counter, ...]:
    """Counters that fit: those that gain most, then those with the highest rate.

    Args:
        heights: bits that there are.
        style: kind of counters.
        k: inputs of a LUT.
        most: about how many are wanted.
    """
    worth = 1 / best_rate(style, k)
    found = [
        *_lut_candidates(heights, style, k, worth),
        *_chain_candidates(heights, style, k, worth),
    ]
    by_gain = sorted(found, key=lambda item: (-item.gain, -item.rate))[:most]
    by_rate = sorted(found, key=lambda item: (-item.rate, -item.gain))[: most // 3]
    return tuple(dict.fromkeys(item.counter for item in (*by_gain, *by_rate)))


@cache
def fastest(heights: Heights, style: Style, k: int) -> Counter | None:
    """The counter that takes most bits away for each LUT; None if none takes any."""
    worth = 1 / best_rate(style, k)
    found = [
        *_lut_candidates(heights, style, k, worth),
        *_chain_candidates(heights, style, k, worth),
    ]
    item = max(found, key=lambda item: (item.rate, item.gain), default=None)
    return item.counter if item and item.rate > 0 else None


def _candidate(counter: Counter, taken: int, worth: float) -> Candidate:
    removed = taken - counter.n_sums
    return Candidate(removed * worth - counter.luts, removed / counter.luts, counter)


def _lut_candidates(heights: Heights, style: Style, k: int, worth: float) -> Iterator[Candidate]:
    """LUT counters that fit; a half adder only where nothing else empties its column."""
    width = len(heights)
    for start, height in enumerate(heights):
        if start == width - 1 and height > 1 and _LUT_SHAPES[style]:
            # In the highest column the sum is one exclusive or.
            taken = min(k, height)
            yield _candidate(LutCounter(start, (taken,), 1), taken, worth)
            continue
        for shape in _LUT_SHAPES[style]:
            fits = all(a >= b for a, b in zip(heights[start:], shape, strict=False))
            if not fits or sum(shape) > k or start + len(shape) > width:
                continue
            if shape == (2,) and height != 2:
                continue
            highest = sum(take << place for place, take in enumerate(shape))
            n_sums = min(highest.bit_length(), width - start)
            yield _candidate(LutCounter(start, shape, n_sums), sum(shape), worth)


class _Reach(NamedTuple):
    """The best chain from a start up to some column: bits taken, their sum, and the last group."""

    taken: int
    highest: int
    carry_in: int
    before: int
    group: Group | None


def _chain_candidates(heights: Heights, style: Style, k: int, worth: float) -> Iterator[Candidate]:
    """For every lowest and highest column the chain that takes most bits."""
    shapes = [shape for shape in _GROUP_SHAPES[style] if sum(shape) < k]
    if not shapes:
        return
    width = len(heights)
    groups = [[_group(heights, column, shape) for shape in shapes] for column in range(width)]
    for start, height in enumerate(heights):
        if height < 2:
            continue
        reach = _reaches(heights, start, groups)
        for end, found in reach.items():
            luts = end - start
            carry_out = int(end < width and found.highest >> luts > 0)
            removed = found.taken - luts - carry_out
            if removed > 0 or (removed == 0 and height == 2):  # (a half adder)
                chain = ChainCounter(start, _groups(reach, end), found.carry_in, carry_out)
                yield Candidate(removed * worth - luts, removed / luts, chain)


def _group(heights: Heights, column: int, shape: Heights) -> Group:
    """As many bits as a group can take."""
    have = heights[column : column + len(shape)]
    counted = tuple(min(a, b) for a, b in zip(have, shape, strict=False))
    augends = tuple(int(a > b) for a, b in zip(have, counted, strict=True))
    return Group(counted, augends)


def _reaches(heights: Heights, start: int, groups: list[list[Group]]) -> dict[int, _Reach]:
    """The chains from ``start`` that take most bits, by the column above their highest."""
    reach = {start: _Reach(0, 0, 0, start, None)}
    for column in range(start, len(heights)):
        if column not in reach:
            continue
        below = reach[column]
        for group in groups[column]:
            end = column + len(group.counted)
            bits = [a + b for a, b in zip(group.counted, group.augends, strict=True)]
            carry_in = below.carry_in
            if column == start:
                carry_in = int(heights[start] > bits[0])
                bits[0] += carry_in
            taken = below.taken + sum(bits)
            if end not in reach or taken > reach[end].taken:
                worth = sum(number << place for place, number in enumerate(bits))
                highest = below.highest + (worth << (column - start))
                reach[end] = _Reach(taken, highest, carry_in, column, group)
    del reach[start]
    return reach


def _groups(reach: dict[int, _Reach], end: int) -> tuple[Group, ...]:
    """The groups of the chain that ends below a column."""
    groups: list[Group] = []
    while end in reach:
        item = reach[end]
        assert item.group is not None
        groups.append(item.group)
        end = item.before
    return tuple(reversed(groups))
