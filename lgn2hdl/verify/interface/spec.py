"""What a module around the pipeline has to do, as docs/interfaces.md says it: a scoreboard.

It watches the ports of the module and those of the pipeline, keeps what it has seen in registers of
its own, and says in every clock cycle whether all is right. It is written from the page and shares
nothing with what writes the Verilog. Of the beats of a sample it watches one, whichever: what holds
for any beat holds for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lgn2hdl.compiler.interface_choice import Interface, Kind
from lgn2hdl.compiler.schedule import Design
from lgn2hdl.hdl.ports import result_ports
from lgn2hdl.verify.sat.algebra import Bits, Vector

Vectors = Mapping[str, Vector]

BYTE = 8

VALID = "a result is offered exactly where there is one"
RESULT = "the result that is offered is the pipeline's, as docs/interfaces.md packs it"
LOST = "no result is lost"
TAKEN = "a result that was taken is gone"
MOVES = "the pipeline moves unless a result waits or the clock is not enabled"
RESET = "the pipeline is reset with the module"
LAST = "a result is one beat"
READY = "ready is low only where there is no room"
SAMPLE_LOST = "no sample is lost"
SAMPLE_ONCE = "the pipeline gets a sample exactly where there is one"
SAMPLE = "the pipeline gets the sample that came"
BAD_PACKET = "bad_packet says in the next cycle that a packet was short or long"
ERROR = "error stays from the first bad packet until it is cleared"
PATH = "no output depends on an input of the same cycle"


@dataclass(frozen=True)
class Number:
    """A number of a result: its width, the bits that it is extended to, whether by its sign."""

    width: int
    bits: int
    signed: bool


@dataclass(frozen=True)
class Wanted:
    """What is known of a design's interface.

    Attributes:
        is_stream: whether it is AXI4-Stream, else valid and ready beside all features.
        clock_enable: whether there is a port ``enable``.
        sample_bits: bits of ``x``.
        beat_bits, beats: of a sample; one beat with all bits where it is no stream.
        results: name and width of the pipeline's result ports.
        numbers: of a result, in the order of their bits.
        latency: clock cycles of the pipeline.
    """

    is_stream: bool
    clock_enable: bool
    sample_bits: int
    beat_bits: int
    beats: int
    results: tuple[tuple[str, int], ...]
    numbers: tuple[Number, ...]
    latency: int

    @property
    def counter_bits(self) -> int:
        """Bits of the number of a beat."""
        return (self.beats - 1).bit_length()

    @property
    def result_bits(self) -> int:
        """Bits of all result ports."""
        return sum(width for _, width in self.results)

    @property
    def ports(self) -> dict[str, tuple[str, int]]:
        """Direction and width of the module's ports."""
        controls = ("clk", "rst", "enable") if self.clock_enable else ("clk", "rst")
        ports = dict.fromkeys(controls, ("input", 1))
        if not self.is_stream:
            ports |= {"valid_in": ("input", 1), "ready_in": ("output", 1)}
            ports |= {"x": ("input", self.sample_bits)}
            ports |= {"valid_out": ("output", 1), "ready_out": ("input", 1)}
            return ports | {name: ("output", width) for name, width in self.results}
        whole = sum(number.bits for number in self.numbers)
        ports |= {"s_axis_tdata": ("input", self.beat_bits), "m_axis_tdata": ("output", whole)}
        inputs = ("s_axis_tvalid", "s_axis_tlast", "m_axis_tready", "error_clear")
        outputs = ("s_axis_tready", "m_axis_tvalid", "m_axis_tlast", "bad_packet", "error")
        return ports | dict.fromkeys(inputs, ("input", 1)) | dict.fromkeys(outputs, ("output", 1))

    @property
    def pipeline_ports(self) -> tuple[tuple[str, str, int], ...]:
        """Direction, name and width of the pipeline's ports."""
        controls = ("clk", "rst", "enable", "valid_in")
        return (
            *(("input", name, 1) for name in controls),
            ("input", "x", self.sample_bits),
            ("output", "valid_out", 1),
            *(("output", name, width) for name, width in self.results),
        )


