"""Corner cases: samples at which hardware that is almost right shows what is wrong.

* All features 0, and all as high as they can be.
* Thresholds: a feature at ``t - 1``, ``t`` and ``t + 1`` of every threshold ``t`` of the encoder.
* Ties: two classes, or more, share the highest score, so that the tie rule decides.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lgn2hdl.model.features import Features, Integers
from lgn2hdl.model.heads import ScoringHead
from lgn2hdl.model.network import LogicNet, Thermometer

Rows = npt.NDArray[np.int64]

WALKS = 64
"""Ways from one sample to another on which ties are looked for."""

STEPS = 128
"""Most samples of such a way."""

BLOCK = 1024
"""Samples whose scores are computed at a time; bounds the memory of large networks."""


def extreme_rows(features: Features) -> Integers:
    """Two rows ``[2, F]``: all features 0, and all as high as they can be."""
    return np.stack([np.zeros_like(features.highest), features.highest]).astype(features.dtype)


def threshold_rows(
    network: LogicNet, base: Integers, *, contexts: int = 1, seed: int = 0
) -> Integers:
    """Every threshold of the encoder at ``t - 1``, ``t`` and ``t + 1``, each in three rows.

    The three rows differ in nothing else. All features that the encoder reads are at thresholds of
    theirs at the same time in the first context, about half of them in each further one; the others
    are as in a row of ``base``. What a feature cannot hold becomes the nearest value that it can.

    Args:
        network: the network.
        base: samples ``[N, F]``, at least one.
        contexts: how often all thresholds are gone through, at least once.
        seed: what decides which thresholds come together.

    Returns:
        Rows ``[3 * contexts * T, F]`` for at most T thresholds of a feature.
    """
    rng = np.random.default_rng(seed)
    parts = [
        _threshold_context(network, base, rng, 1.0 if index == 0 else 0.5)
        for index in range(contexts)
    ]
    return np.concatenate(parts).astype(network.features.dtype)


def _threshold_context(
    network: LogicNet, base: Integers, rng: np.random.Generator, part: float
) -> Rows:
    read, start, count, threshold = _thresholds(network.encoder)
    turns = int(count.max())
    shift = rng.integers(0, count)
    chosen = threshold[start + (np.arange(turns)[:, None] + shift) % count]  # [turns, features]
    rows = np.repeat(base[rng.integers(0, len(base), turns)].astype(np.int64), 3, axis=0)
    own = np.repeat(rng.random(chosen.shape) < part, 3, axis=0)
    offset = np.tile(np.arange(-1, 2), turns)[:, None]
    values = np.repeat(chosen, 3, axis=0) + offset
    rows[:, read] = np.where(own, values, rows[:, read])
    return np.clip(rows, 0, network.features.highest)


def _thresholds(encoder: Thermometer) -> tuple[Rows, Rows, Rows, Rows]:
    """Features that are read; where the thresholds of each begin, and their number; thresholds."""
    pairs = np.unique(np.stack([encoder.feature, encoder.threshold]), axis=1).astype(np.int64)
    read, start, count = np.unique(pairs[0], return_index=True, return_counts=True)
    return read, start.astype(np.int64), count.astype(np.int64), pairs[1]


def tied_rows(network: LogicNet, base: Integers, most: int, *, seed: int = 0) -> Integers:
    """Up to ``most`` rows ``[n, F]`` in which classes share the highest score.

    They are found on the way from one sample to another, feature by feature: where the winner
    changes, scores cross. Rows for as many pairs of classes as possible come first. There are none
    for a network whose outputs are bits.

    Args:
        network: the network.
        base: samples ``[N, F]`` that the ways begin and end at, at least one.
        most: number of rows.
        seed: what decides about the ways.
    """
    head = network.head
    if not isinstance(head, ScoringHead):
        return base[:0]
    rows = np.unique(_ways(network, base, seed), axis=0)
    blocks = range(0, len(rows), BLOCK)
    scores = np.concatenate([network.scores(rows[start : start + BLOCK]) for start in blocks])
    best = scores == scores.max(axis=1)[:, None]
    tied = best.sum(axis=1) > 1
    return rows[tied][_spread(best[tied], head)[:most]]


def _ways(network: LogicNet, base: Integers, seed: int) -> Integers:
    """Samples on the ways between samples, ``[WALKS * steps, F]``."""
    rng, n_features = np.random.default_rng(seed), network.features.n_features
    steps = min(STEPS, n_features + 1)
    first, last = (base[rng.integers(0, len(base), WALKS)] for _ in range(2))
    when = rng.permuted(np.tile(np.arange(n_features), (WALKS, 1)), axis=1)
    reached = np.linspace(0, n_features, steps)
    moved = when[:, None, :] < reached[None, :, None]
    return np.where(moved, last[:, None], first[:, None]).reshape(-1, n_features)


def _spread(best: npt.NDArray[np.bool_], head: ScoringHead) -> Rows:
    """An order of tied rows in which every pair of classes comes once before any comes again."""
    first = best.argmax(axis=1)
    second = np.where(np.arange(head.n_classes) > first[:, None], best, False).argmax(axis=1)
    pair = first.astype(np.int64) * head.n_classes + second
    order = np.argsort(pair, kind="stable")
    begins = np.searchsorted(pair[order], pair[order])
    turn = np.arange(len(order)) - begins
    return order[np.lexsort((pair[order], turn))]


def corner_rows(network: LogicNet, base: Integers, most: int, *, seed: int = 0) -> Integers:
    """At most ``most`` corner cases ``[n, F]``, no row twice: extremes, ties, thresholds.

    Args:
        network: the network.
        base: samples ``[N, F]`` that the others are made from, at least one.
        most: number of rows.
        seed: what decides about the samples.
    """
    rest = max(0, most - 2)
    thresholds = threshold_rows(network, base, seed=seed)
    tied = tied_rows(network, base, rest, seed=seed)
    n_tied = max(rest - len(thresholds), min(len(tied), rest // 2))
    rows = np.concatenate([extreme_rows(network.features), tied[:n_tied], thresholds])[:most]
    _, places = np.unique(rows, axis=0, return_index=True)
    return rows[np.sort(places)]
