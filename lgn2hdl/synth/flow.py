"""From a model to a scheduled design, and on to an output folder."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lgn2hdl.datasets import Dataset
from lgn2hdl.errors import OptionError
from lgn2hdl.features import require_same_features
from lgn2hdl.lower import lower
from lgn2hdl.model import LogicNet
from lgn2hdl.netlist import Netlist
from lgn2hdl.passes import PassRecord, prune
from lgn2hdl.schedule import Design, schedule
from lgn2hdl.synth.vectors import Vectors

DEFAULT_LEVELS = 2
"""Gate levels per stage: two levels of two-input gates read four values, which one LUT6 holds."""

DEFAULT_HEAD_LEVELS = 2
"""Adder or comparator levels per stage of the head."""

DEFAULT_VECTORS = 1000
"""Samples in the folder's test vectors."""


@dataclass(frozen=True, eq=False)
class Compiled:
    """A design and how it came about.

    Attributes:
        design: the pruned, scheduled network.
        lowered: the gate graph before pruning.
        records: what each pass did.
    """

    design: Design
    lowered: Netlist
    records: tuple[PassRecord, ...]


def compile_network(
    network: LogicNet,
    *,
    levels: int = DEFAULT_LEVELS,
    head_levels: int = DEFAULT_HEAD_LEVELS,
) -> Compiled:
    """Lower, prune and schedule.

    Raises:
        OptionError: if a number of levels is below 1.
    """
    lowered = lower(network)
    pruned, records = prune(lowered)
    design = schedule(network, pruned, levels_per_stage=levels, head_levels_per_stage=head_levels)
    return Compiled(design, lowered, records)


def file_sha256(path: Path) -> str:
    """Hash of a file's bytes, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def dataset_vectors(network: LogicNet, dataset: Dataset, number: int) -> Vectors:
    """The first test rows of a data set; training rows follow where there are too few.

    Raises:
        DataError: if the model was trained on other features.
        OptionError: if ``number`` is below 1.
    """
    if number < 1:
        raise OptionError(f"{number} test vectors: give at least 1")
    require_same_features(network.features, dataset.features, dataset.name)
    test = dataset.x_test[:number]
    extra = dataset.x_train[: number - len(test)]
    source = f"{dataset.name}: {len(test)} test rows"
    if not len(extra):
        return Vectors(test, source)
    joined = np.concatenate([test, extra])
    return Vectors(joined, f"{source} and {len(extra)} training rows")
