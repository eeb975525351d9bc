"""Numbers on the command line: plain ASCII, finite, and of a length that can be meant.

Python's own conversions take more: digits of every script, underscores, blanks, ``inf``, ``nan``.
"""

from __future__ import annotations

import math
import re
from typing import Any

import click

_WHOLE = re.compile(r"[+-]?[0-9]+")
_REAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")

LONGEST_NUMBER = 100
"""Characters of a number that are read at all."""


def parse_whole(text: str) -> int:
    """A whole number.

    Raises:
        ValueError: if the text is none; the message says what it is instead.
    """
    if len(text) > LONGEST_NUMBER or not _WHOLE.fullmatch(text):
        raise ValueError(f"{_shown(text)} is not a whole number.")
    return int(text)


def parse_real(text: str) -> float:
    """A finite number.

    Raises:
        ValueError: if the text is none; the message says what it is instead.
    """
    if len(text) > LONGEST_NUMBER or not _REAL.fullmatch(text):
        raise ValueError(f"{_shown(text)} is not a number.")
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{_shown(text)} is too large.")
    return value + 0.0  # (no negative zero)


def _shown(text: str) -> str:
    return repr(text if len(text) <= LONGEST_NUMBER else f"{text[:20]}...")


class _WholeText:
    """Reads options with :func:`parse_whole`; a mixin of click's types."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            number = parse_whole(value) if isinstance(value, str) else value
        except ValueError as error:
            raise click.BadParameter(str(error), ctx=ctx, param=param) from None
        return super().convert(number, param, ctx)  # type: ignore[misc]


class _RealText:
    """Reads options with :func:`parse_real`; a mixin of click's types."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        try:
            number = parse_real(value) if isinstance(value, str) else value
        except ValueError as error:
            raise click.BadParameter(str(error), ctx=ctx, param=param) from None
        return super().convert(number, param, ctx)  # type: ignore[misc]


class _Whole(_WholeText, click.types.IntParamType):
    pass


class _Real(_RealText, click.types.FloatParamType):
    pass


class WholeRange(_WholeText, click.IntRange):
    """A whole number from ``min`` to ``max``."""


class RealRange(_RealText, click.FloatRange):
    """A number from ``min`` to ``max``."""


WHOLE = _Whole()
"""Any whole number."""

REAL = _Real()
"""Any finite number."""
