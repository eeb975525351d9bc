"""Fixed wiring: which two positions of the layer below each node reads. NumPy only, seeded."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lgn2hdl.errors import OptionError

WIRINGS: tuple[str, ...] = ("neighbour", "balanced", "local")
"""Kinds of wiring; see :func:`neighbour_pairs`, :func:`balanced` and :func:`local`."""

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


def local(places: Places, width: int, radius: int, rng: np.random.Generator) -> Fanin:
    """Wiring ``i32[width, 2]`` between sources that lie near each other in an image.

    Pin 0 reads every source equally often, up to one; pin 1 reads a random source in a pixel drawn
    from the square of ``2 * radius + 1`` pixels around it; the square grows if it seems empty.
    """
    n_sources = len(places)
    rounds = -(-width // n_sources)
    ends = np.concatenate([rng.permutation(n_sources) for _ in range(rounds)])
    first = rng.permutation(ends[:width])
    second = np.full(width, -1)
    n_columns = int(places[:, 1].max()) + 1
    pixel = places.astype(np.int64) @ np.array([n_columns, 1])
    order = np.argsort(pixel, kind="stable")
    missing, reach, attempts = np.arange(width), radius + 0.5, 0
    while len(missing):
        drawn = np.floor(places[first[missing]] + rng.uniform(-reach, reach, (len(missing), 2)))
        inside = (drawn >= 0).all(axis=1) & (drawn[:, 1] < n_columns)
        target = drawn.astype(np.int64) @ np.array([n_columns, 1])
        begin = np.searchsorted(pixel[order], target)
        count = np.searchsorted(pixel[order], target, side="right") - begin
        pick = begin + (rng.random(len(missing)) * count).astype(np.int64)
        chosen = order[np.minimum(pick, n_sources - 1)]
        found = inside & (count > 0) & (chosen != first[missing])
        second[missing[found]] = chosen[found]
        missing, attempts = missing[~found], attempts + 1
        if attempts > PATIENCE:
            reach = min(1.1 * reach, float(places.max()) + 1)
    return np.stack([first, second], axis=1).astype(np.int32)


def fixed_wiring(
    kind: str,
    n_sources: int,
    width: int,
    rng: np.random.Generator,
    *,
    places: Places | None = None,
    radius: int = 1,
) -> Fanin:
    """Wiring ``i32[width, 2]`` of the given kind; no node reads the same position twice.

    Args:
        kind: one of :data:`WIRINGS`.
        n_sources: positions of the layer below.
        width: nodes of the layer.
        rng: where randomness comes from.
        places: where the sources lie; only ``local`` needs it.
        radius: of ``local``, in pixels.

    Raises:
        OptionError: if the kind is unknown, there are too few sources, or no image for ``local``.
    """
    if n_sources < 2:
        raise OptionError(f"{n_sources} input of a layer: nodes with two inputs need at least 2")
    if kind == "neighbour":
        return neighbour_pairs(n_sources, width, rng)
    if kind == "balanced":
        return balanced(n_sources, width, rng)
    if kind != "local":
        raise OptionError(f"wiring {kind!r} is unknown: choose {', '.join(WIRINGS)}")
    if places is None:
        raise OptionError("wiring 'local' needs images: choose 'neighbour' or 'balanced'")
    return local(places, width, radius, rng)


def neighbour_pairs(n_sources: int, width: int, rng: np.random.Generator) -> Fanin:
    """Distinct pairs, nearest first, in random order (Petersen et al., arXiv:2210.08277).

    Pairs at distance 1 come first: (0,1), (2,3), ..., then (1,2), (3,4), ...; then those at
    distance 2, 3 and so on until the layer is full. Of the last group that is begun, a random part
    is taken. Once every pair is used the list starts again.

    Returns:
        Wiring ``i32[width, 2]``, the lower position on pin 0.
    """
    chosen: list[Fanin] = []
    missing = width
    distance, offset = 1, 0
    while missing:
        group = _pairs(n_sources, distance, offset)
        if len(group) > missing:
            group = group[rng.choice(len(group), missing, replace=False)]
        chosen.append(group)
        missing -= len(group)
        offset += distance
        if offset >= 2 * distance:
            distance, offset = distance % (n_sources - 1) + 1, 0
    return np.ascontiguousarray(rng.permutation(np.concatenate(chosen)), np.int32)


def _pairs(n_sources: int, distance: int, offset: int) -> Fanin:
    """Pairs (i, i + distance) that share no position: i in runs of ``distance`` from ``offset``."""
    low = np.arange(n_sources - distance, dtype=np.int32)
    mine = (low // distance) % 2 == offset // distance
    return np.stack([low[mine], low[mine] + np.int32(distance)], axis=1)


def balanced(n_sources: int, width: int, rng: np.random.Generator) -> Fanin:
    """Random wiring ``i32[width, 2]`` that reads every source equally often, up to one.

    That holds for pin 0 alone as well: nodes that start as wires of pin 0 lose no source.
    (Each of two pins independently at random would leave one source in eight unread in a layer as
    wide as the one below.)
    """
    rounds = -(-2 * width // n_sources)
    ends = np.concatenate([rng.permutation(n_sources) for _ in range(rounds)])
    pins = [rng.permutation(ends[:width]), rng.permutation(ends[width : 2 * width])]
    fanin = np.stack(pins, axis=1).astype(np.int32)
    equal = np.flatnonzero(fanin[:, 0] == fanin[:, 1])
    # Exchanging pin 1 with a node that does not read the doubled source always helps, and such a
    # node exists: a source has fewer ends than there are nodes, plus one.
    while len(equal):
        for node in equal:
            _exchange(fanin, int(node), int(rng.integers(width)))
        equal = np.flatnonzero(fanin[:, 0] == fanin[:, 1])
    return fanin


def _exchange(fanin: Fanin, node: int, other: int) -> None:
    source = fanin[node, 0]
    if fanin[node, 1] == source and source not in fanin[other]:
        fanin[node, 1], fanin[other, 1] = fanin[other, 1], source
