"""Training the networks of a sweep's trials; the test rows are kept for the one that is chosen."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from lgn2hdl.base.errors import OptionError
from lgn2hdl.datasets import Dataset
from lgn2hdl.model.network import LogicNet
from lgn2hdl.passes.estimate import estimate_luts
from lgn2hdl.train.config import TrainConfig
from lgn2hdl.train.data.teacher import load_logits
from lgn2hdl.train.loop.accuracy import test_metrics
from lgn2hdl.train.loop.distributed import Group
from lgn2hdl.train.loop.interrupt import TrainingInterruptedError, TrainingStoppedError
from lgn2hdl.train.loop.loop import train
from lgn2hdl.train.loop.run import Progress
from lgn2hdl.train.loop.threads import use_threads


class Trials:
    """Trains one configuration after the other, each as if it were the only one.

    Args:
        dataset: training and test rows.
        device: ``cpu`` or ``cuda``.
        threads: CPU threads; ``None`` chooses by size.
        teacher: file of logits to distil.

    Raises:
        DataError: if the teacher cannot be read.
    """

    def __init__(
        self, dataset: Dataset, device: str, threads: int | None, teacher: Path | None
    ) -> None:
        self._dataset, self._device, self._threads = dataset, device, threads
        self._default_threads = torch.get_num_threads()
        self._teacher = None if teacher is None else load_logits(teacher)

    @property
    def teacher_sha256(self) -> str | None:
        """Hash of the teacher's logits."""
        if self._teacher is None:
            return None
        return hashlib.sha256(np.ascontiguousarray(self._teacher).data).hexdigest()

    def train(
        self, config: TrainConfig, command: str, on_progress: Callable[[Progress], None]
    ) -> LogicNet:
        """A network whose card has no test accuracy; raises what ``loop.train`` raises."""
        torch.set_num_threads(self._default_threads)  # whatever the trial before has set
        use_threads(config, self._threads)
        return train(
            self._dataset,
            config,
            teacher=self._teacher,
            group=Group(device=self._device),
            on_progress=on_progress,
            command=command,
            test=False,
        )

    def check(self, config: TrainConfig) -> None:
        """Take a single step: what is wrong with the configuration shows now, not in every trial.

        Raises:
            OptionError: if the options do not fit the data.
            DataError: if the data cannot be used.
        """
        one_step = dataclasses.replace(config, steps=1, finetune_steps=0)
        try:
            self.train(one_step, "", lambda progress: None)
        except TrainingInterruptedError:
            raise
        except TrainingStoppedError:
            pass  # that a LUT budget is not met after one step says nothing

    def tested(self, network: LogicNet) -> LogicNet:
        """The network with its accuracy on the test rows, and its LUTs, in the card."""
        dataset = self._dataset
        metrics = {
            **test_metrics(network, dataset.x_test, dataset.y_test),
            **network.card["metrics"],
            "estimated_luts": estimate_luts(network).total,
        }
        return dataclasses.replace(network, card={**network.card, "metrics": metrics})


def require_alone() -> None:
    """Check that this process is not one of a group that trains a network together.

    Raises:
        OptionError: if ``torchrun`` started it with others.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise OptionError(
            "a sweep's workers train one network each: start them without torchrun, "
            "all with the same --storage"
        )
