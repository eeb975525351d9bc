"""Limits of one core, each measured by a small C kernel, and the limit of a program.

Rates are per second and in vectors of 512 bits, however wide the processor's vectors are: one of
them holds a bit of 512 samples.
"""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cpu_baseline.rounds import Contender
from lgn2hdl.tools import native

SOURCE = Path(__file__).with_suffix(".c")

VECTOR_BYTES = 64
"""Bytes of the vectors that rates are in."""

SIZES = tuple(kibibytes << 10 for kibibytes in (24, 128, 256, 384, 512, 768, 1024, 16384))
"""Bytes of the arrays that are loaded from and stored to: those of small and large programs."""

THREE_INPUTS = ("avx512",)
"""Instruction sets that compute any function of three vectors at once."""

VECTOR_FLAGS: Mapping[str, tuple[str, ...]] = {
    "portable": ("-DWORDS",),
    "avx2": ("-mavx2",),
    "avx512": ("-mavx512f",),
    "neon": (),
}
"""Compiler flags by the name of the engine's instruction set."""

Array = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Level:
    """Rates on an array of a given size, 512-bit vectors a second.

    Attributes:
        size: bytes of the array.
        loads_in_order: loads one after the other.
        loads_by_table: loads in an order that a table gives, a random permutation.
        stores_by_table: stores in such an order.
    """

    size: int
    loads_in_order: float
    loads_by_table: float
    stores_by_table: float


@dataclass(frozen=True)
class Machine:
    """What one core can do.

    Attributes:
        instruction_set: of the kernels, one of the engine's.
        operations: bitwise operations on registers, of 512 bits, a second; of two vectors each, or
            of three where the instruction set is one of :data:`THREE_INPUTS`.
        levels: rates of loads and stores, the smallest array first.
        input_bytes: bytes a second of reading an array larger than the last cache.
        clock: cycles a second, from additions of one cycle each.
    """

    instruction_set: str
    operations: float
    levels: tuple[Level, ...]
    input_bytes: float
    clock: float

    @property
    def three_inputs(self) -> bool:
        """Whether an operation is any function of three vectors."""
        return self.instruction_set in THREE_INPUTS

    def level(self, value_bytes: int) -> Level:
        """The smallest level that holds ``value_bytes``, or the largest there is."""
        return next((level for level in self.levels if value_bytes <= level.size), self.levels[-1])


@dataclass(frozen=True)
class Work:
    """What a program does for 512 samples, in vectors of 512 bits.

    Attributes:
        operations: bitwise operations.
        loads: loads of values.
        stores: stores of values.
        value_bytes: bytes of the values that live at the same time.
    """

    operations: int
    loads: int
    stores: int
    value_bytes: int


def limit_seconds(work: Work, machine: Machine) -> float:
    """Least seconds of a program for 512 samples whose values are where they fit.

    Operations, loads and stores are taken to overlap perfectly: the slowest of the three is the
    limit, see :func:`limit_parts`.
    """
    return max(limit_parts(work, machine).values())


def limit_parts(work: Work, machine: Machine) -> dict[str, float]:
    """Least seconds of the operations, the loads and the stores, each as if it were alone.

    Loads and stores go through a table, as the engine's do, over an array of the size of the
    values; a program that uses some values far more often than others may do better.
    """
    level = machine.level(work.value_bytes)
    return {
        "operations": work.operations / machine.operations,
        "loads": work.loads / level.loads_by_table,
        "stores": work.stores / level.stores_by_table,
    }


def ideal_seconds(work: Work, machine: Machine) -> float:
    """Least seconds of a program for 512 samples, if all values were in the first cache, in order.

    No program that does this work on this core is faster.
    """
    first = machine.levels[0]
    loads = max(first.loads_in_order, first.loads_by_table)
    times = work.operations / machine.operations, work.loads / loads
    return max(*times, work.stores / first.stores_by_table)


def input_limit_seconds(bytes_per_sample: float, machine: Machine) -> float:
    """Least seconds of reading the input of a sample from memory."""
    return bytes_per_sample / machine.input_bytes


def flags(instruction_set: str) -> tuple[str, ...]:
    """Compiler flags of an instruction set: like the engine, not for the newest processor only."""
    baseline = ("-march=x86-64",) if platform.machine() in ("x86_64", "AMD64") else ()
    # Vectors are what they are: the compiler is not to join 64-bit words.
    return (*baseline, *VECTOR_FLAGS[instruction_set], "-fno-tree-vectorize")


