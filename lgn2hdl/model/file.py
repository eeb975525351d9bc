"""Model files: a :class:`~lgn2hdl.model.network.LogicNet` in one file.

See ``docs/model-format.md``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import repeat
from pathlib import Path
from typing import Any, TypeVar

import numpy.typing as npt

from lgn2hdl.base import container
from lgn2hdl.base.errors import ModelFileError
from lgn2hdl.base.registry import Registry
from lgn2hdl.model import heads, layers
from lgn2hdl.model.features import Features
from lgn2hdl.model.heads import Head
from lgn2hdl.model.heads.group_sum import GroupSum
from lgn2hdl.model.layers import Layer
from lgn2hdl.model.layers.lut import Lut
from lgn2hdl.model.network import LogicNet, Thermometer

T = TypeVar("T")

FORMAT = "lgn2hdl-model"
VERSION = 4
"""Newest version of the format that this code writes and reads."""

_FIRST_VERSION, _MISSING_VERSION, _LAYERS_VERSION = 1, 3, 4
"""The first version; the first with replacements of missing values, and with kinds of layers."""

_FEATURE_ARRAYS = ("column", "width", "offset", "step", "category")


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
        **_layers_document(network),
    }


def _oldest_version(network: LogicNet) -> int:
    return max(
        _FIRST_VERSION,
        network.head.since_version,
        _MISSING_VERSION if network.features.allows_missing else 0,
        _LAYERS_VERSION if _layers_document(network) else 0,
    )


def _missing_document(features: Features) -> dict[str, Any]:
    return {"missing": list(features.missing)} if features.allows_missing else {}


def _head_document(head: Head) -> dict[str, Any]:
    kind = {} if head.kind == GroupSum.kind else {"head": head.kind}
    return {**kind, **head.document()}


def _layers_document(network: LogicNet) -> dict[str, Any]:
    """The kinds of the layers (since version 4); nothing if all are look-up tables."""
    kinds = [layer.kind for layer in network.layers]
    return {} if set(kinds) == {Lut.kind} else {"layers": kinds}


def _arrays(network: LogicNet) -> dict[str, npt.NDArray[Any]]:
    """Every array of the file, by its name there."""
    features, head = network.features, network.head
    arrays: dict[str, npt.NDArray[Any]] = {
        **{f"features.{name}": getattr(features, name) for name in _FEATURE_ARRAYS},
        "encoder.feature": network.encoder.feature,
        "encoder.threshold": network.encoder.threshold,
    }
    arrays |= {f"head.{name}": array for name, array in head.arrays().items()}
    for index, layer in enumerate(network.layers):
        arrays |= {f"layers.{index}.{name}": array for name, array in layer.arrays().items()}
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
    all_layers = _all_layers(arrays, document)
    return LogicNet(
        features=features,
        encoder=Thermometer(arrays["encoder.feature"], arrays["encoder.threshold"]),
        layers=all_layers,
        head=_head(arrays, document, all_layers),
        class_names=_names(document["class_names"]),
        card=_entry(document, "card", dict),
    )


def _all_layers(arrays: dict[str, npt.NDArray[Any]], document: dict[str, Any]) -> tuple[Layer, ...]:
    number = _entry(document, "n_layers", int)
    kinds: Iterable[str] = repeat(Lut.kind, number)
    if "layers" in document:
        kinds = _names(document["layers"])
        if len(kinds) != number:
            raise ValueError("its layers and their kinds differ in number")
    return tuple(
        _known(layers.KINDS, kind).from_arrays(_Named(arrays, f"layers.{index}."))
        for index, kind in enumerate(kinds)
    )


def _head(
    arrays: dict[str, npt.NDArray[Any]], document: dict[str, Any], below: tuple[Layer, ...]
) -> Head:
    if not below:
        raise ValueError("it has no layers")
    kind = document.get("head", GroupSum.kind)
    if not isinstance(kind, str) or ("head" in document and kind == GroupSum.kind):
        raise ValueError(f"its head is {str(kind)[:40]!r}, which is unknown")
    known = _known(heads.KINDS, kind)
    return known.from_file(_Named(arrays, "head."), document, below[-1].width)


def _known(kinds: Registry[T], name: str) -> T:
    if name not in kinds:
        raise ValueError(f"its {kinds.what.split()[0]} is {name[:40]!r}, which is unknown")
    return kinds.find(name)


class _Named(Mapping[str, npt.NDArray[Any]]):
    """Arrays whose names begin alike, without that; a missing one is known by its whole name."""

    def __init__(self, arrays: Mapping[str, npt.NDArray[Any]], prefix: str) -> None:
        self._arrays, self._prefix = arrays, prefix

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        return self._arrays[self._prefix + name]

    def __iter__(self) -> Iterator[str]:
        known = (name for name in self._arrays if name.startswith(self._prefix))
        return (name.removeprefix(self._prefix) for name in known)

    def __len__(self) -> int:
        return sum(1 for _ in self)


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
