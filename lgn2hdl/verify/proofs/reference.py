"""What the network means, as a graph over the bits of port ``x``.

Comparisons and layers are made from the trained network alone: nothing of the compiler has a part
in them but the packing of the features.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir import packed
from lgn2hdl.model.features import Features, Integers
from lgn2hdl.model.golden import feature_bits
from lgn2hdl.model.network import LogicNet, Thermometer
from lgn2hdl.verify.sat.deadline import Deadline
from lgn2hdl.verify.sat.graph import FALSE, TRUE, Literals
from lgn2hdl.verify.sat.sweep import SWEEP, Builder, Sweeper

PATTERN_WORDS = 24
"""Words of random patterns, 64 samples each."""

AND, OR = 0b1000, 0b1110


def feature_sweeper(network: LogicNet, deadline: Deadline, seed: int = 0) -> Sweeper:
    """A sweeper whose inputs are the bits of ``x``, with samples of the network's features."""
    samples = random_samples(network, 64 * PATTERN_WORDS, seed)
    return Sweeper(packed.pack(feature_bits(network.features, samples)), deadline, seed)


def random_samples(network: LogicNet, number: int, seed: int = 0) -> Integers:
    """Integer features ``[N, F]``: uniform, low or high all over, and next to thresholds."""
    features, rng = network.features, np.random.default_rng(seed)
    shape = (number, features.n_features)
    highest = features.highest
    level = rng.choice([0.5, 0.08, 0.92], (number, 1))
    # Powers of uniform numbers have their median at the level.
    values = (rng.random(shape) ** (np.log(level) / np.log(0.5)) * (highest + 1)).astype(np.int64)
    near = rng.random(shape) < 0.5
    values = np.where(near, _near_thresholds(network, rng, number), values)
    values[0], values[1 % number] = 0, highest
    return np.clip(values, 0, highest).astype(features.dtype)


def _near_thresholds(
    network: LogicNet, rng: np.random.Generator, number: int
) -> npt.NDArray[np.int64]:
    """For every feature one of its thresholds, or one less; 0 where it has none."""
    encoder, n_features = network.encoder, network.features.n_features
    order = np.argsort(encoder.feature, kind="stable")
    counts = np.bincount(encoder.feature, minlength=n_features)
    starts = np.cumsum(counts) - counts
    chosen = (rng.random((number, n_features)) * counts).astype(np.int64) + starts
    threshold = np.append(encoder.threshold[order], 0)[np.minimum(chosen, len(order))]
    return np.where(counts > 0, threshold - rng.integers(0, 2, chosen.shape), 0)


def add_encoder(sweeper: Builder, features: Features, encoder: Thermometer) -> Literals:
    """Literals of ``x[feature] >= threshold`` for every encoder bit, ``i64[B]``.

    The comparison goes through the digits from the lowest up: at a digit 1 of the threshold both
    the digit and what is below must do, at a digit 0 either of them.
    """
    width = features.width.astype(np.int64)
    offset = np.cumsum(width) - width
    feature, threshold = encoder.feature, encoder.threshold.astype(np.int64)
    result = np.full(encoder.n_bits, TRUE, np.int64)
    for place in range(int(width.max())):
        wide = place < width[feature]
        bit = np.where(wide, sweeper.inputs[np.where(wide, offset[feature] + place, 0)], FALSE)
        table = np.where(threshold >> place & 1, AND, OR).astype(np.uint8)
        result = sweeper.add(np.stack([bit, result], axis=1), table, SWEEP)
    result[threshold >> int(width.max()) > 0] = FALSE
    _imply(sweeper, encoder, result)
    return result


def _imply(sweeper: Builder, encoder: Thermometer, literals: Literals) -> None:
    """Tell the solver that the higher threshold of a feature implies the lower one.

    That follows from the comparisons; said in one clause, it need not be found out again.
    """
    order = np.lexsort((encoder.threshold, encoder.feature))
    low, high = order[:-1], order[1:]
    same = encoder.feature[low] == encoder.feature[high]
    pairs = np.stack([literals[low[same]], literals[high[same]] ^ 1], axis=1)
    variable = (pairs > TRUE).all(axis=1) & (pairs[:, 0] != pairs[:, 1] ^ 1)
    for pair in pairs[variable].tolist():
        sweeper.require(pair)


def add_layers(sweeper: Builder, network: LogicNet, bits: Literals) -> Literals:
    """Literals of the last layer's nodes, ``i64[O]``, for the encoder's bits."""
    for layer in network.layers:
        bits = layer.reference(sweeper.add, bits)
    return bits


def samples_of(features: Features, bits: npt.NDArray[np.bool_]) -> Integers:
    """Integer features ``[N, F]`` of patterns of the bits of ``x``, ``bool[bits, N]``."""
    width = features.width.astype(np.int64)
    offset = np.cumsum(width) - width
    place = np.arange(len(bits)) - np.repeat(offset, width)
    values = np.add.reduceat(bits.astype(np.int64) << place[:, None], offset, axis=0)
    return np.ascontiguousarray(values.T.astype(features.dtype))
