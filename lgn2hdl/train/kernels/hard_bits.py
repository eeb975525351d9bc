"""Compiled kernels for values that are all 0 or 1: packing, counting, correlating.

Bits are packed: ``i64[S, words]``, 64 samples a word, the first in the lowest bit, and 0 behind the
last sample. Gradients lie in panels of 16 samples, ``f32[panels, S, 16]``, with 0 behind the last
sample: so many floats are a line of a cache. What else there is, is float32 (values) or int32
(sources); everything is contiguous and on the CPU. Results are the same bytes whatever the number
of threads and the width of vectors.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from lgn2hdl.model.features import Integers
from lgn2hdl.model.network import Thermometer
from lgn2hdl.tools import native
from lgn2hdl.train.kernels.cpu import TAILS, declare, on_cpu, pointer, share

WORD = 64
"""Samples of a word."""

PANEL = 16
"""Samples of a panel of gradients."""

BLOCK = 32
"""Sources are padded to a multiple of so many where several are correlated at once."""

NANOSECONDS = 0.1
"""About what a value takes to be packed, counted or compared."""

PRODUCT = 0.008
"""About what a product takes in a correlation, in nanoseconds."""

HEADER = Path(__file__).with_name("hard.h")
"""What the C files of these kernels include."""


@functools.cache
def _library() -> ctypes.CDLL | None:
    library = native.load(Path(__file__).with_name("hard_bits.c"), includes=(HEADER, TAILS))
    if library is not None:
        number, address = ctypes.c_int64, ctypes.c_void_p
        signatures = {
            "hard_tables": (address, number, number, address),
            "hard_expand": (address, number, address),
            "hard_interleave": (address, number, number, address),
            "hard_sources": (*[address] * 2, number, address, number, number, address),
            "hard_lowest": (address, number, number, address),
            "hard_encode_8": (address, number, address, address, address),
            "hard_encode_16": (address, number, address, address, address),
            "hard_pack": (address, number, address),
            "hard_unpack": (address, number, address),
            "hard_group_sums": (address, number, number, address),
            "hard_to_panels": (address, number, number, address),
            "hard_from_panels": (address, number, number, address),
        }
        declare(library, signatures)
    return library


def available(*tensors: Tensor) -> bool:
    """Whether the kernels can be used on these values: compiled, on the CPU, float32."""
    return on_cpu(*tensors) and _library() is not None


def _call(name: str) -> Callable[..., None]:
    return getattr(_library(), name)


def _run(name: str, arguments: tuple[object, ...], size: int, values: int) -> None:
    """Call a function for ``range(size)``, on threads if each of them has many ``values``."""
    function = _call(name)
    each = NANOSECONDS * values
    share(lambda _, begin, end: function(*arguments, begin, end), size, each)


def words_of(samples: int) -> int:
    """Words of a row."""
    return -(-samples // WORD)


def tables(rows: Tensor) -> Tensor:
    """Truth tables ``i64[W]`` of rows ``f32[2**k, W]`` that are 0 or 1: bit r is row r."""
    count, nodes = rows.shape
    table = torch.empty(nodes, dtype=torch.int64)
    _run("hard_tables", (pointer(rows), count, nodes, pointer(table)), nodes, count)
    return table


def expanded(x: Tensor) -> Tensor:
    """Bits ``i64[S, words]`` as bytes ``u8[S, words * 64]``."""
    wide = torch.empty((len(x), x.shape[1] * WORD), dtype=torch.uint8)
    _run("hard_expand", (pointer(x), x.shape[1], pointer(wide)), len(x), wide.shape[1])
    return wide


@dataclass(frozen=True, eq=False)
class Interleaved:
    """Bits of sources as bytes, four samples of every source side by side.

    Attributes:
        bytes: ``i32[words * 16, stride]``, sources behind the last undefined.
        sources: S.
    """

    bytes: Tensor
    sources: int


def interleaved(x: Tensor) -> Interleaved:
    """Bits ``i64[S, words]`` as :meth:`PinGradients.sources` takes them."""
    sources, words = x.shape
    stride = -(-sources // BLOCK) * BLOCK
    wide = torch.empty((words * WORD // 4, stride), dtype=torch.int32)
    _run("hard_interleave", (pointer(x), words, stride, pointer(wide)), sources, 4 * WORD * words)
    return Interleaved(wide, sources)


def lowest(score: Tensor) -> Tensor:
    """The column of the lowest value of every row of ``f32[R, S]``; the first among equals."""
    return _extreme(score, 1)


def highest(score: Tensor) -> Tensor:
    """The column of the highest value of every row of ``f32[R, S]``; the first among equals."""
    return _extreme(score, -1)


def _extreme(score: Tensor, sign: int) -> Tensor:
    found = torch.empty(len(score), dtype=torch.int64)
    _run(
        "hard_lowest",
        (pointer(score), score.shape[1], sign, pointer(found)),
        len(score),
        score.shape[1],
    )
    return found


def encode(encoder: Thermometer, x: Integers) -> Tensor:
    """Input bits ``i64[B, words]`` of integers ``[N, F]`` of 8 or 16 bits."""
    columns = np.ascontiguousarray(x.T)
    y = torch.empty((encoder.n_bits, words_of(len(x))), dtype=torch.int64)
    thresholds = encoder.feature.ctypes.data, encoder.threshold.ctypes.data
    arguments = (columns.ctypes.data, len(x), *thresholds, pointer(y))
    _run(f"hard_encode_{8 * x.itemsize}", arguments, encoder.n_bits, len(x))
    return y


def pack(x: Tensor) -> Tensor:
    """Bits ``i64[S, words]`` of values ``f32[S, N]`` that are 0 or 1."""
    y = torch.empty((len(x), words_of(x.shape[1])), dtype=torch.int64)
    _run("hard_pack", (pointer(x), x.shape[1], pointer(y)), len(x), x.shape[1])
    return y


def panels_of(samples: int) -> int:
    """Panels of so many samples."""
    return -(-samples // PANEL)


def to_panels(x: Tensor) -> Tensor:
    """Values ``f32[S, N]`` as panels."""
    rows, samples = x.shape
    y = x.new_empty((panels_of(samples), rows, PANEL))
    _run("hard_to_panels", (pointer(x), rows, samples, pointer(y)), len(y), PANEL * rows)
    return y


def from_panels(x: Tensor, samples: int) -> Tensor:
    """Panels as values ``f32[S, N]``."""
    y = x.new_empty((x.shape[1], samples))
    _run("hard_from_panels", (pointer(x), len(y), samples, pointer(y)), len(y), samples)
    return y


def group_sums(x: Tensor, samples: int, groups: int) -> Tensor:
    """Ones ``f32[groups, N]`` among the rows ``i64[O, words]`` of equal, contiguous groups."""
    y = torch.empty((groups, samples), dtype=torch.float32)
    _run(
        "hard_group_sums",
        (pointer(x), len(x) // groups, samples, pointer(y)),
        groups,
        len(x) // groups * samples,
    )
    return y


def unpack(x: Tensor, samples: int) -> Tensor:
    """Values ``f32[S, N]`` of bits ``i64[S, words]``."""
    y = torch.empty((len(x), samples), dtype=torch.float32)
    _run("hard_unpack", (pointer(x), samples, pointer(y)), len(x), samples)
    return y


@dataclass(frozen=True, eq=False)
class PinGradients:
    """Gradients of the pins, rounded to 255 levels each; pin p of node w is row ``p * W + w``.

    Attributes:
        level: ``i8[k * W, words * 64]``, -127 to 127 and 0 behind the last sample.
        unit: what a level of each pin stands for, ``f32[k * W]``.
    """

    level: Tensor
    unit: Tensor

    def sources(self, x: Interleaved, begin: int, end: int) -> Tensor:
        """Correlation of pins ``begin`` to ``end`` with every source, bits taken as -1 and 1.

        Returns:
            ``f32[end - begin, S]``.
        """
        result = self.unit.new_empty((end - begin, x.sources))
        levels = pointer(self.level), pointer(self.unit), self.level.shape[1]
        arguments = (*levels, pointer(x.bytes), x.bytes.shape[1], x.sources)
        function = _call("hard_sources")

        def work(_: int, first: int, last: int) -> None:
            function(*arguments, pointer(result[first:]), begin + first, begin + last)

        share(work, end - begin, PRODUCT * x.sources * self.level.shape[1])
        return result
