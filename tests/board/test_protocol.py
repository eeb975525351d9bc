"""Frames: round trips, every single damaged bit, and streams that arrive in pieces."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lgn2hdl.board.protocol import (
    BOARD_LENGTHS,
    OVERHEAD,
    SYNC,
    Flag,
    Frame,
    Identity,
    Kind,
    Reason,
    Rejected,
    Result,
    decode,
    encode,
    parse_result,
    result_payload,
)

LENGTHS = {Kind.IDENTIFY: 0, Kind.SAMPLE: 5}
SAMPLE = Frame(Kind.SAMPLE, 7, b"\xa5\x5a\x02\xa5\x5a")

frames = st.one_of(
    st.builds(Frame, st.just(Kind.IDENTIFY), st.integers(0, 255)),
    st.builds(Frame, st.just(Kind.SAMPLE), st.integers(0, 255), st.binary(min_size=5, max_size=5)),
)


def identity(**changes) -> Identity:
    """Of a small network."""
    fields = {
        "flags": Flag(0),
        "n_features": 3,
        "sample_bytes": 5,
        "n_outputs": 4,
        "score_bits": 9,
        "window": 8,
        "sha256": bytes(range(32)),
    }
    return Identity(**{**fields, **changes})


def bitwise_crc(data: bytes) -> int:
    """The CRC by its definition, a bit at a time."""
    register = 0xFFFF
    for byte in data:
        for place in range(7, -1, -1):
            is_odd = register >> 15 ^ byte >> place & 1
            register = register << 1 & 0xFFFF ^ 0x1021 * is_odd
    return register


def test_the_bytes_of_a_frame():
    assert bitwise_crc(b"123456789") == 0x29B1  # the check value in lists of CRCs
    body = bytes.fromhex("02 07 0500 a55a02a55a")
    assert encode(SAMPLE) == SYNC + body + bitwise_crc(body).to_bytes(2, "big")


@given(st.lists(frames, max_size=5), st.integers(1, 20))
def test_frames_come_back_whatever_the_pieces(sent, size):
    data = b"".join(map(encode, sent))
    found, rest = [], b""
    for start in range(0, len(data), size):
        more, rest = decode(rest + data[start : start + size], LENGTHS)
        found += more
    assert found == sent
    assert rest == b""


@given(st.binary(max_size=30), frames)
def test_a_frame_is_found_behind_noise_without_a_beginning_of_a_frame(noise, frame):
    noise = noise.replace(SYNC, b"").removesuffix(SYNC[:1])
    if SYNC in noise:
        return
    assert decode(noise + encode(frame), LENGTHS) == ([frame], b"")


def test_no_single_damaged_bit_gets_through():
    data = encode(SAMPLE)
    for place in range(8 * len(data)):
        bad = bytearray(data)
        bad[place // 8] ^= 1 << place % 8
        found, _ = decode(bytes(bad) + bytes(20), LENGTHS)
        assert not any(isinstance(item, Frame) for item in found), place


def test_no_burst_of_sixteen_bits_gets_through():
    data, rng = encode(SAMPLE), random.Random(1)
    for start in range(len(SYNC), len(data) - 2):
        for _ in range(50):
            burst = rng.randrange(1, 1 << 16).to_bytes(2, "big")
            bad = bytearray(data)
            bad[start] ^= burst[0]
            bad[start + 1] ^= burst[1]
            found, _ = decode(bytes(bad) + bytes(20), LENGTHS)
            assert not any(isinstance(item, Frame) for item in found)


@pytest.mark.parametrize(
    ("damaged", "reason"),
    [
        (encode(SAMPLE)[:-1] + b"?", Reason.CRC),
        (encode(Frame(0x55, 7, b"12345")), Reason.KIND),
        (encode(Frame(Kind.RESULT, 7, b"12345")), Reason.KIND),
        (encode(Frame(Kind.SAMPLE, 7, b"1234")), Reason.LENGTH),
        (encode(Frame(Kind.IDENTIFY, 7, b"1")), Reason.LENGTH),
    ],
)
def test_what_is_wrong_is_said_and_the_next_frame_is_found(damaged, reason):
    good = Frame(Kind.IDENTIFY, 8)
    found, rest = decode(damaged + encode(good), LENGTHS)
    assert (found, rest) == ([Rejected(7, reason), good], b"")


def test_half_a_synchronization_waits_for_the_other_half():
    first, rest = decode(b"noise" + SYNC[:1], LENGTHS)
    assert (first, rest) == ([], SYNC[:1])
    assert decode(rest + encode(SAMPLE)[1:], LENGTHS) == ([SAMPLE], b"")
    assert decode(SYNC[:1] + encode(SAMPLE), LENGTHS) == ([SAMPLE], b"")


def test_an_identity_comes_back():
    sent = identity(flags=Flag.SIGNED | Flag.CHANGED, n_features=70_000)
    assert Identity.from_bytes(sent.to_bytes()) == sent
    assert len(sent.to_bytes()) == BOARD_LENGTHS[Kind.IDENTITY]


@pytest.mark.parametrize(
    ("changes", "result", "payload"),
    [
        ({}, Result(2, (1, 511, 256, 0)), "02 0100 ff01 0001 0000"),
        ({"score_bits": 8}, Result(3, (1, 2, 255, 0)), "03 01 02 ff 00"),
        ({"score_bits": 8, "flags": Flag.SIGNED}, Result(0, (1, -2, -128, 127)), "00 01fe807f"),
        ({"score_bits": 0}, Result(1), "01"),
        ({"n_outputs": 257, "score_bits": 0}, Result(256), "0001"),
        ({"n_outputs": 10, "flags": Flag.BITS}, Result(None, bits=(1,) + (0,) * 8 + (1,)), "0102"),
    ],
)
def test_results_are_whole_bytes(changes, result, payload):
    board = identity(**changes)
    assert result_payload(board, result) == bytes.fromhex(payload)
    assert parse_result(board, bytes.fromhex(payload)) == result
    assert board.result_bytes == len(bytes.fromhex(payload))


def test_the_overhead_is_that_of_an_empty_frame():
    assert len(encode(Frame(Kind.IDENTIFY, 0))) == OVERHEAD
