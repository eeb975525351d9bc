"""Latency, by structure: every path from ``x`` to a result passes as many registers."""

from __future__ import annotations

import numpy as np

from lgn2hdl import packed
from lgn2hdl.golden import feature_bits
from lgn2hdl.verify.hardware import ANY_TIME, Hardware
from lgn2hdl.verify.reference import random_samples
from lgn2hdl.verify.report import Counterexample, Verdict
from lgn2hdl.verify.session import Session, named
from lgn2hdl.verify.stream import simulate

STREAMS = 256
"""Streams of random samples, of as many cycles as the latency and a few more, that are tried."""

MORE_CYCLES = 4


def prove_latency(session: Session, hardware: Hardware, ports: list[str], latency: int) -> None:
    """Prove that results come so many clock cycles after their sample, and valid beside them."""
    with session.part("Verilog: latency") as found:
        complaint = _complaint(hardware, ports, latency)
        if complaint is None:
            found.append((Verdict.PROVED, f"{latency} cycles on every path, valid beside them"))
            return
        _note_stream(session, hardware, ports, latency)
        found.append((Verdict.DIFFERENT, complaint))


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


def _note_stream(session: Session, hardware: Hardware, ports: list[str], latency: int) -> None:
    """Look for a stream of samples that gives a wrong result, and note the shortest found."""
    if session.counterexample is not None:
        return
    network, cycles = session.network, latency + MORE_CYCLES
    samples = random_samples(network, STREAMS * cycles, seed=1)
    bits = feature_bits(network.features, samples)
    x = np.stack([packed.pack(bits[:, cycle::cycles]) for cycle in range(cycles)])
    expected = session.golden.results(samples)
    given = simulate(hardware, ports, x)
    for cycle in range(latency, cycles):
        right = expected[:, cycle - latency :: cycles]
        wrong = packed.unpack(given[cycle], STREAMS) != right
        streams = np.flatnonzero(wrong.any(axis=0))
        if len(streams):
            stream = samples[streams[0] * cycles :][: cycle + 1]
            actual = packed.unpack(given[cycle], STREAMS)[:, streams[0]]
            session.counterexample = _example(
                session, stream.tolist(), cycle - latency, right[:, streams[0]], actual
            )
            return


def _example(
    session: Session, stream: list[list[int]], place: int, right: np.ndarray, actual: np.ndarray
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
