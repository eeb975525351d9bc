"""Where the bytes of a public file come from: a folder, the user's cache, or its public home."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from lgn2hdl.base.errors import DataError
from lgn2hdl.base.files import is_file
from lgn2hdl.base.scratch import UNFINISHED, scratch_folder
from lgn2hdl.datasets import limits
from lgn2hdl.datasets.download import Downloader, limits_for


@dataclass(frozen=True)
class PublicFile:
    """A public file with a known content.

    Attributes:
        path: place below a data folder or the cache. In a folder it may be gzip-compressed under
            this name with ``.gz`` added.
        url: public home.
        sha256: checksum of the file's bytes.
        size: their number.
    """

    path: str
    url: str
    sha256: str
    size: int


Shown = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""Given the name of a file and its bytes, a context in which it is told how many have come."""


@contextmanager
def hidden(name: str, size: int) -> Iterator[Callable[[int], None]]:
    """Show nothing."""
    yield lambda received: None


@dataclass(frozen=True)
class Places:
    """Where to look, in this order: folder, cache, public home.

    Attributes:
        folder: the user's data folder, if there is one.
        cache: folder of the same layout, into which is downloaded.
        download: whether a file that is in neither may be downloaded.
        shown: shows how a download goes on.
    """

    folder: Path | None
    cache: Path
    download: bool = True
    shown: Shown = hidden


def default_cache() -> Path:
    """The user's cache folder for data sets."""
    import pooch  # with all that it needs, slow to import

    return Path(pooch.os_cache("lgn2hdl"))


def fetch(file: PublicFile, places: Places) -> bytes:
    """The bytes of a public file, with the right checksum.

    Raises:
        DataError: if it is nowhere, or not the public file.
    """
    if places.folder is not None:
        data = _read(file, places.folder)
        if data is not None:
            return _checked(file, data, places.folder)
    data = _read(file, places.cache)
    if data is not None and _matches(file, data):
        return data
    if not places.download:
        raise missing(file.path, places, "downloading is switched off")
    return _download(file, places)


def missing(path: str, places: Places, reason: str) -> DataError:
    """The error for a file that is nowhere; it names the ways to get it."""
    looked = f"{places.folder} or " if places.folder is not None else ""
    return DataError(
        f"{path} is not in {looked}the cache {places.cache}, and {reason}: name a folder that has "
        "it with --data-dir or LGN2HDL_DATA, or connect once so that it is downloaded to the cache"
    )


def _read(file: PublicFile, folder: Path) -> bytes | None:
    """The file's bytes in a folder, plain or gzip-compressed; None where there is none."""
    plain, packed = folder / file.path, folder / f"{file.path}.gz"
    if is_file(plain):
        return limits.read_file(plain, max(file.size, plain.stat().st_size))
    if is_file(packed):
        # A compressed copy of a file that needs it is never larger than the file by much.
        data = limits.read_file(packed, file.size + (1 << 16))
        return limits.gunzip(data, file.size, str(packed))
    return None


def _matches(file: PublicFile, data: bytes) -> bool:
    return hashlib.sha256(data).hexdigest() == file.sha256


def _checked(file: PublicFile, data: bytes, folder: Path) -> bytes:
    if not _matches(file, data):
        raise DataError(
            f"{folder / file.path} is not the public file (its sha256 differs from "
            f"{file.sha256[:12]}...): replace or remove it"
        )
    return data


def _download(file: PublicFile, places: Places) -> bytes:
    with downloaded(file.path, file.url, file.size, places, file.sha256):
        pass
    return limits.read_file(places.cache / file.path)


@contextmanager
def downloaded(
    path: str, url: str, size: int, places: Places, sha256: str | None = None
) -> Iterator[Path]:
    """A file from its public home; it goes into the cache if the block ends without an error.

    Args:
        path: its place below the cache.
        url: its public home.
        size: its length in bytes, or a bound on it.
        places: which cache, and what shows how far the download is.
        sha256: its checksum, if the block does not check what came.

    Raises:
        DataError: if it cannot be had.
    """
    import pooch

    target = places.cache / path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # (What a killed process leaves half of is removed by the next one.)
        with scratch_folder(target.parent, UNFINISHED) as place:
            with places.shown(target.name, size) as show, _quiet_log():
                pooch.retrieve(
                    url,
                    known_hash=None if sha256 is None else f"sha256:{sha256}",
                    fname=target.name,
                    path=place,
                    downloader=Downloader(limits_for(size), show),
                )
            yield place / target.name
            (place / target.name).replace(target)
    except OSError as error:  # the base of the errors of requests, too; some are ValueErrors
        reason = f"downloading {url} failed ({_reason(error)})"
        raise missing(path, places, reason) from None
    except ValueError:  # pooch's checksum error
        raise DataError(
            f"{url} did not deliver the known file (its sha256 differs from "
            f"{str(sha256)[:12]}...): try again, or name a folder that has {path} with "
            "--data-dir or LGN2HDL_DATA"
        ) from None


def _reason(error: OSError) -> str:
    """What went wrong, in a few words: the innermost cause says it best."""
    cause: BaseException = error
    while cause.__cause__ is not None or cause.__context__ is not None:
        inner = cause.__cause__ or cause.__context__
        assert inner is not None
        cause = inner
    text = getattr(cause, "strerror", None) or str(error) or type(cause).__name__
    return " ".join(str(text).split())[:160]


@contextmanager
def _quiet_log() -> Iterator[None]:
    """Keep pooch from announcing the download beside the progress bar."""
    import pooch

    log = pooch.get_logger()
    level = log.level
    log.setLevel(logging.WARNING)
    try:
        yield
    finally:
        log.setLevel(level)
