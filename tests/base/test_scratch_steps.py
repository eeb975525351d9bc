"""The steps of temporary files: names, tries, locks that are held, refused or not there at all."""

import errno
import fcntl
import os
import time

import pytest

from lgn2hdl.base import scratch
from lgn2hdl.base.scratch import SCRATCH, UNFINISHED, claim, scratch_folder, sweep


def open_files() -> set[str]:
    return set(os.listdir("/proc/self/fd"))  # noqa: PTH208


@pytest.fixture
def names(monkeypatch):
    """The digits of the next names, in turn, again and again."""
    given: list[str] = []
    asked = []

    def token_hex(n_bytes):
        asked.append(n_bytes)
        return given[(len(asked) - 1) % len(given)]

    monkeypatch.setattr(scratch.secrets, "token_hex", token_hex)
    given.append("0" * 8)
    return given, asked


def test_names_have_eight_digits(tmp_path):
    path, handle = claim(tmp_path, SCRATCH, folder=True)
    os.close(handle)
    assert len(path.name) == len(SCRATCH) + 8
    sweep(tmp_path, SCRATCH)
    assert not path.exists()
    scratch.release(path)


def test_a_name_that_is_taken_is_not_taken_again(tmp_path, names):
    given, asked = names
    given.append("1" * 8)
    first, one = claim(tmp_path, UNFINISHED, folder=False)
    asked.clear()
    second, other = claim(tmp_path, UNFINISHED, folder=False)
    assert (first.name[-8:], second.name[-8:]) == ("0" * 8, "1" * 8)
    assert asked == [4, 4]
    for path, handle in ((first, one), (second, other)):
        os.close(handle)
        scratch.release(path)


@pytest.mark.parametrize("folder", [True, False])
def test_so_many_names_are_tried(tmp_path, names, folder):
    _, asked = names
    path, handle = claim(tmp_path, SCRATCH, folder=folder)
    asked.clear()
    before = open_files()
    with pytest.raises(OSError, match="no name is free for something temporary") as caught:
        claim(tmp_path, SCRATCH, folder=folder)
    assert caught.value.errno == errno.EBUSY
    assert len(asked) == scratch._CLAIM_TRIES
    assert open_files() == before
    os.close(handle)
    scratch.release(path)


def test_a_folder_that_is_swept_before_it_is_open_is_made_anew(tmp_path, monkeypatch):
    real, failed = os.open, []

    def open_once(path, *arguments):
        if len(failed) < 3:
            failed.append(path)
            path.rmdir()
            raise FileNotFoundError(errno.ENOENT, "swept")
        return real(path, *arguments)

    monkeypatch.setattr(scratch.os, "open", open_once)
    path, handle = claim(tmp_path, SCRATCH, folder=True)
    assert len(failed) == 3
    assert path not in failed
    os.close(handle)
    scratch.release(path)


@pytest.mark.parametrize("tries", [1, 5])
def test_where_nothing_can_be_made_it_ends(tmp_path, monkeypatch, tries):
    tried = []

    def never(path, *_arguments):
        tried.append(path)
        raise FileNotFoundError(errno.ENOENT, "never")

    monkeypatch.setattr(scratch, "_CLAIM_TRIES", tries)
    monkeypatch.setattr(scratch.os, "open", never)
    with pytest.raises(FileNotFoundError, match="never"):
        claim(tmp_path, SCRATCH, folder=False)
    assert len(tried) == tries


def test_what_is_swept_before_it_is_locked_is_made_anew(tmp_path, monkeypatch):
    answers = [False, True]
    monkeypatch.setattr(scratch, "_is_at", lambda _handle, _path: answers.pop(0))
    before = open_files()
    path, handle = claim(tmp_path, SCRATCH, folder=False)
    assert answers == []
    assert len(open_files() - before) == 1
    assert scratch._live >= {path}
    os.close(handle)
    scratch.release(path)
    assert path not in scratch._live


def test_a_file_that_somebody_locks_first_is_made_anew(tmp_path, monkeypatch):
    answers = [False, None]  # (None: there are no locks here, which has to do)
    monkeypatch.setattr(scratch, "_lock", lambda _handle: answers.pop(0))
    path, handle = claim(tmp_path, SCRATCH, folder=False)
    assert answers == []
    os.close(handle)
    scratch.release(path)


def test_a_claimed_file_can_be_written_and_read_by_its_owner_alone(tmp_path):
    path, handle = claim(tmp_path, SCRATCH, folder=False)
    os.write(handle, b"text")
    os.lseek(handle, 0, os.SEEK_SET)
    assert os.read(handle, 9) == b"text"
    assert path.stat().st_mode & 0o777 == 0o600
    os.close(handle)
    scratch.release(path)


