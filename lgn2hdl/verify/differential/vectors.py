"""The table of vectors that all engines have to agree on: real samples, random ones, corner cases.

Every vector belongs to a group whose name says why it is there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lgn2hdl.base.errors import OptionError, OutputError
from lgn2hdl.base.files import read_file
from lgn2hdl.base.system_errors import explained
from lgn2hdl.model.corners import extreme_rows, threshold_rows, tied_rows
from lgn2hdl.model.features import Features, Integers
from lgn2hdl.model.network import LogicNet
from lgn2hdl.model.vectors import random_vectors

MOST_TIES = 200
"""Ties in a table, as far as they are found."""

CONTEXTS = 3
"""Rows in which each threshold is tried, among other thresholds and among samples."""


@dataclass(frozen=True, eq=False)
class VectorTable:
    """Vectors in groups.

    Attributes:
        integers: unsigned features, ``[N, F]``.
        groups: name and number of vectors of each group, in order.
    """

    integers: Integers
    groups: Mapping[str, int]

    def group_of(self, vector: int) -> str:
        """Name of the group that a vector belongs to."""
        ends = np.cumsum(list(self.groups.values()))
        return list(self.groups)[int(np.searchsorted(ends, vector, side="right"))]


def vector_table(
    network: LogicNet, real: Integers | None, number: int, *, seed: int = 0
) -> VectorTable:
    """Real samples, as many random ones, and corner cases made from both.

    Args:
        network: the network.
        real: samples ``[N, F]``; None where there are none.
        number: most real samples, and number of random ones; at least 1.
        seed: of all that is random.

    Raises:
        OptionError: if ``number`` is below 1.
    """
    random = random_vectors(network.features, number, seed).integers
    groups = {} if real is None else {"real": real[:number]}
    groups["random"] = random
    base = np.concatenate(list(groups.values()))
    groups["extreme"] = extreme_rows(network.features)
    groups["threshold"] = threshold_rows(network, base, contexts=CONTEXTS, seed=seed)
    # Ways between real samples lead to other ties than ways between random ones.
    ends = (random,) if real is None else (real[:number], random)
    ties = [tied_rows(network, rows, MOST_TIES // len(ends), seed=seed) for rows in ends]
    groups["tie"] = np.concatenate(ties)
    return VectorTable(
        np.concatenate(list(groups.values())), {name: len(rows) for name, rows in groups.items()}
    )


def table_of_file(path: Path, features: Features) -> VectorTable:
    """The one vector of a file that a mismatch left.

    Raises:
        OutputError: if the file cannot be read.
        OptionError: if it holds no vector of these features.
    """
    try:
        document = json.loads(read_file(path))
    except OSError as error:
        raise OutputError(f"cannot read {path}: {explained(error, 'check the path')}") from None
    except (ValueError, RecursionError):
        raise OptionError(f"{path} is no JSON: give a file that a mismatch left") from None
    values = document.get("features") if isinstance(document, dict) else None
    if not isinstance(values, list) or not all(type(value) is int for value in values):
        raise OptionError(f"{path} has no list of features: give a file that a mismatch left")
    highest = features.highest.tolist()
    if len(values) != len(highest) or not all(
        0 <= value <= most for value, most in zip(values, highest, strict=True)
    ):
        raise OptionError(f"the features in {path} are not those of this model")
    return VectorTable(np.array([values], features.dtype), {"replayed": 1})
