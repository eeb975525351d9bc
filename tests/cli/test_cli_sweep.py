"""``lgn2hdl train --sweep``: the front, the model, many workers, interruptions, refusals."""

import contextlib
import importlib.util
import json
import shlex
import signal
import sqlite3
import subprocess
import sys

import numpy as np
import pytest
from processes import wait_until

from lgn2hdl.cli.front_plot import plot_front
from lgn2hdl.cli.sweep_report import Front
from lgn2hdl.cli.train_sweep import trial_command
from lgn2hdl.model import file as model_file
from lgn2hdl.train.config import TrainConfig
from lgn2hdl.train.sweep.front import FinishedTrial

pytestmark = pytest.mark.slow

TINY = ["--layers", "80,60", "--steps", "40", "--evaluate-every", "20", "--seed", "2"]


def command(out, *options):
    return ["train", "--dataset", "digits", "--out", str(out), *TINY, *options]


@pytest.fixture
def swept(tmp_path, read_json):
    """A sweep of four trials and what it printed."""
    out = tmp_path / "m.lgn"
    return out, read_json(*command(out, "--sweep", "4"))


def test_a_sweep_writes_the_most_accurate_network_of_the_front(swept, read_json):
    out, result = swept
    assert result["finished_trials"] == 4
    assert result["failures"] == []
    front = result["front"]
    accuracies = [trial["validation_hard_accuracy"] for trial in front]
    assert accuracies == sorted(set(accuracies))
    luts = [trial["estimated_luts"] for trial in front]
    assert luts == sorted(set(luts))
    assert result["chosen"] == front[-1]["trial"]
    card = model_file.load(out).card
    assert card["sweep"] == {"trial": result["chosen"], "finished_trials": 4}
    assert card["metrics"]["validation_hard_accuracy"] == accuracies[-1]
    assert card["metrics"]["estimated_luts"] == luts[-1]
    values = read_json("eval", out)
    assert values["hard_accuracy"] == pytest.approx(card["metrics"]["test_hard_accuracy"])


def test_trials_do_not_look_at_the_test_rows(swept):
    out, _ = swept
    trials = sorted(out.with_name("m.lgn.trials").iterdir())
    assert [path.name for path in trials] == ["0.lgn", "1.lgn", "2.lgn", "3.lgn"]
    for path in trials:
        assert not any("test" in name for name in model_file.load(path).card["metrics"])


def test_the_card_has_a_command_that_trains_the_trial_alone(swept, lgn2hdl, tmp_path):
    out, _ = swept
    trial = model_file.load(out.with_name("m.lgn.trials") / "3.lgn")
    words = shlex.split(trial.card["command"])
    assert words[0] == "lgn2hdl"
    assert "--sweep" not in words
    words[words.index(str(out))] = str(tmp_path / "alone.lgn")
    assert lgn2hdl(*words[1:])[0] == 0
    alone = model_file.load(tmp_path / "alone.lgn")
    assert alone.card["training"] == trial.card["training"]
    for one, other in zip(alone.layers, trial.layers, strict=True):
        assert np.array_equal(one.table, other.table)
        assert np.array_equal(one.fanin, other.fanin)


def test_the_same_command_adds_trials(swept, lgn2hdl):
    out, first = swept
    plot = out.with_name("m.lgn.front.png")
    plot.unlink()
    code, text, error = lgn2hdl(*command(out, "--sweep", "2"))
    assert code == 0
    assert "Pareto front of 6 trials (0 more failed)" in text
    assert f"{out}: " in text
    assert "1/2 trial 4: " in error
    assert "2/2 trial 5: " in error
    assert plot.read_bytes().startswith(b"\x89PNG")
    out.unlink()
    code, again, error = lgn2hdl(*command(out, "--sweep", "0"))
    assert code == 0
    assert again == text
    assert "/0" not in error
    assert out.exists()
    assert first["finished_trials"] == 4


