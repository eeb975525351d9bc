"""The C side of the engine: built once, kept in a cache, called through ctypes."""

from __future__ import annotations

import ctypes
import functools
import platform
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir.netlist import Ids
from lgn2hdl.tools import native

_FOLDER = Path(__file__).parent

INSTRUCTION_SETS: tuple[str, ...] = ("portable", "avx2", "avx512", "neon")
"""What the engine has kernels for; the position is the number that the C side uses."""

_NUMBER, _POINTER, _LONG = ctypes.c_int, ctypes.c_void_p, ctypes.c_int64


class Batch(ctypes.Structure):
    """``batch`` of ``engine.h``."""

    _fields_ = (
        ("rows", _POINTER),
        ("row_stride", _LONG),
        ("words", _POINTER),
        ("word_stride", _LONG),
        ("n_words", _LONG),
        ("n_samples", _LONG),
        ("classes", _POINTER),
        ("scores", _POINTER),
        ("bits", _POINTER),
    )


@functools.cache
def engine() -> ctypes.CDLL:
    """``engine.c``.

    Raises:
        ToolError: if there is no C compiler, or it fails.
    """
    # The engine chooses between instruction sets when it runs: build for every processor.
    baseline = ("-march=x86-64",) if platform.machine() in ("x86_64", "AMD64") else ()
    headers = (_FOLDER / "engine.h", _FOLDER / "kernel.h")
    library = native.load_or_raise(_FOLDER / "engine.c", flags=baseline, includes=headers)
    _declare(library, "engine_supports", (_NUMBER,), _NUMBER)
    _declare(library, "engine_has_table", (_NUMBER,), _NUMBER)
    _declare(library, "engine_check", (_POINTER, _LONG, _POINTER), _NUMBER)
    run = (_POINTER, _LONG, _NUMBER, _POINTER, _POINTER, _LONG, _LONG)
    _declare(library, "engine_run", run, _NUMBER)
    return library


@functools.cache
def builder() -> ctypes.CDLL:
    """``builder.c``.

    Raises:
        ToolError: if there is no C compiler, or it fails.
    """
    library = native.load_or_raise(_FOLDER / "builder.c")
    order = (_POINTER, _POINTER, _POINTER, _LONG, _LONG, ctypes.c_int32, _POINTER)
    _declare(library, "builder_order", order, _LONG)
    _declare(library, "builder_segments", (_POINTER, _LONG, _LONG, _POINTER), None)
    _declare(library, "builder_slots", (_POINTER, _POINTER, _LONG, _LONG, _POINTER), _LONG)
    return library


def _declare(
    library: ctypes.CDLL, name: str, arguments: tuple[type, ...], result: type | None
) -> None:
    function = getattr(library, name)
    function.argtypes, function.restype = arguments, result


def supported() -> tuple[str, ...]:
    """Instruction sets that this processor has, the slowest first.

    Raises:
        ToolError: if the engine cannot be built.
    """
    return tuple(
        name for number, name in enumerate(INSTRUCTION_SETS) if engine().engine_supports(number)
    )


def first_segments(fanin: Ids, first_gate: int, output_segment: Ids) -> Ids:
    """First segment that needs each node, itself or through its readers, ``i32[n_nodes]``.

    Args:
        fanin: node ids of the pins, ``i32[G, 3]``, below the id of their gate.
        first_gate: node id of gate 0.
        output_segment: first segment that reads each node as an output, ``i32[n_nodes]``; a
            number above all segments where none does.
    """
    fanin = np.ascontiguousarray(fanin, np.int32)
    segment = np.array(output_segment, np.int32)
    builder().builder_segments(data(fanin), first_gate, len(fanin), data(segment))
    return segment


def compute_order(fanin: Ids, table: npt.NDArray[np.uint8], segment: Ids, first_gate: int) -> Ids:
    """Gate positions in an order of computation with long runs of equal tables, ``i32[G]``.

    Gates come after their pins, and segment by segment.

    Args:
        fanin: node ids of the pins, ``i32[G, 3]``.
        table: tables, ``u8[G]``.
        segment: segment of each gate, ``i32[G]``, not below those of its pins.
        first_gate: node id of gate 0.
    """
    fanin = np.ascontiguousarray(fanin, np.int32)
    table = np.ascontiguousarray(table, np.uint8)
    segment = np.ascontiguousarray(segment, np.int32)
    order = np.empty(len(table), np.int32)
    done = builder().builder_order(
        data(fanin),
        data(table),
        data(segment),
        first_gate,
        len(table),
        int(segment.max(initial=-1)) + 1,
        data(order),
    )
    if done != len(table):
        raise MemoryError
    return order


def assign_slots(last_use: Ids, n_first: int) -> tuple[Ids, int]:
    """Give every value a slot that no living value has.

    The first ``n_first`` values are there from time 0; the following ones are made one at each
    time from 1 on, after those whose last use is then or before are given up.

    Args:
        last_use: time of the last use of each value, ``i32[V]``, after it is made.
        n_first: values that are there from the start.

    Returns:
        Slot of each value, from 0 on, ``i32[V]``, and the number of slots.
    """
    last_use = np.ascontiguousarray(last_use, np.int32)
    by_time = np.argsort(last_use, kind="stable").astype(np.int32)
    slots = np.empty(len(last_use), np.int32)
    n_slots = builder().builder_slots(
        data(last_use), data(by_time), len(last_use), n_first, data(slots)
    )
    if n_slots < 0:
        raise MemoryError
    return slots, int(n_slots)


def data(array: npt.NDArray[np.generic] | None) -> int | None:
    """Address of an array for C."""
    return None if array is None else array.ctypes.data
