"""Timing diagrams of a design as WaveJSON, the input of WaveDrom (https://wavedrom.com)."""

from __future__ import annotations

import json
from typing import Any

from lgn2hdl.compiler.interface_choice import Interface, Kind
from lgn2hdl.compiler.schedule import Design
from lgn2hdl.hdl.interface import latency, stream_layout
from lgn2hdl.hdl.ports import result_ports

MOST_CYCLES = 8
"""Latencies up to here are drawn cycle by cycle; longer ones have a gap."""

Signal = dict[str, Any]


def timing_diagram(design: Design, interface: Interface) -> str:
    """WaveJSON of one sample that enters, its result, and a second one right behind it."""
    cycles = latency(design, interface)
    drawers = {Kind.PARALLEL: _parallel, Kind.HANDSHAKE: _handshake, Kind.STREAM: _stream}
    signals = drawers[interface.kind](design, interface, min(cycles, MOST_CYCLES))
    gap = cycles > MOST_CYCLES
    if gap:
        signals = [_with_gap(signal) for signal in signals]
    edge = [f"a~>b {cycles} clock cycles"]
    text = f"latency {cycles} clock cycles" + (", not to scale" if gap else "")
    lines = ",\n".join(f"  {json.dumps(signal)}" for signal in signals)
    return (
        f'{{"signal": [\n{lines}\n ],\n "edge": {json.dumps(edge)},\n'
        f' "head": {json.dumps({"text": text})}}}'
    )


def _parallel(design: Design, interface: Interface, drawn: int) -> list[Signal]:
    del interface
    return [
        _clock(drawn + 4),
        _pulse("valid_in", 1, 2, drawn + 4, node="a"),
        _values("x", 1, ["sample 0", "sample 1"], drawn + 4),
        _pulse("valid_out", 1 + drawn, 2, drawn + 4, node="b"),
        *(_values(p, 1 + drawn, ["result 0", "result 1"], drawn + 4) for p in _results(design)),
    ]


def _handshake(design: Design, interface: Interface, drawn: int) -> list[Signal]:
    length = drawn + 5
    signals = _parallel(design, interface, drawn)
    # The receiver lets the first result wait for a cycle: everything behind it is a cycle later.
    signals[0] = _clock(length)
    signals[1] = _pulse("valid_in", 1, 2, length, node="a")
    signals[2] = _values("x", 1, ["sample 0", "sample 1"], length)
    ready_in = {"name": "ready_in", "wave": "1".ljust(length, ".")}
    valid = _pulse("valid_out", 1 + drawn, 3, length, node="b")
    wave = "1".ljust(1 + drawn, ".") + "01".ljust(length - 1 - drawn, ".")
    ready_out = {"name": "ready_out", "wave": wave}
    results = [_stalled(port, 1 + drawn, length) for port in _results(design)]
    return [*signals[:2], ready_in, signals[2], valid, ready_out, *results]


def _stream(design: Design, interface: Interface, drawn: int) -> list[Signal]:
    beats = stream_layout(design, interface).beats
    shown = min(beats, 3)
    names = [f"beat {i}" for i in range(shown)]
    if beats > shown:
        names[1:] = ["...", f"beat {beats - 1}"]
    length = shown + drawn + 3
    return [
        _clock(length),
        _pulse("s_axis_tvalid", 1, shown, length),
        {"name": "s_axis_tready", "wave": "1".ljust(length, ".")},
        _values("s_axis_tdata", 1, names, length),
        _pulse("s_axis_tlast", shown, 1, length, node="a"),
        _pulse("m_axis_tvalid", shown + drawn, 1, length, node="b"),
        {"name": "m_axis_tready", "wave": "1".ljust(length, ".")},
        _values("m_axis_tdata", shown + drawn, ["result"], length),
    ]


def _results(design: Design) -> list[str]:
    return [port.name for port in result_ports(design.head)]


def _clock(length: int) -> Signal:
    return {"name": "clk", "wave": "p".ljust(length, ".")}


def _pulse(name: str, start: int, cycles: int, length: int, node: str = "") -> Signal:
    """High for some cycles from ``start`` on; an arrow can begin or end there."""
    wave = "0".ljust(start, ".") + "1".ljust(cycles, ".") + "0"
    signal: Signal = {"name": name, "wave": wave.ljust(length, ".")}
    if node:
        signal["node"] = "." * start + node
    return signal


def _values(name: str, start: int, values: list[str], length: int) -> Signal:
    wave = "x".ljust(start, ".") + "=" * len(values) + "x"
    return {"name": name, "wave": wave.ljust(length, "."), "data": values}


def _stalled(name: str, start: int, length: int) -> Signal:
    wave = "x".ljust(start, ".") + "=.=x"
    return {"name": name, "wave": wave.ljust(length, "."), "data": ["result 0", "result 1"]}


def _with_gap(signal: Signal) -> Signal:
    """The same signal with a break in its fifth cycle, where all of them hold what they are."""
    wave = signal["wave"]
    return {**signal, "wave": wave[:5] + "|" + wave[6:]}
