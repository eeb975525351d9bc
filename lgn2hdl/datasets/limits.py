"""Reading files of unknown origin: nothing is allocated before a limit on its size was checked."""

from __future__ import annotations

import gzip
import io
import math
import tokenize
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np
import numpy.typing as npt

from lgn2hdl.base import files
from lgn2hdl.base.errors import DataError
from lgn2hdl.base.system_errors import explained

MAX_BYTES = 1 << 32
"""Most bytes that are read from one user file, after decompression: 4 GiB."""

_CHUNK = 1 << 24
_BROKEN = (
    zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError,
    OSError, SyntaxError, OverflowError, MemoryError, tokenize.TokenError,
)  # fmt: skip


class Readable(Protocol):
    """A stream of bytes."""

    def read(self, size: int = -1, /) -> bytes:
        """At most ``size`` bytes; none at the end."""
        ...


def read_file(path: Path, limit: int = MAX_BYTES) -> bytes:
    """The bytes of a file of at most ``limit`` bytes.

    Raises:
        DataError: if the file is missing, unreadable or longer.
    """
    with open_file(path) as stream:
        data = _read_up_to(stream, limit + 1)
    if len(data) > limit:
        raise DataError(f"{path} is longer than {limit} bytes")
    return data


def open_file(path: Path) -> IO[bytes]:
    """Open a file for reading.

    Raises:
        DataError: if it is missing, a folder, a pipe or a device, or unreadable.
    """
    try:
        return files.open_file(path)
    except IsADirectoryError:
        raise DataError(f"{path} is a folder: give a file") from None
    except FileNotFoundError:
        raise DataError(f"no file {path}: check the path") from None
    except OSError as error:
        raise DataError(f"cannot read {path}: {explained(error, 'check the path')}") from None


def gunzip(data: bytes, limit: int, what: str) -> bytes:
    """Decompress gzip bytes that must not expand to more than ``limit`` bytes.

    Raises:
        DataError: if they are damaged or expand to more; ``what`` names them.
    """
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            content = _read_up_to(stream, limit + 1)
    except _BROKEN:
        raise DataError(f"{what} is damaged (gzip): get it again") from None
    if len(content) > limit:
        raise DataError(f"{what} expands to more than {limit} bytes: get it again")
    return content


def gunzip_start(data: bytes, size: int, what: str) -> bytes:
    """The first ``size`` bytes, or fewer, that gzip bytes expand to.

    Raises:
        DataError: if they are damaged.
    """
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            return stream.read(size)
    except _BROKEN:
        raise DataError(f"{what} is damaged (gzip): get it again") from None


def unzip(data: bytes, member: str, limit: int, what: str) -> bytes:
    """One member, of at most ``limit`` bytes, of a ZIP archive.

    Raises:
        DataError: if the archive is damaged, or the member is missing or longer.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(member) as stream:
            content = _read_up_to(stream, limit + 1)
    except KeyError:
        raise DataError(f"{what} has no {member}: get it again") from None
    except _BROKEN:
        raise DataError(f"{what} is damaged (zip): get it again") from None
    if len(content) > limit:
        raise DataError(f"{member} of {what} is longer than {limit} bytes")
    return content


def read_npz(path: Path, wanted: Iterable[str] | None = None) -> dict[str, npt.NDArray[Any]]:
    """The plain arrays of an NPZ file, checked before they are read; never unpickles.

    Args:
        path: the file.
        wanted: names of the arrays to read, as far as they exist; all of them by default.

    Raises:
        DataError: if the file is missing, no NPZ, damaged, too large, or holds object arrays.
    """
    with open_file(path) as file:
        try:
            with zipfile.ZipFile(file) as archive:
                members = _chosen(path, archive, wanted)
                return {name: _member(path, archive, info) for name, info in members.items()}
        except _BROKEN as error:
            raise DataError(f"{path} is not an NPZ file or is damaged ({_text(error)})") from None


def _text(error: BaseException) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__


def _chosen(
    path: Path, archive: zipfile.ZipFile, wanted: Iterable[str] | None
) -> dict[str, zipfile.ZipInfo]:
    names = None if wanted is None else set(wanted)
    members = {
        info.filename.removesuffix(".npy"): info
        for info in archive.infolist()
        if names is None or info.filename.removesuffix(".npy") in names
    }
    total = sum(info.file_size for info in members.values())
    if total > MAX_BYTES:
        raise DataError(f"{path} would expand to {total} bytes: at most {MAX_BYTES} are read")
    return members


def _member(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> npt.NDArray[Any]:
    with archive.open(info) as stream:
        return _read_array(stream, info.file_size, f"{info.filename!r} in {path}")


def read_npy(path: Path) -> npt.NDArray[Any]:
    """The array of an NPY file, checked before it is read; never unpickles.

    Raises:
        DataError: if the file is missing, no NPY, damaged, too large, or an object array.
    """
    with open_file(path) as file:
        try:
            return _read_array(file, path.stat().st_size, str(path))
        except _BROKEN as error:
            raise DataError(f"{path} is not an NPY file or is damaged ({_text(error)})") from None


def _read_array(stream: Any, available: int, what: str) -> npt.NDArray[Any]:
    """Read one NPY stream whose length is declared as ``available`` bytes."""
    shape, fortran_order, dtype = _header(stream)
    if dtype.hasobject:
        raise DataError(f"{what} holds pickled Python objects: save plain numbers or text")
    if dtype.kind not in "buifUS":
        raise DataError(f"{what} holds {dtype} values: save numbers or text")
    if min(shape, default=0) < 0:
        raise DataError(f"{what} is damaged: a negative shape")
    size = dtype.itemsize * math.prod(shape)  # Python integers: no overflow
    if size > min(available, MAX_BYTES):
        raise DataError(f"{what} is damaged: its header asks for {size} bytes, it has {available}")
    data = _read_up_to(stream, size)
    if len(data) < size:
        raise DataError(f"{what} is truncated: get it again")
    array = np.frombuffer(data, dtype) if size else np.empty(0, dtype)
    return array.reshape(shape, order="F" if fortran_order else "C")


def _header(stream: Any) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(stream)
    if version == (2, 0):
        return np.lib.format.read_array_header_2_0(stream)
    raise ValueError(f"version {version} of the format is unknown")


def _read_up_to(stream: Readable, size: int) -> bytes:
    """At most ``size`` bytes, in steps, so that a wrong size costs no memory."""
    parts, left = [], size
    while left and (part := stream.read(min(left, _CHUNK))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)
