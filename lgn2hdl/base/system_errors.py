"""What a message says of an error of the operating system: what happened, and what to do next."""

from __future__ import annotations

import errno

_ADVICE = {
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ENOSPC: "choose another place, or free space there",
    errno.EDQUOT: "choose another place, or remove files of yours there",
    errno.EROFS: "choose another place, this one can only be read",
    errno.EACCES: "change the permissions of the file or its folder, or choose another place",
    errno.EPERM: "change the permissions of the file or its folder, or choose another place",
    errno.ELOOP: "mend the link, or give what it should lead to",
    errno.EISDIR: "give a file, not a folder",
    errno.EMFILE: "allow more open files with 'ulimit -n'",
    errno.ENFILE: "close other programs, the whole system has too many open files",
    errno.EFBIG: "choose another place, or allow larger files with 'ulimit -f'",
    errno.EIO: "check the disk, or choose another place",
    errno.ENOMEM: "close other programs",
}
"""What to do next, where the error alone says it."""


class NotAFileError(OSError):
    """Something else is where a regular file has to be; says itself what to do next."""

    def __init__(self, what: str) -> None:
        super().__init__(errno.EINVAL, f"it is {what}, not a file: copy the data to a file")


def reason(error: OSError) -> str:
    """What the operating system says, without the path (which the message has already)."""
    return error.strerror or str(error)


def explained(error: OSError, otherwise: str) -> str:
    """What the operating system says, and what to do next.

    Args:
        error: the error.
        otherwise: what to do next, where the kind of error says nothing better.
    """
    if isinstance(error, NotAFileError):
        return reason(error)
    return f"{reason(error)}; {_ADVICE.get(error.errno or 0, otherwise)}"
