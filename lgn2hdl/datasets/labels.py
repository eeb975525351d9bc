"""Class numbers of labels as they stand in the user's files."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def class_codes(
    train: Sequence[str], test: Sequence[str]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], tuple[str, ...]]:
    """Classes ``i64[N]`` of training and test labels, and the class names.

    Class names are the different labels, in numeric order if all of them are integers, otherwise
    in alphabetic order.
    """
    names = sorted(set(train) | set(test))
    if all(re.fullmatch(r"[+-]?[0-9]{1,18}", name) for name in names):
        names.sort(key=int)
    code = {name: index for index, name in enumerate(names)}
    y_train, y_test = (
        np.array([code[label] for label in part], dtype=np.int64) for part in (train, test)
    )
    return y_train, y_test, tuple(names)
