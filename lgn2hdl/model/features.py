"""Features: how raw columns become the unsigned integers that the hardware sees.

A data set has columns: numbers or categories. The network reads features: unsigned integers of a
few bits each. An integer column that fits passes as it is; a real one is scaled and rounded; a
category becomes one one-bit feature per value. A number that is missing is NaN; where the rule
allows that, it counts as the training median, and a one-bit feature can say so. The rule travels
with the model, so that the hardware, the CPU and the golden model see the same integers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import DataError
from lgn2hdl.ir.netlist import frozen

MAX_WIDTH = 16
"""Widest feature in bits."""

NOT_A_CATEGORY = -1
IS_MISSING = -2
"""In place of a category code: the feature is 1 where the column's number is missing."""

Integers = npt.NDArray[np.unsignedinteger]


class Missing(Enum):
    """What happens to numbers that are missing."""

    ERROR = "error"
    MEDIAN = "median"
    FLAG = "flag"


@dataclass(frozen=True, eq=False)
class Features:
    """How each integer feature is made from a row of raw columns.

    Feature ``f`` reads ``x[column[f]]``. Where ``category[f] >= 0`` it is 1 if the column holds
    that category code and 0 otherwise; where it is :data:`IS_MISSING` it is 1 if the column's
    number is missing (NaN) and 0 otherwise; elsewhere it is ``floor((x - offset) / step + 0.5)``,
    clipped to ``0..2**width - 1``, with ``missing`` in place of a missing ``x``.

    Attributes:
        column: raw column of each feature, ``i32[F]``.
        width: bits of each feature, ``u8[F]``, 1 to 16.
        offset: raw value of integer 0, ``f64[F]``.
        step: raw distance between neighbouring integers, ``f64[F]``, positive.
        category: category code, -1 for a number, or :data:`IS_MISSING`, ``i32[F]``.
        column_names: a name for each raw column.
        categories: for each raw column the names of its category codes; empty for a number.
        missing: for each raw column what a missing number counts as; ``None`` where there must not
            be one. By default there must be none at all.
    """

    column: npt.NDArray[np.int32]
    width: npt.NDArray[np.uint8]
    offset: npt.NDArray[np.float64]
    step: npt.NDArray[np.float64]
    category: npt.NDArray[np.int32]
    column_names: tuple[str, ...]
    categories: tuple[tuple[str, ...], ...]
    missing: tuple[float | None, ...] = ()

    def __post_init__(self) -> None:
        for name, dtype in _DTYPES.items():
            object.__setattr__(self, name, frozen(getattr(self, name), dtype))
        shapes = {getattr(self, name).shape for name in _DTYPES}
        if shapes != {(self.n_features,)} or self.n_features == 0:
            raise ValueError("the arrays of the features differ in length or are empty")
        if len(self.categories) != len(self.column_names):
            raise ValueError("categories and column names differ in length")
        if not (self.column >= 0).all() or not (self.column < self.n_columns).all():
            raise ValueError("a feature reads a column that does not exist")
        if not ((self.width >= 1) & (self.width <= MAX_WIDTH)).all():
            raise ValueError(f"a feature is not 1 to {MAX_WIDTH} bits wide")
        if not np.isfinite([self.offset, self.step]).all() or not (self.step > 0).all():
            raise ValueError("an offset or a step is not finite, or a step is not positive")
        sizes = np.array([len(names) for names in self.categories])[self.column]
        if (
            not (self.category >= IS_MISSING).all()
            or not (self.category < sizes)[self.category >= 0].all()
        ):
            raise ValueError("a category code has no name")
        self._check_missing()

    def _check_missing(self) -> None:
        object.__setattr__(self, "missing", self.missing or (None,) * self.n_columns)
        if len(self.missing) != self.n_columns:
            raise ValueError("columns and what their missing values count as differ in number")
        for names, value in zip(self.categories, self.missing, strict=True):
            if value is not None and (names or not math.isfinite(value)):
                raise ValueError("what a missing value of a feature counts as is no finite number")
        flagged = self.column[self.category == IS_MISSING].tolist()
        if any(self.missing[column] is None for column in flagged):
            raise ValueError("a feature tells of missing values where there must not be any")

    @property
    def allows_missing(self) -> bool:
        """Whether a number of any column may be missing."""
        return any(value is not None for value in self.missing)

    @property
    def n_features(self) -> int:
        """Number of integer features, F."""
        return len(self.column)

    @property
    def n_columns(self) -> int:
        """Number of raw columns."""
        return len(self.column_names)

    @property
    def dtype(self) -> np.dtype[np.unsignedinteger]:
        """Smallest unsigned dtype that holds every feature."""
        return np.dtype(np.uint8 if int(self.width.max()) <= 8 else np.uint16)

    @property
    def highest(self) -> npt.NDArray[np.int64]:
        """Largest value of each feature, ``i64[F]``."""
        return np.asarray((1 << self.width.astype(np.int64)) - 1)

    def integers(self, raw: npt.ArrayLike) -> Integers:
        """Integer features of raw rows.

        Args:
            raw: numbers and category codes, ``[N, n_columns]``; rows of more than one axis (images)
                are flattened. A code that is not a known category gives zeros; NaN is a missing
                number.

        Returns:
            Unsigned integers ``[N, F]`` of :attr:`dtype`.

        Raises:
            DataError: if the shape is wrong, or a value is infinite, not a number, or missing where
                it must not be.
        """
        rows = self._rows(raw)
        result = np.empty((len(rows), self.n_features), self.dtype)
        block = max(1, (1 << 22) // self.n_features)  # bounds the temporary arrays
        for start in range(0, len(rows), block):
            part = slice(start, start + block)
            result[part] = self._block(rows[part][:, self.column])
        return result

    def _block(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        plain = (self.offset == 0) & (self.step == 1) & (self.category == NOT_A_CATEGORY)
        if values.dtype.kind in "bui" and plain.all():
            return np.clip(values, 0, self.highest)  # the general formula, on integers
        gaps = np.isnan(values) if self.allows_missing and values.dtype.kind == "f" else None
        if gaps is not None:
            values = np.where(gaps, self._replacements(), values)
        with np.errstate(over="ignore"):  # infinity is clipped, too
            scaled = np.floor((values - self.offset) / self.step + 0.5)
        numbers = np.clip(scaled, 0, self.highest)
        result = np.where(self.category >= 0, values == self.category, numbers)
        flags = self.category == IS_MISSING
        return np.where(flags, False if gaps is None else gaps, result) if flags.any() else result

    def _replacements(self) -> npt.NDArray[np.float64]:
        """What a missing value counts as in each feature, ``f64[F]``; 0 where there is none."""
        known = np.array([0.0 if value is None else value for value in self.missing])
        return known[self.column]

    def _rows(self, raw: npt.ArrayLike) -> npt.NDArray[Any]:
        array = np.asarray(raw)
        if array.ndim > 2:
            array = array.reshape(len(array), math.prod(array.shape[1:]))
        if array.ndim != 2 or array.shape[1] != self.n_columns:
            raise DataError(
                f"data of shape {np.shape(raw)} does not fit the model: "
                f"give rows of {self.n_columns} columns"
            )
        if array.dtype.kind not in "buif":
            raise DataError(f"data of type {array.dtype} is not numeric")
        allowed = np.array([value is not None for value in self.missing])
        _check_finite(array, self.column_names, self.categories, allowed)
        return array


def _check_finite(
    rows: npt.NDArray[Any],
    column_names: tuple[str, ...],
    categories: tuple[tuple[str, ...], ...],
    may_miss: npt.NDArray[np.bool_],
) -> None:
    """Infinity is an error, and NaN but in the columns that ``may_miss``, ``bool[n_columns]``."""
    if rows.dtype.kind != "f" or np.isfinite(rows).all():
        return
    wrong = ~np.isfinite(rows) & ~(np.isnan(rows) & may_miss)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        advice = "remove or replace it"
        if categories[column]:
            advice = "give the code of a category, or -1 where it is missing"
        elif np.isnan(rows[row, column]):
            advice += ", or train with --missing median or flag"
        raise DataError(
            f"row {row} (counted from 0) has NaN or infinity in column {column_names[column]!r}: "
            f"{advice}"
        )


MAX_EXACT = 1 << 53
"""Up to this, 64-bit floats hold every integer."""


def _check_exact(rows: npt.NDArray[Any], column_names: tuple[str, ...]) -> None:
    """Integers are scaled as 64-bit floats, so these must hold them one by one."""
    if rows.dtype.kind not in "iu" or rows.dtype.itemsize < 8:
        return
    beyond = (rows > MAX_EXACT) | (rows < -MAX_EXACT)
    if beyond.any():
        row, column = np.argwhere(beyond)[0]
        raise DataError(
            f"row {row} (counted from 0) has {rows[row, column]} in column "
            f"{column_names[column]!r}, beyond 2^53, up to which every integer is exact: write it "
            "in larger units or from another zero"
        )


_DTYPES = {
    "column": np.int32,
    "width": np.uint8,
    "offset": np.float64,
    "step": np.float64,
    "category": np.int32,
}


def integer_features(n_columns: int, width: int) -> Features:
    """Features that pass ``n_columns`` unsigned integers of ``width`` bits as they are."""
    return Features(
        column=np.arange(n_columns, dtype=np.int32),
        width=np.full(n_columns, width, np.uint8),
        offset=np.zeros(n_columns),
        step=np.ones(n_columns),
        category=np.full(n_columns, NOT_A_CATEGORY, np.int32),
        column_names=tuple(f"x{index}" for index in range(n_columns)),
        categories=((),) * n_columns,
    )


def fit_features(
    raw_train: npt.NDArray[Any],
    *,
    column_names: tuple[str, ...],
    categories: tuple[tuple[str, ...], ...],
    real_width: int = 12,
    missing: Missing = Missing.ERROR,
) -> Features:
    """Choose the features for a table from its training rows.

    Categories become one-bit features. Integer columns keep their values (shifted to start at 0
    where the training set has negative ones) if they fit in ``real_width`` bits; other columns are
    scaled from their training minimum and maximum to ``real_width`` bits. Where numbers may be
    missing they count as the median of those that are not (the lower one of two); with
    :attr:`Missing.FLAG` a one-bit feature follows each column that lacks one in the training rows.

    Args:
        raw_train: numbers and category codes, ``[N, n_columns]``, at least one row.
        column_names: a name for each column.
        categories: names of each column's category codes; empty for a number.
        real_width: bits of a scaled column, 1 to 16.
        missing: whether numbers may be missing (NaN), and what they become.

    Raises:
        DataError: if a value is infinite, or missing where it must not be, or a column's range
            exceeds that of a float.
    """
    is_number = np.array([not names for names in categories])
    allowed = is_number & (missing is not Missing.ERROR)
    _check_finite(raw_train, column_names, categories, allowed)
    _check_exact(raw_train, column_names)
    parts = []
    for column, names in enumerate(categories):
        values = raw_train[:, column]
        if names:
            parts.append(_one_hot(column, len(names)))
            continue
        known = _known(values, column_names[column])
        parts.append(_number(column, known, real_width))
        if missing is Missing.FLAG and len(known) < len(values):
            parts.append(_flag(column))
    if not all(np.isfinite(part["step"]).all() for part in parts):
        raise DataError("a column spans more than a 64-bit float holds: scale it down")
    merged = {name: np.concatenate([part[name] for part in parts]) for name in _DTYPES}
    medians = () if missing is Missing.ERROR else _medians(raw_train, column_names, categories)
    return Features(**merged, column_names=column_names, categories=categories, missing=medians)


def with_medians(features: Features, raw_train: npt.NDArray[Any]) -> Features:
    """The same features, in which a missing number counts as the median of the training rows.

    Args:
        features: what is made of the rows.
        raw_train: numbers and category codes, ``[N, n_columns]``; NaN is a missing number.

    Raises:
        DataError: if a column has no number in any row.
    """
    medians = _medians(raw_train, features.column_names, features.categories)
    return replace(features, missing=medians)


def _medians(
    raw_train: npt.NDArray[Any],
    column_names: tuple[str, ...],
    categories: tuple[tuple[str, ...], ...],
) -> tuple[float | None, ...]:
    """The median of each column of numbers."""
    return tuple(
        None if names else _median(_known(raw_train[:, column], column_names[column]))
        for column, names in enumerate(categories)
    )


def _known(values: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
    """The values that are not missing."""
    known = values[~np.isnan(values)] if values.dtype.kind == "f" else values
    if not len(known):
        raise DataError(f"column {name!r} has no value in any row: leave it out")
    return known


def _median(values: npt.NDArray[Any]) -> float:
    """The middle one of the sorted values, the lower one of two: always one that occurs."""
    middle = (len(values) - 1) // 2
    return float(np.partition(values, middle)[middle])


def _flag(column: int) -> dict[str, npt.NDArray[Any]]:
    one = _one_hot(column, 1)
    return {**one, "category": np.array([IS_MISSING])}


def _one_hot(column: int, n_categories: int) -> dict[str, npt.NDArray[Any]]:
    full = np.full(n_categories, 1)
    return {
        "column": full * column,
        "width": full,
        "offset": full * 0.0,
        "step": full * 1.0,
        "category": np.arange(n_categories),
    }


def _number(column: int, values: npt.NDArray[Any], real_width: int) -> dict[str, npt.NDArray[Any]]:
    numbers = values.astype(np.float64)
    low, high = float(numbers.min()), float(numbers.max())
    whole = bool((numbers == np.floor(numbers)).all())
    offset = min(low, 0.0) if whole else low
    fits = whole and high - offset < 1 << real_width
    # (A column that never varies has no range to scale to: step 1.)
    step = 1.0 if fits else (high - low) / ((1 << real_width) - 1) or 1.0
    offset = offset if fits else low
    width = max(1, int(high - offset).bit_length()) if fits else real_width
    return {
        "column": np.array([column]),
        "width": np.array([width]),
        "offset": np.array([offset]),
        "step": np.array([step]),
        "category": np.array([NOT_A_CATEGORY]),
    }


def require_same_features(model: Features, data: Features, name: str) -> None:
    """Check that a model reads the integers of a data set.

    Args:
        model: the model's features.
        data: the data set's features.
        name: the data set's name, for the message.

    Raises:
        DataError: if the columns or their scaling differ.
    """
    same = (
        model.column_names == data.column_names
        and model.categories == data.categories
        and model.missing == data.missing
        and all(np.array_equal(getattr(model, item), getattr(data, item)) for item in _DTYPES)
    )
    if not same:
        raise DataError(
            f"the model was trained on other columns than those of {name}, or on another scaling "
            "of them: use the data set that it was trained on"
        )
