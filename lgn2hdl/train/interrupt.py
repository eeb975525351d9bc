"""Ctrl-C as a request that a loop can answer at a safe place."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

from lgn2hdl.errors import Lgn2HdlError


class TrainingStoppedError(Lgn2HdlError):
    """Training ended before its last step: interrupted, or the loss is no longer a number."""


class TrainingInterruptedError(TrainingStoppedError):
    """Training was interrupted by SIGINT or SIGTERM."""


class StopRequest:
    """While entered, SIGINT and SIGTERM only set :attr:`requested`; a second one interrupts.

    Outside of the main thread signals cannot be taken over; there nothing changes.
    """

    def __init__(self) -> None:
        self.requested = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> StopRequest:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._note)
        return self

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
