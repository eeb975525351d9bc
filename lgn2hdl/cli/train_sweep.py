"""``lgn2hdl train --sweep``: trials with progress, then the front, a plot and the best model."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lgn2hdl.base.errors import OptionError
from lgn2hdl.base.packages import require_package
from lgn2hdl.cli.console import note
from lgn2hdl.cli.front_plot import plot_front
from lgn2hdl.cli.sweep_report import Front, Show, print_front, sweep_progress
from lgn2hdl.datasets import Dataset
from lgn2hdl.model import file as model_file
from lgn2hdl.model.network import LogicNet
from lgn2hdl.train.config import TrainConfig
from lgn2hdl.train.loop.interrupt import TrainingStoppedError
from lgn2hdl.train.running import Run, memory_errors
from lgn2hdl.train.sweep.front import most_accurate, pareto_front
from lgn2hdl.train.sweep.search_space import SearchSpace

if TYPE_CHECKING:
    from lgn2hdl.train.sweep.sweep import Sweep, Train
    from lgn2hdl.train.sweep.trials import Trials


@dataclass(frozen=True)
class SweepRun:
    """A worker's call.

    Attributes:
        trials: how many to add.
        storage: URL of the database; ``None`` for a file beside the model.
        out: model file to write.
        origin: what the card says on the data set, beside the trainer's own.
        arguments: the command line, for the cards.
        as_json: print the result as JSON.
    """

    trials: int
    storage: str | None
    out: Path
    origin: dict[str, Any]
    arguments: Sequence[str]
    as_json: bool

    def beside(self, ending: str) -> Path:
        """A path beside the model file."""
        return self.out.with_name(self.out.name + ending)

    @property
    def url(self) -> str:
        """The storage; Optuna fills in braces, so those of a path are doubled."""
        if self.storage is not None:
            return self.storage
        path = str(self.beside(".sweep.db").resolve())
        return "sqlite:///" + path.replace("{", "{{").replace("}", "}}")


def require_sweep(storage: str | None, trials: int | None, resume: bool) -> None:
    """Check the sweep's options and packages before anything is loaded.

    Raises:
        OptionError: if the options exclude each other.
        ToolError: if a package is missing.
    """
    if trials is None:
        if storage is not None:
            raise OptionError("--storage is the place of a sweep: give --sweep TRIALS with it")
        return
    if resume:
        raise OptionError("a sweep goes on by itself: leave --resume out")
    for module in ("optuna", "matplotlib"):
        require_package(module, "sweep", "--sweep")


def run_sweep(data: Dataset, config: TrainConfig, run: Run, call: SweepRun) -> None:
    """Add trials to a sweep; then report its front and write the best network.

    Raises:
        OptionError: if the options do not fit the data, or the storage has another sweep.
        TrainingStoppedError: if interrupted, or if no trial has finished.
        ToolError: if the storage fails.
    """
    from lgn2hdl.train.sweep.sweep import Sweep
    from lgn2hdl.train.sweep.trials import Trials, require_alone

    require_alone()
    trials = Trials(data, run.device, run.threads, run.teacher)
    space = SearchSpace(config, len(data.class_names), data.has_bit_targets)
    folder, teacher = call.beside(".trials"), trials.teacher_sha256
    with memory_errors():
        trials.check(config)
    sweep = Sweep(call.url, space, data.sha256, folder, teacher_sha256=teacher)
    note(f"sweep in {sweep.storage}, networks of the trials in {folder}")
    with sweep_progress(call.trials) as (show, report):
        train = _trainer(trials, config, call, show)
        sweep.run(call.trials, train, report)
        front = _front(sweep, config.target_luts)
        network = trials.tested(sweep.network(front.chosen, train))
    entry = {"trial": front.chosen.number, "finished_trials": len(front.trials)}
    network = dataclasses.replace(network, card={**network.card, "sweep": entry})
    model_file.save(network, call.out)
    plot = call.beside(".front.png")
    plot_front(plot, f"{data.name}: accuracy against size", front, config.target_luts)
    note(f"wrote {call.out} and {plot}")
    print_front(front, network, call.out, plot, sweep.storage, as_json=call.as_json)


def _trainer(trials: Trials, base: TrainConfig, call: SweepRun, show: Show) -> Train:
    """Trains a trial; the card's command trains the same network by itself."""

    def train(number: int, config: TrainConfig) -> LogicNet:
        command = trial_command(call.arguments, base, config)
        with memory_errors():
            network = trials.train(config, command, lambda step: show(number, step))
        dataset = {**network.card["dataset"], **call.origin}
        return dataclasses.replace(network, card={**network.card, "dataset": dataset})

    return train


def trial_command(arguments: Sequence[str], base: TrainConfig, config: TrainConfig) -> str:
    """The command without the sweep (and the storage's password), with the trial's options.

    Args:
        arguments: the sweep's command line.
        base: the sweep's configuration.
        config: the trial's.
    """
    kept: list[str] = []
    words = iter(arguments)
    for word in words:
        name, equals, _ = word.partition("=")
        if name not in ("--sweep", "--storage"):
            kept.append(word)
        elif not equals:
            next(words, None)  # its value
    given, wanted = base.options(), config.options()
    for name, value in wanted.items():
        if value != given[name]:
            text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
            kept += [f"--{name.replace('_', '-')}", text]
    return shlex.join(["lgn2hdl", *kept])


def _front(sweep: Sweep, target_luts: int | None) -> Front:
    """The trials of all workers so far; the best within the budget is chosen."""
    trials, failures = sweep.finished(), sweep.failures()
    best = most_accurate(pareto_front(trials), target_luts)
    if best is None:
        why = f"; the last one failed: {failures[-1]}" if failures else ": give --sweep more trials"
        raise TrainingStoppedError(f"no trial of the sweep has finished{why}")
    return Front(trials, pareto_front(trials), best, failures)
