"""What the module around a network on a board does in every clock cycle, as docs/boards.md says it.

It is written from the page, as a machine, and shares nothing with what writes the Verilog. The
proof is that the Verilog does the same for ever (:mod:`lgn2hdl.verify.board_proof`), and that this
machine answers every request as the page promises (:mod:`lgn2hdl.verify.board_claims`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lgn2hdl.verify.algebra import Bits, Vector
from lgn2hdl.verify.interface_spec import Number, Vectors, at_most, packed

BYTE = 8
BITS_OF_BYTE = 10
"""Bits on the line for a byte: start, eight data bits, stop."""

SYNC = (0xA5, 0x5A)
IDENTIFY, SAMPLE = 0x01, 0x02
IDENTITY, RESULT, ERROR = 0x81, 0x82, 0x8F
WRONG_CRC, WRONG_KIND, WRONG_LENGTH, WRONG_BYTE, WRONG_GAP = 1, 2, 3, 4, 5
HEADER_BYTES, CRC_BYTES = 6, 2
"""Two synchronization bytes, kind, sequence number, two of the length; and behind the payload."""

POLYNOMIAL, CRC_START, CRC_BITS = 0x1021, 0xFFFF, 16
RESET_CYCLES = 15
"""Clock cycles for which the network is reset after the configuration."""

REST, BITS, STOP = 0, 1, 2
"""What the serial receiver waits for: a start bit, the middle of a bit, the line at rest."""

(FIRST_SYNC, SECOND_SYNC, KIND, SEQUENCE, LENGTH_LOW, LENGTH_HIGH, PAYLOAD, CRC_HIGH, CRC_LOW,
 CHECK) = range(10)  # fmt: skip
"""What the next byte of a request is; in the last one its CRC is there to be looked at."""

NO_PART, HEADER_PART, PAYLOAD_PART, CRC_HIGH_PART, CRC_LOW_PART = range(5)
"""What is being written of an answer."""


@dataclass(frozen=True)
class BoardWanted:
    """What is known of a board.

    Attributes:
        bit_cycles: clock cycles of a bit on the line.
        gap_cycles: clock cycles after which a frame that does not go on is given up.
        sample_bits: bits of the network's port ``x``.
        results: name and width of the network's result ports.
        numbers: of a result, in the order of their bits.
        identity: payload of the answer to a request for the identity.
        latency: clock cycles of the network.
    """

    bit_cycles: int
    gap_cycles: int
    sample_bits: int
    results: tuple[tuple[str, int], ...]
    numbers: tuple[Number, ...]
    identity: bytes
    latency: int

    @property
    def sample_bytes(self) -> int:
        """Bytes of a sample."""
        return -(-self.sample_bits // BYTE)

    @property
    def result_bits(self) -> int:
        """Bits of all result ports."""
        return sum(width for _, width in self.results)

    @property
    def result_bytes(self) -> int:
        """Bytes of a result."""
        return sum(number.bits for number in self.numbers) // BYTE

    @property
    def longest_answer(self) -> int:
        """Bytes of the longest answer."""
        return HEADER_BYTES + max(len(self.identity), self.result_bytes, 1) + CRC_BYTES

    @property
    def queue_bytes(self) -> int:
        """Bytes of the queue: 512, or the next power of two with room for two answers."""
        return max(512, 1 << (2 * self.longest_answer - 1).bit_length())

    @property
    def ports(self) -> dict[str, tuple[str, int]]:
        """Direction and width of the module's ports."""
        return {"clk": ("input", 1), "rx": ("input", 1), "tx": ("output", 1)}

    @property
    def network_ports(self) -> tuple[tuple[str, str, int], ...]:
        """Direction, name and width of the network's ports."""
        return (
            *(("input", name, 1) for name in ("clk", "rst", "valid_in")),
            ("input", "x", self.sample_bits),
            ("output", "valid_out", 1),
            *(("output", name, width) for name, width in self.results),
        )


