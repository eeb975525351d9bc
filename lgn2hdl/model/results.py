"""Results: what the ports behind a head hold, as numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Result:
    """A result port: one number, or several of the same kind side by side, the first one lowest.

    Attributes:
        port: Verilog name.
        width: bits of each number.
        meaning: one line for people.
        name: what a number is called in reports.
        count: how many numbers there are.
        signed: whether they are two's complement numbers.
        several: whether they are numbered in reports, even if there is one.
        together: whether they stay side by side where others are extended to whole bytes.
    """

    port: str
    width: int
    meaning: str
    name: str
    count: int = 1
    signed: bool = False
    several: bool = False
    together: bool = False

    @property
    def bits(self) -> int:
        """Bits of the port."""
        return self.width * self.count

    def numbers(self, rows: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        """Numbers ``i64[N]``, or ``i64[N, count]``, of the port's bits ``bool[bits, N]``."""
        parts = rows.reshape(self.count, self.width, -1).astype(np.int64)
        values = (parts << np.arange(self.width)[:, None]).sum(axis=1)
        if self.signed:
            values -= (values >> (self.width - 1)) << self.width
        return values.T if self.several else values[0]

    def named(self) -> list[str]:
        """A name for each number."""
        return (
            [f"{self.name} {place}" for place in range(self.count)] if self.several else [self.name]
        )


def places(results: tuple[Result, ...]) -> dict[str, slice]:
    """Where each port's bits are among the bits of all ports."""
    found, start = {}, 0
    for item in results:
        found[item.port] = slice(start, start + item.bits)
        start += item.bits
    return found


def number_bits(values: npt.NDArray[np.integer], width: int) -> npt.NDArray[np.bool_]:
    """Two's complement bits of numbers ``[N]``, least significant first, ``bool[width, N]``."""
    return (values.astype(np.int64) >> np.arange(int(width))[:, None] & 1).astype(np.bool_)