def test_folders_leave_no_file_open_and_are_forgotten(tmp_path):
    before, live = open_files(), set(scratch._live)
    with scratch_folder(tmp_path, UNFINISHED) as folder:
        assert folder.name.startswith(UNFINISHED)
        assert scratch._live == live | {folder}
    assert open_files() == before
    assert scratch._live == live
    with pytest.raises(ZeroDivisionError), scratch_folder(tmp_path):
        _ = 1 / 0
    assert not list(tmp_path.iterdir())
    assert open_files() == before
    sweep(tmp_path, SCRATCH)
    with scratch.not_swept(tmp_path):
        pass
    assert open_files() == before


@pytest.mark.parametrize(
    ("code", "answer"),
    [(None, True), (errno.EWOULDBLOCK, False), (errno.EACCES, False), (errno.ENOLCK, None),
     (errno.EBADF, None)],
)  # fmt: skip
def test_answers_of_locks(monkeypatch, code, answer):
    asked = []

    def flock(handle, how):
        asked.append((handle, how))
        if code is not None:
            raise OSError(code, "why")

    monkeypatch.setattr(scratch.fcntl, "flock", flock)
    assert scratch._lock(5) is answer
    assert scratch._lock(6, fcntl.LOCK_SH) is answer
    assert asked == [(5, fcntl.LOCK_EX | fcntl.LOCK_NB), (6, fcntl.LOCK_SH | fcntl.LOCK_NB)]


@pytest.mark.parametrize(("answer", "stays"), [(True, False), (False, True), (None, True)])
def test_only_what_nobody_locks_is_removed(tmp_path, monkeypatch, answer, stays):
    """Without locks nobody knows whether it is in use."""
    for name, make in (("00000000", "folder"), ("11111111", "file")):
        path = tmp_path / f"{SCRATCH}{name}"
        path.mkdir() if make == "folder" else path.write_text("text")
    before = open_files()
    monkeypatch.setattr(scratch, "_lock", lambda _handle, _kind=fcntl.LOCK_EX: answer)
    for path in list(tmp_path.iterdir()):
        scratch._remove_abandoned(path)
    assert len(list(tmp_path.iterdir())) == 2 * stays
    assert open_files() == before


def held(folder):
    """Somebody else's lock of a folder."""
    handle = os.open(folder, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    return handle


def test_a_lock_that_is_not_waited_for(tmp_path):
    handle = held(tmp_path)
    before = open_files()
    with pytest.raises(BlockingIOError) as caught, scratch._locked(tmp_path, fcntl.LOCK_EX, 0):
        pytest.fail("it is held")
    assert caught.value.errno == errno.EWOULDBLOCK
    assert open_files() == before
    left = tmp_path / f"{SCRATCH}00000000"
    left.mkdir()
    sweep(tmp_path, SCRATCH)
    assert left.exists()
    os.close(handle)
    sweep(tmp_path, SCRATCH)
    assert not left.exists()


def test_a_lock_is_waited_for_so_long(tmp_path, monkeypatch):
    now = [100.0]

    def sleep(seconds):
        now[0] += 100 * seconds

    monkeypatch.setattr(scratch.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(scratch.time, "sleep", sleep)
    handle = held(tmp_path)
    with scratch._locked(tmp_path, fcntl.LOCK_SH, 2.0):
        assert 102.0 < now[0] <= 103.0
    os.close(handle)
    start = time.monotonic()
    with scratch._locked(tmp_path, fcntl.LOCK_SH, 2.0):
        assert time.monotonic() == start


def test_a_lock_that_comes_free_is_held_then(tmp_path, monkeypatch):
    handle = held(tmp_path)
    monkeypatch.setattr(scratch.time, "sleep", lambda _seconds: fcntl.flock(handle, fcntl.LOCK_UN))
    with scratch._locked(tmp_path, fcntl.LOCK_EX, 60.0), pytest.raises(BlockingIOError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(handle)


def test_a_folder_that_cannot_be_opened_is_not_locked(tmp_path):
    done = []
    with scratch._locked(tmp_path / "nowhere", fcntl.LOCK_EX, 0):
        done.append(1)
    assert done == [1]


def test_what_a_path_names_now(tmp_path):
    path = tmp_path / "file"
    path.write_text("one")
    with path.open() as file:
        assert scratch._is_at(file.fileno(), path)
        path.rename(tmp_path / "moved")
        assert not scratch._is_at(file.fileno(), path)
        path.write_text("two")
        assert not scratch._is_at(file.fileno(), path)
        path.unlink()
        path.symlink_to("moved")
        assert not scratch._is_at(file.fileno(), path)


def test_links_go_and_what_they_name_stays(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder")
    scratch._remove(tmp_path / "link")
    scratch._remove(tmp_path / "nowhere")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
    scratch._remove(tmp_path / "folder")
    assert not list(tmp_path.iterdir())