def memory(want: BoardWanted) -> dict[str, int]:
    """Width of everything that is kept from clock cycle to clock cycle.

    Serial receiver: two registers that synchronize the line; what it waits for, clock cycles to
    the middle of a bit, number of the bit, the byte, whether it is there, whether its stop bit was
    missing. Requests: what the next byte is, and what has come of the frame; ``gap``: clock cycles
    since the last byte. Answers: what is being written, and of which kind. Queue: where the next
    byte goes and comes from, bytes in the memory, the byte in front of it. Serial transmitter: bits
    that are left, clock cycles of the bit that are, the bits. And the clock cycles of reset.
    """
    timer, level = (want.bit_cycles - 1).bit_length(), want.queue_bytes.bit_length()
    address = (want.queue_bytes - 1).bit_length()
    return {
        **{"line_first": 1, "line": 1, "wait": 2, "timer": timer, "bits": 4},
        **{"byte": 8, "got": 1, "broken": 1},
        **{"state": 4, "kind": 2, "sequence": 8, "length_low": 8},
        **{"count": want.sample_bytes.bit_length(), "x": BYTE * want.sample_bytes},
        **{"gap": want.gap_cycles.bit_length(), "crc": CRC_BITS},
        **{"part": 3, "position": (want.longest_answer - 1).bit_length()},
        **{"answer": 8, "number": 8, "reason": 3, "answer_crc": CRC_BITS},
        **{"write_address": address, "read_address": address, "level": level},
        **{"ready": 1, "out": 8},
        **{"left": 4, "send_timer": timer, "shift": 9, "tx": 1, "reset_left": 4},
    }


def initial(want: BoardWanted) -> dict[str, int]:
    """What is kept when the configuration is loaded; ``out`` may be anything."""
    ones = {"line_first", "line", "tx"}
    values = {name: int(name in ones) for name in memory(want)}
    values |= {"crc": CRC_START, "answer_crc": CRC_START, "reset_left": RESET_CYCLES}
    del values["out"]
    return values


@dataclass(frozen=True)
class Signals:
    """What happens in a clock cycle.

    Attributes:
        sample, identify, rejected: whether such a request has just come; ``sequence`` and
            ``reason`` belong to it.
        done: whether the network's result is there.
        wanted, start: whether an answer is to be written, and whether there is room for it.
        reason: why a request is rejected.
        pins: of the network and of the memory that the queue is in, by instance and port; and
            ``tx``.
        reads: whether the queue takes a byte out of the memory.
    """

    sample: Vector
    identify: Vector
    rejected: Vector
    done: Vector
    wanted: Vector
    start: Vector
    reason: Vector
    pins: Mapping[str, Vector]
    reads: Vector


def cycle(
    b: Bits, want: BoardWanted, kept: Vectors, rx: Vector, inner: Vectors
) -> tuple[Signals, dict[str, Vector]]:
    """One clock cycle.

    Args:
        b: gates.
        want: what the board is.
        kept: see :func:`memory`.
        rx: the line.
        inner: what the network gives, ``valid_out`` and ``result`` for all result ports in order,
            and what the memory does, ``read_data``.

    Returns:
        What happens, and what is kept for the next cycle.
    """
    request, after_request = _requests(b, want, kept)
    in_reset = b.any_of(kept["reset_left"])
    done = b.both(inner["valid_out"], b.negated(in_reset))
    wanted = b.either(done, request["identify"], request["rejected"])
    other = b.choose(request["identify"], b.number(IDENTITY, 8), b.number(ERROR, 8))
    kind = b.choose(done, b.number(RESULT, 8), other)
    start = b.both(wanted, _has_room(b, want, waiting(b, kept)))
    written, after_answer = _answers(b, want, kept, inner["result"], start)
    after_answer |= {
        "answer": b.choose(start, kind, kept["answer"]),
        "number": b.choose(start, kept["sequence"], kept["number"]),
        "reason": b.choose(start, request["reason"], kept["reason"]),
    }
    queue, after_queue = _queue(b, want, kept, written, inner["read_data"])
    counted = b.choose(in_reset, _less(b, kept["reset_left"]), kept["reset_left"])
    signals = Signals(
        sample=request["sample"],
        identify=request["identify"],
        rejected=request["rejected"],
        done=done,
        wanted=wanted,
        start=start,
        reason=request["reason"],
        pins={
            "rst": in_reset,
            "valid_in": request["sample"],
            "x": kept["x"][: want.sample_bits],
            **queue,
            "tx": kept["tx"],
        },
        reads=queue["reads"],
    )
    after = {
        **_line(b, want, kept, rx),
        **after_request,
        **after_answer,
        **after_queue,
        **_send(b, want, kept),
        "reset_left": counted,
    }
    return signals, after


