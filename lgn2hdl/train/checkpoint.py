"""Checkpoints: everything that a training run needs to go on, in one file without pickle.

No random state is kept: the rows of a step's batch are a function of the seed and the step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lgn2hdl import container, logic
from lgn2hdl.errors import ModelFileError, OptionError
from lgn2hdl.train.config import TrainConfig

FORMAT = "lgn2hdl-checkpoint"
VERSION = 1
"""Newest version of the format that this code writes and reads."""

_ADAM = ("step", "exp_avg", "exp_avg_sq")

LayerState = dict[str, npt.NDArray[Any]]
"""``logits`` of one layer and its Adam state: ``step``, ``exp_avg``, ``exp_avg_sq``."""


@dataclass(frozen=True, eq=False)
class Best:
    """The state that the run returns if nothing better comes.

    Attributes:
        step: optimizer steps done when it was reached.
        soft_accuracy: validation accuracy of the relaxed network, in [0, 1].
        hard_accuracy: validation accuracy of the discretized network, in [0, 1].
        tables: discretized truth tables of every layer.
    """

    step: int
    soft_accuracy: float
    hard_accuracy: float
    tables: tuple[logic.Tables, ...]


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A paused run.

    Attributes:
        config: options of the run.
        dataset_sha256: hash of its data set.
        command: the command that started it.
        step: optimizer steps done.
        seconds: time spent in them so far.
        layers: parameters and Adam state of every layer.
        best: the best state so far; ``None`` before the first evaluation.
    """

    config: TrainConfig
    dataset_sha256: str
    command: str
    step: int
    seconds: float
    layers: tuple[LayerState, ...]
    best: Best | None


def save(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint; the file appears complete or not at all.

    Raises:
        OutputError: if the file cannot be written.
    """
    arrays: dict[str, npt.NDArray[Any]] = {
        f"layers.{index}.{name}": array
        for index, layer in enumerate(checkpoint.layers)
        for name, array in layer.items()
    }
    best = checkpoint.best
    document: dict[str, Any] = {
        "config": checkpoint.config.to_json(),
        "dataset_sha256": checkpoint.dataset_sha256,
        "command": checkpoint.command,
        "step": checkpoint.step,
        "seconds": checkpoint.seconds,
        "best": None,
    }
    if best is not None:
        arrays.update({f"best.{index}": table for index, table in enumerate(best.tables)})
        document["best"] = [best.step, best.soft_accuracy, best.hard_accuracy]
    container.write(path, arrays, document, FORMAT, VERSION)


def read(path: Path) -> Checkpoint:
    """Read a checkpoint of any run.

    Raises:
        ModelFileError: if the file is missing, damaged, foreign or newer.
    """
    arrays, document = container.read(path, FORMAT, VERSION, what="checkpoint")
    try:
        return _checkpoint(arrays, document)
    except (KeyError, TypeError, ValueError, OptionError) as error:
        raise ModelFileError(f"{path} is damaged ({error}): start again without resuming") from None


def load(path: Path, expected: TrainConfig, dataset_sha256: str) -> Checkpoint:
    """Read a checkpoint and make sure that it belongs to this run.

    Raises:
        ModelFileError: if the file is missing, damaged, foreign or newer.
        OptionError: if it is of another data set or has other options; names the first of them.
    """
    result = read(path)
    if result.dataset_sha256 != dataset_sha256:
        raise OptionError(f"{path} was trained on another data set: resume with the same data")
    saved, given = result.config.to_json(), expected.to_json()
    for name in given:
        if saved[name] != given[name]:
            raise OptionError(
                f"{path} was trained with {name} {saved[name]!r}, not {given[name]!r}: "
                "resume with the same options, or start again without resuming"
            )
    return result


def _checkpoint(arrays: dict[str, npt.NDArray[Any]], document: dict[str, Any]) -> Checkpoint:
    config = TrainConfig.from_json(document["config"])
    indices = range(len(config.layers))
    layers = tuple(
        {name: arrays[f"layers.{index}.{name}"] for name in ("logits", *_ADAM)} for index in indices
    )
    best = None
    if document["best"] is not None:
        step, soft, hard = document["best"]
        tables = tuple(arrays[f"best.{index}"] for index in indices)
        best = Best(int(step), float(soft), float(hard), tables)
    return Checkpoint(
        config=config,
        dataset_sha256=str(document["dataset_sha256"]),
        command=str(document["command"]),
        step=int(document["step"]),
        seconds=float(document["seconds"]),
        layers=layers,
        best=best,
    )


def layer_states(layers: list[Any], optimizer: Any) -> tuple[LayerState, ...]:
    """Copies of the logits and Adam states of torch ``layers``."""
    states = []
    for layer in layers:
        adam = optimizer.state.get(layer.logits, {})
        zero = np.zeros(layer.logits.shape, np.float32)
        initial = {"step": np.zeros((), np.float32), "exp_avg": zero, "exp_avg_sq": zero}
        copies = {name: _copy(adam[name]) if adam else initial[name] for name in _ADAM}
        states.append({"logits": _copy(layer.logits), **copies})
    return tuple(states)


def _copy(tensor: Any) -> npt.NDArray[Any]:
    return np.array(tensor.detach().cpu().numpy())


def restore(
    states: tuple[LayerState, ...],
    layers: list[Any],
    optimizer: Any,
    to_tensor: Callable[[npt.NDArray[Any]], Any],
) -> None:
    """Put saved states back into torch ``layers`` and their optimizer.

    Raises:
        ModelFileError: if the shapes differ.
    """
    for state, layer in zip(states, layers, strict=True):
        if state["logits"].shape != tuple(layer.logits.shape):
            raise ModelFileError("the checkpoint is damaged (a layer has another shape)")
        layer.logits.data.copy_(to_tensor(state["logits"]))
        optimizer.state[layer.logits] = {name: to_tensor(state[name]) for name in _ADAM}
