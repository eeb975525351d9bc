"""SIGINT and SIGTERM, from the first instruction of a command to its last: none is lost.

A signal raises ``KeyboardInterrupt`` while a command works, so that it can clean up, and ends the
process at once where an exception would get lost or become a traceback: in imports (libraries try
them and go on without), while Python starts or ends, and when it comes again. Nothing is lost by
that: files appear complete or not at all, programs end with this process (:mod:`leash`), and
temporary files are removed here or when the next command starts (:mod:`scratch`).

This module is imported before everything else and imports next to nothing itself.
"""

from __future__ import annotations

import _thread
import fcntl
import os
import signal
import sys
import time
from contextlib import suppress
from types import FrameType
from typing import Any, NoReturn

WORDS = {int(signal.SIGINT): "interrupted", int(signal.SIGTERM): "terminated"}
"""What is said of the signals that are handled."""

REPEAT_SECONDS = 1.0
"""A signal that comes again so soon is the same wish: ``timeout`` sends every one twice."""

PATIENCE_SECONDS = 3.0
"""How long library code may keep Python from seeing a signal before the process ends."""

PAUSE_SECONDS = 0.05
"""Until an interrupt comes again that was lost in a destructor, which should be over by then."""

_IMPORTING = "<frozen importlib._bootstrap"
"""Begin of the file names of Python's own code that runs imports."""


class Interrupts:
    """What came, and what to do about it.

    Attributes:
        installed: whether signals come here.
        working: whether a command is at work, so that an exception ends it best.
        patient: whether a loop answers at a safe place: it may take its time.
        noted: the first signal; 0 if there was none.
    """

    def __init__(self) -> None:
        self.installed = self.working = self.patient = False
        self.noted = 0
        self._when = 0.0

    def install(self) -> None:
        """Take over the signals, unless somebody wants them ignored, as for background jobs."""
        numbers = [number for number in WORDS if signal.getsignal(number) != signal.SIG_IGN]
        for number in numbers:
            signal.signal(number, self.handle)
        sys.unraisablehook = self._on_unraisable
        read, write = map(_above_the_standard_ones, os.pipe())
        os.set_blocking(write, False)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        _thread.start_new_thread(self._watch, (read,))
        self.installed = True

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Answer a signal.

        Raises:
            KeyboardInterrupt: if that ends the command in good order.
        """
        repeated = self.is_repeated(number)
        if not self.working or _is_importing(frame):
            end_now(number)
        if repeated is None:
            raise KeyboardInterrupt
        if not repeated:
            end_now(number)

    def is_repeated(self, number: int) -> bool | None:
        """Note a signal: ``None`` for the first one, then whether it is the same wish as that."""
        if not self.noted:
            self.noted, self._when = number, time.monotonic()
            return None
        return time.monotonic() - self._when < REPEAT_SECONDS

    def _on_unraisable(self, lost: Any) -> None:
        """An interrupt in a destructor or callback, where Python drops it, comes again later."""
        if isinstance(lost.exc_value, KeyboardInterrupt) and self.noted:
            _thread.start_new_thread(self._repeat, (self.noted,))
        else:
            sys.__unraisablehook__(lost)

    def _repeat(self, number: int) -> None:
        time.sleep(PAUSE_SECONDS)
        self.noted = 0
        _thread.interrupt_main(signal.Signals(number))

    def _watch(self, read: int) -> None:
        """End the process if a signal came, and Python has not got to see it for some time."""
        while True:
            number = os.read(read, 1)[0]
            if number in WORDS and not self.patient:
                time.sleep(PATIENCE_SECONDS)
                if not self.noted and not self.patient:
                    end_now(number)


INTERRUPTS = Interrupts()
"""Those of this process."""


def told() -> tuple[str, int]:
    """What to say of the interrupt that has come, and the exit code."""
    number = INTERRUPTS.noted or int(signal.SIGINT)
    return WORDS[number], 128 + number


def end_now(number: int) -> NoReturn:
    """End the process on a signal, with one line and without ceremony."""
    # (If this module is not there, there are no such files.)
    scratch = sys.modules.get("lgn2hdl.base.scratch")
    if scratch is not None and hasattr(scratch, "remove_all"):
        scratch.remove_all()
    # Progress bars hide the cursor.
    show_cursor = "\x1b[?25h" if os.isatty(2) else ""
    with suppress(OSError):
        os.write(2, f"{show_cursor}lgn2hdl: error: {WORDS[number]}\n".encode())
    os._exit(128 + number)


def _above_the_standard_ones(end: int) -> int:
    """The same file with a descriptor that stdin, stdout and stderr, if closed, do not leave."""
    moved = fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 3)
    os.close(end)
    return moved


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith(_IMPORTING):
            return True
        frame = frame.f_back
    return False
