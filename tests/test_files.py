import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from lgn2hdl import files
from lgn2hdl.errors import OutputError
from lgn2hdl.files import replaced_folder
from lgn2hdl.scratch import UNFINISHED

MARKER = "manifest.json"


def fill(folder, text):
    """Two files that must always have the same text."""
    (folder / MARKER).write_text(text)
    (folder / "sub").mkdir(exist_ok=True)
    (folder / "sub" / "data.txt").write_text(text)


def content(folder):
    return (folder / MARKER).read_text(), (folder / "sub" / "data.txt").read_text()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def write(target, text):
    with replaced_folder(target, MARKER) as folder:
        fill(folder, text)


def write_half(target, error):
    """A writer that fails in the middle."""
    with replaced_folder(target, MARKER) as folder:
        (folder / MARKER).write_text("half")
        raise error


@pytest.fixture(params=["exchange", "two renames"])
def target(request, tmp_path, monkeypatch):
    """Where to write, with and without an atomic exchange of folders."""
    if request.param == "two renames":
        monkeypatch.setattr(files, "_exchange", lambda first, second: False)
    return tmp_path / "out"


def test_a_new_folder(target):
    write(target / "deep" / "er", "one")
    assert content(target / "deep" / "er") == ("one", "one")
    assert names(target / "deep") == ["er"]


def test_an_old_folder_is_replaced_as_a_whole(target):
    write(target, "one")
    (target / "left over.txt").write_text("from an earlier version")
    write(target, "two")
    assert content(target) == ("two", "two")
    assert names(target) == [MARKER, "sub"]
    assert names(target.parent) == ["out"]


def test_an_empty_folder_is_ours_to_fill(target):
    target.mkdir()
    write(target, "one")
    assert content(target) == ("one", "one")


def test_the_folder_can_be_read_as_the_umask_says(target):
    old = os.umask(0o027)
    try:
        write(target, "one")
    finally:
        os.umask(old)
    assert target.stat().st_mode & 0o777 == 0o750


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_exception_keeps_the_old_folder(target, error):
    write(target, "one")
    with pytest.raises(error):
        write_half(target, error())
    assert content(target) == ("one", "one")
    assert names(target.parent) == ["out"]


def test_an_exception_leaves_nothing_where_nothing_was(target):
    with pytest.raises(ValueError, match="x"):
        write_half(target, ValueError("x"))
    assert names(target.parent) == []


def test_a_full_disk_is_one_clear_line(target):
    write(target, "one")
    with pytest.raises(OutputError, match="No space left on device; choose another") as caught:
        write_half(target, OSError(28, "No space left on device"))
    assert "\n" not in str(caught.value)
    assert content(target) == ("one", "one")


def test_a_failed_second_rename_brings_the_old_folder_back(tmp_path, monkeypatch):
    target = tmp_path / "out"
    write(target, "one")
    monkeypatch.setattr(files, "_exchange", lambda first, second: False)
    rename = files.Path.rename

    def failing(self, to):
        if UNFINISHED in self.name and not self.name.endswith(".old") and to == target:
            raise OSError(5, "Input/output error")
        return rename(self, to)

    monkeypatch.setattr(files.Path, "rename", failing)
    with pytest.raises(OutputError, match="Input/output error"):
        write(target, "two")
    assert content(target) == ("one", "one")
    assert names(tmp_path) == ["out"]


KILLED = """
import sys
from pathlib import Path
from lgn2hdl.files import replaced_folder
from lgn2hdl.scratch import UNFINISHED
with replaced_folder(Path(sys.argv[1]), "manifest.json") as folder:
    (folder / "manifest.json").write_text("half")
    print("inside", flush=True)
    sys.stdin.read()
"""


def test_kill_in_the_middle_leaves_the_old_folder(tmp_path):
    target = tmp_path / "out"
    write(target, "one")
    command = [sys.executable, "-c", KILLED, str(target)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"inside\n"
        process.send_signal(signal.SIGKILL)
    assert content(target) == ("one", "one")
    write(target, "two")  # what the killed process left beside it does not disturb
    assert content(target) == ("two", "two")


def read_as_one(target):
    """Both texts of the folder that is at ``target`` now; None if it was exchanged meanwhile."""
    handle = os.open(target, os.O_RDONLY)
    try:
        texts = []
        for name in (MARKER, "sub/data.txt"):
            with os.fdopen(os.open(name, os.O_RDONLY, dir_fd=handle)) as file:
                texts.append(file.read())
        return texts
    except FileNotFoundError:
        assert not os.path.samestat(os.fstat(handle), target.stat()), "a half-empty folder"
        return None
    finally:
        os.close(handle)


def test_a_reader_always_sees_a_complete_folder(tmp_path):
    target = tmp_path / "out"
    write(target, "0")

    def write_often():
        for number in range(1, 300):
            write(target, str(number))

    seen = set()
    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(write_often)
        while not writer.done():
            texts = read_as_one(target)
            if texts is not None:
                assert texts[0] == texts[1]
                seen.add(texts[0])
        writer.result()
    assert len(seen) > 1


@pytest.mark.parametrize("kind", ["foreign", "file", "symlink", "dangling"])
def test_what_is_not_ours_is_not_touched(tmp_path, kind):
    target, other = tmp_path / "out", tmp_path / "other"
    other.mkdir()
    (other / MARKER).write_text("precious")
    if kind == "foreign":
        target.mkdir()
        (target / "thesis.txt").write_text("precious")
    elif kind == "file":
        target.write_text("precious")
    else:
        target.symlink_to(other if kind == "symlink" else tmp_path / "nowhere")
    with pytest.raises(OutputError, match="choose another") as caught:
        write(target, "new")
    assert "\n" not in str(caught.value)
    assert (other / MARKER).read_text() == "precious"
    assert names(tmp_path) == ["other", "out"]
    if kind == "foreign":
        assert names(target) == ["thesis.txt"]


def test_a_file_in_the_way_of_the_parents(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match=r"cannot write .*(File exists|Not a directory)"):
        write(tmp_path / "file" / "out", "new")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_parent_that_cannot_be_written(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="Permission denied"):
        write(tmp_path / "out", "new")
