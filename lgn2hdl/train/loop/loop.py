"""The training loop: what happens in which step, and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lgn2hdl.base.errors import OptionError
from lgn2hdl.datasets import Dataset
from lgn2hdl.model.network import LogicNet
from lgn2hdl.train.config import TrainConfig
from lgn2hdl.train.data.teacher import Teacher
from lgn2hdl.train.loop import checkpoint as checkpoints
from lgn2hdl.train.loop.distributed import Group
from lgn2hdl.train.loop.interrupt import StopRequest, TrainingInterruptedError
from lgn2hdl.train.loop.resampling import observe, resample
from lgn2hdl.train.loop.run import Progress, Run


def _ignore(progress: Progress) -> None:
    """Show nothing."""


def train(
    dataset: Dataset,
    config: TrainConfig,
    *,
    checkpoint: Path | None = None,
    resume: bool = False,
    teacher: Teacher | None = None,
    group: Group | None = None,
    on_progress: Callable[[Progress], None] = _ignore,
    command: str = "",
    test: bool = True,
) -> LogicNet:
    """Train a network and return its best discretized state.

    Best is the highest validation accuracy of the discretized network (of bits, the part of all
    output bits that is right), the latest among equals. The test rows are looked at once, after
    training, for the card. Equal data, options and number of processes give an equal network; only
    the card's ``timing`` differs.

    Args:
        dataset: training and test rows.
        config: options.
        checkpoint: file for the state of the run; written every ``config.checkpoint_every`` steps,
            when interrupted, and at the end.
        resume: go on from that file; the result is the same as without the interruption.
        teacher: what to learn from beside the labels.
        group: the processes that train together; this one alone by default.
        on_progress: called after every step. If it raises KeyboardInterrupt the run stops as if
            Ctrl-C had been pressed.
        command: the command line, for the card; a resumed run keeps the one that began it.
        test: look at the test rows; leave it to the last of several runs that are compared.

    Raises:
        OptionError: if the options do not fit the data or the checkpoint.
        DataError: if the data cannot be used.
        ModelFileError: if the checkpoint cannot be read.
        OutputError: if the checkpoint cannot be written.
        TrainingStoppedError: if interrupted (SIGINT, SIGTERM), if the loss is not finite, or if no
            state was within the LUT budget.
    """
    if resume and checkpoint is None:
        raise OptionError("resuming needs the checkpoint file of the interrupted run")
    run = Run(dataset, config, teacher, group or Group(), command)
    if resume and checkpoint is not None:
        run.restore(checkpoints.load(checkpoint, config, dataset.sha256))
        run.saved = checkpoint
    with StopRequest() as stop:
        while run.step < config.steps:
            asked = _one_step(run, checkpoint, stop.requested)
            try:
                on_progress(run.progress())
            except KeyboardInterrupt:
                stop.requested = True
            asked = asked or (stop.requested and run.group.size == 1)
            if asked and run.step < config.steps:
                raise TrainingInterruptedError(_stop_message(run, checkpoint))
    return run.result(test=test)


def _one_step(run: Run, checkpoint: Path | None, stop: bool) -> bool:
    """One step with what is due after it; whether any process of the group is to stop."""
    config = run.config
    observe(run.network, config, run.step + 1)
    stop = run.advance(stop)
    last = run.step == config.steps
    resample(run.network, run.optimizer, config, run.step, run.group)
    if last or run.step % config.evaluate_every == 0:
        run.evaluate()
    regular = config.checkpoint_every and run.step % config.checkpoint_every == 0
    if checkpoint is not None and (last or regular):
        run.save(checkpoint)
    return stop


def _stop_message(run: Run, checkpoint: Path | None) -> str:
    where = f"interrupted at step {run.step} of {run.config.steps}"
    if checkpoint is None:
        return f"{where}: nothing was kept, because no checkpoint file was given"
    run.save(checkpoint)
    return f"{where}: run the same command with --resume to go on from {checkpoint}"
