"""Search for a fault of a board: bytes on its serial line, from power-up on, that show it.

Boards are simulated side by side, each with a host of its own that sends good frames, damaged ones
and noise. The network answers anything, so long as a sample stays in front of it.
"""

from __future__ import annotations

from binascii import crc_hqx
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir import packed
from lgn2hdl.verify.board.claims import RIGID
from lgn2hdl.verify.board.product import BoardProduct
from lgn2hdl.verify.board.step import BoardStep, Words
from lgn2hdl.verify.board.wanted import (
    BITS_OF_BYTE,
    BYTE,
    CRC_BYTES,
    CRC_START,
    HEADER_BYTES,
    IDENTIFY,
    SAMPLE,
    SYNC,
    BoardWanted,
    initial,
    memory,
)
from lgn2hdl.verify.sat.deadline import Deadline

BOARDS = 64

SECONDS = 120.0
"""How long is searched at most."""

FLOODS = 0.2
"""How many of the hosts ask for more than the queue can hold."""

SHOWN_BYTES = 24

Random = np.random.Generator


@dataclass(frozen=True)
class Fault:
    """What shows a fault.

    Attributes:
        violated: the property that does not hold, in words.
        cycle: clock cycle after power-up.
        sent: bytes that were on the line by then.
    """

    violated: str
    cycle: int
    sent: bytes

    def __str__(self) -> str:
        """One line."""
        more = "..." if len(self.sent) > SHOWN_BYTES else ""
        bytes_sent = f"{more}{self.sent[-SHOWN_BYTES:].hex(' ')}" if self.sent else "nothing"
        return f"not so in cycle {self.cycle} after {bytes_sent} on rx: {self.violated}"


def find_fault(product: BoardProduct, deadline: Deadline) -> Fault | None:
    """A fault that random hosts show, or None if they showed none in some minutes of the line."""
    want, rng, limit = product.want, np.random.default_rng(1), Deadline(SECONDS)
    hosts = [_Host(want, rng) for _ in range(BOARDS)]
    lines = _lines(hosts)
    step = BoardStep(product)
    queue = np.zeros((want.queue_bytes, BOARDS), np.uint8)
    given = _power_up(product, step, rng)
    for cycle in range(lines.shape[0]):
        if deadline.passed or limit.passed:
            return None
        given["rx"] = lines[cycle][None]
        given["read_data"] = _read(step, given, queue)
        _answer(want, given, rng)
        found = step.run(given)
        for name in step.checks:
            wrong = np.flatnonzero(~packed.unpack(found[name], BOARDS)[0])
            if len(wrong):
                return Fault(name, cycle, hosts[wrong[0]].sent_by(cycle))
        _write(step, given, found, queue)
        given |= {name: found[name] for name in step.inputs if name in found}
    return None


class _Host:
    """One host: levels of the line, cycle by cycle, and when each byte was sent."""

    def __init__(self, want: BoardWanted, rng: Random) -> None:
        self._want = want
        levels = [np.ones(int(rng.integers(20, 200)), np.bool_)]
        self._bytes, self._ends = bytearray(), list[int]()
        length = len(levels[0])
        for byte, has_stop, rest in _stream(want, rng):
            bits = [0, *(byte >> place & 1 for place in range(BYTE)), int(has_stop)]
            levels += [
                np.repeat(np.array(bits, np.bool_), want.bit_cycles),
                np.ones(rest, np.bool_),
            ]
            self._bytes.append(byte)
            self._ends.append(length)
            length += BITS_OF_BYTE * want.bit_cycles + rest
        self.levels = np.concatenate(levels)

    def sent_by(self, cycle: int) -> bytes:
        """Bytes whose sending had begun by a cycle."""
        return bytes(byte for byte, end in zip(self._bytes, self._ends, strict=True) if end < cycle)


