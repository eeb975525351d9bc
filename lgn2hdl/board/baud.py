"""Baud rates: how many clock cycles of a board a bit on the serial line takes."""

from __future__ import annotations

from lgn2hdl.base.errors import OptionError

DEFAULT_BAUD = 1_000_000
"""A whole number of clock cycles of every board."""

FEWEST_CYCLES = 8
"""Clock cycles of a bit: with fewer, the middle of a bit is not met well enough."""

LARGEST_ERROR = 0.01
"""Part of the baud rate by which a board may miss it: the host's own error comes on top."""


def cycles_per_bit(clock_hz: float, baud: int) -> int:
    """Clock cycles of a bit on the line.

    Raises:
        OptionError: if the clock is too slow for the baud rate or does not divide into it.
    """
    if baud < 1:
        raise OptionError(f"{baud} baud: give a positive number such as 1000000")
    cycles = round(clock_hz / baud)
    clock = f"a clock of {clock_hz / 1e6:g} MHz"
    if cycles < FEWEST_CYCLES:
        raise OptionError(
            f"{baud:,} baud is too fast for {clock}: give at most {clock_hz / FEWEST_CYCLES:,.0f}"
        )
    error = clock_hz / cycles / baud - 1
    if abs(error) > LARGEST_ERROR:
        near = [clock_hz / (cycles + step) for step in (1, 0, -1)]
        exact = " or ".join(f"{rate:.0f}" for rate in near if rate <= clock_hz / FEWEST_CYCLES)
        raise OptionError(f"{clock} misses {baud:,} baud by {error:+.1%}: give --baud {exact}")
    return cycles
