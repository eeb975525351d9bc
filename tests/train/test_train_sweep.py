"""Sweeps with a trainer that makes networks up: what is drawn, kept, shared, refused, resumed."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import optuna
import pytest
from networks import random_network

from lgn2hdl import model_file
from lgn2hdl.errors import OptionError, OutputError, ToolError
from lgn2hdl.model import LogicNet
from lgn2hdl.train.config import TrainConfig
from lgn2hdl.train.interrupt import TrainingInterruptedError, TrainingStoppedError
from lgn2hdl.train.search_space import SearchSpace
from lgn2hdl.train.sweep import Sweep
from lgn2hdl.train.sweep_study import STUDY, shown

BASE = TrainConfig(layers=(400, 100), wiring=("candidates",), seed=5)
DATA = "d" * 64


def made_up(number: int, config: TrainConfig) -> LogicNet:
    """A random network whose accuracy is some function of the options."""
    rng = np.random.default_rng(config.layers[0])
    network = random_network(rng, n_features=4, width=3, fan_ins=(2, 3))
    accuracy = 1 - abs(np.log(config.learning_rate / 0.03)) / 9 - 5 / config.layers[0]
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
        sweep = worker(dataclasses.replace(BASE, seed=seed), name)
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
        ({"base": dataclasses.replace(BASE, steps=31)}, "has steps 3000, not 31: give the same"),
        ({"base": dataclasses.replace(BASE, layers=(400, 110))}, "layers"),
        ({"base": dataclasses.replace(BASE, seed=6)}, "has seed 5, not 6"),
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
    monkeypatch.setattr("lgn2hdl.train.sweep_study.PAUSE", 0)
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


def test_workers_that_start_together_share_one_sweep(worker, tmp_path):
    program = f"""
import sys
sys.path[:0] = {[str(Path(__file__).parent), str(Path(__file__).parents[1])]!r}
from pathlib import Path
from test_train_sweep import BASE, DATA, ignore, made_up
from lgn2hdl.train.search_space import SearchSpace
from lgn2hdl.train.sweep import Sweep
folder = Path({str(tmp_path)!r})
sweep = Sweep(f"sqlite:///{{folder}}/sweep.db", SearchSpace(BASE, 10), DATA, folder / sys.argv[1])
sweep.run(4, made_up, ignore)
"""
    workers = [
        subprocess.Popen([sys.executable, "-c", program, name], stderr=subprocess.PIPE, text=True)
        for name in "abc"
    ]
    for process in workers:
        error = process.communicate(timeout=300)[1]
        assert process.returncode == 0, error
    trials = worker().finished()
    assert [trial.number for trial in trials] == list(range(12))
    assert len({trial.config for trial in trials}) == 12
    kept = [int(path.stem) for name in "abc" for path in (tmp_path / name).iterdir()]
    assert sorted(kept) == list(range(12))
