"""The part of a model file that says what has to be computed (``docs/model-format.md``)."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .graph import MOST_PINS, CheckError

NEWEST_VERSION = 2

_SIZES = {"U8": "B", "U16": "H", "U32": "I", "U64": "Q", "I8": "b", "I16": "h", "I32": "i"}


@dataclass(frozen=True)
class Layer:
    """Look-up tables: positions in the layer below that each node reads, and truth tables."""

    fan_in: tuple[tuple[int, ...], ...]
    table: tuple[int, ...]


@dataclass(frozen=True)
class Head:
    """Scores: the class that each output counts for, what it adds, and the constant parts."""

    class_of: tuple[int, ...]
    weight: tuple[int, ...]
    bias: tuple[int, ...]


@dataclass(frozen=True)
class Model:
    """A network: widths of the features, comparisons, layers, and a head unless it gives bits."""

    width: tuple[int, ...]
    feature: tuple[int, ...]
    threshold: tuple[int, ...]
    layers: tuple[Layer, ...]
    head: Head | None


def read_model(data: bytes) -> Model:
    """The network in the bytes of a model file.

    Raises:
        CheckError: if they are none, or a part does not fit the others.
    """
    try:
        return _checked(_model(data))
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise CheckError(f"the model file is damaged ({type(error).__name__}: {error})") from None
    except (struct.error, OverflowError, MemoryError):
        raise CheckError("the model file is damaged: an array is not where it should be") from None


def _model(data: bytes) -> Model:
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    about = header.pop("__metadata__")
    if about["format"] != "lgn2hdl-model" or not 1 <= int(about["version"]) <= NEWEST_VERSION:
        raise ValueError("another format, or a newer version")
    document = json.loads(about["document"])
    arrays = _Arrays(data[8 + size :], header)
    layers = tuple(arrays.layer(number) for number in range(int(document["n_layers"])))
    head = None
    if document.get("head") != "bits":
        if "head" in document:
            raise ValueError("an unknown head")
        columns = (arrays.column(f"head.{name}") for name in ("class_of", "weight", "bias"))
        head = Head(*columns)
    return Model(
        arrays.column("features.width"),
        arrays.column("encoder.feature"),
        arrays.column("encoder.threshold"),
        layers,
        head,
    )


class _Arrays:
    def __init__(self, data: bytes, header: Mapping[str, Any]) -> None:
        self._data, self._header = data, header

    def column(self, name: str) -> tuple[int, ...]:
        (length,) = self._header[name]["shape"]
        return self._numbers(name, int(length))

    def layer(self, number: int) -> Layer:
        length, pins = self._header[f"layers.{number}.fanin"]["shape"]
        if not 1 <= pins <= MOST_PINS:
            raise ValueError(f"nodes of {pins} pins")
        flat = self._numbers(f"layers.{number}.fanin", length * pins)
        rows = tuple(flat[start : start + pins] for start in range(0, len(flat), pins))
        return Layer(rows, self.column(f"layers.{number}.table"))

    def _numbers(self, name: str, count: int) -> tuple[int, ...]:
        entry = self._header[name]
        begin, end = entry["data_offsets"]
        if not 0 <= begin <= end <= len(self._data):
            raise ValueError(f"{name} is outside of the file")
        return struct.unpack(f"<{count}{_SIZES[entry['dtype']]}", self._data[begin:end])


def _checked(model: Model) -> Model:
    """The model, whose numbers all refer to something.

    Raises:
        ValueError: if one does not.
    """
    _require(model.width, 1, 16, "width of a feature")
    _require(model.feature, 0, len(model.width) - 1, "feature of a comparison")
    _require(model.threshold, 0, 1 << 31, "threshold")
    if len(model.feature) != len(model.threshold) or not model.layers:
        raise ValueError("comparisons or layers are missing")
    below = len(model.feature)
    for layer in model.layers:
        if len(layer.fan_in) != len(layer.table):
            raise ValueError("a layer lacks tables")
        for pins, table in zip(layer.fan_in, layer.table, strict=True):
            _require(pins, 0, below - 1, "pin")
            _require((table,), 0, (1 << (1 << len(pins))) - 1, "truth table")
        below = len(layer.table)
    if model.head is not None:
        _check_head(model.head, below)
    return model


def _check_head(head: Head, outputs: int) -> None:
    if not len(head.class_of) == len(head.weight) == outputs or len(head.bias) < 2:
        raise ValueError("the head does not fit the last layer")
    _require(head.class_of, 0, len(head.bias) - 1, "class of an output")


def _require(numbers: Sequence[int], low: int, high: int, what: str) -> None:
    for number in numbers:
        if not low <= number <= high:
            raise ValueError(f"{what}: {number}")
