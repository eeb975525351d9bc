"""Parsers of the raw public files: bytes in, arrays and category names out."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import DataError
from lgn2hdl.datasets import limits
from lgn2hdl.datasets.rdata import Column
from lgn2hdl.datasets.types import MISSING

GZIP_MAGIC = b"\x1f\x8b"

_IDX_UNSIGNED_BYTE = 8

MONK_VALUES = (3, 3, 2, 3, 4, 2)
"""Number of values of each MONK attribute."""

ADULT_COLUMNS = (
    "age", "workclass", "fnlwgt", "education", "education-num", "marital-status", "occupation",
    "relationship", "race", "sex", "capital-gain", "capital-loss", "hours-per-week",
    "native-country",
)  # fmt: skip
ADULT_NUMBERS = frozenset(
    {"age", "fnlwgt", "education-num", "capital-gain", "capital-loss", "hours-per-week"}
)
ADULT_CLASSES = ("<=50K", ">50K")

BREAST_CANCER_COLUMNS = (
    "age", "menopause", "tumor-size", "inv-nodes", "node-caps", "deg-malig", "breast",
    "breast-quad", "irradiat",
)  # fmt: skip
BREAST_CANCER_CLASSES = ("no-recurrence-events", "recurrence-events")


class Coded(NamedTuple):
    """Rows of numbers and category codes, with the names of the codes."""

    rows: npt.NDArray[Any]
    labels: npt.NDArray[np.int64]
    categories: tuple[tuple[str, ...], ...]


def idx(data: bytes, what: str) -> npt.NDArray[np.uint8]:
    """Unsigned bytes in the IDX format of MNIST, plain or gzip-compressed.

    The format: two zero bytes, the type of the values (8: unsigned byte), the number of axes, the
    axes' lengths as big-endian 32-bit numbers, and the values in C order.

    Args:
        data: the file's bytes.
        what: the file's name in error messages.

    Raises:
        DataError: if the bytes are no such file, are damaged, or hold more than the header says.
    """
    if data[:2] == GZIP_MAGIC:
        # The header alone tells how much there may be, whatever the rest would expand to.
        head = limits.gunzip_start(data, 4 + 4 * 4, what)
        data = limits.gunzip(data, math.prod(_idx_shape(head, what)) + _idx_start(head), what)
    shape, start = _idx_shape(data, what), _idx_start(data)
    if len(data) != start + math.prod(shape):
        raise DataError(f"{what} is damaged: {len(data)} bytes do not fit its header {shape}")
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def _idx_start(data: bytes) -> int:
    return 4 + 4 * data[3]


def _idx_shape(data: bytes, what: str) -> tuple[int, ...]:
    if len(data) < 4 or data[:2] != b"\0\0":
        raise DataError(f"{what} is not an IDX file")
    if data[2] != _IDX_UNSIGNED_BYTE or not 1 <= data[3] <= 4 or len(data) < _idx_start(data):
        raise DataError(f"{what} is not an IDX file of unsigned bytes with 1 to 4 axes")
    shape = tuple(int(size) for size in np.frombuffer(data, ">u4", data[3], 4))
    if math.prod(shape) > limits.MAX_BYTES:
        raise DataError(f"{what} asks for {math.prod(shape)} bytes: it is damaged")
    return shape


def monk(data: bytes) -> Coded:
    """A file of the MONK's problems: class, six attributes from 1 up, and an id in each line."""
    fields = [line.split()[:7] for line in data.decode("ascii").splitlines() if line.strip()]
    values = np.array(fields, dtype=np.int64)
    categories = tuple(tuple(str(value + 1) for value in range(count)) for count in MONK_VALUES)
    return Coded(values[:, 1:] - 1, values[:, 0], categories)


def adult(train: bytes, test: bytes) -> tuple[Coded, Coded]:
    """The two files of UCI Adult; categories are the sorted names of both, ``?`` is missing."""
    parts = [_adult_rows(train), _adult_rows(test)]
    columns = list(zip(*parts[0], *parts[1], strict=True))
    categories = tuple(
        () if name in ADULT_NUMBERS else tuple(sorted(set(cells) - {"?"}))
        for name, cells in zip(ADULT_COLUMNS, columns, strict=False)  # the label comes last
    )
    train_coded, test_coded = (
        Coded(
            coded([row[:-1] for row in part], categories),
            np.array([ADULT_CLASSES.index(row[-1]) for row in part]),
            categories,
        )
        for part in parts
    )
    return train_coded, test_coded


