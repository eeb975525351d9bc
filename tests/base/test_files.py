import errno
import json
import os
import signal
import socket
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from ordinary_user import as_ordinary_user

from lgn2hdl.base import files, scratch
from lgn2hdl.base.errors import OutputError
from lgn2hdl.base.files import replaced_folder
from lgn2hdl.base.scratch import UNFINISHED

MARKER = "manifest.json"


def fill(folder, text):
    """Two files that must always have the same text."""
    (folder / MARKER).write_text(json.dumps({"tools": {"lgn2hdl": text}}))
    (folder / "sub").mkdir(exist_ok=True)
    (folder / "sub" / "data.txt").write_text(text)


def content(folder):
    return text_of((folder / MARKER).read_text()), (folder / "sub" / "data.txt").read_text()


def text_of(manifest):
    return json.loads(manifest)["tools"]["lgn2hdl"]


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
from lgn2hdl.base.files import replaced_folder
from lgn2hdl.base.scratch import UNFINISHED
with replaced_folder(Path(sys.argv[1]), "manifest.json") as folder:
    (folder / "manifest.json").write_text("half")
    print("inside", flush=True)
    sys.stdin.read()
"""


def test_kill_in_the_middle_leaves_the_old_folder(tmp_path, start):
    target = tmp_path / "out"
    write(target, "one")
    command = [sys.executable, "-c", KILLED, str(target)]
    process = start(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"inside\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert content(target) == ("one", "one")
    assert len(names(tmp_path)) == 2
    write(target, "two")  # what the killed process left beside it does not disturb
    assert content(target) == ("two", "two")
    assert names(tmp_path) == ["out"]


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


@pytest.mark.slow
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
                assert text_of(texts[0]) == texts[1]
                seen.add(texts[1])
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


def test_a_parent_that_cannot_be_written(tmp_path):
    (tmp_path / "closed").mkdir(mode=0o500)
    assert "Permission denied" in refusal(tmp_path / "closed" / "out")


WRITE_FOLDER = """
import sys
from pathlib import Path
from lgn2hdl.base.errors import OutputError
from lgn2hdl.base.files import replaced_folder, write_atomically
path = Path(sys.argv[1])
try:
    if path.suffix:
        write_atomically(path, b"new")
    else:
        with replaced_folder(path, "manifest.json") as folder:
            (folder / "manifest.json").write_text("new")
    print("written")
except OutputError as error:
    print(error)
