"""What people see of a sweep: progress on stderr, the Pareto front on stdout."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from lgn2hdl.cli.console import print_json, print_table
from lgn2hdl.model.network import LogicNet
from lgn2hdl.train.config import TrainConfig
from lgn2hdl.train.sweep.front import FinishedTrial

if TYPE_CHECKING:
    from lgn2hdl.train.loop.run import Progress as Step
    from lgn2hdl.train.sweep.sweep import Outcome

Show = Callable[[int, "Step"], None]
"""Shows a step of a trial."""


@dataclass(frozen=True)
class Front:
    """The trials of a sweep.

    Attributes:
        trials: all finished ones, at least one.
        front: those that no other beats, smallest first.
        chosen: the one that becomes the model.
        failures: why others failed.
    """

    trials: tuple[FinishedTrial, ...]
    front: tuple[FinishedTrial, ...]
    chosen: FinishedTrial
    failures: tuple[str, ...]


@contextlib.contextmanager
def sweep_progress(trials: int) -> Iterator[tuple[Show, Callable[[Outcome], None]]]:
    """A bar for the running trial, and a line for each that has ended."""
    console = Console(stderr=True, highlight=False)
    bar = Progress(
        TextColumn("{task.fields[trial]}"),
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
        BarColumn(bar_width=8),
        TextColumn("{task.fields[figures]}"),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    ended = 0
    with bar:
        task = bar.add_task("", total=1, trial="", figures="")

        def show(number: int, step: Step) -> None:
            best = step.best_hard_accuracy
            bar.update(
                task,
                total=step.steps,
                completed=step.step,
                trial=f"trial {number}",
                figures=f"loss {step.loss:.3f}" + ("" if best is None else f" best {best:.2%}"),
            )

        def report(outcome: Outcome) -> None:
            nonlocal ended
            ended += 1
            line = f"{ended}/{trials} {describe(outcome)}"
            console.print(line, markup=False, soft_wrap=True)

        yield show, report


def describe(outcome: Outcome) -> str:
    """A trial in one line."""
    trial = outcome.finished
    if trial is None:
        return f"trial {outcome.number}: failed, {outcome.failure}"
    return (
        f"trial {trial.number}: {trial.accuracy:.2%}, {trial.luts:,} LUTs, "
        f"layers {_widths(trial.config)}, tau {_tau(trial.config)}"
    )


def print_front(
    sweep: Front, network: LogicNet, out: Path, plot: Path, storage: str, *, as_json: bool
) -> None:
    """The result, on stdout.

    Args:
        sweep: its trials.
        network: the chosen one, tested.
        out: its file.
        plot: the picture's file.
        storage: where the study is.
        as_json: for programs.
    """
    if as_json:
        values = {
            "model": str(out),
            "plot": str(plot),
            "storage": storage,
            "finished_trials": len(sweep.trials),
            "failures": list(sweep.failures),
            "front": [_json(trial) for trial in sweep.front],
            "chosen": sweep.chosen.number,
            "card": dict(network.card),
        }
        print_json(values)
        return
    rows = [
        (
            f"{trial.number}{' *' if trial == sweep.chosen else ''}",
            f"{trial.accuracy:.2%}",
            trial.luts,
            _widths(trial.config),
            _tau(trial.config),
        )
        for trial in sweep.front
    ]
    title = f"Pareto front of {len(sweep.trials)} trials ({len(sweep.failures)} more failed)"
    print_table(title, ("trial", "validation", "LUTs", "layers", "tau"), rows)
    accuracy = network.card["metrics"]["test_hard_accuracy"]
    click.echo(f"* {out}: {accuracy:.2%} of the test rows")


def _json(trial: FinishedTrial) -> dict[str, Any]:
    return {
        "trial": trial.number,
        "validation_hard_accuracy": trial.accuracy,
        "estimated_luts": trial.luts,
        "training": trial.config.to_json(),
    }


def _widths(config: TrainConfig) -> str:
    return ",".join(str(layer.width) for layer in config.layers)


def _tau(config: TrainConfig) -> str:
    return "by width" if config.tau is None else f"{config.tau:g}"
