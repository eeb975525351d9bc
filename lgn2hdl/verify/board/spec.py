"""What the module around a network on a board does in every clock cycle, as docs/boards.md says it.

It is written from the page, as a machine, and shares nothing with what writes the Verilog. The
proof is that the Verilog does the same for ever (:mod:`lgn2hdl.verify.board.proof`), and that this
machine answers every request as the page promises (:mod:`lgn2hdl.verify.board.claims`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lgn2hdl.verify.board.frames import answers, requests
from lgn2hdl.verify.board.wanted import (
    BITS,
    BITS_OF_BYTE,
    ERROR,
    IDENTITY,
    REST,
    RESULT,
    STOP,
    BoardWanted,
)
from lgn2hdl.verify.interface.spec import Vectors, at_most
from lgn2hdl.verify.sat.algebra import Bits, Vector


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
    request, after_request = requests(b, want, kept)
    in_reset = b.any_of(kept["reset_left"])
    done = b.both(inner["valid_out"], b.negated(in_reset))
    wanted = b.either(done, request["identify"], request["rejected"])
    other = b.choose(request["identify"], b.number(IDENTITY, 8), b.number(ERROR, 8))
    kind = b.choose(done, b.number(RESULT, 8), other)
    start = b.both(wanted, _has_room(b, want, waiting(b, kept)))
    written, after_answer = answers(b, want, kept, inner["result"], start)
    after_answer |= {
        "answer": b.choose(start, kind, kept["answer"]),
        "number": b.choose(start, kept["sequence"], kept["number"]),
        "reason": b.choose(start, request["reason"], kept["reason"]),
    }
    queue, after_queue = _queue(b, want, kept, written, inner["read_data"])
    counted = b.choose(in_reset, b.decremented(kept["reset_left"]), kept["reset_left"])
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
    timer = b.choose(looks, b.number(want.bit_cycles - 1, width), b.decremented(kept["timer"]))
    wait = b.choose(starts, b.number(BITS, 2), kept["wait"])
    wait = b.choose(ends, b.number(STOP, 2), b.choose(rests, b.number(REST, 2), wait))
    return {
        "line_first": rx,
        "line": kept["line_first"],
        "timer": b.choose(starts, b.number(want.bit_cycles // 2 - 1, width), timer),
        "bits": b.choose(starts, b.number(0, 4), b.choose(looks, b.incremented(bits), bits)),
        "wait": wait,
        "byte": b.choose(takes, np.concatenate([kept["byte"][1:], line]), kept["byte"]),
        "got": ends,
        "broken": b.both(ends, b.negated(line)),
    }


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
    grown = b.choose(b.both(writes, b.negated(reads)), b.incremented(level), level)
    place, source = kept["write_address"], kept["read_address"]
    pins = {
        "write_enable": writes,
        "write_address": place,
        "write_data": written["byte"],
        "read_address": source,
        "reads": reads,
    }
    return pins, {
        "write_address": b.choose(writes, b.incremented(place), place),
        "read_address": b.choose(reads, b.incremented(source), source),
        "level": b.choose(b.both(reads, b.negated(writes)), b.decremented(level), grown),
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
    counted = b.choose(busy, b.choose(turns, whole, b.decremented(timer)), timer)
    shifted = b.choose(turns, np.concatenate([shift[1:], b.true]), shift)
    shorter = b.choose(turns, b.decremented(left), left)
    line = b.choose(turns, shift[:1], kept["tx"])
    return {
        "left": b.choose(takes, b.number(BITS_OF_BYTE, 4), shorter),
        "send_timer": b.choose(takes, whole, counted),
        "shift": b.choose(takes, np.concatenate([kept["out"], b.true]), shifted),
        "tx": b.choose(takes, b.false, line),
    }
