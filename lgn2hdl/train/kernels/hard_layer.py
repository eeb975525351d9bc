"""Compiled kernels of layers whose pins and outputs are all 0 or 1.

Bits are packed as in :mod:`lgn2hdl.train.kernels.hard_bits`, and the same holds for everything else
that it says.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from lgn2hdl.tools import native
from lgn2hdl.train.kernels import hard_bits
from lgn2hdl.train.kernels.cpu import declare, parts_of, pointer, share, split
from lgn2hdl.train.kernels.hard_bits import (
    HEADER,
    PANEL,
    PRODUCT,
    WORD,
    PinGradients,
    expanded,
)

NODES = 16
"""Nodes whose pins learn together, as in the C file."""

WORD_OF_TABLE, SAMPLE_OF_TABLE, SAMPLE_OF_PIN = 5.0, 1.0, 0.2
"""About what they take, in nanoseconds: a pin of a node for 64 outputs, the gradient of a table and
of a pin for a sample."""

PIECE = WORD // PANEL
"""Panels whose sums for the tables go together, as in the C file."""


class _Layer(ctypes.Structure):
    _fields_ = (
        ("x", ctypes.c_void_p),
        ("index", ctypes.c_void_p),
        ("nodes", ctypes.c_int64),
        ("words", ctypes.c_int64),
        ("samples", ctypes.c_int64),
    )


class _Above(ctypes.Structure):
    _fields_ = (("rows", ctypes.c_void_p), ("slope", ctypes.c_void_p), ("grad", ctypes.c_void_p))


class _PinLearning(ctypes.Structure):
    _fields_ = (
        ("bits", ctypes.c_void_p),
        ("wide", ctypes.c_void_p),
        ("source", ctypes.c_void_p),
        ("count", ctypes.c_int64),
        ("centred", ctypes.c_int64),
        ("score", ctypes.c_void_p),
        ("level", ctypes.c_void_p),
        ("unit", ctypes.c_void_p),
        ("given", ctypes.c_void_p),
        ("slope", ctypes.c_void_p),
        ("keep", ctypes.c_int64),
    )


@functools.cache
def _library() -> ctypes.CDLL | None:
    library = native.load(Path(__file__).with_name("hard_layer.c"), includes=(HEADER,))
    if library is not None:
        layer = (ctypes.c_int64, ctypes.POINTER(_Layer))
        backward = (*layer, ctypes.POINTER(_Above), ctypes.c_void_p)
        signatures = {
            "hard_forward": (*layer, ctypes.c_void_p, ctypes.c_void_p),
            "hard_backward": (*backward, ctypes.POINTER(_PinLearning)),
            "hard_backward_x": (*backward, ctypes.c_int64, ctypes.c_void_p),
            "hard_add_parts": (ctypes.c_void_p, *[ctypes.c_int64] * 3, ctypes.c_void_p),
        }
        declare(library, signatures)
    return library


def available(*tensors: Tensor) -> bool:
    """Whether the kernels can be used on these values: compiled, on the CPU, float32."""
    return hard_bits.available(*tensors) and _library() is not None


def _call(name: str) -> Callable[..., None]:
    return getattr(_library(), name)


@dataclass(frozen=True, eq=False)
class HardLayer:
    """A layer of W nodes with k pins, and what it reads.

    Attributes:
        x: bits of the sources, ``i64[S, words]``.
        samples: N.
        index: source of every pin, ``i32[k, W]``.
    """

    x: Tensor
    samples: int
    index: Tensor

    @property
    def width(self) -> int:
        """Nodes W."""
        return self.index.shape[1]

    @property
    def arguments(self) -> tuple[object, ...]:
        """What every function of a layer takes first."""
        fan_in, nodes = self.index.shape
        layer = _Layer(pointer(self.x), pointer(self.index), nodes, self.x.shape[1], self.samples)
        return fan_in, ctypes.byref(layer)

    def forward(self, table: Tensor) -> Tensor:
        """Output bits ``i64[W, words]`` of the truth tables ``i64[W]``."""
        y = self.x.new_empty((self.width, self.x.shape[1]))
        function, arguments = _call("hard_forward"), (*self.arguments, pointer(table), pointer(y))
        each = WORD_OF_TABLE * len(self.index) * self.x.shape[1]
        share(lambda _, begin, end: function(*arguments, begin, end), self.width, each)
        return y


@dataclass(frozen=True, eq=False)
class Above:
    """What a layer learns from.

    Attributes:
        rows: value of every truth-table row, node by node, ``f32[W, 2**k]``.
        slope: derivative of the output for the value of its row, likewise; ``None`` for 1.
        grad: gradient of the outputs, panels ``f32[panels, W, 16]``.
    """

    rows: Tensor
    slope: Tensor | None
    grad: Tensor

    @property
    def arguments(self) -> tuple[object, ...]:
        """What every function of a backward pass takes next."""
        above = _Above(pointer(self.rows), pointer(self.slope), pointer(self.grad))
        return (ctypes.byref(above),)


def backward_x(
    layer: HardLayer, above: Above, *, with_rows: bool = True
) -> tuple[Tensor, Tensor | None]:
    """Gradients of the sources, in panels of them, and, if wanted, of the rows ``f32[2**k, W]``.

    Every pin adds to the gradient of its source, one after the other.
    """
    sources, panels = len(layer.x), len(above.grad)
    result = above.grad.new_empty((panels, sources, PANEL))
    parts = None
    if with_rows:
        parts = above.rows.new_empty((-(-panels // PIECE), layer.width, above.rows.shape[1]))
    function = _call("hard_backward_x")
    fixed = (*layer.arguments, *above.arguments, pointer(result), sources, pointer(parts))
    split(lambda _, begin, end: function(*fixed, begin, end), panels, PIECE)
    return result, None if parts is None else _sum_of_parts(parts)


def _sum_of_parts(parts: Tensor) -> Tensor:
    pieces, nodes, rows = parts.shape
    result = parts.new_empty((rows, nodes))
    function, fixed = _call("hard_add_parts"), (pointer(parts), pieces, rows, nodes)
    ends = pointer(result)
    share(lambda _, begin, end: function(*fixed, ends, begin, end), nodes, pieces * rows)
    return result


@dataclass(frozen=True, eq=False)
class Candidates:
    """Sources that each pin could read.

    Attributes:
        source: ``i32[K, P]``.
        centred: whether a bit counts as -1 or 1 in a correlation; else as 0 or 1.
    """

    source: Tensor
    centred: bool


@dataclass(frozen=True, eq=False)
class Learned:
    """What a backward pass finds.

    Attributes:
        rows: gradient of the rows, ``f32[2**k, W]``.
        pins: gradients of the pins, if they were asked for.
        scores: the correlation of every candidate with the gradient of its pin, ``f32[K, P]``: the
            sum over the samples of value times gradient; if there are candidates.
    """

    rows: Tensor
    pins: PinGradients | None = None
    scores: Tensor | None = None


def backward(
    layer: HardLayer,
    above: Above,
    candidates: Candidates | None = None,
    *,
    keep_pins: bool = False,
    units: Tensor | None = None,
) -> Learned:
    """Gradients of tables, and of what pins read.

    Args:
        layer: the layer.
        above: what it learns from.
        candidates: of the pins.
        keep_pins: whether the gradients of the pins are wanted.
        units: what a level of each pin is to stand for, ``f32[k * W]``, large enough for its
            gradients; without them, the 127th part of the largest.
    """
    rows = above.rows.new_empty(above.rows.T.shape)
    function = _call("hard_backward")
    fixed = (*layer.arguments, *above.arguments, pointer(rows))
    if candidates is None and not keep_pins:
        each = SAMPLE_OF_TABLE * layer.samples
        share(lambda _, begin, end: function(*fixed, None, begin, end), layer.width, each)
        return Learned(rows)
    pins = layer.index.numel()
    samples = layer.x.shape[1] * WORD
    room = len(layer.index) * NODES  # rows that a thread needs for itself
    count = 0 if candidates is None else len(candidates.source)
    each = samples * (SAMPLE_OF_TABLE + len(layer.index) * (SAMPLE_OF_PIN + PRODUCT * count))
    parts = parts_of(layer.width, each)
    kept = pins if keep_pins else room * parts
    found = PinGradients(torch.empty((kept, samples), dtype=torch.int8), above.grad.new_empty(pins))
    slopes = above.grad.new_empty((parts, len(layer.index), samples))
    learning = _PinLearning(unit=pointer(found.unit), given=pointer(units), keep=keep_pins)
    scores = wide = None
    if candidates is not None:
        wide = expanded(layer.x) if _reads_bytes() else None
        scores = above.grad.new_empty(candidates.source.shape)
        learning.bits, learning.wide = pointer(layer.x), pointer(wide)
        learning.source, learning.score = pointer(candidates.source), pointer(scores)
        learning.count, learning.centred = len(candidates.source), candidates.centred

    def work(part: int, begin: int, end: int) -> None:
        mine = _PinLearning.from_buffer_copy(learning)
        mine.slope = pointer(slopes[part])
        mine.level = pointer(found.level if keep_pins else found.level[part * room :])
        function(*fixed, ctypes.byref(mine), begin, end)

    share(work, layer.width, each)
    return Learned(rows, found if keep_pins else None, scores)


def units(layer: HardLayer, above: Above) -> Tensor:
    """What a level of each pin's gradient stands for with these samples, ``f32[k * W]``."""
    pins = backward(layer, above, keep_pins=True).pins
    assert pins is not None
    return pins.unit


@functools.cache
def _reads_bytes() -> bool:
    """Whether candidates are read as bytes here."""
    return bool(ctypes.c_int32.in_dll(_library(), "hard_reads_bytes"))  # type: ignore[arg-type]
