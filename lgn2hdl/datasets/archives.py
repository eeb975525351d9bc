"""Wanted files of a ``.tar``, ``.tar.gz`` or ``.zip`` archive of unknown origin, into memory.

Nothing is unpacked on disk, whatever names the archive holds; what a file claims to be long is
compared with its known length before anything is allocated.
"""

from __future__ import annotations

import gzip
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any

from lgn2hdl.base.errors import DataError
from lgn2hdl.datasets.limits import Readable, open_file

ARCHIVE_SUFFIXES = (".tar.gz", ".tgz", ".tar", ".zip")
"""How the names of archives end; what an archive is tell its first bytes."""

MAX_OTHERS = 1 << 26
"""Most bytes of an unpacked archive beside its wanted files."""

MAX_ENTRIES = 10_000
"""Most entries of an archive that are looked at."""

_GZIP, _ZIP = b"\x1f\x8b", b"PK"
_Entry = tuple[str, int, Callable[[], Any]]
"""Name, length, and what opens a regular file of an archive."""

_BROKEN = (
    tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError,
    NotImplementedError, RuntimeError, OverflowError,
)  # fmt: skip


def wanted_files(path: Path, sizes: Mapping[str, int], what: str) -> dict[str, bytes]:
    """The bytes of the files of these names, in whatever folders of the archive they are.

    Args:
        path: the archive.
        sizes: the length of each wanted file by its name, without folders.
        what: the archive's name in error messages.

    Raises:
        DataError: if the archive is damaged, too long, or lacks a file of that name and length.
    """
    found: dict[str, bytes] = {}
    with open_file(path) as file:
        try:
            for name, size, opened in _entries(file, what, sum(sizes.values()) + MAX_OTHERS):
                if name in found or name not in sizes:
                    continue
                if size != sizes[name]:
                    raise DataError(
                        f"{name} of {what} has {size} bytes, not {sizes[name]}: get it again"
                    )
                found[name] = opened().read(size)
                if len(found) == len(sizes):
                    break
        except _BROKEN:
            raise DataError(f"{what} is a damaged archive: get it again") from None
    absent = [name for name in sizes if name not in found]
    if absent:
        raise DataError(f"{what} has no file {absent[0]}: get it again")
    return found


def _entries(file: IO[bytes], what: str, limit: int) -> Iterator[_Entry]:
    """The regular files one after the other, their names without folders."""
    head = file.read(2)
    file.seek(0)
    if head == _ZIP:
        entries = _zip_entries(file)
    else:
        plain = gzip.GzipFile(fileobj=file) if head == _GZIP else file
        entries = _tar_entries(_Bounded(plain, limit, what))
    for count, (name, size, opened) in enumerate(entries):
        if count == MAX_ENTRIES:
            raise DataError(f"{what} has more than {MAX_ENTRIES} entries: get it again")
        yield PurePosixPath(name).name, size, opened


def _zip_entries(file: IO[bytes]) -> Iterator[_Entry]:
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            if not info.filename.endswith("/"):  # (is_dir fails on a name that is empty)
                yield info.filename, info.file_size, partial(archive.open, info)


def _tar_entries(stream: _Bounded) -> Iterator[_Entry]:
    """Entries of a tar archive, read once from front to back; links and devices are left out."""
    with tarfile.open(fileobj=stream, mode="r|") as archive:  # type: ignore[call-overload]
        for member in archive:
            if member.isreg():
                yield member.name, member.size, partial(archive.extractfile, member)


class _Bounded:
    """A stream that ends in an error where it gets longer than an archive may be."""

    def __init__(self, stream: Readable, limit: int, what: str) -> None:
        self._stream, self._left, self._limit, self._what = stream, limit, limit, what

    def read(self, size: int = -1, /) -> bytes:
        """At most ``size`` bytes.

        Raises:
            DataError: if there are more than the limit in all.
        """
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise DataError(f"{self._what} expands to more than {self._limit} bytes: get it again")
        return data
