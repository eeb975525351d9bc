"""The compiler that keeps object files; the real one is asked wherever a test says so."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lgn2hdl.base import user_cache

SCRIPT = Path(user_cache.__file__).with_name("compile_once.py")
SOURCE = '#include "number.h"\nint answer() { return NUMBER; }\n'


class Compiler:
    """Runs the script with a compiler that notes each of its compilations."""

    def __init__(self, folder: Path, real: str) -> None:
        self.folder, self.log = folder, folder / "log"
        self.program = folder / "bin" / "c++"
        self.program.parent.mkdir()
        self.write(f'exec {real} "$@"')
        (folder / "work").mkdir()
        self.source("a.cpp", SOURCE)
        self.source("number.h", "#define NUMBER 42\n")

    def write(self, ending: str) -> None:
        note = f'case "$*" in *--version*|*-E*) ;; *) echo "$*" >> \'{self.log}\';; esac'
        self.program.write_text(f"#!/bin/sh\n{note}\n{ending}\n")
        self.program.chmod(0o755)

    def source(self, name: str, text: str) -> None:
        (self.folder / "work" / name).write_text(text)

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-E", "-S", str(SCRIPT), str(self.program), *arguments],
            cwd=self.folder / "work",
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
        )

    def compile(self, *flags: str, **environment: str) -> bytes:
        """The object file of ``a.cpp``."""
        output = self.folder / "work" / "a.o"
        output.unlink(missing_ok=True)
        done = self.run("-O0", *flags, "-c", "-o", "a.o", "a.cpp", **environment)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        return output.read_bytes()

    def compilations(self) -> int:
        return len(self.log.read_text().splitlines()) if self.log.exists() else 0


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "lgn2hdl" / "objects"


@pytest.fixture
def compiler(tmp_path, cache) -> Compiler:
    real = shutil.which("g++")
    if real is None:
        pytest.skip("no g++")
    return Compiler(tmp_path, real)


def test_the_second_time_nothing_is_compiled(compiler):
    first = compiler.compile("-MMD", "-DOTHER=1", "-I.", "-std=c++20", "-pthread")
    assert compiler.compilations() == 1
    assert compiler.compile("-MMD", "-DOTHER=1", "-I.", "-std=c++20", "-pthread") == first
    assert compiler.compilations() == 1


def test_a_changed_header_source_definition_flag_or_compiler_is_seen(compiler):
    objects = [compiler.compile()]
    compiler.source("number.h", "#define NUMBER 43\n")
    objects.append(compiler.compile())
    compiler.source("a.cpp", SOURCE + "int more() { return OTHER; }\n")
    objects.append(compiler.compile("-DOTHER=1"))
    objects.append(compiler.compile("-DOTHER=2"))
    objects.append(compiler.compile("-DOTHER=2", "-O2"))
    assert len(set(objects)) == compiler.compilations() == 5
    compiler.write('exec g++ -g "$@"')
    assert compiler.compile("-DOTHER=2", "-O2") != objects[-1]
    assert compiler.compilations() == 6


def test_headers_that_the_environment_adds_are_seen(compiler):
    other = compiler.folder / "other"
    other.mkdir()
    (other / "place.h").write_text("#define NUMBER 1\n")
    compiler.source("a.cpp", "#include <place.h>\nint answer() { return NUMBER; }\n")
    first = compiler.compile(CPATH=str(other))
    (other / "place.h").write_text("#define NUMBER 2\n")
    assert compiler.compile(CPATH=str(other)) != first
    compiler.compile(CPATH=str(other), COMPILER_PATH=str(other))
    assert compiler.compilations() == 3


@pytest.mark.parametrize("content", [b"", b"no object file", None])
def test_a_damaged_object_file_is_compiled_anew(compiler, cache, content):
    first = compiler.compile()
    (kept,) = cache.iterdir()
    kept.write_bytes(first[:-1] if content is None else content)
    assert compiler.compile() == first
    assert compiler.compilations() == 2
    assert compiler.compile() == first
    assert compiler.compilations() == 2


def test_without_a_cache_everything_is_compiled(compiler, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    for _ in range(2):
        compiler.compile(XDG_CACHE_HOME=str(tmp_path / "file"))
    assert compiler.compilations() == 2


def test_a_cache_that_others_can_write_is_not_used(compiler, cache):
    first = compiler.compile()
    cache.chmod(0o777)
    assert compiler.compile() == first
    assert compiler.compilations() == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("-march=native", "-c", "-o", "a.o", "a.cpp"),
        ("-g", "-c", "-o", "a.o", "a.cpp"),
        ("-include", "number.h", "-c", "-o", "a.o", "a.cpp"),
        ("-shared", "-o", "a.so", "a.cpp"),
        ("-c", "a.cpp"),
        ("-c", "-o", "a.o", "-o", "b.o", "a.cpp"),
        ("-c", "-fpic", "a.cpp"),
    ],
)
def test_anything_else_is_left_to_the_compiler(compiler, cache, arguments):
    for _ in range(2):
        done = compiler.run(*arguments)
        assert done.returncode == 0, done.stderr
    assert compiler.compilations() == 2
    assert not cache.exists() or not list(cache.iterdir())


def test_what_the_compiler_says_and_its_exit_code_pass(compiler, cache):
    compiler.source("a.cpp", "int answer() { return wrong; }\n")
    done = compiler.run("-c", "-o", "a.o", "a.cpp")
    assert done.returncode == 1
    assert "wrong" in done.stderr
    compiler.source("a.cpp", '#include "missing.h"\n')
    done = compiler.run("-c", "-o", "a.o", "a.cpp")
    assert done.returncode == 1
    assert done.stderr.count("missing.h") == 1 + done.stderr.count('#include "missing.h"')
    assert list(cache.iterdir()) == []


def test_a_compiler_that_writes_nothing(compiler, cache):
    compiler.write("true")
    assert compiler.run("-c", "-o", "a.o", "a.cpp").returncode == 0
    assert list(cache.iterdir()) == []


def test_an_object_file_that_cannot_be_written_is_the_compilers_complaint(compiler):
    compiler.compile()
    done = compiler.run("-O0", "-c", "-o", "none/a.o", "a.cpp")
    assert done.returncode == 1
    assert "none/a.o" in done.stderr
