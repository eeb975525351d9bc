"""Thermometer encoder as LUTs: comparators against constants that share what they can.

``x >= t`` looks at ``x`` in digits, the least significant first: a LUT decides by its digit, or, if
that equals the threshold's, passes on what the digits below have decided. What is decided below
depends on the low part of the threshold only, so thresholds with the same low part share it. Low
zero bits of a threshold never matter; a threshold that is the top bit alone is a wire.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from lgn2hdl.arithmetic.builder import FALSE, TRUE, Builder
from lgn2hdl.ir.circuit import Block
from lgn2hdl.model.features import Features
from lgn2hdl.model.network import Thermometer


def packing(features: Features) -> npt.NDArray[np.int64]:
    """Bit offset of each feature in the packed input ``x``, and the total width, ``i64[F + 1]``.

    Feature 0 has the least significant bits.
    """
    return np.concatenate([[0], np.cumsum(features.width, dtype=np.int64)])


def encoder_block(
    features: Features, encoder: Thermometer, bits: npt.NDArray[np.integer], k: int
) -> Block:
    """Comparators of the used encoder bits.

    Args:
        features: whose packed integers are the block's inputs, see :func:`packing`.
        encoder: feature and threshold of every bit.
        bits: positions of the used encoder bits, ``[U]``.
        k: inputs of a LUT, 3 to 6.

    Returns:
        A block of ``packing(features)[-1]`` inputs and U outputs, without chains.
    """
    offsets = packing(features)
    builder = Builder(int(offsets[-1]), k)
    inputs = builder.inputs()
    outputs = [FALSE] * len(bits)
    feature, threshold = encoder.feature[bits], encoder.threshold[bits]
    order = np.argsort(feature, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(feature[order])) + 1)
    for places in groups:
        if not len(places):
            continue
        index = int(feature[places[0]])
        x = inputs[int(offsets[index]) : int(offsets[index + 1])]
        literals = _comparators(builder, x, threshold[places].tolist())
        for place, literal in zip(places.tolist(), literals, strict=True):
            outputs[place] = literal
    return builder.block(outputs)


def _comparators(builder: Builder, x: Sequence[int], thresholds: Sequence[int]) -> list[int]:
    """Literals of ``x >= t`` for every threshold."""
    inside = frozenset(t for t in thresholds if 0 < t < 1 << len(x))
    cuts = _best_cuts(len(x), inside, builder.k)
    return [_at_least(builder, x, t, cuts) for t in thresholds]


def _at_least(builder: Builder, x: Sequence[int], threshold: int, cuts: tuple[int, ...]) -> int:
    """Literal of ``x >= threshold``; the digits end at the cuts."""
    if threshold == 0:
        return TRUE
    if threshold >= 1 << len(x):
        return FALSE
    digit, below = _digit(len(x), threshold, cuts, builder.k)
    high = threshold >> digit
    if not below:
        return builder.gate(x[digit:], _reaches, high)
    lower = _at_least(builder, x[:digit], below, cuts)
    return builder.gate([lower, *x[digit:]], _exceeds, high)


def _reaches(pins: tuple[int, ...], constant: int) -> bool:
    """Whether a number is at least a constant."""
    return _number(pins) >= constant


def _exceeds(pins: tuple[int, ...], constant: int) -> bool:
    """Whether a number, with pin 0 as what is decided below it, is at least a constant."""
    return _number(pins[1:]) + pins[0] > constant


def _number(pins: Sequence[int]) -> int:
    return sum(value << place for place, value in enumerate(pins))


def _digit(width: int, threshold: int, cuts: tuple[int, ...], k: int) -> tuple[int, int]:
    """Lowest bit of the top digit of a comparison, and what is left of the threshold below."""
    zeros = (threshold & -threshold).bit_length() - 1
    if width - zeros <= k:
        return zeros, 0
    cut = min(cut for cut in cuts if width - cut < k)
    return cut, threshold & ((1 << cut) - 1)


@cache
def _best_cuts(width: int, thresholds: frozenset[int], k: int) -> tuple[int, ...]:
    """Where to cut a feature into digits, highest first, for the fewest LUTs."""
    options = _all_cuts(width, k)
    return min(options, key=lambda cuts: (_lut_count(width, thresholds, cuts, k), len(cuts), cuts))


def _all_cuts(width: int, k: int) -> list[tuple[int, ...]]:
    """All ways to take digits of ``k - 1`` bits or less until at most ``k`` bits are left."""
    if width <= k:
        return [()]
    # A digit of less than half a LUT never pays.
    return [
        (cut, *rest)
        for cut in range(width - k + 1, width - k // 2 + 1)
        for rest in _all_cuts(cut, k)
    ]


def _lut_count(width: int, thresholds: frozenset[int], cuts: tuple[int, ...], k: int) -> int:
    """LUTs of all comparators of a feature."""
    pending = [(width, threshold) for threshold in thresholds]
    seen = set()
    while pending:
        node = pending.pop()
        if node in seen or node[1] == 1 << (node[0] - 1):  # the top bit is a wire
            continue
        seen.add(node)
        digit, below = _digit(*node, cuts, k)
        if below:
            pending.append((digit, below))
    return len(seen)
