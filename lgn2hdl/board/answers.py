"""Answers as frames of bytes, in hardware."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from amaranth.hdl import Cat, Const, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.crc.catalog import CRC16_IBM_3740
from amaranth.lib.wiring import In, Out

from lgn2hdl.board.identity import longest_answer
from lgn2hdl.board.protocol import OVERHEAD, SYNC, Identity, Kind


class Part(IntEnum):
    """What is being written."""

    REST = 0
    HEADER = 1
    PAYLOAD = 2
    CRC_HIGH = 3
    CRC_LOW = 4


class AnswerWriter(wiring.Component):
    """Writes a frame, one byte a clock cycle.

    Ports: in the cycle in which ``start`` is high, ``kind``, ``sequence`` and ``reason`` are those
    of the answer; ``result``, the payload of a result, must then not change for as many cycles as
    the frame has bytes. ``data`` is a byte of the frame when ``valid`` is high.
    """

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        super().__init__(
            {
                "start": In(1),
                "kind": In(8),
                "sequence": In(8),
                "reason": In(3),
                "result": In(8 * identity.result_bytes),
                "data": Out(8),
                "valid": Out(1),
            }
        )

    def elaborate(self, _platform: Any) -> Module:
        """Header, payload, CRC; the CRC is that of the bytes behind the synchronization."""
        m = Module()
        m.submodules.crc = crc = CRC16_IBM_3740().create()
        part, position = Signal(Part), Signal(range(longest_answer(self._identity)))
        kind, sequence, reason = Signal(8), Signal(8), Signal(3)
        last, payload = Signal(16), Signal(8)
        header = Cat(Const(int.from_bytes(SYNC, "little"), 16), kind, sequence, last + 1)
        with m.If(self.start):
            m.d.sync += [kind.eq(self.kind), sequence.eq(self.sequence), reason.eq(self.reason)]
            m.d.sync += [part.eq(Part.HEADER), position.eq(0)]
        self._payloads(m, kind, reason, position, (payload, last))
        m.d.comb += [
            self.valid.eq(part != Part.REST),
            crc.start.eq(part == Part.REST),
            crc.data.eq(self.data),
            crc.valid.eq(
                ((part == Part.HEADER) & (position >= len(SYNC))) | (part == Part.PAYLOAD)
            ),
        ]
        with m.If(part == Part.HEADER):
            m.d.comb += self.data.eq(_byte(header, position[:3]))
            m.d.sync += position.eq(position + 1)
            with m.If(position == OVERHEAD - 2 - 1):
                m.d.sync += [part.eq(Part.PAYLOAD), position.eq(0)]
        with m.If(part == Part.PAYLOAD):
            m.d.comb += self.data.eq(payload)
            m.d.sync += position.eq(position + 1)
            with m.If(position == last):
                m.d.sync += part.eq(Part.CRC_HIGH)
        with m.If(part == Part.CRC_HIGH):
            m.d.comb += self.data.eq(crc.crc[8:])
            m.d.sync += part.eq(Part.CRC_LOW)
        with m.If(part == Part.CRC_LOW):
            m.d.comb += self.data.eq(crc.crc[:8])
            m.d.sync += part.eq(Part.REST)
        return m

    def _payloads(
        self,
        m: Module,
        kind: Signal,
        reason: Signal,
        position: Signal,
        chosen: tuple[Signal, Signal],
    ) -> None:
        """The byte of the payload at ``position``, and the number of its last byte, by kind."""
        payload, last = chosen
        identity = self._identity.to_bytes()
        with m.If(kind == Kind.IDENTITY):
            constant = Const(int.from_bytes(identity, "little"), 8 * len(identity))
            m.d.comb += payload.eq(_byte(constant, position))
            m.d.comb += last.eq(len(identity) - 1)
        with m.Elif(kind == Kind.RESULT):
            m.d.comb += payload.eq(_byte(self.result, position))
            m.d.comb += last.eq(self._identity.result_bytes - 1)
        with m.Else():
            m.d.comb += payload.eq(reason)
            m.d.comb += last.eq(0)


def _byte(value: Value, position: Value) -> Value:
    """The byte at a position; a shift, as a multiplication by 8 would be one of Verilog's."""
    return value.bit_select(Cat(Const(0, 3), position), 8)
