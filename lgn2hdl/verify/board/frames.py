"""Frames of a board in every clock cycle: requests from bytes, and answers as bytes.

A part of the machine of :mod:`lgn2hdl.verify.board.spec`, written from docs/boards.md.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lgn2hdl.verify.board.wanted import (
    BYTE,
    CHECK,
    CRC_BITS,
    CRC_HIGH,
    CRC_HIGH_PART,
    CRC_LOW,
    CRC_LOW_PART,
    CRC_START,
    FIRST_SYNC,
    HEADER_BYTES,
    HEADER_PART,
    IDENTIFY,
    IDENTITY,
    KIND,
    LENGTH_HIGH,
    LENGTH_LOW,
    NO_PART,
    PAYLOAD,
    PAYLOAD_PART,
    POLYNOMIAL,
    RESULT,
    SAMPLE,
    SECOND_SYNC,
    SEQUENCE,
    SYNC,
    WRONG_BYTE,
    WRONG_CRC,
    WRONG_GAP,
    WRONG_KIND,
    WRONG_LENGTH,
    BoardWanted,
)
from lgn2hdl.verify.interface.spec import Vectors, at_most, packed
from lgn2hdl.verify.sat.algebra import Bits, Vector


def requests(
    b: Bits, want: BoardWanted, kept: Vectors
) -> tuple[dict[str, Vector], dict[str, Vector]]:
    """Frames from bytes: what was received, and what is kept of the frame that comes in."""
    at = [b.is_number(kept["state"], value) for value in range(CHECK + 1)]
    header_ends = b.both(kept["got"], at[LENGTH_HIGH])
    unknown = b.is_number(kept["kind"], 0)
    broken = b.both(kept["got"], kept["broken"])
    over = b.is_number(kept["gap"], want.gap_cycles)
    given_up = b.either(over, broken)
    has_number = at_most(b, b.number(LENGTH_LOW, 4), kept["state"])
    matches = b.negated(b.any_of(kept["crc"]))
    wrong = {
        WRONG_KIND: b.both(header_ends, unknown),
        WRONG_LENGTH: b.both(header_ends, b.negated(unknown), b.negated(_fits(b, want, kept))),
        WRONG_CRC: b.both(at[CHECK], b.negated(matches)),
        WRONG_GAP: b.both(given_up, has_number),
        WRONG_BYTE: b.both(broken, has_number),
    }
    reason = b.number(0, 3)
    for value, condition in wrong.items():  # (the last one counts)
        reason = b.choose(condition, b.number(value, 3), reason)
    request = {
        "sample": b.both(at[CHECK], matches, b.is_number(kept["kind"], SAMPLE)),
        "identify": b.both(at[CHECK], matches, b.is_number(kept["kind"], IDENTIFY)),
        "rejected": b.either(*wrong.values()),
        "reason": reason,
    }
    bad_header = b.either(wrong[WRONG_KIND], wrong[WRONG_LENGTH])
    waits = b.either(kept["got"], at[FIRST_SYNC], over)
    gap = b.choose(waits, b.number(0, len(kept["gap"])), b.incremented(kept["gap"]))
    state = _next_state(b, want, kept, at, bad_header, given_up)
    return request, {**_frame(b, kept, at), "state": state, "gap": gap}


def _fits(b: Bits, want: BoardWanted, kept: Vectors) -> Vector:
    """Whether the length, of which the high byte is there, is that of the kind."""
    is_sample = b.is_number(kept["kind"], SAMPLE)
    expected = b.choose(is_sample, b.number(want.sample_bytes, 16), b.number(0, 16))
    return b.equal(np.concatenate([kept["length_low"], kept["byte"]]), expected)


def _next_state(
    b: Bits,
    want: BoardWanted,
    kept: Vectors,
    at: Sequence[Vector],
    bad_header: Vector,
    given_up: Vector,
) -> Vector:
    """What the next byte is; the last condition that is so decides."""
    byte, got = kept["byte"], kept["got"]
    is_first, is_second = (b.is_number(byte, value) for value in SYNC)
    again = b.choose(is_first, _state(b, SECOND_SYNC), _state(b, FIRST_SYNC))
    is_sample = b.is_number(kept["kind"], SAMPLE)
    is_last = b.is_number(kept["count"], want.sample_bytes - 1)
    state = kept["state"]
    for condition, value in (
        (b.both(got, b.either(at[FIRST_SYNC], at[SECOND_SYNC])), again),
        (b.both(got, at[SECOND_SYNC], is_second), _state(b, KIND)),
        (b.both(got, at[KIND]), _state(b, SEQUENCE)),
        (b.both(got, at[SEQUENCE]), _state(b, LENGTH_LOW)),
        (b.both(got, at[LENGTH_LOW]), _state(b, LENGTH_HIGH)),
        (b.both(got, at[LENGTH_HIGH], is_sample), _state(b, PAYLOAD)),
        (b.both(got, at[LENGTH_HIGH], b.negated(is_sample)), _state(b, CRC_HIGH)),
        (bad_header, _state(b, FIRST_SYNC)),
        (b.both(got, at[PAYLOAD], is_last), _state(b, CRC_HIGH)),
        (b.both(got, at[CRC_HIGH]), _state(b, CRC_LOW)),
        (b.both(got, at[CRC_LOW]), _state(b, CHECK)),
        (b.either(at[CHECK], given_up), _state(b, FIRST_SYNC)),
    ):
        state = b.choose(condition, value, state)
    return state


def _frame(b: Bits, kept: Vectors, at: Sequence[Vector]) -> dict[str, Vector]:
    """What is kept of a frame: a kind that there is not is kept as 0."""
    byte, got = kept["byte"], kept["got"]
    hunting = b.either(at[FIRST_SYNC], at[SECOND_SYNC])
    known = b.either(b.is_number(byte, SAMPLE), b.is_number(byte, IDENTIFY))
    shifts = b.both(got, at[PAYLOAD])
    count = b.choose(shifts, b.incremented(kept["count"]), kept["count"])
    crc = b.choose(hunting, b.number(CRC_START, CRC_BITS), kept["crc"])
    return {
        "kind": b.choose(b.both(got, at[KIND]), b.both(known, byte[:2]), kept["kind"]),
        "sequence": b.choose(b.both(got, at[SEQUENCE]), byte, kept["sequence"]),
        "length_low": b.choose(b.both(got, at[LENGTH_LOW]), byte, kept["length_low"]),
        "count": b.choose(b.both(got, at[LENGTH_HIGH]), b.number(0, len(count)), count),
        "x": b.choose(shifts, np.concatenate([kept["x"][BYTE:], byte]), kept["x"]),
        "crc": b.choose(b.both(got, b.negated(hunting)), _crc(b, kept["crc"], byte), crc),
    }


def _state(b: Bits, value: int) -> Vector:
    return b.number(value, 4)


def _crc(b: Bits, crc: Vector, byte: Vector) -> Vector:
    """A CRC with one byte more, its highest bit first."""
    for bit in byte[::-1]:
        out = b.differ(crc[-1:], bit[None])
        crc = np.concatenate([b.false, crc[:-1]])
        taps = [place for place in range(CRC_BITS) if POLYNOMIAL >> place & 1]
        crc[taps] = b.differ(crc[taps], out)
    return crc


def answers(
    b: Bits, want: BoardWanted, kept: Vectors, result: Vector, start: Vector
) -> tuple[dict[str, Vector], dict[str, Vector]]:
    """Frames as bytes: the byte that is written, and what is written next."""
    part, position = kept["part"], kept["position"]
    header, payload, crc_high, crc_low = parts(b, kept)
    length = payload_length(b, want, kept)
    last = b.sum(length, b.number(CRC_START, 16))
    head = np.concatenate([
        *(b.number(value, 8) for value in SYNC), kept["answer"], kept["number"], length,
    ])  # fmt: skip
    nothing = b.number(0, 8)
    byte = nothing
    for condition, value in (
        (header, byte_at(b, head, position[:3])), (payload, _payload_byte(b, want, kept, result)),
        (crc_high, kept["answer_crc"][8:]), (crc_low, kept["answer_crc"][:8]),
    ):  # fmt: skip
        byte = b.choose(condition, value, byte)
    header_ends = b.both(header, b.is_number(position, HEADER_BYTES - 1))
    at_last = b.equal(b.extended(position, 16), last)
    next_part = b.choose(start, b.number(HEADER_PART, 3), part)
    for condition, number in (
        (header_ends, PAYLOAD_PART), (b.both(payload, at_last), CRC_HIGH_PART),
        (crc_high, CRC_LOW_PART), (crc_low, NO_PART),
    ):  # fmt: skip
        next_part = b.choose(condition, b.number(number, 3), next_part)
    zero = b.number(0, len(position))
    begins = b.choose(start, zero, position)
    moved = b.choose(b.either(header, payload), b.incremented(position), begins)
    behind_sync = at_most(b, b.number(len(SYNC), len(position)), position)
    in_crc = b.either(b.both(header, behind_sync), payload)
    resting = b.is_number(part, NO_PART)
    crc = b.choose(resting, b.number(CRC_START, CRC_BITS), kept["answer_crc"])
    return {"byte": byte, "writes": b.any_of(part)}, {
        "part": next_part,
        "position": b.choose(header_ends, zero, moved),
        "answer_crc": b.choose(in_crc, _crc(b, kept["answer_crc"], byte), crc),
    }


def parts(b: Bits, kept: Vectors) -> tuple[Vector, Vector, Vector, Vector]:
    """Whether the header is being written, the payload, the high byte of the CRC, the low one."""
    part = kept["part"]
    return (
        b.is_number(part, HEADER_PART), b.is_number(part, PAYLOAD_PART),
        b.is_number(part, CRC_HIGH_PART), b.is_number(part, CRC_LOW_PART),
    )  # fmt: skip


def payload_length(b: Bits, want: BoardWanted, kept: Vectors) -> Vector:
    """Bytes of the payload of what is being written, a number of 16 bits."""
    lengths = {IDENTITY: len(want.identity), RESULT: want.result_bytes}
    found = b.number(1, 16)
    for kind, length in lengths.items():
        found = b.choose(b.is_number(kept["answer"], kind), b.number(length, 16), found)
    return found


def _payload_byte(b: Bits, want: BoardWanted, kept: Vectors, result: Vector) -> Vector:
    """The byte of the payload that is being written."""
    identity = b.number(int.from_bytes(want.identity, "little"), BYTE * len(want.identity))
    found = b.extended(kept["reason"], BYTE)
    for kind, content in ((RESULT, packed(b, want.numbers, result)), (IDENTITY, identity)):
        byte = byte_at(b, content, kept["position"])
        found = b.choose(b.is_number(kept["answer"], kind), byte, found)
    return found


def byte_at(b: Bits, content: Vector, position: Vector) -> Vector:
    """The byte at a position; 0 behind the last one."""
    chosen = b.decoded(position, len(content) // BYTE)
    rows = content.reshape(len(chosen), BYTE, *content.shape[1:])
    return np.concatenate([
        b.any_of(b.both(chosen, np.ascontiguousarray(rows[:, bit]))) for bit in range(BYTE)
    ])  # fmt: skip
