"""The steps of writing files and folders: exchanges, tries, open files, permissions, messages."""

import ctypes
import errno
import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from lgn2hdl.base import files, scratch
from lgn2hdl.base.errors import OutputError
from lgn2hdl.base.files import is_ours, open_file, replaced_folder, write_atomically

MARKER = "manifest.json"


def open_files() -> set[str]:
    return set(os.listdir("/proc/self/fd"))  # noqa: PTH208


def two(tmp_path: Path) -> tuple[Path, Path]:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
        (folder / "name").write_text(folder.name)
    return first, second


def fake_library(monkeypatch, code: int | None):
    """A C library whose renameat2 fails with this error, or that lacks it; notes its arguments."""
    called = []

    def renameat2(*arguments):
        called.append(arguments)
        ctypes.set_errno(code)
        return -1 if code else 0

    library = SimpleNamespace() if code is None else SimpleNamespace(renameat2=renameat2)
    monkeypatch.setattr(files.ctypes, "CDLL", lambda *_arguments, **_options: library)
    return called


def test_folders_are_exchanged_in_one_step(tmp_path):
    first, second = two(tmp_path)
    if not files._exchange(first, second):
        pytest.skip("this system exchanges nothing")
    assert (first / "name").read_text() == "second"
    assert (second / "name").read_text() == "first"


def test_an_exchange_that_fails_says_why(tmp_path):
    first, second = two(tmp_path)
    if not files._exchange(first, second):
        pytest.skip("this system exchanges nothing")
    with pytest.raises(OSError, match=os.strerror(errno.ENOENT)) as caught:
        files._exchange(first, tmp_path / "nowhere")
    assert caught.value.errno == errno.ENOENT


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, None])
def test_where_nothing_can_be_exchanged(tmp_path, monkeypatch, code):
    first, second = two(tmp_path)
    fake_library(monkeypatch, code)
    assert files._exchange(first, second) is False
    files._exchange_or_rename(first, second)
    assert (first / "name").read_text() == "second"
    assert (second / "name").read_text() == "first"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first", "second"]


def test_a_library_that_cannot_be_loaded(tmp_path, monkeypatch):
    def load(*_arguments, **_options):
        raise OSError("no library")

    monkeypatch.setattr(files.ctypes, "CDLL", load)
    assert files._exchange(*two(tmp_path)) is False


def test_what_the_system_is_asked_for(tmp_path, monkeypatch):
    """renameat2(AT_FDCWD, first, AT_FDCWD, second, RENAME_EXCHANGE) of Linux."""
    called = fake_library(monkeypatch, 0)
    assert files._exchange(Path("/a/\u00fc"), Path("b")) is True
    assert called == [(-100, b"/a/\xc3\xbc", -100, b"b", 2)]


@pytest.mark.parametrize("code", [errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST])
def test_a_place_that_changes_meanwhile_is_tried_again(tmp_path, monkeypatch, code):
    first, second = two(tmp_path)
    left = [files._SWAP_TRIES - 1]
    real = files._exchange

    def exchange(one, other):
        if left[0]:
            left[0] -= 1
            raise OSError(code, "changed")
        return real(one, other)

    monkeypatch.setattr(files, "_exchange", exchange)
    files._put(first, second)
    assert (second / "name").read_text() == "first"
    left[0] = files._SWAP_TRIES
    with pytest.raises(OutputError, match=r"cannot write .*second: others write it all the time"):
        files._put(first, second)
    assert left == [0]


def test_other_errors_are_not_tried_again(tmp_path, monkeypatch):
    tried = []

    def exchange(_one, _other):
        tried.append(1)
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(files, "_exchange", exchange)
    with pytest.raises(OSError, match="broken"):
        files._put(*two(tmp_path))
    assert len(tried) == 1


