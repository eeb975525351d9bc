"""A time limit that every step of a proof shares."""

from __future__ import annotations

import time


class Deadline:
    """So many seconds from when it was made or started again.

    Attributes:
        seconds: the limit; None for none.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self.restart(seconds)

    def restart(self, seconds: float | None) -> None:
        """Begin anew, with another limit."""
        self.seconds = seconds
        self._start = time.perf_counter()

    @property
    def elapsed(self) -> float:
        """Seconds since it began."""
        return time.perf_counter() - self._start

    @property
    def passed(self) -> bool:
        """Whether the time is over."""
        return self.seconds is not None and self.elapsed > self.seconds
