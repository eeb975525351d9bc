"""Ctrl-C as a request that a loop can answer at a safe place."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

from lgn2hdl.base.errors import Lgn2HdlError
from lgn2hdl.base.interrupts import INTERRUPTS


class TrainingStoppedError(Lgn2HdlError):
    """Training ended before its last step: interrupted, or the loss is no longer a number."""


class TrainingInterruptedError(TrainingStoppedError):
    """Training was interrupted by SIGINT or SIGTERM."""


class StopRequest:
    """While entered, SIGINT and SIGTERM only set :attr:`requested`; a second one interrupts.

    A signal that came before, or within another request inside of this one, counts too. Outside of
    the main thread signals cannot be taken over; there nothing changes. Nor does it for signals
    that are to be ignored.
    """

    def __init__(self) -> None:
        self.requested = False
        self._before: dict[int, Any] = {}
        self._was_patient = False

    def __enter__(self) -> StopRequest:
        if threading.current_thread() is threading.main_thread():
            self._was_patient = INTERRUPTS.patient
            INTERRUPTS.patient = True
            for number in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(number) != signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._note)
        if INTERRUPTS.installed and INTERRUPTS.noted:
            self.requested = True
        return self

    def _note(self, number: int, frame: FrameType | None) -> None:
        if INTERRUPTS.installed and INTERRUPTS.is_repeated(number):
            return
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
            outer = getattr(handler, "__self__", None)
            if isinstance(outer, StopRequest) and self.requested:
                outer.requested = True  # or the loop around this one would not hear of it
        if self._before:
            INTERRUPTS.patient = self._was_patient
