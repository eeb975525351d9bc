"""Frames between a host and a board: the bytes, and how a receiver finds them again.

A frame is the two synchronization bytes A5 5A, kind, sequence number, length of the payload (16
bits), payload, and the CRC of everything from the kind on. Numbers have their lowest byte first,
only the CRC its highest: a CRC over a frame and its own CRC is zero. The CRC is the 16-bit one of
CCITT with polynomial 1021 and start value FFFF ("CRC-16/IBM-3740", "CRC-16/CCITT-FALSE").

Who receives looks for the two synchronization bytes, and looks for them again behind every frame
and behind everything that is wrong with one. The length is known from the kind, so that a wrong one
never makes a receiver wait for bytes that do not come.
"""

from __future__ import annotations

import struct
from binascii import crc_hqx
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, IntFlag

VERSION = 1
"""Version of the protocol, in the answer to :attr:`Kind.IDENTIFY`."""

SYNC = b"\xa5\x5a"
"""The first bytes of every frame."""

CRC_START = 0xFFFF
"""Value of the CRC before the first byte."""

LONGEST_PAYLOAD = 0xFFFF
"""Bytes that the length can say."""

HEADER = struct.Struct("<BBH")
"""Kind, sequence number and length."""

OVERHEAD = len(SYNC) + HEADER.size + 2
"""Bytes of a frame beside its payload."""


class Kind(IntEnum):
    """What a frame is; the highest bit says that a board sends it."""

    IDENTIFY = 0x01
    SAMPLE = 0x02
    IDENTITY = 0x81
    RESULT = 0x82
    ERROR = 0x8F


class Reason(IntEnum):
    """Why a frame was rejected: the payload of :attr:`Kind.ERROR`.

    Attributes:
        CRC: the CRC does not fit.
        KIND: there is no such kind.
        LENGTH: the length is not that of the kind.
        BYTE: a byte without a stop bit.
        GAP: the frame did not go on.
    """

    CRC = 1
    KIND = 2
    LENGTH = 3
    BYTE = 4
    GAP = 5


class Flag(IntFlag):
    """What is special about a board's network.

    Attributes:
        SIGNED: scores are two's complement numbers.
        BITS: the outputs are bits and not classes with scores.
        CHANGED: the network is not as it was trained: rows of data decided what it leaves out.
    """

    SIGNED = 1
    BITS = 2
    CHANGED = 4


@dataclass(frozen=True)
class Frame:
    """A frame that arrived whole.

    Attributes:
        kind: a :class:`Kind`.
        sequence: number that the answer repeats, 0 to 255.
        payload: what it says.
    """

    kind: int
    sequence: int
    payload: bytes = b""


@dataclass(frozen=True)
class Rejected:
    """A frame that is wrong.

    Attributes:
        sequence: its sequence number, which may be wrong too.
        reason: what is wrong.
    """

    sequence: int
    reason: Reason


def encode(frame: Frame) -> bytes:
    """The bytes of a frame."""
    body = HEADER.pack(frame.kind, frame.sequence, len(frame.payload)) + frame.payload
    return SYNC + body + crc_hqx(body, CRC_START).to_bytes(2, "big")


def decode(data: bytes, lengths: Mapping[int, int]) -> tuple[list[Frame | Rejected], bytes]:
    """Frames in a stream of bytes.

    Args:
        data: bytes that are not decoded yet.
        lengths: bytes of the payload of every kind that may arrive.

    Returns:
        What was found, in order, and the bytes to put in front of those that come later.
    """
    found: list[Frame | Rejected] = []
    while True:
        start = data.find(SYNC)
        if start < 0:
            return found, SYNC[:1] if data.endswith(SYNC[:1]) else b""
        data = data[start:]
        if len(data) < len(SYNC) + HEADER.size:
            return found, data
        kind, sequence, length = HEADER.unpack_from(data, len(SYNC))
        wrong = _wrong_header(kind, length, lengths)
        if wrong is not None:
            found.append(Rejected(sequence, wrong))
            data = data[len(SYNC) + HEADER.size :]
            continue
        if len(data) < OVERHEAD + length:
            return found, data
        body, data = data[len(SYNC) : OVERHEAD + length], data[OVERHEAD + length :]
        if crc_hqx(body, CRC_START):
            found.append(Rejected(sequence, Reason.CRC))
        else:
            found.append(Frame(kind, sequence, body[HEADER.size : -2]))


