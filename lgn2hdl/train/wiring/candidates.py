"""Candidates for learned wiring: the few sources that each pin chooses from. NumPy only, seeded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import OptionError
from lgn2hdl.train.wiring.balance import balanced_sets, shuffles
from lgn2hdl.train.wiring.wiring import PixelGrid, Places, pixel_grid

Sources = npt.NDArray[np.int32]
"""Candidates of every pin, ``i32[count, fan_in, width]``."""

Indices = npt.NDArray[np.int64]

BLOCK = 1 << 14
"""Nodes that are drawn for at once."""


def draw_candidates(
    n_sources: int,
    width: int,
    rng: np.random.Generator,
    *,
    fan_in: int,
    count: int,
    places: Places | None = None,
    radius: int = 1,
) -> Sources:
    """Random candidates ``i32[count, fan_in, width]``; those of one pin differ.

    Without ``places`` they come from all sources, and all are used equally often, up to one, also
    as first candidates alone. With ``places`` they come from the square of ``2 * radius + 1``
    pixels around the middle of a node; every source is the middle of equally many nodes, up to
    one. Where a square has fewer than ``count`` sources it grows. (LILogicNet, arXiv:2511.12340,
    draws from all inputs.)

    Args:
        n_sources: positions of the layer below.
        width: nodes of the layer.
        rng: where randomness comes from.
        fan_in: pins of a node.
        count: candidates of a pin.
        places: where the sources lie, for candidates that are near each other.
        radius: how far from the middle, in pixels.

    Raises:
        OptionError: if ``count`` is out of range.
    """
    if not 1 <= count <= n_sources:
        raise OptionError(
            f"{count} candidates for a pin of a layer with {n_sources} inputs: "
            f"choose 1 to {n_sources}"
        )
    if places is None:
        sets = balanced_sets(n_sources, fan_in * width, count, rng)
        return np.ascontiguousarray(sets.reshape(count, fan_in, width))
    grid = pixel_grid(places)
    centre = places[rng.permutation(shuffles(n_sources, width, rng))].astype(np.int64).T
    reach = _sufficient(grid, centre, radius, count)
    result = np.empty((count, fan_in, width), np.int32)
    for size, nodes in _alike(reach):
        window = _window(grid, centre[:, nodes], size)
        result[:, :, nodes] = _draw(window, count, fan_in, rng)
    return result


def redraw(
    candidates: Sources,
    keep: npt.NDArray[np.bool_],
    n_sources: int,
    rng: np.random.Generator,
    *,
    places: Places | None = None,
    radius: int = 1,
) -> Sources:
    """New random sources in place of the candidates that are not kept.

    A new one differs from all other candidates of its pin; where nothing else is left it may be the
    old one again. With ``places`` it comes from the square around the middle of all that the node
    chose from so far, so a node's candidates stay within ``2 * radius + 1`` pixels (or within the
    larger square that they were drawn from). (Resampling: CompactLogic, arXiv:2602.05830.)

    Args:
        candidates: ``i32[count, fan_in, width]``, left as it is.
        keep: which of them stay, ``bool[count, fan_in, width]``.
        n_sources: positions of the layer below.
        rng: where randomness comes from.
        places: where the sources lie, for candidates that are near each other.
        radius: how far from the middle, in pixels.
    """
    result = np.empty_like(candidates)
    if places is None:
        for _, nodes in _alike(np.zeros(candidates.shape[2], np.int64)):
            part = candidates[:, :, nodes], keep[:, :, nodes]
            result[:, :, nodes] = _replaced(*part, None, n_sources, rng)
        return result
    grid = pixel_grid(places)
    lowest, highest = _box(candidates, places)
    centre = (lowest + highest) // 2
    reach = np.maximum(radius, (highest - centre).max(axis=0))
    for size, nodes in _alike(reach):
        window = _window(grid, centre[:, nodes], size)
        part = candidates[:, :, nodes], keep[:, :, nodes]
        result[:, :, nodes] = _replaced(*part, window, n_sources, rng)
    return result


def _alike(reach: Indices) -> Iterator[tuple[int, Indices]]:
    """Reach and nodes whose squares have it, a block that fits the processor's cache at a time."""
    for size in np.unique(reach).tolist():
        nodes = np.flatnonzero(reach == size)
        for start in range(0, len(nodes), BLOCK):
            yield size, nodes[start : start + BLOCK]


