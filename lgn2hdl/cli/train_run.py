"""Training with a progress bar."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from lgn2hdl.datasets import Dataset
from lgn2hdl.model.network import LogicNet
from lgn2hdl.train.config import TrainConfig
from lgn2hdl.train.running import GroupStoppedError, Run, run_training

if TYPE_CHECKING:
    from lgn2hdl.train.loop.run import Progress as Step


def train_with_bar(data: Dataset, config: TrainConfig, run: Run) -> LogicNet | None:
    """Train with a progress bar; ``None`` in all but the first process of a group.

    When the whole group stops, only the first process says why.
    """
    with _progress(config) as show:
        try:
            return run_training(data, config, run, show)
        except GroupStoppedError:
            sys.exit(1)


@contextlib.contextmanager
def _progress(config: TrainConfig) -> Iterator[Callable[[Step], None]]:
    """A bar that appears with the first step: what is wrong before it is said in one line."""
    bar = Progress(
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
        BarColumn(bar_width=8),
        TimeRemainingColumn(),
        TextColumn("{task.fields[figures]}"),
        console=Console(stderr=True, highlight=False),
    )
    task = bar.add_task("", total=config.steps, figures="")

    def show(step: Step) -> None:
        bar.start()
        bar.update(task, completed=step.step, figures=_figures(step))

    try:
        yield show
    finally:
        if bar.live.is_started:
            bar.stop()


def _figures(step: Step) -> str:
    parts = [f"loss {step.loss:.3f}"]
    if step.soft_accuracy is not None and step.hard_accuracy is not None:
        parts.append(f"soft {step.soft_accuracy:.2%} hard {step.hard_accuracy:.2%}")
    if step.best_hard_accuracy is not None:
        parts.append(f"(best {step.best_hard_accuracy:.2%})")
    if step.luts is not None:
        parts.append(f"{step.luts} LUTs")
    return " ".join(parts)
