"""Balanced sets: many small random sets of sources that use every source equally often."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

PATIENCE = 200
"""Rounds of exchanges before sets count as too many or too large to be found by chance."""

Sets = npt.NDArray[np.int32]
"""One set per column, ``i32[size, n_sets]``."""


def shuffles(n_sources: int, length: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """``length`` sources: one random order of all after the other."""
    rounds = -(-length // n_sources)
    orders = np.tile(np.arange(n_sources), (rounds, 1))
    return rng.permuted(orders, axis=1, out=orders).ravel()[:length]


def balanced_sets(n_sources: int, n_sets: int, size: int, rng: np.random.Generator) -> Sets:
    """Random sets of ``size <= n_sources`` sources, ``i32[size, n_sets]``.

    No set holds a source twice; every source is used equally often, up to one, in row 0 alone as
    in all rows together.
    """
    if n_sources >= 4 * size:  # else too few partners to exchange with
        sets = shuffles(n_sources, size * n_sets, rng).astype(np.int32).reshape(size, n_sets)
        sets[0] = rng.permutation(sets[0])
        if _exchange_repeats(sets, rng):
            return sets
    full = n_sets // n_sources
    parts = [_circles(n_sources, full, size, rng), _windows(n_sources, n_sets, size, rng)]
    return np.concatenate(parts, axis=1)[:, rng.permutation(n_sets)]


def _exchange_repeats(sets: Sets, rng: np.random.Generator) -> bool:
    """Let sets that hold a source twice exchange it with random other sets, in place.

    Only entries of one row change places, so the rows keep what they hold. Row 0 stays as it is.
    """
    owner = np.empty(sets.shape[1], np.int64)
    row, column = _repeats(sets)
    for _ in range(PATIENCE):
        if not len(column):
            return True
        partner = rng.integers(sets.shape[1], size=len(column))
        mine, other = sets[row, column], sets[row, partner]
        helps = ~(sets[:, partner] == mine).any(axis=0) & ~(sets[:, column] == other).any(axis=0)
        trade = np.flatnonzero(helps)
        # A set takes part in one exchange of a round, else two could undo each other.
        owner[column[trade]] = trade
        owner[partner[trade]] = trade
        trade = trade[(owner[column[trade]] == trade) & (owner[partner[trade]] == trade)]
        sets[row[trade], column[trade]] = other[trade]
        sets[row[trade], partner[trade]] = mine[trade]
        left = (sets[:, column] == sets[row, column]).sum(axis=0) > 1
        row, column = row[left], column[left]
    return False


def _repeats(sets: Sets) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Row and column of every entry that a row above holds already in the same column."""
    found = [np.flatnonzero((sets[:row] == sets[row]).any(axis=0)) for row in range(1, len(sets))]
    rows = np.repeat(np.arange(1, len(sets)), [len(columns) for columns in found])
    return rows, np.concatenate([np.empty(0, np.int64), *found])


def _circles(n_sources: int, n_circles: int, size: int, rng: np.random.Generator) -> Sets:
    """``n_circles * n_sources`` sets, exactly balanced in every row.

    A circle is all sources in random order; its sets are a random pattern turned to each place.
    """
    if not n_circles:
        return np.empty((size, 0), np.int32)
    order = shuffles(n_sources, n_circles * n_sources, rng).reshape(n_circles, n_sources)
    steps = np.tile(np.arange(1, n_sources), (n_circles, 1))
    steps = rng.permuted(steps, axis=1)[:, : size - 1]
    rows = [order]
    for step in steps.T:
        place = (np.arange(n_sources) + step[:, None]) % n_sources
        rows.append(np.take_along_axis(order, place, axis=1))
    return np.stack([row.ravel() for row in rows]).astype(np.int32)


def _windows(n_sources: int, n_sets: int, size: int, rng: np.random.Generator) -> Sets:
    """The ``n_sets % n_sources`` sets that fill no circle: one window after the other of an order.

    The windows go round the order; in each round another of their places comes first, so that no
    source comes first twice.
    """
    order = rng.permutation(n_sources)
    index = np.arange(n_sets % n_sources)
    round_trip = index // (n_sources // np.gcd(n_sources, size))
    inside = (np.arange(size)[:, None] + round_trip) % size
    return order[(index * size + inside) % n_sources].astype(np.int32)