"""


def refusal(target):
    """What an ordinary user is told who writes a folder, or a file, there."""
    said = as_ordinary_user(WRITE_FOLDER, target).strip()
    assert said != "written"
    assert "\n" not in said
    return said


@pytest.mark.parametrize("closed", ["", "sub"])
def test_a_write_protected_folder_stays_and_nothing_is_left_beside_it(tmp_path, closed):
    target = tmp_path / "out"
    write(target, "one")
    (target / "sub").chmod(0o777)
    target.chmod(0o777)
    (target / closed).chmod(0o555)
    assert "write-protected; choose another --out" in refusal(target)
    assert content(target) == ("one", "one")
    assert names(tmp_path) == ["out"]


def test_a_write_protected_file_stays(tmp_path):
    path = tmp_path / "m.lgn"
    path.write_text("mine")
    path.chmod(0o444)
    assert "write-protected" in refusal(path)
    assert path.read_text() == "mine"
    assert names(tmp_path) == ["m.lgn"]


def test_where_one_may_not_search_nothing_is_known_and_nothing_written(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir()
    (closed / "m.lgn").write_text("mine")
    closed.chmod(0o600)
    for name in ("m.lgn", "other.lgn", "out", "deep/er"):
        assert "Permission denied" in refusal(closed / name)
    closed.chmod(0o700)
    assert names(closed) == ["m.lgn"]


@pytest.fixture(params=["pipe", "socket", "device"])
def special(request, tmp_path, monkeypatch):
    """Something that is neither a file nor a folder."""
    path = tmp_path / "special"
    if request.param == "pipe":
        os.mkfifo(path)
    elif request.param == "socket":
        monkeypatch.chdir(tmp_path)  # (the whole path may be too long for a socket)
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    else:
        make_device(path)
    return path


def make_device(path):
    """A device like /dev/null; nobody tries it with that one."""
    try:
        os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("only root makes devices")


def test_what_is_no_regular_file_is_never_replaced(special):
    before = special.lstat()
    kind = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device"}
    expected = f"cannot write .*: it is {kind[stat.S_IFMT(before.st_mode)]}, not a file; choose"
    for use in (files.require_writable, lambda path: files.write_atomically(path, b"new")):
        with pytest.raises(OutputError, match=expected):
            use(special)
        link = special.with_name("link")
        link.symlink_to(special)
        with pytest.raises(OutputError, match=expected):
            use(link)
        link.unlink()
    with pytest.raises(OutputError, match="is not a folder"):
        write(special, "new")
    assert os.path.samestat(before, special.lstat())
    assert names(special.parent) == ["special"]


def test_what_is_no_regular_file_is_not_read_and_nobody_waits_for_it(special):
    with pytest.raises(OSError, match="not a file: copy the data to a file"):
        files.read_file(special)
    assert not files.is_file(special)


@pytest.mark.parametrize("exists", [True, False], ids=["file", "dangling"])
def test_a_link_stays_and_its_file_is_replaced(tmp_path, exists):
    (tmp_path / "data").mkdir()
    file, link = tmp_path / "data" / "m.lgn", tmp_path / "link.lgn"
    if exists:
        file.write_text("old")
    link.symlink_to(Path("data") / "m.lgn")
    files.require_writable(link)
    files.write_atomically(link, b"new")
    assert link.is_symlink()
    assert file.read_bytes() == b"new"
    assert names(tmp_path) == ["data", "link.lgn"]
    assert names(tmp_path / "data") == ["m.lgn"]


def test_links_in_a_circle_are_one_line(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OutputError, match="symbolic links"):
        files.write_atomically(tmp_path / "a", b"new")
    assert names(tmp_path) == ["a", "b"]


def test_a_file_keeps_its_permissions(tmp_path):
    path = tmp_path / "m.lgn"
    path.write_text("old")
    path.chmod(0o600)
    files.write_atomically(path, b"new")
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("length", [250, 255, 300])
def test_long_names(tmp_path, length):
    file, folder = tmp_path / ("m" * length), tmp_path / ("f" * length)
    if length <= 255:
        files.write_atomically(file, b"new")
        write(folder, "one")
        write(folder, "two")
        assert (file.read_bytes(), content(folder)) == (b"new", ("two", "two"))
        assert len(names(tmp_path)) == 2
        return
    for use in (lambda: files.write_atomically(file, b"new"), lambda: write(folder, "one")):
        with pytest.raises(OutputError, match="File name too long") as caught:
            use()
        assert "\n" not in str(caught.value)
    assert not files.is_file(file)
    assert not files.is_folder(folder)
    assert names(tmp_path) == []


@pytest.mark.parametrize("name", [".", "..", "/", "", "sub/.."])
def test_what_is_no_name_for_a_folder(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputError, match="no name for a new folder"):
        write(Path(name), "one")
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    "manifest", ['{"name": "a browser extension"}', "[1]", '{"tools": {"other": "1"}}', "{", ""]
)
def test_a_manifest_of_another_program_is_not_ours(tmp_path, manifest):
    target = tmp_path / "out"
    target.mkdir()
    (target / MARKER).write_text(manifest)
    with pytest.raises(OutputError, match="was not written by lgn2hdl"):
        write(target, "one")
    assert (target / MARKER).read_text() == manifest


def test_a_folder_that_somebody_makes_meanwhile_is_put_back(target):
    def interrupted_by_somebody():
        with replaced_folder(target, MARKER) as folder:
            fill(folder, "one")
            target.mkdir()
            (target / "thesis.txt").write_text("precious")

    with pytest.raises(OutputError, match="was not written by lgn2hdl"):
        interrupted_by_somebody()
    assert names(target) == ["thesis.txt"]
    assert names(target.parent) == ["out"]


def test_of_many_writers_of_a_new_folder_one_wins_whole(tmp_path):
    target = tmp_path / "out"

    def write_often(number):
        for _ in range(20):
            write(target, str(number))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write_often, range(4)))
    manifest, data = content(target)
    assert manifest == data
    assert names(target.parent) == ["out"]


@pytest.mark.parametrize("way", ["written", "failed", "tried", "folder"])
def test_what_has_its_place_is_no_longer_removed_at_the_end(tmp_path, monkeypatch, way):
    """Another file may have the name of the temporary one by then."""
    claimed = []

    def claim(*arguments, **options):
        path, handle = real(*arguments, **options)
        claimed.append(path)
        return path, handle

    real = scratch.claim
    monkeypatch.setattr(scratch, "claim", claim)
    if way == "written":
        files.write_atomically(tmp_path / "file", b"data")
    elif way == "tried":
        files.require_writable(tmp_path / "file")
    elif way == "folder":
        write(tmp_path / "out", "text")
    else:
        with pytest.raises(TypeError):
            files.write_atomically(tmp_path / "file", "no bytes")
    assert claimed
    for path in claimed:
        assert not path.exists()
        path.write_text("of somebody else")
    scratch.remove_all()
    assert all(path.read_text() == "of somebody else" for path in claimed)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no /proc")
def test_a_file_system_in_which_nothing_can_be_made():
    for use in (files.require_writable, lambda path: write(path, "one")):
        with pytest.raises(OutputError, match="cannot write /proc/lgn2hdl"):
            use(Path("/proc/lgn2hdl.test"))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT], ids=errno.errorcode.get)
def test_a_full_disk_under_temporary_files_is_named(number):
    with (
        pytest.raises(OutputError, match=r"cannot write temporary files in .*TMPDIR") as caught,
        files.temporary_folder() as folder,
    ):
        raise OSError(number, os.strerror(number))
    assert str(folder.parent) in str(caught.value)
    assert os.strerror(number) in str(caught.value)
    assert not folder.exists()


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "full", "elsewhere"), OSError(errno.EIO, "broken")], ids=repr
)
def test_other_errors_beside_temporary_files_are_not_theirs(error):
    with pytest.raises(OSError, match=r"full|broken") as caught, files.temporary_folder():
        raise error
    assert caught.value is error
