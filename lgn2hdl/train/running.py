"""What surrounds a training run: threads, processes, teacher, memory."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lgn2hdl.base.errors import Lgn2HdlError
from lgn2hdl.datasets import Dataset
from lgn2hdl.model.network import LogicNet
from lgn2hdl.train.config import TrainConfig

if TYPE_CHECKING:
    from lgn2hdl.train.loop.run import Progress as Step


class GroupStoppedError(Lgn2HdlError):
    """The whole group of processes has stopped; its first process says why."""


@dataclass(frozen=True)
class Run:
    """How a configuration is to be trained.

    Attributes:
        checkpoint: file for the state of the run; None keeps none.
        resume: go on from it.
        teacher: file of logits to distil, if there is one.
        threads: CPU threads; ``None`` chooses by size.
        device: ``cpu`` or ``cuda``.
        command: the command line, for the card; empty if there is none.
    """

    checkpoint: Path | None = None
    resume: bool = False
    teacher: Path | None = None
    threads: int | None = None
    device: str = "cpu"
    command: str = ""


def require_device(device: str) -> None:
    """Check that the device is there.

    Raises:
        OptionError: if it is not.
    """
    if device == "cpu":
        return  # (torch takes seconds to import, and what is wrong with the data is said before)
    from lgn2hdl.train.loop import distributed

    distributed.require_device(device)


def run_training(
    data: Dataset, config: TrainConfig, run: Run, on_progress: Callable[[Step], None]
) -> LogicNet | None:
    """Train; ``None`` in all but the first process of a group.

    Args:
        data: training and test rows.
        config: options.
        run: how.
        on_progress: called after every step, in the first process.

    Raises:
        OptionError, DataError, ModelFileError, OutputError, TrainingStoppedError: as
            :func:`lgn2hdl.train.loop.loop.train`.
        GroupStoppedError: in place of the last one, in all but the first process of a group.
        MemoryError: if there is not enough.
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
        with memory_errors():
            network = train(
                data,
                config,
                checkpoint=run.checkpoint,
                resume=run.resume,
                teacher=teacher,
                group=group,
                on_progress=on_progress if group.leads else _ignored,
                command=run.command,
            )
            group.wait()  # the first process is about to delete the checkpoint that all read
    except TrainingStoppedError as error:
        if group.leads:
            raise
        raise GroupStoppedError(f"stopped with its group: {error}") from None
    finally:
        leave(group)
    return network if group.leads else None


def _ignored(step: Step) -> None:
    """Show nothing."""


@contextlib.contextmanager
def memory_errors() -> Iterator[None]:
    """Torch's way to say that memory is short becomes Python's."""
    try:
        yield
    except RuntimeError as error:
        if "allocate memory" in str(error) or "out of memory" in str(error):
            raise MemoryError from None
        raise
