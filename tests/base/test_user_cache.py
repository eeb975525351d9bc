import multiprocessing
import os
import stat
from pathlib import Path

import pytest

from lgn2hdl.base import user_cache
from lgn2hdl.base.user_cache import find, keep, key_of, private_folder

KEY = key_of([b"source", b"flags"])


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "lgn2hdl" / "things"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_was_kept_is_found(cache):
    assert find("things", KEY) is None
    keep("things", KEY, b"data")
    assert find("things", KEY) == b"data"
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    (kept,) = cache.iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert find("others", KEY) is None
    assert find("things", key_of([b"source", b"other flags"])) is None


def test_parts_cannot_run_into_each_other():
    assert key_of([b"ab", b"c"]) != key_of([b"a", b"bc"])
    assert key_of([b"ab", b""]) != key_of([b"ab"])


@pytest.mark.parametrize("content", [b"", b"dat", b"datb", b"data and more"])
def test_a_damaged_file_is_not_found_and_removed(cache, content):
    keep("things", KEY, b"data")
    (kept,) = cache.iterdir()
    kept.write_bytes(content)
    assert find("things", KEY) is None
    assert names(cache) == []


@pytest.mark.parametrize("mode", [0o666, 0o620])
def test_a_file_that_others_can_write_is_not_found(cache, mode):
    keep("things", KEY, b"data")
    (kept,) = cache.iterdir()
    kept.chmod(mode)
    assert find("things", KEY) is None
    assert names(cache) == []


def test_a_link_or_a_folder_or_a_pipe_is_not_found(cache, tmp_path):
    keep("things", KEY, b"data")
    (kept,) = cache.iterdir()
    kept.rename(tmp_path / "elsewhere")
    kept.symlink_to(tmp_path / "elsewhere")
    assert find("things", KEY) is None
    assert (tmp_path / "elsewhere").read_bytes() == b"data"
    os.mkfifo(kept)
    assert find("things", KEY) is None
    kept.mkdir()
    assert find("things", KEY) is None


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o720])
def test_a_folder_that_others_can_write_is_not_used(cache, mode):
    keep("things", KEY, b"data")
    cache.chmod(mode)
    assert private_folder("things") is None
    assert find("things", KEY) is None
    keep("things", key_of([b"more"]), b"more")
    assert len(names(cache)) == 1


def test_a_folder_of_somebody_else_is_not_used(cache, monkeypatch):
    keep("things", KEY, b"data")
    monkeypatch.setattr(user_cache.os, "getuid", lambda: cache.stat().st_uid + 1)
    assert find("things", KEY) is None


def test_a_linked_folder_is_not_used(cache, tmp_path):
    keep("things", KEY, b"data")
    cache.rename(tmp_path / "elsewhere")
    cache.symlink_to(tmp_path / "elsewhere")
    assert find("things", KEY) is None


def test_a_cache_that_cannot_be_made_is_none(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    keep("things", KEY, b"data")
    assert find("things", KEY) is None


def test_a_relative_cache_is_the_homes(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "cache")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert private_folder("things") == tmp_path / ".cache" / "lgn2hdl" / "things"


def test_a_full_disk_leaves_nothing(cache, monkeypatch):
    private_folder("things")

    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(user_cache.os, "fdopen", refuse)
    keep("things", KEY, b"data")
    assert names(cache) == []


def test_what_was_not_used_for_longest_makes_room(cache):
    keys = [key_of([bytes([number])]) for number in range(4)]
    for age, key in enumerate(keys[:3]):
        keep("things", key, b"x" * 10)
        (kept,) = cache.glob(f"{key}-*")
        os.utime(kept, (1000 + age, 1000 + age))
    assert find("things", keys[0]) is not None  # (used now)
    keep("things", keys[3], b"x" * 10, folder_bytes=30)
    assert [find("things", key) is not None for key in keys] == [True, False, True, True]


def test_what_is_too_large_is_not_kept(cache, monkeypatch):
    keep("things", KEY, b"x" * 31, folder_bytes=30)
    monkeypatch.setattr(user_cache, "LARGEST_FILE", 10)
    keep("things", KEY, b"x" * 11)
    assert find("things", KEY) is None
    assert names(cache) == []


def test_unfinished_files_of_killed_writers_are_removed_and_no_others(cache):
    folder = private_folder("things")
    old, new = folder / ".unfinished-old", folder / ".unfinished-new"
    old.write_bytes(b"half")
    new.write_bytes(b"half")
    os.utime(old, (1000, 1000))
    keep("things", KEY, b"data")
    assert not old.exists()
    assert new.exists()


def keep_and_find(number: int) -> bytes | None:
    data = bytes([number % 3]) * 100_000
    keep("things", KEY, data)
    return find("things", KEY)


def test_processes_that_keep_at_once_find_whole_files():
    whole = {bytes([number]) * 100_000 for number in range(3)}
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        assert set(pool.map(keep_and_find, range(9), chunksize=1)) <= whole
