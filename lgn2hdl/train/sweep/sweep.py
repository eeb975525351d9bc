"""Sweeps: trials of accuracy against size, by any number of workers on one storage.

The storage is the truth: it has the options and figures of every trial. Networks are files beside
the worker that trained them; since training is deterministic, a worker that lacks one trains it
again from the stored options.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.exceptions import StorageInternalError
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from lgn2hdl.base.errors import Lgn2HdlError, ModelFileError, OptionError
from lgn2hdl.model import file as model_file
from lgn2hdl.model.network import LogicNet
from lgn2hdl.passes.estimate import estimate_luts
from lgn2hdl.train.config import TrainConfig
from lgn2hdl.train.loop.interrupt import StopRequest, TrainingInterruptedError
from lgn2hdl.train.sweep.front import FinishedTrial
from lgn2hdl.train.sweep.search_space import Range, SearchSpace
from lgn2hdl.train.sweep.storage_url import shown
from lgn2hdl.train.sweep.study import (
    Identity,
    Pulse,
    end_stale_trials,
    next_trial,
    open_study,
    patiently,
    storage_errors,
)

CONFIG, FAILURE = "config", "failure"
"""User attributes of a trial: its options, and why it failed."""

TAKEN_OVER = "another worker took it over, as this one was silent for long"

Result = TypeVar("Result")

Train = Callable[[int, TrainConfig], LogicNet]
"""Trains the network of a trial (its number, its options) without a look at the test rows."""


@dataclass(frozen=True)
class Outcome:
    """What came of a trial: figures, or the reason why there are none.

    Attributes:
        number: of the trial.
        config: its options.
        finished: figures; ``None`` if it failed.
        failure: why it failed.
    """

    number: int
    config: TrainConfig
    finished: FinishedTrial | None
    failure: str = ""


class Sampler(optuna.samplers.BaseSampler):
    """Multi-objective TPE that keeps no state: a draw depends on seed, trial, parameter and study.

    So a sweep that is stopped and taken up again does not repeat its draws, and workers with the
    same seed draw different values. The very first trial is the base configuration.

    Args:
        seed: of all draws.
        ranges: the parameters.
    """

    def __init__(self, seed: int, ranges: tuple[Range, ...]) -> None:
        self._seed = seed
        self._base = {item.name: item.base for item in ranges}

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Nothing: parameters are drawn one by one."""
        return {}

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Nothing, as above."""
        return {}

    def sample_independent(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """A value of one parameter."""
        if trial.number == 0:
            return self._base[param_name]
        key = [self._seed, trial.number, zlib.crc32(param_name.encode())]
        seed = int(np.random.SeedSequence(key).generate_state(1)[0])
        sampler = optuna.samplers.TPESampler(seed=seed)
        return sampler.sample_independent(study, trial, param_name, param_distribution)


class Sweep:
    """A worker's part in a sweep.

    Args:
        url: database of the study, as SQLAlchemy writes it (``sqlite:///front.db``).
        space: the base configuration, and what is varied.
        dataset_sha256: hash of the data set.
        teacher_sha256: hash of the teacher's logits, if there is a teacher.
        folder: where this worker keeps its trials' networks.

    Raises:
        OptionError: if the database cannot be opened, or holds another sweep.
        ToolError: if it fails.
    """

    def __init__(
        self,
        url: str,
        space: SearchSpace,
        dataset_sha256: str,
        folder: Path,
        *,
        teacher_sha256: str | None = None,
    ) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.space, self.folder, self.storage = space, folder, shown(url)
        self._url, self._stop = url, StopRequest()
        self._dataset_sha256 = dataset_sha256
        self._ranges = space.ranges()
        identity = Identity(space.base, dataset_sha256, teacher_sha256)
        with storage_errors(url):
            sampler = Sampler(space.base.seed, self._ranges)
            self._study = open_study(url, identity, sampler)
            self._patiently(lambda: end_stale_trials(self._study))

    def run(self, trials: int, train: Train, report: Callable[[Outcome], None]) -> None:
        """Train so many more networks.

        A trial that fails (it diverges, misses its LUT budget, needs too much memory) is recorded
        so, and the sweep goes on. The options of an interrupted trial are the next to be tried.

        Args:
            trials: how many.
            train: trains one.
            report: called after each.

        Raises:
            TrainingInterruptedError: on SIGINT or SIGTERM.
            OutputError: if a network cannot be written.
            ToolError: if the storage fails.
        """
        with StopRequest() as stop:
            self._stop = stop
            for done in range(trials):
                if stop.requested:
                    raise _interrupted(done, trials)
                try:
                    with storage_errors(self._url):
                        outcome = self._one_trial(train)
                except (TrainingInterruptedError, KeyboardInterrupt):
                    raise _interrupted(done, trials) from None
                report(outcome)

    def _one_trial(self, train: Train) -> Outcome:
        self._patiently(lambda: end_stale_trials(self._study))
        trial = self._patiently(lambda: next_trial(self._study))
        try:
            with Pulse(self._study, trial):
                return self._outcome(trial, train)
        except (StorageInternalError, SQLAlchemyError):
            raise  # other workers will find out that this one has gone
        except BaseException as error:
            self._tell(trial, None)
            if isinstance(error, (TrainingInterruptedError, KeyboardInterrupt)):
                self._patiently(lambda: self._study.enqueue_trial(trial.params))
            raise

    def _patiently(self, action: Callable[[], Result]) -> Result:
        """An action on the storage, tried again while its server is away."""

        def wait(seconds: float) -> None:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                if self._stop.requested:
                    raise TrainingInterruptedError("interrupted")
                time.sleep(min(0.1, seconds))

        return patiently(self._url, action, wait)

    def _tell(self, trial: optuna.Trial, values: tuple[float, float] | None) -> bool:
        """End a trial, with its figures or as failed; whether it has ended so.

        Another worker may have ended it, if this one was silent for long.
        """
        state = TrialState.FAIL if values is None else TrialState.COMPLETE
        told = self._patiently(
            lambda: self._study.tell(trial, values, state=state, skip_if_finished=True)
        )
        return told.state is state

    def _outcome(self, trial: optuna.Trial, train: Train) -> Outcome:
        values = {
            item.name: self._patiently(partial(_suggest, trial, item)) for item in self._ranges
        }
        config = self.space.config(values)
        self._patiently(lambda: trial.set_user_attr(CONFIG, config.to_json()))
        try:
            network = train(trial.number, config)
        except TrainingInterruptedError:
            raise
        except (Lgn2HdlError, MemoryError) as error:
            reason = " ".join(str(error).split()) or "out of memory"
            self._patiently(lambda: trial.set_user_attr(FAILURE, reason))
            self._tell(trial, None)
            return Outcome(trial.number, config, None, reason)
        model_file.save(network, self._file(trial.number))
        accuracy = float(network.card["metrics"]["validation_hard_accuracy"])
        finished = FinishedTrial(trial.number, config, accuracy, estimate_luts(network).total)
        if not self._tell(trial, (finished.accuracy, finished.luts)):
            return Outcome(trial.number, config, None, TAKEN_OVER)
        return Outcome(trial.number, config, finished)

    def finished(self) -> tuple[FinishedTrial, ...]:
        """The finished trials of all workers, by number."""
        trials = self._trials(TrialState.COMPLETE)
        return tuple(
            FinishedTrial(
                trial.number,
                TrainConfig.from_json(trial.user_attrs[CONFIG]),
                float(trial.values[0]),
                int(trial.values[1]),
            )
            for trial in trials
        )

    def failures(self) -> tuple[str, ...]:
        """Why trials failed, of all workers; interrupted ones are not among them."""
        trials = self._trials(TrialState.FAIL)
        return tuple(
            str(trial.user_attrs[FAILURE]) for trial in trials if FAILURE in trial.user_attrs
        )

    def _trials(self, state: TrialState) -> list[FrozenTrial]:
        with storage_errors(self._url):
            return self._patiently(lambda: self._study.get_trials(deepcopy=False, states=(state,)))

    def network(self, trial: FinishedTrial, train: Train) -> LogicNet:
        """The network of a trial: as this worker kept it, else trained again.

        Raises:
            TrainingStoppedError: if it is trained again, and that is interrupted or fails here.
        """
        try:
            network = model_file.load(self._file(trial.number))
        except ModelFileError:
            return train(trial.number, trial.config)
        if self._is_of(network, trial):
            return network
        return train(trial.number, trial.config)  # left over from another sweep

    def _is_of(self, network: LogicNet, trial: FinishedTrial) -> bool:
        dataset, training = network.card.get("dataset"), network.card.get("training")
        if not isinstance(dataset, dict) or not isinstance(training, dict):
            return False
        # (The card has the tau that was used, which may be learned or chosen by the width.)
        try:
            config = TrainConfig.from_json({**training, "tau": trial.config.tau})
        except OptionError:
            return False
        return dataset.get("sha256") == self._dataset_sha256 and config == trial.config

    def _file(self, number: int) -> Path:
        return self.folder / f"{number}.lgn"


def _suggest(trial: optuna.Trial, item: Range) -> float:
    if item.whole:
        return trial.suggest_int(item.name, int(item.low), int(item.high), log=True)
    return trial.suggest_float(item.name, item.low, item.high, log=True)


def _interrupted(done: int, trials: int) -> TrainingInterruptedError:
    return TrainingInterruptedError(
        f"interrupted after {done} of {trials} trials: run the same command to go on"
    )