class Kernels:
    """The kernels of ``machine.c``, compiled for one instruction set.

    Raises:
        ToolError: if there is no C compiler.
    """

    def __init__(self, memory_bytes: int, instruction_set: str) -> None:
        """Compile, and allocate the arrays.

        Args:
            instruction_set: one that this processor has, see :func:`lgn2hdl.cpu.supported`.
            memory_bytes: size of the array that the bandwidth is measured on; take more than the
                last cache holds.
        """
        self._library = native.load_or_raise(SOURCE, flags(instruction_set))
        for name, (arguments, result) in _SIGNATURES.items():
            function = getattr(self._library, f"machine_{name}")
            function.argtypes, function.restype = arguments, result
        self.instruction_set = instruction_set
        self._vector_bytes = int(self._library.machine_vector_bytes())
        self._arrays = {size: _aligned(size) for size in SIZES}
        self._memory = _aligned(memory_bytes)
        self._counter = int(self._library.machine_open_counter())

    def cycles(self) -> int | None:
        """Cycles of this thread so far, where the processor's counter can be read."""
        count = int(self._library.machine_read_counter(self._counter))
        return None if count < 0 else count

    def contenders(self) -> list[Contender]:
        """Everything to be timed; items are 512-bit vectors, bytes, or cycles."""
        share, repeats = self._vector_bytes / VECTOR_BYTES, 1 << 14
        library = self._library
        result = [
            Contender(
                "operations", 16 * repeats * share, partial(library.machine_operations, repeats)
            ),
            Contender("clock", 16 * repeats, partial(library.machine_additions, repeats)),
        ]
        for size, array in self._arrays.items():
            result += self._on_array(size, array)
        for name in ("loads_in_order", "loads_in_streams"):
            arguments = (self._memory.ctypes.data, self._memory.nbytes // self._vector_bytes, 1)
            action = partial(getattr(library, f"machine_{name}"), *arguments)
            result.append(Contender(f"memory {name}", self._memory.nbytes, action))
        return result

    def _on_array(self, size: int, array: Array) -> list[Contender]:
        slots, in_row = size // VECTOR_BYTES, size // self._vector_bytes
        repeats = max(1, (1 << 14) // slots)
        order = np.random.default_rng(0).permutation(slots)
        offsets = (order * VECTOR_BYTES).astype(np.uint32)

        def by_table(what: str) -> Contender:
            function = getattr(self._library, f"machine_{what}")
            return Contender(
                f"{what} {size}",
                repeats * slots,
                lambda: function(array.ctypes.data, offsets.ctypes.data, slots, repeats),
            )

        in_order = partial(self._library.machine_loads_in_order, array.ctypes.data, in_row, repeats)
        return [
            Contender(f"loads_in_order {size}", repeats * slots, in_order),
            by_table("loads_by_table"),
            by_table("stores_by_table"),
        ]

    def machine(self, seconds: Mapping[str, float]) -> Machine:
        """The rates.

        Args:
            seconds: seconds of one item of each of :meth:`contenders`, by name.
        """
        whats = ("loads_in_order", "loads_by_table", "stores_by_table")
        levels = [
            Level(size, **{what: 1 / seconds[f"{what} {size}"] for what in whats}) for size in SIZES
        ]
        memory = min(seconds[f"memory loads_in_{what}"] for what in ("order", "streams"))
        return Machine(
            instruction_set=self.instruction_set,
            operations=1 / seconds["operations"],
            levels=tuple(levels),
            input_bytes=1 / memory,
            clock=1 / seconds["clock"],
        )


_POINTER, _NUMBER = ctypes.c_void_p, ctypes.c_int64
_SIGNATURES: Mapping[str, tuple[tuple[type, ...], type | None]] = {
    "vector_bytes": ((), _NUMBER),
    "operations": ((_NUMBER,), None),
    "additions": ((_NUMBER,), ctypes.c_uint64),
    "loads_in_order": ((_POINTER, _NUMBER, _NUMBER), None),
    "loads_in_streams": ((_POINTER, _NUMBER, _NUMBER), None),
    "loads_by_table": ((_POINTER, _POINTER, _NUMBER, _NUMBER), None),
    "stores_by_table": ((_POINTER, _POINTER, _NUMBER, _NUMBER), None),
    "open_counter": ((), ctypes.c_int),
    "read_counter": ((ctypes.c_int,), _NUMBER),
}


def _aligned(n_bytes: int) -> Array:
    """Bytes that start at a vector's border, all written once so that they have memory."""
    n_bytes -= n_bytes % (64 * VECTOR_BYTES)
    array = np.ones(n_bytes + VECTOR_BYTES, np.uint8)
    start = -array.ctypes.data % VECTOR_BYTES
    return array[start : start + n_bytes]
