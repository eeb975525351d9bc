"""Files and folders that appear complete or not at all; nothing but regular files is replaced."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from lgn2hdl.base import scratch
from lgn2hdl.base.errors import OutputError
from lgn2hdl.base.scratch import UNFINISHED
from lgn2hdl.base.system_errors import NotAFileError, explained, reason

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2

_SWAP_TRIES = 100
_CHANGED_MEANWHILE = (errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST)
"""How often to put a folder into its place while other processes make and remove one there."""

_MAX_MARKER_BYTES = 1 << 26
"""Longest manifest that is read to see whether a folder is ours."""

_ELSEWHERE = "choose another --out"

_FULL = (errno.ENOSPC, errno.EDQUOT)

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def is_file(path: Path) -> bool:
    """Whether a regular file is there; what may not be looked at, or cannot be, is none."""
    return os.path.isfile(path)  # noqa: PTH113 (Path.is_file raises where one may not look)


def is_folder(path: Path) -> bool:
    """Whether a folder is there; what may not be looked at, or cannot be, is none."""
    return os.path.isdir(path)  # noqa: PTH112 (as above)


def open_file(path: Path) -> IO[bytes]:
    """Open a regular file for reading; never waits, as opening a pipe would.

    Raises:
        OSError: if there is none, it may not be read, or it is a folder, a pipe or a device.
    """
    _require_regular(path.stat())  # before it is opened: to open a device can do something
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    try:
        _require_regular(os.fstat(handle))
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def read_file(path: Path) -> bytes:
    """The bytes of a regular file.

    Raises:
        OSError: as :func:`open_file`.
    """
    with open_file(path) as file:
        return file.read()


def _require_regular(status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(status.st_mode):
        raise NotAFileError(_kind(status))


def _kind(status: os.stat_result) -> str:
    return _KINDS.get(stat.S_IFMT(status.st_mode), "a special file")


def write_atomically(path: Path, data: bytes) -> None:
    """Replace ``path`` by ``data`` through a temporary file in the same folder.

    A symbolic link stays: the file that it names is replaced. A file keeps its permissions.

    Raises:
        OutputError: if the folder or the file cannot be written, or ``path`` is no regular file.
    """
    target, mode = _destination(path)
    temporary, handle = _temporary(path, target)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            temporary.chmod(mode)
            temporary.replace(target)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise OutputError(_cannot_write(path, error)) from None
        raise
    finally:
        scratch.release(temporary)


def require_writable(path: Path) -> None:
    """Check that a file can be written at ``path``, before long work is done for it.

    Raises:
        OutputError: if it is a folder, a pipe or a device, may not be written, or its folder
            cannot be made or written.
    """
    _try_temporary(path, _destination(path)[0])


def _destination(path: Path) -> tuple[Path, int]:
    """The regular file that is replaced or made by writing ``path``, and its permissions.

    Raises:
        OutputError: if something else is there, or a file that may not be written.
    """
    status = _status(path)
    target = Path(os.path.realpath(path))
    if status is None:
        return target, 0o666 & ~_umask()
    if stat.S_ISDIR(status.st_mode):
        raise OutputError(
            f"cannot write {path}: it is a folder; give a file name such as {path / 'model.lgn'}"
        )
    there = _status(target)  # (links in /proc name files that may be gone)
    if not stat.S_ISREG(status.st_mode) or there is None or not os.path.samestat(status, there):
        raise OutputError(
            f"cannot write {path}: it is {_kind(status)}, not a file; choose another place"
        )
    if not os.access(target, os.W_OK):
        raise OutputError(f"cannot write {path}: it is write-protected; choose another place")
    return target, stat.S_IMODE(status.st_mode)


def _status(path: Path, *, follow: bool = True) -> os.stat_result | None:
    """What is at a path; None if nothing is.

    Raises:
        OutputError: if it cannot be told.
    """
    try:
        return path.stat(follow_symlinks=follow)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise OutputError(_cannot_write(path, error)) from None


def _try_temporary(path: Path, target: Path) -> None:
    temporary, handle = _temporary(path, target)
    temporary.unlink(missing_ok=True)
    os.close(handle)
    scratch.release(temporary)


def _temporary(path: Path, target: Path) -> tuple[Path, int]:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch.sweep(target.parent, UNFINISHED)
        return scratch.claim(target.parent, UNFINISHED, folder=False)
    except OSError as error:
        raise OutputError(_cannot_write(path, error)) from None


@contextmanager
def replaced_folder(target: Path, marker: str) -> Iterator[Path]:
    """A new folder to fill; when the block ends well it takes the place of ``target`` in one step.

    If the block fails or the process is killed, ``target`` is what it was before.

    Args:
        target: where the folder shall be; its parents are made.
        marker: the manifest that every such folder has (:func:`is_ours`); an existing ``target``
            without it is not ours and is not touched, unless it is empty.

    Raises:
        OutputError: if ``target`` is not ours or cannot be written.
    """
    require_replaceable(target, marker)
    try:
        with scratch.scratch_folder(target.parent, UNFINISHED) as fresh:
            yield fresh
            fresh.chmod(0o777 & ~_umask())
            with scratch.not_swept(target.parent):
                _swap(fresh, target, marker)
            # (What is removed with the block now is the old folder.)
    except OSError as error:
        raise OutputError(f"cannot write {target}: {explained(error, _ELSEWHERE)}") from None
    if os.path.lexists(fresh):
        raise OutputError(f"{target} is written, but the old one is left at {fresh}: remove it")


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """An empty folder that is removed when the block ends; see :mod:`scratch`.

    Raises:
        OutputError: if there is no place for it, or for what the block writes into it.
    """
    block = scratch.scratch_folder()
    try:
        folder = block.__enter__()
    except OSError as error:
        raise OutputError(
            f"no temporary folder can be made ({reason(error)}): set TMPDIR to a folder"
        ) from None
    with ExitStack() as stack:
        stack.push(block)
        try:
            yield folder
        except OSError as error:
            if error.errno not in _FULL or error.filename is not None:
                raise  # (writing into an open file, unlike opening it, does not tell its name)
            raise OutputError(
                f"cannot write temporary files in {folder.parent}: {reason(error)}; free space "
                "there, or set TMPDIR to another folder"
            ) from None


def require_replaceable(target: Path, marker: str) -> None:
    """Check that :func:`replaced_folder` can write ``target`` and destroys nobody's work.

    Raises:
        OutputError: if ``target`` exists and is not an empty folder or one of ours, or cannot be
            written or removed.
    """
    if target.name in ("", ".."):
        raise OutputError(f"{target} is no name for a new folder: choose another --out")
    status = _status(target, follow=False)
    if status is not None and not stat.S_ISDIR(status.st_mode):
        raise OutputError(f"{target} is not a folder: choose another --out")
    if status is not None:
        _require_ours(target, target, marker)
        _require_removable(target)
    _try_temporary(target, target)


def _require_ours(folder: Path, target: Path, marker: str) -> None:
    """Check that a folder is empty or was written by us; ``target`` is its name for people."""
    try:
        with os.scandir(folder) as entries:
            is_empty = next(entries, None) is None
    except FileNotFoundError:
        return  # another process has just removed it
    except OSError as error:
        raise OutputError(f"cannot read {target}: {explained(error, _ELSEWHERE)}") from None
    if not is_empty and not is_ours(folder / marker):
        raise OutputError(
            f"{target} was not written by lgn2hdl (it has no {marker}): choose another --out"
        )


def is_ours(manifest: Path) -> bool:
    """Whether a file is a manifest of lgn2hdl: JSON that tells the version that wrote it.

    Other programs write a ``manifest.json``, too.
    """
    try:
        with open_file(manifest) as file:
            values = json.loads(file.read(_MAX_MARKER_BYTES))
    except (OSError, ValueError, RecursionError):
        return False
    places = [values, values.get("tools")] if isinstance(values, dict) else []
    return any(isinstance(place, dict) and "lgn2hdl" in place for place in places)


def _require_removable(folder: Path) -> None:
    """Check that all that is in a folder can be removed, and the folder itself."""

    def check(place: str) -> None:
        if os.path.lexists(place) and not os.access(place, os.R_OK | os.W_OK | os.X_OK):
            raise OutputError(
                f"cannot replace {folder}: {place} is write-protected; choose another --out"
            )

    for place, _, _ in os.walk(folder, onerror=lambda error: check(error.filename)):
        check(place)


def _swap(fresh: Path, target: Path, marker: str) -> None:
    """Put ``fresh`` at ``target``; afterwards ``fresh`` is the old folder, if there was one.

    Raises:
        OutputError: if somebody else's folder has come to be at ``target``; it is there again.
    """
    _put(fresh, target)
    try:
        if os.path.lexists(fresh):
            _require_ours(fresh, target, marker)
    except BaseException:
        _exchange_or_rename(fresh, target)
        raise


def _put(fresh: Path, target: Path) -> None:
    """Put ``fresh`` at ``target``, where other processes may be doing the same."""
    for _ in range(_SWAP_TRIES):
        try:
            if os.path.lexists(target):
                _exchange_or_rename(fresh, target)
            else:
                fresh.rename(target)
            return
        except OSError as error:
            if error.errno not in _CHANGED_MEANWHILE:
                raise
    raise OutputError(f"cannot write {target}: others write it all the time")


def _exchange_or_rename(fresh: Path, target: Path) -> None:
    if not _exchange(fresh, target):
        _rename_twice(fresh, target)


def _rename_twice(fresh: Path, target: Path) -> None:
    """Exchange two folders where that takes two steps (not Linux, or an old file system)."""
    old = fresh.with_name(fresh.name + ".old")
    target.rename(old)
    try:
        fresh.rename(target)
    except BaseException:
        old.rename(target)
        raise
    old.rename(fresh)


def _exchange(first: Path, second: Path) -> bool:
    """Exchange two folders in one step (renameat2 of Linux); False where that does not exist."""
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    names = (os.fsencode(first), os.fsencode(second))
    if renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
        return False
    raise OSError(code, os.strerror(code))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _cannot_write(path: Path, error: OSError) -> str:
    return f"cannot write {path}: {explained(error, 'choose another place')}"
