"""What surrounds a training run on the command line: threads, processes, teacher, progress."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from lgn2hdl.datasets import Dataset
from lgn2hdl.model.network import LogicNet
from lgn2hdl.train.config import TrainConfig

if TYPE_CHECKING:
    from lgn2hdl.train.loop.run import Progress as Step


@dataclass(frozen=True)
class Run:
    """How a configuration is to be trained.

    Attributes:
        checkpoint: file for the state of the run.
        resume: go on from it.
        teacher: file of logits to distil.
        threads: CPU threads; ``None`` chooses by size.
        device: ``cpu`` or ``cuda``.
        command: the command line, for the card.
    """

    checkpoint: Path
    resume: bool
    teacher: Path | None
    threads: int | None
    device: str
    command: str


def require_device(device: str) -> None:
    """Check that the device is there.

    Raises:
        OptionError: if it is not.
    """
    if device == "cpu":
        return  # (torch takes seconds to import, and what is wrong with the data is said before)
    from lgn2hdl.train.loop import distributed

    distributed.require_device(device)


def run_training(data: Dataset, config: TrainConfig, run: Run) -> LogicNet | None:
    """Train with a progress bar; ``None`` in all but the first process of a group.

    When the whole group stops, only the first process says why.
    """
    from lgn2hdl.train.data.teacher import load_logits
    from lgn2hdl.train.loop.distributed import join, leave
    from lgn2hdl.train.loop.interrupt import TrainingStoppedError
    from lgn2hdl.train.loop.loop import train
    from lgn2hdl.train.loop.threads import use_threads

    use_threads(config, run.threads)
    teacher = None if run.teacher is None else load_logits(run.teacher)
    group = join(run.device)
    try:
        with _progress(config, shown=group.leads) as show, memory_errors():
            network = train(
                data,
                config,
                checkpoint=run.checkpoint,
                resume=run.resume,
                teacher=teacher,
                group=group,
                on_progress=show,
                command=run.command,
            )
            group.wait()  # the first process is about to delete the checkpoint that all read
    except TrainingStoppedError:
        if group.leads:
            raise
        sys.exit(1)
    finally:
        leave(group)
    return network if group.leads else None


@contextlib.contextmanager
def memory_errors() -> Iterator[None]:
    """Torch's way to say that memory is short becomes Python's."""
    try:
        yield
    except RuntimeError as error:
        if "allocate memory" in str(error) or "out of memory" in str(error):
            raise MemoryError from None
        raise


@contextlib.contextmanager
def _progress(config: TrainConfig, *, shown: bool) -> Iterator[Callable[[Step], None]]:
    """A bar that appears with the first step: what is wrong before it is said in one line."""
    if not shown:
        yield lambda step: None
        return
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