def _wrong_header(kind: int, length: int, lengths: Mapping[int, int]) -> Reason | None:
    if kind not in lengths:
        return Reason.KIND
    return None if length == lengths[kind] else Reason.LENGTH


@dataclass(frozen=True)
class Identity:
    """What a board says about the network on it.

    Attributes:
        flags: what is special about it.
        n_features: features of a sample.
        sample_bytes: bytes of the payload of :attr:`Kind.SAMPLE`.
        n_outputs: classes, or output bits.
        score_bits: bits of a score; 0 without scores.
        window: requests that may be under way before the board may have to drop one.
        sha256: hash of the model file, 32 bytes.
        version: of the protocol.
    """

    flags: Flag
    n_features: int
    sample_bytes: int
    n_outputs: int
    score_bits: int
    window: int
    sha256: bytes
    version: int = VERSION

    @property
    def result_bytes(self) -> int:
        """Bytes of the payload of :attr:`Kind.RESULT`."""
        if Flag.BITS in self.flags:
            return -(-self.n_outputs // 8)
        return self.class_bytes + self.n_outputs * self.score_bytes

    @property
    def class_bytes(self) -> int:
        """Bytes of a class index."""
        return -(-max(1, (self.n_outputs - 1).bit_length()) // 8)

    @property
    def score_bytes(self) -> int:
        """Bytes of a score."""
        return -(-self.score_bits // 8)

    def lengths(self) -> dict[int, int]:
        """Bytes of the payload of every kind that this board sends."""
        return {**BOARD_LENGTHS, Kind.RESULT: self.result_bytes}

    def request_lengths(self) -> dict[int, int]:
        """Bytes of the payload of every kind that this board receives."""
        return {Kind.IDENTIFY: 0, Kind.SAMPLE: self.sample_bytes}

    def to_bytes(self) -> bytes:
        """The payload of :attr:`Kind.IDENTITY`."""
        return _IDENTITY.pack(
            self.version, self.flags, self.n_features, self.sample_bytes, self.n_outputs,
            self.score_bits, self.window, self.sha256,
        )  # fmt: skip

    @classmethod
    def from_bytes(cls, payload: bytes) -> Identity:
        """The identity that a board sent."""
        version, flags, features, length, outputs, bits, window, sha256 = _IDENTITY.unpack(payload)
        return cls(Flag(flags), features, length, outputs, bits, window, sha256, version)


_IDENTITY = struct.Struct("<BBIHHBB32s")
"""Version, flags, features, bytes of a sample, outputs, bits of a score, window, hash."""

BOARD_LENGTHS: Mapping[int, int] = {Kind.IDENTITY: _IDENTITY.size, Kind.ERROR: 1}
"""Bytes of the payload of every kind that any board sends, whatever its network."""


@dataclass(frozen=True)
class Result:
    """A board's answer to a sample.

    Attributes:
        class_index: the winning class; None if the outputs are bits.
        scores: one for each class; empty without them.
        bits: the output bits; empty if the outputs are classes.
    """

    class_index: int | None
    scores: tuple[int, ...] = ()
    bits: tuple[int, ...] = ()


def result_payload(identity: Identity, result: Result) -> bytes:
    """The payload of :attr:`Kind.RESULT`."""
    if result.class_index is None:
        number = sum(bit << place for place, bit in enumerate(result.bits))
        return number.to_bytes(identity.result_bytes, "little")
    signed, n_bytes = Flag.SIGNED in identity.flags, identity.score_bytes
    scores = [score.to_bytes(n_bytes, "little", signed=signed) for score in result.scores]
    return b"".join([result.class_index.to_bytes(identity.class_bytes, "little"), *scores])


def parse_result(identity: Identity, payload: bytes) -> Result:
    """The result in a payload of ``identity.result_bytes`` bytes."""
    if Flag.BITS in identity.flags:
        number = int.from_bytes(payload, "little")
        return Result(None, bits=tuple(number >> i & 1 for i in range(identity.n_outputs)))
    index = int.from_bytes(payload[: identity.class_bytes], "little")
    signed = Flag.SIGNED in identity.flags
    scores = payload[identity.class_bytes :]
    pieces = [
        scores[start : start + identity.score_bytes]
        for start in range(0, len(scores), identity.score_bytes or 1)
    ]
    return Result(index, tuple(int.from_bytes(item, "little", signed=signed) for item in pieces))
