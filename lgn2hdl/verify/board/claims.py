"""Which answer belongs to which request: what has to hold of a board in every clock cycle, and why.

A scoreboard stands beside the machine of :mod:`lgn2hdl.verify.board.spec`. It notes when a request
came, under which number, and which word of the queue's memory holds a byte that was not read yet:
one word, whichever; what holds for any holds for all. The network is what its own proof says: a
result comes so many clock cycles after its sample, whatever it is.

The properties follow from an invariant. It says, above all, how long after a request the next bytes
can arrive at the earliest: a byte takes nine and a half bits of the line at least, and the number
of the next request is its fourth.
"""

from __future__ import annotations

from lgn2hdl.verify.board.frames import parts, payload_length
from lgn2hdl.verify.board.spec import Signals, waiting
from lgn2hdl.verify.board.wanted import (
    BITS,
    BITS_OF_BYTE,
    CHECK,
    CRC_BYTES,
    CRC_LOW_PART,
    ERROR,
    FIRST_SYNC,
    HEADER_BYTES,
    IDENTITY,
    KIND,
    LENGTH_LOW,
    NO_PART,
    PAYLOAD,
    REST,
    RESULT,
    SECOND_SYNC,
    SEQUENCE,
    STOP,
    BoardWanted,
)
from lgn2hdl.verify.interface.spec import Vectors, at_most
from lgn2hdl.verify.sat.algebra import Bits, Vector

ALONE = "an answer is written before the next one begins"
ONE = "a request gets one answer"
NUMBER = "a result is sent with the number of its sample"
SAME = "a sample stays in front of the network until its result is written"
READY = "no sample comes while the network is reset"
ROOM = "no byte of an answer is lost in the queue"
ORDER = "every byte of the queue leaves it once, in the order in which it came"


def byte_cycles(want: BoardWanted) -> int:
    """Clock cycles between two bytes that are received, at least."""
    return (BITS_OF_BYTE - 1) * want.bit_cycles + want.bit_cycles // 2 + 2


def quiet(want: BoardWanted) -> int:
    """Clock cycles after a request in which nothing of the next one can disturb its answer."""
    return 4 * byte_cycles(want) - 1


def is_slow_enough(want: BoardWanted) -> bool:
    """Whether the line leaves the time for an answer, and a gap is longer than a byte.

    What is not so cannot be proved; ``synth`` refuses it.
    """
    needed = max(want.latency + want.longest_answer + 4, 16 + want.latency)
    return needed <= quiet(want) and byte_cycles(want) <= want.gap_cycles and want.latency >= 1


def scoreboard(want: BoardWanted) -> dict[str, int]:
    """Width of what the scoreboard keeps.

    ``age``: clock cycles since a request came, or since the configuration; it stops at
    :func:`quiet`. ``aligned``: that request ended with a byte. ``pending``, ``request``: its result
    has not come yet, and its number. ``word``, which never changes: a word of the memory;
    ``stored``: a byte in it was not read yet.
    """
    address = (want.queue_bytes - 1).bit_length()
    age = (6 * byte_cycles(want)).bit_length()
    return {"age": age, "aligned": 1, "pending": 1, "request": 8, "word": address, "stored": 1}


RIGID = "word"
"""What never changes, and may be anything at first."""


def result_comes(
    b: Bits, want: BoardWanted, kept: Vectors, board: Vectors, any_bit: Vector
) -> Vector:
    """The network's ``valid_out``; while it is reset it may be anything."""
    comes = b.both(board["pending"], b.is_number(board["age"], want.latency))
    return b.choose(b.any_of(kept["reset_left"]), any_bit, comes)


