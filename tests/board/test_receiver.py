"""Frames from bytes in hardware: the same as in Python, and when a frame is given up."""

import pytest
from amaranth.sim import Simulator
from hypothesis import given, settings
from hypothesis import strategies as st

from lgn2hdl.board.protocol import OVERHEAD, SYNC, Frame, Kind, Reason, Rejected, decode, encode
from lgn2hdl.board.receiver import FIRST_REJECTION, FrameReceiver

GAP = 9
"""Clock cycles after which a frame that does not go on is given up."""

PAUSE = 2
"""Clock cycles between two bytes, at least; a UART leaves more."""


def received(items, *, sample_bytes=2, after=0):
    """What a receiver says to bytes, ``None`` for broken ones, and to numbers of quiet cycles.

    Frames and rejections as :func:`decode` gives them, and the clock cycle of each.
    """
    component = FrameReceiver(sample_bytes, GAP)
    found, cycles = [], []

    async def send(context):
        for cycle, item in enumerate(lines(items, after)):
            context.set(component.valid, item is not None)
            context.set(component.data, (item or (0, 0))[0])
            context.set(component.broken, (item or (0, 0))[1])
            said = [
                context.get(port)
                for port in (component.sample, component.identify, component.rejected)
            ]
            assert sum(said) <= 1
            number = context.get(component.sequence)
            if said[0]:
                x = context.get(component.x).to_bytes(sample_bytes, "little")
                found.append(Frame(Kind.SAMPLE, number, x))
            if said[1]:
                found.append(Frame(Kind.IDENTIFY, number))
            if said[2]:
                found.append(Rejected(number, Reason(context.get(component.reason))))
            if any(said):
                cycles.append(cycle)
            await context.tick()

    simulator = Simulator(component)
    simulator.add_clock(1e-6)
    simulator.add_testbench(send)
    simulator.run()
    return found, cycles


def lines(items, after):
    """For every clock cycle a byte and whether it is broken, or None."""
    for item in items:
        if isinstance(item, tuple):  # quiet
            yield from [None] * item[0]
        else:
            yield from [(item & 0xFF, item >> 8), *[None] * PAUSE]
    yield from [None] * (1 + after)


def broken(byte):
    """A byte without a stop bit."""
    return byte | 0x100


SAMPLE = encode(Frame(Kind.SAMPLE, 7, b"\x12\x34"))
IDENTIFY = encode(Frame(Kind.IDENTIFY, 9))
LENGTHS = {Kind.IDENTIFY: 0, Kind.SAMPLE: 2}


@st.composite
def streams(draw):
    """Frames, whole, cut, damaged, of other kinds and lengths, and noise between them."""
    data = b""
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from([Kind.SAMPLE, Kind.IDENTIFY, Kind.SAMPLE, 0, 3, 0x82]))
        length = draw(st.sampled_from([LENGTHS.get(kind, 0), LENGTHS.get(kind, 0), 0, 1, 2, 256]))
        payload = draw(st.binary(min_size=length, max_size=length)) if length < 256 else b""
        frame = bytearray(encode(Frame(kind, draw(st.integers(0, 255)), payload)))
        if length == 256:
            frame[5] = 1
        if draw(st.integers(0, 3)) == 0:
            frame[draw(st.integers(0, len(frame) - 1))] ^= 1 << draw(st.integers(0, 7))
        if draw(st.integers(0, 5)) == 0:
            del frame[draw(st.integers(0, len(frame) - 1)) :]
        data += draw(st.sampled_from([b"", b"", b"\xa5", SYNC, b"\x00\xa5\xa5"])) + frame
    return data


@settings(max_examples=20)
@given(streams())
def test_the_same_frames_as_in_python(data):
    found, _ = received(data)
    assert found == decode(data, LENGTHS)[0]


@pytest.mark.parametrize("sample_bytes", [1, 2, 3, 5])
def test_samples_of_every_length(sample_bytes):
    payloads = [bytes(range(start, start + sample_bytes)) for start in (1, 100, 250 - sample_bytes)]
    frames = [Frame(Kind.SAMPLE, number, payload) for number, payload in enumerate(payloads)]
    found, _ = received(b"".join(map(encode, frames)), sample_bytes=sample_bytes)
    assert found == frames


