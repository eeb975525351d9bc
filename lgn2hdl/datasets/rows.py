"""Rows to predict from the user's files, for a model whose columns are known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import DataError
from lgn2hdl.datasets import csv_sheet, limits, npz_files, parsers
from lgn2hdl.datasets.cells import MISSING_CELLS, shown
from lgn2hdl.datasets.csv_options import CsvOptions
from lgn2hdl.model.features import Features

ROW_KEYS = ("x", "x_test")
"""Names under which rows are looked for in an NPZ file, in this order."""


def read_rows(
    path: Path,
    features: Features,
    options: CsvOptions | None = None,
    on_note: Callable[[str], None] | None = None,
) -> npt.NDArray[Any]:
    """Raw rows of a file, as :meth:`lgn2hdl.model.features.Features.integers` takes them.

    Args:
        path: ``.npy``; ``.npz`` with ``x`` or ``x_test``; ``.csv`` with the model's columns by
            name, in any order and beside others; or images in MNIST's IDX format, plain or
            gzip-compressed, whatever their name.
        features: the model's features: which columns there are.
        options: how a CSV file is written.
        on_note: takes what people should know, a line each: cells of a CSV file that are none of
            the model's categories.

    Returns:
        Numbers and category codes, ``[N, n_columns]``; a category that the model does not know is
        -1 and sets no bit; a missing number is NaN, if the model allows it.

    Raises:
        DataError: if the file is missing or damaged, or its rows do not fit the model.
    """
    suffix = path.suffix.lower()
    if suffix == ".npy":
        rows = npz_files.rows(path, "the array", {"the array": limits.read_npy(path)})
    elif suffix == ".npz":
        rows = _npz_rows(path)
    elif suffix == ".csv":
        rows = _csv_rows(path, features, options, on_note)
    else:
        rows = _images(path)
    if rows.shape[1] != features.n_columns:
        raise DataError(
            f"{path} has rows of {rows.shape[1]} columns, the model reads {features.n_columns}: "
            "give the columns that it was trained on"
        )
    return rows


def _npz_rows(path: Path) -> npt.NDArray[Any]:
    arrays = limits.read_npz(path, ROW_KEYS)
    for key in ROW_KEYS:
        if key in arrays:
            return npz_files.rows(path, key, arrays)
    raise DataError(f"{path} has neither {' nor '.join(ROW_KEYS)}: save the rows as 'x'")


def _csv_rows(
    path: Path,
    features: Features,
    options: CsvOptions | None,
    on_note: Callable[[str], None] | None,
) -> npt.NDArray[np.float64]:
    sheet = csv_sheet.read_sheet(path, options)
    absent = [name for name in features.column_names if name not in sheet.names]
    if absent:
        more = f" and {len(absent) - 1} more" if len(absent) > 1 else ""
        raise DataError(
            f"{path} has no column {absent[0]!r}{more}, which the model reads: "
            "give a header line with the model's column names"
        )
    columns = [
        csv_sheet.codes(sheet.column(name), known)
        if known
        else csv_sheet.numbers(sheet, name, gaps=replacement is not None)
        for name, known, replacement in zip(
            features.column_names, features.categories, features.missing, strict=True
        )
    ]
    if on_note is not None:
        for line in _unknown_categories(sheet, features):
            on_note(line)
    return np.stack(columns, axis=1)


def _unknown_categories(sheet: csv_sheet.Sheet, features: Features) -> Iterator[str]:
    """A line for each column with cells that are none of the model's categories."""
    for name, categories in zip(features.column_names, features.categories, strict=True):
        known = {*categories, *MISSING_CELLS}
        unknown = [cell for cell in sheet.column(name) if cell not in known] if categories else []
        if unknown:
            yield (
                f"{len(unknown):,} cells of column {name!r} are no category of the model, such as "
                f"{shown(unknown[0])}: they count as missing"
            )


def _images(path: Path) -> npt.NDArray[np.uint8]:
    with limits.open_file(path) as file:
        start = file.read(2)
    if start not in (parsers.GZIP_MAGIC, b"\0\0"):
        raise DataError(
            f"{path} is no file of rows: give .npy, .npz, .csv, or images in MNIST's IDX format"
        )
    images = parsers.idx(limits.read_file(path), str(path))
    return images.reshape(len(images), int(np.prod(images.shape[1:])))
