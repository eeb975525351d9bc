"""What every source of data delivers (a table), and what training wants (a data set)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import DataError
from lgn2hdl.ir.netlist import frozen
from lgn2hdl.model.features import (
    Features,
    Integers,
    Missing,
    fit_features,
    integer_features,
    with_medians,
)
from lgn2hdl.model.heads.group_sum import MAX_CLASSES

MISSING = -1
"""Category code of a missing value; it sets none of the column's one-bit features."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Training and test rows as the unsigned integers that the hardware sees.

    The targets are classes, or bits for networks whose outputs are bits (a Bits head).

    Attributes:
        name: name of the set, or of the user's file.
        features: how raw columns become integers; fitted on the training rows.
        class_names: a name for each class; of bit targets, for each bit.
        x_train: integer features, ``[N, F]`` of ``features.dtype``.
        y_train: classes ``0..C-1``, ``i64[N]``; or bit targets 0 and 1, ``u8[N, n]``.
        x_test: as ``x_train``.
        y_test: as ``y_train``.
        image_shape: rows and columns of pixels, and channels if there are any, where the features
            are an image.
        sha256: hash of the arrays with their names, shapes and dtypes, the features and the class
            names: equal hashes, equal data.
        validation: which training rows only choose between states of the training, ``bool[N]``,
            where the data says so; ``None`` leaves it to the trainer.
        notes: what people should know of how the file was read, a line each.
    """

    name: str
    features: Features
    class_names: tuple[str, ...]
    x_train: Integers
    y_train: npt.NDArray[Any]
    x_test: Integers
    y_test: npt.NDArray[Any]
    image_shape: tuple[int, ...] | None
    sha256: str
    validation: npt.NDArray[np.bool_] | None = None
    notes: tuple[str, ...] = ()

    @property
    def has_bit_targets(self) -> bool:
        """Whether the targets are rows of bits, not classes."""
        return self.y_train.ndim == 2


@dataclass(frozen=True, eq=False)
class Table:
    """Raw data before features are fitted: numbers and category codes.

    Attributes:
        x_train: rows, ``[N, columns]``, of any integer or float dtype.
        y_train: class of each row, ``[N]`` of an integer dtype, ``0..C-1``; or the bits of each
            row, ``[N, n]`` of an integer dtype or boolean.
        x_test: as ``x_train``.
        y_test: as ``y_train``.
        column_names: a name for each column.
        categories: for each column the names of its category codes; empty for a number.
        class_names: a name for each class; of bit targets, for each bit.
        plain_width: where given, the columns are unsigned integers of so many bits and pass as
            they are; otherwise features are fitted on the training rows.
        image_shape: as in :class:`Dataset`.
        validation: as in :class:`Dataset`.
        notes: as in :class:`Dataset`.
    """

    x_train: npt.NDArray[Any]
    y_train: npt.NDArray[Any]
    x_test: npt.NDArray[Any]
    y_test: npt.NDArray[Any]
    column_names: tuple[str, ...]
    categories: tuple[tuple[str, ...], ...]
    class_names: tuple[str, ...]
    plain_width: int | None = None
    image_shape: tuple[int, ...] | None = None
    validation: npt.NDArray[np.bool_] | None = None
    notes: tuple[str, ...] = ()


def assemble(
    name: str, table: Table, input_width: int, missing: Missing = Missing.ERROR
) -> Dataset:
    """Check a table and turn it into integer features.

    Args:
        name: for the data set and for error messages.
        table: the raw rows.
        input_width: bits of a scaled real-valued column.
        missing: whether numbers may be missing, and what they become.

    Raises:
        DataError: if the table cannot be trained on.
    """
    _check_sizes(name, table)
    bit_targets = table.y_train.ndim == 2
    if bit_targets:
        _check_bits(name, table)
    else:
        _check_classes(name, table)
    with _within(f"{name}, training rows"):
        features = _features(table, input_width, missing)
        x_train = features.integers(table.x_train)
    with _within(f"{name}, test rows"):
        x_test = features.integers(table.x_test)
    x_train.flags.writeable = x_test.flags.writeable = False
    dtype = np.uint8 if bit_targets else np.int64
    y_train, y_test = frozen(table.y_train, dtype), frozen(table.y_test, dtype)
    arrays = {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}
    return Dataset(
        name=name,
        features=features,
        class_names=table.class_names,
        **arrays,
        image_shape=_image_shape(table, features),
        sha256=_dataset_digest(arrays, features, table),
        validation=table.validation,
        notes=table.notes,
    )


def _check_sizes(name: str, table: Table) -> None:
    for part, x, y in (
        ("train", table.x_train, table.y_train),
        ("test", table.x_test, table.y_test),
    ):
        if len(x) == 0:
            raise DataError(f"{name} has no {part} rows: training and testing need some")
        if y.shape[:1] != (len(x),):
            raise DataError(
                f"{name}: y_{part} has shape {y.shape}, but x_{part} has {len(x)} rows: "
                "give one target a row"
            )
    if table.x_train.shape[1] != table.x_test.shape[1]:
        raise DataError(
            f"{name}: the training rows have {table.x_train.shape[1]} columns, "
            f"the test rows {table.x_test.shape[1]}: give both the same"
        )
    if table.x_train.shape[1] == 0:
        raise DataError(f"{name} has no columns besides the label")


def _check_classes(name: str, table: Table) -> None:
    known = np.unique(table.y_train)
    if len(known) < 2:
        raise DataError(f"{name} has a single class in its training rows: at least 2 are needed")
    if len(table.class_names) > MAX_CLASSES:
        raise DataError(f"{name} has {len(table.class_names)} classes: at most {MAX_CLASSES} fit")
    for part, y in (("train", table.y_train), ("test", table.y_test)):
        if y.min() < 0 or y.max() >= len(table.class_names):
            raise DataError(
                f"{name}: y_{part} has labels from {y.min()} to {y.max()}, "
                f"but there are {len(table.class_names)} class names"
            )
    unknown = np.setdiff1d(table.y_test, known)
    if len(unknown):
        raise DataError(
            f"{name}: label {table.class_names[unknown[0]]!r} occurs in the test rows, "
            "but never in the training rows: add rows of it or drop them"
        )


def _check_bits(name: str, table: Table) -> None:
    n_bits = len(table.class_names)
    for part, y in (("train", table.y_train), ("test", table.y_test)):
        if y.shape != (len(y), n_bits):
            raise DataError(
                f"{name}: y_{part} has shape {y.shape}, but there are {n_bits} outputs: "
                "give every row a bit for each"
            )
        wrong = (y != 0) & (y != 1)
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            raise DataError(
                f"{name}: y_{part} holds {y[row, column]} in row {row}: bit targets are 0 or 1 "
                "(for classes give one label a row, without a second axis)"
            )


def _image_shape(table: Table, features: Features) -> tuple[int, ...] | None:
    """The shape of the image that the features are: no longer one if there is more than pixels."""
    shape = table.image_shape
    return shape if shape is not None and np.prod(shape) == features.n_features else None


def _features(table: Table, input_width: int, missing: Missing) -> Features:
    if table.plain_width is None:
        return fit_features(
            table.x_train,
            column_names=table.column_names,
            categories=table.categories,
            real_width=input_width,
            missing=missing,
        )
    plain = integer_features(table.x_train.shape[1], table.plain_width)
    named = replace(plain, column_names=table.column_names)
    return named if missing is Missing.ERROR else with_medians(named, table.x_train)


@contextmanager
def _within(what: str) -> Iterator[None]:
    """Say in the error which rows it is about."""
    try:
        yield
    except DataError as error:
        raise DataError(f"{what}: {error}") from None


def _dataset_digest(
    arrays: Mapping[str, npt.NDArray[Any]], features: Features, table: Table
) -> str:
    rule = {
        f"features.{name}": getattr(features, name)
        for name in ("column", "width", "offset", "step", "category")
    }
    names = [
        list(table.class_names),
        list(features.column_names),
        [list(c) for c in features.categories],
    ]
    text = np.frombuffer(json.dumps(names).encode(), np.uint8)
    parts = {} if table.validation is None else {"validation": table.validation}
    if features.allows_missing:
        parts = {**parts, "features.missing": np.array(features.missing, np.float64)}
    return digest({**arrays, **rule, "names": text, **parts})


def digest(arrays: Mapping[str, npt.NDArray[Any]]) -> str:
    """SHA-256 of named arrays: name, dtype, shape and little-endian C-order bytes of each."""
    state = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        array = array.astype(array.dtype.newbyteorder("<"), copy=False)
        header = json.dumps([name, array.dtype.str, list(array.shape)]).encode()
        state.update(len(header).to_bytes(8, "little") + header)
        state.update(array.data if array.size else b"")
    return state.hexdigest()
