"""How to add a heap of bits: which counters, level by level, found by a beam search.

All counters of a level read bits that exist when it begins. Sums are modulo ``2**columns``: what
would go beyond the highest column is not made.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from lgn2hdl.arithmetic.counters import Counter, Heights, Style, best_rate, candidates, fastest

_BEAM = 130
"""States kept after each step of the search, times columns."""

_CHOICES = 9
"""Counters tried from each state, about."""

_SEARCHED = 80
"""Bits from which on the fastest counter is taken without a search."""


@dataclass(frozen=True)
class Compression:
    """The counters of each level."""

    levels: tuple[tuple[Counter, ...], ...]

    @property
    def luts(self) -> int:
        """LUTs of all counters."""
        return sum(counter.luts for level in self.levels for counter in level)


class _State(NamedTuple):
    """Bits that can be read now, bits of this level's counters, and how it came to this.

    ``history`` is a linked list: (history before, counter), where no counter means a new level.
    """

    now: Heights
    later: Heights
    cost: float
    history: Any

    @property
    def finished(self) -> bool:
        """Whether every column has at most one bit."""
        return all(a + b <= 1 for a, b in zip(self.now, self.later, strict=True))

    def next_level(self, level_cost: float) -> _State:
        """The state where the sums of this level can be read."""
        now = tuple(a + b for a, b in zip(self.now, self.later, strict=True))
        return _State(now, (0,) * len(now), self.cost + level_cost, (self.history, None))

    def after(self, counter: Counter) -> _State:
        """The state after one more counter on this level."""
        now, later = list(self.now), list(self.later)
        for column, take in enumerate(counter.taken, counter.start):
            now[column] -= take
        for column in range(counter.start, counter.start + counter.n_sums):
            later[column] += 1
        history = (self.history, counter)
        return _State(tuple(now), tuple(later), self.cost + counter.luts, history)


@cache
def compress(heights: Heights, style: Style, k: int, level_cost: float) -> Compression:
    """Counters that leave at most one bit in every column.

    Args:
        heights: bits in every column; the sum counts modulo ``2**len(heights)``.
        style: kind of counters.
        k: inputs of a LUT.
        level_cost: LUTs that one level less is worth.
    """
    start = _without_search(heights, style, k, level_cost)
    if start.finished:
        return Compression(_by_level(start))
    worth = 1 / best_rate(style, k)
    beam, best = [start], None
    kept = max(4, _BEAM // len(heights))
    while beam:
        children: dict[tuple[Heights, Heights], _State] = {}
        for child in (child for state in beam for child in _children(state, style, k, level_cost)):
            if best is not None and child.cost >= best.cost:
                continue
            if child.finished:
                best = child
                continue
            known = children.setdefault((child.now, child.later), child)
            if child.cost < known.cost:
                children[child.now, child.later] = child
        ranked = [
            (state.cost + worth * (sum(state.now) + sum(state.later)), state.now, state.later)
            for state in children.values()
        ]
        beam = [children[item[1:]] for item in heapq.nsmallest(kept, ranked)]
    assert best is not None
    return Compression(_by_level(best))


def _without_search(heights: Heights, style: Style, k: int, level_cost: float) -> _State:
    """The state after the first levels of a large heap, where any good choice is as good."""
    state = _State(heights, (0,) * len(heights), 0.0, ())
    while sum(state.now) + sum(state.later) > _SEARCHED:
        counter = fastest(state.now, style, k)
        if counter is None or (any(state.later) and 2 * sum(state.now) < sum(state.later)):
            state = state.next_level(level_cost)
        else:
            state = state.after(counter)
    return state


def _children(state: _State, style: Style, k: int, level_cost: float) -> Iterator[_State]:
    """States after one more counter, or in the next level."""
    if any(state.later):
        yield state.next_level(level_cost)
    for counter in candidates(state.now, style, k, _CHOICES):
        yield state.after(counter)


def _by_level(state: _State) -> tuple[tuple[Counter, ...], ...]:
    levels: list[list[Counter]] = [[]]
    history = state.history
    while history:
        history, counter = history
        if counter is None:
            levels.append([])
        else:
            levels[-1].append(counter)
    return tuple(tuple(reversed(level)) for level in reversed(levels))
