"""Timing diagrams: every cycle of every signal means what the interface promises."""

import json

import pytest
from hardware import design_of, mixed_network

from lgn2hdl.hdl.interface import Interface, Kind, latency, top_ports
from lgn2hdl.synth.wave import MOST_CYCLES, timing_diagram

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
