"""Downloads with limits on time, rate and size: servers can be slow, endless, or lead astray."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as StillRunning
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SILENCE = 30.0
"""Seconds in which a server has to connect, and to send anything at all."""


class DownloadError(OSError):
    """Why a download was given up."""


@dataclass(frozen=True)
class Limits:
    """When a download is given up.

    Attributes:
        size: most bytes.
        seconds: most seconds in all.
        window: seconds after which the rate is looked at, again and again.
        window_bytes: fewest bytes in such a time.
    """

    size: int
    seconds: float
    window: float
    window_bytes: int


def limits_for(size: int) -> Limits:
    """Limits for a file of so many bytes: 20 kB/s on average, never below 1 kB/s for a minute."""
    return Limits(size + (1 << 16), 60 + size / 20_000, 60, 60_000)


@dataclass(frozen=True)
class Downloader:
    """What pooch calls to download a file.

    Attributes:
        limits: when it is given up.
        progress: told how many bytes have arrived.
    """

    limits: Limits
    progress: Callable[[int], None]

    def __call__(self, url: str, output_file: str, _pooch: Any) -> None:
        """Download ``url`` to a file.

        Raises:
            DownloadError: if a limit is exceeded, or the server leads elsewhere than to the web.
            requests.RequestException: if the server cannot be reached or says no.
        """
        Path(output_file).write_bytes(self._within_limits(url))

    def _within_limits(self, url: str) -> bytes:
        """The bytes, from a thread of their own: no read can wait beyond the limits."""
        received: list[bytes] = []
        result: Future[None] = Future()
        given_up = threading.Event()
        thread = threading.Thread(
            target=_run, args=(result, lambda: self._receive(url, received, given_up)), daemon=True
        )
        thread.start()
        try:
            self._wait(result, received)
        finally:
            given_up.set()
        return b"".join(received)

    def _wait(self, result: Future[None], received: list[bytes]) -> None:
        limits, began, before = self.limits, time.monotonic(), 0
        while True:
            left = began + limits.seconds - time.monotonic()
            try:
                return result.result(timeout=max(0.0, min(limits.window, left)))
            except StillRunning:
                if result.done():
                    return result.result()  # (its own error may be of that class)
            now = sum(map(len, received))
            if left <= limits.window:
                raise DownloadError(f"it took more than {limits.seconds:.0f} seconds")
            if now - before < limits.window_bytes:
                raise DownloadError(
                    f"fewer than {limits.window_bytes:,} bytes came in {limits.window:.0f} seconds"
                )
            before = now

    def _receive(self, url: str, received: list[bytes], given_up: threading.Event) -> None:
        import requests  # slow to import, and few commands download anything

        total = 0
        try:
            with requests.get(url, stream=True, timeout=SILENCE) as response:
                response.raise_for_status()
                for part in response.iter_content(1 << 14):
                    total += len(part)
                    if given_up.is_set():
                        return
                    if total > self.limits.size:
                        raise DownloadError(
                            "the server did not deliver the known file, it sends more than that has"
                        )
                    received.append(part)
                    self.progress(total)
        except (requests.exceptions.InvalidSchema, requests.exceptions.InvalidURL) as error:
            raise DownloadError(_led_elsewhere(error)) from None


def _led_elsewhere(error: OSError) -> str:
    address = str(error).rpartition(" for ")[2]  # (requests has it nowhere else)
    return f"the server leads to {address[:100]}, which is neither http nor https"


def _run(result: Future[None], action: Callable[[], None]) -> None:
    try:
        action()
    except BaseException as error:
        result.set_exception(error)
    else:
        result.set_result(None)
