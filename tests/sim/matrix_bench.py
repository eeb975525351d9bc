"""cocotb bench of many small designs side by side in one simulation; it is copied into a folder.

``matrix.json`` names the designs. Each has a folder of its own under ``designs``, as ``lgn2hdl
synth`` writes it, and its ports in the top module have its name as a prefix. What was counted goes
to ``counts.json``.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import classifier_bench
import cocotb
import handshake_bench
import stream_bench
from cocotb.triggers import RisingEdge
from stall_driver import Driver, Framing, Packet, Pattern, start_clock

MATRIX = Path(classifier_bench.FOLDER)
COUNTS = ("packets", "models", "results", "bad", "dropped", "cycles")
PLAN = json.loads((MATRIX / "matrix.json").read_text())


class View:
    """One design: its ports without the prefix."""

    def __init__(self, dut: Any, name: str) -> None:
        self._dut, self._prefix = dut, f"{name}_"
        self._name, self._log = name, dut._log

    def __dir__(self) -> list[str]:
        return [name.removeprefix(self._prefix) for name in dir(self._dut)]

    def __getattr__(self, port: str) -> Any:
        return getattr(self._dut, port if port == "clk" else self._prefix + port)


def chosen(dut: Any, name: str) -> View:
    """Make the benches read the folder of this design."""
    classifier_bench.FOLDER = MATRIX / "designs" / name
    return View(dut, name)


def is_stream() -> bool:
    return bool(stream_bench.layout()["kind"] == "stream")


def packets_of(number: int, noise: random.Random) -> list[Packet]:
    """So many good packets, or a few more; of a stream bad ones among them."""
    if not is_stream():
        samples = handshake_bench.samples()
        return [noise.choice(samples) for _ in range(number)]
    vectors = stream_bench.samples()
    return stream_bench.mixed_packets([noise.choice(vectors) for _ in range(number)], noise)


async def driven(view: View, pattern: Pattern, number: int, seed: int) -> dict[str, int]:
    """One design, one pattern; every packet is accounted for."""
    noise = random.Random(seed)
    channels = stream_bench.CHANNELS if is_stream() else handshake_bench.CHANNELS
    beats = stream_bench.layout()["beats"] if is_stream() else 1
    driver = Driver(view, channels, Framing(beats), noise)
    packets = packets_of(number, noise)
    await driver.reset()
    await driver.send(packets, pattern)
    assert driver.checked + driver.bad + driver.dropped == len(packets)
    if not pattern.reset_every:
        assert (driver.checked, driver.bad) == (number, len(packets) - number)
    return {"packets": len(packets), "results": driver.checked, "bad": driver.bad,
            "dropped": driver.dropped, "cycles": driver.cycles}  # fmt: skip


async def modelled(view: View, number: int, seed: int) -> dict[str, int]:
    """One stream between the models of cocotbext-axi."""
    driver = await stream_bench.started(view, seed)
    if hasattr(view, "enable"):
        view.enable.value = 1
    models = stream_bench.Models(view, driver.noise)
    sent: list[Packet] = []
    results = 0
    for rates in stream_bench.RATES:
        packets = packets_of(number // 10, driver.noise)
        models.set_rates(*rates)
        expected = models.offer(packets)
        await models.check(expected)
        sent, results = sent + packets, results + len(expected)
    for _ in range(number // 40):
        packets = packets_of(20, driver.noise)
        models.set_rates(*driver.noise.choice(stream_bench.RATES))
        expected = models.offer(packets)
        for _ in range(driver.noise.randrange(30 * stream_bench.layout()["beats"])):
            await RisingEdge(view.clk)
        results += await models.reset(expected)
        sent += packets
    packets = stream_bench.good_packets(stream_bench.samples()[:20], driver.noise)
    await models.check(models.offer(packets))
    models.rest()
    sent, results = sent + packets, results + len(packets)
    bad = sum(packet.vector is None for packet in sent)
    return {"packets": len(sent), "results": results, "bad": bad,
            "dropped": len(sent) - results - bad, "models": len(sent)}  # fmt: skip


@cocotb.test()
async def designs(dut: Any) -> None:
    """Every design with every pattern, and every stream with cocotbext-axi."""
    start_clock(dut)
    counts: dict[str, dict[str, int]] = {}
    for name in PLAN["designs"]:
        view = chosen(dut, name)
        patterns = [Pattern(), *(Pattern(**item) for item in PLAN["patterns"])]
        runs = [
            await driven(view, pattern, PLAN["driven"], seed)
            for seed, pattern in enumerate(patterns)
        ]
        if is_stream():
            runs.append(await modelled(view, PLAN["modelled"], 1))
        counts[name] = {what: sum(run.get(what, 0) for run in runs) for what in COUNTS}
    (MATRIX / "counts.json").write_text(json.dumps(counts))


@cocotb.test()
async def mutants(dut: Any) -> None:
    """Every broken design is found out by some pattern."""
    start_clock(dut)
    found: dict[str, str] = {}
    for name in PLAN["mutants"]:
        view = chosen(dut, name)
        for seed, item in enumerate(PLAN["patterns"]):
            try:
                await driven(view, Pattern(**item), 200, seed)
            except AssertionError as error:
                found[name] = str(error).split(";")[0]
                break
    (MATRIX / "mutants.json").write_text(json.dumps(found))
