"""The user's own data set in an NPZ file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import DataError
from lgn2hdl.datasets import limits
from lgn2hdl.datasets.cells import MISSING_CELLS, shown
from lgn2hdl.datasets.labels import class_codes
from lgn2hdl.datasets.types import MISSING, Table
from lgn2hdl.model.heads.bits import MAX_OUTPUT_BITS

Arrays = Mapping[str, npt.NDArray[Any]]

REQUIRED = ("x_train", "y_train", "x_test", "y_test")
VALIDATION = ("x_val", "y_val")
OPTIONAL = ("feature_names", "class_names", "output_names", "is_categorical")


def read_table(path: Path) -> Table:
    """Read ``x_train``, ``y_train``, ``x_test``, ``y_test`` and the optional descriptions.

    ``x_val`` and ``y_val``, if they are there, are training rows that only choose between states of
    the training; they come behind the others. Rows of more than one axis are flattened. ``y_...``
    are labels, one a row, or bit targets: rows of 0 and 1. ``feature_names``, ``class_names``,
    ``output_names`` (of bit targets), ``is_categorical`` and ``cat_<feature>`` (the names of a
    column's codes) are optional. Bytes (``uint8``) without categories pass as 8-bit integers,
    booleans as 1-bit ones.

    Raises:
        DataError: if the file or what it holds cannot be used.
    """
    return table_of(path, limits.read_npz(path))


def table_of(path: Path, arrays: Arrays) -> Table:
    """The table of arrays with these names.

    Args:
        path: where they are from, for messages.
        arrays: the arrays by name, as :func:`read_table` describes them.

    Raises:
        DataError: if they cannot be used.
    """
    absent = [name for name in REQUIRED if name not in arrays]
    if absent:
        raise DataError(f"{path} has no {', '.join(absent)}: save {', '.join(REQUIRED)} in it")
    x_train, x_test = rows(path, "x_train", arrays), rows(path, "x_test", arrays)
    _check_targets(path, arrays)
    n_train = len(x_train)
    arrays, validation = _with_validation(path, arrays)
    x_train = rows(path, "x_train", arrays)
    names = _feature_names(path, arrays, x_train)
    categories = _categories(path, arrays, names, (x_train, x_test))
    parts = {"x_train": x_train[:n_train], "x_val": x_train[n_train:], "x_test": x_test}
    _check_codes(path, names, categories, parts)
    if arrays["y_train"].ndim == 2:
        y_train, y_test = arrays["y_train"], arrays["y_test"]
        class_names = _output_names(path, arrays)
    else:
        y_train, y_test, class_names = _classes(path, arrays)
    return Table(
        x_train, y_train, x_test, y_test,
        column_names=names,
        categories=categories,
        class_names=class_names,
        plain_width=None if any(categories) else _plain_width(arrays),
        image_shape=arrays["x_train"].shape[1:] if arrays["x_train"].ndim > 2 else None,
        validation=validation,
        notes=_notes(arrays),
    )  # fmt: skip


def _with_validation(path: Path, arrays: Arrays) -> tuple[Arrays, npt.NDArray[np.bool_] | None]:
    """The arrays with the rows for validation behind the training rows, and which rows these are.

    Raises:
        DataError: if there are some that do not go with the training rows.
    """
    if not any(name in arrays for name in VALIDATION):
        return arrays, None
    x, y = rows(path, "x_val", arrays), arrays["y_val"]
    x_train, y_train = rows(path, "x_train", arrays), arrays["y_train"]
    for key, one in (("train", (x_train, y_train)), ("val", (x, y))):
        if not len(one[0]) or len(one[0]) != len(one[1]):
            raise DataError(
                f"{path}: x_{key} has {len(one[0])} rows and y_{key} {len(one[1])}: give one "
                "target a row, and at least one row"
            )
    if y.ndim == 1 and "class_names" not in arrays:
        _labels(path, "y_val", y)
    merged = {
        **arrays,
        "x_train": _joined(path, "x", arrays),
        "y_train": _joined(path, "y", arrays),
    }
    return merged, np.arange(len(x_train) + len(x)) >= len(x_train)


def _joined(path: Path, key: str, arrays: Arrays) -> npt.NDArray[Any]:
    """The rows for training, and those for validation behind them."""
    parts = [arrays[f"{key}_train"], arrays[f"{key}_val"]]
    if parts[0].dtype.kind in "US":
        return np.array([*text(parts[0]), *text(parts[1])])
    joined = np.concatenate(parts)
    if joined.dtype.kind == "f" and all(part.dtype.kind != "f" for part in parts):
        raise DataError(
            f"{path}: {key}_train holds {parts[0].dtype} values, {key}_val {parts[1].dtype}: "
            "give both the same"
        )
    return joined


def _notes(arrays: Arrays) -> tuple[str, ...]:
    """A word on arrays that nobody reads: a name may be mistyped."""
    known = {*REQUIRED, *VALIDATION, *OPTIONAL}
    others = [name for name in arrays if name not in known and not name.startswith("cat_")]
    if not others:
        return ()
    more = f" and {len(others) - 5} more" if len(others) > 5 else ""
    return (f"arrays that are not read: {', '.join(map(shown, others[:5]))}{more}",)


def rows(path: Path, key: str, arrays: Arrays) -> npt.NDArray[Any]:
    """An array of rows ``[N, columns]``, flattened.

    Raises:
        DataError: if it is no array of numbers with rows, or its rows differ from another's.
    """
    x = arrays[key]
    if x.dtype.kind not in "buif":
        raise DataError(f"{key} in {path} holds {x.dtype} values: give numbers")
    if x.ndim < 2:
        raise DataError(f"{key} in {path} has shape {x.shape}: give rows of columns")
    if x.ndim > 2:
        x = x.reshape(len(x), int(np.prod(x.shape[1:])))
    return x.astype(np.uint8) if x.dtype == np.bool_ else x


def _plain_width(arrays: Arrays) -> int | None:
    """Bits of columns that pass as they are; None if features have to be fitted."""
    dtypes = {arrays["x_train"].dtype, arrays["x_test"].dtype}
    if dtypes == {np.dtype(np.bool_)}:
        return 1
    return 8 if dtypes <= {np.dtype(np.bool_), np.dtype(np.uint8)} else None


def _check_targets(path: Path, arrays: Arrays) -> None:
    """Check the shapes of the parts against each other, and the kinds of their targets."""
    kinds = {1: ("buiUS", "integers or text"), 2: ("bui", "the bits 0 and 1 as integers")}
    some = [name for name in VALIDATION if name in arrays]
    if len(some) == 1:
        other = next(name for name in VALIDATION if name not in some)
        raise DataError(f"{path} has {some[0]}, but no {other}: save both in it, or neither")
    for part in ("train", "test", "val") if some else ("train", "test"):
        x, y = arrays[f"x_{part}"], arrays[f"y_{part}"]
        if y.ndim not in kinds or y.ndim != arrays["y_train"].ndim:
            raise DataError(
                f"y_{part} in {path} has shape {y.shape}: give one label a row in both y_train and "
                f"y_{'test' if part == 'train' else part}, or rows of bits in both"
            )
        known, wish = kinds[y.ndim]
        if y.dtype.kind not in known:
            raise DataError(f"y_{part} in {path} holds {y.dtype} values: give {wish}")
        if part == "val":
            _check_like_training(path, arrays)
        if arrays["x_train"].shape[1:] != x.shape[1:]:
            raise DataError(
                f"{path}: rows of x_train have shape {arrays['x_train'].shape[1:]}, "
                f"rows of x_{part} {x.shape[1:]}: give both the same"
            )


def _check_like_training(path: Path, arrays: Arrays) -> None:
    """Check that the targets for validation can stand behind the others."""
    y_train, y = arrays["y_train"], arrays["y_val"]
    if (y.dtype.kind in "US") != (y_train.dtype.kind in "US"):
        raise DataError(f"{path}: y_train and y_val must both be integers or both be text")
    if y.shape[1:] != y_train.shape[1:]:
        raise DataError(
            f"{path}: rows of y_train have {y_train.shape[1]} bits, rows of y_val {y.shape[1]}: "
            "give both the same"
        )


def _names(path: Path, key: str, arrays: Arrays) -> tuple[str, ...]:
    values = arrays[key]
    if values.ndim != 1:
        raise DataError(f"{key} in {path} has shape {values.shape}: give a list of names")
    names = tuple(text(values))
    for index, name in enumerate(names):
        _check_name(f"{path}: name {index} of {key}", name)
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise DataError(
            f"{path}: {key} has {len(names)} names ({len(set(names))} different), {repeated[0]!r} "
            "more than once: give each its own"
        )
    return names


def _check_name(what: str, name: str) -> None:
    if not name.strip():
        raise DataError(f"{what} is blank ({name!r}): give each a name")
    if name != name.strip():
        raise DataError(f"{what}, {name!r}, has blanks around it: remove them")
    if not name.isprintable() and any("\ud800" <= character <= "\udfff" for character in name):
        raise DataError(f"{what}, {name!r}, has half of a character: give plain text")


def text(values: npt.NDArray[Any]) -> list[str]:
    """Elements of an array as text; bytes are read as UTF-8."""
    if values.dtype.kind == "S":
        return [value.decode("utf-8", "replace") for value in values.tolist()]
    return [str(value) for value in values.tolist()]


def _feature_names(path: Path, arrays: Arrays, x: npt.NDArray[Any]) -> tuple[str, ...]:
    if "feature_names" not in arrays:
        return tuple(f"x{index}" for index in range(x.shape[1]))
    names = _names(path, "feature_names", arrays)
    if len(names) != x.shape[1]:
        raise DataError(
            f"{path}: feature_names has {len(names)} names (all different) for "
            f"{x.shape[1]} columns: give each its own"
        )
    return names


def _categories(
    path: Path, arrays: Arrays, names: tuple[str, ...], parts: tuple[npt.NDArray[Any], ...]
) -> tuple[tuple[str, ...], ...]:
    """Names of each column's codes; a categorical column without names gets its codes' numbers."""
    marked = arrays.get("is_categorical", np.zeros(len(names), bool))
    if marked.shape != (len(names),):
        raise DataError(f"{path}: is_categorical has shape {marked.shape}, not ({len(names)},)")
    if marked.dtype.kind not in "bui":
        raise DataError(f"{path}: is_categorical holds {marked.dtype} values: give booleans")
    _check_category_names(path, arrays, names)
    categories: list[tuple[str, ...]] = []
    for column, name in enumerate(names):
        if f"cat_{name}" in arrays:
            categories.append(_names(path, f"cat_{name}", arrays))
        elif marked[column]:
            highest = max((part[:, column].max() for part in parts if len(part)), default=0)
            if not 0 <= highest < MAX_UNNAMED_CATEGORIES:
                raise DataError(
                    f"{path}: categorical column {name!r} has code {highest}: "
                    f"give 0 to {MAX_UNNAMED_CATEGORIES - 1}, or its names as cat_{name}"
                )
            categories.append(tuple(str(code) for code in range(int(highest) + 1)))
        else:
            categories.append(())
    return tuple(categories)


def _check_category_names(path: Path, arrays: Arrays, names: tuple[str, ...]) -> None:
    """Every list of category names must belong to a column, and have a name."""
    for key in arrays:
        if key.startswith("cat_") and key.removeprefix("cat_") not in names:
            raise DataError(
                f"{path} has {key}, but no column {key.removeprefix('cat_')!r}: name the columns "
                "in feature_names"
            )
        if key.startswith("cat_") and not arrays[key].size:
            raise DataError(f"{path}: {key} has no names: name its codes, or leave it out")


MAX_UNNAMED_CATEGORIES = 1024
"""Most codes of a categorical column that comes without the names of its codes."""


def _check_codes(
    path: Path,
    names: tuple[str, ...],
    categories: tuple[tuple[str, ...], ...],
    parts: Mapping[str, npt.NDArray[Any]],
) -> None:
    """Every value of a categorical column must be a code, or -1 for a missing value."""
    for key, x in parts.items():
        for column, known in enumerate(categories):
            if not known:
                continue
            values = x[:, column]
            good = (values >= MISSING) & (values < len(known)) & (values == np.floor(values))
            if not good.all():
                row = int(np.flatnonzero(~good)[0])
                raise DataError(
                    f"{path}: row {row} of {key} has {values[row]} in column {names[column]!r}, "
                    f"which has codes -1 (missing) to {len(known) - 1}"
                )


def _output_names(path: Path, arrays: Arrays) -> tuple[str, ...]:
    """A name for each bit of the targets."""
    if "class_names" in arrays:
        raise DataError(
            f"{path} has class_names, but its targets are rows of bits: name these output_names"
        )
    n_outputs = arrays["y_train"].shape[1]
    if not 1 <= n_outputs <= MAX_OUTPUT_BITS:
        raise DataError(
            f"y_train in {path} has rows of {n_outputs} bits: give 1 to {MAX_OUTPUT_BITS}"
        )
    if "output_names" not in arrays:
        return tuple(f"y{index}" for index in range(n_outputs))
    names = _names(path, "output_names", arrays)
    if len(names) != n_outputs:
        raise DataError(
            f"{path}: output_names has {len(names)} names (all different) for {n_outputs} outputs: "
            "give each its own"
        )
    return names


def _classes(
    path: Path, arrays: Arrays
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], tuple[str, ...]]:
    if "output_names" in arrays:
        raise DataError(
            f"{path} has output_names, but one label a row: name the labels class_names, or give "
            "rows of bits"
        )
    y_train, y_test = arrays["y_train"], arrays["y_test"]
    if "class_names" in arrays:
        names = _names(path, "class_names", arrays)
        if y_train.dtype.kind in "bui" and y_test.dtype.kind in "bui":
            return y_train.astype(np.int64), y_test.astype(np.int64), names
        return _codes_of(path, names, y_train), _codes_of(path, names, y_test), names
    if (y_train.dtype.kind in "US") != (y_test.dtype.kind in "US"):
        raise DataError(f"{path}: y_train and y_test must both be integers or both be text")
    train, test = _labels(path, "y_train", y_train), _labels(path, "y_test", y_test)
    try:
        return class_codes(train, test)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None


def _labels(path: Path, key: str, y: npt.NDArray[Any]) -> list[str]:
    labels = text(y)
    for label in dict.fromkeys(labels):
        row = f"{path}: row {labels.index(label)} of {key}"
        if label in MISSING_CELLS:
            raise DataError(f"{row} has no label ({label!r}): correct or remove the row")
        _check_name(row, label)
    return labels


def _codes_of(path: Path, names: tuple[str, ...], y: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    code = {name: index for index, name in enumerate(names)}
    labels = text(y)
    unknown = [label for label in labels if label not in code]
    if unknown:
        raise DataError(f"{path}: label {unknown[0]!r} is not among its class_names")
    return np.array([code[label] for label in labels], np.int64)
