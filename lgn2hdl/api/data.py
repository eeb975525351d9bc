"""The rows that a design is tried with, and that may decide about it."""

from __future__ import annotations

from pathlib import Path

from lgn2hdl.api.models import AnyPath
from lgn2hdl.api.notes import Note
from lgn2hdl.base.errors import DataError
from lgn2hdl.compiler.flow import dataset_vectors
from lgn2hdl.datasets import Dataset
from lgn2hdl.datasets.sources import Shown, hidden
from lgn2hdl.datasets.trained import trained_dataset
from lgn2hdl.model.network import LogicNet
from lgn2hdl.model.vectors import Vectors, random_vectors, with_corners


def rows_for(
    network: LogicNet,
    wish: Dataset | AnyPath | None = None,
    *,
    data_dir: Path | None = None,
    label: str | None = None,
    needed: bool,
    note: Note,
    shown: Shown = hidden,
) -> Dataset | None:
    """Real rows; None, with a note, where the data set is not at hand and not needed.

    Args:
        network: the network.
        wish: a data set, its name or file; None takes what the network was trained on.
        data_dir: folder with public data sets.
        label: label column of a CSV file.
        needed: whether training rows decide about the design.
        note: takes a line for people.
        shown: shows how a download goes on.

    Raises:
        DataError: if a data set is needed, or was asked for, and cannot be had.
    """
    if isinstance(wish, Dataset):
        return wish
    try:
        name = None if wish is None else str(wish)
        return trained_dataset(network, name, data_dir, label, shown=shown)
    except DataError as error:
        if wish is not None or needed:
            raise
        note(f"note: test vectors are random, not real samples: {error}")
        return None


def vectors_for(network: LogicNet, data: Dataset | None, number: int) -> Vectors:
    """Test vectors: rows of the data set, or random ones, and corner cases.

    Raises:
        DataError: if the network was trained on other features.
        OptionError: if ``number`` is below 1.
    """
    if data is None:
        vectors = random_vectors(network.features, number)
    else:
        vectors = dataset_vectors(network, data, number)
    return with_corners(network, vectors, number)
