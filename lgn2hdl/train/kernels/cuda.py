"""The kernels of a training step on a GPU, written in Triton, on torch tensors.

The functions are those of :mod:`lgn2hdl.train.kernels.cpu`, with the same arguments and, but for
rounding, the same results: contiguous float32 (values) and int32 (sources) tensors, features-major.
A layer takes one kernel per direction, which reads the rows of its pins where they lie. Where
several pins share a source, a second kernel adds up the gradients of each source's readers.

A program of a kernel is one warp, and it has one node (or pin, or source) to itself. So every sum
has one order, without atomic additions, and gradients are the same bytes in every run. The price is
a transient array of the gradients of all pins, ``f32[k * W, N]``, in layers with an index; with
fan-in 2 it moves no more bytes than a second walk through the tables would, with more pins fewer.

What is known: in the tests Triton's interpreter runs these kernels against torch's operations, and
Triton's compiler (3.5 and newer; 3.3 cannot) translates them for an NVIDIA GPU. They have not been
timed on a GPU: the tiles are reasoned, not tuned. With fan-in 6 the gradients' kernel needs a few
more registers than there are. Only :mod:`lgn2hdl.train.kernels.backend` imports this module, where
there is a GPU; torch's CUDA builds for Linux bring Triton along, so that the package needs no extra
for it.
"""

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor
from torch.utils.weak import WeakTensorKeyDictionary

SAMPLES = 128
"""Samples that a warp handles at once: four floats, one wide access, for each of its lanes."""

SAMPLES_BACKWARD = {2: 128, 3: 128, 4: 64, 5: 32, 6: 32}
"""The same by fan-in for gradients of tables, which take ``2**k`` sums for every sample."""

PINS = 128
"""Pins of a program of :func:`choose`."""

OPTIONS = {"num_warps": 1, "enable_fp_fusion": True}
"""How kernels are compiled: a multiplication and an addition may become one operation."""


@triton.jit
def _at(row, samples, column):
    """Offsets into a row: 64 bits, since large layers have more than 2**31 values."""
    return row.to(tl.int64) * samples + column


@triton.jit
def _pins(x, index, node, nodes, samples, column, fan_in: tl.constexpr):
    """The values of all pins of a node, a tuple; 0 behind the last sample."""
    values = ()
    for pin in tl.static_range(fan_in):
        source = pin * nodes + node
        if index is not None:
            source = tl.load(index + source)
        value = tl.load(x + _at(source, samples, column), column < samples, other=0.0)
        values += (value,)  # type: ignore[assignment]
    return values


@triton.jit
def _value(table, node, nodes, pins, row: tl.constexpr, fan_in: tl.constexpr):
    """Interpolated value of the part of a table that begins at ``row`` and has ``fan_in`` pins.

    Depth first, so that few of the ``2**k`` values are alive at a time.
    """
    if fan_in == 0:
        return tl.load(table + row * nodes + node)
    else:
        half: tl.constexpr = 1 << (fan_in - 1)
        low = _value(table, node, nodes, pins, row, fan_in - 1)
        high = _value(table, node, nodes, pins, row + half, fan_in - 1)
        return low + pins[fan_in - 1] * (high - low)


@triton.jit
def _lut_forward(
    x, table, index, y, nodes, samples, fan_in: tl.constexpr, tile: tl.constexpr
):  # fmt: skip
    node = tl.program_id(0)
    column = tl.program_id(1) * tile + tl.arange(0, tile)
    pins = _pins(x, index, node, nodes, samples, column, fan_in)
    value = _value(table, node, nodes, pins, 0, fan_in)
    tl.store(y + _at(node, samples, column), value, column < samples)


def lut_forward(x: Tensor, table: Tensor, index: Tensor | None) -> Tensor:
    """As :func:`lgn2hdl.train.kernels.cpu.lut_forward`."""
    (rows, nodes), samples = table.shape, x.shape[1]
    y = x.new_empty((nodes, samples))
    with torch.cuda.device_of(x):
        _lut_forward[(nodes, triton.cdiv(samples, SAMPLES))](
            x, table, index, y, nodes, samples, rows.bit_length() - 1, SAMPLES, **OPTIONS
        )
    return y


@triton.jit
def _added(left, right, count: tl.constexpr):
    total = ()
    for i in tl.static_range(count):
        total += (left[i] + right[i],)  # type: ignore[assignment]
    return total


