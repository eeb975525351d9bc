"""The training loop: batches, Adam with a cosine, evaluation, checkpoints, the result's card."""

from __future__ import annotations

import math
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
import torch

import lgn2hdl
from lgn2hdl.datasets import Dataset
from lgn2hdl.errors import DataError, OptionError
from lgn2hdl.features import Integers
from lgn2hdl.model import LogicNet, decide
from lgn2hdl.train import checkpoint as checkpoints
from lgn2hdl.train.augment import shifted
from lgn2hdl.train.checkpoint import Best, Checkpoint
from lgn2hdl.train.config import TrainConfig
from lgn2hdl.train.interrupt import StopRequest, TrainingStoppedError
from lgn2hdl.train.network import RelaxedNetwork, encode
from lgn2hdl.train.seeds import Batches, Purpose, generator, split
from lgn2hdl.train.thermometer import fit_thermometer
from lgn2hdl.train.wiring import pixel_places

EVALUATION_ROWS = 1024
"""Rows of one forward pass of the relaxed network outside of training; bounds memory."""

Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Progress:
    """What the progress callback is told after every step.

    Attributes:
        step: steps done, 1 to ``steps``.
        steps: steps of the whole run.
        loss: cross entropy of the step's batch.
        seconds: time spent in training so far, earlier parts of a resumed run included.
        soft_accuracy: latest validation accuracy of the relaxed network; ``None`` before the first.
        hard_accuracy: latest validation accuracy of the discretized network.
        best_hard_accuracy: the highest so far.
    """

    step: int
    steps: int
    loss: float
    seconds: float
    soft_accuracy: float | None
    hard_accuracy: float | None
    best_hard_accuracy: float | None


def _ignore(progress: Progress) -> None:
    """Show nothing."""


def train(
    dataset: Dataset,
    config: TrainConfig,
    *,
    checkpoint: Path | None = None,
    resume: bool = False,
    on_progress: Callable[[Progress], None] = _ignore,
    command: str = "",
) -> LogicNet:
    """Train a network and return its best discretized state.

    Best is the highest validation accuracy of the discretized network, the latest among equals. The
    test rows are looked at once, after training, for the card. Equal data, options and number of
    torch threads give an equal network; only the card's ``timing`` differs.

    Args:
        dataset: training and test rows.
        config: options.
        checkpoint: file for the state of the run; written every ``config.checkpoint_every`` steps,
            when interrupted, and at the end.
        resume: go on from that file; the result is the same as without the interruption.
        on_progress: called after every step. If it raises KeyboardInterrupt the run stops as if
            Ctrl-C had been pressed.
        command: the command line, for the card; a resumed run keeps the one that began it.

    Raises:
        OptionError: if the options do not fit the data or the checkpoint.
        DataError: if the data cannot be used.
        ModelFileError: if the checkpoint cannot be read.
        OutputError: if the checkpoint cannot be written.
        TrainingStoppedError: if interrupted (SIGINT, SIGTERM), or if the loss is not finite.
    """
    if resume and checkpoint is None:
        raise OptionError("resuming needs the checkpoint file of the interrupted run")
    run = _Run(dataset, config, command)
    if resume and checkpoint is not None:
        run.restore(checkpoints.load(checkpoint, config, dataset.sha256))
        run.saved = checkpoint
    with StopRequest() as stop:
        while run.step < config.steps:
            _one_step(run, checkpoint)
            try:
                on_progress(run.progress())
            except KeyboardInterrupt:
                stop.requested = True
            if stop.requested and run.step < config.steps:
                raise TrainingStoppedError(_stop_message(run, checkpoint))
    return run.result()


def _one_step(run: _Run, checkpoint: Path | None) -> None:
    config = run.config
    run.advance()
    last = run.step == config.steps
    if last or run.step % config.evaluate_every == 0:
        run.evaluate()
    regular = config.checkpoint_every and run.step % config.checkpoint_every == 0
    if checkpoint is not None and (last or regular):
        run.save(checkpoint)


