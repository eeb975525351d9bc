"""Files and folders that appear complete or not at all."""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from lgn2hdl import scratch
from lgn2hdl.errors import OutputError
from lgn2hdl.scratch import UNFINISHED

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def write_atomically(path: Path, data: bytes) -> None:
    """Replace ``path`` by ``data`` through a temporary file in the same folder.

    Raises:
        OutputError: if the folder or the file cannot be written.
    """
    temporary, handle = _temporary(path)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            temporary.chmod(0o666 & ~_umask())
            temporary.replace(path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise OutputError(f"cannot write {path}: {reason(error)}") from None
        raise
    finally:
        scratch.release(temporary)


def require_writable(path: Path) -> None:
    """Check that a file can be written at ``path``, before long work is done for it.

    Raises:
        OutputError: if it is a folder, or its folder cannot be made or written.
    """
    if path.is_dir():
        raise OutputError(f"{path} is a folder: give a file name such as {path / 'model.lgn'}")
    _try_temporary(path)


def _try_temporary(path: Path) -> None:
    temporary, handle = _temporary(path)
    temporary.unlink(missing_ok=True)
    os.close(handle)
    scratch.release(temporary)


def _temporary(path: Path) -> tuple[Path, int]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch.sweep_once(path.parent, UNFINISHED)
        return scratch.claim(path.parent, UNFINISHED, folder=False)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {reason(error)}; choose another place") from None


@contextmanager
def replaced_folder(target: Path, marker: str) -> Iterator[Path]:
    """A new folder to fill; when the block ends well it takes the place of ``target`` in one step.

    If the block fails or the process is killed, ``target`` is what it was before.

    Args:
        target: where the folder shall be; its parents are made.
        marker: a file that every such folder has; an existing ``target`` without it is not ours
            and is not touched, unless it is empty.

    Raises:
        OutputError: if ``target`` is not ours or cannot be written.
    """
    require_replaceable(target, marker)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with scratch.scratch_folder(target.parent, UNFINISHED) as fresh:
            yield fresh
            fresh.chmod(0o777 & ~_umask())
            _swap(fresh, target)  # (what is removed with the block now is the old folder)
    except OSError as error:
        raise OutputError(f"cannot write {target}: {reason(error)}; choose another --out") from None


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """An empty folder that is removed when the block ends; see :mod:`scratch`.

    Raises:
        OutputError: if there is no place for it.
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
        yield folder


def require_replaceable(target: Path, marker: str) -> None:
    """Check that :func:`replaced_folder` can write ``target`` and destroys nobody's work.

    Raises:
        OutputError: if ``target`` exists and is not an empty folder or one of ours, or cannot be
            written.
    """
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise OutputError(f"{target} is not a folder: choose another --out")
    if target.is_dir() and any(target.iterdir()) and not (target / marker).is_file():
        raise OutputError(
            f"{target} was not written by lgn2hdl (it has no {marker}): choose another --out"
        )
    _try_temporary(target)


def _swap(fresh: Path, target: Path) -> None:
    """Put ``fresh`` at ``target``; afterwards ``fresh`` is the old folder, if there was one."""
    if not target.exists():
        fresh.rename(target)
        return
    if not _exchange(fresh, target):
        # No atomic exchange here (not Linux, or an old file system): the shortest gap there is.
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


def reason(error: OSError) -> str:
    """What the operating system says, without the path (which the message has already)."""
    return error.strerror or str(error)
