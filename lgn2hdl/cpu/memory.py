"""Memory: how much there is, and arrays that begin where vectors may begin."""

from __future__ import annotations

import os

import numpy as np
import numpy.typing as npt

from lgn2hdl.errors import ResourceError
from lgn2hdl.model import LogicNet

ALIGNMENT = 64
"""Bytes of the widest vector."""

BYTES_PER_NODE = 400
"""Most memory that making a program takes for a node; measured by ``benchmarks/cpu_scale.py``."""


def program_bytes(network: LogicNet) -> int:
    """Bytes that making a program takes at most, nearly."""
    return BYTES_PER_NODE * (network.n_nodes + network.encoder.n_bits)


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
