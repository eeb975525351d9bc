"""C sources of the package as programs of their own, most often watched by the sanitizers."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import lgn2hdl.cpu

SOURCES = Path(lgn2hdl.cpu.__file__).parent
PLAIN = ("-O0", "-std=gnu11", "-Wall", "-Wextra")
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def compiler() -> str:
    """A C compiler; skips the test where there is none."""
    found = next(filter(None, map(shutil.which, ("gcc", "clang", "cc"))), None)
    if found is None:
        pytest.skip("no C compiler")
    return found


def build(source: Path, folder: Path) -> Path:
    """Compile a driver that includes a source of the package; skips without the sanitizers."""
    empty = folder / "empty.c"
    empty.write_text("int main(void) { return 0; }\n")
    command = [compiler(), *SANITIZERS, "-o", str(folder / "empty"), str(empty)]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("the C compiler has no sanitizers")
    return compiled(source, folder / source.stem, *SANITIZERS, "-I", str(SOURCES))


def compiled(source: Path, program: Path, *flags: str) -> Path:
    """The program of a C file, which compiles without a warning."""
    command = [compiler(), *PLAIN, *flags, "-o", str(program), str(source)]
    made = subprocess.run(command, capture_output=True, text=True)
    assert (made.returncode, made.stderr) == (0, "")
    return program


def run(program: Path, *arguments: object) -> bytes:
    """What a program prints; a sanitizer's report, or a message of its own, fails the test."""
    command = [str(program), *map(str, arguments)]
    ran = subprocess.run(command, capture_output=True, timeout=3600)
    assert ran.returncode == 0, ran.stderr.decode(errors="replace")[-4000:]
    assert ran.stderr == b""
    return ran.stdout
