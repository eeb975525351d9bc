"""Fit the thermometer encoder: choose the thresholds of every feature from the training rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import DataError, OptionError
from lgn2hdl.model.features import Features, Integers
from lgn2hdl.model.network import Thermometer

ENCODERS: tuple[str, ...] = ("fixed", "uniform", "quantile", "power-of-two")
"""Ways to choose thresholds; see ``docs/training.md``."""


def fit_thermometer(
    x_train: Integers,
    features: Features,
    kind: str,
    bits_per_feature: int,
    thresholds: tuple[int, ...] = (),
) -> Thermometer:
    """Choose thresholds; bits of one feature are neighbours, lowest threshold first.

    One-bit features get the one threshold that they can have. A bit that is the same in every
    training row, or equal to another bit of its feature in every training row, is left out.

    Args:
        x_train: training rows ``[N, F]``.
        features: what the columns of ``x_train`` are; gives their widths.
        kind: one of :data:`ENCODERS`.
        bits_per_feature: most bits of a feature; not used by ``fixed``.
        thresholds: the thresholds of ``fixed``, the same for every feature.

    Raises:
        OptionError: if ``kind`` or the thresholds are unknown or out of range.
        DataError: if no bit is left.
    """
    wide = np.flatnonzero(features.width > 1)
    candidates = np.ones((_rows(kind, bits_per_feature, thresholds), features.n_features), np.int64)
    if len(wide):
        columns = x_train[:, wide].astype(np.int64)
        candidates[:, wide] = _candidates(
            kind, columns, features.width[wide], len(candidates), thresholds
        )
    keep = _informative(x_train, candidates)
    if not keep.any():
        raise DataError(
            f"no {kind} threshold separates two training rows: choose other thresholds or bits"
        )
    feature, row = np.nonzero(keep.T)
    return Thermometer(feature.astype(np.int32), candidates[row, feature].astype(np.int32))


def _rows(kind: str, bits_per_feature: int, thresholds: tuple[int, ...]) -> int:
    if kind not in ENCODERS:
        raise OptionError(f"encoder {kind!r} is unknown: choose {', '.join(ENCODERS)}")
    if kind == "fixed" and (not thresholds or min(thresholds) < 1):
        raise OptionError("encoder 'fixed' needs thresholds of 1 or more")
    if kind != "fixed" and bits_per_feature < 1:
        raise OptionError(f"{bits_per_feature} bits per feature: at least 1 is needed")
    return len(thresholds) if kind == "fixed" else bits_per_feature


def _candidates(
    kind: str,
    columns: npt.NDArray[np.int64],
    width: npt.NDArray[np.uint8],
    count: int,
    thresholds: tuple[int, ...],
) -> npt.NDArray[np.int64]:
    """Thresholds ``[count, F]``, ascending in every column; useless ones are still among them."""
    steps = (np.arange(1, count + 1) / (count + 1))[:, None]
    if kind == "fixed":
        found = np.tile(np.sort(np.array(thresholds, np.int64))[:, None], (1, columns.shape[1]))
    elif kind == "uniform":
        low, high = columns.min(axis=0), columns.max(axis=0)
        found = np.ceil(low + steps * (high - low)).astype(np.int64)
    elif kind == "quantile":
        found = _quantiles(columns, steps[:, 0])
    else:
        exponent = width.astype(np.int64) - np.arange(count, 0, -1)[:, None]
        found = 1 << np.maximum(exponent, 0)
    return np.asarray(found)


def _quantiles(
    columns: npt.NDArray[np.int64], steps: npt.NDArray[np.float64]
) -> npt.NDArray[np.int64]:
    """Quantiles of the values above the column's minimum.

    The minimum itself separates nothing; where most rows share it (dark pixels, zero counts) plain
    quantiles would all fall on it.
    """
    rising = np.sort(columns, axis=0)
    first = (rising == rising[0]).sum(axis=0)
    position = first + np.floor(steps[:, None] * (len(rising) - first)).astype(np.int64)
    return np.take_along_axis(rising, np.minimum(position, len(rising) - 1), axis=0)


def _informative(x_train: Integers, candidates: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which thresholds give a bit that changes and differs from the one below, ``bool[n, F]``."""
    # Bits of one feature imply each other: two are equal exactly if they are set equally often.
    set_rows = np.array([(x_train >= row).sum(axis=0) for row in candidates])
    above = np.vstack([np.full(set_rows.shape[1], len(x_train)), set_rows[:-1]])
    return np.asarray((set_rows > 0) & (set_rows != above))
