"""Sweeps with a trainer that makes networks up: what is drawn, kept, shared, refused, resumed."""

import contextlib
import dataclasses
import itertools
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import optuna
import pytest
from networks import random_network
from optuna.exceptions import StorageInternalError
from sqlalchemy.exc import IntegrityError, OperationalError, PendingRollbackError

from lgn2hdl.base.errors import OptionError, OutputError, ToolError
from lgn2hdl.model import file as model_file
from lgn2hdl.model.network import LogicNet
from lgn2hdl.train.config import TrainConfig
from lgn2hdl.train.loop.interrupt import TrainingInterruptedError, TrainingStoppedError
from lgn2hdl.train.sweep.search_space import SearchSpace
from lgn2hdl.train.sweep.storage_url import shown
from lgn2hdl.train.sweep.study import (
    GRACE,
    MOST_TRIES,
    OUTAGE,
    STUDY,
    Pulse,
    end_stale_trials,
    next_trial,
    patiently,
)
from lgn2hdl.train.sweep.sweep import Sweep, _suggest

pytestmark = pytest.mark.slow

BASE = TrainConfig.of(layers=(400, 100), wiring=("candidates",), seed=5)
DATA = "d" * 64


def made_up(number: int, config: TrainConfig) -> LogicNet:
    """A random network whose accuracy is some function of the options."""
    rng = np.random.default_rng(config.layers[0].width)
    network = random_network(rng, n_features=4, width=3, fan_ins=(2, 3))
    accuracy = 1 - abs(np.log(config.learning_rate / 0.03)) / 9 - 5 / config.layers[0].width
    card = {
        "training": {**config.to_json(), "tau": 7.0},
        "dataset": {"sha256": DATA},
        "metrics": {"validation_hard_accuracy": accuracy},
    }
    return dataclasses.replace(network, card=card)


def ignore(outcome):
    pass


@pytest.fixture
def worker(tmp_path):
    """Joins the sweep of this test, or makes it."""

    def call(base=BASE, name="sweep", *, data=DATA, teacher=None):
        url = f"sqlite:///{tmp_path / name}.db"
        space = SearchSpace(base, 10)
        return Sweep(url, space, data, tmp_path / f"{name}.trials", teacher_sha256=teacher)

    return call


def test_the_first_trial_is_the_base(worker):
    sweep = worker()
    sweep.run(2, made_up, ignore)
    first, second = sweep.finished()
    assert first.config == BASE
    assert second.config != BASE


def test_equal_seeds_give_equal_trials(worker):
    # More than the ten random trials that TPE begins with.
    trials = {}
    for name, seed in (("one", 5), ("two", 5), ("other", 6)):
        sweep = worker(BASE.changed(seed=seed), name)
        sweep.run(12, made_up, ignore)
        trials[name] = sweep.finished()
    assert trials["one"] == trials["two"]
    assert len({trial.config for trial in trials["one"]}) == 12
    one, other = ([trial.config.layers for trial in trials[name]] for name in ("one", "other"))
    assert one[1:] != other[1:]


def test_going_on_equals_going_through(worker):
    straight = worker(name="straight")
    straight.run(12, made_up, ignore)
    for trials in (5, 0, 7):
        worker().run(trials, made_up, ignore)
    assert worker().finished() == straight.finished()


def test_a_failed_trial_is_recorded_and_the_sweep_goes_on(worker):
    failures = [TrainingStoppedError("it\ndiverged"), MemoryError()]

    def train(number, config):
        if number in (1, 2):
            raise failures[number - 1]
        return made_up(number, config)

    outcomes = []
    sweep = worker()
    sweep.run(4, train, outcomes.append)
    assert [outcome.number for outcome in outcomes] == [0, 1, 2, 3]
    assert [outcome.failure for outcome in outcomes] == ["", "it diverged", "out of memory", ""]
    assert [trial.number for trial in sweep.finished()] == [0, 3]
    assert sweep.failures() == ("it diverged", "out of memory")


