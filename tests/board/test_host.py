"""The host's side against a board in Python behind a line that loses and damages bytes."""

import dataclasses
import random
from collections.abc import Callable

import pytest
from simulated_board import answer_bytes

from lgn2hdl.base.errors import BoardError
from lgn2hdl.board.host import Patience, SampleRun, identify, open_port, require_network
from lgn2hdl.board.protocol import Flag, Frame, Identity, Kind, Result, decode, encode, parse_result

IDENTITY = Identity(Flag(0), 3, 3, 4, 8, 9, bytes(range(32)))
QUICK = Patience(seconds=0.02, tries=30)
SAMPLES = [bytes([number % 251, number // 251, number % 7]) for number in range(600)]


def answer(payload: bytes) -> bytes:
    """A result that depends on every byte of a sample."""
    return bytes([sum(payload) % 4, *payload, 99])


EXPECTED = [parse_result(IDENTITY, answer(item)) for item in SAMPLES]


class LinePort:
    """A serial port with a board behind it; ``spoil`` is what happens to bytes on their way."""

    def __init__(self, spoil: Callable[[bytes], bytes] = bytes, identity: Identity = IDENTITY):
        self.spoil, self.identity = spoil, identity
        self.waiting, self.rest, self.most = b"", b"", 0

    @property
    def in_waiting(self) -> int:
        return len(self.waiting)

    def write(self, data: bytes) -> int:
        answers, self.rest = answer_bytes(self.identity, answer, self.rest + self.spoil(data))
        self.waiting += self.spoil(answers)
        self.most = max(self.most, len(decode(self.waiting, self.identity.lengths())[0]))
        return len(data)

    def read(self, size: int) -> bytes:
        found, self.waiting = self.waiting[:size], self.waiting[size:]
        return found


def spoiler(seed: int, rate: float) -> Callable[[bytes], bytes]:
    """Changes, drops or doubles some bytes."""
    rng = random.Random(seed)

    def spoil(data: bytes) -> bytes:
        pieces = []
        for byte in data:
            bad = rng.choice([b"", bytes([byte ^ 1 << rng.randrange(8)]), bytes([byte, byte])])
            pieces.append(bad if rng.random() < rate else bytes([byte]))
        return b"".join(pieces)

    return spoil


def test_a_board_says_who_it_is():
    assert identify(LinePort()) == IDENTITY


def test_results_come_in_the_order_of_the_samples_and_fill_the_window():
    port = LinePort()
    run = SampleRun(port, IDENTITY, SAMPLES)
    assert list(run.results()) == EXPECTED
    assert run.repeated == 0
    assert port.most == IDENTITY.window


@pytest.mark.parametrize("seed", range(4))
def test_a_bad_line_costs_time_and_no_result(seed):
    port = LinePort(spoiler(seed, 0.01))
    assert identify(port, QUICK) == IDENTITY
    run = SampleRun(port, IDENTITY, SAMPLES[:200], QUICK)
    assert list(run.results()) == EXPECTED[:200]
    assert run.repeated > 0


def test_a_late_answer_to_the_first_try_is_not_taken_for_another():
    class LatePort(LinePort):
        """Holds back the first answer until the request was sent again."""

        held = b""

        def write(self, data: bytes) -> int:
            super().write(data)
            if not self.held:
                self.held, self.waiting = self.waiting, b""
            else:
                self.waiting = self.held + self.waiting + self.held
            return len(data)

    run = SampleRun(LatePort(), IDENTITY, SAMPLES[:1], QUICK)
    assert list(run.results()) == EXPECTED[:1]
    assert run.repeated == 1


def test_the_sequence_numbers_come_round():
    run = SampleRun(LinePort(), IDENTITY, SAMPLES)
    assert len(list(run.results())) == len(SAMPLES) > 2 * 256


def test_a_silent_board_is_given_up():
    with pytest.raises(BoardError, match=r"sent 2 times: no answer; check the port, --baud"):
        identify(LinePort(lambda _: b""), Patience(0.01, 2))


def test_a_board_that_rejects_everything_is_given_up():
    class RejectingPort(LinePort):
        def write(self, data: bytes) -> int:
            frame = decode(data, IDENTITY.request_lengths())[0][0]
            self.waiting += encode(Frame(Kind.ERROR, frame.sequence, b"\x01"))
            return len(data)

    run = SampleRun(RejectingPort(), IDENTITY, SAMPLES, Patience(1, 3))
    with pytest.raises(
        BoardError, match=r"request 0 was sent 3 times: the board rejected it \(crc"
    ):
        list(run.results())


def test_another_version_is_refused():
    other = Identity(Flag(0), 3, 3, 4, 8, 9, bytes(32), version=9)
    with pytest.raises(BoardError, match="speaks version 9 of the protocol and not 1"):
        identify(LinePort(identity=other))


def test_another_network_is_refused():
    require_network(IDENTITY, bytes(range(32)).hex(), "a.lgn")
    with pytest.raises(BoardError, match=r"another network than a.lgn: 3 features, 4 outputs"):
        require_network(IDENTITY, "00" * 32, "a.lgn")


def test_a_class_that_there_is_not_is_refused():
    class WrongPort(LinePort):
        def write(self, data: bytes) -> int:
            number = decode(data, IDENTITY.request_lengths())[0][0].sequence
            self.waiting += encode(Frame(Kind.RESULT, number, b"\x04\x00\x00\x00\x00"))
            return len(data)

    with pytest.raises(BoardError, match="answers class 4 of 4"):
        list(SampleRun(WrongPort(), IDENTITY, SAMPLES[:1]).results())


def test_waiting_takes_the_line_into_account():
    slow, fast = (QUICK.with_line(IDENTITY, baud) for baud in (9600, 1_000_000))
    assert slow.tries == fast.tries == QUICK.tries
    assert QUICK.seconds < fast.seconds < slow.seconds < 1


def test_a_port_that_there_is_not():
    with (
        pytest.raises(BoardError, match=r"/nowhere at 9600 baud: .*No such file"),
        open_port("/nowhere", 9600),
    ):
        pass


def test_a_window_of_nothing_is_one():
    """Else nothing would ever be sent."""
    closed = dataclasses.replace(IDENTITY, window=0)
    assert list(SampleRun(LinePort(), closed, SAMPLES[:3]).results()) == EXPECTED[:3]


def test_a_result_knows_its_scores():
    assert EXPECTED[0] == Result(0, (0, 0, 0, 99))
