"""Model files: a :class:`~lgn2hdl.model.LogicNet` in one file. See ``docs/model-format.md``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy.typing as npt

from lgn2hdl import container
from lgn2hdl.errors import ModelFileError
from lgn2hdl.features import Features
from lgn2hdl.model import GroupSum, LogicNet, Lut, Thermometer

FORMAT = "lgn2hdl-model"
VERSION = 1
"""Newest version of the format that this code writes and reads."""

_FEATURE_ARRAYS = ("column", "width", "offset", "step", "category")


def save(network: LogicNet, path: Path) -> None:
    """Write ``network``; equal networks give equal bytes.

    Raises:
        OutputError: if the file cannot be written.
    """
    features = network.features
    document = {
        "column_names": list(features.column_names),
        "categories": [list(names) for names in features.categories],
        "n_layers": len(network.layers),
        "tau": network.head.tau,
        "class_names": list(network.class_names),
        "card": dict(network.card),
    }
    container.write(path, _arrays(network), document, FORMAT, VERSION)


def _arrays(network: LogicNet) -> dict[str, npt.NDArray[Any]]:
    """Every array of the file, by its name there."""
    features, head = network.features, network.head
    arrays: dict[str, npt.NDArray[Any]] = {
        **{f"features.{name}": getattr(features, name) for name in _FEATURE_ARRAYS},
        "encoder.feature": network.encoder.feature,
        "encoder.threshold": network.encoder.threshold,
        "head.class_of": head.class_of,
        "head.weight": head.weight,
        "head.bias": head.bias,
    }
    for index, layer in enumerate(network.layers):
        arrays[f"layers.{index}.fanin"] = layer.fanin
        arrays[f"layers.{index}.table"] = layer.table
    return arrays


def load(path: Path) -> LogicNet:
    """Read a network back.

    Raises:
        ModelFileError: if the file is missing, truncated, altered, foreign, newer or inconsistent.
    """
    arrays, document = container.read(path, FORMAT, VERSION)
    try:
        network = _network(arrays, document)
        _check_types(arrays, network)
        return network
    except KeyError as error:
        raise ModelFileError(f"{path} is damaged (it has no {error}): retrain it") from None
    except (TypeError, ValueError, OverflowError) as error:
        raise ModelFileError(f"{path} is damaged ({error}): retrain it") from None


def _network(arrays: dict[str, npt.NDArray[Any]], document: dict[str, Any]) -> LogicNet:
    features = Features(
        **{name: arrays[f"features.{name}"] for name in _FEATURE_ARRAYS},
        column_names=_names(document["column_names"]),
        categories=tuple(_names(names) for names in document["categories"]),
    )
    layers = tuple(
        Lut(arrays[f"layers.{index}.fanin"], arrays[f"layers.{index}.table"])
        for index in range(int(document["n_layers"]))
    )
    head = GroupSum(
        arrays["head.class_of"],
        arrays["head.weight"],
        arrays["head.bias"],
        float(document["tau"]),
    )
    return LogicNet(
        features=features,
        encoder=Thermometer(arrays["encoder.feature"], arrays["encoder.threshold"]),
        layers=layers,
        head=head,
        class_names=_names(document["class_names"]),
        card=dict(document["card"]),
    )


def _check_types(arrays: dict[str, npt.NDArray[Any]], network: LogicNet) -> None:
    """The file must hold the arrays that writing the network again would give, and no others."""
    written = {name: array.dtype.name for name, array in _arrays(network).items()}
    found = {name: array.dtype.name for name, array in arrays.items()}
    for name in sorted(written.keys() | found.keys()):
        if written.get(name) != found.get(name):
            raise ValueError(f"array {name!r} has another type than it should or is not needed")


def _names(names: list[object]) -> tuple[str, ...]:
    if not all(isinstance(name, str) for name in names):
        raise TypeError("a name is not text")
    return tuple(str(name) for name in names)
