"""Model files: a :class:`~lgn2hdl.model.network.LogicNet` in one file.

See ``docs/model-format.md``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy.typing as npt

from lgn2hdl.base import container
from lgn2hdl.base.errors import ModelFileError
from lgn2hdl.model.features import Features
from lgn2hdl.model.network import Bits, GroupSum, Head, LogicNet, Lut, Thermometer

FORMAT = "lgn2hdl-model"
VERSION = 3
"""Newest version of the format that this code writes and reads."""

_FIRST_VERSION = 1
_BITS_VERSION = 2
_BITS = "bits"
"""Value of the key ``head`` in the document of a network with a Bits head (since version 2)."""

_FEATURE_ARRAYS = ("column", "width", "offset", "step", "category")
_HEAD_ARRAYS = ("class_of", "weight", "bias")


def save(network: LogicNet, path: Path) -> None:
    """Write ``network`` in the oldest version that can hold it; equal networks give equal bytes.

    Raises:
        OutputError: if the file cannot be written.
    """
    container.write(path, _arrays(network), _document(network), FORMAT, _oldest_version(network))


def to_bytes(network: LogicNet) -> bytes:
    """What :func:`save` writes."""
    return container.to_bytes(
        _arrays(network), _document(network), FORMAT, _oldest_version(network)
    )


def _document(network: LogicNet) -> dict[str, Any]:
    features = network.features
    return {
        "column_names": list(features.column_names),
        "categories": [list(names) for names in features.categories],
        "n_layers": len(network.layers),
        "class_names": list(network.class_names),
        "card": dict(network.card),
        **_head_document(network.head),
        **_missing_document(features),
    }


def _oldest_version(network: LogicNet) -> int:
    if network.features.allows_missing:
        return VERSION
    return _BITS_VERSION if isinstance(network.head, Bits) else _FIRST_VERSION


def _missing_document(features: Features) -> dict[str, Any]:
    return {"missing": list(features.missing)} if features.allows_missing else {}


def _head_document(head: Head) -> dict[str, Any]:
    return {"head": _BITS} if isinstance(head, Bits) else {"tau": head.tau}


def _arrays(network: LogicNet) -> dict[str, npt.NDArray[Any]]:
    """Every array of the file, by its name there."""
    features, head = network.features, network.head
    arrays: dict[str, npt.NDArray[Any]] = {
        **{f"features.{name}": getattr(features, name) for name in _FEATURE_ARRAYS},
        "encoder.feature": network.encoder.feature,
        "encoder.threshold": network.encoder.threshold,
    }
    if isinstance(head, GroupSum):
        arrays |= {f"head.{name}": getattr(head, name) for name in _HEAD_ARRAYS}
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
        categories=tuple(_names(names) for names in _entry(document, "categories", list)),
        missing=_replacements(document.get("missing")),
    )
    layers = tuple(
        Lut(arrays[f"layers.{index}.fanin"], arrays[f"layers.{index}.table"])
        for index in range(_entry(document, "n_layers", int))
    )
    return LogicNet(
        features=features,
        encoder=Thermometer(arrays["encoder.feature"], arrays["encoder.threshold"]),
        layers=layers,
        head=_head(arrays, document, layers),
        class_names=_names(document["class_names"]),
        card=_entry(document, "card", dict),
    )


def _head(
    arrays: dict[str, npt.NDArray[Any]], document: dict[str, Any], layers: tuple[Lut, ...]
) -> Head:
    if "head" not in document:
        return GroupSum(
            **{name: arrays[f"head.{name}"] for name in _HEAD_ARRAYS},
            tau=float(_entry(document, "tau", int, float)),
        )
    if document["head"] != _BITS:
        raise ValueError(f"its head is {str(document['head'])[:40]!r}, which is unknown")
    if not layers:
        raise ValueError("it has no layers")
    return Bits(layers[-1].width)


def _check_types(arrays: dict[str, npt.NDArray[Any]], network: LogicNet) -> None:
    """The file must hold the arrays that writing the network again would give, and no others."""
    written = {name: array.dtype.name for name, array in _arrays(network).items()}
    found = {name: array.dtype.name for name, array in arrays.items()}
    for name in sorted(written.keys() | found.keys()):
        if written.get(name) != found.get(name):
            raise ValueError(f"array {name!r} has another type than it should or is not needed")


def _replacements(values: object) -> tuple[float | None, ...]:
    """What missing numbers count as, for each column (since version 3)."""
    if values is None:
        return ()
    if not isinstance(values, list) or not values:
        raise TypeError("what missing values count as is no list")
    if not all(value is None or type(value) in (int, float) for value in values):
        raise TypeError("what a missing value counts as is no number")
    return tuple(None if value is None else float(value) for value in values)


def _entry(document: dict[str, Any], name: str, *types: type) -> Any:
    """An entry of the document that has one of these types itself: JSON has no other ones."""
    if type(document[name]) not in types:
        raise TypeError(f"its {name} is of another type than it should")
    return document[name]


def _names(names: object) -> tuple[str, ...]:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise TypeError("a name is not text, or names are no list")
    texts = tuple(str(name) for name in names)
    if any("\ud800" <= character <= "\udfff" for name in texts for character in name):
        raise ValueError("a name has half of a character")  # which no file nor terminal can hold
    return texts
