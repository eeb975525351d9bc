"""Samples as the engine reads them: checked, and converted only where they have to be."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import DataError
from lgn2hdl.ir import packed
from lgn2hdl.model.features import Features, Integers


def integer_rows(integers: npt.ArrayLike, features: Features) -> Integers:
    """Integer features as rows whose elements are neighbours, ``[N, F]`` of the features' dtype.

    Args:
        integers: features ``[N, F]``, or with more axes that are flattened; any integer dtype.
        features: gives number, dtype and highest values.

    Raises:
        DataError: if the array is not of integers, has another number of features, or holds a
            value that a feature cannot have.
    """
    try:
        array = np.asarray(integers)
    except ValueError:  # a list of lists of unlike lengths
        raise DataError(
            f"features are not an array: give rows of {features.n_features} integers"
        ) from None
    if array.dtype.kind not in "bui":
        nan = array.dtype.kind == "f" and not np.isfinite(array).all()
        raise DataError(
            f"features of type {array.dtype} are not integers"
            + (" and some are NaN or infinite" if nan else "")
            + ": convert raw columns with network.features.integers first"
        )
    if array.ndim > 2:
        array = array.reshape(len(array), math.prod(array.shape[1:]))
    if array.ndim != 2 or array.shape[1] != features.n_features:
        raise DataError(
            f"features of shape {np.shape(integers)} do not fit the network: "
            f"give rows of {features.n_features} integers"
        )
    _check_range(array, features)
    neighbours = array.strides[1] == array.itemsize
    if array.dtype == features.dtype and neighbours:
        return array
    return np.ascontiguousarray(array, features.dtype)


def _check_range(array: npt.NDArray[np.integer], features: Features) -> None:
    """Nothing to do where the dtype itself keeps every value in range."""
    highest = features.highest
    whole = array.dtype.kind != "i" and np.iinfo(features.dtype).max == highest.min()
    if (
        len(array) == 0
        or array.dtype.kind == "b"
        or (whole and array.itemsize <= features.dtype.itemsize)
    ):
        return
    low, high = array.min(axis=0), array.max(axis=0)
    wrong = np.flatnonzero((low < 0) | (high > highest))
    if len(wrong):
        feature = int(wrong[0])
        column = array[:, feature]
        row = int(np.argmax((column < 0) | (column > highest[feature])))
        raise DataError(
            f"row {row} (counted from 0) has {column[row]} as feature {feature}, which is not "
            f"0 to {highest[feature]}: convert raw columns with network.features.integers first"
        )


def packed_bits(
    words: npt.NDArray[np.uint64], n_samples: int, n_bits: int
) -> npt.NDArray[np.uint64]:
    """Packed input bits whose rows hold at least ``n_samples`` bits in neighbouring words.

    Args:
        words: ``u64[n_bits, words]``, see :mod:`lgn2hdl.ir.packed`.
        n_samples: number of samples.
        n_bits: bits of the network's encoder.

    Raises:
        DataError: if dtype or shape do not fit.
    """
    array = np.asarray(words)
    if array.dtype.newbyteorder("=") != np.uint64:
        raise DataError(f"packed bits of type {array.dtype}: give words of type uint64")
    needed = packed.words_for(n_samples)
    if n_samples < 0 or array.ndim != 2 or len(array) != n_bits or array.shape[1] < needed:
        raise DataError(
            f"packed bits of shape {array.shape} do not fit {n_samples} samples: "
            f"give {n_bits} rows of {max(0, needed)} words"
        )
    array = array[:, :needed]
    as_it_is = array.flags.aligned and array.strides[0] % array.itemsize == 0
    if as_it_is and array.strides[1] == array.itemsize and array.dtype.isnative:
        return array
    return np.array(array, np.uint64, order="C")  # (np.ascontiguousarray may keep odd addresses)