@pytest.mark.parametrize("error", [TrainingInterruptedError("x"), KeyboardInterrupt()], ids=repr)
def test_options_of_an_interrupted_trial_come_next(worker, error):
    tried = []

    def train(number, config):
        tried.append(config)
        if number == 2:
            raise error
        return made_up(number, config)

    with pytest.raises(TrainingInterruptedError, match="after 2 of 9 trials: run the same command"):
        worker().run(9, train, ignore)
    sweep = worker()
    sweep.run(2, train, ignore)
    assert tried[3] == tried[2]
    assert tried[4] not in tried[:4]
    assert [trial.number for trial in sweep.finished()] == [0, 1, 3, 4]
    assert sweep.failures() == ()


def test_a_network_that_cannot_be_written_ends_the_sweep(worker, tmp_path):
    (tmp_path / "sweep.trials").write_text("a file where the folder should be")
    sweep = worker()
    with pytest.raises(OutputError, match=r"sweep\.trials"):
        sweep.run(3, made_up, ignore)
    assert sweep.finished() == ()


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"base": BASE.changed(steps=31)}, "has steps 3000, not 31: give the same"),
        ({"base": BASE.changed(layers=(400, 110))}, "layers"),
        ({"base": BASE.changed(seed=6)}, "has seed 5, not 6"),
        ({"data": "e" * 64}, "another data set"),
        ({"teacher": "f" * 64}, "another teacher"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_another_sweep_is_refused(worker, other, message):
    worker()
    with pytest.raises(OptionError, match=message):
        worker(**other)
    worker()


def test_a_study_of_somebody_else_is_refused(worker, tmp_path, monkeypatch):
    monkeypatch.setattr("lgn2hdl.train.sweep.study.PAUSE", 0)
    optuna.create_study(storage=f"sqlite:///{tmp_path}/sweep.db", study_name=STUDY)
    with pytest.raises(OptionError, match=r"sweep\.db is no sweep of lgn2hdl"):
        worker()


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "sqlite:////nowhere/at/all.db",
        "nosuch://host/db",
        "sqlite:///{0}.db",
        "sqlite:///{",
    ],
)
def test_a_storage_that_cannot_be_opened(tmp_path, url):
    with pytest.raises(OptionError, match="cannot open the storage") as caught:
        Sweep(url, SearchSpace(BASE, 10), DATA, tmp_path)
    assert "\n" not in str(caught.value)


def test_a_storage_that_fails_later(worker, tmp_path):
    sweep = worker()
    sweep.run(1, made_up, ignore)
    (tmp_path / "sweep.db").write_bytes(b"")
    with pytest.raises(ToolError, match=r"storage sqlite:.*sweep\.db failed") as caught:
        sweep.run(1, made_up, ignore)
    assert "\n" not in str(caught.value)


def test_a_password_is_not_shown():
    assert shown("postgresql://me:secret@host/db") == "postgresql://me:***@host/db"
    assert "secret" not in shown("me:secret@host")


def test_networks_are_kept_and_trained_again_only_where_they_are_missing(worker, tmp_path):
    sweep = worker()
    sweep.run(4, made_up, ignore)
    trials, folder = sweep.finished(), tmp_path / "sweep.trials"
    assert sorted(path.name for path in folder.iterdir()) == [f"{n}.lgn" for n in range(4)]
    (folder / "1.lgn").unlink()
    (folder / "2.lgn").write_bytes(b"damaged")
    (folder / "3.lgn").write_bytes((folder / "0.lgn").read_bytes())
    again = []

    def train(number, config):
        again.append(number)
        return made_up(number, config)

    for trial in trials:
        network = sweep.network(trial, train)
        expected = made_up(trial.number, trial.config)
        assert network.card == expected.card
        assert np.array_equal(network.layers[0].table, expected.layers[0].table)
    assert again == [1, 2, 3]
    odd = dataclasses.replace(model_file.load(folder / "0.lgn"), card={"dataset": 3})
    model_file.save(odd, folder / "0.lgn")
    sweep.network(trials[0], train)
    assert again == [1, 2, 3, 0]


