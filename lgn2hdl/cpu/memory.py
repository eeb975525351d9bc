"""Memory: how much there is, of the cache too, and arrays that begin where vectors may begin."""

from __future__ import annotations

import functools
import os
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import ResourceError
from lgn2hdl.model.network import LogicNet

ALIGNMENT = 64
"""Bytes of the widest vector."""

BYTES_PER_NODE = (250, 250, 250, 350, 800, 1500, 2600)
"""Most memory that making a program takes for a node of so many pins; measured by
``benchmarks/cpu_scale.py``."""

SECOND_LEVEL_CACHE = Path("/sys/devices/system/cpu/cpu0/cache/index2/size")
USUAL_CACHE = 1 << 20
"""Bytes of the second-level cache where the system does not tell."""


@functools.cache
def second_level_cache() -> int:
    """Bytes of a core's second-level cache."""
    try:
        text = SECOND_LEVEL_CACHE.read_text().strip()
    except OSError:
        return USUAL_CACHE
    known = text.endswith("K") and text[:-1].isdecimal() and int(text[:-1]) > 0
    return int(text[:-1]) << 10 if known else USUAL_CACHE


def program_bytes(network: LogicNet) -> int:
    """Bytes that making a program takes at most, nearly."""
    nodes = sum(BYTES_PER_NODE[layer.fan_in] * layer.width for layer in network.luts)
    return nodes + BYTES_PER_NODE[0] * network.encoder.n_bits


def require(n_bytes: int, what: str) -> None:
    """Check that memory of this size is there, before it is asked for.

    Raises:
        ResourceError: if it is not.
    """
    there = available()
    if there is not None and n_bytes > there:
        raise ResourceError(
            f"{what} needs about {_gigabytes(n_bytes)} of memory and {_gigabytes(there)} are free: "
            "use a machine with more memory, or a smaller network"
        )


def available() -> int | None:
    """Bytes of free memory, None where the system does not tell."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:  # noqa: PTH123
            for line in file:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return None


def aligned(n_bytes: int) -> npt.NDArray[np.uint8]:
    """An array of bytes, not cleared, that begins at a multiple of :data:`ALIGNMENT`."""
    memory = np.empty(n_bytes + ALIGNMENT, np.uint8)
    begin = -memory.ctypes.data % ALIGNMENT
    return memory[begin : begin + n_bytes]


def _gigabytes(n_bytes: int) -> str:
    return f"{n_bytes / 1e9:.2g} GB"
