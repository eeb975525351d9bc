"""What is said while work is going on."""

from __future__ import annotations

from collections.abc import Callable

Note = Callable[[str], None]
"""Takes a line for people."""


def silent(line: str) -> None:
    """Say nothing."""
