"""Frames from bytes, in hardware: the same rules as :func:`lgn2hdl.board.protocol.decode`."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.crc.catalog import CRC16_IBM_3740
from amaranth.lib.wiring import In, Out

from lgn2hdl.board.protocol import SYNC, Kind, Reason


class State(IntEnum):
    """What the next byte is; in the last state the CRC is there to be looked at."""

    SYNC0 = 0
    SYNC1 = 1
    KIND = 2
    SEQUENCE = 3
    LENGTH_LOW = 4
    LENGTH_HIGH = 5
    PAYLOAD = 6
    CRC_HIGH = 7
    CRC_LOW = 8
    CHECK = 9


FIRST_REJECTION = 4
"""Bytes of a frame, synchronization included, that arrive before it can be rejected."""


class FrameReceiver(wiring.Component):
    """Finds frames, keeps the payload of a sample, and checks lengths and CRC.

    Ports: ``data``, ``valid`` and ``broken`` as a UART receiver gives them. ``sample``,
    ``identify`` and ``rejected`` are high for one cycle each when such a frame was received;
    ``sequence`` and ``reason`` then belong to it, and ``x`` holds the sample until the payload of
    the next one begins to arrive.
    """

    def __init__(self, sample_bytes: int, gap_cycles: int) -> None:
        """``gap_cycles``: clock cycles after which a frame that does not go on is given up."""
        self._sample_bytes, self._gap_cycles = sample_bytes, gap_cycles
        super().__init__(
            {
                "data": In(8),
                "valid": In(1),
                "broken": In(1),
                "x": Out(8 * sample_bytes),
                "sequence": Out(8),
                "sample": Out(1),
                "identify": Out(1),
                "rejected": Out(1),
                "reason": Out(3),
            }
        )

    def elaborate(self, _platform: Any) -> Module:
        """A state for every field; what breaks a frame off comes last, and so wins."""
        m = Module()
        m.submodules.crc = crc = CRC16_IBM_3740().create()
        state, kind = Signal(State), Signal(2)
        hunting = state <= State.SYNC1
        m.d.comb += [
            crc.start.eq(hunting),
            crc.valid.eq(self.valid & ~hunting),
            crc.data.eq(self.data),
        ]
        with m.If(self.valid):
            self._synchronization(m, state)
            self._header(m, state, kind)
            self._payload_and_crc(m, state)
        with m.If(state == State.CHECK):
            m.d.sync += state.eq(State.SYNC0)
            with m.If(crc.match_detected):
                m.d.comb += self.sample.eq(kind == Kind.SAMPLE)
                m.d.comb += self.identify.eq(kind == Kind.IDENTIFY)
            with m.Else():
                self._reject(m, Reason.CRC)
        self._break_off(m, state)
        return m

    def _reject(self, m: Module, reason: Reason) -> None:
        m.d.comb += [self.rejected.eq(1), self.reason.eq(reason)]

    def _synchronization(self, m: Module, state: Any) -> None:
        with m.If(state <= State.SYNC1):
            with m.If((state == State.SYNC1) & (self.data == SYNC[1])):
                m.d.sync += state.eq(State.KIND)
            with m.Else():
                m.d.sync += state.eq(Mux(self.data == SYNC[0], State.SYNC1, State.SYNC0))

    def _header(self, m: Module, state: Any, kind: Signal) -> None:
        """Kind, sequence number and length; a kind that there is not is kept as 0."""
        low, expected = Signal(8), Signal(16)
        m.d.comb += expected.eq(Mux(kind == Kind.SAMPLE, self._sample_bytes, 0))
        with m.If(state == State.KIND):
            known = (self.data == Kind.SAMPLE) | (self.data == Kind.IDENTIFY)
            m.d.sync += [kind.eq(Mux(known, self.data[:2], 0)), state.eq(State.SEQUENCE)]
        with m.If(state == State.SEQUENCE):
            m.d.sync += [self.sequence.eq(self.data), state.eq(State.LENGTH_LOW)]
        with m.If(state == State.LENGTH_LOW):
            m.d.sync += [low.eq(self.data), state.eq(State.LENGTH_HIGH)]
        with m.If(state == State.LENGTH_HIGH):
            m.d.sync += state.eq(State.SYNC0)
            with m.If(kind == 0):
                self._reject(m, Reason.KIND)
            with m.Elif(Cat(low, self.data) != expected):
                self._reject(m, Reason.LENGTH)
            with m.Else():
                is_sample = kind == Kind.SAMPLE
                m.d.sync += state.eq(Mux(is_sample, State.PAYLOAD, State.CRC_HIGH))

    def _payload_and_crc(self, m: Module, state: Any) -> None:
        """The payload is shifted in from the top; the first byte ends up at the bottom."""
        last = self._sample_bytes - 1
        count = Signal(range(self._sample_bytes + 1))
        with m.If(state == State.LENGTH_HIGH):
            m.d.sync += count.eq(0)
        with m.If(state == State.PAYLOAD):
            m.d.sync += [self.x.eq(Cat(self.x[8:], self.data)), count.eq(count + 1)]
            with m.If(count == last):
                m.d.sync += state.eq(State.CRC_HIGH)
        with m.If(state == State.CRC_HIGH):
            m.d.sync += state.eq(State.CRC_LOW)
        with m.If(state == State.CRC_LOW):
            m.d.sync += state.eq(State.CHECK)

    def _break_off(self, m: Module, state: Any) -> None:
        """Give a frame up after a gap or a broken byte; say so if its number has arrived."""
        gap = Signal(range(self._gap_cycles + 1))
        is_over = gap == self._gap_cycles
        m.d.sync += gap.eq(gap + 1)
        with m.If(self.valid | (state == State.SYNC0) | is_over):
            m.d.sync += gap.eq(0)
        is_broken = self.valid & self.broken
        with m.If(is_over | is_broken):
            m.d.sync += state.eq(State.SYNC0)
            with m.If(state >= State.LENGTH_LOW):
                m.d.comb += [
                    self.rejected.eq(1),
                    self.reason.eq(Mux(is_broken, Reason.BYTE, Reason.GAP)),
                ]