def test_workers_that_start_together_share_one_sweep(worker, tmp_path, start):
    program = f"""
import sys
sys.path[:0] = {[str(Path(__file__).parent), str(Path(__file__).parents[1])]!r}
from pathlib import Path
from test_train_sweep import BASE, DATA, ignore, made_up
from lgn2hdl.train.sweep.search_space import SearchSpace
from lgn2hdl.train.sweep.sweep import Sweep
folder = Path({str(tmp_path)!r})
sweep = Sweep(f"sqlite:///{{folder}}/sweep.db", SearchSpace(BASE, 10), DATA, folder / sys.argv[1])
sweep.run(4, made_up, ignore)
"""
    workers = [
        start([sys.executable, "-c", program, name], stderr=subprocess.PIPE, text=True)
        for name in "abc"
    ]
    for process in workers:
        error = process.communicate()[1]
        assert process.returncode == 0, error
    trials = worker().finished()
    assert [trial.number for trial in trials] == list(range(12))
    assert len({trial.config for trial in trials}) == 12
    kept = [int(path.stem) for name in "abc" for path in (tmp_path / name).iterdir()]
    assert sorted(kept) == list(range(12))


def die_in_a_trial(sweep):
    """What a worker leaves that is killed in a trial; gives the trial's options."""
    trial = next_trial(sweep._study)
    with Pulse(sweep._study, trial):
        return sweep.space.config({item.name: _suggest(trial, item) for item in sweep._ranges})


def let_time_pass(database, seconds):
    """Makes the signs of life in a database so much older."""
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(
            "UPDATE trial_heartbeats SET heartbeat = datetime(heartbeat, ?)",
            [f"-{seconds} seconds"],
        )


def begun_earlier(database, seconds):
    """Makes the trials in a database so much older."""
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(
            "UPDATE trials SET datetime_start = "
            "strftime('%Y-%m-%d %H:%M:%f', datetime_start, ?) || '000'",
            [f"-{seconds} seconds"],
        )


def states(sweep):
    return [trial.state.name for trial in sweep._study.get_trials()]


def test_the_trial_of_a_dead_worker_is_ended_and_tried_again(worker, tmp_path):
    sweep = worker()
    sweep.run(1, made_up, ignore)
    options = die_in_a_trial(worker())
    sweep.run(1, made_up, ignore)
    assert states(sweep) == ["COMPLETE", "RUNNING", "COMPLETE"]  # it may only be slow
    let_time_pass(tmp_path / "sweep.db", GRACE + 5)
    worker()
    assert states(sweep) == ["COMPLETE", "FAIL", "COMPLETE", "WAITING"]
    sweep.run(1, made_up, ignore)
    assert states(sweep) == ["COMPLETE", "FAIL", "COMPLETE", "COMPLETE"]
    assert sweep.finished()[-1].config == options
    assert sweep.failures() == ()


def test_a_trial_whose_worker_died_before_its_first_sign_of_life(worker, tmp_path):
    sweep = worker()
    next_trial(worker()._study)
    let_time_pass(tmp_path / "sweep.db", GRACE + 5)
    worker()
    assert states(sweep) == ["RUNNING"]  # it has only begun
    assert not sweep._study.get_trials()[0].user_attrs
    begun_earlier(tmp_path / "sweep.db", GRACE + 5)
    for _ in range(2):
        worker()
        assert states(sweep) == ["RUNNING"]  # (this one is the sign of life, once)
    let_time_pass(tmp_path / "sweep.db", GRACE + 5)
    worker()
    assert states(sweep) == ["FAIL", "WAITING"]
    sweep.run(1, made_up, ignore)
    assert states(sweep) == ["FAIL", "COMPLETE"]


def test_a_trial_that_ends_while_it_is_looked_at(worker, tmp_path, monkeypatch):
    sweep = worker()
    sweep.run(1, made_up, ignore)
    begun_earlier(tmp_path / "sweep.db", GRACE + 5)
    study = worker()._study
    ended = study.get_trials()
    monkeypatch.setattr(study, "get_trials", lambda **options: ended)
    end_stale_trials(study)
    assert states(worker()) == ["COMPLETE"]


def test_a_trial_that_kills_its_workers_is_given_up(worker, tmp_path):
    sweep = worker()
    options = [die_in_a_trial(worker())]
    for _ in range(MOST_TRIES - 1):
        let_time_pass(tmp_path / "sweep.db", GRACE + 5)
        options.append(die_in_a_trial(worker()))
    assert options == [BASE] * MOST_TRIES
    let_time_pass(tmp_path / "sweep.db", GRACE + 5)
    worker()
    assert states(sweep) == ["FAIL"] * MOST_TRIES


