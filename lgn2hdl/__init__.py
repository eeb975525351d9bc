"""lgn2hdl compiles trained logic gate networks into pipelined Verilog, checked bit for bit.

``docs/api.md`` shows what a Python user calls: :func:`train`, :func:`load`, :func:`save`,
:func:`compile` and what they give. Each is imported when it is asked for first, so that
``import lgn2hdl`` takes no time.

Reading order follows the data: :mod:`~lgn2hdl.model.network` (what was trained),
:mod:`~lgn2hdl.passes.lower` and :mod:`~lgn2hdl.ir.netlist` (the gate graph),
:mod:`~lgn2hdl.passes` (pruning), :mod:`~lgn2hdl.compiler.schedule` (pipeline stages),
:mod:`~lgn2hdl.hdl` (Verilog).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lgn2hdl.api.making import compile
    from lgn2hdl.api.models import load, save
    from lgn2hdl.api.project import Project
    from lgn2hdl.api.tasks import Tasks
    from lgn2hdl.base.errors import Lgn2HdlError
    from lgn2hdl.compiler.recipe import Recipe
    from lgn2hdl.cpu import Engine
    from lgn2hdl.datasets import Dataset, load_dataset
    from lgn2hdl.model.network import LogicNet
    from lgn2hdl.train.call import train
    from lgn2hdl.train.config import TrainConfig
    from lgn2hdl.train.layer_spec import LayerSpec

__version__ = "0.1.0"

__all__ = [
    "Dataset",
    "Engine",
    "LayerSpec",
    "Lgn2HdlError",
    "LogicNet",
    "Project",
    "Recipe",
    "Tasks",
    "TrainConfig",
    "compile",
    "load",
    "load_dataset",
    "save",
    "train",
]

_PLACES = {
    "Dataset": "datasets",
    "Engine": "cpu",
    "Lgn2HdlError": "base.errors",
    "LayerSpec": "train.layer_spec",
    "LogicNet": "model.network",
    "Project": "api.project",
    "Recipe": "compiler.recipe",
    "Tasks": "api.tasks",
    "TrainConfig": "train.config",
    "compile": "api.making",
    "load": "api.models",
    "load_dataset": "datasets",
    "save": "api.models",
}
"""Module of each name; ``train`` is the room of that name, which can be called."""


def __getattr__(name: str) -> Any:
    if name == "train":
        return import_module("lgn2hdl.train")
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"lgn2hdl.{_PLACES[name]}"), name)
    globals()[name] = value  # (found at once from now on)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