def test_a_new_place_needs_no_exchange(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_exchange", None)
    first, _ = two(tmp_path)
    files._put(first, tmp_path / "new")
    assert (tmp_path / "new" / "name").read_text() == "first"
    assert not first.exists()


def test_no_file_stays_open(tmp_path, monkeypatch):
    path = tmp_path / "file"
    before = open_files()
    write_atomically(path, b"data")
    files.require_writable(path)
    with open_file(path) as file:
        assert file.read() == b"data"
    with replaced_folder(tmp_path / "out", MARKER) as folder:
        (folder / MARKER).write_text("{}")
    assert open_files() == before

    looked = []

    def changes(status):
        looked.append(status)
        if len(looked) == 2:  # it has become something else before it was open
            raise OSError("changed")

    monkeypatch.setattr(files, "_require_regular", changes)
    with pytest.raises(OSError, match="changed"):
        open_file(path)
    assert open_files() == before
    assert [status.st_ino for status in looked] == [path.stat().st_ino] * 2


@pytest.mark.parametrize(
    ("mask", "file_mode", "folder_mode"),
    [(0o022, 0o644, 0o755), (0o077, 0o600, 0o700), (0, 0o666, 0o777)],
)
def test_permissions_are_those_of_the_umask(tmp_path, mask, file_mode, folder_mode):
    before = os.umask(mask)
    try:
        assert files._umask() == mask
        write_atomically(tmp_path / "file", b"")
        with replaced_folder(tmp_path / "out", MARKER):
            pass
        assert os.umask(mask) == mask  # (asking for it leaves it as it is)
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == file_mode
    assert (tmp_path / "out").stat().st_mode & 0o777 == folder_mode


def test_a_file_name_for_a_folder(tmp_path):
    with pytest.raises(OutputError) as caught:
        write_atomically(tmp_path, b"")
    assert str(caught.value) == (
        f"cannot write {tmp_path}: it is a folder; give a file name such as {tmp_path}/model.lgn"
    )


@pytest.mark.parametrize(
    ("values", "ours"),
    [
        ({"lgn2hdl": "1"}, True), ({"tools": {"lgn2hdl": None}}, True),
        ({"tools": "lgn2hdl"}, False), ("lgn2hdl", False), (["lgn2hdl"], False),
        ({"tools": {}}, False), ({}, False),
    ],
)  # fmt: skip
def test_manifests_of_ours(tmp_path, values, ours):
    path = tmp_path / MARKER
    path.write_text(json.dumps(values))
    assert is_ours(path) is ours
    assert not is_ours(tmp_path / "nowhere")


def test_a_manifest_is_read_so_far(tmp_path, monkeypatch):
    path = tmp_path / MARKER
    path.write_text('{"lgn2hdl": 1}')
    monkeypatch.setattr(files, "_MAX_MARKER_BYTES", len('{"lgn2hdl": 1}'))
    assert is_ours(path)
    monkeypatch.setattr(files, "_MAX_MARKER_BYTES", len('{"lgn2hdl": 1}') - 1)
    assert not is_ours(path)


def test_an_old_folder_that_cannot_be_removed_is_named(tmp_path, monkeypatch):
    target = tmp_path / "out"

    def write(text):
        with replaced_folder(target, MARKER) as folder:
            (folder / MARKER).write_text(json.dumps({"lgn2hdl": text}))

    write("one")
    monkeypatch.setattr(scratch, "_remove", lambda _path: None)
    with pytest.raises(OutputError, match=r"out is written, but the old one is left at .*: remove"):
        write("two")
    assert json.loads((target / MARKER).read_text()) == {"lgn2hdl": "two"}


def test_a_folder_of_somebody_else_is_put_back_in_one_piece(tmp_path):
    first, second = two(tmp_path)
    with pytest.raises(OutputError, match=r"second was not written by lgn2hdl \(it has no manif"):
        files._swap(first, second, MARKER)
    assert (first / "name").read_text() == "first"
    assert (second / "name").read_text() == "second"


def test_nowhere_for_a_temporary_folder(monkeypatch):
    def fails(*_arguments):
        raise FileNotFoundError(errno.ENOENT, "No such file or directory")

    monkeypatch.setattr(scratch, "sweep_temporary", fails)
    with pytest.raises(OutputError) as caught, files.temporary_folder():
        pass
    assert str(caught.value) == (
        "no temporary folder can be made (No such file or directory): set TMPDIR to a folder"
    )


def test_a_temporary_folder_goes_whatever_happens():
    made = []

    def fail():
        with files.temporary_folder() as folder:
            made.append(folder)
            assert folder.is_dir()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not made[0].exists()


def test_what_is_tried_is_where_a_link_leads(tmp_path):
    """The folder of the file is made, not one beside the link; the message has the link's name."""
    link = tmp_path / "link.lgn"
    link.symlink_to(tmp_path / "new" / "m.lgn")
    files.require_writable(link)
    assert (tmp_path / "new").is_dir()
    (tmp_path / "file").write_text("")
    other = tmp_path / "other.lgn"
    other.symlink_to(tmp_path / "file" / "m.lgn")
    with pytest.raises(OutputError, match=r"cannot write .*other\.lgn"):
        files.require_writable(other)


def test_a_folder_in_a_temporary_one_takes_its_place_at_once(monkeypatch):
    """The temporary folder is locked by this very process, which does not wait for itself."""
    monkeypatch.setattr(scratch.time, "sleep", lambda seconds: pytest.fail("waited"))
    with files.temporary_folder() as place:
        with files.replaced_folder(place / "design", "marker") as fresh:
            (fresh / "marker").write_text("")
        assert [path.name for path in place.iterdir()] == ["design"]
        assert files.is_file(place / "design" / "marker")