def test_a_worker_that_was_taken_for_dead_says_so(worker, tmp_path):
    def slow(number, config):
        let_time_pass(tmp_path / "sweep.db", GRACE + 5)
        worker()
        return made_up(number, config)

    outcomes = []
    sweep = worker()
    sweep.run(1, slow, outcomes.append)
    assert outcomes[0].finished is None
    assert "another worker took it over" in outcomes[0].failure
    assert states(sweep) == ["FAIL", "WAITING"]


LOCKED = OperationalError("UPDATE", {}, Exception("database is locked"))
GONE = OperationalError("SELECT 1", {}, Exception("server closed the connection unexpectedly"))


def test_a_sweep_goes_on_when_its_storage_was_away(worker, monkeypatch):
    sweep = worker()
    failing = iter([LOCKED, LOCKED])
    tell = sweep._study.tell

    def away(*arguments, **options):
        for error in failing:
            raise error
        return tell(*arguments, **options)

    monkeypatch.setattr(sweep._study, "tell", away)
    monkeypatch.setattr("lgn2hdl.train.sweep.sweep.time.sleep", lambda seconds: None)
    monkeypatch.setattr("lgn2hdl.train.sweep.sweep.time.monotonic", itertools.count().__next__)
    sweep.run(1, made_up, ignore)
    assert len(sweep.finished()) == 1
    assert sweep._study._storage._backend.engine.pool._pre_ping


@pytest.mark.parametrize(
    ("url", "error", "is_waited_for"),
    [
        ("postgresql://h/d", GONE, True),
        ("postgresql://h/d", StorageInternalError("failed"), False),
        ("postgresql://h/d", IntegrityError("INSERT", {}, Exception("duplicate")), False),
        ("sqlite:///f", LOCKED, True),
        ("sqlite:///f", GONE, False),
    ],
)
def test_how_long_a_storage_is_waited_for(url, error, is_waited_for):
    waits = []

    def fails():
        raise error

    with pytest.raises(type(error)):
        patiently(url, fails, waits.append)
    assert (sum(waits) >= OUTAGE) == is_waited_for
    assert sum(waits) < OUTAGE + 10
    assert bool(waits) == is_waited_for


@pytest.mark.parametrize("error", [GONE, PendingRollbackError("roll back first")], ids=repr)
def test_a_wrapped_error_is_an_outage_too(error):
    def fails():
        raise StorageInternalError("failed") from error

    waits = []
    with pytest.raises(StorageInternalError):
        patiently("mysql://h/d", fails, waits.append)
    assert waits[:5] == [0.5, 1, 2, 4, 8]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (GONE, "is the server running"),
        (TypeError("cannot use s3cr3t\non bytes"), "(TypeError): give a URL"),
        (KeyError("x"), "give a URL"),
    ],
    ids=["away", "a driver's own error", "another"],
)
def test_a_server_that_cannot_be_opened(tmp_path, monkeypatch, error, words):
    given = {}

    def fails(url, **options):
        given.update(options)
        raise error

    monkeypatch.setattr("optuna.storages.RDBStorage", fails)
    with pytest.raises(OptionError, match=re.escape(words)) as caught:
        Sweep("postgresql+psycopg://me:s3cr3t@h/d", SearchSpace(BASE, 10), DATA, tmp_path)
    assert "s3cr3t" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert given["engine_kwargs"]["client_encoding"] == "utf8"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql+psycopg2://me:s3cr3t@h/d", "run 'pip install psycopg2-binary'"),
        ("mysql+pymysql://me:s3cr3t@h/d", "run 'pip install pymysql'"),
        ("postgresql://me:p@s3cr3t@h/d", "write @ as %40"),
        ("postgresql//me:s3cr3t@h/d", "it is no URL"),
    ],
)
def test_a_storage_that_lacks_something(tmp_path, monkeypatch, url, words):
    monkeypatch.setitem(sys.modules, "psycopg2", None)
    monkeypatch.setitem(sys.modules, "pymysql", None)
    with pytest.raises(OptionError, match=re.escape(words)) as caught:
        Sweep(url, SearchSpace(BASE, 10), DATA, tmp_path)
    assert "s3cr3t" not in str(caught.value)