def _line(b: Bits, want: BoardWanted, kept: Vectors, rx: Vector) -> dict[str, Vector]:
    """The serial receiver: it looks at every bit once, in its middle."""
    line, bits = kept["line"], kept["bits"]
    width = len(kept["timer"])
    resting, stopping = (b.is_number(kept["wait"], value) for value in (REST, STOP))
    looks = b.both(b.is_number(kept["wait"], BITS), b.negated(b.any_of(kept["timer"])))
    starts = b.both(resting, b.negated(line))
    spike = b.both(looks, b.negated(b.any_of(bits)), line)
    ends = b.both(looks, b.is_number(bits, BITS_OF_BYTE - 1))
    takes = b.both(looks, b.negated(spike), b.negated(ends))
    rests = b.either(spike, b.both(stopping, line))
    timer = b.choose(looks, b.number(want.bit_cycles - 1, width), _less(b, kept["timer"]))
    wait = b.choose(starts, b.number(BITS, 2), kept["wait"])
    wait = b.choose(ends, b.number(STOP, 2), b.choose(rests, b.number(REST, 2), wait))
    return {
        "line_first": rx,
        "line": kept["line_first"],
        "timer": b.choose(starts, b.number(want.bit_cycles // 2 - 1, width), timer),
        "bits": b.choose(starts, b.number(0, 4), b.choose(looks, _more(b, bits), bits)),
        "wait": wait,
        "byte": b.choose(takes, np.concatenate([kept["byte"][1:], line]), kept["byte"]),
        "got": ends,
        "broken": b.both(ends, b.negated(line)),
    }


def _requests(
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
    gap = b.choose(waits, b.number(0, len(kept["gap"])), _more(b, kept["gap"]))
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
    count = b.choose(shifts, _more(b, kept["count"]), kept["count"])
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


def _answers(
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
    moved = b.choose(b.either(header, payload), _more(b, position), begins)
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


def waiting(b: Bits, kept: Vectors) -> Vector:
    """Bytes in the queue."""
    return b.sum(kept["level"], b.extended(kept["ready"], len(kept["level"])))


def _has_room(b: Bits, want: BoardWanted, bytes_waiting: Vector) -> Vector:
    """Whether the longest answer has room in the queue."""
    most = want.queue_bytes - want.longest_answer
    return at_most(b, bytes_waiting, b.number(most, len(bytes_waiting)))


def _queue(
    b: Bits, want: BoardWanted, kept: Vectors, written: Vectors, read_data: Vector
) -> tuple[dict[str, Vector], dict[str, Vector]]:
    """A row of bytes in a memory, and one in front of it that the transmitter takes."""
    level, ready = kept["level"], kept["ready"]
    writes = b.both(written["writes"], b.negated(b.is_number(level, want.queue_bytes)))
    takes = b.negated(b.any_of(kept["left"]))
    reads = b.both(b.any_of(level), b.either(b.negated(ready), takes))
    grown = b.choose(b.both(writes, b.negated(reads)), _more(b, level), level)
    place, source = kept["write_address"], kept["read_address"]
    pins = {
        "write_enable": writes,
        "write_address": place,
        "write_data": written["byte"],
        "read_address": source,
        "reads": reads,
    }
    return pins, {
        "write_address": b.choose(writes, _more(b, place), place),
        "read_address": b.choose(reads, _more(b, source), source),
        "level": b.choose(b.both(reads, b.negated(writes)), _less(b, level), grown),
        "ready": b.either(reads, b.both(ready, b.negated(takes))),
        "out": b.choose(reads, read_data, kept["out"]),
    }


def _send(b: Bits, want: BoardWanted, kept: Vectors) -> dict[str, Vector]:
    """The serial transmitter."""
    left, timer, shift = kept["left"], kept["send_timer"], kept["shift"]
    busy = b.any_of(left)
    takes = b.both(b.negated(busy), kept["ready"])
    turns = b.both(busy, b.negated(b.any_of(timer)))
    whole = b.number(want.bit_cycles - 1, len(timer))
    counted = b.choose(busy, b.choose(turns, whole, _less(b, timer)), timer)
    shifted = b.choose(turns, np.concatenate([shift[1:], b.true]), shift)
    line = b.choose(turns, shift[:1], kept["tx"])
    return {
        "left": b.choose(takes, b.number(BITS_OF_BYTE, 4), b.choose(turns, _less(b, left), left)),
        "send_timer": b.choose(takes, whole, counted),
        "shift": b.choose(takes, np.concatenate([kept["out"], b.true]), shifted),
        "tx": b.choose(takes, b.false, line),
    }


def _more(b: Bits, vector: Vector) -> Vector:
    return b.sum(vector, b.number(1, len(vector)))


def _less(b: Bits, vector: Vector) -> Vector:
    return b.sum(vector, b.number((1 << len(vector)) - 1, len(vector)))
