"""Public files that are known one by one, and come in a folder or in any archive of it.

How an archive was packed does not count: archives of the same files differ from tool to tool.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from lgn2hdl.base.errors import DataError
from lgn2hdl.base.files import is_file
from lgn2hdl.datasets import limits
from lgn2hdl.datasets.archives import ARCHIVE_SUFFIXES, wanted_files
from lgn2hdl.datasets.sources import Places, downloaded, missing


class Known(NamedTuple):
    """What is known of a file: its SHA-256, and its length in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True)
class PublicMembers:
    """Public files in an archive.

    Attributes:
        path: place of the archive below a data folder or the cache.
        url: its public home.
        size: its length in bytes, or a bound on it.
        members: the files by their names without folders.
        names: what a folder or, with :data:`ARCHIVE_SUFFIXES`, an archive of them may be called
            beside ``path`` and in the data folder itself.
    """

    path: str
    url: str
    size: int
    members: Mapping[str, Known]
    names: tuple[str, ...]


def fetch_members(files: PublicMembers, places: Places) -> dict[str, bytes]:
    """The files by name, with the right checksums: from the folder, the cache or their home.

    Raises:
        DataError: if they are nowhere, or one is not the public file.
    """
    found = None if places.folder is None else _place(files, places.folder)
    if found is not None:
        return _read(files, found)
    cached = _place(files, places.cache)
    if cached is not None:
        try:
            return _read(files, cached)
        except DataError:
            if not places.download:
                raise
    if not places.download:
        raise missing(files.path, places, "downloading is switched off")
    with downloaded(files.path, files.url, files.size, places) as arrived:
        return _read(files, arrived, files.url)


def _place(files: PublicMembers, folder: Path) -> Path | None:
    """The first folder or archive that may hold the files."""
    for place in _candidates(files, folder):
        if is_file(place) or any(is_file(place / name) for name in files.members):
            return place
    return None


def _candidates(files: PublicMembers, folder: Path) -> Iterator[Path]:
    own = folder / files.path
    yield own
    for base in (own.parent, folder):
        for name in files.names:
            yield base / name
            yield from (base / f"{name}{suffix}" for suffix in ARCHIVE_SUFFIXES)


def _read(files: PublicMembers, place: Path, what: str | None = None) -> dict[str, bytes]:
    """The files of a folder or an archive; ``what`` names it in messages, in place of its path."""
    sizes = {name: known.size for name, known in files.members.items()}
    what = what or str(place)
    found = wanted_files(place, sizes, what) if is_file(place) else _files_in(place, sizes)
    for name, data in found.items():
        digest, known = hashlib.sha256(data).hexdigest(), files.members[name].sha256
        if digest != known:
            raise DataError(
                f"{name} of {what} is not the public file (its sha256 is {digest[:12]}..., not "
                f"{known[:12]}...): get it again"
            )
    return found


def _files_in(folder: Path, sizes: Mapping[str, int]) -> dict[str, bytes]:
    for name, size in sizes.items():
        path = folder / name
        if is_file(path) and path.stat().st_size != size:
            raise DataError(
                f"{path} is not the public file (it has {path.stat().st_size} bytes, not {size}): "
                "get it again"
            )
    return {name: limits.read_file(folder / name, size) for name, size in sizes.items()}
