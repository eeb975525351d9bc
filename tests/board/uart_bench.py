"""cocotb test bench: what boards answer on their serial lines, held against the protocol in Python.

Runs inside the simulator. Board ``i`` has the ports ``rx<i>`` and ``tx<i>``; ``BOARD_CASES`` names
a file with the identity, samples and results of each.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, Timer
from simulated_board import answers

from lgn2hdl.board.protocol import OVERHEAD, SYNC, Frame, Identity, Kind, Reason, decode, encode

PERIOD_PS = 83332  # 12 MHz


@dataclass(frozen=True)
class Case:
    """A board and what it has to answer.

    Attributes:
        index: of its ports.
        identity: what it says about itself.
        table: payload of a sample -> payload of its result.
        bit_ps: time of a bit.
        gap_bytes: bytes of silence after which it gives up a frame, and a bit more.
        damaged: damaged pieces in a stream.
    """

    index: int
    identity: Identity
    table: dict[bytes, bytes]
    bit_ps: int
    gap_bytes: int
    damaged: int

    @property
    def samples(self) -> list[bytes]:
        """Payloads of all samples."""
        return list(self.table)

    def expected(self, data: bytes) -> list[Frame]:
        """The answers to bytes that silence follows."""
        found, rest = answers(self.identity, self.table.__getitem__, data)
        if len(rest) >= 4:  # the sequence number has arrived
            found.append(Frame(Kind.ERROR, rest[3], bytes([Reason.GAP])))
        return found


def read_cases() -> list[Case]:
    """All boards."""
    values = json.loads(Path(os.environ["BOARD_CASES"]).read_text())
    return [
        Case(
            index,
            Identity.from_bytes(bytes.fromhex(item["identity"])),
            {bytes.fromhex(x): bytes.fromhex(y) for x, y in item["samples"]},
            PERIOD_PS * item["bit_cycles"],
            item["gap_cycles"] // (10 * item["bit_cycles"]) + 2,
            item["damaged"],
        )
        for index, item in enumerate(values)
    ]


CASES = read_cases()
THOROUGH = [case.index for case in CASES if case.damaged]
"""Boards that all tests are for."""


class Line:
    """The two wires of a board, driven and watched by a host whose clock may be a bit off."""

    def __init__(self, dut: Any, index: int, speed: float = 1.0) -> None:
        self.case, self.clk, self.heard = CASES[index], dut.clk, bytearray()
        self.rx, self.tx = (getattr(dut, f"{name}{index}") for name in ("rx", "tx"))
        self.idle = [getattr(dut, f"rx{case.index}") for case in CASES]
        self.bit_ps = round(self.case.bit_ps / speed)

    async def start(self) -> None:
        """Power on."""
        for wire in self.idle:
            wire.value = 1
        Clock(self.clk, PERIOD_PS, unit="ps").start()
        cocotb.start_soon(self.listen())
        await self.bits(20)

    async def bits(self, number: float) -> None:
        """Let the time of so many bits pass."""
        await Timer(round(self.bit_ps * number), unit="ps")

    async def hold_low(self, number: float) -> None:
        """Pull the line low for the time of so many bits."""
        self.rx.value = 0
        await self.bits(number)
        self.rx.value = 1

    async def send(self, data: bytes, gaps: Iterator[float] | None = None) -> None:
        """Put bytes on the line, with pauses before them in bits."""
        for byte in data:
            if gaps is not None and (pause := next(gaps)):
                await self.bits(pause)
            for bit in (0, *(byte >> place & 1 for place in range(8)), 1):
                self.rx.value = bit
                await self.bits(1)

    async def listen(self) -> None:
        """Collect what the board sends; a missing stop bit is an error of the board."""
        while True:
            await FallingEdge(self.tx)
            await self.bits(1.5)
            byte = 0
            for place in range(8):
                byte |= int(self.tx.value) << place
                await self.bits(1)
            assert int(self.tx.value) == 1, "the board sent no stop bit"
            self.heard.append(byte)

    async def frames(self) -> list[Frame]:
        """Wait until the board is silent; all that it has sent, which must be whole frames."""
        before = -1
        while len(self.heard) != before:
            before = len(self.heard)
            await self.bits(10 * (self.case.gap_bytes + 4))
        found, rest = decode(bytes(self.heard), self.case.identity.lengths())
        assert rest == b""
        assert all(isinstance(item, Frame) for item in found), found
        assert sum(OVERHEAD + len(item.payload) for item in found) == len(self.heard)
        self.heard.clear()
        return found

    async def check(self, samples: list[bytes]) -> None:
        """The board has answered these samples, in order, as the golden model does."""
        assert await self.frames() == [
            Frame(Kind.RESULT, number % 256, self.case.table[item])
            for number, item in enumerate(samples)
        ]


async def powered(dut: Any, board: int, speed: float = 1.0) -> tuple[Line, Case]:
    """A line of a board that was switched on."""
    line = Line(dut, board, speed)
    await line.start()
    return line, line.case


def sample_frames(samples: list[bytes]) -> bytes:
    """Requests, one after the other."""
    frames = (Frame(Kind.SAMPLE, number % 256, item) for number, item in enumerate(samples))
    return b"".join(map(encode, frames))


@cocotb.test()
@cocotb.parametrize(board=range(len(CASES)))
async def identity(dut: Any, board: int) -> None:
    """The board says which network it has."""
    line, case = await powered(dut, board)
    await line.send(encode(Frame(Kind.IDENTIFY, 77)))
    assert await line.frames() == [Frame(Kind.IDENTITY, 77, case.identity.to_bytes())]


@cocotb.test()
@cocotb.parametrize(board=range(len(CASES)))
async def back_to_back(dut: Any, board: int) -> None:
    """All samples without any pause."""
    line, case = await powered(dut, board)
    await line.send(sample_frames(case.samples))
    await line.check(case.samples)
    dut._log.info("board %d: %d samples back to back", board, len(case.samples))


@cocotb.test()
@cocotb.parametrize(board=THOROUGH, speed=[0.98, 1.02])
async def other_speed(dut: Any, board: int, speed: float) -> None:
    """A host whose baud rate is two percent off."""
    line, case = await powered(dut, board, speed)
    few = case.samples[:6]
    await line.send(sample_frames(few))
    await line.check(few)


@cocotb.test()
@cocotb.parametrize(board=THOROUGH)
async def random_gaps(dut: Any, board: int) -> None:
    """Pauses of any length between bytes, as long as a frame goes on in time."""
    line, case = await powered(dut, board)
    pauses, few = random.Random(3), case.samples[:6]
    choices = [0, 0, 0, 0, 0.3, 1.7, 12.1, 7.5 * case.gap_bytes]
    await line.send(sample_frames(few), iter(lambda: pauses.choice(choices), None))
    await line.check(few)


def damaged_stream(case: Case, seed: int) -> bytes:
    """Good frames between damaged ones, cut ones, wrong lengths, unknown kinds, and noise."""
    rng, n_bytes = random.Random(seed), case.identity.sample_bytes
    pieces = []
    for number in range(case.damaged):
        frame = encode(Frame(Kind.SAMPLE, number, rng.choice(case.samples)))
        place = rng.randrange(len(frame))
        bad = bytes([frame[place] ^ 1 << rng.randrange(8)])
        other = rng.choice([3, 0x42, Kind.RESULT, Kind.IDENTITY, 0x80, 0])
        length = rng.choice([0, 1, n_bytes - 1, n_bytes + 1, 300])
        damage = (
            frame[:place] + bad + frame[place + 1 :],
            encode(Frame(other, number, rng.randbytes(rng.randrange(4)))),
            encode(Frame(Kind.SAMPLE, number, rng.randbytes(length)))[:20],
            frame[:place],
            encode(Frame(Kind.IDENTIFY, number, b"?")),
            rng.randbytes(rng.randrange(8)),
            SYNC[:1] * rng.randrange(3),
            frame,
        )
        good = encode(Frame(Kind.SAMPLE, number, rng.choice(case.samples)))
        pieces += [damage[number % len(damage)], good]
    return b"".join(pieces)


@cocotb.test()
@cocotb.parametrize(board=THOROUGH, seed=[1, 2])
async def damage(dut: Any, board: int, seed: int) -> None:
    """Each answer to a damaged stream is that of the protocol, and good frames get through."""
    line, case = await powered(dut, board)
    data = damaged_stream(case, seed)
    await line.send(data)
    found, wanted = await line.frames(), case.expected(data)
    assert found == wanted
    reasons = {item.payload[0] for item in wanted if item.kind == Kind.ERROR}
    results = sum(item.kind == Kind.RESULT for item in wanted)
    assert {Reason.CRC, Reason.KIND, Reason.LENGTH} <= reasons
    assert results > case.damaged / 3
    dut._log.info("board %d: %d answers, %d of them results", board, len(wanted), results)


@cocotb.test()
@cocotb.parametrize(board=THOROUGH)
async def cut_frames(dut: Any, board: int) -> None:
    """A frame that is cut at any place is given up after a silence, and the next one is fine."""
    line, case = await powered(dut, board)
    frame = encode(Frame(Kind.SAMPLE, 9, case.samples[0]))
    for length in (1, 2, 3, 4, 5, 6, 7, len(frame) - 2, len(frame) - 1):
        await line.send(frame[:length])
        given_up = [Frame(Kind.ERROR, 9, bytes([Reason.GAP]))] if length >= 4 else []
        assert await line.frames() == given_up, length
        await line.send(sample_frames(case.samples[1:2]))
        await line.check(case.samples[1:2])


@cocotb.test()
@cocotb.parametrize(board=THOROUGH)
async def no_stop_bit(dut: Any, board: int) -> None:
    """A byte without a stop bit ends a frame; a line that hangs low is no frame at all."""
    line, case = await powered(dut, board)
    frame = encode(Frame(Kind.SAMPLE, 5, case.samples[0]))
    for length in (0, 1, 3, 4, 6, len(frame) - 1):
        await line.send(frame[:length])
        await line.hold_low(25)
        await line.bits(2)
        wanted = [Frame(Kind.ERROR, 5, bytes([Reason.BYTE]))] if length >= 4 else []
        await line.send(sample_frames(case.samples[:1]))
        wanted.append(Frame(Kind.RESULT, 0, case.table[case.samples[0]]))
        assert await line.frames() == wanted, length


@cocotb.test()
@cocotb.parametrize(board=THOROUGH)
async def spikes(dut: Any, board: int) -> None:
    """A pulse that is shorter than half a bit is no start bit."""
    line, case = await powered(dut, board)
    for _ in range(5):
        await line.hold_low(0.3)
        await line.bits(1.2)
    await line.send(sample_frames(case.samples[:1]))
    await line.check(case.samples[:1])


@cocotb.test()
@cocotb.parametrize(board=THOROUGH[-1:])
async def too_many_requests(dut: Any, board: int) -> None:
    """Within the window nothing is dropped; beyond it answers are, but never parts of them."""
    line, case = await powered(dut, board)
    payload, window = case.identity.to_bytes(), case.identity.window
    requests = [Frame(Kind.IDENTIFY, number) for number in range(3 * window)]
    replies = [Frame(Kind.IDENTITY, item.sequence, payload) for item in requests]
    await line.send(b"".join(map(encode, requests[:window])))
    assert await line.frames() == replies[:window]
    await line.send(b"".join(map(encode, requests)))
    found = await line.frames()
    assert window <= len(found) < len(requests)
    assert found == [item for item in replies if item in found]
    await line.send(sample_frames(case.samples[:2]))
    await line.check(case.samples[:2])
