"""Answers in hardware: the same bytes as in Python, one a clock cycle."""

import pytest
from amaranth.sim import Simulator

from lgn2hdl.board.answers import AnswerWriter
from lgn2hdl.board.protocol import Flag, Frame, Identity, Kind, Reason, encode

HASH = bytes(range(0x80, 0xA0))


def identity(n_outputs, score_bits, flags=0):
    return Identity(Flag(flags), 4, 3, n_outputs, score_bits, 2, HASH)


IDENTITIES = [
    identity(2, 0),  # one byte of result
    identity(3, 5),
    identity(10, 9, Flag.SIGNED),
    identity(17, 0, Flag.BITS),
    identity(40, 8),  # a result that is longer than the identity
]


def written(board, requests, *, quiet=3):
    """The bytes of the answers, and the cycles in which there were some."""
    component = AnswerWriter(board)
    found = []

    async def run(context):
        for kind, sequence, reason, result in requests:
            context.set(component.kind, kind)
            context.set(component.sequence, sequence)
            context.set(component.reason, reason)
            context.set(component.result, int.from_bytes(result, "little"))
            context.set(component.start, 1)
            assert not context.get(component.valid)
            await context.tick()
            context.set(component.start, 0)  # from here on only the result still counts
            context.set(component.kind, Kind.SAMPLE)
            context.set(component.sequence, 0x5A)
            context.set(component.reason, 0)
            answer = []
            while context.get(component.valid):
                answer.append(context.get(component.data))
                await context.tick()
            found.append(bytes(answer))
            for _ in range(quiet):
                assert not context.get(component.valid)
                await context.tick()

    simulator = Simulator(component)
    simulator.add_clock(1e-6)
    simulator.add_testbench(run)
    simulator.run()
    return found


@pytest.mark.parametrize("board", IDENTITIES)
@pytest.mark.parametrize("quiet", [0, 1, 5])
def test_answers_are_frames(board, quiet):
    results = [
        bytes(range(start, start + board.result_bytes)) for start in (1, 256 - board.result_bytes)
    ]
    requests = [
        (Kind.RESULT, 0, 0, results[0]),
        (Kind.IDENTITY, 255, 0, results[0]),
        *((Kind.ERROR, 128 + reason, reason, results[0]) for reason in Reason),
        (Kind.RESULT, 1, 3, results[1]),
    ]
    payloads = [
        results[0], board.to_bytes(), *(bytes([reason]) for reason in Reason), results[1],
    ]  # fmt: skip
    assert written(board, requests, quiet=quiet) == [
        encode(Frame(kind, sequence, payload))
        for (kind, sequence, _, _), payload in zip(requests, payloads, strict=True)
    ]
