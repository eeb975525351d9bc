"""Runs that are killed, interrupted or spread over processes, as the user starts them."""

import dataclasses
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from processes import wait_until

from lgn2hdl.model import file as model_file
from lgn2hdl.train.loop import checkpoint as checkpoints
from lgn2hdl.train.loop.distributed import Group
from lgn2hdl.train.loop.interrupt import TrainingStoppedError

TRAIN = ["train", "--dataset", "digits", "--layers", "60,40", "--initialization", "gaussian",
         "--batch-size", "64", "--seed", "3"]  # fmt: skip
ALONE = [sys.executable, "-m"]
GROUP = [*ALONE, "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m"]


@pytest.fixture
def begin(start):
    """Starts processes that train."""

    def call(launcher, options):
        command = [*launcher, "lgn2hdl", *TRAIN, *map(str, options)]
        return start(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    return call


def wait_for(path, process):
    wait_until(lambda: path.exists() or process.poll() is not None, str(path))
    assert path.exists(), process.stderr.read()


def same_up_to_timing(one, other, folder):
    """Whether two model files hold the same bytes but for time and command line."""
    contents = []
    for path in (one, other):
        network = model_file.load(path)
        card = {k: v for k, v in network.card.items() if k not in ("timing", "command")}
        model_file.save(dataclasses.replace(network, card=card), folder / "compare.lgn")
        contents.append((folder / "compare.lgn").read_bytes())
    return contents[0] == contents[1]


@pytest.mark.slow
def test_killed_at_any_moment_and_resumed_is_as_never_killed(begin, lgn2hdl, tmp_path):
    """With a checkpoint after every step, many kills hit the writing of one."""
    out, straight = tmp_path / "m.lgn", tmp_path / "straight.lgn"
    checkpoint = tmp_path / "m.lgn.ckpt"
    options = ["--steps", "600", "--checkpoint-every", "1", "--wiring", "candidates",
               "--candidates", "8", "--resample-every", "7", "--sampling", "gumbel"]  # fmt: skip
    delay = np.random.default_rng().uniform(0, 0.3)
    process = begin(ALONE, [*options, "--out", out])
    wait_for(checkpoint, process)
    time.sleep(delay)
    process.kill()
    process.communicate()
    assert 0 < checkpoints.read(checkpoint).step < 600, delay
    assert lgn2hdl(*TRAIN, *options, "--out", out, "--resume")[0] == 0
    assert lgn2hdl(*TRAIN, *options, "--out", straight)[0] == 0
    assert same_up_to_timing(out, straight, tmp_path), delay
    assert not checkpoint.exists()


@pytest.mark.slow
def test_ctrl_c_on_a_group_keeps_a_checkpoint_and_does_not_hang(begin, lgn2hdl, tmp_path):
    out = tmp_path / "m.lgn"
    checkpoint = tmp_path / "m.lgn.ckpt"
    options = ["--steps", "600", "--checkpoint-every", "5", "--out", out]
    process = begin(GROUP, options)
    wait_for(checkpoint, process)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate()
    assert process.returncode != 0
    said = [line for line in error.splitlines() if line.startswith("lgn2hdl: error")]
    assert len(said) == 1
    assert "run the same command with --resume" in said[0]
    assert 0 < checkpoints.read(checkpoint).step < 600
    assert not out.exists()
    assert lgn2hdl(*TRAIN, *options, "--resume")[0] == 0  # one process may go on alone
    assert model_file.load(out).card["timing"]["processes"] == 1


@pytest.mark.slow
def test_a_group_writes_one_model_like_that_of_one_process(begin, lgn2hdl, tmp_path):
    out, straight = tmp_path / "m.lgn", tmp_path / "straight.lgn"
    options = ["--steps", "12", "--evaluate-every", "6", "--json"]
    process = begin(GROUP, [*options, "--out", out])
    shown, error = process.communicate()
    assert process.returncode == 0, error
    assert shown.count('"card"') == 1
    assert error.count("wrote ") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["m.lgn"]
    assert lgn2hdl(*TRAIN, *options, "--out", straight)[0] == 0
    both, one = model_file.load(out), model_file.load(straight)
    assert both.card["timing"]["processes"] == 2
    for a, b in zip(both.layers, one.layers, strict=True):
        np.testing.assert_array_equal(a.fanin, b.fanin)
        assert (a.table == b.table).mean() > 0.99
    metrics = both.card["metrics"], one.card["metrics"]
    for name in ("test_hard_accuracy", "validation_soft_accuracy"):
        assert metrics[0][name] == pytest.approx(metrics[1][name], abs=0.01)


@pytest.mark.parametrize("rank", [0, 1])
def test_what_stops_a_whole_group_is_said_by_its_first_process(
    tmp_path, lgn2hdl, monkeypatch, rank
):
    def train(*_arguments, **_options):
        raise TrainingStoppedError("training diverged")

    monkeypatch.setattr("lgn2hdl.train.loop.loop.train", train)
    monkeypatch.setattr(
        "lgn2hdl.train.loop.distributed.join", lambda device: Group(rank, 2, device)
    )
    command = [*TRAIN, "--out", tmp_path / "m.lgn"]
    if rank:
        with pytest.raises(SystemExit) as stopped:
            lgn2hdl(*command)
        assert stopped.value.code == 1
    else:
        code, _, error = lgn2hdl(*command)
        assert (code, error) == (1, "lgn2hdl: error: training diverged\n")
