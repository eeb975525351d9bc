"""Standard streams that are full, closed, or of a narrow encoding."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from lgn2hdl.base.errors import OutputError
from lgn2hdl.base.system_errors import explained

READER_GONE = 128 + 13
"""Exit code when nobody reads the output any more: what shells show of a filter in this case."""


class ReaderGoneError(Exception):
    """Nobody reads stdout any more (``| head``)."""


class _Wrapper(io.TextIOWrapper):
    """A stream on the buffer of another one, which would close the buffer if it were not kept."""

    original: TextIO | None = None


class _Results(_Wrapper):
    """Stdout: results that cannot be written end the command in one line.

    Raises:
        OutputError: for example if the disk is full.
        ReaderGoneError: as it says; click and rich would end the process themselves.
    """

    def write(self, text: str, /) -> int:
        with _failures():
            return super().write(text)

    def flush(self) -> None:
        with _failures():
            super().flush()


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise ReaderGoneError from None
    except OSError as error:
        why = explained(error, "choose another place")
        raise OutputError(f"cannot write the output: {why}") from None


class _Notes(_Wrapper):
    """Stderr: notes that cannot be written are lost, and what the command does is not."""

    def write(self, text: str, /) -> int:
        with suppress(OSError):
            return super().write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            super().flush()


def prepare_streams() -> None:
    """Make the standard streams of this process such that they can be used without a thought.

    Closed ones become empty ones, lest the next file that is opened takes their place. Characters
    that the encoding lacks are written as escapes.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number: this one
    sys.stdin = sys.stdin or io.TextIOWrapper(os.fdopen(0, "rb", closefd=False))
    sys.stdout = _wrapped(_Results, sys.stdout, 1)
    sys.stderr = _wrapped(_Notes, sys.stderr, 2)


def _wrapped(kind: type[_Wrapper], stream: TextIO | None, number: int) -> TextIO:
    if stream is None:  # it was closed when Python began
        return kind(os.fdopen(number, "wb", closefd=False), "utf-8", "backslashreplace")
    errors = "backslashreplace" if stream.errors == "strict" else stream.errors
    is_lively = kind is _Notes or stream.isatty()
    result = kind(stream.buffer, stream.encoding, errors, line_buffering=is_lively)
    result.original = stream
    return result


def write_out() -> None:
    """Write what is printed and not yet written.

    Raises:
        OutputError, ReaderGoneError: if that is impossible; it is forgotten then, lest Python
            complains about it when it ends.
    """
    try:
        sys.stdout.flush()
    except (OutputError, ReaderGoneError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, sys.stdout.fileno())
        os.close(nothing)
        raise
