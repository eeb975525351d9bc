"""Baseline: the compiled networks of the package ``torchlogix`` 0.1, where it is installed.

The generator of the 2022 paper is a part of the package ``difflogic``, which cannot be installed
without a CUDA toolkit and a torch built for CUDA: its ``setup.py`` compiles CUDA kernels, and
importing it loads them. Its C generator lives on in ``torchlogix`` up to 0.1.1
(``pip install --no-deps torchlogix==0.1.1``): one statement a gate, 64-bit words, gcc -O1, bools
packed in a scalar loop, half adders. Version 0.2 replaced it.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import importlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cpu_baseline.straight_line import child_seconds, is_plain
from lgn2hdl.base.files import write_atomically
from lgn2hdl.model.layers.lut import Lut
from lgn2hdl.model.network import LogicNet

WORD = 64


def generator() -> Any | None:
    """The class ``CompiledLogicNet``, or None where there is none."""
    try:
        return getattr(importlib.import_module("torchlogix"), "CompiledLogicNet", None)
    except (ImportError, SyntaxError):  # 0.2.2 has syntax of Python 3.12
        return None


def available(network: LogicNet) -> bool:
    """Whether torchlogix is there and has the nodes and the head of this network."""
    two = all(layer.fan_in == 2 for layer in network.layers)
    return two and is_plain(network.head) and generator() is not None


def operation_numbers(table: npt.NDArray[np.unsignedinteger]) -> npt.NDArray[np.uint64]:
    """The generator's numbers of two-input tables: the four rows from the highest bit down.

    Its rows are ordered by the first input, then the second; ours the other way round.
    """
    wide = table.astype(np.uint64)
    bits = [wide >> np.uint64(row) & np.uint64(1) for row in (0, 2, 1, 3)]
    return sum((bit << np.uint64(3 - at) for at, bit in enumerate(bits)), np.zeros_like(wide))


class TorchlogixNetwork:
    """A network that torchlogix compiled.

    Attributes:
        compile_seconds: CPU time of gcc, perhaps in an earlier run.
    """

    def __init__(self, network: LogicNet, folder: Path) -> None:
        """Generate and compile, or load what was compiled before and is kept in the folder."""
        compiled_class = generator()
        if compiled_class is None or not available(network):
            raise ValueError("torchlogix is not installed or does not have this network's nodes")
        n_classes = network.head.n_classes  # type: ignore[union-attr]
        net = compiled_class(
            None, (network.encoder.n_bits,), num_bits=WORD, apply_groupsum_scaling=False
        )
        net.num_classes = n_classes
        net.linear_layers = [_linear(layer) for layer in network.layers]
        net.layer_order = [("linear", number) for number in range(len(network.layers))]
        library, self.compile_seconds = _built(net, folder)
        self._n_inputs, self._n_classes = network.encoder.n_bits, n_classes
        self._run = ctypes.CDLL(str(library)).apply_logic_net
        self._run.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
        self._run.restype = None

    def classes(self, bits: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        """Classes ``i64[N]`` of input bits ``bool[N, B]``, contiguous, N a multiple of 64.

        The library is called without the package's own wrapper, which copies its input.
        """
        whole = bits.dtype == np.bool_ and bits.flags.c_contiguous and len(bits) % WORD == 0
        if not whole or bits.shape[1] != self._n_inputs:
            raise ValueError("torchlogix takes contiguous bools, rows in whole words")
        scores = np.empty((len(bits), self._n_classes), np.int32)
        self._run(bits.ctypes.data, scores.ctypes.data, len(bits) // WORD)
        return scores.argmax(axis=1)


def _linear(layer: Lut) -> tuple[list[int], list[int], list[int]]:
    first, second = layer.fanin.T.tolist()
    return first, second, operation_numbers(layer.table).tolist()


def _built(net: Any, folder: Path) -> tuple[Path, float]:
    """The library of a network, and the CPU time of its compilation."""
    key = hashlib.sha256(net.get_c_code().encode()).hexdigest()[:16]
    library, record = folder / f"torchlogix-{key}.so", folder / f"torchlogix-{key}.json"
    if not (library.is_file() and record.is_file()):
        folder.mkdir(parents=True, exist_ok=True)
        fresh = folder / f"torchlogix-{key}.new"
        started = child_seconds()
        with contextlib.redirect_stdout(sys.stderr):
            net.compile(opt_level=1, save_lib_path=str(fresh))
        seconds = child_seconds() - started
        fresh.replace(library)
        write_atomically(record, json.dumps({"compile_seconds": seconds}).encode())
    return library, float(json.loads(record.read_text())["compile_seconds"])
