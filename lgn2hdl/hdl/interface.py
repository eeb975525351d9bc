"""How samples enter a design and results leave it: ports, packing, latency.

* ``parallel``: all features at once, ``valid`` beside them, nothing ever waits.
* ``handshake``: all features at once, ``valid`` and ``ready`` on both sides.
* ``stream``: AXI4-Stream (Arm IHI 0051A) on both sides; a packet is a sample, in beats.

The pipeline is the same behind all of them. Where results may have to wait it is a module of its
own, ``<top>_pipeline``, with a clock enable; :mod:`lgn2hdl.hdl.interface_verilog` is around it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from lgn2hdl.compiler.interface_choice import BYTE, PARALLEL, Interface, Kind
from lgn2hdl.compiler.schedule import Design
from lgn2hdl.hdl.ports import Port, classifier_ports, result_ports
from lgn2hdl.model.heads import HeadPlan


@dataclass(frozen=True)
class Field:
    """A number in the packet of a result.

    Attributes:
        port: the result port that it is part of.
        index: which number of that port: the class of a score, else 0.
        lsb: its lowest bit in ``m_axis_tdata``, a multiple of 8.
        width: bits of the number.
        bits: bits that it is extended to, a multiple of 8.
        signed: whether the number is extended by its sign and not by zeros.
    """

    port: str
    index: int
    lsb: int
    width: int
    bits: int
    signed: bool


@dataclass(frozen=True)
class StreamLayout:
    """What the beats of the two streams hold.

    Attributes:
        beat_bits: bits of ``s_axis_tdata``.
        beats: beats of a sample. Beat ``i`` holds the bits of ``x`` from ``i * beat_bits`` on; what
            the last beat has beyond the end of ``x`` is ignored.
        sample_bits: bits of ``x``.
        fields: the numbers of a result, which is one beat, the lowest first.
    """

    beat_bits: int
    beats: int
    sample_bits: int
    fields: tuple[Field, ...]

    @property
    def result_bits(self) -> int:
        """Bits of ``m_axis_tdata``."""
        return self.fields[-1].lsb + self.fields[-1].bits

    @property
    def counter_bits(self) -> int:
        """Bits of the counter of beats."""
        return (self.beats - 1).bit_length()


def stream_layout(design: Design, interface: Interface) -> StreamLayout:
    """Beats and fields of a design behind AXI4-Stream."""
    sample_bits = design.circuit.netlist.n_inputs
    beat_bits = interface.beat_bits or whole_bytes(sample_bits)
    fields: list[Field] = []
    for port, index, width, signed in _numbers(design.head):
        lsb = fields[-1].lsb + fields[-1].bits if fields else 0
        fields.append(Field(port, index, lsb, width, whole_bytes(width), signed))
    return StreamLayout(beat_bits, -(-sample_bits // beat_bits), sample_bits, tuple(fields))


def whole_bytes(bits: int) -> int:
    """The same number of bits or a few more: a multiple of 8."""
    return -(-bits // BYTE) * BYTE


def _numbers(plan: HeadPlan) -> list[tuple[str, int, int, bool]]:
    """Port, index, width and sign of every number of a result, in the order of the ports."""
    numbers: list[tuple[str, int, int, bool]] = []
    for item in plan.results:
        if item.together:
            numbers.append((item.port, 0, item.bits, False))
        else:
            numbers += [(item.port, n, item.width, item.signed) for n in range(item.count)]
    return numbers


def pipeline_name(top: str, interface: Interface) -> str:
    """Name of the module that wires the parts together: the top module itself if nothing waits."""
    return f"{top}_pipeline" if interface.can_stall else top


def top_ports(design: Design, interface: Interface = PARALLEL) -> tuple[Port, ...]:
    """The top module's ports, in the order of its instantiation template."""
    if interface.kind is Kind.PARALLEL:
        return classifier_ports(design, clock_enable=interface.clock_enable)
    enable = (Port("enable", "input", 1, "clock enable of everything but the reset"),)
    control = (
        Port("clk", "input", 1, "clock, rising edge"),
        Port("rst", "input", 1, "synchronous reset of all control, active high"),
        *(enable if interface.clock_enable else ()),
    )
    if interface.kind is Kind.HANDSHAKE:
        return (*control, *_handshake_ports(design))
    return (*control, *_stream_ports(stream_layout(design, interface)))