def watch(
    b: Bits, want: BoardWanted, kept: Vectors, board: Vectors, signals: Signals
) -> tuple[dict[str, Vector], dict[str, Vector]]:
    """One clock cycle.

    Args:
        b: gates.
        want: what the board is.
        kept: what the machine keeps.
        board: what the scoreboard keeps.
        signals: what happens.

    Returns:
        One bit for every property, 1 if it holds; and what is kept for the next cycle.
    """
    s = signals
    resting = b.is_number(kept["part"], NO_PART)
    writes_result = b.both(b.negated(resting), b.is_number(kept["answer"], RESULT))
    shifts = b.both(kept["got"], b.is_number(kept["state"], PAYLOAD))
    writes, reads = s.pins["write_enable"], s.reads
    at_write = b.equal(s.pins["write_address"], board["word"])
    at_read = b.equal(s.pins["read_address"], board["word"])
    put, got = b.both(writes, at_write), b.both(reads, at_read)
    checks = {
        ALONE: b.implies(s.wanted, resting),
        ONE: b.negated(
            b.either(
                b.both(s.done, s.identify), b.both(s.done, s.rejected),
                b.both(s.identify, s.rejected), b.both(s.sample, s.rejected),
                b.both(s.sample, board["pending"]),
            )
        ),
        NUMBER: b.implies(s.done, b.equal(kept["sequence"], board["request"])),
        SAME: b.negated(b.both(shifts, b.either(board["pending"], writes_result))),
        READY: b.negated(b.both(s.sample, s.pins["rst"])),
        ROOM: b.either(resting, writes),
        ORDER: b.both(b.implies(put, b.negated(board["stored"])), b.implies(got, board["stored"])),
    }  # fmt: skip
    request = b.either(s.sample, s.identify, s.rejected)
    age = board["age"]
    older = b.choose(b.is_number(age, quiet(want)), age, b.incremented(age))
    at_byte = b.either(b.is_number(kept["state"], CHECK), kept["got"])
    return checks, {
        "age": b.choose(request, b.number(1, len(age)), older),
        "aligned": b.choose(request, at_byte, board["aligned"]),
        "pending": b.either(s.sample, b.both(board["pending"], b.negated(s.done))),
        "request": b.choose(s.sample, kept["sequence"], board["request"]),
        "word": board["word"],
        "stored": b.either(put, b.both(board["stored"], b.negated(got))),
    }


def invariant(b: Bits, want: BoardWanted, kept: Vectors, board: Vectors) -> dict[str, Vector]:
    """What holds in every clock cycle, so that the properties do; one bit each."""
    return {
        **_of_the_line(b, want, kept),
        **_of_time(b, want, kept, board),
        **_of_the_answer(b, want, kept, board),
        **_of_the_queue(b, want, kept, board),
    }


