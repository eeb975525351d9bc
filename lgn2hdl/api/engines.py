"""Every engine that there is for a network, as ``compare`` holds them against each other."""

from __future__ import annotations

import ctypes
import importlib.util
import shutil
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import ToolError
from lgn2hdl.base.files import temporary_folder
from lgn2hdl.c_export.prepare import c_model
from lgn2hdl.c_export.source import model_header, model_source
from lgn2hdl.cpu import Engine as CpuEngine
from lgn2hdl.cpu import supported
from lgn2hdl.model.features import Integers
from lgn2hdl.model.heads.group_sum_plan import CLASS, SCORES
from lgn2hdl.model.network import LogicNet
from lgn2hdl.tools import native
from lgn2hdl.tools.runner import Tool, run_tool
from lgn2hdl.verify.differential.compare import OUTPUTS, Engine, Results, head_results
from lgn2hdl.verify.differential.engines import decided, port_results

C_WORD_BITS = 32
"""Samples that the exported C computes at a time."""

C_SECONDS = 1200.0
"""Time for a C compiler."""


def torch_engine(network: LogicNet) -> Engine | None:
    """The trainer's own forward pass; None where torch is not installed."""
    if importlib.util.find_spec("torch") is None:
        return None
    from lgn2hdl.train.network.forward import torch_outputs

    def run(integers: Integers) -> Results:
        outputs = torch_outputs(network, integers)
        return {OUTPUTS: outputs.T, **head_results(network, outputs)}

    return Engine("torch, hard forward", run)


def cpu_engines(network: LogicNet) -> Iterator[Engine]:
    """The CPU engine on every instruction set that this processor has.

    Raises:
        ToolError: if there is no C compiler.
    """
    for name in supported():
        engine = CpuEngine(network, instruction_set=name)
        yield Engine(f"CPU engine, {name}", _predictions(engine))


def _predictions(engine: CpuEngine) -> Callable[[Integers], Results]:
    def run(integers: Integers) -> Results:
        return decided(engine.network.head, engine.scores, engine.predict, integers)

    return run


def c_engine(network: LogicNet) -> Engine:
    """The exported C, built as a library without optimization.

    Raises:
        ToolError: if there is no C compiler, or it fails.
    """
    model = c_model(network, "net", C_WORD_BITS, "0" * 64)
    library = _library({"model.c": model_source(model), "model.h": model_header(model)})
    names, head = network.head.n_names, network.head

    def call(function: str, integers: Integers, result: npt.NDArray[Any]) -> npt.NDArray[Any]:
        rows = np.ascontiguousarray(integers, network.features.dtype)
        state = np.zeros(model.state_bytes(C_WORD_BITS), np.uint8)
        pointers = [ctypes.c_void_p(array.ctypes.data) for array in (state, rows, result)]
        getattr(library, f"net_{function}")(*pointers[:2], ctypes.c_size_t(len(rows)), pointers[2])
        return result

    def run(integers: Integers) -> Results:
        n_rows = len(integers)
        if model.counting is None:
            plan = head.plan(model.logic.netlist, None)
            n_bits = sum(item.bits for item in plan.results)
            bits = call("predict", integers, np.empty((n_rows, n_bits), np.uint8))
            return port_results(plan, bits.T.astype(np.bool_))
        return {
            SCORES: call("scores", integers, np.empty((n_rows, names), np.int32)),
            CLASS: call("predict", integers, np.empty(n_rows, np.uint16)),
        }

    return Engine(f"exported C, words of {C_WORD_BITS} bits", run)


def _library(files: Mapping[str, str]) -> ctypes.CDLL:
    """The library that the C compiler makes of ``model.c``; nothing of it stays on the disk."""
    program = next(filter(None, map(shutil.which, native.COMPILERS)), None)
    if program is None:
        raise ToolError("no C compiler is on the PATH: install cc, gcc or clang")
    compiler = Tool("the C compiler", (program,), "install cc, gcc or clang")
    with temporary_folder() as folder:
        for file, text in files.items():
            (folder / file).write_text(text, encoding="utf-8")
        arguments = ["-std=c99", "-O0", "-fPIC", "-shared", "-o", "model.so", "model.c"]
        run_tool(compiler, arguments, folder=folder, outputs=["model.so"], timeout=C_SECONDS)
        return ctypes.CDLL(str(folder / "model.so"))
