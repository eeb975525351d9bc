"""Class numbers of labels as they stand in the user's files."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import DataError
from lgn2hdl.datasets.cells import exact_number, shown


def class_codes(
    train: Sequence[str], test: Sequence[str]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], tuple[str, ...]]:
    """Classes ``i64[N]`` of training and test labels, and the class names.

    Class names are the different labels, in numeric order if all of them are numbers, otherwise
    in alphabetic order.

    Raises:
        DataError: if two labels are the same number, such as ``1`` and ``1.0``.
    """
    names = _in_order(set(train) | set(test))
    code = {name: index for index, name in enumerate(names)}
    y_train, y_test = (
        np.array([code[label] for label in part], dtype=np.int64) for part in (train, test)
    )
    return y_train, y_test, names


def _in_order(labels: set[str]) -> tuple[str, ...]:
    names = sorted(labels)
    values = {name: exact_number(name) for name in names}
    if not all(value is not None for value in values.values()):
        return tuple(names)
    names.sort(key=lambda name: values[name] or 0)
    for lower, higher in pairwise(names):
        if values[lower] == values[higher]:
            raise DataError(
                f"labels {shown(lower)} and {shown(higher)} are the same number: write both alike"
            )
    return tuple(names)
