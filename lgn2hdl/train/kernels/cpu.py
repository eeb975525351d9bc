"""The compiled kernels of a training step on the CPU, on torch tensors.

Every function needs contiguous float32 (values) and int32 (sources) tensors on the CPU; the callers
in :mod:`lgn2hdl.train.relax.nodes` and :mod:`lgn2hdl.train.wiring.wires` fall back to torch's own
operations where :func:`available` is false. Work is split over ``torch.get_num_threads()`` threads
into ranges that are the same for every number of threads, so results are too.
"""

from __future__ import annotations

import ctypes
import functools
import math
import platform
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lgn2hdl.tools import native

COLUMNS = 32
"""Samples of one piece of work: 8,000 rows of so many floats fill half a second-level cache."""

PIECES = 8
"""Pieces that work on rows is split into."""

TAILS = Path(__file__).with_name("tails.h")
"""What the C files of kernels include."""

LEAST_NANOSECONDS = 250_000
"""Work that is worth a thread: to give it away and to wait for it takes a part of that."""


@functools.cache
def _library() -> ctypes.CDLL | None:
    wide = ("-mprefer-vector-width=512",) if platform.machine() == "x86_64" else ()
    library = native.load(Path(__file__).with_name("cpu.c"), flags=wide, includes=(TAILS,))
    if library is not None:
        number, pointer = ctypes.c_int64, ctypes.c_void_p
        signatures = {
            "lut_forward": (number, *[pointer] * 3, number, number, pointer),
            "lut_backward": (number, *[pointer] * 3, number, number, *[pointer] * 3),
            "mix_forward": (*[pointer] * 3, *[number] * 3, pointer),
            "mix_backward_weight": (*[pointer] * 2, *[number] * 3, *[pointer] * 2),
            "mix_backward_x": (*[pointer] * 2, *[number] * 3, *[pointer] * 2),
            "choose": (*[pointer] * 2, number, number, pointer),
        }
        declare(library, signatures)
    return library


def declare(library: ctypes.CDLL, signatures: Mapping[str, tuple[Any, ...]]) -> None:
    """Tell the arguments of functions; behind them each takes the begin and end of its range."""
    for name, arguments in signatures.items():
        function = getattr(library, name)
        function.argtypes = (*arguments, ctypes.c_int64, ctypes.c_int64)
        function.restype = None


def available(*tensors: Tensor) -> bool:
    """Whether the kernels can be used on these values: compiled, on the CPU, float32."""
    return on_cpu(*tensors) and _library() is not None


def on_cpu(*tensors: Tensor) -> bool:
    """Whether all are float32 on the CPU."""
    return all(t.device.type == "cpu" and t.dtype is torch.float32 for t in tensors)


@functools.cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads)


def split(work: Callable[[int, int, int], None], size: int, piece: int, *, least: int = 2) -> None:
    """``work(number, begin, end)`` for every piece of ``range(size)``, on torch's threads.

    Args:
        work: what is done.
        size: of everything.
        piece: size of a piece.
        least: fewest pieces for which a second thread pays.
    """
    pieces = [(n, b, min(size, b + piece)) for n, b in enumerate(range(0, size, piece))]

    def some(_: int, begin: int, end: int) -> None:
        for item in pieces[begin:end]:
            work(*item)

    if len(pieces) < least:
        some(0, 0, len(pieces))
    else:
        share(some, len(pieces))


