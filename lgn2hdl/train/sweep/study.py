"""The Optuna study that workers share: found by its database alone, checked when it is joined."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, TypeVar

import optuna
from optuna.exceptions import DuplicatedStudyError, StorageInternalError, UpdateFinishedTrialError
from sqlalchemy.exc import (
    DBAPIError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    PendingRollbackError,
    SQLAlchemyError,
)

from lgn2hdl.base.errors import OptionError, ToolError
from lgn2hdl.train.config import TrainConfig
from lgn2hdl.train.sweep.storage_url import missing_driver, reason, require_url, shown

STUDY = "lgn2hdl"
"""Name of the study; one sweep a database."""

IDENTITY = "identity"
"""User attribute of the study: what it is about."""

PATIENCE = 60.0
"""Seconds to wait for another worker that has a SQLite file locked."""

HEARTBEAT, GRACE = 60, 600
"""Seconds between the signs of life of a trial's worker, and of silence after which it is dead."""

OUTAGE = 300
"""Seconds of trying while a database server is away, such as for a restart."""

WATCHED = "watched"
"""User attribute of a trial for which another worker has given a sign of life."""

TRIES, MOST_TRIES = "tries", 3
"""User attribute: how often the options of a trial whose worker died have been tried, and how often
at most."""

_PSYCOPG = ("postgresql://", "postgresql+psycopg://", "postgresql+psycopg2://")

ATTEMPTS, PAUSE = 20, 0.25
"""How often, and after how many seconds, to look again at what another worker is just making."""


@dataclass(frozen=True)
class Identity:
    """What all workers of a sweep have in common.

    Attributes:
        base: the configuration that the sweep varies.
        dataset_sha256: hash of the data set.
        teacher_sha256: hash of the teacher's logits, if there is a teacher.
    """

    base: TrainConfig
    dataset_sha256: str
    teacher_sha256: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As the study keeps it."""
        return {
            "config": self.base.to_json(),
            "dataset_sha256": self.dataset_sha256,
            "teacher_sha256": self.teacher_sha256,
        }

    def require_same(self, saved: Mapping[str, Any], where: str) -> None:
        """Check what a study keeps.

        Raises:
            OptionError: if it is of another sweep; names the first difference.
        """
        for name, what in (("dataset_sha256", "data set"), ("teacher_sha256", "teacher")):
            if saved.get(name) != getattr(self, name):
                raise OptionError(
                    f"the sweep in {where} has another {what}: use the same, or another --storage"
                )
        theirs = TrainConfig.from_json(saved.get("config", {})).options()
        for name, value in self.base.options().items():
            if theirs[name] != value:
                raise OptionError(
                    f"the sweep in {where} has {name} {theirs[name]!r}, not {value!r}: "
                    "give the same options, or another --storage"
                )


def open_study(url: str, identity: Identity, sampler: optuna.samplers.BaseSampler) -> optuna.Study:
    """Join the study in a database, or make it.

    Args:
        url: the database, as SQLAlchemy writes it.
        identity: what the study has to be about.
        sampler: draws this worker's trials.

    Raises:
        OptionError: if the database cannot be opened, or holds something else.
    """
    where = shown(url)
    storage = _open_storage(url, where)
    try:
        study = optuna.create_study(
            storage=storage,
            sampler=sampler,
            study_name=STUDY,
            directions=["maximize", "minimize"],
        )
    except DuplicatedStudyError:  # only one of several workers can make it
        study = optuna.load_study(storage=storage, sampler=sampler, study_name=STUDY)
    else:
        study.set_user_attr(IDENTITY, identity.to_json())
    saved = _saved_identity(study)
    if not isinstance(saved, Mapping):
        raise OptionError(f"the study in {where} is no sweep of lgn2hdl: choose another --storage")
    identity.require_same(saved, where)
    return study


def _open_storage(url: str, where: str) -> optuna.storages.RDBStorage:
    require_url(url)
    for attempt in range(ATTEMPTS):
        try:
            return _storage(url)
        except (SQLAlchemyError, StorageInternalError, RuntimeError) as error:
            if attempt + 1 < ATTEMPTS and _is_half_made(error):
                time.sleep(PAUSE)
                continue
            raise OptionError(_cannot_open(url, where, error)) from None
        except Exception as error:  # (drivers raise whatever they like)
            raise OptionError(_cannot_open(url, where, error)) from None
    raise AssertionError


def _storage(url: str) -> optuna.storages.RDBStorage:
    options: dict[str, Any] = {"pool_pre_ping": True}  # a connection may be older than the server
    if url.startswith("sqlite"):
        options["connect_args"] = {"timeout": PATIENCE}
    if url.startswith(_PSYCOPG):
        options["client_encoding"] = "utf8"  # where a database has no encoding, text is bytes else
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.storages.RDBStorage(
            url,
            engine_kwargs=options,
            heartbeat_interval=HEARTBEAT,
            grace_period=GRACE,
            heartbeat_stale_trial_callback=_try_again,
        )


def _is_half_made(error: Exception) -> bool:
    """Whether another worker may just be making the tables of a new database."""
    return isinstance(error, (IntegrityError, RuntimeError)) or "already exists" in str(error)


def _cannot_open(url: str, where: str, error: Exception) -> str:
    driver = missing_driver(error)
    if driver is not None:
        return f"cannot open the storage {where}: it {driver}"
    advice = "give a URL such as sqlite:///sweep.db"
    if _is_outage(url, error) and not url.startswith("sqlite"):
        advice = "is the server running, and are user, password and database right?"
    return f"cannot open the storage {where} ({reason(error, url)}): {advice}"


def _saved_identity(study: optuna.Study) -> Any:
    """The study's attribute; the worker that made the study may be about to write it."""
    for _ in range(ATTEMPTS):
        saved = study.user_attrs.get(IDENTITY)
        if saved is not None:
            return saved
        time.sleep(PAUSE)
    return None


