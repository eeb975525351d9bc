"""The split into training and test rows where a data set does not bring its own."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

TEST_SHARE = 5
"""One row in so many is a test row, class by class."""


def stratified_test_rows(labels: npt.NDArray[np.int64], seed: int = 0) -> npt.NDArray[np.bool_]:
    """Which rows are test rows, ``bool[N]``: a fifth of each class, rounded half up.

    Class after class (in the order of their numbers) draws a permutation of its rows from
    NumPy's ``RandomState(seed)``, whose stream never changes between versions; the first fifth
    of it are test rows.
    """
    random = np.random.RandomState(seed)
    test = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        count = (2 * len(rows) + TEST_SHARE) // (2 * TEST_SHARE)
        test[rows[random.permutation(len(rows))[:count]]] = True
    return test
