"""Fixed wiring: which positions of the layer below each node reads. NumPy only, seeded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lgn2hdl.train.wiring.balance import balanced_sets, shuffles

PATIENCE = 50
"""Draws in a square of pixels before it counts as empty."""

Fanin = npt.NDArray[np.int32]
Places = npt.NDArray[np.float64]
"""Where each source lies in the image, ``f64[S, 2]``: row and column in pixels."""


def pixel_places(feature: npt.NDArray[np.integer], image_shape: tuple[int, ...]) -> Places:
    """Places of input bits that read ``feature[B]`` of an image (rows, columns, and channels)."""
    n_columns = image_shape[1]
    pixel = feature.astype(np.int64) // int(np.prod(image_shape[2:], dtype=np.int64))
    return np.stack([pixel // n_columns, pixel % n_columns], axis=1).astype(np.float64) + 0.5


def node_places(places: Places, fanin: Fanin) -> Places:
    """A node lies in the middle of what it reads."""
    return np.asarray(places[fanin].mean(axis=1))


@dataclass(frozen=True, eq=False)
class PixelGrid:
    """Sources by pixel.

    Attributes:
        order: the sources sorted by pixel, row by row of the image, ``i64[S]``.
        begin: where each pixel's sources begin in ``order``, ``i64[n_rows * n_columns + 1]``.
        n_rows: rows of the image that have sources.
        n_columns: columns of the image that have sources.
    """

    order: npt.NDArray[np.int64]
    begin: npt.NDArray[np.int64]
    n_rows: int
    n_columns: int

    def sources_at(
        self, pixel: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """First position in ``order`` and number of the sources in ``pixel[n, 2]``.

        A pixel outside of the image has none.
        """
        row, column = pixel.T
        inside = (row >= 0) & (row < self.n_rows) & (column >= 0) & (column < self.n_columns)
        index = np.where(inside, row * self.n_columns + column, 0)
        begin = self.begin[index]
        return begin, np.where(inside, self.begin[index + 1] - begin, 0)


def pixel_grid(places: Places) -> PixelGrid:
    """Sort sources at ``places[S, 2]`` into pixels."""
    n_rows, n_columns = (places.max(axis=0).astype(np.int64) + 1).tolist()
    pixel = places.astype(np.int64) @ np.array([n_columns, 1])
    order = np.argsort(pixel, kind="stable")
    begin = np.searchsorted(pixel[order], np.arange(n_rows * n_columns + 1))
    return PixelGrid(order, begin, n_rows, n_columns)


def neighbours(n_sources: int, width: int, rng: np.random.Generator, fan_in: int = 2) -> Fanin:
    """Distinct rows of evenly spaced sources, nearest first, in random order.

    Rows at distance 1 come first: (0,1), (2,3), ..., then (1,2), (3,4), ...; then those at
    distance 2, 3 and so on until the layer is full (Petersen et al., arXiv:2210.08277). With more
    pins a row goes on at the same distance: (0,1,2), (3,4,5), ..., then (1,2,3), (4,5,6), ...; at
    distance 2 (0,2,4), (1,3,5), (6,8,10), ... Of the last group that is begun, a random part is
    taken. Once every row is used the list starts again.

    Returns:
        Wiring ``i32[width, fan_in]``, the lowest position on pin 0.
    """
    farthest = (n_sources - 1) // (fan_in - 1)
    every = sum(n_sources - (fan_in - 1) * distance for distance in range(1, farthest + 1))
    rounds = (width - 1) // every
    missing = width - rounds * every
    chosen: list[Fanin] = []
    if rounds:
        whole = np.concatenate(list(_nearest_first(n_sources, fan_in)))
        chosen.append(np.tile(whole, (rounds, 1)))
    for group in _nearest_first(n_sources, fan_in):
        if len(group) > missing:
            group = group[rng.choice(len(group), missing, replace=False)]
        chosen.append(group)
        missing -= len(group)
        if not missing:
            break
    return np.ascontiguousarray(rng.permutation(np.concatenate(chosen)), np.int32)


def _nearest_first(n_sources: int, fan_in: int) -> Iterator[Fanin]:
    """Groups of rows ``(i, i + distance, i + 2 * distance, ...)``; no two of a group meet."""
    for distance in range(1, (n_sources - 1) // (fan_in - 1) + 1):
        low = np.arange(n_sources - (fan_in - 1) * distance, dtype=np.int32)
        for phase in range(fan_in):
            mine = low[low // distance % fan_in == phase]
            yield mine[:, None] + np.arange(fan_in, dtype=np.int32) * np.int32(distance)


def balanced(n_sources: int, width: int, rng: np.random.Generator, fan_in: int = 2) -> Fanin:
    """Random wiring ``i32[width, fan_in]`` that reads every source equally often, up to one.

    That holds for pin 0 alone as well: nodes that start as wires of pin 0 lose no source.
    (Each of two pins independently at random would leave one source in eight unread in a layer as
    wide as the one below.)
    """
    if fan_in > 2:
        return np.ascontiguousarray(balanced_sets(n_sources, width, fan_in, rng).T)
    # Pairs keep the way they were always drawn in: a model's seed gives the same model.
    ends = shuffles(n_sources, 2 * width, rng).astype(np.int32)
    first, second = rng.permutation(ends[:width]), rng.permutation(ends[width:])
    _part_pairs(first, second, rng)
    return np.stack([first, second], axis=1)


def _part_pairs(first: Fanin, second: Fanin, rng: np.random.Generator) -> None:
    """Exchange values of ``second`` until no node has its value on both pins.

    An exchange with a node that does not read the doubled source always helps, and such a node
    exists: a source has fewer ends than there are nodes, plus one.
    """
    equal = np.flatnonzero(first == second).tolist()
    pin0, pin1 = first.tolist(), second.tolist()
    while equal:
        others = rng.integers(len(pin0), size=len(equal)).tolist()
        for node, other in zip(equal, others, strict=True):
            source = pin0[node]
            if pin1[node] == source and source not in (pin0[other], pin1[other]):
                pin1[node], pin1[other] = pin1[other], source
        equal = [node for node in equal if pin0[node] == pin1[node]]
    second[:] = pin1


def local(
    places: Places, width: int, radius: int, rng: np.random.Generator, fan_in: int = 2
) -> Fanin:
    """Wiring ``i32[width, fan_in]`` between sources that lie near each other in an image.

    Pin 0 reads every source equally often, up to one; every other pin reads a random source in a
    pixel drawn from the square of ``2 * radius + 1`` pixels around it; the square grows if it seems
    to hold nothing that the node does not read already.
    """
    pins = [rng.permutation(shuffles(len(places), width, rng))]
    grid = pixel_grid(places)
    for _ in range(1, fan_in):
        pins.append(_near(np.stack(pins), places, grid, radius, rng))
    return np.stack(pins, axis=1).astype(np.int32)


def _near(
    taken: npt.NDArray[np.int64],
    places: Places,
    grid: PixelGrid,
    radius: int,
    rng: np.random.Generator,
) -> npt.NDArray[np.int64]:
    """Another source for each node, near its pin 0; ``taken[pins, width]`` it reads already."""
    chosen = np.empty(taken.shape[1], np.int64)
    missing, reach, attempts = np.arange(len(chosen)), radius + 0.5, 0
    while len(missing):
        centre = places[taken[0, missing]]
        drawn = np.floor(centre + rng.uniform(-reach, reach, (len(missing), 2)))
        begin, count = grid.sources_at(drawn.astype(np.int64))
        pick = begin + (rng.random(len(missing)) * count).astype(np.int64)
        found = grid.order[np.minimum(pick, len(places) - 1)]
        good = (count > 0) & (found != taken[:, missing]).all(axis=0)
        chosen[missing[good]] = found[good]
        missing, attempts = missing[~good], attempts + 1
        if attempts > PATIENCE:
            reach = min(1.1 * reach, float(places.max()) + 1)
    return chosen
