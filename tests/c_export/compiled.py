"""The exported C, compiled: called through ctypes, or run as its own self-test."""

from __future__ import annotations

import ctypes
import functools
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lgn2hdl.c_export.folder import c_files
from lgn2hdl.c_export.prepare import CModel, c_model
from lgn2hdl.c_export.vectors import vector_rows
from lgn2hdl.model.features import Integers
from lgn2hdl.model.heads.bits import Bits
from lgn2hdl.model.network import LogicNet

WARNINGS = ("-Wall", "-Wextra", "-pedantic", "-Wconversion", "-Wsign-conversion", "-Wshadow")
STRICT = ("-std=c99", *WARNINGS, "-Werror")
SANITIZERS = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
COMPILERS = tuple(name for name in ("gcc", "clang") if shutil.which(name)) or ("cc",)
WORDS = (8, 16, 32, 64)

GUARD = 64
"""Bytes after the state and the results that no function may touch."""


def prepared(network: LogicNet, prefix: str = "net", word_bits: int = 32) -> CModel:
    return c_model(network, prefix, word_bits, "0" * 64)


def files_of(model: CModel, n_vectors: int = 20, rows: Integers | None = None) -> dict[str, str]:
    if rows is None:
        rows = vector_rows(model.network, model.logic, n_vectors, 0)
    return c_files(model, rows)


def written(folder: Path, files: Mapping[str, str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def compile_c(compiler: str, *arguments: str | Path) -> None:
    done = subprocess.run([compiler, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


@functools.cache
def compiles(compiler: str, flag: str) -> bool:
    """Whether programs for such a machine can be built and run here."""
    with tempfile.TemporaryDirectory() as name:
        source, program = Path(name, "a.c"), Path(name, "a")
        source.write_text('#include <stdio.h>\nint main(void) { return puts("") < 0; }\n')
        command = [compiler, flag, str(source), "-o", str(program)]
        built = subprocess.run(command, capture_output=True).returncode == 0
        return built and subprocess.run([program], capture_output=True).returncode == 0


def self_test(
    folder: Path, prefix: str, word_bits: int, compiler: str = COMPILERS[0], *flags: str
) -> subprocess.CompletedProcess[str]:
    """Build and run the self-test of an exported folder."""
    program = folder / "test_model"
    word = f"-D{prefix.upper()}_WORD_BITS={word_bits}"
    sources = (folder / "model.c", folder / "test_model.c")
    compile_c(compiler, *STRICT, *(flags or ("-O1",)), word, *sources, "-o", program)
    return subprocess.run([program], capture_output=True, text=True, timeout=3600)


@dataclass(frozen=True)
class Compiled:
    """The functions of ``model.c`` for words of one size."""

    model: CModel
    word_bits: int
    library: ctypes.CDLL

    def predict(self, rows: Integers) -> npt.NDArray[np.generic]:
        return self._call("predict", rows, len(rows), *self._decisions(len(rows)))

    def scores(self, rows: Integers) -> npt.NDArray[np.generic]:
        return self._call("scores", rows, len(rows), self._classes(len(rows)), np.int32)

    def predict_packed(self, rows: Integers) -> npt.NDArray[np.generic]:
        return self._call("predict_packed", self.pack(rows), len(rows), *self._decisions(len(rows)))

    def scores_packed(self, rows: Integers) -> npt.NDArray[np.generic]:
        words = self.pack(rows)
        return self._call("scores_packed", words, len(rows), self._classes(len(rows)), np.int32)

    def encode(self, rows: Integers) -> npt.NDArray[np.generic]:
        """One block of packed inputs of at most a word of rows, ``[1, inputs]``."""
        words = np.full((1, len(self.model.logic.bits)), 0xAA, self._word)
        function = getattr(self.library, f"{self.model.prefix}_encode")
        function.restype = None
        function(_pointer(rows), ctypes.c_size_t(len(rows)), _pointer(words))
        return words

    def pack(self, rows: Integers) -> npt.NDArray[np.generic]:
        """Packed inputs ``[blocks, inputs]`` as the header describes them, without the C."""
        logic, n_blocks = self.model.logic, -(-len(rows) // self.word_bits)
        bits = np.zeros((n_blocks * self.word_bits, len(logic.bits)), np.uint64)
        bits[: len(rows)] = rows[:, logic.feature] >= logic.threshold
        blocks = bits.reshape(n_blocks, self.word_bits, len(logic.bits))
        shift = np.arange(self.word_bits, dtype=np.uint64)[:, None]
        return np.ascontiguousarray((blocks << shift).sum(axis=1).astype(self._word))

    @property
    def _word(self) -> npt.DTypeLike:
        return f"u{self.word_bits // 8}"

    def _classes(self, n_samples: int) -> tuple[int, ...]:
        return n_samples, self.model.network.head.n_names

    def _decisions(self, n_samples: int) -> tuple[tuple[int, ...], npt.DTypeLike]:
        if isinstance(self.model.network.head, Bits):
            return self._classes(n_samples), np.uint8
        return (n_samples,), np.uint16

    def _call(
        self, name: str, data: np.ndarray, n: int, shape: tuple[int, ...], dtype: npt.DTypeLike
    ) -> np.ndarray:
        """Results of a function on a dirty state; neither it nor the results are overrun."""
        rng = np.random.default_rng(n)
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        state_bytes = self.model.state_bytes(self.word_bits)
        state, result = rng.bytes(state_bytes + GUARD), rng.bytes(size + GUARD)
        after = [np.frombuffer(text, np.uint8).copy() for text in (state, result)]
        function = getattr(self.library, f"{self.model.prefix}_{name}")
        function.restype = None
        function(_pointer(after[0]), _pointer(data), ctypes.c_size_t(n), _pointer(after[1]))
        assert after[0][-GUARD:].tobytes() == state[-GUARD:]
        assert after[1][-GUARD:].tobytes() == result[-GUARD:]
        return after[1][:size].view(dtype).reshape(shape)


def _pointer(array: np.ndarray) -> ctypes.c_void_p:
    assert array.flags.c_contiguous
    return array.ctypes.data_as(ctypes.c_void_p)


def compiled(model: CModel, word_bits: int, optimize: str = "-O0") -> Compiled:
    """``model.c`` as a library; the files are gone afterwards."""
    with tempfile.TemporaryDirectory() as name:
        folder = written(Path(name), files_of(model, 1))
        library = folder / "model.so"
        word = f"-D{model.prefix.upper()}_WORD_BITS={word_bits}"
        shared = (optimize, "-fPIC", "-shared", "-o", library)
        compile_c(COMPILERS[0], *STRICT, word, folder / "model.c", *shared)
        return Compiled(model, word_bits, ctypes.CDLL(str(library)))


def check(model: CModel, rows: Integers, words: tuple[int, ...] = WORDS) -> None:
    """Compare every function with the golden model, for every size of words."""
    network = model.network
    is_bits = isinstance(network.head, Bits)
    for word_bits in words:
        exported = compiled(model, word_bits)
        for n in {0, 1, word_bits - 1, word_bits, word_bits + 1, len(rows)}:
            some = rows[:n]
            block = some[:word_bits]
            if len(block):
                assert np.array_equal(exported.encode(block), exported.pack(block))
            assert np.array_equal(exported.predict(some), network.decisions(some))
            assert np.array_equal(exported.predict_packed(some), network.decisions(some))
            if not is_bits:
                assert np.array_equal(exported.scores(some), network.scores(some))
                assert np.array_equal(exported.scores_packed(some), network.scores(some))
