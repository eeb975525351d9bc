"""The module on a board, in Amaranth's simulator, with a network that is made up."""

import dataclasses

import pytest
from amaranth.hdl import Cat, Elaboratable, Module, Signal
from amaranth.sim import Simulator
from hardware import design_of, mixed_network

from lgn2hdl.base.errors import OptionError
from lgn2hdl.board import top as module
from lgn2hdl.board.identity import describe, longest_answer
from lgn2hdl.board.protocol import Frame, Kind, Reason, decode, encode, parse_result
from lgn2hdl.board.receiver import FIRST_REJECTION
from lgn2hdl.board.top import BoardTop, UartTiming, require_time
from lgn2hdl.board.uart import BITS_OF_BYTE

SHA256 = "ab" * 32
CYCLES = 8
"""Clock cycles of a bit."""

DESIGN = design_of(mixed_network(), levels=4)
IDENTITY = describe(DESIGN, SHA256, changed=False)


class MadeUp(Elaboratable):
    """Stands for the network: class and scores are bits of x, some clock cycles later."""

    def __init__(self, name: str, **ports) -> None:
        assert name == "net"
        self.ports = ports

    def elaborate(self, _platform):
        m = Module()
        x, valid, ports = self.ports["i_x"], self.ports["i_valid_in"], self.ports
        for _ in range(DESIGN.latency):
            later = [Signal(len(x)), Signal()]
            m.d.sync += [later[0].eq(x), later[1].eq(valid)]
            x, valid = later
        index, scores = ports["o_class_index"], ports["o_scores"]
        m.d.comb += [
            ports["o_valid_out"].eq(valid & ~ports["i_rst"]), index.eq(x[: len(index)]),
            scores.eq(Cat(x, x)[: len(scores)]),
        ]  # fmt: skip
        return m


def answered(monkeypatch, data: bytes, *, quiet: int = 40) -> bytes:
    """What a board says to bytes on its line."""
    monkeypatch.setattr(module, "Instance", MadeUp)
    board = BoardTop(DESIGN, "net", IDENTITY, UartTiming(CYCLES, 10 * CYCLES * BITS_OF_BYTE))
    levels = []

    async def run(context):
        async def wait(cycles):
            for _ in range(cycles):
                levels.append(context.get(board.tx))
                await context.tick()

        await wait(30)
        for byte in data:
            for bit in (0, *(byte >> place & 1 for place in range(8)), 1):
                context.set(board.rx, bit)
                await wait(CYCLES)
        await wait(quiet * CYCLES * BITS_OF_BYTE)

    simulator = Simulator(board)
    simulator.add_clock(1e-6)
    simulator.add_testbench(run)
    simulator.run()
    return heard(levels)


def heard(levels: list[int]) -> bytes:
    """Bytes on a line, looked at in the middle of each bit."""
    found, at = bytearray(), 0
    while 0 in levels[at:]:
        at = levels.index(0, at) + CYCLES // 2
        bits = [levels[at + CYCLES * (1 + place)] for place in range(9)]
        assert bits[8] == 1
        found.append(sum(bit << place for place, bit in enumerate(bits[:8])))
        at += 9 * CYCLES
    return bytes(found)


def expected(payload: bytes) -> Frame:
    """The answer of the made-up network."""
    plan = DESIGN.head
    n_bits = DESIGN.circuit.netlist.n_inputs
    x = int.from_bytes(payload, "little") & (1 << n_bits) - 1
    numbers = (x | x << n_bits) & (1 << plan.n_classes * plan.score_width) - 1
    answer = (x & (1 << plan.class_width) - 1).to_bytes(IDENTITY.class_bytes, "little")
    for index in range(plan.n_classes):
        score = numbers >> index * plan.score_width & (1 << plan.score_width) - 1
        if plan.score_signed and score >> plan.score_width - 1:
            score -= 1 << plan.score_width
        answer += score.to_bytes(IDENTITY.score_bytes, "little", signed=plan.score_signed)
    return Frame(Kind.RESULT, 0, answer)


def test_requests_are_answered_in_their_order(monkeypatch):
    payloads = [bytes([0x12, 0x34, 0x05]), bytes([0xFF, 0xFF, 0x0F]), bytes([0x81, 0x00, 0x03])]
    requests = [
        Frame(Kind.SAMPLE, 7, payloads[0]),
        Frame(Kind.IDENTIFY, 8),
        Frame(Kind.SAMPLE, 9, payloads[1]),
        Frame(Kind.SAMPLE, 255, payloads[2]),
    ]
    damaged = bytearray(encode(Frame(Kind.SAMPLE, 10, payloads[0])))
    damaged[-1] ^= 1
    data = b"".join(map(encode, requests)) + bytes(damaged)
    found, rest = decode(answered(monkeypatch, data, quiet=90), IDENTITY.lengths())
    assert rest == b""
    assert found == [
        dataclasses.replace(expected(payloads[0]), sequence=7),
        Frame(Kind.IDENTITY, 8, IDENTITY.to_bytes()),
        dataclasses.replace(expected(payloads[1]), sequence=9),
        dataclasses.replace(expected(payloads[2]), sequence=255),
        Frame(Kind.ERROR, 10, bytes([Reason.CRC])),
    ]
    result = parse_result(IDENTITY, found[0].payload)
    assert len(result.scores) == 3


def test_what_does_not_fit_into_the_queue_is_dropped_whole(monkeypatch):
    """As many answers as the window says, at least; and none of them in part."""
    monkeypatch.setattr(module, "queue_bytes", lambda identity: longest_answer(identity) + 4)
    data = b"".join(encode(Frame(Kind.IDENTIFY, number)) for number in range(12))
    found, rest = decode(answered(monkeypatch, data, quiet=60), IDENTITY.lengths())
    assert rest == b""
    assert found[0] == Frame(Kind.IDENTITY, 0, IDENTITY.to_bytes())
    assert all(isinstance(item, Frame) for item in found)
    assert 1 <= len(found) < 12


@pytest.mark.parametrize("spare", [0, -1])
def test_an_answer_has_exactly_the_time_that_the_line_leaves(monkeypatch, spare):
    """A sender that is 5 % fast sends four bytes before a new frame can be rejected."""
    needed = DESIGN.latency + longest_answer(IDENTITY) + 4
    quiet = FIRST_REJECTION * BITS_OF_BYTE * CYCLES * 95 // 100
    timing = UartTiming(CYCLES, 10_000)
    more = quiet - needed
    assert more > 0
    longer = longest_answer(IDENTITY) + more - spare
    monkeypatch.setattr(module, "longest_answer", lambda _identity: longer)
    if spare == 0:
        require_time(DESIGN, IDENTITY, timing)
        return
    why = f"an answer takes {quiet + 1} clock cycles and the line leaves {quiet}: give a --baud"
    with pytest.raises(OptionError, match=why):
        require_time(DESIGN, IDENTITY, timing)
