"""Comparisons that make input bits of integer features, 64 features at a time.

A *mask* is the result of one comparison of 64 neighbouring features of a row with 64 thresholds.
Short rows are repeated side by side, so that they fill the 64 lanes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir.netlist import Ids
from lgn2hdl.model.features import Features
from lgn2hdl.model.network import Thermometer

LANES = 64
"""Features of one comparison."""

NO_VALUE = -1
"""Value number of a lane that nobody reads."""


@dataclass(frozen=True, eq=False)
class Comparisons:
    """What turns a row of features into bits.

    Attributes:
        copies: how often a row is repeated in a padded one; 0 if rows are read as they are.
        offset: first feature of every mask, ``u32[M]``, in the padded row.
        threshold: ``u8[M, 64]`` or ``u16[M, 64]``.
        input: encoder bit that each lane gives, ``i32[M, 64]``, :data:`NO_VALUE` for none.
    """

    copies: int
    offset: npt.NDArray[np.uint32]
    threshold: npt.NDArray[np.unsignedinteger]
    input: Ids


def representatives(encoder: Thermometer, features: Features) -> Ids:
    """For every encoder bit the first bit that equals it for every row, ``i32[B]``; -1 if no
    feature of its width reaches the threshold, so that it is always 0."""
    keys = np.column_stack([encoder.feature, encoder.threshold])
    _, first, twin = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    same = first[twin.ravel()].astype(np.int32)
    same[encoder.threshold > np.iinfo(features.dtype).max] = -1
    return same


def comparisons(encoder: Thermometer, features: Features, needed: Ids) -> Comparisons:
    """The comparisons that give some bits of an encoder, few of them.

    Each one begins at the first feature that still has a threshold to be compared with.

    Args:
        encoder: features and thresholds.
        features: gives the number of features and their dtype.
        needed: encoder bits to compute, no two with the same feature and threshold.
    """
    n_features = features.n_features
    copies = 1 if n_features >= LANES else LANES // n_features
    order = needed[np.lexsort((encoder.threshold[needed], encoder.feature[needed]))]
    feature = encoder.feature[order]
    begin = np.searchsorted(feature, np.arange(n_features))
    end = np.searchsorted(feature, np.arange(n_features), side="right")
    offsets, inputs = [], []
    while (begin < end).any():
        offset = min(int(np.argmax(begin < end)), max(0, n_features - LANES))
        lanes = np.full(LANES, NO_VALUE, np.int32)
        near = np.arange(offset, min(offset + LANES, n_features))
        for copy in range(copies):
            left = near[begin[near] < end[near]]
            lanes[left - offset + copy * n_features] = order[begin[left]]
            begin[left] += 1
        offsets.append(offset)
        inputs.append(lanes)
    bits = np.array(inputs, np.int32).reshape(-1, LANES)
    threshold = np.where(bits == NO_VALUE, 0, encoder.threshold[bits])
    return Comparisons(
        copies=0 if n_features >= LANES else copies,
        offset=np.array(offsets, np.uint32),
        threshold=threshold.astype(features.dtype),
        input=bits,
    )