def _handshake_ports(design: Design) -> tuple[Port, ...]:
    return (
        Port("valid_in", "input", 1, "x holds a sample"),
        Port("ready_in", "output", 1, "the sample is taken at this clock edge"),
        Port("x", "input", design.circuit.netlist.n_inputs, "packed features"),
        Port("valid_out", "output", 1, "the other outputs hold a result"),
        Port("ready_out", "input", 1, "the result is taken at this clock edge"),
        *result_ports(design.head),
    )


def _stream_ports(layout: StreamLayout) -> tuple[Port, ...]:
    return (
        Port("s_axis_tdata", "input", layout.beat_bits, "a beat of a sample"),
        Port("s_axis_tvalid", "input", 1, "s_axis_tdata holds a beat"),
        Port("s_axis_tready", "output", 1, "the beat is taken at this clock edge"),
        Port("s_axis_tlast", "input", 1, f"the sample ends; has to be beat {layout.beats}"),
        Port("m_axis_tdata", "output", layout.result_bits, "a result, one beat"),
        Port("m_axis_tvalid", "output", 1, "m_axis_tdata holds a result"),
        Port("m_axis_tready", "input", 1, "the result is taken at this clock edge"),
        Port("m_axis_tlast", "output", 1, "always high: a result is one beat"),
        Port("bad_packet", "output", 1, "a short or long packet was dropped, for one cycle"),
        Port("error", "output", 1, "a packet was dropped since error_clear or rst"),
        Port("error_clear", "input", 1, "sets error back to low"),
    )


def latency(design: Design, interface: Interface) -> int:
    """Clock cycles from a sample to its result if nothing waits.

    They count from the edge that takes the sample, of a stream its last beat, to the cycle in which
    the result can be taken. A stream takes the beat into a register first.
    """
    return design.latency + (interface.kind is Kind.STREAM)


def initiation_interval(design: Design, interface: Interface) -> int:
    """Clock cycles between two samples if nothing waits."""
    return stream_layout(design, interface).beats if interface.kind is Kind.STREAM else 1


def interface_flip_flops(design: Design, interface: Interface) -> int:
    """Flip-flops around the pipeline: beats of a sample, a waiting result, control."""
    if not interface.can_stall:
        return 0
    waiting = 2 + sum(port.width for port in result_ports(design.head))
    if interface.kind is Kind.HANDSHAKE:
        return waiting
    layout = stream_layout(design, interface)
    if layout.beats == 1:
        return waiting + layout.sample_bits + 4  # full, skip, bad_packet, error
    return waiting + layout.beats * layout.beat_bits + layout.counter_bits + 5  # and shift


def description(design: Design, interface: Interface) -> dict[str, Any]:
    """What the manifest and the report say about the interface, JSON-ready."""
    described: dict[str, Any] = {
        "kind": interface.kind.value,
        "clock_enable": interface.clock_enable,
        "flip_flops": interface_flip_flops(design, interface),
    }
    if interface.kind is Kind.STREAM:
        layout = stream_layout(design, interface)
        described["beat_bits"] = layout.beat_bits
        described["beats"] = layout.beats
        described["result"] = [asdict(field) for field in layout.fields]
    return described


def timing_notes(design: Design, interface: Interface) -> tuple[str, str]:
    """Latency and rate in a sentence, and packing in another one, for people."""
    begin = f"Latency {latency(design, interface)} clock cycles"
    packed = "feature 0 in the least significant bits (manifest.json lists all)."
    if interface.kind is Kind.STREAM:
        layout = stream_layout(design, interface)
        rate = f"every {layout.beats} cycles" if layout.beats > 1 else "every cycle"
        return (
            f"{begin} from the last beat, beats per sample {layout.beats}: "
            f"a new sample may enter {rate}.",
            f"Features are packed into the beats in their order, {packed}",
        )
    return (
        f"{begin}, initiation interval 1: a new sample may enter every cycle.",
        f"Features are packed into x, {packed}",
    )