def test_every_wrong_bit_of_a_frame_is_noticed():
    """One frame after the other, each with another wrong bit, and silence behind it."""
    items, wanted = [], []
    for place in range(8 * len(SYNC), 8 * len(SAMPLE)):
        data = bytearray(SAMPLE)
        data[place // 8] ^= 1 << place % 8
        items += [*data, (2 * GAP,)]
        rejected, rest = decode(bytes(data), LENGTHS)
        if len(rest) >= FIRST_REJECTION:
            rejected.append(Rejected(rest[3], Reason.GAP))
        assert [type(item) for item in rejected] == [Rejected]
        wanted += rejected
    assert received(items)[0] == wanted


def test_a_frame_is_there_two_cycles_behind_its_last_byte_and_only_once():
    _, cycles = received(IDENTIFY, after=3 * GAP)
    assert cycles == [(len(IDENTIFY) - 1) * (1 + PAUSE) + 1]


@pytest.mark.parametrize("arrived", range(len(SAMPLE)))
def test_a_frame_that_does_not_go_on_is_given_up(arrived):
    """Silently as long as nobody can know its number; exactly then, and not a cycle before."""
    part = SAMPLE[:arrived]
    found, cycles = received(part, after=3 * GAP)
    if arrived < FIRST_REJECTION:
        assert found == []
    else:
        assert found == [Rejected(SAMPLE[3], Reason.GAP)]
        assert cycles == [(arrived - 1) * (1 + PAUSE) + 1 + GAP]
    assert received([*part, (3 * GAP,), *IDENTIFY])[0][-1] == Frame(Kind.IDENTIFY, 9)


@pytest.mark.parametrize("arrived", range(1, len(SAMPLE)))
def test_a_frame_may_wait_for_all_but_the_last_cycle(arrived):
    waiting = [*SAMPLE[:arrived], (GAP - PAUSE - 1,), *SAMPLE[arrived:]]
    assert received(waiting)[0] == [Frame(Kind.SAMPLE, 7, b"\x12\x34")]
    late = [*SAMPLE[:arrived], (GAP - PAUSE,), *SAMPLE[arrived:]]
    assert Frame(Kind.SAMPLE, 7, b"\x12\x34") not in received(late)[0]


def test_a_pause_between_frames_is_no_gap():
    found, _ = received([*SAMPLE, (5 * GAP,), *IDENTIFY, (GAP,), *SAMPLE])
    sample = Frame(Kind.SAMPLE, 7, b"\x12\x34")
    assert found == [sample, Frame(Kind.IDENTIFY, 9), sample]


@pytest.mark.parametrize("place", range(len(SAMPLE)))
def test_a_broken_byte_ends_its_frame(place):
    """It is no byte of the next one either, even where it looks like its beginning."""
    items = [*SAMPLE[:place], broken(SAMPLE[place]), (GAP,), *IDENTIFY]
    found, cycles = received(items)
    if place < FIRST_REJECTION:
        assert found == [Frame(Kind.IDENTIFY, 9)]
    else:
        assert found == [Rejected(SAMPLE[3], Reason.BYTE), Frame(Kind.IDENTIFY, 9)]
        assert cycles[0] == place * (1 + PAUSE)


def test_a_broken_byte_between_frames_is_nothing():
    assert received([broken(SYNC[0]), *SYNC[1:], *IDENTIFY[2:], *SAMPLE])[0] == [
        Frame(Kind.SAMPLE, 7, b"\x12\x34")
    ]


def test_frames_end_to_end():
    assert len(IDENTIFY) == OVERHEAD
    found, _ = received(IDENTIFY + SAMPLE + IDENTIFY + IDENTIFY)
    kinds = [item.kind for item in found]
    assert kinds == [Kind.IDENTIFY, Kind.SAMPLE, Kind.IDENTIFY, Kind.IDENTIFY]
