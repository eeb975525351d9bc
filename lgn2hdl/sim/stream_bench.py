"""cocotb test bench of a design behind AXI4-Stream, against its test vectors.

First with the models of cocotbext-axi as sender and receiver, then beat by beat.
"""

from __future__ import annotations

import logging
import random
import time
import warnings
from collections.abc import Iterator
from itertools import repeat
from typing import Any

import cocotb
from classifier_bench import Vector, fail, read_column, read_manifest
from cocotb.triggers import RisingEdge, with_timeout
from cocotb.types import LogicArray
from cocotbext.axi import AxiStreamBus, AxiStreamFrame, AxiStreamSink, AxiStreamSource
from stall_driver import PATIENCE, Channels, Driver, Framing, Packet, Pattern, start_clock

warnings.filterwarnings("ignore", category=DeprecationWarning, module="cocotbext")

CHANNELS = Channels(
    "s_axis_tvalid",
    "s_axis_tready",
    "s_axis_tdata",
    "s_axis_tlast",
    "m_axis_tvalid",
    "m_axis_tready",
)

PATTERNS = (
    Pattern(offer=100, take=50),
    Pattern(offer=50, take=100),
    Pattern(offer=70, take=70, enable=80),
    Pattern(offer=100, take=5),
    Pattern(offer=90, take=60, enable=90, reset_every=40),
)

RATES = ((100, 100), (100, 50), (50, 100), (60, 40), (90, 10))
"""In how many cycles of a hundred something is sent and taken."""

PER_RESET = 20
"""Samples between two resets."""

BUDGET = 8_000
"""Beats that are sent for one pattern, about: simulating long packets takes time."""

RESULT = "m_axis_tdata"


def layout() -> dict[str, Any]:
    """What the manifest says of the beats."""
    described: dict[str, Any] = read_manifest()["interface"]
    return described