@triton.jit
def _gradients(
    table, node, nodes, pins, share, totals, row: tl.constexpr, fan_in: tl.constexpr
):  # fmt: skip
    """As ``_value``, with gradients for ``share``, the gradient of the part's value.

    Returns:
        The part's value, ``totals`` of its rows with their gradients added, gradients of its pins.
    """
    if fan_in == 0:
        return tl.load(table + row * nodes + node), (totals[row] + share,), ()
    else:
        half: tl.constexpr = 1 << (fan_in - 1)
        pin = pins[fan_in - 1]
        upper = share * pin
        lower = share - upper
        low, rows, rises = _gradients(table, node, nodes, pins, lower, totals, row, fan_in - 1)
        high, more_rows, more_rises = _gradients(
            table, node, nodes, pins, upper, totals, row + half, fan_in - 1
        )
        rise = high - low
        rises = _added(rises, more_rises, fan_in - 1)
        rises += (share * rise,)
        return low + pin * rise, rows + more_rows, rises


@triton.jit
def _lut_backward(
    x, table, index, grad, grad_pins, grad_table, nodes, samples,
    fan_in: tl.constexpr, tile: tl.constexpr,
):  # fmt: skip
    """A program sees all samples of its node: it alone writes the gradient of the table."""
    rows: tl.constexpr = 1 << fan_in
    node = tl.program_id(0)
    totals = (tl.zeros((tile,), tl.float32),) * rows
    for start in range(0, samples, tile):
        column = start + tl.arange(0, tile)
        pins = _pins(x, index, node, nodes, samples, column, fan_in)
        share = tl.load(grad + _at(node, samples, column), column < samples, other=0.0)
        _, totals, rises = _gradients(table, node, nodes, pins, share, totals, 0, fan_in)
        if grad_pins is not None:
            for pin in tl.static_range(fan_in):
                at = _at(pin * nodes + node, samples, column)
                tl.store(grad_pins + at, rises[pin], column < samples)
    for row in tl.static_range(rows):
        tl.store(grad_table + row * nodes + node, tl.sum(totals[row], 0))


def lut_backward(
    x: Tensor, table: Tensor, index: Tensor | None, grad: Tensor, *, needs_x: bool
) -> tuple[Tensor | None, Tensor]:
    """As :func:`lgn2hdl.train.kernels.cpu.lut_backward`."""
    (rows, nodes), samples = table.shape, x.shape[1]
    fan_in = rows.bit_length() - 1
    grad_table = torch.empty_like(table)
    grad_pins = x.new_empty((fan_in * nodes, samples)) if needs_x else None
    with torch.cuda.device_of(x):
        _lut_backward[(nodes,)](
            x, table, index, grad, grad_pins, grad_table, nodes, samples,
            fan_in, SAMPLES_BACKWARD[fan_in], **OPTIONS,
        )  # fmt: skip
    if grad_pins is None or index is None:
        return grad_pins, grad_table
    return _sum_over_readers(grad_pins, None, index, len(x)), grad_table


@triton.jit
def _mix_forward(x, weight, source, y, count, pins, samples, tile: tl.constexpr):
    pin = tl.program_id(0)
    column = tl.program_id(1) * tile + tl.arange(0, tile)
    total = tl.zeros((tile,), tl.float32)
    for candidate in range(count):
        at = candidate * pins + pin
        row = _at(tl.load(source + at), samples, column)
        total += tl.load(weight + at) * tl.load(x + row, column < samples, other=0.0)
    tl.store(y + _at(pin, samples, column), total, column < samples)


def mix_forward(x: Tensor, weight: Tensor, source: Tensor) -> Tensor:
    """As :func:`lgn2hdl.train.kernels.cpu.mix_forward`."""
    (count, pins), samples = source.shape, x.shape[1]
    y = x.new_empty((pins, samples))
    with torch.cuda.device_of(x):
        _mix_forward[(pins, triton.cdiv(samples, SAMPLES))](
            x, weight, source, y, count, pins, samples, SAMPLES, **OPTIONS
        )
    return y


@triton.jit
def _mix_backward_weight(
    x, source, grad, grad_weight, count, pins, samples, tile: tl.constexpr
):  # fmt: skip
    """All candidates of a pin in one program, so that its gradient comes from the cache."""
    pin = tl.program_id(0)
    for candidate in range(count):
        row = tl.load(source + candidate * pins + pin)
        total = tl.zeros((tile,), tl.float32)
        for start in range(0, samples, tile):
            column = start + tl.arange(0, tile)
            value = tl.load(x + _at(row, samples, column), column < samples, other=0.0)
            mine = tl.load(grad + _at(pin, samples, column), column < samples, other=0.0)
            total += value * mine
        tl.store(grad_weight + candidate * pins + pin, tl.sum(total, 0))