def _stream(want: BoardWanted, rng: Random) -> Iterator[tuple[int, bool, int]]:
    """Bytes, whether they have a stop bit, and cycles of rest behind them: some requests.

    A host may ask for more than there is room for.
    """
    is_flood = rng.random() < FLOODS
    answer = len(want.identity) + HEADER_BYTES + CRC_BYTES
    for _ in range(want.queue_bytes // answer + 4 if is_flood else 4):
        kind = IDENTIFY if is_flood else int(rng.choice([SAMPLE, SAMPLE, SAMPLE, IDENTIFY, 0x55]))
        length = want.sample_bytes if kind == SAMPLE else 0
        frame = bytearray(_frame(kind, int(rng.integers(256)), rng.bytes(length)))
        damage = -1 if is_flood else rng.integers(8)
        broken = int(rng.integers(len(frame))) if damage == 1 else -1
        if damage == 0:
            frame[int(rng.integers(len(frame)))] ^= 1 << int(rng.integers(BYTE))
        for place, byte in enumerate(frame):
            rest = 0 if rng.random() < 0.8 else int(rng.integers(3 * want.bit_cycles))
            yield byte, place != broken, rest + (2 * want.bit_cycles if place == broken else 0)


def _frame(kind: int, number: int, payload: bytes) -> bytes:
    body = bytes([kind, number]) + len(payload).to_bytes(2, "little") + payload
    return bytes(SYNC) + body + crc_hqx(body, CRC_START).to_bytes(2, "big")


def _lines(hosts: list[_Host]) -> Words:
    """The lines of all boards, ``u64[cycles, 1]``; they end with time for the answers."""
    longest = max(len(host.levels) for host in hosts)
    rows = [np.pad(host.levels, (0, longest - len(host.levels)), constant_values=True)
            for host in hosts]  # fmt: skip
    return packed.pack(np.array(rows).T.copy())


def _power_up(product: BoardProduct, step: BoardStep, rng: Random) -> dict[str, Words]:
    """What is kept when the configuration is loaded."""
    want, values = product.want, initial(product.want)
    module = product.machine.initial
    start = [np.where(module < 0, rng.integers(0, 2, len(module)), module)]
    for name, width in memory(want).items():
        value = values.get(name, 0)
        start.append(np.array([value >> place & 1 for place in range(width)], np.int64))
    bits = np.repeat(np.concatenate(start)[:, None].astype(bool), BOARDS, axis=1)
    given = {name: np.zeros((width, 1), np.uint64) for name, width in step.inputs.items()}
    return given | {"bits": packed.pack(bits), RIGID: _noise(rng, len(given[RIGID]))}


def _noise(rng: Random, width: int) -> Words:
    return rng.integers(0, 1 << 64, (width, 1), dtype=np.uint64, endpoint=False)


def _numbers(words: Words) -> npt.NDArray[np.int64]:
    """The number of each board."""
    return (1 << np.arange(len(words))) @ packed.unpack(words, BOARDS).astype(np.int64)


def _read(step: BoardStep, given: dict[str, Words], queue: npt.NDArray[np.uint8]) -> Words:
    place = _numbers(step.named(given["bits"])["read_address"])
    data = queue[place, np.arange(BOARDS)]
    return packed.pack((data >> np.arange(BYTE)[:, None] & 1).astype(bool))


def _write(
    step: BoardStep, given: dict[str, Words], found: dict[str, Words], queue: npt.NDArray[np.uint8]
) -> None:
    writes = packed.unpack(found["write_enable"], BOARDS)[0]
    place = _numbers(step.named(given["bits"])["write_address"])
    data = _numbers(found["write_data"]).astype(np.uint8)
    boards = np.flatnonzero(writes)
    queue[place[boards], boards] = data[boards]


def _answer(want: BoardWanted, given: dict[str, Words], rng: Random) -> None:
    """New results where one comes; they stay until the next one does."""
    comes = _numbers(given["age"]) == want.latency
    comes &= packed.unpack(given["pending"], BOARDS)[0]
    chosen = packed.pack(comes[None])[0]
    fresh = _noise(rng, want.result_bits)
    given["result"] = (given["result"] & ~chosen) | (fresh & chosen)
    given["valid_out"] = _noise(rng, 1)
