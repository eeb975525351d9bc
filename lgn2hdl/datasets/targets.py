"""Whether a model and a data set speak of the same: the same classes, or as many bits."""

from __future__ import annotations

from lgn2hdl.base.errors import DataError
from lgn2hdl.datasets.types import Dataset
from lgn2hdl.model.network import LogicNet


def require_same_targets(network: LogicNet, data: Dataset) -> None:
    """Check that the results of ``network`` can be compared with the targets of ``data``.

    Raises:
        DataError: if one has classes and the other bits, or their classes or number of bits differ.
    """
    if network.head.decides_class:
        _require_same_classes(network, data)
        return
    if not data.has_bit_targets:
        raise DataError(
            f"the model's outputs are {network.head.n_names} bits, but {data.name} has a class for "
            "each row: give a data set whose targets are rows of bits"
        )
    if network.head.n_names != len(data.class_names):
        raise DataError(
            f"the model has {network.head.n_names} output bits, the targets of {data.name} have "
            f"{len(data.class_names)}: give a data set with as many"
        )


def _require_same_classes(network: LogicNet, data: Dataset) -> None:
    if data.has_bit_targets:
        raise DataError(
            f"the model decides between {len(network.class_names)} classes, but the targets of "
            f"{data.name} are rows of {len(data.class_names)} bits: give a data set with one "
            "label a row"
        )
    if network.class_names != data.class_names:
        raise DataError(
            f"the classes of {data.name} are not those of the model: give it rows of all of the "
            "model's classes, or their names as class_names in an NPZ file"
        )
