"""Checks of single option values; each failure is one line that names the option."""

from __future__ import annotations

import math
from collections.abc import Sequence

from lgn2hdl.base.errors import OptionError


def is_number(value: object) -> bool:
    """A finite int or float, and no bool."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return math.isfinite(value)


def choice(name: str, value: object, allowed: tuple[str, ...]) -> None:
    """``value`` is one of ``allowed``.

    Raises:
        OptionError: otherwise; so do all checks of this module.
    """
    if value not in allowed:
        raise OptionError(f"{name} {value!r} is unknown: choose {', '.join(allowed)}")


def alternatives(names: Sequence[str]) -> str:
    """Names for a message, such as ``light, walsh or binary``; ``another`` if there is none."""
    if len(names) < 2:
        return names[0] if names else "another"
    return f"{', '.join(names[:-1])} or {names[-1]}"


def count(name: str, value: object, least: int, most: int | None = None) -> None:
    """``value`` is a whole number from ``least`` to ``most``."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise OptionError(f"{name} is {value!r}: give a whole number of at least {least}")
    if most is not None and value > most:
        raise OptionError(f"{name} is {value}: give at most {most}")


def positive(name: str, value: object) -> None:
    """``value`` is a number above 0."""
    if not is_number(value) or not float(value) > 0:  # type: ignore[arg-type]
        raise OptionError(f"{name} is {value!r}: give a positive number")


def fraction(name: str, value: object) -> None:
    """``value`` is a number of at least 0 and below 1."""
    if not is_number(value) or not 0 <= float(value) < 1:  # type: ignore[arg-type]
        raise OptionError(f"{name} is {value!r}: give a number in [0, 1)")


def not_negative(name: str, value: object) -> None:
    """``value`` is a number of at least 0."""
    if not is_number(value) or float(value) < 0:  # type: ignore[arg-type]
        raise OptionError(f"{name} is {value!r}: give a number of at least 0")


def flag(name: str, value: object) -> None:
    """``value`` is true or false."""
    if not isinstance(value, bool):
        raise OptionError(f"{name} is {value!r}: give true or false")
