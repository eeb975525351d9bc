"""Temporary files and folders: gone when done, swept away when their process was killed."""

import fcntl
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lgn2hdl.base import scratch
from lgn2hdl.base.scratch import SCRATCH, UNFINISHED, claim, scratch_folder, sweep
from lgn2hdl.cli import run

HOLDER = """
import sys
from pathlib import Path
from lgn2hdl.base import scratch
place = Path(sys.argv[1])
with scratch.scratch_folder(place) as folder:
    (folder / "sub").mkdir()
    (folder / "sub" / "file").write_text("text")
    path, handle = scratch.claim(place, scratch.UNFINISHED, folder=False)
    print(folder, path, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(start, tmp_path):
    """A process that holds a folder and a file, and their paths."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    process = start(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    return process, [Path(word) for word in process.stdout.readline().split()]


def sweep_all(folder):
    for prefix in (SCRATCH, UNFINISHED):
        sweep(folder, prefix)


def test_a_folder_is_empty_and_goes_with_its_block(tmp_path):
    with scratch_folder(tmp_path) as folder:
        assert folder.parent == tmp_path
        assert folder.name.startswith(SCRATCH)
        assert folder.stat().st_mode & 0o777 == 0o700
        assert not list(folder.iterdir())
        (folder / "file").write_text("text")
    assert not list(tmp_path.iterdir())


def test_what_is_in_use_stays(holder, tmp_path):
    _, paths = holder
    assert len(paths) == 2
    sweep_all(tmp_path)
    assert all(path.exists() for path in paths)


def test_what_a_killed_process_left_is_swept(holder, tmp_path):
    process, paths = holder
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert all(path.exists() for path in paths)
    sweep_all(tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_next_folder_sweeps_once(tmp_path, monkeypatch):
    monkeypatch.setattr(scratch, "_swept", set())
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    left = [tmp_path / f"{SCRATCH}0123456{digit}" for digit in "78"]
    left[0].mkdir()
    with scratch_folder():
        assert not left[0].exists()
        left[1].mkdir()
        with scratch_folder():
            assert left[1].exists()
    with scratch_folder(tmp_path):  # a folder that was chosen is looked through every time
        assert not left[1].exists()


def test_every_command_sweeps(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(scratch, "_swept", set())
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / f"{SCRATCH}01234567").mkdir()
    assert run(["info", str(tmp_path / "nowhere.lgn")]) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "name",
    ["lgn2hdl-scratch-", "lgn2hdl-scratch-0123", "lgn2hdl-scratch-0123456g", "lgn2hdl-results",
     "lgn2hdl-scratch-012345678", "my-lgn2hdl-scratch-01234567", "lgn2hdl-scratch-01234567.old"],
)  # fmt: skip
def test_other_names_are_nobodys_rubbish(tmp_path, name):
    (tmp_path / name).mkdir()
    sweep_all(tmp_path)
    assert (tmp_path / name).is_dir()


def test_links_and_special_files_are_left_alone(tmp_path):
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_text("text")
    (tmp_path / f"{SCRATCH}00000000").symlink_to(tmp_path / "precious")
    os.mkfifo(tmp_path / f"{SCRATCH}00000001")
    sweep_all(tmp_path)
    assert len(list(tmp_path.iterdir())) == 3
    assert (tmp_path / "precious" / "file").is_file()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_what_belongs_to_somebody_else_is_left_alone(tmp_path):
    (tmp_path / f"{SCRATCH}00000000").mkdir()
    os.chown(tmp_path / f"{SCRATCH}00000000", 12345, 12345)
    sweep_all(tmp_path)
    assert len(list(tmp_path.iterdir())) == 1


def test_a_link_inside_is_not_followed(tmp_path):
    (tmp_path / "precious").write_text("text")
    left = tmp_path / f"{SCRATCH}00000000"
    left.mkdir()
    (left / "link").symlink_to(tmp_path)
    sweep_all(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


def test_a_folder_that_is_not_there_is_nothing_to_sweep(tmp_path):
    sweep_all(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError):
        claim(tmp_path / "nowhere", SCRATCH, folder=True)


@pytest.mark.parametrize("folder", [True, False])
def test_sweepers_never_take_what_is_just_being_made(tmp_path, folder):
    """Makers and sweepers at the same time: what was made is there as long as it is held."""

    def make(_):
        path, handle = claim(tmp_path, SCRATCH, folder=folder)
        there = path.exists()
        path.rmdir() if folder else path.unlink()
        os.close(handle)
        scratch.release(path)
        return there

    done = False

    def sweep_on():
        while not done:
            sweep(tmp_path, SCRATCH)

    with ThreadPoolExecutor(4) as pool:
        sweepers = [pool.submit(sweep_on) for _ in range(2)]
        try:
            assert all(list(pool.map(make, range(300))))
        finally:
            done = True
        for sweeper in sweepers:
            sweeper.result()
    assert not list(tmp_path.iterdir())


def test_what_is_being_put_into_its_place_is_not_swept(tmp_path):
    left = tmp_path / f"{UNFINISHED}00000000"
    left.mkdir()
    with scratch.not_swept(tmp_path), scratch.not_swept(tmp_path):
        sweep_all(tmp_path)
        assert left.exists()
    sweep_all(tmp_path)
    assert not left.exists()


def test_who_holds_a_lock_for_ever_stops_nobody(tmp_path, monkeypatch):
    monkeypatch.setattr(scratch, "SWEEP_SECONDS", 0.01)
    handle = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        with scratch.not_swept(tmp_path):
            pass
    finally:
        os.close(handle)


def test_remove_all(tmp_path):
    folder, first = claim(tmp_path, SCRATCH, folder=True)
    path, second = claim(tmp_path, UNFINISHED, folder=False)
    (folder / "file").write_text("text")
    kept, third = claim(tmp_path, UNFINISHED, folder=False)
    kept.rename(tmp_path / "kept")
    scratch.release(kept)
    scratch.remove_all()
    for handle in (first, second, third):
        os.close(handle)
    scratch.release(folder)
    scratch.release(path)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