def _stop_message(run: _Run, checkpoint: Path | None) -> str:
    where = f"interrupted at step {run.step} of {run.config.steps}"
    if checkpoint is None:
        return f"{where}: nothing was kept, because no checkpoint file was given"
    run.save(checkpoint)
    return f"{where}: run the same command with --resume to go on from {checkpoint}"


class _Run:
    """The moving parts of one training run."""

    def __init__(self, dataset: Dataset, config: TrainConfig, command: str) -> None:
        n_classes = len(dataset.class_names)
        config.require_classes(n_classes)
        if config.shift_pixels and dataset.image_shape is None:
            raise OptionError("shift_pixels needs images: set it to 0 for this data set")
        if len(dataset.x_train) < 2:
            raise DataError(f"{len(dataset.x_train)} training rows: at least 2 are needed")
        self.dataset, self.config, self.command = dataset, config, command
        own, held_out = split(len(dataset.x_train), config.validation_fraction, config.seed)
        self.x, self.y = dataset.x_train[own], dataset.y_train[own].astype(np.int64)
        self.x_validation = dataset.x_train[held_out]
        self.y_validation = dataset.y_train[held_out].astype(np.int64)
        self.encoder = fit_thermometer(
            self.x, dataset.features, config.encoder, config.bits_per_feature, config.thresholds
        )
        shape = dataset.image_shape
        places = None if shape is None else pixel_places(self.encoder.feature, shape)
        self.network = RelaxedNetwork(self.encoder.n_bits, n_classes, config, places)
        self.optimizer = torch.optim.Adam(
            self.network.parameters(), lr=config.learning_rate, fused=True
        )
        self.batches = Batches(len(self.x), config.batch_size, config.seed)
        self.step, self.seconds, self.loss = 0, 0.0, math.nan
        self.latest: tuple[float, float] | None = None
        self.best: Best | None = None
        self.saved: Path | None = None

    def advance(self) -> None:
        """One optimizer step."""
        started = time.perf_counter()
        cosine = math.cos(math.pi * self.step / self.config.steps)
        self.optimizer.param_groups[0]["lr"] = self.config.learning_rate * (1 + cosine) / 2
        x, y = self._batch()
        loss = torch.nn.functional.cross_entropy(self.network(encode(self.encoder, x)), y)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.loss = loss.item()
        if not math.isfinite(self.loss):
            self._diverged(f"the loss is {self.loss}")
        self.optimizer.step()
        self.step += 1
        self.seconds += time.perf_counter() - started

    def _batch(self) -> tuple[Integers, torch.Tensor]:
        """Rows and labels of the present step."""
        rows = self.batches(self.step)
        x, shape, pixels = self.x[rows], self.dataset.image_shape, self.config.shift_pixels
        if shape is not None and pixels:
            rng = generator(self.config.seed, Purpose.SHIFTS, self.step)
            x = shifted(x, shape, pixels, rng)
        return x, torch.from_numpy(self.y[rows])

    def _diverged(self, what: str) -> NoReturn:
        kept = "" if self.saved is None else f"; {self.saved} has the last good state"
        raise TrainingStoppedError(
            f"training diverged at step {self.step + 1} ({what}): lower the learning rate "
            f"{self.config.learning_rate} or raise tau {self.network.tau:g}{kept}"
        )

    def evaluate(self) -> None:
        """Measure the validation accuracies; keep the state if it is the best."""
        started = time.perf_counter()
        soft = self._soft_accuracy(self.x_validation, self.y_validation)
        tables = self.network.tables()
        hard = accuracy(self._logic_net({}, tables), self.x_validation, self.y_validation)
        self.latest = (soft, hard)
        if self.best is None or hard >= self.best.hard_accuracy:
            self.best = Best(self.step, soft, hard, tables)
        self.seconds += time.perf_counter() - started

    @torch.no_grad()
    def _soft_accuracy(self, x: Integers, y: Labels) -> float:
        right = 0
        for start in range(0, len(x), EVALUATION_ROWS):
            part = slice(start, start + EVALUATION_ROWS)
            logits = self.network(encode(self.encoder, x[part]))
            right += int((decide(logits.numpy()) == y[part]).sum())
        return right / len(x)

    def progress(self) -> Progress:
        """The latest figures."""
        soft, hard = self.latest or (None, None)
        best = None if self.best is None else self.best.hard_accuracy
        return Progress(self.step, self.config.steps, self.loss, self.seconds, soft, hard, best)

    def state(self) -> Checkpoint:
        """Everything that :meth:`restore` needs."""
        layers = checkpoints.layer_states(self.network.layers, self.optimizer)
        return Checkpoint(
            config=self.config,
            dataset_sha256=self.dataset.sha256,
            command=self.command,
            step=self.step,
            seconds=self.seconds,
            layers=layers,
            best=self.best,
        )

    def save(self, path: Path) -> None:
        """Write a checkpoint, but never one that holds NaN or infinity."""
        state = self.state()
        if not all(np.isfinite(array).all() for layer in state.layers for array in layer.values()):
            self._diverged("a parameter is not finite")
        checkpoints.save(state, path)
        self.saved = path

    def restore(self, saved: Checkpoint) -> None:
        """Go back to a saved state."""
        self.step, self.seconds = saved.step, saved.seconds
        self.best, self.command = saved.best, saved.command
        checkpoints.restore(
            saved.layers,
            self.network.layers,
            self.optimizer,
            lambda array: torch.from_numpy(array.copy()),
        )

    def result(self) -> LogicNet:
        """The best state with its card; this is where the test rows are used."""
        assert self.best is not None, "the last step always evaluates"
        network = self._logic_net({}, self.best.tables)
        test = accuracy(network, self.dataset.x_test, self.dataset.y_test)
        return self._logic_net(self._card(test), self.best.tables)

    def _logic_net(self, card: dict[str, Any], tables: tuple[Any, ...]) -> LogicNet:
        dataset = self.dataset
        return self.network.to_logic_net(
            dataset.features, self.encoder, tuple(dataset.class_names), card, tables
        )

    def _card(self, test_accuracy: float) -> dict[str, Any]:
        assert self.best is not None
        dataset, config = self.dataset, self.config
        return {
            "dataset": {
                "name": dataset.name,
                "sha256": dataset.sha256,
                "train_rows": len(self.x),
                "validation_rows": len(self.x_validation),
                "test_rows": len(dataset.x_test),
            },
            "command": self.command,
            "seed": config.seed,
            "training": {**config.to_json(), "tau": self.network.tau},
            "metrics": {
                "test_hard_accuracy": test_accuracy,
                "validation_hard_accuracy": self.best.hard_accuracy,
                "validation_soft_accuracy": self.best.soft_accuracy,
                "selected_step": self.best.step,
            },
            "gates": sum(config.layers),
            "input_bits": self.encoder.n_bits,
            "versions": {
                "lgn2hdl": lgn2hdl.__version__,
                "torch": str(torch.__version__),
                "numpy": np.__version__,
                "python": platform.python_version(),
            },
            "timing": {
                "seconds": round(self.seconds, 1),
                "milliseconds_per_step": round(1000 * self.seconds / config.steps, 2),
                "threads": torch.get_num_threads(),
            },
        }


def accuracy(network: LogicNet, x: Integers, y: Labels) -> float:
    """Part of the rows ``[N, F]`` that the discrete network classifies as ``y[N]`` says.

    Raises:
        DataError: if there are no rows.
    """
    if len(x) == 0:
        raise DataError("no rows to measure the accuracy on")
    return float((decide(network.scores(x)) == y).mean())