def share(work: Callable[[int, int, int], None], size: int, each: float = math.inf) -> None:
    """``work(number, begin, end)`` for equal parts of ``range(size)``, one on each thread.

    For work whose results do not depend on where parts begin; :func:`split` is for the rest.

    Args:
        work: what is done.
        size: of everything.
        each: about how many nanoseconds one of ``size`` takes; see :func:`parts_of`.
    """
    parts = parts_of(size, each)
    edges = [size * part // parts for part in range(parts + 1)]
    others = [
        _pool(parts - 1).submit(work, part, edges[part], edges[part + 1])
        for part in range(1, parts)
    ]
    work(0, 0, edges[1])
    for other in others:
        other.result()


def parts_of(size: int, each: float = math.inf) -> int:
    """Parts that :func:`share` makes: torch's threads, or fewer if they had too little to do."""
    enough = size * each / LEAST_NANOSECONDS
    return max(1, int(min(torch.get_num_threads(), size, enough)))


def _call(name: str) -> Callable[..., None]:
    return getattr(_library(), name)


def pointer(tensor: Tensor | None) -> int | None:
    """Address of its first value; null for none."""
    return None if tensor is None else tensor.data_ptr()


def lut_forward(x: Tensor, table: Tensor, index: Tensor | None) -> Tensor:
    """Multilinear interpolation of ``table[2**k, W]`` at the pins.

    Args:
        x: values ``[S, N]``.
        table: value of every row.
        index: source of every pin, ``i32[k, W]``; without it pin p of node w is ``x[p * W + w]``.

    Returns:
        ``[W, N]``.
    """
    (rows, nodes), samples = table.shape, x.shape[1]
    y = x.new_empty((nodes, samples))
    function = _call("lut_forward")
    fixed = (
        rows.bit_length() - 1,
        pointer(x),
        pointer(table),
        pointer(index),
        nodes,
        samples,
        pointer(y),
    )
    split(lambda _, begin, end: function(*fixed, begin, end), samples, COLUMNS)
    return y


def lut_backward(
    x: Tensor, table: Tensor, index: Tensor | None, grad: Tensor, *, needs_x: bool
) -> tuple[Tensor | None, Tensor]:
    """Gradients of ``x`` (if needed) and ``table`` for ``grad[W, N]``; see :func:`lut_forward`."""
    (rows, nodes), samples = table.shape, x.shape[1]
    grad_x = None
    if needs_x:
        grad_x = torch.empty_like(x) if index is None else torch.zeros_like(x)
    parts = table.new_empty((-(-samples // COLUMNS), *table.shape))
    function = _call("lut_backward")
    fixed = (rows.bit_length() - 1, pointer(x), pointer(table), pointer(index), nodes, samples)
    ends = pointer(grad), pointer(grad_x)
    split(lambda n, b, e: function(*fixed, *ends, pointer(parts[n]), b, e), samples, COLUMNS)
    table_gradient = parts[0]
    for part in parts[1:]:  # one after the other: torch's sum depends on the processor
        table_gradient += part
    return grad_x, table_gradient


def mix_forward(x: Tensor, weight: Tensor, source: Tensor) -> Tensor:
    """``y[p] = sum_c weight[c, p] * x[source[c, p]]`` for ``weight`` and ``source`` ``[K, P]``."""
    (count, pins), samples = source.shape, x.shape[1]
    y = x.new_empty((pins, samples))
    function = _call("mix_forward")
    fixed = (pointer(x), pointer(weight), pointer(source), count, pins, samples, pointer(y))
    split(lambda _, begin, end: function(*fixed, begin, end), pins, -(-pins // PIECES))
    return y


def mix_backward_weight(x: Tensor, source: Tensor, grad: Tensor) -> Tensor:
    """``[c, p]``: scalar product of ``grad[p]`` and ``x[source[c, p]]``."""
    (count, pins), samples = source.shape, x.shape[1]
    result = x.new_empty((count, pins))
    function = _call("mix_backward_weight")
    fixed = (pointer(x), pointer(source), count, pins, samples, pointer(grad), pointer(result))
    split(lambda _, begin, end: function(*fixed, begin, end), pins, -(-pins // PIECES))
    return result


def mix_backward_x(weight: Tensor, source: Tensor, grad: Tensor, n_sources: int) -> Tensor:
    """Sum over the pins that read each source, ``[n_sources, N]``."""
    (count, pins), samples = source.shape, grad.shape[1]
    result = grad.new_zeros((n_sources, samples))
    function = _call("mix_backward_x")
    fixed = (pointer(weight), pointer(source), count, pins, samples)
    ends = pointer(grad), pointer(result)
    split(lambda _, begin, end: function(*fixed, *ends, begin, end), samples, COLUMNS)
    return result


def choose(score: Tensor, source: Tensor) -> Tensor:
    """The source with the highest score of every pin, ``i32[P]``; the first among equals."""
    count, pins = score.shape
    chosen = source.new_empty(pins)
    function = _call("choose")
    fixed = (pointer(score), pointer(source), count, pins, pointer(chosen))
    split(lambda _, begin, end: function(*fixed, begin, end), pins, -(-pins // PIECES))
    return chosen