def wanted(design: Design, interface: Interface, latency: int | None = None) -> Wanted:
    """What a design's interface has to be."""
    sample_bits = design.circuit.netlist.n_inputs
    is_stream = interface.kind is Kind.STREAM
    whole = -(-sample_bits // BYTE) * BYTE
    beat_bits = (interface.beat_bits or whole) if is_stream else sample_bits
    return Wanted(
        is_stream=is_stream,
        clock_enable=interface.clock_enable,
        sample_bits=sample_bits,
        beat_bits=beat_bits,
        beats=-(-sample_bits // beat_bits),
        results=tuple((port.name, port.width) for port in result_ports(design.head)),
        numbers=_numbers(design),
        latency=design.latency if latency is None else latency,
    )


def _numbers(design: Design) -> tuple[Number, ...]:
    """The numbers of a result, in the order of the ports."""
    numbers: list[Number] = []
    for item in design.head.results:
        if item.together:
            numbers.append(_number(item.bits))
        else:
            numbers += [_number(item.width, signed=item.signed)] * item.count
    return tuple(numbers)


def _number(width: int, *, signed: bool = False) -> Number:
    return Number(width, -(-width // BYTE) * BYTE, signed)


def memory(want: Wanted) -> dict[str, int]:
    """Width of everything that the scoreboard keeps.

    ``used``: a sample has entered the pipeline since the reset. ``waiting``, ``result``: one that
    has left the pipeline and was not taken. Of a stream: ``place``: beats of the packet so far;
    ``skipping``: what comes is the rest of a long one; ``pending``: a sample that the pipeline does
    not have yet; ``bad``, ``failed``: what the two outputs have to be; ``fresh``: a beat that is
    not the last one was taken at the last edge; ``index``: number of the beat that is watched,
    which never changes; ``age``: beats since it came, itself one of them, 0 if it has not come yet;
    ``beat``: what it holds; ``ready_beat``: the same of the sample that is pending.
    """
    kept = {"used": 1, "waiting": 1, "result": want.result_bits}
    if not want.is_stream:
        return kept
    kept |= dict.fromkeys(("skipping", "pending", "bad", "failed", "fresh"), 1)
    kept |= dict.fromkeys(("place", "index", "age"), want.counter_bits)
    return kept | {"beat": want.beat_bits, "ready_beat": want.beat_bits}


RIGID = "index"
"""What never changes, not by a reset either."""

DATA = ("result", "index", "beat", "ready_beat")
"""What a reset leaves as it is."""


def watch(
    b: Bits, want: Wanted, kept: Vectors, ports: Vectors, pipeline: Vectors
) -> tuple[dict[str, Vector], dict[str, Vector]]:
    """One clock cycle.

    Args:
        b: gates.
        want: what the interface has to be.
        kept: what the scoreboard has seen, see :func:`memory`.
        ports: values of the module's ports.
        pipeline: values of the pipeline's ports, ``result`` for all result ports in order.

    Returns:
        One bit for every property, 1 if it holds; and what is kept for the next cycle.
    """
    running = b.negated(ports["rst"])
    edge = b.both(running, ports["enable"]) if want.clock_enable else running
    enters = b.both(running, pipeline["enable"], pipeline["valid_in"])
    leaves = b.both(running, pipeline["enable"], pipeline["valid_out"])
    checks, after = _watch_results(b, want, kept, ports, pipeline, edge, leaves)
    side = _watch_stream if want.is_stream else _watch_handshake
    more, input_after = side(b, want, kept, ports, pipeline, edge, enters)
    checks |= more
    after |= input_after
    after["used"] = b.either(kept["used"], enters)
    enabled = ports["enable"] if want.clock_enable else b.true
    moves = b.both(enabled, b.negated(kept["waiting"]))
    busy = b.either(kept["used"], pipeline["valid_in"], kept.get("pending", b.false))
    checks[MOVES] = b.implies(busy, b.same(pipeline["enable"], moves))
    checks = {name: b.either(ports["rst"], check) for name, check in checks.items()}
    checks[RESET] = b.same(pipeline["rst"], ports["rst"])
    after = {
        name: value if name in DATA else b.both(running, value) for name, value in after.items()
    }
    return checks, after


def _watch_results(
    b: Bits,
    want: Wanted,
    kept: Vectors,
    ports: Vectors,
    pipeline: Vectors,
    edge: Vector,
    leaves: Vector,
) -> tuple[dict[str, Vector], dict[str, Vector]]:
    """From the pipeline to the receiver: at most one result waits in between."""
    names = ("m_axis_tvalid", "m_axis_tready") if want.is_stream else ("valid_out", "ready_out")
    valid, ready = (ports[name] for name in names)
    out = b.both(edge, valid, ready)
    waiting, not_taken = kept["waiting"], b.negated(out)
    here = b.either(waiting, pipeline["valid_out"])
    result = b.choose(waiting, kept["result"], pipeline["result"])
    waits = b.both(leaves, b.either(waiting, not_taken))
    checks = {
        VALID: b.same(valid, here),
        RESULT: b.implies(here, _is_packed(b, want, ports, result)),
        LOST: b.negated(b.both(leaves, waiting, not_taken)),
        TAKEN: b.implies(out, b.either(waiting, leaves)),
    }
    if want.is_stream:
        checks[LAST] = b.implies(here, ports["m_axis_tlast"])
    after = {
        "waiting": b.either(waits, b.both(waiting, not_taken)),
        "result": b.choose(waits, pipeline["result"], kept["result"]),
    }
    return checks, after


def _is_packed(b: Bits, want: Wanted, ports: Vectors, result: Vector) -> Vector:
    """Whether the outputs hold a result."""
    if not want.is_stream:
        given = np.concatenate([ports[name] for name, _ in want.results])
        return b.equal(given, result)
    return b.equal(ports["m_axis_tdata"], packed(b, want.numbers, result))


def packed(b: Bits, numbers: Sequence[Number], result: Vector) -> Vector:
    """A result's numbers side by side, each in whole bytes."""
    pieces, start = [], 0
    for number in numbers:
        bits = result[start : start + number.width]
        above = bits[-1:] if number.signed else b.false
        pieces += [bits, *[above] * (number.bits - number.width)]
        start += number.width
    return np.concatenate(pieces)


def by_name(widths: Iterable[tuple[str, int]], whole: Vector) -> dict[str, Vector]:
    """What stands side by side in a vector, the first one in its lowest bits."""
    found, start = {}, 0
    for name, width in widths:
        found[name] = whole[start : start + width]
        start += width
    return found


def _watch_handshake(
    b: Bits,
    want: Wanted,
    kept: Vectors,
    ports: Vectors,
    pipeline: Vectors,
    edge: Vector,
    enters: Vector,
) -> tuple[dict[str, Vector], dict[str, Vector]]:
    """A sample that is taken enters the pipeline at the same edge."""
    taken = b.both(edge, ports["valid_in"], ports["ready_in"])
    checks = {
        READY: b.either(ports["ready_in"], kept["waiting"]),
        SAMPLE_LOST: b.implies(taken, enters),
        SAMPLE_ONCE: b.implies(enters, taken),
        SAMPLE: b.implies(enters, b.equal(pipeline["x"], ports["x"])),
    }
    return checks, {}


def _watch_stream(
    b: Bits,
    want: Wanted,
    kept: Vectors,
    ports: Vectors,
    pipeline: Vectors,
    edge: Vector,
    enters: Vector,
) -> tuple[dict[str, Vector], dict[str, Vector]]:
    """Beats become samples, of which at most one is not in the pipeline yet."""
    last = ports["s_axis_tlast"]
    taken = b.both(edge, ports["s_axis_tvalid"], ports["s_axis_tready"])
    counts = b.both(taken, b.negated(kept["skipping"]))
    at_end = b.is_number(kept["place"], want.beats - 1)
    good = b.both(counts, last, at_end)
    bad = b.both(counts, b.differ(last, at_end))
    pending, stays = kept["pending"], b.both(kept["pending"], b.negated(enters))
    enabled = ports["enable"] if want.clock_enable else b.true
    checks = {
        READY: b.either(ports["s_axis_tready"], b.both(pending, kept["waiting"])),
        SAMPLE_LOST: b.negated(b.both(good, stays)),
        SAMPLE_ONCE: b.implies(pipeline["enable"], b.same(pipeline["valid_in"], pending)),
        SAMPLE: b.implies(pending, _is_watched(b, want, kept, pipeline["x"])),
        BAD_PACKET: b.same(ports["bad_packet"], kept["bad"]),
        ERROR: b.same(ports["error"], kept["failed"]),
    }
    not_cleared = b.both(kept["failed"], b.negated(ports["error_clear"]))
    skipping = b.either(b.both(counts, at_end), kept["skipping"])
    after = {
        "pending": b.either(good, stays),
        "skipping": b.choose(taken, b.both(skipping, b.negated(last)), kept["skipping"]),
        "bad": b.choose(enabled, bad, kept["bad"]),
        "failed": b.choose(enabled, b.either(bad, not_cleared), kept["failed"]),
        "fresh": b.choose(enabled, b.both(taken, b.negated(last)), kept["fresh"]),
    }
    return checks, after | _beats(b, want, kept, ports["s_axis_tdata"], counts, last, good)


def _beats(
    b: Bits, want: Wanted, kept: Vectors, beat: Vector, counts: Vector, last: Vector, good: Vector
) -> dict[str, Vector]:
    """The counter of beats, and the beat that is watched."""
    place, index, age = kept["place"], kept["index"], kept["age"]
    one = b.number(1, want.counter_bits)
    ends = b.either(last, b.is_number(place, want.beats - 1))
    has_come = b.any_of(age)
    comes = b.both(b.negated(has_come), b.equal(place, index))
    keep = b.negated(b.both(counts, ends))
    older = b.choose(b.either(has_come, comes), b.sum(age, one), age)
    newest = b.is_number(index, want.beats - 1)
    return {
        "place": b.both(keep, b.choose(counts, b.sum(place, one), place)),
        "index": index,
        "age": b.both(keep, b.choose(counts, older, age)),
        "beat": b.choose(b.both(counts, comes), beat, kept["beat"]),
        "ready_beat": b.choose(good, b.choose(newest, beat, kept["beat"]), kept["ready_beat"]),
    }


def _is_watched(b: Bits, want: Wanted, kept: Vectors, x: Vector) -> Vector:
    """Whether ``x`` holds the watched beat at its place."""
    watched = np.repeat(b.decoded(kept["index"], want.beats), want.beat_bits, axis=0)[: len(x)]
    beat = np.concatenate([kept["ready_beat"]] * want.beats)[: len(x)]
    return b.all_of(b.implies(watched, b.same(x, beat)))


def is_beat(b: Bits, want: Wanted, vector: Vector) -> Vector:
    """Whether a number is that of a beat."""
    return at_most(b, vector, b.number(want.beats - 1, len(vector)))


def at_most(b: Bits, one: Vector, other: Vector) -> Vector:
    """Whether a number is at most another one of the same width."""
    result = b.true
    for place in range(len(one)):
        low, high = one[place : place + 1], other[place : place + 1]
        result = b.choose(b.differ(low, high), high, result)
    return result