def _of_the_line(b: Bits, want: BoardWanted, kept: Vectors) -> dict[str, Vector]:
    timer, bits = kept["timer"], kept["bits"]
    counts, stops = (b.is_number(kept["wait"], value) for value in (BITS, STOP))
    half = b.number(want.bit_cycles // 2 - 1, len(timer))
    whole = b.number(want.bit_cycles - 1, len(timer))
    return {
        "wait": b.negated(b.all_of(kept["wait"])),
        "bits": b.implies(counts, at_most(b, bits, b.number(BITS_OF_BYTE - 1, 4))),
        "timer": b.implies(counts, at_most(b, timer, whole)),
        "start bit": b.implies(b.both(counts, b.is_number(bits, 0)), at_most(b, timer, half)),
        "got": b.implies(kept["got"], stops),
        "broken": b.implies(kept["broken"], kept["got"]),
        "check": b.implies(
            b.is_number(kept["state"], CHECK),
            b.negated(b.either(kept["got"], counts, b.any_of(kept["gap"]))),
        ),
        "state": at_most(b, kept["state"], b.number(CHECK, 4)),
    }


def arrival(b: Bits, want: BoardWanted, kept: Vectors, board: Vectors) -> Vector:
    """Age at which the next byte is there, or later; the one that is there now is the next one."""
    width = len(board["age"])
    whole = byte_cycles(want)
    left = b.number(whole, width)  # behind a stop bit
    left = b.choose(b.is_number(kept["wait"], REST), b.number(whole - 1, width), left)
    behind = b.number(1, width)
    for bit in range(BITS_OF_BYTE):
        rest = (BITS_OF_BYTE - 1 - bit) * want.bit_cycles + 1
        behind = b.choose(b.is_number(kept["bits"], bit), b.number(rest, width), behind)
    timer = b.extended(kept["timer"], width)
    left = b.choose(b.is_number(kept["wait"], BITS), b.sum(timer, behind), left)
    return b.choose(kept["got"], board["age"], b.sum(board["age"], left))


def _of_time(b: Bits, want: BoardWanted, kept: Vectors, board: Vectors) -> dict[str, Vector]:
    """How long ago the last request was, by how much of the next frame has come."""
    age, whole, width = board["age"], byte_cycles(want), len(board["age"])
    over = b.is_number(age, quiet(want))
    at = arrival(b, want, kept, board)
    found = {"age": at_most(b, age, b.number(quiet(want), width))}
    for bytes_before, state in enumerate((FIRST_SYNC, SECOND_SYNC, KIND, SEQUENCE, LENGTH_LOW)):
        late = at_most(b, b.number(bytes_before * whole, width), at)
        if state != LENGTH_LOW:
            later = at_most(b, b.number((bytes_before + 1) * whole - 1, width), at)
            late = b.choose(board["aligned"], later, late)
        here = b.is_number(kept["state"], state)
        found[f"state {state}"] = b.implies(here, b.either(over, late))
    gap = kept["gap"]
    wide = max(width, len(gap)) + 1
    wide_gap = b.extended(gap, wide)
    since = b.sum(b.number(3 * whole, wide), wide_gap)
    wide_age = b.extended(age, wide)
    waits = b.is_number(kept["state"], LENGTH_LOW)
    found["gap"] = b.implies(waits, b.either(over, at_most(b, since, wide_age)))
    behind = b.negated(at_most(b, kept["state"], b.number(LENGTH_LOW, 4)))
    found["behind"] = b.implies(behind, over)
    return found


def _of_the_answer(b: Bits, want: BoardWanted, kept: Vectors, board: Vectors) -> dict[str, Vector]:
    """A result that is waited for, and how far its answer is."""
    age, width = board["age"], len(board["age"])
    latency, pending = want.latency, board["pending"]
    resting = b.is_number(kept["part"], NO_PART)
    writes = b.negated(resting)
    kinds = b.either(*(b.is_number(kept["answer"], kind) for kind in (IDENTITY, RESULT, ERROR)))
    length = payload_length(b, want, kept)
    position = b.extended(kept["position"], 16)
    found = {
        "pending": b.implies(
            pending,
            b.both(
                at_most(b, age, b.number(latency, width)), b.negated(b.is_number(age, 0)),
                board["aligned"], resting, b.equal(kept["sequence"], board["request"]),
                b.negated(b.any_of(kept["reset_left"])),
            ),
        ),
        "part": at_most(b, kept["part"], b.number(CRC_LOW_PART, 3)),
        "answer": b.implies(writes, kinds),
        "reset": b.either(
            at_most(b, b.sum(age, b.extended(kept["reset_left"], width)), b.number(16, width)),
            b.negated(b.any_of(kept["reset_left"])),
        ),
    }  # fmt: skip
    header, payload, crc_high, crc_low = parts(b, kept)
    found["position"] = b.both(
        b.implies(header, at_most(b, position, b.number(HEADER_BYTES - 1, 16))),
        b.implies(payload, b.negated(at_most(b, length, position))),
    )
    for condition, written in (
        (header, b.extended(kept["position"], width)),
        (payload, b.sum(b.extended(kept["position"], width), b.number(HEADER_BYTES, width))),
        (crc_high, b.sum(b.extended(length, width), b.number(HEADER_BYTES, width))),
        (crc_low, b.sum(b.extended(length, width), b.number(HEADER_BYTES + 1, width))),
    ):
        latest = b.sum(written, b.number(latency + 1, width))
        name = f"written {len(found)}"
        found[name] = b.implies(condition, at_most(b, age, latest))
    return found


def _of_the_queue(b: Bits, want: BoardWanted, kept: Vectors, board: Vectors) -> dict[str, Vector]:
    """Bytes in the queue, where they are, and what the answer that is written adds."""
    level, source = kept["level"], kept["read_address"]
    address = len(source)
    length = payload_length(b, want, kept)
    header, payload, crc_high, crc_low = parts(b, kept)
    written = b.extended(kept["position"], 16)
    whole = b.sum(length, b.number(HEADER_BYTES + CRC_BYTES, 16))
    left = b.number(0, 16)
    for condition, value in (
        (header, _minus(b, whole, written)),
        (payload, _minus(b, b.sum(length, b.number(CRC_BYTES, 16)), written)),
        (crc_high, b.number(2, 16)),
        (crc_low, b.number(1, 16)),
    ):
        left = b.choose(condition, value, left)
    wide = max(17, len(level) + 1)
    filled = b.sum(b.extended(waiting(b, kept), wide), b.extended(left, wide))
    ahead = _minus(b, board["word"], source)
    unread = b.negated(at_most(b, level, b.extended(ahead, len(level))))
    return {
        "room": at_most(b, filled, b.number(want.queue_bytes, wide)),
        "level": at_most(b, level, b.number(want.queue_bytes, len(level))),
        "addresses": b.equal(_minus(b, kept["write_address"], source), level[:address]),
        "stored": b.same(board["stored"], unread),
    }


def _minus(b: Bits, one: Vector, other: Vector) -> Vector:
    negative = b.sum(b.negated(other), b.number(1, len(other)))
    return b.sum(one, negative)
