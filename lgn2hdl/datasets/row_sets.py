"""Data sets that are known row by row, in whatever form they come and however they are split.

A data folder may hold the rows as arrays, split by somebody; their public home has them as one
list. All rows are put together, checked against one hash, and split by one rule.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import DataError
from lgn2hdl.base.files import is_file
from lgn2hdl.datasets import limits
from lgn2hdl.datasets.parsers import Coded
from lgn2hdl.datasets.sources import Places
from lgn2hdl.datasets.split import stratified_test_rows
from lgn2hdl.datasets.types import Table, digest

Rule = Callable[[npt.NDArray[np.int64]], npt.NDArray[np.bool_]]
"""From the labels of all rows, ``i64[N]``, which rows are test rows, ``bool[N]``."""


@dataclass(frozen=True)
class RowSet:
    """A data set of known rows.

    Attributes:
        arrays: place below a data folder of an NPZ file with ``x_train``, ``y_train``, ``x_test``
            and ``y_test``, and ``cat_<column>`` for each column of categories.
        home: reads the rows from their public home.
        sha256: hash of all rows and labels, in their order.
        test_rows: the rule of the split.
        column_names: a name for each column.
        class_names: a name for each class.
        ordered: whether rows keep the order of the source (which arrays must have, training rows
            first); otherwise they are sorted.
        notes: what people should know, a line each.
    """

    arrays: str
    home: Callable[[Places], Coded]
    sha256: str
    test_rows: Rule
    column_names: tuple[str, ...]
    class_names: tuple[str, ...]
    ordered: bool = False
    notes: tuple[str, ...] = ()


def read_rows(known: RowSet, places: Places) -> Table:
    """The table of a set: arrays of the folder come first, then those of the cache, then its home.

    Raises:
        DataError: if the rows are nowhere, or not the public ones.
    """
    path = _array_file(known, places)
    found = known.home(places) if path is None else _from_arrays(known, path)
    rows = found if known.ordered else in_sorted_order(found)
    if rows_digest(rows) != known.sha256:
        where = "its public home delivered" if path is None else f"{path} holds"
        raise DataError(
            f"the rows that {where} are not those of the public data set (their hash differs): "
            "replace or remove the file"
        )
    test = known.test_rows(rows.labels)
    return Table(
        rows.rows[~test], rows.labels[~test], rows.rows[test], rows.labels[test],
        column_names=known.column_names,
        categories=rows.categories,
        class_names=known.class_names,
        notes=known.notes,
    )  # fmt: skip


def _array_file(known: RowSet, places: Places) -> Path | None:
    folders = [folder for folder in (places.folder, places.cache) if folder is not None]
    paths = [folder / known.arrays for folder in folders]
    return next((path for path in paths if is_file(path)), None)


def _from_arrays(known: RowSet, path: Path) -> Coded:
    arrays = limits.read_npz(path)
    try:
        x = np.concatenate([arrays["x_train"], arrays["x_test"]]).astype(np.float64)
        y = np.concatenate([arrays["y_train"], arrays["y_test"]]).astype(np.int64)
    except (KeyError, ValueError):
        raise DataError(f"{path} does not hold the data set: replace or remove it") from None
    names = [arrays.get(f"cat_{column}") for column in known.column_names]
    return Coded(x, y, tuple(() if of is None else tuple(map(str, of.ravel())) for of in names))


def in_sorted_order(rows: Coded) -> Coded:
    """The rows by their first column, then the next, ..., then the label."""
    x, y = rows.rows, rows.labels
    if x.ndim != 2 or y.shape != (len(x),):
        return rows  # (its hash will tell)
    order = np.lexsort((y, *x.T[::-1]))
    return Coded(x[order], y[order], rows.categories)


def rows_digest(rows: Coded) -> str:
    """SHA-256 of rows and labels, and of the names of categories if there are any."""
    arrays = {"x": rows.rows.astype(np.float64), "y": rows.labels.astype(np.int64)}
    if any(rows.categories):
        text = json.dumps([list(names) for names in rows.categories])
        arrays["categories"] = np.frombuffer(text.encode(), np.uint8)
    return digest(arrays)


def after(n_train: int) -> Rule:
    """The rule of sources whose first rows are for training."""
    return lambda labels: np.arange(len(labels)) >= n_train


def a_fifth_of_each_class(labels: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """The rule of sets without a split of their own; see :mod:`lgn2hdl.datasets.split`."""
    return stratified_test_rows(labels)


def marked(name: str) -> Rule:
    """The rule of a split that was drawn once: a bit a row in a file of the package's data."""

    def test_rows(labels: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        packed = (resources.files("lgn2hdl.datasets") / "data" / name).read_bytes()
        return np.unpackbits(np.frombuffer(packed, np.uint8), count=len(labels)).astype(bool)

    return test_rows
