"""The Optuna study that workers share: found by its database alone, checked when it is joined."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import optuna
import sqlalchemy
from optuna.exceptions import DuplicatedStudyError, StorageInternalError
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from lgn2hdl.errors import OptionError, ToolError
from lgn2hdl.train.config import TrainConfig

STUDY = "lgn2hdl"
"""Name of the study; one sweep a database."""

IDENTITY = "identity"
"""User attribute of the study: what it is about."""

PATIENCE = 60.0
"""Seconds to wait for another worker that has a SQLite file locked."""

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
        theirs = TrainConfig.from_json(saved.get("config", {})).to_json()
        for name, value in self.base.to_json().items():
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
    options = {"connect_args": {"timeout": PATIENCE}} if url.startswith("sqlite") else None
    for attempt in range(ATTEMPTS):
        try:
            return optuna.storages.RDBStorage(url, engine_kwargs=options)
        except (SQLAlchemyError, StorageInternalError, RuntimeError) as error:
            if attempt + 1 < ATTEMPTS and _is_half_made(error):
                time.sleep(PAUSE)
                continue
            raise OptionError(_cannot_open(where, error)) from None
        except (ImportError, ValueError, LookupError) as error:
            raise OptionError(_cannot_open(where, error)) from None
    raise AssertionError


def _is_half_made(error: Exception) -> bool:
    """Whether another worker may just be making the tables of a new database."""
    return isinstance(error, (IntegrityError, RuntimeError)) or "already exists" in str(error)


def _cannot_open(where: str, error: Exception) -> str:
    reason = str(error.__cause__ or error).strip().partition("\n")[0]
    return f"cannot open the storage {where} ({reason}): give a URL such as sqlite:///sweep.db"


def _saved_identity(study: optuna.Study) -> Any:
    """The study's attribute; the worker that made the study may be about to write it."""
    for _ in range(ATTEMPTS):
        saved = study.user_attrs.get(IDENTITY)
        if saved is not None:
            return saved
        time.sleep(PAUSE)
    return None


def shown(url: str) -> str:
    """A database's URL without its password."""
    try:
        return sqlalchemy.make_url(url).render_as_string(hide_password=True)
    except (SQLAlchemyError, ValueError):
        return "of --storage" if "@" in url else url


@contextlib.contextmanager
def storage_errors(where: str) -> Iterator[None]:
    """A database that fails later on is one line.

    Raises:
        ToolError: if it does.
    """
    try:
        yield
    except (StorageInternalError, SQLAlchemyError) as error:
        reason = str(error.__cause__ or error).strip().partition("\n")[0]
        raise ToolError(
            f"the sweep's storage {where} failed ({reason}): finished trials are kept there; "
            "run the same command again"
        ) from None