def _adult_rows(data: bytes) -> list[list[str]]:
    """Cells of each line; the test file starts with a remark and ends its labels with a dot."""
    lines = data.decode("ascii").splitlines()
    return [line.rstrip(".").split(", ") for line in lines if line and not line.startswith("|")]


def breast_cancer(data: bytes) -> Coded:
    """The complete rows of the Ljubljana file, in file order; ranges sorted by their numbers."""
    rows = [line.split(",") for line in data.decode("ascii").splitlines() if "?" not in line]
    cells = [row[1:] for row in rows]
    categories = tuple(
        tuple(sorted(set(column), key=_by_number)) for column in zip(*cells, strict=True)
    )
    labels = np.array([BREAST_CANCER_CLASSES.index(row[0]) for row in rows])
    return Coded(coded(cells, categories), labels, categories)


def _by_number(name: str) -> tuple[int, str]:
    """Sort key of a category such as ``5-9``: its first number, then its text."""
    match = re.match(r"\d+", name)
    return (int(match.group()) if match else 0, name)


def coded(rows: list[list[str]], categories: tuple[tuple[str, ...], ...]) -> npt.NDArray[np.int64]:
    """Integers of text cells: numbers as they are, categories as codes, unknown ones missing."""
    codes = [{name: code for code, name in enumerate(names)} for names in categories]
    return np.array(
        [
            [
                of.get(cell, MISSING) if of else int(cell)
                for of, cell in zip(codes, row, strict=True)
            ]
            for row in rows
        ],
        dtype=np.int64,
    )


def dry_bean(data: bytes, class_names: tuple[str, ...]) -> Coded:
    """Rows ``f64[N, 16]`` and labels ``i64[N]`` of the ARFF file of Dry Bean.

    Raises:
        DataError: if the bytes are not that file.
    """
    try:
        lines = [line.strip() for line in data.decode("utf-8").splitlines()]
        start = [line.lower() for line in lines].index("@data") + 1
        cells = [line.split(",") for line in lines[start:] if line and not line.startswith("%")]
        x = np.array([row[:-1] for row in cells], dtype=np.float64)
        y = np.array([class_names.index(row[-1]) for row in cells], dtype=np.int64)
    except (ValueError, IndexError):
        raise DataError("the ARFF file of Dry Bean is damaged: get it again") from None
    return Coded(x, y, ((),) * x.shape[-1])


def labelled_csv(
    data: bytes, columns: tuple[str, ...], coded_columns: frozenset[str], label: str, what: str
) -> Coded:
    """Columns of a CSV file without quotes, and the integers of its label column.

    Args:
        data: the file's bytes, UTF-8 with a header.
        columns: the columns to read.
        coded_columns: which of them are categories; their codes follow the sorted names.
        label: the label column.
        what: the file's name in error messages.

    Raises:
        DataError: if the bytes are no such file.
    """
    try:
        header, *lines = data.decode("utf-8-sig").splitlines()
        cells = dict(
            zip(
                header.split(","),
                zip(*(line.split(",") for line in lines), strict=True),
                strict=True,
            )
        )
        categories = tuple(
            tuple(sorted(set(cells[name]))) if name in coded_columns else () for name in columns
        )
        rows = np.stack(
            [_column(cells[name], of) for name, of in zip(columns, categories, strict=True)], axis=1
        )
        return Coded(rows, np.array(cells[label], np.int64), categories)
    except (ValueError, KeyError):
        raise DataError(f"{what} is not the known CSV file: get it again") from None


def _column(cells: tuple[str, ...], categories: tuple[str, ...]) -> npt.NDArray[np.float64]:
    code = {name: index for index, name in enumerate(categories)}
    return np.array([code[cell] for cell in cells] if code else cells, np.float64)


def frame_rows(frame: Mapping[str, Column], label: str, class_names: tuple[str, ...]) -> Coded:
    """Rows of a data frame; factors whose levels are numbers are these numbers.

    Args:
        frame: its columns by name.
        label: the factor that is the label.
        class_names: its levels.

    Raises:
        DataError: if the frame has no such factor, or levels that are no numbers.
    """
    try:
        if frame[label].levels != class_names:
            raise ValueError("other classes")
        columns = [_frame_column(column) for name, column in frame.items() if name != label]
        rows, labels = np.stack(columns, axis=1), frame[label].values.astype(np.int64)
    except (KeyError, ValueError, IndexError):
        raise DataError("the data frame is not the known one: get it again") from None
    return Coded(rows, labels, ((),) * rows.shape[1])


def _frame_column(column: Column) -> npt.NDArray[np.float64]:
    if not column.levels:
        return column.values.astype(np.float64)
    return np.array(column.levels, np.float64)[column.values]
