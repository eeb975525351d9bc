"""Bits of many samples in 64-bit words: sample ``s`` is bit ``s % 64`` of word ``s // 64``."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

WORD_BITS = 64


def words_for(n_samples: int) -> int:
    """Words needed for ``n_samples`` samples."""
    return -(-n_samples // WORD_BITS)


def pack(bits: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint64]:
    """Pack ``bits[n_signals, n_samples]`` into ``u64[n_signals, words]``; padding bits are 0."""
    n_signals, n_samples = bits.shape
    packed = np.zeros((n_signals, words_for(n_samples) * 8), dtype=np.uint8)
    packed[:, : -(-n_samples // 8)] = np.packbits(bits, axis=1, bitorder="little")
    return packed.view("<u8").astype(np.uint64, copy=False)


def unpack(words: npt.NDArray[np.uint64], n_samples: int) -> npt.NDArray[np.bool_]:
    """Undo :func:`pack`: ``bool[n_signals, n_samples]`` from ``u64[n_signals, words]``."""
    as_bytes = np.ascontiguousarray(words, dtype="<u8").view(np.uint8)
    bits = np.unpackbits(as_bytes, axis=1, bitorder="little", count=n_samples)
    return bits.view(np.bool_)
