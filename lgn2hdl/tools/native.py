"""Native code: C sources of the package, compiled once for this machine and kept in a cache.

Nobody needs a C compiler: :func:`load` answers ``None`` where there is none, and the caller falls
back to NumPy or torch. A cached library is named after everything that it was made from (source,
flags, compiler, instruction set of the processor) and after the hash of its own bytes. So a home
folder shared by unlike machines never runs foreign instructions, and a damaged file is seen and
built anew.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import functools
import hashlib
import os
import platform
import shlex
import shutil
import subprocess
from pathlib import Path

from lgn2hdl.base.errors import OutputError, ToolError
from lgn2hdl.base.files import temporary_folder
from lgn2hdl.base.scratch import UNFINISHED, scratch_folder
from lgn2hdl.base.system_errors import reason
from lgn2hdl.base.user_cache import is_private, private_folder
from lgn2hdl.tools.programs import run_program

FLAGS: tuple[str, ...] = (
    "-O3",
    "-march=native",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fPIC",
    "-shared",
    "-std=c11",
)
"""Flags of every compilation; ``-march=native`` is left out where the compiler refuses it. Products
and sums are not contracted: with fused multiply-add the last bits would depend on the machine."""

COMPILERS: tuple[str, ...] = ("cc", "gcc", "clang")
"""Programs that are looked for, in this order, unless the environment variable ``CC`` names one."""

TIMEOUT = 120.0
"""Seconds until a compiler is ended."""

_CPUINFO = Path("/proc/cpuinfo")


@functools.cache
def load(
    source: Path, *, flags: tuple[str, ...] = (), includes: tuple[Path, ...] = ()
) -> ctypes.CDLL | None:
    """The compiled library of a C source file, or ``None`` where it cannot be had.

    The answer is kept for the process. :func:`load_or_raise` tells why there is none.

    Args:
        source: the C file.
        flags: compiler flags in addition to :data:`FLAGS`.
        includes: files that the source includes by a path of its own.
    """
    try:
        return load_or_raise(source, flags, includes)
    except ToolError:
        return None


def load_or_raise(
    source: Path, flags: tuple[str, ...] = (), includes: tuple[Path, ...] = ()
) -> ctypes.CDLL:
    """Like :func:`load`, without memory and with a reason; arguments as for :func:`build`.

    Raises:
        ToolError: if the library cannot be built or the system refuses to load it.
    """
    library = build(source, flags, includes)
    try:
        return ctypes.CDLL(str(library))
    except OSError as error:
        raise ToolError(
            f"{library} cannot be loaded ({error}): set XDG_CACHE_HOME to a folder for programs"
        ) from None


def build(source: Path, flags: tuple[str, ...] = (), includes: tuple[Path, ...] = ()) -> Path:
    """The shared library of a C source file: from the cache, else compiled now.

    Args:
        source: the C file.
        flags: compiler flags in addition to :data:`FLAGS`.
        includes: files that the source includes by a path of its own.

    Returns:
        A file in a folder that only this user can write.

    Raises:
        ToolError: if there is no C compiler, or none that compiles the file.
    """
    texts = [_source_text(path) for path in (source, *includes)]
    folder = _cache_folder()
    failure = ToolError("")
    for compiler in _compilers():
        try:
            name = f"{source.stem}-{_key(texts, flags, compiler)}"
            return _cached(folder, name) or _compile(compiler, source, flags, folder, name)
        except ToolError as error:
            failure = error
        except OSError as error:
            failure = ToolError(
                f"cannot write {folder} ({reason(error)}): set XDG_CACHE_HOME to another folder"
            )
    raise failure


def _source_text(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ToolError(f"cannot read {path} ({reason(error)}): install lgn2hdl again") from None


def _compilers() -> list[tuple[str, ...]]:
    """Commands to try, at least one."""
    named = os.environ.get("CC", "").strip()
    if named:
        try:
            command = shlex.split(named)
        except ValueError:
            command = [named]
        if shutil.which(command[0]) is None:
            raise ToolError(f"CC names {command[0]}, which is not a program: correct or unset CC")
        return [tuple(command)]
    found = [path for path in map(shutil.which, COMPILERS) if path]
    if not found:
        raise ToolError(f"no C compiler ({', '.join(COMPILERS)}) is installed: install gcc")
    return [(path,) for path in found]


def _key(texts: list[bytes], flags: tuple[str, ...], compiler: tuple[str, ...]) -> str:
    """Hash of everything that decides what the library holds and where it can run."""
    _, version = _run([*compiler, "--version"])
    parts = [
        *texts,
        repr((FLAGS, flags, compiler)).encode(),
        version.encode(),
        _instruction_set().encode(),
    ]
    digests = b"".join(hashlib.sha256(part).digest() for part in parts)
    return hashlib.sha256(digests).hexdigest()[:32]


def _instruction_set() -> str:
    """What distinguishes processors: Linux lists the extensions of the first one."""
    found = ""
    with contextlib.suppress(OSError):
        lines = _CPUINFO.read_text(errors="replace").splitlines()
        found = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return f"{platform.system()} {platform.machine()} {found or platform.processor()}"


def _cached(folder: Path, name: str) -> Path | None:
    """The whole library of this name; damaged ones are removed."""
    for path in sorted(folder.glob(f"{name}-*.so")):
        with contextlib.suppress(OSError):
            if is_private(path.lstat()) and path.name == _file_name(name, path.read_bytes()):
                return path
            path.unlink()
    return None


def _file_name(name: str, content: bytes) -> str:
    return f"{name}-{hashlib.sha256(content).hexdigest()}.so"


def _compile(
    compiler: tuple[str, ...], source: Path, flags: tuple[str, ...], folder: Path, name: str
) -> Path:
    """Compile in a folder of our own and move the result into the cache in one step."""
    with scratch_folder(folder, UNFINISHED) as work:
        output = work / "library.so"
        for common in (FLAGS, tuple(flag for flag in FLAGS if flag != "-march=native")):
            command = [*compiler, *common, *flags, "-o", str(output), str(source), "-lm"]
            code, printed = _run(command)
            if code == 0:
                break
        if code:
            raise ToolError(
                f"{compiler[0]} failed on {source.name} with exit code {code}: "
                f"{_complaint(printed)}; set CC to another C compiler"
            )
        if not output.is_file() or output.stat().st_size == 0:
            raise ToolError(f"{compiler[0]} wrote no library: set CC to another C compiler")
        output.chmod(0o700)
        return output.replace(folder / _file_name(name, output.read_bytes()))


def _run(command: list[str]) -> tuple[int, str]:
    """Exit code and printed text; a compiler that hangs is ended with the programs it started."""
    try:
        # (Messages in one language.)
        return run_program(command, environment={"LC_ALL": "C"}, timeout=TIMEOUT)
    except OSError as error:
        raise ToolError(
            f"{command[0]} cannot be started ({reason(error)}): set CC to another C compiler"
        ) from None
    except OutputError as error:
        raise ToolError(str(error)) from None
    except subprocess.TimeoutExpired:
        raise ToolError(
            f"{command[0]} did not finish within {TIMEOUT:g} s: set CC to another C compiler"
        ) from None


def _complaint(printed: str) -> str:
    """The first line that names an error, else the last line."""
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    errors = [line for line in lines if "error: " in line]
    return (errors or lines[-1:] or ["it printed nothing"])[0]


def _cache_folder() -> Path:
    """A folder that only this user can write: in the user's cache, else one for this process."""
    return private_folder("native") or _folder_of_this_process()


@functools.cache
def _folder_of_this_process() -> Path:
    block = temporary_folder()
    try:
        folder = block.__enter__()
    except OutputError:
        raise ToolError("no folder for compiled code: set XDG_CACHE_HOME to one") from None
    owner = os.getpid()

    def remove() -> None:
        if os.getpid() == owner:  # a forked child leaves it to its parent
            block.__exit__(None, None, None)

    atexit.register(remove)
    return folder