def test_another_configuration_or_data_set_is_refused(swept, fails, tmp_path):
    out, _ = swept
    message = fails(*command(out, "--sweep", "1", "--tau", "4"))
    assert "has tau 2.0, not 4.0: give the same options, or another --storage" in message
    x = np.random.default_rng(0).integers(0, 2, (40, 64)).astype(bool)
    y = np.arange(40) % 10
    np.savez(tmp_path / "other.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    other = command(out, "--sweep", "1", "--encoder", "power-of-two")
    other[2] = str(tmp_path / "other.npz")
    other += ["--storage", f"sqlite:///{out}.sweep.db", "--preset", "digits-demo"]
    assert "another data set" in fails(*other)


def test_two_processes_share_a_storage(tmp_path, start):
    storage = f"sqlite:///{tmp_path / 'shared.db'}"
    options = ("--sweep", "3", "--storage", storage, "--json")
    workers = [
        start(
            [sys.executable, "-m", "lgn2hdl", *command(tmp_path / name / "m.lgn", *options)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("one", "two")
    ]
    counts = []
    for worker in workers:
        out, error = worker.communicate()
        assert worker.returncode == 0, error
        counts.append(json.loads(out)["finished_trials"])
    assert max(counts) == 6
    kept = [
        int(path.stem) for name in ("one", "two")
        for path in (tmp_path / name / "m.lgn.trials").iterdir()
    ]  # fmt: skip
    assert sorted(kept) == list(range(6))


def trials_in(database):
    """How many trials a storage has, at work or done."""
    if not database.is_file():
        return 0
    with contextlib.closing(sqlite3.connect(database)) as connection:
        try:
            return connection.execute("SELECT COUNT(*) FROM trials").fetchone()[0]
        except sqlite3.OperationalError:  # (the tables are just being made)
            return 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_and_gone_on(tmp_path, start, read_json, number):
    out = tmp_path / "m.lgn"
    long = command(out, "--layers", "2000,2000,1000", "--steps", "100000", "--sweep", "2")
    process = start([sys.executable, "-m", "lgn2hdl", *long], stderr=subprocess.PIPE, text=True)
    assert process.stderr.readline().startswith("sweep in sqlite:///")
    wait_until(lambda: trials_in(tmp_path / "m.lgn.sweep.db") > 0, "the first trial")
    process.send_signal(number)
    error = process.communicate()[1]
    assert process.returncode == 128 + number
    last = "lgn2hdl: error: interrupted after 0 of 2 trials: run the same command to go on"
    assert error.strip().splitlines() == [last]
    assert not out.exists()


def test_all_trials_fail(lgn2hdl, tmp_path):
    code, _, error = lgn2hdl(*command(tmp_path / "m.lgn", "--sweep", "2", "--target-luts", "31"))
    assert code == 1
    lines = error.strip().splitlines()
    assert "2/2 trial 1: failed, no state needed at most " in lines[-2]
    assert lines[-1].startswith("lgn2hdl: error: no trial of the sweep has finished; the last one")
    assert not (tmp_path / "m.lgn").exists()


def test_a_budget(read_json, tmp_path):
    options = ("--sweep", "3", "--target-luts", "80")
    result = read_json(*command(tmp_path / "m.lgn", *options))
    assert result["card"]["metrics"]["estimated_luts"] <= 80
    assert result["card"]["training"]["target_luts"] <= 80


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--sweep", "1", "--resume"), "leave --resume out"),
        (("--storage", "sqlite:///x.db"), "give --sweep TRIALS"),
        (("--sweep", "1", "--storage", "nonsense"), "cannot open the storage nonsense"),
        (("--sweep", "1", "--target-luts", "1"), "target_luts is 1"),
        (("--sweep", "1", "--wiring", "candidates", "--candidates", "1000"), "1000 candidates"),
    ],
)
def test_options_that_cannot_be(fails, tmp_path, options, message):
    assert message in fails(*command(tmp_path / "m.lgn", *options))
    assert not list(tmp_path.iterdir())


def test_nothing_to_report(lgn2hdl, tmp_path):
    code, _, error = lgn2hdl(*command(tmp_path / "m.lgn", "--sweep", "0"))
    assert code == 1
    assert error.strip().endswith("no trial of the sweep has finished: give --sweep more trials")


@pytest.mark.parametrize("missing", ["optuna", "matplotlib"])
def test_without_the_extra(fails, tmp_path, monkeypatch, missing):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == missing else find(name)
    )
    message = fails(*command(tmp_path / "m.lgn", "--sweep", "1"))
    assert f"--sweep needs {missing}: run 'pip install lgn2hdl[sweep]'" in message


def test_torchrun_is_not_for_sweeps(fails, tmp_path, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert "without torchrun" in fails(*command(tmp_path / "m.lgn", "--sweep", "1"))


def test_the_command_of_a_trial():
    base = TrainConfig.of(layers=(80, 60))
    config = TrainConfig.of(layers=(40, 20), tau=1.25, learning_rate=0.03, target_luts=90)
    arguments = ["train", "--storage=mysql://me:secret@host/db", "--sweep", "9", "--out", "a b.lgn"]
    given = "lgn2hdl train --out 'a b.lgn'"
    assert trial_command(arguments, base, base) == given
    assert trial_command([*arguments, "--storage", "x", "--sweep=3"], base, base) == given
    changed = " --layers 40,20 --tau 1.25 --learning-rate 0.03 --target-luts 90"
    assert trial_command(arguments, base, config) == given + changed


@pytest.mark.parametrize("luts", [(40, 90, 120), (0, 7, 50_000), (5, 90, 50_000), (8, 8, 8)])
def test_the_plot_is_the_same_picture_every_time(tmp_path, luts):
    config = TrainConfig.of(layers=(80, 60))
    trials = tuple(FinishedTrial(n, config, 0.5 + n / 10, size) for n, size in enumerate(luts))
    front = Front(trials, trials, trials[-1], ())
    for name in ("one", "two"):
        plot_front(tmp_path / name, "title", front, 60)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize(
    "options",
    [
        ["--sweep", "1", "postgresql://me:s3cr3t@host/db"],
        ["--sweep", "1", "--storag=postgresql://me:s3cr3t@host/db"],
        ["--sweep", "1", "--storage", "postgresql://me:p@s3cr3t@host/db"],
        ["--sweep", "1", "--storage", "nosuch://host/db?password=s3cr3t"],
        ["--sweep", "1", "--storage", "postgresql//me:s3cr3t@host/db"],
        ["--storage", "postgresql://me:s3cr3t@host/db"],
    ],
    ids=lambda options: options[-1],
)
def test_a_password_is_in_no_message(tmp_path, lgn2hdl, options):
    code, out, error = lgn2hdl(*command(tmp_path / "m.lgn", *options))
    assert code in (1, 2)
    assert "s3cr3t" not in out + error
    assert "Traceback" not in error