def next_trial(study: optuna.Study) -> optuna.Trial:
    """The next trial; its worker has to give signs of life (:class:`Pulse`)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # Optuna's own loop would give them by itself
        return study.ask()


def end_stale_trials(study: optuna.Study) -> None:
    """Trials whose worker has been silent for :data:`GRACE` seconds fail and are tried again."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        optuna.storages.fail_stale_trials(study)
    _watch_silent_trials(study)


def _watch_silent_trials(study: optuna.Study) -> None:
    """Give a sign of life, once, for trials that may have none: from now on they can become stale.

    A worker can die, or lose its server, between taking a trial and its first sign of life. Optuna
    never ends such a trial.
    """
    storage: Any = study._storage
    before = datetime.now() - timedelta(seconds=GRACE)
    for trial in study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,)):
        if WATCHED not in trial.user_attrs and (trial.datetime_start or before) <= before:
            with contextlib.suppress(UpdateFinishedTrialError):  # (it has ended just now)
                storage.record_heartbeat(trial._trial_id)
                storage.set_trial_user_attr(trial._trial_id, WATCHED, True)


def _try_again(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
    """Make a trial the next one to be tried; not for ever, as it may be what ends the workers."""
    tries = int(trial.user_attrs.get(TRIES, 1))
    if tries < MOST_TRIES:
        study.enqueue_trial(trial.params, user_attrs={TRIES: tries + 1})


class Pulse:
    """While entered, tells the other workers that the one of a trial is alive.

    Args:
        study: the study.
        trial: the trial.
    """

    def __init__(self, study: optuna.Study, trial: optuna.Trial) -> None:
        self._study, self._trial = study, trial
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._go_on, daemon=True)

    def __enter__(self) -> Pulse:
        self._beat()
        self._thread.start()
        return self

    def _beat(self) -> None:
        storage: Any = self._study._storage
        with contextlib.suppress(StorageInternalError, SQLAlchemyError):
            storage.record_heartbeat(self._trial._trial_id)  # (the next one may get through)

    def _go_on(self) -> None:
        while not self._ended.wait(HEARTBEAT):
            self._beat()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()


Result = TypeVar("Result")


def patiently(url: str, action: Callable[[], Result], wait: Callable[[float], object]) -> Result:
    """What an action on the storage gives; tried again while the server is away.

    Args:
        url: of the storage.
        action: what to do; harmless when it is done twice.
        wait: waits so many seconds; may raise to give up.

    Raises:
        StorageInternalError, SQLAlchemyError: if it fails for another reason, or for
            :data:`OUTAGE` seconds.
    """
    waited = 0.0
    for pause in _pauses():
        try:
            return action()
        except (StorageInternalError, SQLAlchemyError) as error:
            if waited >= OUTAGE or not _is_outage(url, error):
                raise
        wait(pause)
        waited += pause
    raise AssertionError


def _pauses() -> Iterator[float]:
    """Seconds between tries: 0.5, 1, 2, 4, 8, 8, ..."""
    yield from (0.5, 1.0, 2.0, 4.0)
    yield from itertools.repeat(8.0)


def _is_outage(url: str, error: Exception) -> bool:
    """Whether a server does not answer, which may pass; of a file only a lock is such a thing."""
    causes = list(_chain(error))
    if url.startswith("sqlite"):
        return any("locked" in str(cause) for cause in causes)
    return any(
        isinstance(cause, (OperationalError, InterfaceError, PendingRollbackError))
        or (isinstance(cause, DBAPIError) and cause.connection_invalidated)
        for cause in causes
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what has led to it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


@contextlib.contextmanager
def storage_errors(url: str) -> Iterator[None]:
    """A database that fails later on is one line.

    Raises:
        ToolError: if it does.
    """
    try:
        yield
    except (StorageInternalError, SQLAlchemyError) as error:
        raise ToolError(
            f"the sweep's storage {shown(url)} failed ({reason(error, url)}): finished trials are "
            "kept there; run the same command again"
        ) from None
