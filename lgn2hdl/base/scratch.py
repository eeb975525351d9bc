"""Files and folders for the time of a task; what a killed process leaves is swept away later.

Each of them is locked as long as its process lives. The system lets go of the lock when the process
ends, however it ends, so that one which nobody holds is rubbish: it is removed when the next one is
made beside it. A lock tells more than a process number would, which another process may have by
then, and which means nothing in another container that shares the folder.

This file uses the standard library alone: generated folders have a copy of it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path

SCRATCH = "lgn2hdl-scratch-"
"""Begin of the names of folders in the system's temporary folder."""

UNFINISHED = ".lgn2hdl-unfinished-"
"""Begin of the names of what is made beside its place, to be moved there when it is complete."""

SWEEP_SECONDS = 60.0
"""How long a sweeper is waited for, which may have much to remove."""

_DIGITS = 8
_CLAIM_TRIES = 100
_live: set[Path] = set()
_swept: set[Path] = set()


@contextmanager
def scratch_folder(parent: Path | None = None, prefix: str = SCRATCH) -> Iterator[Path]:
    """An empty folder that is removed when the block ends.

    Args:
        parent: where; the system's temporary folder by default.
        prefix: begin of its name; what killed processes left of the same kind is removed.

    Raises:
        OSError: if it cannot be made.
    """
    if parent is None:
        place = sweep_temporary()
    else:
        place = parent
        sweep(place, prefix)
    path, lock = claim(place, prefix, folder=True)
    try:
        yield path
    finally:
        _remove(path)
        _live.discard(path)
        os.close(lock)


def claim(parent: Path, prefix: str, *, folder: bool) -> tuple[Path, int]:
    """Make a file or folder with a new name that nobody sweeps away as long as it is open.

    Returns:
        Its path, and the open file descriptor (of a file: for reading and writing), to be closed.

    Raises:
        OSError: if it cannot be made.
    """
    for left in reversed(range(_CLAIM_TRIES)):
        path = parent / f"{prefix}{secrets.token_hex(_DIGITS // 2)}"
        try:
            if folder:
                path.mkdir(0o700)
                handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            else:
                handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        except FileExistsError:
            continue
        except FileNotFoundError:
            if left and parent.is_dir():
                continue  # swept between the two steps; or nothing can be made there, as in /proc
            raise
        if _lock(handle) is not False and _is_at(handle, path):
            _live.add(path)
            return path, handle
        os.close(handle)  # swept before it was locked
    raise OSError(errno.EBUSY, "no name is free for something temporary")


def release(path: Path) -> None:
    """Forget a claimed path that has been moved to its place or removed."""
    _live.discard(path)


def sweep_temporary() -> Path:
    """Remove what killed processes left in the system's temporary folder, and say which that is.

    It is looked through once: it may be large, and slow to list.

    Raises:
        OSError: if there is none.
    """
    place = Path(tempfile.gettempdir())
    if place not in _swept:
        _swept.add(place)
        sweep(place, SCRATCH)
    return place


def sweep(parent: Path, prefix: str) -> None:
    """Remove what processes that were killed have left in a folder, as far as that is possible."""
    name = re.compile(re.escape(prefix) + f"[0-9a-f]{{{_DIGITS}}}")
    with suppress(OSError), _locked(parent, fcntl.LOCK_EX, seconds=0):
        for path in [path for path in parent.iterdir() if name.fullmatch(path.name)]:
            with suppress(OSError):
                _remove_abandoned(path)


def not_swept(parent: Path) -> AbstractContextManager[None]:
    """While the block runs, nobody sweeps this folder.

    For what is about to have a name that sweepers look for, and is not locked. A folder that this
    process has claimed is locked already, and no sweeper gets that lock.
    """
    if parent in _live:
        return nullcontext()
    return _locked(parent, fcntl.LOCK_SH, SWEEP_SECONDS)


@contextmanager
def _locked(parent: Path, kind: int, seconds: float) -> Iterator[None]:
    """Hold a lock on a folder itself.

    Where there are no such locks, or one may not read the folder, the block runs all the same, and
    also if somebody holds it longer than the given time; but not if that is 0.

    Raises:
        OSError: if the time is 0 and the lock is not to be had.
    """
    try:
        handle = os.open(parent, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        yield
        return
    try:
        deadline = time.monotonic() + seconds
        while _lock(handle, kind) is False:
            if not seconds:
                raise BlockingIOError(errno.EWOULDBLOCK, os.strerror(errno.EWOULDBLOCK))
            if time.monotonic() > deadline:
                break
            time.sleep(0.005)
        yield
    finally:
        os.close(handle)


def remove_all() -> None:
    """Remove all that this process has claimed: it is about to end without ceremony."""
    for path in list(_live):
        _remove(path)


def _remove_abandoned(path: Path) -> None:
    """Remove a file or folder of this user's, unless a process holds its lock."""
    status = path.lstat()
    is_folder = stat.S_ISDIR(status.st_mode)
    if status.st_uid != os.geteuid() or not (is_folder or stat.S_ISREG(status.st_mode)):
        return
    how = os.O_RDONLY | os.O_DIRECTORY if is_folder else os.O_RDWR
    handle = os.open(path, how | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if _lock(handle):
            _remove(path)
    finally:
        os.close(handle)


def _lock(handle: int, kind: int = fcntl.LOCK_EX) -> bool | None:
    """Whether the lock was free and is ours now; None where the file system has no locks."""
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except OSError as error:
        return False if error.errno in (errno.EWOULDBLOCK, errno.EACCES) else None
    return True


def _is_at(handle: int, path: Path) -> bool:
    """Whether an open file still is what its path names."""
    try:
        return os.path.samestat(os.fstat(handle), path.lstat())
    except OSError:
        return False


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)
