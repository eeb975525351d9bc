"""Baseline: a network as straight-line C, the usual way to run logic gate networks on a processor.

One statement for each trained node, nothing pruned, 64 samples in a 64-bit word, all gates in one
function, compiled with ``gcc -O1``. Inputs are bools of one byte each that a scalar loop packs;
class scores are counted with half adders over bit planes, then unpacked sample by sample. This is
how the generator of the 2022 paper (arXiv 2210.08277) works; the code is written from that
description. Nodes of more than two pins, which that generator does not have, are written as one
expression of multiplexers each (:mod:`cpu_baseline.expressions`).
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cpu_baseline.expressions import PIN_NAMES, expression
from lgn2hdl.base.errors import ToolError
from lgn2hdl.base.files import write_atomically
from lgn2hdl.ir import packed
from lgn2hdl.model.heads import Head
from lgn2hdl.model.heads.group_sum import GroupSum
from lgn2hdl.model.layers.lut import Lut
from lgn2hdl.model.network import LogicNet

SOURCE = Path(__file__).with_suffix(".c")
"""What follows the generated gates."""

FLAGS = ("-O1", "-fPIC", "-shared", "-std=c11")
"""Flags of gcc."""


def source(network: LogicNet) -> str:
    """The whole C file of a network.

    Raises:
        ValueError: if the head is not made of equal groups in order, of weight 1, without biases.
    """
    head = network.head
    if not isinstance(head, GroupSum) or not is_plain(head):
        raise ValueError("the baseline counts equal groups of outputs only")
    group = head.n_outputs // head.n_classes
    sizes = {
        "N_INPUTS": network.encoder.n_bits,
        "N_OUTPUTS": head.n_outputs,
        "N_CLASSES": head.n_classes,
        "N_PLANES": group.bit_length(),
    }
    lines = ["#include <stdint.h>", "#define ZERO UINT64_C(0)", "#define ONES (~ZERO)"]
    lines += [f"#define {name} {size}" for name, size in sizes.items()]
    lines += ["static void gates(const uint64_t *x, uint64_t *y)", "{"]
    for number, layer in enumerate(network.layers):
        lines += _statements(layer, number, last=number == len(network.layers) - 1)
    return "\n".join([*lines, "}", SOURCE.read_text()])


def is_plain(head: Head) -> bool:
    """Whether a head counts equal groups in order, of weight 1, without biases."""
    if not isinstance(head, GroupSum):
        return False
    group, rest = divmod(head.n_outputs, head.n_classes)
    in_order = rest == 0 and np.array_equal(head.class_of, np.arange(head.n_outputs) // group)
    return bool(in_order and (head.weight == 1).all() and not head.bias.any())


def _statements(layer: Lut, number: int, *, last: bool) -> list[str]:
    """A statement for each node of a layer: a local variable, or an output."""
    below = "x[{}]" if number == 0 else f"v{number - 1}_{{}}"
    target = "    y[{}] = {};" if last else f"    const uint64_t v{number}_{{}} = {{}};"
    lines = []
    nodes = zip(layer.fanin.tolist(), layer.table.tolist(), strict=True)
    for node, (pins, table) in enumerate(nodes):
        names = {ord(PIN_NAMES[i]): below.format(pin) for i, pin in enumerate(pins)}
        lines.append(target.format(node, expression(table, layer.fan_in).translate(names)))
    return lines


class StraightLine:
    """A network that was compiled.

    Attributes:
        compile_seconds: CPU time of gcc, perhaps in an earlier run.
    """

    def __init__(self, network: LogicNet, folder: Path) -> None:
        """Generate and compile, or load what was compiled before.

        Args:
            network: the network.
            folder: where libraries are kept with the time that they took: large ones take minutes.

        Raises:
            ToolError: if gcc is not installed or fails.
            ValueError: as :func:`source`.
        """
        self._n_inputs = network.encoder.n_bits
        library, self.compile_seconds = _built(source(network), folder)
        self._library = ctypes.CDLL(str(library))
        pointer, number = ctypes.c_void_p, ctypes.c_int64
        self._library.classify_bools.argtypes = (pointer, number, pointer)
        self._library.classify_packed.argtypes = (pointer, number, number, pointer)

    def classes(self, bits: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
        """Classes ``i32[N]`` of input bits ``bool[N, B]``, a byte each, contiguous."""
        if bits.dtype != np.bool_ or not bits.flags.c_contiguous or bits.shape[1] != self._n_inputs:
            raise ValueError("the baseline takes contiguous bools, a row a sample")
        result = np.empty(len(bits), np.int32)
        self._library.classify_bools(bits.ctypes.data, len(bits), result.ctypes.data)
        return result

    def classes_packed(
        self, words: npt.NDArray[np.uint64], n_samples: int
    ) -> npt.NDArray[np.int32]:
        """Classes ``i32[N]`` of input bits ``u64[B, words]``, see :mod:`lgn2hdl.ir.packed`."""
        shape = (self._n_inputs, packed.words_for(n_samples))
        if words.dtype != np.uint64 or not words.flags.c_contiguous or words.shape != shape:
            raise ValueError(f"the baseline takes contiguous words of shape {shape}")
        result = np.empty(n_samples, np.int32)
        self._library.classify_packed(
            words.ctypes.data, words.shape[1], n_samples, result.ctypes.data
        )
        return result


def _built(text: str, folder: Path) -> tuple[Path, float]:
    """The library of a C text, and seconds of its compilation."""
    gcc = shutil.which("gcc")
    if gcc is None:
        raise ToolError("gcc is not installed: install it, or give --skip-straight-line")
    version = subprocess.run([gcc, "--version"], capture_output=True, check=True).stdout
    key = hashlib.sha256(b"".join([text.encode(), version, repr(FLAGS).encode()])).hexdigest()[:16]
    library, record = folder / f"straight-{key}.so", folder / f"straight-{key}.json"
    if not (library.is_file() and record.is_file()):
        content, seconds = _compiled(gcc, text)
        write_atomically(library, content)
        write_atomically(record, json.dumps({"compile_seconds": seconds}).encode())
    return library, float(json.loads(record.read_text())["compile_seconds"])


def child_seconds() -> float:
    """CPU time of all finished programs that this process started."""
    times = os.times()
    return times.children_user + times.children_system


def _compiled(gcc: str, text: str) -> tuple[bytes, float]:
    with tempfile.TemporaryDirectory() as name:
        path, library = Path(name) / "network.c", Path(name) / "network.so"
        path.write_text(text)
        started = child_seconds()
        run = subprocess.run(
            [gcc, *FLAGS, "-o", str(library), str(path)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        seconds = child_seconds() - started
        if run.returncode:
            raise ToolError(f"gcc failed on the baseline: {run.stderr.strip()[:200]}")
        return library.read_bytes(), seconds
