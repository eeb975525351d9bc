"""A UART: eight data bits, no parity, one stop bit, as Amaranth components.

The receiver looks at each bit once, in its middle, and is ready for the next start bit from the
middle of the stop bit on. A sender may so be some percent faster or slower.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from amaranth.hdl import Cat, Const, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

BITS_OF_BYTE = 10
"""Bits on the line for a byte: start, eight data bits, stop."""


class Line(IntEnum):
    """What the receiver waits for: a start bit, the middle of a bit, the line at rest."""

    REST = 0
    BITS = 1
    STOP = 2


class UartReceiver(wiring.Component):
    """Bytes from a line.

    Ports: ``rx`` the line; ``data`` a byte, ``valid`` for one cycle when it is there, ``broken``
    beside it if its stop bit is missing.
    """

    def __init__(self, cycles: int) -> None:
        self._cycles = cycles
        super().__init__({"rx": In(1, init=1), "data": Out(8), "valid": Out(1), "broken": Out(1)})

    def elaborate(self, _platform: Any) -> Module:
        """Wait for a start bit, count to the middles of the bits, wait for the line to rest."""
        m = Module()
        line = Signal(init=1)
        m.submodules.synchronizer = FFSynchronizer(self.rx, line, init=1)
        timer = Signal(range(self._cycles))
        bits, state = Signal(range(BITS_OF_BYTE)), Signal(Line)
        m.d.sync += [timer.eq(timer - 1), self.valid.eq(0), self.broken.eq(0)]
        with m.If(state == Line.REST), m.If(~line):
            m.d.sync += [timer.eq(self._cycles // 2 - 1), bits.eq(0), state.eq(Line.BITS)]
        with m.If((state == Line.BITS) & (timer == 0)):
            m.d.sync += [timer.eq(self._cycles - 1), bits.eq(bits + 1)]
            with m.If((bits == 0) & line):  # a spike, no start bit
                m.d.sync += state.eq(Line.REST)
            with m.Elif(bits == BITS_OF_BYTE - 1):
                m.d.sync += [self.valid.eq(1), self.broken.eq(~line), state.eq(Line.STOP)]
            with m.Else():
                m.d.sync += self.data.eq(Cat(self.data[1:], line))
        # (A line that stays low is no row of bytes.)
        with m.If((state == Line.STOP) & line):
            m.d.sync += state.eq(Line.REST)
        return m


class UartTransmitter(wiring.Component):
    """Bytes to a line.

    Ports: ``tx`` the line; a byte ``data`` is taken in a cycle with ``valid`` and ``ready``.
    """

    def __init__(self, cycles: int) -> None:
        self._cycles = cycles
        super().__init__({"data": In(8), "valid": In(1), "ready": Out(1), "tx": Out(1, init=1)})

    def elaborate(self, _platform: Any) -> Module:
        """Shift the bits out, the start bit first."""
        m = Module()
        left = Signal(range(BITS_OF_BYTE + 1))
        timer = Signal(range(self._cycles))
        shift = Signal(BITS_OF_BYTE - 1)
        m.d.comb += self.ready.eq(left == 0)
        with m.If(self.ready & self.valid):
            m.d.sync += [
                self.tx.eq(0),
                shift.eq(Cat(self.data, Const(1, 1))),
                left.eq(BITS_OF_BYTE),
                timer.eq(self._cycles - 1),
            ]
        with m.Elif(left != 0):
            m.d.sync += timer.eq(timer - 1)
            with m.If(timer == 0):
                m.d.sync += [
                    self.tx.eq(shift[0]),
                    shift.eq(Cat(shift[1:], Const(1, 1))),
                    left.eq(left - 1),
                    timer.eq(self._cycles - 1),
                ]
        return m
