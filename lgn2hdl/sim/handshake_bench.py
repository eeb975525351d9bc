"""cocotb test bench of a design with valid and ready on both sides, against its test vectors."""

from __future__ import annotations

import random
import time
from typing import Any

import cocotb
from classifier_bench import read_manifest, read_vectors
from stall_driver import Channels, Driver, Framing, Packet, Pattern, start_clock

CHANNELS = Channels("valid_in", "ready_in", "x", "", "valid_out", "ready_out")

PATTERNS = (
    Pattern(offer=100, take=50),
    Pattern(offer=50, take=100),
    Pattern(offer=70, take=70, enable=80),
    Pattern(offer=100, take=5),
    Pattern(offer=90, take=60, enable=90, reset_every=40),
)


def samples() -> list[Packet]:
    """All vectors of the folder, a packet of one beat each."""
    ports = read_manifest()["ports"]
    names = [port["name"] for port in ports if port["direction"] == "output"]
    results = [name for name in names if name not in ("valid_out", "ready_in")]
    return [Packet((vector.x,), vector) for vector in read_vectors(results)]


async def started(dut: Any, seed: int) -> Driver:
    """A driver of the design, which has been reset."""
    driver = Driver(dut, CHANNELS, Framing(1), random.Random(seed))
    await driver.reset()
    return driver


@cocotb.test()
async def full_rate(dut: Any) -> None:
    """Where nobody waits, a sample enters every cycle, and its result leaves after the latency."""
    start_clock(dut)
    packets = samples()
    driver = await started(dut, 1)
    began = time.perf_counter()
    await driver.send(packets, Pattern())
    rate = driver.cycles / (time.perf_counter() - began)
    assert driver.checked == len(packets)
    assert driver.cycles == len(packets) + read_manifest()["latency"] + 4
    dut._log.info("%d vectors at full rate, %.0f cycles/s", driver.checked, rate)


@cocotb.test()
async def random_waits(dut: Any) -> None:
    """Pauses of the sender and of the receiver, cycles without clock enable, and resets."""
    start_clock(dut)
    packets = samples()
    for seed, pattern in enumerate(PATTERNS):
        driver = await started(dut, seed)
        await driver.send(packets, pattern)
        assert driver.checked + driver.dropped == len(packets)
        assert (driver.dropped > 0) == (pattern.reset_every > 0)
        dut._log.info("%s: %d results, %d cycles", pattern, driver.checked, driver.cycles)


@cocotb.test()
async def nobody_takes(dut: Any) -> None:
    """The design fills up, waits as long as it takes, and loses nothing."""
    start_clock(dut)
    packets = samples() * 2
    driver = await started(dut, 3)
    inside = 0
    for _ in range(3 * read_manifest()["latency"] + 3):
        packet = packets[inside % len(packets)]
        sent, _ = await driver.cycle(packet.beats[0], True, packet.vector, Pattern(take=0))
        inside += sent
    assert inside == read_manifest()["latency"] + 1  # one in every stage, and the one that waits
    await driver.send([], Pattern())
    assert driver.checked == inside
