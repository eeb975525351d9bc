"""Data sets from arrays in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import DataError
from lgn2hdl.datasets.npz_files import REQUIRED, table_of
from lgn2hdl.datasets.split import stratified_test_rows
from lgn2hdl.datasets.types import Dataset, assemble
from lgn2hdl.model.features import Missing

NAME = "arrays"
"""Name of such a data set, also in messages."""

Arrays = Mapping[str, npt.ArrayLike] | Sequence[npt.ArrayLike]
"""By name, as in an NPZ file; or rows and targets, for training and, if there are any, testing."""


def dataset_of_arrays(
    arrays: Arrays, *, input_width: int = 12, missing: Missing = Missing.ERROR
) -> Dataset:
    """A data set of rows and targets.

    Args:
        arrays: ``x_train, y_train, x_test, y_test``, by these names (with all that an NPZ file may
            have, such as ``class_names``) or in this order; or rows and targets alone, of which a
            fifth, class by class, becomes test rows. Rows are numbers ``[N, columns]``; targets are
            labels ``[N]``, integers or text, or rows of bits ``[N, n]``.
        input_width: bits of a scaled real-valued column.
        missing: whether numbers may be missing, and what they become.

    Raises:
        DataError: if the arrays cannot be used.
    """
    named = arrays if isinstance(arrays, Mapping) else _named(arrays)
    found = {name: np.asarray(value) for name, value in named.items()}
    return assemble(NAME, table_of(Path(NAME), found), input_width, missing)


def _named(arrays: Sequence[npt.ArrayLike]) -> dict[str, npt.ArrayLike]:
    if len(arrays) == len(REQUIRED):
        return dict(zip(REQUIRED, arrays, strict=True))
    if len(arrays) != 2:
        raise DataError(f"{len(arrays)} arrays: give {', '.join(REQUIRED)}, or rows and targets")
    rows, targets = (np.asarray(item) for item in arrays)
    if rows.ndim < 2 or rows.shape[:1] != targets.shape[:1]:
        raise DataError(
            f"rows of shape {rows.shape} and targets of shape {targets.shape}: "
            "give one target a row"
        )
    flat = targets if targets.ndim == 1 else np.zeros(len(targets))
    test = stratified_test_rows(np.unique(flat, return_inverse=True)[1].astype(np.int64))
    parts = (rows[~test], targets[~test], rows[test], targets[test])
    return dict(zip(REQUIRED, parts, strict=True))
