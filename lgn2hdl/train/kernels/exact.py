"""The compiled kernels of :mod:`lgn2hdl.train.kernels.arithmetic`, on float32 tensors of the CPU.

Every function takes contiguous tensors where :func:`available` is true. Work is split into ranges
that do not show in the result (``exact.c`` defines every bit of it).
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from lgn2hdl.tools import native
from lgn2hdl.train.kernels.cpu import PIECES, TAILS, declare, on_cpu, pointer, split

ELEMENTS = 1 << 15
"""Elements of one piece of work on single values."""

PIECES_OF_WORTH = 16
"""Fewest such pieces for which a second thread pays."""

PANEL = 16
"""Columns of the blocks that the right factor of a product is cut into, as in the C file."""


class AdamFactors(ctypes.Structure):
    """What a step of AdamW multiplies by, as float32; the C structure of the same fields."""

    _fields_ = tuple(
        (name, ctypes.c_float)
        for name in (
            "beta1", "rest1", "beta2", "rest2", "decay", "rate", "correction", "epsilon"
        )
    )  # fmt: skip


@functools.cache
def _library() -> ctypes.CDLL | None:
    library = native.load(Path(__file__).with_name("exact.c"), includes=(TAILS,))
    if library is not None:
        number, address = ctypes.c_int64, ctypes.c_void_p
        signatures = {
            "exponentials": (address, address),
            "logarithms": (address, address),
            "sigmoids": (address, address),
            "sum_columns": (address, number, number, address),
            "sum_rows": (address, number, address),
            "softmax": (address, number, number, address),
            "softmax_backward": (address, address, number, number, address),
            "transform": (address, number, number, address),
            "cross_entropy": (address, address, number, number, address, address),
            "multiply": (address, address, number, number, address),
            "adam": (ctypes.POINTER(AdamFactors), *[address] * 4),
        }
        declare(library, signatures)
    return library


def available(*tensors: Tensor) -> bool:
    """Whether the kernels can be used on these values: compiled, on the CPU, float32."""
    return on_cpu(*tensors) and _library() is not None


def _split(work: Callable[[int, int, int], None], size: int, piece: int) -> None:
    """Pieces of single values are small: threads get them where there are many."""
    split(work, size, piece, least=PIECES_OF_WORTH)


def _call(name: str) -> Callable[..., None]:
    return getattr(_library(), name)


def elementwise(name: str, x: Tensor) -> Tensor:
    """``exponentials``, ``logarithms`` or ``sigmoids`` of every value."""
    y = torch.empty_like(x)
    function, ends = _call(name), (pointer(x), pointer(y))
    _split(lambda _, begin, end: function(*ends, begin, end), x.numel(), ELEMENTS)
    return y


def sum_columns(x: Tensor) -> Tensor:
    """Sum over the rows of ``[R, C]``, ``[C]``."""
    rows, columns = x.shape
    y = x.new_empty(columns)
    function, fixed = _call("sum_columns"), (pointer(x), rows, columns, pointer(y))
    piece = max(PANEL, ELEMENTS // max(rows, 1))
    _split(lambda _, begin, end: function(*fixed, begin, end), columns, piece)
    return y


def sum_rows(x: Tensor) -> Tensor:
    """Sum over the columns of ``[R, C]``, ``[R]``."""
    rows, columns = x.shape
    y = x.new_empty(rows)
    function, fixed = _call("sum_rows"), (pointer(x), columns, pointer(y))
    piece = max(1, ELEMENTS // max(columns, 1))
    _split(lambda _, begin, end: function(*fixed, begin, end), rows, piece)
    return y


def over_columns(name: str, x: Tensor, *others: Tensor) -> Tensor:
    """``softmax``, ``softmax_backward`` or ``transform`` of the columns of ``[R, C]``."""
    rows, columns = x.shape
    y = torch.empty_like(x)
    function = _call(name)
    fixed = (*map(pointer, (x, *others)), rows, columns, pointer(y))
    piece = max(PANEL, ELEMENTS // max(rows, 1))
    _split(lambda _, begin, end: function(*fixed, begin, end), columns, piece)
    return y


def cross_entropy(logits: Tensor, goal: Tensor) -> tuple[Tensor, Tensor]:
    """Of logits ``[C, N]`` with goals ``[C, N]``: that of every column, ``[N]``, and its gradient.

    It is ``-sum(goal * log softmax(logits))``.
    """
    classes, columns = logits.shape
    loss, slope = logits.new_empty(columns), torch.empty_like(logits)
    function = _call("cross_entropy")
    fixed = (*map(pointer, (logits, goal)), classes, columns, pointer(loss), pointer(slope))
    piece = max(PANEL, ELEMENTS // max(classes, 1))
    _split(lambda _, begin, end: function(*fixed, begin, end), columns, piece)
    return loss, slope


def multiply(a: Tensor, b: Tensor) -> Tensor:
    """``a[m, k] @ b[k, n]``; every value is summed over k in rising order."""
    (height, inner), width = a.shape, b.shape[1]
    panels = -(-width // PANEL)
    padded = nn.functional.pad(b, (0, panels * PANEL - width))
    cut = padded.view(inner, panels, PANEL).transpose(0, 1).contiguous()
    y = a.new_empty((height, width))
    function = _call("multiply")
    fixed = (pointer(a), pointer(cut), inner, width, pointer(y))
    split(lambda _, begin, end: function(*fixed, begin, end), height, -(-height // PIECES))
    return y


def adam(
    factors: AdamFactors, gradient: Tensor, value: Tensor, mean: Tensor, square: Tensor
) -> None:
    """One step of AdamW, in place: of the values and of both moments."""
    function = _call("adam")
    fixed = (ctypes.byref(factors), *map(pointer, (gradient, value, mean, square)))
    _split(lambda _, begin, end: function(*fixed, begin, end), value.numel(), ELEMENTS)
