"""Training in one call, for Python users: data in, network out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from os import PathLike
from typing import TYPE_CHECKING, Any

from lgn2hdl.base.errors import OptionError, ToolError
from lgn2hdl.base.packages import require_package
from lgn2hdl.datasets import Dataset, Missing, load_dataset
from lgn2hdl.datasets.arrays import Arrays, dataset_of_arrays
from lgn2hdl.datasets.trained import DEFAULT_INPUT_WIDTH
from lgn2hdl.model.network import LogicNet
from lgn2hdl.train.config import TrainConfig
from lgn2hdl.train.presets import adapted, preset, preset_for
from lgn2hdl.train.running import Run, run_training

if TYPE_CHECKING:
    from lgn2hdl.train.loop.run import Progress

Data = Dataset | str | PathLike[str] | Arrays
"""A data set; its name, or the path of an NPZ or CSV file; or arrays."""


PLAIN = Run()
"""On the CPU, without a checkpoint."""


def _ignored(step: Progress) -> None:
    """Show nothing."""


def train(
    data: Data,
    config: TrainConfig | str | None = None,
    *,
    input_width: int = DEFAULT_INPUT_WIDTH,
    missing: str = Missing.ERROR.value,
    label: str | None = None,
    run: Run = PLAIN,
    on_progress: Callable[[Progress], None] = _ignored,
    **choices: Any,
) -> LogicNet:
    """Train a network.

    Args:
        data: a data set; its name, or the path of an NPZ or CSV file; or arrays: ``x_train``,
            ``y_train``, ``x_test``, ``y_test`` by name or in this order, or rows and targets alone,
            of which a fifth becomes test rows.
        config: options, or the name of a preset; None takes the preset for the data set.
        input_width: bits of a real-valued column; not for a data set that is one already.
        missing: what becomes of a missing number: ``error``, ``median`` or ``flag``.
        label: label column of a CSV file.
        run: threads, checkpoint, teacher, device.
        on_progress: called after every step.
        choices: options that are changed, as :meth:`TrainConfig.changed` takes them, such as
            ``steps=500``, ``layers=(40,)`` and ``fan_in=(4,)``. The last layer of a
            preset is widened to suit the classes, unless ``layers`` are given.

    Returns:
        The best discretized network; its card tells how it was made and how accurate it is.

    Raises:
        OptionError: if an option is out of range or does not suit the data.
        DataError: if the data cannot be used.
        ToolError: if torch is not installed.
        TrainingStoppedError: if interrupted, or if the loss is not finite.
    """
    require_package("torch", "train", "training")
    dataset, origin = _dataset(data, input_width, _missing(missing), label)
    n_names, bits = len(dataset.class_names), dataset.has_bit_targets
    if isinstance(config, TrainConfig):
        chosen = config.changed(**choices)
    else:
        base = preset_for(dataset.name) if config is None else preset(config)
        chosen = base.config.changed(**choices)
        if "layers" not in choices:
            chosen = adapted(chosen, n_names, bits=bits)
    chosen.require_outputs(n_names, bits=bits)
    network = run_training(dataset, chosen, run, on_progress)
    if network is None:
        raise ToolError("the first process of the group has the network, and this is another one")
    card = {**network.card, "dataset": {**network.card["dataset"], **origin}}
    return replace(network, card=card)


def _missing(wish: str) -> Missing:
    names = [item.value for item in Missing]
    if wish not in names:
        raise OptionError(f"missing numbers {wish!r}: choose one of {', '.join(names)}")
    return Missing(wish)


def _dataset(
    data: Data, input_width: int, missing: Missing, label: str | None
) -> tuple[Dataset, dict[str, Any]]:
    """The data set, and what of the card lets other commands find it again."""
    if isinstance(data, Dataset):
        return data, {}
    if not isinstance(data, str | PathLike):
        return dataset_of_arrays(data, input_width=input_width, missing=missing), {}
    source = str(data)
    found = load_dataset(source, label=label, input_width=input_width, missing=missing)
    origin = {"source": source, "label": label, "input_width": input_width}
    if missing is not Missing.ERROR:
        origin["missing"] = missing.value
    return found, origin
