"""A C++ compiler that does nothing twice: its object files are kept in the user's cache.

Usage: python -E -S compile_once.py COMPILER [ARGUMENT ...]

An object file is found again by the hash of all that decides what it holds: the source as it is
after preprocessing (with all its headers), the flags, and the compiler. Whatever is not the plain
compilation of one file is left to the compiler itself, and so is everything where there is no
cache. It may stand where Verilator's makefile wants ``ccache`` to stand.
"""

import os
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import user_cache

CACHE = "objects"
"""Name of the cache's folder."""

KNOWN_FLAG = re.compile(r"-(O\w?|I\S+|D\S+|std=[\w+]+|w|pthread|MMD|MP|fcoroutines|c)")
"""Flags whose effect is seen in the preprocessed text, or does not depend on anything else."""

SEARCHED = ("GCC_EXEC_PREFIX", "COMPILER_PATH")
"""Variables of the environment by which a compiler finds its parts; others change the text."""


def main(arguments: list[str]) -> int:
    """Compile, or take the object file from the cache; the exit code of the compiler."""
    parts = split(arguments)
    key = None if parts is None else key_of(arguments, *parts)
    if parts is None or key is None:
        os.execvp(arguments[0], arguments)
    output = Path(parts[1])
    found = user_cache.find(CACHE, key)
    with suppress(OSError):  # what cannot be written is the compiler's to complain about
        if found is not None:
            output.write_bytes(found)
            return 0
    code = subprocess.run(arguments, check=False).returncode
    if code == 0 and output.is_file():
        user_cache.keep(CACHE, key, output.read_bytes())
    return code


def split(arguments: list[str]) -> tuple[list[str], str] | None:
    """Flags and name of the object file, if this compiles one file with flags that are known."""
    rest, flags, outputs, sources = iter(arguments[1:]), [], [], []
    for argument in rest:
        if argument == "-o":
            outputs.append(next(rest, ""))
        elif KNOWN_FLAG.fullmatch(argument):
            flags.append(argument)
        elif argument.endswith((".cpp", ".cc")) and not argument.startswith("-"):
            sources.append(argument)
        else:
            return None
    plain = "-c" in flags and len(sources) == len(outputs) == 1 and outputs[0].endswith(".o")
    return (flags, outputs[0]) if plain else None


def key_of(arguments: list[str], flags: list[str], output: str) -> str | None:
    """The object file's name in the cache; None if preprocessor or compiler do not answer."""
    compiler = shutil.which(arguments[0])
    if compiler is None or user_cache.private_folder(CACHE) is None:
        return None
    place = arguments.index("-o")
    rest = [flag for flag in (*arguments[1:place], *arguments[place + 2 :]) if flag[:2] != "-M"]
    text = printed([compiler, "-E", *(flag for flag in rest if flag != "-c")])
    version = printed([compiler, "--version"])
    if not text or not version:
        return None
    status = Path(compiler).stat()
    known = [
        [flag for flag in flags if flag[:2] not in ("-I", "-D", "-M")],
        [os.environ.get(name) for name in SEARCHED],
        [*os.uname()][::4],  # system and machine
        [os.path.realpath(compiler), status.st_size, status.st_mtime_ns],
    ]
    return user_cache.key_of([text, version, repr(known).encode()])


def printed(command: list[str]) -> bytes:
    """What a program prints if it ends well; its complaints are not shown."""
    done = subprocess.run(command, capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else b""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
