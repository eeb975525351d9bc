"""Latency, by structure: every path from ``x`` to a result passes as many registers.

What is proved: whatever the registers hold at power-up, after one clock cycle with ``rst`` high
every ``valid_out`` comes with the result of the sample that entered so many cycles before.
Registers of data are not reset; the first sample finds constants that came through registers in
place, because these have seen enough clock edges by then.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir import packed
from lgn2hdl.model.golden import feature_bits
from lgn2hdl.verify.proofs.reference import random_samples
from lgn2hdl.verify.proofs.report import Counterexample, Verdict
from lgn2hdl.verify.proofs.session import Session, named
from lgn2hdl.verify.readers.hardware import ANY_TIME, Hardware
from lgn2hdl.verify.readers.stream import simulate

STREAMS = 256
"""Streams of random samples, of as many cycles as the latency and a few more, that are tried."""

MORE_CYCLES = 4

POWER_UP = ("0", "1", "random")
"""What all registers hold before the first cycle, in the streams that are tried."""

Bools = npt.NDArray[np.bool_]


def prove_latency(session: Session, hardware: Hardware, ports: list[str], latency: int) -> None:
    """Prove that results come so many clock cycles after their sample, and valid beside them."""
    with session.part("Verilog: latency") as found:
        complaint = _complaint(hardware, ports, latency) or _unsettled(hardware, ports, latency)
        if complaint is None:
            found.append((Verdict.PROVED, f"{latency} cycles on every path, valid beside them"))
            return
        shown = _note_stream(session, hardware, ports, latency)
        sure = shown or _complaint(hardware, ports, latency) is not None
        found.append((Verdict.DIFFERENT if sure else Verdict.NOT_PROVED, complaint))


def _complaint(hardware: Hardware, ports: list[str], latency: int) -> str | None:
    """What is wrong, in words."""
    if hardware.unbalanced:
        return named(hardware.unbalanced)
    if hardware.valid_latency is None:
        return "valid_out is no shift register of valid_in that rst clears"
    if hardware.valid_latency != latency:
        return f"valid takes {hardware.valid_latency} cycles, not {latency}"
    for port in ports:
        times = set(hardware.time[hardware.ports["", port]].tolist()) - {ANY_TIME}
        if times - {latency}:
            return f"{port} takes {', '.join(map(str, sorted(times)))} cycles, not {latency}"
    return None


def _unsettled(hardware: Hardware, ports: list[str], latency: int) -> str | None:
    """What may still be wrong when the first result comes, because of what registers held."""
    if hardware.unsettled:
        return named(hardware.unsettled)
    for port in ports:
        edges = int(hardware.settling[hardware.ports["", port]].max())
        if edges > latency + hardware.edges_of_reset:
            return f"{port} needs {edges} clock edges from power-up until it is right"
    return None


def _note_stream(session: Session, hardware: Hardware, ports: list[str], latency: int) -> bool:
    """Look for a stream of samples that gives a wrong result, and note the shortest found."""
    if session.counterexample is not None:
        return True
    reset = hardware.edges_of_reset
    cycles = reset + latency + MORE_CYCLES
    samples = random_samples(session.network, STREAMS * cycles, seed=1)
    bits = feature_bits(session.network.features, samples)
    x = np.stack([packed.pack(bits[:, cycle::cycles]) for cycle in range(cycles)])
    expected = session.golden.results(samples)
    for power_up in POWER_UP:
        given = simulate(hardware, ports, x, _registers(hardware, power_up, x.shape[2]))
        for cycle in range(reset + latency, cycles):
            right = expected[:, cycle - latency :: cycles]
            actual = packed.unpack(given[cycle], STREAMS)
            streams = np.flatnonzero((actual != right).any(axis=0))
            if len(streams):
                first = int(streams[0])
                stream = samples[first * cycles :][: cycle + 1]
                example = _example(
                    session, stream.tolist(), cycle - latency, right[:, first], actual[:, first]
                )
                session.counterexample = replace(example, reset=reset, power_up=power_up)
                return True
    return False


def _registers(hardware: Hardware, power_up: str, words: int) -> npt.NDArray[np.uint64]:
    """What the registers hold before the first cycle, packed, ``u64[registers, words]``."""
    shape = int((hardware.items.delay == 1).sum()), words
    if power_up == "random":
        generator = np.random.default_rng(1)
        return generator.integers(0, ~np.uint64(0), shape, np.uint64, endpoint=True)
    return np.full(shape, ~np.uint64(0) if power_up == "1" else 0, np.uint64)


def _example(
    session: Session, stream: list[list[int]], place: int, right: Bools, actual: Bools
) -> Counterexample:
    expected = session.golden.decoded(right)
    got = session.golden.decoded(actual)
    return Counterexample(
        "Verilog: latency",
        tuple(stream[place]),
        expected,
        {name: value for name, value in got.items() if value != expected[name]},
        tuple(map(tuple, stream)),
    )
