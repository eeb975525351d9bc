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

from lgn2hdl.base import container
from lgn2hdl.base.errors import ModelFileError, OptionError
from lgn2hdl.model.heads import KINDS as HEADS
from lgn2hdl.model.heads import Head
from lgn2hdl.model.layers.lut import Lut
from lgn2hdl.model.network import Thermometer
from lgn2hdl.train.config import TrainConfig

FORMAT = "lgn2hdl-checkpoint"
VERSION = 4
"""Newest version of the format that this code writes and reads; 1 had no learned wiring, 2 (the
oldest that is read) the layers' widths, fan-ins and wirings as three lists, 3 one kind of head."""

_ADAM = ("step", "exp_avg", "exp_avg_sq")

Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Best:
    """The state that the run returns if nothing better comes.

    Attributes:
        step: optimizer steps done when it was reached.
        soft_accuracy: validation accuracy of the network as it computes in training, in [0, 1].
        hard_accuracy: validation accuracy of the discretized network, in [0, 1].
        layers: the discretized layers.
        encoder: the thresholds, if they are learned.
        luts: estimated LUTs, if there is a budget.
        tau: divisor of the logits.
        head: the discretized head; ``None`` in files of the versions before 4, which had one kind.
    """

    step: int
    soft_accuracy: float
    hard_accuracy: float
    layers: tuple[Lut, ...]
    encoder: Thermometer | None = None
    luts: int | None = None
    tau: float = 1.0
    head: Head | None = None


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A paused run.

    Attributes:
        config: options of the run.
        dataset_sha256: hash of its data set.
        command: the command that started it.
        step: optimizer steps done.
        seconds: time spent in them so far.
        state: parameters and buffers by name.
        adam: Adam's state by parameter, ``<parameter>.exp_avg`` and so on.
        best: the best state so far; ``None`` before the first evaluation.
    """

    config: TrainConfig
    dataset_sha256: str
    command: str
    step: int
    seconds: float
    state: Arrays
    adam: Arrays
    best: Best | None


def save(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint; the file appears complete or not at all.

    Raises:
        OutputError: if the file cannot be written.
    """
    arrays: Arrays = {f"state.{name}": array for name, array in checkpoint.state.items()}
    arrays.update({f"adam.{name}": array for name, array in checkpoint.adam.items()})
    document: dict[str, Any] = {
        "config": checkpoint.config.to_json(),
        "dataset_sha256": checkpoint.dataset_sha256,
        "command": checkpoint.command,
        "step": checkpoint.step,
        "seconds": checkpoint.seconds,
        "best": None,
    }
    best = checkpoint.best
    if best is not None:
        arrays.update(_best_arrays(best))
        document["best"] = [
            best.step,
            best.soft_accuracy,
            best.hard_accuracy,
            best.luts,
            best.tau,
            None if best.head is None else {"kind": best.head.kind, **best.head.document()},
        ]
    container.write(path, arrays, document, FORMAT, VERSION)


def _best_arrays(best: Best) -> Arrays:
    arrays: Arrays = {}
    for index, layer in enumerate(best.layers):
        arrays[f"best.{index}.fanin"] = layer.fanin
        arrays[f"best.{index}.table"] = layer.table
    if best.head is not None:
        arrays.update({f"best.head.{name}": array for name, array in best.head.arrays().items()})
    if best.encoder is not None:
        arrays["best.feature"] = best.encoder.feature
        arrays["best.threshold"] = best.encoder.threshold
    return arrays


def read(path: Path) -> Checkpoint:
    """Read a checkpoint of any run.

    Raises:
        ModelFileError: if the file is missing, damaged, foreign, newer, or of the first version,
            which was for another trainer.
    """
    arrays, document = container.read(path, FORMAT, VERSION, what="checkpoint")
    try:
        if "candidates" not in document["config"]:  # (a file of the first version)
            raise ModelFileError(
                f"{path} was written by an older lgn2hdl, whose runs cannot go on here: delete it "
                "and start again without resuming"
            )
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
    saved, given = result.config.options(), expected.options()
    for name in given:
        if saved[name] != given[name]:
            raise OptionError(
                f"{path} was trained with {name} {saved[name]!r}, not {given[name]!r}: "
                "resume with the same options, or start again without resuming"
            )
    return result


def _checkpoint(arrays: Arrays, document: dict[str, Any]) -> Checkpoint:
    config = TrainConfig.from_json(document["config"])
    best = None
    if document["best"] is not None:
        step, soft, hard, luts, tau, *head = document["best"]
        layers = tuple(
            Lut(arrays[f"best.{index}.fanin"], arrays[f"best.{index}.table"])
            for index in range(len(config.layers))
        )
        best = Best(
            int(step),
            float(soft),
            float(hard),
            layers,
            _best_encoder(arrays),
            None if luts is None else int(luts),
            float(tau),
            _best_head(arrays, head, layers[-1].width),
        )
    return Checkpoint(
        config=config,
        dataset_sha256=str(document["dataset_sha256"]),
        command=str(document["command"]),
        step=int(document["step"]),
        seconds=float(document["seconds"]),
        state=_under("state.", arrays),
        adam=_under("adam.", arrays),
        best=best,
    )


def _under(prefix: str, arrays: Arrays) -> Arrays:
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }


def _best_head(arrays: Arrays, documents: list[Any], width: int) -> Head | None:
    if not documents:
        return None  # (of a version that had one kind)
    (document,) = documents
    return HEADS.find(document["kind"]).from_file(_under("best.head.", arrays), document, width)


def _best_encoder(arrays: Arrays) -> Thermometer | None:
    if "best.feature" not in arrays:
        return None
    return Thermometer(arrays["best.feature"], arrays["best.threshold"])


def collect(modules: Any, optimizer: Any) -> tuple[Arrays, Arrays]:
    """Copies of the state of a torch module and of Adam's state of its parameters."""
    state = {name: _copy(tensor) for name, tensor in modules.state_dict().items()}
    adam = {
        f"{name}.{part}": _copy(optimizer.state[parameter][part])
        for name, parameter in modules.named_parameters()
        if parameter in optimizer.state
        for part in _ADAM
    }
    return state, adam


def _copy(tensor: Any) -> npt.NDArray[Any]:
    return np.array(tensor.detach().cpu().numpy())


def restore(
    saved: Checkpoint,
    modules: Any,
    optimizer: Any,
    to_tensor: Callable[[npt.NDArray[Any]], Any],
) -> None:
    """Put saved states back into a torch module and its optimizer.

    Raises:
        ModelFileError: if names or shapes differ.
    """
    present = modules.state_dict()
    if {name: tuple(t.shape) for name, t in present.items()} != {
        name: array.shape for name, array in saved.state.items()
    }:
        raise ModelFileError("the checkpoint is damaged (a layer has another shape)")
    for name, tensor in present.items():
        tensor.copy_(to_tensor(saved.state[name]))
    for name, parameter in modules.named_parameters():
        parts = {part: saved.adam.get(f"{name}.{part}") for part in _ADAM}
        if all(array is None for array in parts.values()):
            continue  # saved before the first step
        shapes = {part: () if part == "step" else tuple(parameter.shape) for part in _ADAM}
        if any(array is None or array.shape != shapes[part] for part, array in parts.items()):
            raise ModelFileError("the checkpoint is damaged (Adam's state has another shape)")
        optimizer.state[parameter] = {
            part: to_tensor(array) for part, array in parts.items() if array is not None
        }
