import ctypes
import multiprocessing
import os
import stat
from pathlib import Path

import pytest
from processes import is_running, wait_until

from lgn2hdl.base.errors import ToolError
from lgn2hdl.tools import native

SOURCE = "int answer(void) { return NUMBER; }\n"

COPY = '#!/bin/sh\nwhile [ "$1" != "-o" ]; do shift; done\necho library > "$2"\n'
"""A compiler that only writes its output file."""


@pytest.fixture(autouse=True)
def _fresh(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("CC", raising=False)
    native.load.cache_clear()


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "answer.c"
    path.write_text(SOURCE.replace("NUMBER", "42"))
    return path


@pytest.fixture
def real_compiler():
    if not any(map(native.shutil.which, native.COMPILERS)):
        pytest.skip("no C compiler")


@pytest.fixture
def fake_compiler(tmp_path, monkeypatch):
    def use(script):
        path = tmp_path / "fake cc"
        path.write_text(script)
        path.chmod(0o755)
        monkeypatch.setenv("CC", f"'{path}'")

    return use


def folder(tmp_path) -> Path:
    return tmp_path / "cache" / "lgn2hdl" / "native"


def one_line(error) -> bool:
    return len(str(error.value).splitlines()) == 1


@pytest.mark.usefixtures("real_compiler")
def test_a_source_is_compiled_once_and_runs(tmp_path, source):
    library = native.load(source)
    assert isinstance(library, ctypes.CDLL)
    assert library.answer() == 42
    (built,) = folder(tmp_path).iterdir()
    before = built.stat().st_mtime_ns
    assert native.load(source) is library
    native.load.cache_clear()
    assert native.load(source).answer() == 42
    assert built.stat().st_mtime_ns == before
    assert stat.S_IMODE(folder(tmp_path).stat().st_mode) == 0o700


@pytest.mark.usefixtures("real_compiler")
def test_source_flags_compiler_and_processor_make_another_library(tmp_path, source, monkeypatch):
    built = {native.build(source), native.build(source, ("-DNUMBER=1",))}
    source.write_text(SOURCE)
    built.add(native.build(source, ("-DNUMBER=1",)))
    compiler = native.shutil.which("cc") or native.shutil.which("gcc")
    monkeypatch.setenv("CC", f"{compiler} -DUNUSED")
    built.add(native.build(source, ("-DNUMBER=1",)))
    (tmp_path / "cpuinfo").write_text("flags : an older processor\n")
    monkeypatch.setattr(native, "_CPUINFO", tmp_path / "cpuinfo")
    built.add(native.build(source, ("-DNUMBER=1",)))
    assert len(built) == 5


@pytest.mark.usefixtures("real_compiler")
def test_another_header_makes_another_library(tmp_path, source):
    header = tmp_path / "number.h"
    source.write_text('#include "number.h"\n' + SOURCE)
    answers = []
    for number in (7, 8):
        header.write_text(f"#define NUMBER {number}\n")
        answers.append(native.load_or_raise(source, includes=(header,)).answer())
    assert answers == [7, 8]
    assert len(list(folder(tmp_path).iterdir())) == 2


def test_a_missing_header_is_named(tmp_path, source):
    with pytest.raises(ToolError, match=r"cannot read .*missing\.h") as error:
        native.build(source, includes=(tmp_path / "missing.h",))
    assert one_line(error)


@pytest.mark.usefixtures("real_compiler")
@pytest.mark.parametrize("content", [b"", b"damaged", None])
def test_a_damaged_library_is_built_anew(source, content):
    path = native.build(source)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + b"x" if content is None else content)
    assert native.build(source) == path
    assert path.read_bytes() == whole
    assert native.load(source).answer() == 42


@pytest.mark.usefixtures("real_compiler")
@pytest.mark.parametrize("mode", [0o777, 0o770])
def test_a_folder_that_others_can_write_is_not_used(tmp_path, source, mode):
    native.build(source)
    folder(tmp_path).chmod(mode)
    path = native.build(source)
    assert path.parent != folder(tmp_path)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert native.load(source).answer() == 42


@pytest.mark.usefixtures("real_compiler")
def test_a_library_that_others_can_write_or_a_link_is_built_anew(tmp_path, source):
    path = native.build(source)
    path.chmod(0o722)
    assert stat.S_IMODE(native.build(source).stat().st_mode) == 0o700
    path.rename(tmp_path / "elsewhere.so")
    path.symlink_to(tmp_path / "elsewhere.so")
    assert not native.build(source).is_symlink()


