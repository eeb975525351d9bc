"""The user's cache: files that save work, named after what they were made from, and not trusted.

A file's name is the hash of everything that decides what it holds, and the hash of its own bytes,
so that a damaged one is seen. A folder or file that somebody else owns or can write is not used.
Nothing here fails: what cannot be read or kept is made anew by the caller.

This file uses the standard library alone: generated folders have a copy of it.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

FOLDER_BYTES = 256 << 20
"""Bytes that a folder of the cache holds; above it what was not used for longest is removed."""

LARGEST_FILE = 32 << 20
"""Bytes of a file; larger ones are not kept."""

UNFINISHED = ".unfinished-"
"""Begin of the names of files that are being written."""

ABANDONED_SECONDS = 3600.0
"""Age of an unfinished file whose writer must have been killed."""


def private_folder(name: str) -> Path | None:
    """A folder of the user's cache that only this user can write; None if it cannot be had."""
    home = os.environ.get("XDG_CACHE_HOME", "")
    try:
        cache = Path(home) if Path(home).is_absolute() else Path.home() / ".cache"
        folder = cache / "lgn2hdl" / name
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        if is_private(folder.lstat()) and os.access(folder, os.W_OK | os.X_OK):
            return folder
    except (OSError, RuntimeError):  # unwritable, or a user without a home
        pass
    return None


def is_private(status: os.stat_result) -> bool:
    """Whether it is no link, belongs to this user, and nobody else can write it."""
    others = stat.S_IWGRP | stat.S_IWOTH
    mine = status.st_uid == os.getuid() and not status.st_mode & others
    return mine and not stat.S_ISLNK(status.st_mode)


def key_of(parts: Iterable[bytes]) -> str:
    """One hash of all parts, in hexadecimal."""
    digests = b"".join(hashlib.sha256(part).digest() for part in parts)
    return hashlib.sha256(digests).hexdigest()[:32]


def find(name: str, key: str) -> bytes | None:
    """What was kept under a key in the folder of this name; a file that is not whole is removed."""
    folder = private_folder(name)
    if folder is None:
        return None
    for path in sorted(folder.glob(f"{key}-*")):
        data = _private_bytes(path)
        with suppress(OSError):
            if data is not None and path.name == _file_name(key, data):
                os.utime(path)  # used now
                return data
            path.unlink()
    return None


def keep(name: str, key: str, data: bytes, folder_bytes: int = FOLDER_BYTES) -> None:
    """Keep bytes under a key; they appear in one step, and what is oldest makes room for them."""
    folder = private_folder(name)
    if folder is None or len(data) > min(LARGEST_FILE, folder_bytes):
        return
    unfinished = folder / f"{UNFINISHED}{secrets.token_hex(8)}"
    try:
        with suppress(OSError):
            handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            unfinished.replace(folder / _file_name(key, data))
            _make_room(folder, folder_bytes)
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def _file_name(key: str, data: bytes) -> str:
    return f"{key}-{hashlib.sha256(data).hexdigest()}"


def _private_bytes(path: Path) -> bytes | None:
    """Bytes of a regular file that only this user can write and that is not too large."""
    with suppress(OSError):
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(handle)
            if stat.S_ISREG(status.st_mode) and is_private(status):
                data = file.read(LARGEST_FILE + 1)
                return data if len(data) <= LARGEST_FILE else None
    return None


def _make_room(folder: Path, folder_bytes: int) -> None:
    """Remove what killed writers left, and of the rest what was not used for longest."""
    now, left = time.time(), folder_bytes
    statuses = {}
    for path in folder.iterdir():
        with suppress(OSError):  # others make room, too
            statuses[path] = path.lstat()
    for path, status in sorted(statuses.items(), key=lambda item: -item[1].st_mtime_ns):
        unfinished = path.name.startswith(UNFINISHED)
        left -= 0 if unfinished else status.st_size
        age = now - status.st_mtime
        if (left < 0 and not unfinished) or (unfinished and age > ABANDONED_SECONDS):
            with suppress(OSError):
                path.unlink()
