"""Other processes: whether they are there, and waiting for what they do."""

import time
from collections.abc import Callable
from pathlib import Path

PATIENCE = 300.0
"""Seconds after which a test gives up; no machine is that busy."""


def is_running(process: int) -> bool:
    """Whether a process is there, and does not only wait to be collected."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in ("Z", "X")


def wait_until(holds: Callable[[], bool], what: str) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"waited for {what} in vain"
        time.sleep(0.01)


def wait_for_text(path: Path) -> str:
    """The text of a file that another process writes in one piece, with a line end."""
    wait_until(lambda: path.is_file() and path.read_text().endswith("\n"), str(path))
    return path.read_text()