def _replaced(
    candidates: Sources,
    keep: npt.NDArray[np.bool_],
    window: Window | None,
    n_sources: int,
    rng: np.random.Generator,
) -> Sources:
    """Redraw one candidate of every pin at a time: so each can be compared with the others."""
    count, fan_in, width = candidates.shape
    pins = np.array(candidates.reshape(count, fan_in * width))
    for slot, kept in enumerate(keep.reshape(pins.shape)):
        missing = np.flatnonzero(~kept)
        while len(missing):
            if window is None:
                drawn = rng.integers(n_sources, size=len(missing), dtype=np.int32)
            else:
                node = missing % width
                drawn = window.source(rng.integers(window.size[node]), node)
            same = pins[:, missing] == drawn
            same[slot] = False
            good = ~same.any(axis=0)
            pins[slot, missing[good]] = drawn[good]
            missing = missing[~good]
    return pins.reshape(candidates.shape)


@dataclass(frozen=True, eq=False)
class Window:
    """The sources in a square around each of n nodes, numbered row by row of the image.

    Attributes:
        grid: the sources by pixel.
        begin: where each row of the square begins in ``grid.order``, ``i64[rows, n]``.
        before: sources in the rows above each row, and in all of them, ``i64[rows + 1, n]``.
    """

    grid: PixelGrid
    begin: Indices
    before: Indices

    @property
    def size(self) -> Indices:
        """Number of sources, ``i64[n]``."""
        return self.before[-1]

    def source(self, rank: Indices, node: Indices) -> Sources:
        """Source number ``rank[m]`` of the square around ``node[m]``."""
        row = (rank >= self.before[1:, node]).sum(axis=0)
        position = self.begin[row, node] + rank - self.before[row, node]
        return self.grid.order[position].astype(np.int32)


def _window(grid: PixelGrid, centre: Indices, reach: int) -> Window:
    """Squares of ``2 * reach + 1`` pixels around the pixels ``centre[2, n]``."""
    row = centre[0] + np.arange(-reach, reach + 1)[:, None]
    left = np.maximum(centre[1] - reach, 0)
    right = np.minimum(centre[1] + reach, grid.n_columns - 1)
    inside = (row >= 0) & (row < grid.n_rows)
    first = np.where(inside, row, 0) * grid.n_columns
    begin = grid.begin[first + left]
    length = np.where(inside, grid.begin[first + right + 1] - begin, 0)
    return Window(grid, begin, np.vstack([np.zeros_like(left), np.cumsum(length, axis=0)]))


def _sufficient(grid: PixelGrid, centre: Indices, radius: int, count: int) -> Indices:
    """For each node the smallest reach from ``radius`` on whose square has ``count`` sources."""
    reach = np.full(centre.shape[1], radius)
    small = np.arange(centre.shape[1])
    while len(small):
        size = _window(grid, centre[:, small], radius).size
        small = small[size < count]
        radius += 1
        reach[small] = radius
    return reach


def _draw(window: Window, count: int, fan_in: int, rng: np.random.Generator) -> Sources:
    """``count`` different sources for each pin of each node, every choice equally likely.

    Floyd's method: the number of draws is fixed, however full the squares get (Bentley and Floyd,
    "A sample of brilliance", 1987).
    """
    size = window.size
    shape = (fan_in, len(size))
    ranks = np.empty((count, *shape), np.int64)
    for slot in range(count):
        last = size - count + slot
        drawn = rng.integers(last + 1, size=shape)
        taken = (ranks[:slot] == drawn).any(axis=0)
        ranks[slot] = np.where(taken, last, drawn)
    # Turned by a random amount, else the first candidates would lie in the upper left.
    ranks = (ranks + rng.integers(size, size=shape)) % size
    node = np.tile(np.arange(len(size)), fan_in)
    sources = [window.source(row.ravel(), node).reshape(shape) for row in ranks]
    return np.stack(sources)


def _box(candidates: Sources, places: Places) -> tuple[Indices, Indices]:
    """Lowest and highest row and column of what each node chooses from, ``i64[2, width]`` both."""
    corners = []
    for axis in places.astype(np.int64).T:
        pixels = axis[candidates]
        corners.append((pixels.min(axis=(0, 1)), pixels.max(axis=(0, 1))))
    lowest, highest = zip(*corners, strict=True)
    return np.stack(lowest), np.stack(highest)