@pytest.mark.usefixtures("real_compiler")
def test_a_folder_of_somebody_else_is_not_used(tmp_path, source, monkeypatch):
    native.build(source)
    monkeypatch.setattr(native.os, "getuid", lambda: folder(tmp_path).stat().st_uid + 1)
    monkeypatch.setattr(native, "_folder_of_this_process", lambda: tmp_path)
    assert native.build(source).parent == tmp_path


@pytest.mark.usefixtures("real_compiler")
def test_without_a_writable_cache_a_private_folder_does(tmp_path, source, monkeypatch):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    path = native.build(source)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert native.build(source) == path


def test_without_a_compiler_there_is_no_library(tmp_path, source, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match="no C compiler") as error:
        native.build(source)
    assert one_line(error)
    assert native.load(source) is None


@pytest.mark.parametrize("command", ["/nowhere/cc", "'unfinished"])
def test_a_wrong_cc_is_named(source, monkeypatch, command):
    monkeypatch.setenv("CC", command)
    with pytest.raises(ToolError, match=r"CC names .*, which is not a program") as error:
        native.build(source)
    assert one_line(error)


def test_a_missing_source_is_named(tmp_path):
    with pytest.raises(ToolError, match=r"cannot read .*missing\.c"):
        native.build(tmp_path / "missing.c")


@pytest.mark.usefixtures("real_compiler")
def test_a_source_with_an_error_is_named(tmp_path, source):
    source.write_text("int answer(void) { return wrong; }\n")
    with pytest.raises(ToolError, match=r"failed on answer\.c with exit code 1: .*wrong") as error:
        native.build(source)
    assert one_line(error)
    assert list(folder(tmp_path).iterdir()) == []
    assert native.load(source) is None


def test_a_compiler_that_fails_silently(source, fake_compiler):
    fake_compiler("#!/bin/sh\nexit 3\n")
    with pytest.raises(ToolError, match="exit code 3: it printed nothing"):
        native.build(source)


def test_a_compiler_that_writes_nothing(tmp_path, source, fake_compiler):
    fake_compiler("#!/bin/sh\nexit 0\n")
    with pytest.raises(ToolError, match="wrote no library"):
        native.build(source)
    assert native.load(source) is None
    assert list(folder(tmp_path).iterdir()) == []


def test_a_compiler_that_cannot_be_started(source, fake_compiler):
    fake_compiler("#!/nowhere/interpreter\n")
    with pytest.raises(ToolError, match="cannot be started"):
        native.build(source)


def test_a_compiler_that_hangs_is_ended_with_its_children(
    tmp_path, source, fake_compiler, monkeypatch, time_is_up
):
    monkeypatch.setattr(native, "TIMEOUT", 1.0)
    script = f"sleep 1000 &\necho $! > '{tmp_path}/child'\ntouch '{time_is_up}'\nwait\n"
    fake_compiler(f"#!/bin/sh\n{script}")
    with pytest.raises(ToolError, match="did not finish within 1 s") as error:
        native.build(source)
    assert one_line(error)
    child = int((tmp_path / "child").read_text())
    wait_until(lambda: not is_running(child), "the end of the child")


def test_a_compiler_that_does_not_know_the_processor(source, fake_compiler):
    fake_compiler('#!/bin/sh\ncase "$*" in *-march=native*) exit 1;; esac\n' + COPY[10:])
    assert native.build(source).read_text() == "library\n"


def test_what_is_not_a_library_is_not_loaded(source, fake_compiler):
    fake_compiler(COPY)
    with pytest.raises(ToolError, match="cannot be loaded") as error:
        native.load_or_raise(source)
    assert one_line(error)
    assert native.load(source) is None


@pytest.mark.usefixtures("real_compiler")
def test_a_broken_first_compiler_gives_way_to_the_next(tmp_path, source, monkeypatch):
    broken = tmp_path / "bin"
    broken.mkdir()
    (broken / "cc").write_text("#!/bin/sh\nexit 1\n")
    (broken / "cc").chmod(0o755)
    working = native.shutil.which("gcc") or native.shutil.which("clang")
    if working is None:
        pytest.skip("only one C compiler")
    monkeypatch.setenv("PATH", f"{broken}{os.pathsep}{os.environ['PATH']}")
    assert native.load(source).answer() == 42


def _answers(source: Path) -> int:
    library = native.load(source)
    return -1 if library is None else library.answer()


@pytest.mark.slow
@pytest.mark.usefixtures("real_compiler")
def test_processes_that_build_at_once_do_not_collide(tmp_path, source):
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        assert pool.map(_answers, [source] * 8, chunksize=1) == [42] * 8
    assert len(list(folder(tmp_path).glob("*.so"))) == 1
    assert len(list(folder(tmp_path).iterdir())) == 1
