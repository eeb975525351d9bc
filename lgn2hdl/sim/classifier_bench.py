"""cocotb test bench: the Verilog in this folder against its test vectors, bit for bit.

Every clock cycle is checked: ``valid_out`` must repeat ``valid_in`` exactly ``latency`` cycles
later (as manifest.json says), and whenever it is high, every other output port (the class and its
scores, or the output bits) must equal the golden model's. Inputs change at falling edges and
outputs are read there, half a period away from the rising edge that the design works on.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections import deque
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge

FOLDER = Path(os.environ.get("LGN2HDL_SIM_FOLDER", Path(__file__).resolve().parents[1]))
RESULTS = Path(os.environ.get("LGN2HDL_SIM_RESULTS", FOLDER))


@dataclass(frozen=True)
class Vector:
    """One sample: packed features and the expected value of each result port."""

    number: int
    x: int
    results: dict[str, int]


def read_manifest() -> dict[str, Any]:
    """What the generator wrote about the design."""
    return _manifest(FOLDER)


@cache
def _manifest(folder: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return manifest


def result_ports() -> list[str]:
    """Names of the output ports that hold a result."""
    ports = read_manifest()["ports"]
    outputs = [port["name"] for port in ports if port["direction"] == "output"]
    return [name for name in outputs if name != "valid_out"]


def read_column(name: str) -> list[int]:
    """The values of one port, sample by sample."""
    text = (FOLDER / "vectors" / f"{name}.hex").read_text()
    return [int(line, 16) for line in text.split()]


def read_vectors(names: list[str]) -> list[Vector]:
    """All samples of the folder, in order, with what is expected at the result ports ``names``."""
    columns = [read_column(name) for name in ("x", *names)]
    if len({len(column) for column in columns}) != 1 or not columns[0]:
        raise AssertionError("the files in vectors/ are empty or differ in length")
    return [
        Vector(number, x, dict(zip(names, results, strict=True)))
        for number, (x, *results) in enumerate(zip(*columns, strict=True))
    ]


def has_enable() -> bool:
    """Whether the design has a clock enable."""
    return any(port["name"] == "enable" for port in read_manifest()["ports"])


class Checker:
    """Remembers what was sent and compares what comes out, cycle by cycle."""

    def __init__(self, dut: Any, latency: int) -> None:
        self.dut = dut
        self.pipeline: deque[Vector | None] = deque([None] * (latency - 1))
        self.checked = 0

    def cycle(self, sent: Vector | None) -> None:
        """Call after the clock edge that took ``sent`` in: a Vector, or None for a gap."""
        self.pipeline.append(sent)
        expected = self.pipeline.popleft()
        valid = self.dut.valid_out.value
        if not valid.is_resolvable or bool(int(valid)) != (expected is not None):
            fail("valid_out", expected, int(expected is not None), valid)
        if expected is not None:
            for output, result in expected.results.items():
                self.compare(output, expected, result)
            self.checked += 1

    def compare(self, output: str, vector: Vector, expected: int) -> None:
        """One output port against the golden model."""
        value = getattr(self.dut, output).value
        if not value.is_resolvable or int(value) != expected:
            fail(output, vector, expected, value)


def fail(output: str, vector: Vector | None, expected: int, got: Any) -> NoReturn:
    """Stop with the vector, the output, both values, and a file that reproduces the case."""
    got_text = hex(int(got)) if got.is_resolvable else str(got)
    number = None if vector is None else vector.number
    report = {
        "vector": number,
        "output": output,
        "expected": hex(expected),
        "got": got_text,
        "x": None if vector is None else hex(vector.x),
    }
    file = RESULTS / "mismatch.json"
    if not file.exists():  # the first failure is the one to look at
        unfinished = RESULTS / "sim_build" / "mismatch.json"
        unfinished.parent.mkdir(exist_ok=True)
        unfinished.write_text(json.dumps(report, indent=2) + "\n")
        unfinished.replace(file)  # (so that it is whole or not there)
    raise AssertionError(
        f"vector {number}: {output} is {got_text}, expected {hex(expected)}; see mismatch.json"
    )


async def start(dut: Any) -> None:
    """Run the clock and reset the valid pipeline."""
    Clock(dut.clk, 10, unit="ns").start()
    dut.rst.value = 1
    if has_enable():
        dut.enable.value = 0  # a reset works all the same
    dut.valid_in.value = 0
    dut.x.value = 0
    for _ in range(2):
        await FallingEdge(dut.clk)
    dut.rst.value = 0


async def disabled_edges(dut: Any, noise: random.Random, names: list[str]) -> None:
    """Now and then some clock edges that are none, whatever the inputs say; then enable again.

    The outputs ``names`` must not change.
    """
    before = {name: str(getattr(dut, name).value) for name in names}
    for _ in range(noise.choice([0, 0, 0, 1, 3])):
        dut.enable.value = 0
        dut.valid_in.value = noise.getrandbits(1)
        await FallingEdge(dut.clk)
        after = {name: str(getattr(dut, name).value) for name in names}
        assert after == before, "an output changed though the clock was not enabled"
    dut.enable.value = 1


async def run(dut: Any, schedule: list[Vector | None]) -> int:
    """Send a schedule of vectors and gaps (None), then drain; returns the number of checks."""
    manifest = read_manifest()
    noise = random.Random(1)
    width = next(port["width"] for port in manifest["ports"] if port["name"] == "x")
    checker = Checker(dut, manifest["latency"])
    enable, outputs = has_enable(), ["valid_out", *result_ports()]
    for vector in [*schedule, *[None] * manifest["latency"]]:
        if enable:
            await disabled_edges(dut, noise, outputs)
        dut.valid_in.value = int(vector is not None)
        # Without valid, x is noise: it must never reach a result.
        dut.x.value = noise.getrandbits(width) if vector is None else vector.x
        await FallingEdge(dut.clk)
        checker.cycle(vector)
    return checker.checked


@cocotb.test()
async def back_to_back(dut: Any) -> None:
    """A new sample every cycle."""
    vectors = read_vectors(result_ports())
    await start(dut)
    began = time.perf_counter()
    checked = await run(dut, list(vectors))
    rate = checked / (time.perf_counter() - began)
    assert checked == len(vectors)
    dut._log.info("%d vectors back to back, %.0f vectors/s", checked, rate)


@cocotb.test()
async def random_gaps(dut: Any) -> None:
    """The same samples with random pauses between them."""
    vectors = read_vectors(result_ports())
    pauses = random.Random(2)
    schedule: list[Vector | None] = []
    for vector in vectors:
        schedule += [None] * pauses.choice([0, 0, 0, 1, 2, 5])
        schedule.append(vector)
    await start(dut)
    checked = await run(dut, schedule)
    assert checked == len(vectors)
    dut._log.info("%d vectors with random gaps, %d cycles", checked, len(schedule))


@cocotb.test()
async def reset_in_flight(dut: Any) -> None:
    """Samples inside the pipeline are dropped by a reset; later ones are not disturbed."""
    vectors = read_vectors(result_ports())
    await start(dut)
    for vector in (vectors * 2)[: max(1, read_manifest()["latency"] // 2)]:
        dut.valid_in.value = 1
        dut.x.value = vector.x
        await FallingEdge(dut.clk)
    dut.rst.value = 1
    await FallingEdge(dut.clk)
    dut.rst.value = 0
    assert await run(dut, list(vectors[:20])) == len(vectors[:20])