def mix_backward_weight(x: Tensor, source: Tensor, grad: Tensor) -> Tensor:
    """As :func:`lgn2hdl.train.kernels.cpu.mix_backward_weight`."""
    (count, pins), samples = source.shape, x.shape[1]
    result = x.new_empty((count, pins))
    with torch.cuda.device_of(x):
        _mix_backward_weight[(pins,)](
            x, source, grad, result, count, pins, samples, SAMPLES, **OPTIONS
        )
    return result


def mix_backward_x(weight: Tensor, source: Tensor, grad: Tensor, n_sources: int) -> Tensor:
    """As :func:`lgn2hdl.train.kernels.cpu.mix_backward_x`."""
    return _sum_over_readers(grad, weight, source, n_sources)


@triton.jit
def _sum_readers(
    rows, weight, readers, starts, result, n_rows, samples, tile: tl.constexpr
):  # fmt: skip
    source = tl.program_id(0)
    column = tl.program_id(1) * tile + tl.arange(0, tile)
    total = tl.zeros((tile,), tl.float32)
    for at in range(tl.load(starts + source), tl.load(starts + source + 1)):
        reader = tl.load(readers + at)
        row = _at(reader % n_rows, samples, column)
        value = tl.load(rows + row, column < samples, other=0.0)
        if weight is not None:
            value = value * tl.load(weight + reader)
        total += value
    tl.store(result + _at(source, samples, column), total, column < samples)


def _sum_over_readers(
    rows: Tensor, weight: Tensor | None, source: Tensor, n_sources: int
) -> Tensor:
    """For every source the sum of its readers' ``weight * row``, ``[n_sources, N]``.

    Args:
        rows: ``[R, N]``; the reader at the flat position e of ``source`` has row ``e % R``.
        weight: a factor for every position of ``source``; without it all are 1.
        source: ``i32[K, P]``.
        n_sources: rows of the result.
    """
    readers, starts = reversed_wiring(source, n_sources)
    n_rows, samples = rows.shape
    result = rows.new_empty((n_sources, samples))
    with torch.cuda.device_of(rows):
        _sum_readers[(n_sources, triton.cdiv(samples, SAMPLES))](
            rows, weight, readers, starts, result, n_rows, samples, SAMPLES, **OPTIONS
        )
    return result


_KNOWN: Any = WeakTensorKeyDictionary()
"""Wiring tensor -> what ``reversed_wiring`` found; forgotten together with the tensor."""


def reversed_wiring(source: Tensor, n_sources: int) -> tuple[Tensor, Tensor]:
    """Flat positions of ``source`` sorted by value, and where each value begins.

    Sorted once for every content of a wiring tensor (torch counts its changes in place).

    Returns:
        ``i32[K * P]`` and ``i32[n_sources + 1]``.
    """
    state = (source._version, n_sources)
    known = _KNOWN.get(source)
    if known is None or known[0] != state:
        sources, readers = torch.sort(source.flatten(), stable=True)
        numbers = torch.arange(n_sources + 1, dtype=sources.dtype, device=sources.device)
        starts = torch.searchsorted(sources, numbers, out_int32=True)
        known = _KNOWN[source] = (state, readers.to(torch.int32), starts)
    return known[1], known[2]


@triton.jit
def _choose(score, source, chosen, count, pins, tile: tl.constexpr):
    pin = tl.program_id(0) * tile + tl.arange(0, tile)
    inside = pin < pins
    best = tl.load(score + pin, inside, other=0.0)
    winner = tl.load(source + pin, inside, other=0)
    for candidate in range(1, count):
        at = candidate * pins + pin
        rival = tl.load(score + at, inside, other=0.0)
        winner = tl.where(rival > best, tl.load(source + at, inside, other=0), winner)
        best = tl.where(rival > best, rival, best)
    tl.store(chosen + pin, winner, inside)


def choose(score: Tensor, source: Tensor) -> Tensor:
    """As :func:`lgn2hdl.train.kernels.cpu.choose`."""
    count, pins = score.shape
    chosen = source.new_empty(pins)
    with torch.cuda.device_of(score):
        _choose[(triton.cdiv(pins, PINS),)](score, source, chosen, count, pins, PINS, **OPTIONS)
    return chosen
