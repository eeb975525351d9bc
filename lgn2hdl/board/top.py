"""The module on the board: UART, frames, the network's pipeline, a queue of answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from amaranth.hdl import Cat, ClockDomain, Const, Instance, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.fifo import SyncFIFOBuffered
from amaranth.lib.wiring import In, Out

from lgn2hdl.base.errors import OptionError
from lgn2hdl.board.answers import AnswerWriter
from lgn2hdl.board.identity import longest_answer, queue_bytes
from lgn2hdl.board.protocol import Flag, Identity, Kind
from lgn2hdl.board.receiver import FIRST_REJECTION, FrameReceiver
from lgn2hdl.board.uart import BITS_OF_BYTE, UartReceiver, UartTransmitter
from lgn2hdl.compiler.schedule import Design
from lgn2hdl.hdl.convert import verilog_text
from lgn2hdl.hdl.ports import result_ports

RESET_CYCLES = 15
"""Clock cycles for which the pipeline is reset after the FPGA has its configuration."""


@dataclass(frozen=True)
class UartTiming:
    """How fast a board's serial line is.

    Attributes:
        bit_cycles: clock cycles of a bit.
        gap_cycles: clock cycles after which a frame that does not go on is given up.
    """

    bit_cycles: int
    gap_cycles: int


class BoardTop(wiring.Component):
    """A network behind a UART.

    Ports: ``clk``, ``rx`` and ``tx``. The network is an instance of the Verilog module ``network``,
    emitted beside this one. Registers start with the values that the configuration gives them.
    """

    def __init__(
        self, design: Design, network: str, identity: Identity, timing: UartTiming
    ) -> None:
        self._design, self._network = design, network
        self._identity, self._timing = identity, timing
        require_time(design, identity, timing)
        super().__init__({"clk": In(1), "rx": In(1, init=1), "tx": Out(1, init=1)})

    def elaborate(self, _platform: Any) -> Module:
        """Wire everything together; answers go through a queue, so that requests may overlap."""
        m = Module()
        m.domains.sync = domain = ClockDomain("sync", reset_less=True)
        domain.clk = self.clk
        timing, identity = self._timing, self._identity
        m.submodules.uart_receiver = uart = UartReceiver(timing.bit_cycles)
        m.submodules.frames = frames = FrameReceiver(identity.sample_bytes, timing.gap_cycles)
        m.submodules.answers = answers = AnswerWriter(identity)
        m.d.comb += [
            uart.rx.eq(self.rx),
            frames.data.eq(uart.data),
            frames.valid.eq(uart.valid),
            frames.broken.eq(uart.broken),
            answers.sequence.eq(frames.sequence),
            answers.reason.eq(frames.reason),
        ]
        done = self._pipeline(m, frames, answers.result)
        wanted = done | frames.identify | frames.rejected
        other = Mux(frames.identify, Kind.IDENTITY, Kind.ERROR)
        m.d.comb += answers.kind.eq(Mux(done, Kind.RESULT, other))
        self._queue(m, answers, wanted)
        return m

    def _pipeline(self, m: Module, frames: FrameReceiver, result: Signal) -> Value:
        """The network; gives the wire that is high when the result of a sample is there."""
        n_inputs = self._design.circuit.netlist.n_inputs
        ports = {port.name: Signal(port.width, name=f"network_{port.name}")
                 for port in result_ports(self._design.head)}  # fmt: skip
        reset_left = Signal(range(RESET_CYCLES + 1), init=RESET_CYCLES)
        valid_out, in_reset = Signal(), Signal()
        m.d.comb += in_reset.eq(reset_left != 0)
        with m.If(in_reset):
            m.d.sync += reset_left.eq(reset_left - 1)
        m.submodules.network = Instance(
            self._network,
            i_clk=self.clk,
            i_rst=in_reset,
            i_valid_in=frames.sample,
            i_x=frames.x[:n_inputs],
            o_valid_out=valid_out,
            **{f"o_{name}": wire for name, wire in ports.items()},
        )
        m.d.comb += result.eq(self._payload(ports))
        # Before its reset the network's registers may hold anything.
        return valid_out & ~in_reset

    def _payload(self, ports: dict[str, Signal]) -> Value:
        """The payload of a result: every number in whole bytes."""
        if Flag.BITS in self._identity.flags:
            return ports["bits"]
        index = _in_bytes(ports["class_index"], self._identity.class_bytes, signed=False)
        scores = next((item for item in self._design.head.results if item.port == "scores"), None)
        if scores is None:
            return index
        words = [ports["scores"].word_select(n, scores.width) for n in range(scores.count)]
        n_bytes, signed = self._identity.score_bytes, scores.signed
        return Cat(index, *(_in_bytes(word, n_bytes, signed=signed) for word in words))

    def _queue(self, m: Module, answers: AnswerWriter, wanted: Value) -> None:
        """Answers wait for the line in block RAM; one that does not fit is dropped."""
        depth = queue_bytes(self._identity)
        # (One byte of the depth is a register behind the memory.)
        m.submodules.queue = queue = SyncFIFOBuffered(width=8, depth=depth + 1)
        m.submodules.uart_transmitter = uart = UartTransmitter(self._timing.bit_cycles)
        has_room = queue.level <= depth - longest_answer(self._identity)
        m.d.comb += [
            answers.start.eq(wanted & has_room),
            queue.w_data.eq(answers.data),
            queue.w_en.eq(answers.valid),
            uart.data.eq(queue.r_data),
            uart.valid.eq(queue.r_rdy),
            queue.r_en.eq(uart.ready),
            self.tx.eq(uart.tx),
        ]


def _in_bytes(value: Value, n_bytes: int, *, signed: bool) -> Value:
    """A number, extended to whole bytes."""
    extra = 8 * n_bytes - len(value)
    return Cat(value, (value[-1] if signed else Const(0, 1)).replicate(extra))


def require_time(design: Design, identity: Identity, timing: UartTiming) -> None:
    """Check that an answer is written before anything of the next frame can disturb it.

    And that a frame goes on before it is given up.

    Raises:
        OptionError: if the line is too fast for that, or too slow for any frame.
    """
    # A sender that is 5 % fast is still understood.
    quiet = FIRST_REJECTION * BITS_OF_BYTE * timing.bit_cycles * 95 // 100
    needed = design.latency + longest_answer(identity) + 4
    if needed > quiet:
        raise OptionError(
            f"an answer takes {needed} clock cycles and the line leaves {quiet}: "
            f"give a --baud that is lower by {needed / quiet:.1f}"
        )
    if BITS_OF_BYTE * timing.bit_cycles + 2 > timing.gap_cycles:
        raise OptionError("a frame is given up before its next byte is there: give a higher --baud")


def board_verilog(
    design: Design, network: str, name: str, identity: Identity, timing: UartTiming
) -> str:
    """Verilog of the module ``name``, with an instance of the module ``network``.

    Raises:
        OptionError: if the line is too fast, see :func:`require_time`.
    """
    top = BoardTop(design, network, identity, timing)
    return verilog_text(top, name)
