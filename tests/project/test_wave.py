"""Timing diagrams: every cycle of every signal means what the interface promises."""

import json

import pytest
from hardware import design_of, mixed_network

from lgn2hdl.compiler.interface_choice import Interface, Kind
from lgn2hdl.hdl.interface import latency, top_ports
from lgn2hdl.project.wave import MOST_CYCLES, timing_diagram

INTERFACES = [
    Interface(),
    Interface(Kind.HANDSHAKE),
    Interface(Kind.STREAM, 8),
    Interface(Kind.STREAM, None),
]


def levels(wave: str) -> str:
    """The wave with every '.' replaced by what it continues."""
    result = ""
    for character in wave:
        result += result[-1] if character == "." else character
    return result


@pytest.fixture(params=[1, 4], ids=["long", "short"])
def design(request):
    return design_of(mixed_network(), levels=request.param)


@pytest.mark.parametrize("interface", INTERFACES, ids=lambda i: f"{i.kind.value}-{i.beat_bits}")
def test_signals_are_ports_of_one_length(design, interface):
    diagram = json.loads(timing_diagram(design, interface))
    names = [signal["name"] for signal in diagram["signal"]]
    assert set(names) <= {port.name for port in top_ports(design, interface)}
    assert len(set(names)) == len(names)
    assert len({len(signal["wave"]) for signal in diagram["signal"]}) == 1
    for signal in diagram["signal"]:
        assert signal["wave"].count("=") == len(signal.get("data", []))


@pytest.mark.parametrize("interface", INTERFACES, ids=lambda i: f"{i.kind.value}-{i.beat_bits}")
def test_the_arrow_spans_the_latency(design, interface):
    diagram = json.loads(timing_diagram(design, interface))
    cycles = latency(design, interface)
    nodes = [signal["node"] for signal in diagram["signal"] if "node" in signal]
    begin, end = (node.index(letter) for node, letter in zip(nodes, "ab", strict=True))
    assert end - begin == min(cycles, MOST_CYCLES)
    assert diagram["edge"] == [f"a~>b {cycles} clock cycles"]
    gap = any("|" in signal["wave"] for signal in diagram["signal"])
    assert gap == (cycles > MOST_CYCLES)
    marked = [signal["wave"] for signal in diagram["signal"] if "node" in signal]
    assert levels(marked[0])[begin] == levels(marked[1])[end] == "1"
    assert levels(marked[1])[end - 1] in "0|"


def test_a_result_waits_for_a_receiver_that_is_not_ready(design):
    diagram = json.loads(timing_diagram(design, Interface(Kind.HANDSHAKE)))
    wave = {signal["name"]: levels(signal["wave"]) for signal in diagram["signal"]}
    taken = [v == r == "1" for v, r in zip(wave["valid_out"], wave["ready_out"], strict=True)]
    entered = [v == "1" for v in wave["valid_in"]]
    assert sum(taken) == sum(entered) == 2
    assert wave["valid_out"].count("1") == 3


DRAWN = {
    (4, Interface()): """
        p...... | 01.0... .a | x==x... | 0...1.0 ....b | x...==x | x...==x
    """,
    (4, Interface(Kind.HANDSHAKE)): """
        p....... | 01.0.... .a | 1....... | x==x.... | 0...1..0 ....b | 1...01.. | x...=.=x
        | x...=.=x
    """,
    (4, Interface(Kind.STREAM, 8)): """
        p......... | 01..0..... | 1......... | x===x..... | 0..10..... ...a | 0......10. .......b
        | 1......... | x......=x.
    """,
    (4, Interface(Kind.STREAM, 16)): """
        p........ | 01.0..... | 1........ | x==x..... | 0.10..... ..a | 0.....10. ......b
        | 1........ | x.....=x.
    """,
    (4, Interface(Kind.STREAM, None)): """
        p....... | 010..... | 1....... | x=x..... | 010..... .a | 0....10. .....b | 1.......
        | x....=x.
    """,
    (1, Interface()): """
        p....;...... | 01.0.;...... .a | x==x.;...... | 0....;...1.0 .........b | x....;...==x
        | x....;...==x
    """,
    (1, Interface(Kind.STREAM, None)): """
        p....;...... | 010..;...... | 1....;...... | x=x..;...... | 010..;...... .a
        | 0....;...10. .........b | 1....;...... | x....;...=x.
    """,
}
"""Waves and marks of the signals, with ; for a gap: latencies of 3 and 11 cycles, and one more."""


@pytest.mark.parametrize(("levels", "interface"), DRAWN, ids=str)
def test_diagrams_cycle_by_cycle(levels, interface):
    design = design_of(mixed_network(), levels=levels)
    diagram = json.loads(timing_diagram(design, interface))
    lines = [
        " ".join(filter(None, (signal["wave"].replace("|", ";"), signal.get("node"))))
        for signal in diagram["signal"]
    ]
    assert lines == [" ".join(item.split()) for item in DRAWN[levels, interface].split("|")]
    cycles = {4: 3, 1: 11}[levels] + (interface.kind is Kind.STREAM)
    scale = ", not to scale" if levels == 1 else ""
    assert diagram["head"] == {"text": f"latency {cycles} clock cycles{scale}"}


def test_of_many_beats_the_first_and_the_last_are_named():
    for widths, names in [
        ((3, 1, 6, 2, 8), ["beat 0", "beat 1", "beat 2"]),
        ((3, 1, 6, 2, 8, 8), ["beat 0", "...", "beat 3"]),
        ((8, 8), ["beat 0", "beat 1"]),
    ]:
        design = design_of(mixed_network(widths=widths), levels=4)
        diagram = json.loads(timing_diagram(design, Interface(Kind.STREAM, 8)))
        data = {signal["name"]: signal.get("data") for signal in diagram["signal"]}
        assert data["s_axis_tdata"] == names
        assert data["m_axis_tdata"] == ["result"]
    parallel = json.loads(timing_diagram(design, Interface()))
    data = {signal["name"]: signal.get("data") for signal in parallel["signal"]}
    assert data["x"] == ["sample 0", "sample 1"]
    assert data["class_index"] == data["scores"] == ["result 0", "result 1"]
    held = json.loads(timing_diagram(design, Interface(Kind.HANDSHAKE)))
    data = {signal["name"]: signal.get("data") for signal in held["signal"]}
    assert data["class_index"] == ["result 0", "result 1"]


def test_the_longest_latency_without_a_gap(monkeypatch):
    design = design_of(mixed_network(), levels=4)
    for most, gap in ((3, False), (2, True)):
        monkeypatch.setattr("lgn2hdl.project.wave.MOST_CYCLES", most)
        diagram = json.loads(timing_diagram(design, Interface()))
        assert any("|" in signal["wave"] for signal in diagram["signal"]) is gap