def samples() -> list[Vector]:
    """The vectors of the folder, as many as the budget allows, each with its packed result."""
    fields = layout()["result"]
    columns = {name: read_column(name) for name in {field["port"] for field in fields}}
    vectors = []
    for number, x in enumerate(read_column("x")[: max(20, BUDGET // layout()["beats"])]):
        results = {name: column[number] for name, column in columns.items()}
        vectors.append(Vector(number, x, {RESULT: packed_result(fields, results)}))
    return vectors


def packed_result(fields: list[dict[str, Any]], results: dict[str, int]) -> int:
    """A result as one number: its fields, extended to whole bytes, side by side."""
    packed = 0
    for field in fields:
        width = field["width"]
        value = results[field["port"]] >> field["index"] * width & (1 << width) - 1
        if field["signed"] and value >> width - 1:
            value -= 1 << width
        packed |= (value & (1 << field["bits"]) - 1) << field["lsb"]
    return packed


def beats_of(vector: Vector, noise: random.Random) -> tuple[int, ...]:
    """A sample in beats, the lowest bits first; noise where the last one has bits to spare."""
    width, beats = layout()["beat_bits"], layout()["beats"]
    sample_bits = sum(entry["width"] for entry in read_manifest()["x_packing"])
    number = vector.x | noise.getrandbits(width * beats) >> sample_bits << sample_bits
    return tuple(number >> beat * width & (1 << width) - 1 for beat in range(beats))


def good_packets(vectors: list[Vector], noise: random.Random) -> list[Packet]:
    """A packet of the right length for every sample."""
    return [Packet(beats_of(vector, noise), vector) for vector in vectors]


def mixed_packets(vectors: list[Vector], noise: random.Random) -> list[Packet]:
    """The same with short and long packets in between, one for three good ones, about."""
    packets: list[Packet] = []
    for packet in good_packets(vectors, noise):
        if not packets:
            packets += [bad_packet(packet.beats, noise)]
        while noise.randrange(4) == 0:
            packets.append(bad_packet(packet.beats, noise))
        packets.append(packet)
    return packets


def bad_packet(beats: tuple[int, ...], noise: random.Random) -> Packet:
    """A packet that lacks beats, or has too many."""
    if len(beats) > 1 and noise.getrandbits(1):
        return Packet(beats[: noise.randrange(1, len(beats))], None)
    more = noise.choice([1, 1, 2, len(beats), len(beats) + 1])
    return Packet((*beats, *(beats * 3)[:more]), None)


def as_bytes(packet: Packet) -> bytes:
    """The bytes of a packet, as they are in the memory of a computer."""
    n_bytes = layout()["beat_bits"] // 8
    return b"".join(beat.to_bytes(n_bytes, "little") for beat in packet.beats)


def pauses(percent: int, noise: random.Random) -> Iterator[bool]:
    """Whether to wait, cycle by cycle, in so many of a hundred cycles; sometimes for a while."""
    while True:
        wait = noise.randrange(100) < percent
        yield from repeat(wait, noise.choice([1, 1, 1, 2, 7]))


async def started(dut: Any, seed: int) -> Driver:
    """A driver of the design, which has been reset."""
    driver = Driver(dut, CHANNELS, Framing(layout()["beats"]), random.Random(seed))
    await driver.reset()
    return driver


class Models:
    """Sender and receiver of cocotbext-axi at the two ends of the design."""

    def __init__(self, dut: Any, noise: random.Random) -> None:
        self.dut, self.noise = dut, noise
        for prefix in ("s_axis", "m_axis"):  # they say a lot about themselves
            logging.getLogger(f"cocotb.{dut._name}.{prefix}").setLevel(logging.ERROR)
        self.source = AxiStreamSource(AxiStreamBus.from_prefix(dut, "s_axis"), dut.clk, dut.rst)
        self.sink = AxiStreamSink(AxiStreamBus.from_prefix(dut, "m_axis"), dut.clk, dut.rst)

    def set_rates(self, send: int, take: int) -> None:
        """In how many cycles of a hundred the sender offers and the receiver takes something."""
        for model, percent in ((self.source, send), (self.sink, take)):
            model.set_pause_generator(pauses(100 - percent, random.Random(self.noise.random())))

    def offer(self, packets: list[Packet]) -> list[Vector]:
        """Queue packets; returns the samples whose results have to come."""
        for packet in packets:
            self.source.send_nowait(AxiStreamFrame(as_bytes(packet)))
        return [packet.vector for packet in packets if packet.vector is not None]

    async def check(self, vectors: list[Vector]) -> None:
        """Wait for the results of all samples, and a while for none."""
        cycles = PATIENCE + 100 * (layout()["beats"] + 1) * len(vectors)
        await with_timeout(self._check(vectors), 10 * cycles, "ns")

    async def _check(self, vectors: list[Vector]) -> None:
        for vector in vectors:
            compare(await self.sink.recv(compact=False), vector)
        for _ in range(20):
            await RisingEdge(self.dut.clk)
        assert self.sink.empty(), "a result too many"

    async def reset(self, vectors: list[Vector]) -> int:
        """Reset the design, whatever it is at; returns how many results had come by then."""
        self.dut.rst.value = 1
        for _ in range(self.noise.randint(1, 3)):
            await RisingEdge(self.dut.clk)
        came = 0
        while not self.sink.empty():
            compare(self.sink.recv_nowait(compact=False), vectors[came])
            came += 1
        self.source.clear()
        await RisingEdge(self.dut.clk)
        self.dut.rst.value = 0
        await RisingEdge(self.dut.clk)
        return came

    def rest(self) -> None:
        """Stop drawing pauses."""
        for model in (self.source, self.sink):
            model.clear_pause_generator()


def compare(frame: AxiStreamFrame, vector: Vector) -> None:
    """A result that came against the golden model's."""
    got = int.from_bytes(bytes(frame.tdata), "little")
    if got != vector.results[RESULT]:
        value = LogicArray.from_unsigned(got, 8 * len(frame.tdata))
        fail(RESULT, vector, vector.results[RESULT], value)


@cocotb.test()
async def full_rate(dut: Any) -> None:
    """Where nobody waits, there is a beat every cycle, and a result after the latency."""
    start_clock(dut)
    driver = await started(dut, 1)
    packets = good_packets(samples(), driver.noise)
    began = time.perf_counter()
    await driver.send(packets, Pattern())
    rate = driver.cycles / (time.perf_counter() - began)
    assert driver.checked == len(packets)
    assert driver.cycles == len(packets) * layout()["beats"] + read_manifest()["latency"] + 4
    dut._log.info("%d vectors at full rate, %.0f cycles/s", driver.checked, rate)


@cocotb.test()
async def models_of_axi_stream(dut: Any) -> None:
    """cocotbext-axi at both ends: gaps, back-pressure, short and long packets."""
    start_clock(dut)
    vectors = samples()
    driver = await started(dut, 2)
    if hasattr(dut, "enable"):
        dut.enable.value = 1
    models = Models(dut, driver.noise)
    for send, take in RATES:
        models.set_rates(send, take)
        expected = models.offer(mixed_packets(vectors, driver.noise))
        await models.check(expected)
        dut._log.info("%d results, send %d %%, take %d %%", len(expected), send, take)
    came, sent = 0, 0
    for first in range(0, len(vectors), PER_RESET):
        models.set_rates(*driver.noise.choice(RATES))
        expected = models.offer(mixed_packets(vectors[first : first + PER_RESET], driver.noise))
        for _ in range(driver.noise.randrange(2 * PER_RESET * layout()["beats"])):
            await RisingEdge(dut.clk)
        came += await models.reset(expected)
        sent += len(expected)
    assert came < sent
    await models.check(models.offer(good_packets(vectors[:20], driver.noise)))
    dut._log.info("%d of %d results had come before a reset", came, sent)


@cocotb.test()
async def beat_by_beat(dut: Any) -> None:
    """Gaps, back-pressure, cycles without clock enable, resets, short and long packets."""
    start_clock(dut)
    vectors = samples()
    for seed, pattern in enumerate(PATTERNS):
        driver = await started(dut, seed)
        packets = mixed_packets(vectors, driver.noise)
        await driver.send(packets, pattern)
        if pattern.reset_every:
            assert driver.dropped > 0
        else:
            assert driver.checked == len(vectors)
            assert driver.bad == len(packets) - len(vectors) > 0
        counts = (driver.checked, driver.bad, driver.cycles)
        dut._log.info("%s: %d results, %d bad packets, %d cycles", pattern, *counts)


@cocotb.test()
async def nobody_takes(dut: Any) -> None:
    """The design fills up, waits as long as it takes, and loses nothing."""
    start_clock(dut)
    driver = await started(dut, 4)
    packets = good_packets(samples() * 2, driver.noise)
    beats, inside, sent = layout()["beats"], 0, 0
    for _ in range(3 * (read_manifest()["latency"] + 2) * beats):
        packet = packets[inside % len(packets)]
        place = sent % beats
        last = place == beats - 1
        taken, _ = await driver.cycle(packet.beats[place], last, packet.vector, Pattern(take=0))
        sent += taken
        inside = sent // beats
    assert inside <= read_manifest()["latency"] + 1
    await driver.send([], Pattern())
    assert driver.checked == inside > 0
