"""Data-parallel training: two processes take the steps of one."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from runs import GROUP_CASES, make_images

from lgn2hdl.base.errors import OptionError
from lgn2hdl.train.loop import checkpoint as checkpoints
from lgn2hdl.train.loop.distributed import Group, LostGroupError, join, leave, require_device
from lgn2hdl.train.loop.loop import train

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).with_name("group_run.py")


@given(st.integers(0, 50), st.integers(1, 9))
def test_the_parts_are_the_batch(n_rows, size):
    rows = np.arange(n_rows)
    parts = [rows[Group(rank, size).part(n_rows)] for rank in range(size)]
    np.testing.assert_array_equal(np.concatenate(parts), rows)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_a_group_of_one_needs_no_messages(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    group = join()
    assert (group.rank, group.size, group.device, group.leads) == (0, 1, "cpu", True)
    values = [torch.ones(2)]
    group.add_up(values)
    group.wait()
    leave(group)
    assert values[0].tolist() == [1, 1]


@pytest.mark.parametrize(("size", "started"), [(1, True), (2, False), (2, True)])
def test_only_a_group_that_was_joined_is_ended(monkeypatch, size, started):
    ended = []
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: started)
    monkeypatch.setattr(torch.distributed, "destroy_process_group", lambda: ended.append(size))
    leave(Group(0, size))
    assert ended == [2] * (size == 2 and started)


@pytest.mark.parametrize("started", [False, True])
@pytest.mark.parametrize(
    ("device", "backend", "own"),
    [("cpu", "gloo", "cpu"), ("cuda", "nccl", "cuda:3"), ("cuda:1", "nccl", "cuda:1")],
)
def test_joining_a_group(monkeypatch, started, device, backend, own):
    """Every process has the GPU of its number on its machine, and messages that suit it."""
    calls = []
    monkeypatch.setenv("WORLD_SIZE", "8")
    monkeypatch.setenv("LOCAL_RANK", "3")
    monkeypatch.setattr(torch.cuda, "set_device", lambda name: calls.append(name))
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: started)
    monkeypatch.setattr(torch.distributed, "init_process_group", lambda name: calls.append(name))
    monkeypatch.setattr(torch.distributed, "get_rank", lambda: 5)
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: 8)
    assert join(device) == Group(5, 8, own)
    assert calls == ["cuda:3"] * (device == "cuda") + [backend] * (not started)


def test_a_lost_process_is_one_line(monkeypatch):
    def all_reduce(tensor, operation):
        raise RuntimeError("Connection closed by peer\nwith a long trace")

    monkeypatch.setattr(torch.distributed, "all_reduce", all_reduce)
    with pytest.raises(LostGroupError, match=r"process 1 of 3 .*closed by peer.* --resume") as it:
        Group(1, 3).add_up([torch.ones(2)])
    assert "\n" not in str(it.value)


def test_no_gpu_is_one_line(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    require_device("cpu")
    with pytest.raises(OptionError, match="no CUDA GPU here; leave --device out"):
        require_device("cuda")


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """Folder with what two processes left."""
    folder = tmp_path_factory.mktemp("two")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    done = subprocess.run(
        [*command, str(SCRIPT), str(folder)], capture_output=True, text=True, timeout=3600
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("name", GROUP_CASES)
def test_two_processes_equal_one(two, tmp_path, name):
    train(make_images(), GROUP_CASES[name], checkpoint=tmp_path / "one.ckpt")
    one, both = (checkpoints.read(p) for p in (tmp_path / "one.ckpt", two / f"{name}.ckpt"))
    assert one.state.keys() == both.state.keys()
    # By bits, gradients of pins are rounded to levels: where rounding is all that is left of one,
    # Adam takes a step of full length.
    few = 0.01 if GROUP_CASES[name].sampling == "hard" else 0.0
    for key, array in one.state.items():
        far = ~np.isclose(both.state[key], array, rtol=1e-7, atol=1e-4)
        assert far.mean() <= few, key
    assert one.best.step == both.best.step
    assert one.best.hard_accuracy == pytest.approx(both.best.hard_accuracy)
    for a, b in zip(one.best.layers, both.best.layers, strict=True):
        np.testing.assert_array_equal(a.fanin, b.fanin)
        np.testing.assert_array_equal(a.table, b.table)


def test_one_process_stops_all_of_them_at_one_step(two):
    messages = {(two / f"stopped-{rank}.txt").read_text() for rank in range(2)}
    assert len(messages) == 1
    assert "interrupted at step 4 of 8" in messages.pop()
    assert checkpoints.read(two / "stopped.ckpt").step == 4
