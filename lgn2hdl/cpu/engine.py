"""The CPU engine: predictions of a logic gate network, hundreds of samples at a time.

A sample is one bit of a wide vector; a fixed C kernel walks through tables that describe the
network, so nothing is compiled for a network. Results are those of the golden model,
:class:`~lgn2hdl.model.network.LogicNet`, bit for bit.
"""

from __future__ import annotations

import ctypes
import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import OptionError
from lgn2hdl.cpu import memory
from lgn2hdl.cpu.library import INSTRUCTION_SETS, Batch, data, engine, supported
from lgn2hdl.cpu.program import Program, compile_program
from lgn2hdl.cpu.samples import integer_rows, packed_bits
from lgn2hdl.model import file as model_file
from lgn2hdl.model.features import Integers
from lgn2hdl.model.heads import Decisions
from lgn2hdl.model.heads.bits import Bits
from lgn2hdl.model.network import LogicNet

MAX_THREADS = 1024


class Engine:
    """A network ready to predict. Several threads may use one engine at the same time.

    Args:
        model: the network, or the path of its model file.
        threads: threads that share the samples of a call, 1 to :data:`MAX_THREADS`.
        instruction_set: one of :func:`lgn2hdl.cpu.supported`; None takes the fastest.

    Raises:
        ToolError: if there is no C compiler, or it fails.
        ModelFileError: if the model file cannot be read.
        OptionError: if ``threads`` or ``instruction_set`` cannot be had.
        ResourceError: if the network needs more memory than there is.
    """

    def __init__(
        self,
        model: LogicNet | str | os.PathLike[str],
        *,
        threads: int = 1,
        instruction_set: str | None = None,
    ) -> None:
        if not 1 <= threads <= MAX_THREADS:
            raise OptionError(f"{threads} threads are not 1 to {MAX_THREADS}")
        network = model if isinstance(model, LogicNet) else model_file.load(Path(model))
        self.network = network
        self.instruction_set = _chosen(instruction_set)
        memory.require(memory.program_bytes(network), f"a network of {network.n_nodes} nodes")
        self.program: Program = compile_program(network)
        self._scratch_bytes = _check(self.program)
        self._scratch: deque[npt.NDArray[np.uint8]] = deque()
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None

    @property
    def threads(self) -> int:
        """Threads that share the samples of a call."""
        return self._threads

    @property
    def block_samples(self) -> int:
        """Samples computed at a time; batches of a multiple of it waste nothing."""
        return self.program.block_samples

    def predict(self, integers: npt.ArrayLike) -> Decisions:
        """Results of integer features.

        Args:
            integers: as :meth:`~lgn2hdl.model.features.Features.integers` gives them,
                ``[N, F]`` or with more axes that are flattened (images); any integer dtype and
                memory layout. Fastest is the dtype of the features, with rows whose elements are
                neighbours.

        Returns:
            As :meth:`~lgn2hdl.model.network.LogicNet.decisions`: classes ``i64[N]`` (among equal
            scores the lowest), or output bits ``u8[N, n]``.

        Raises:
            DataError: if dtype, shape or values do not fit the features.
        """
        return self._decisions(self._rows(integers))

    def scores(self, integers: npt.ArrayLike) -> npt.NDArray[np.int32]:
        """Scores ``i32[N, C]`` of integer features, which are as for :meth:`predict`.

        Raises:
            DataError: if dtype, shape or values do not fit the features.
            ValueError: if the outputs of the network are bits, which have no scores.
        """
        return self._scores(self._rows(integers))

    def predict_packed(self, words: npt.NDArray[np.uint64], n_samples: int) -> Decisions:
        """Results of packed input bits.

        Args:
            words: bits of the encoder as :meth:`~lgn2hdl.model.network.Thermometer.encode` gives
                them, ``u64[B, words]``, see :mod:`lgn2hdl.ir.packed`.
            n_samples: samples in them, N.

        Returns:
            As :meth:`predict`.

        Raises:
            DataError: if dtype or shape do not fit.
        """
        return self._decisions(self._words(words, n_samples))

    def scores_packed(self, words: npt.NDArray[np.uint64], n_samples: int) -> npt.NDArray[np.int32]:
        """Scores ``i32[N, C]`` of packed input bits, which are as for :meth:`predict_packed`.

        Raises:
            DataError: if dtype or shape do not fit.
            ValueError: if the outputs of the network are bits, which have no scores.
        """
        return self._scores(self._words(words, n_samples))

    def _rows(self, integers: npt.ArrayLike) -> tuple[Batch, npt.NDArray[np.generic]]:
        rows: Integers = integer_rows(integers, self.network.features)
        batch = Batch(rows=data(rows), row_stride=rows.strides[0], n_samples=len(rows))
        return batch, rows

    def _words(
        self, words: npt.NDArray[np.uint64], n_samples: int
    ) -> tuple[Batch, npt.NDArray[np.generic]]:
        bits = packed_bits(words, n_samples, self.network.encoder.n_bits)
        stride = bits.strides[0] // bits.itemsize
        batch = Batch(
            words=data(bits), word_stride=stride, n_words=bits.shape[1], n_samples=n_samples
        )
        return batch, bits

    def _decisions(self, samples: tuple[Batch, npt.NDArray[np.generic]]) -> Decisions:
        batch, kept = samples  # the array has to live as long as C reads it
        head = self.network.head
        if not self.program.counts:
            bits = np.empty((batch.n_samples, head.n_outputs), np.uint8)
            batch.bits = data(bits)
            self._run(batch, kept)
            return bits if isinstance(head, Bits) else head.decisions(bits.T.view(np.bool_))
        classes = np.empty(batch.n_samples, np.int64)
        batch.classes = data(classes)
        self._run(batch, kept)
        return classes

    def _scores(self, samples: tuple[Batch, npt.NDArray[np.generic]]) -> npt.NDArray[np.int32]:
        if not self.program.counts:
            raise ValueError("a network whose outputs are bits has no scores: use predict")
        batch, kept = samples
        scores = np.empty((batch.n_samples, self.network.head.n_names), np.int32)
        batch.scores = data(scores)
        self._run(batch, kept)
        return scores

    def _run(self, batch: Batch, kept: npt.NDArray[np.generic]) -> None:
        """All samples, in blocks that are divided among the threads."""
        n_samples, block = batch.n_samples, self.block_samples
        blocks = -(-n_samples // block)
        parts = max(1, min(self._threads, blocks))
        cuts = [min(n_samples, blocks * part // parts * block) for part in range(parts + 1)]
        if self._pool is None or parts == 1:
            self._run_part(batch, 0, n_samples)
        else:
            list(self._pool.map(self._run_part, [batch] * parts, cuts[:-1], cuts[1:]))
        del kept

    def _run_part(self, batch: Batch, begin: int, end: int) -> None:
        try:
            scratch = self._scratch.pop()
        except IndexError:
            memory.require(self._scratch_bytes, "a block of samples")
            scratch = memory.aligned(self._scratch_bytes)
        words = self.program.words
        number = INSTRUCTION_SETS.index(self.instruction_set)
        failed = engine().engine_run(
            data(words), len(words), number, data(scratch), ctypes.byref(batch), begin, end
        )
        self._scratch.append(scratch)
        if failed:
            raise RuntimeError("the engine refused tables that it had checked")


def _chosen(instruction_set: str | None) -> str:
    there = supported()
    if instruction_set is None:
        return there[-1]
    if instruction_set not in there:
        raise OptionError(
            f"instruction set {instruction_set!r} is not one that this machine has: "
            f"choose one of {', '.join(there)}"
        )
    return instruction_set


def _check(program: Program) -> int:
    """Bytes that a thread needs for a program; the tables are checked once, here."""
    needed = ctypes.c_int64()
    wrong = engine().engine_check(data(program.words), len(program.words), ctypes.byref(needed))
    if wrong:
        raise RuntimeError(f"tables that the engine refuses (reason {wrong})")
    return needed.value
