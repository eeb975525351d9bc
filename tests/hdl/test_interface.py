import pytest
from hardware import adder_network, design_of, mixed_network

from lgn2hdl.base.errors import OptionError
from lgn2hdl.compiler.interface_choice import PARALLEL, Interface, Kind
from lgn2hdl.hdl.interface import (
    description,
    initiation_interval,
    interface_flip_flops,
    latency,
    pipeline_name,
    stream_layout,
    timing_notes,
    top_ports,
)
from lgn2hdl.hdl.ports import classifier_ports, result_ports

DESIGN = design_of(mixed_network(), margin=True)
"""20 bits of features; class of 2 bits, three signed scores, margin."""
HANDSHAKE = Interface(Kind.HANDSHAKE)


def stream(beat_bits: int | None, clock_enable: bool = False) -> Interface:
    return Interface(Kind.STREAM, beat_bits, clock_enable)


@pytest.mark.parametrize(
    ("kind", "beat_bits", "words"),
    [
        (Kind.STREAM, 12, "beats of 12 bits: give a multiple of 8"),
        (Kind.STREAM, 0, "beats of 0 bits"),
        (Kind.STREAM, -8, "beats of -8 bits"),
        (Kind.STREAM, 65544, "up to 65536"),
        (Kind.PARALLEL, 8, "for --interface stream, not parallel"),
        (Kind.HANDSHAKE, 8, "for --interface stream, not handshake"),
    ],
)
def test_refused(kind, beat_bits, words):
    with pytest.raises(OptionError, match=words):
        Interface(kind, beat_bits)


def shape(interface: Interface) -> dict[str, tuple[str, int]]:
    return {port.name: (port.direction, port.width) for port in top_ports(DESIGN, interface)}


def test_parallel_ports_are_those_of_the_pipeline():
    assert top_ports(DESIGN) == classifier_ports(DESIGN)
    enabled = shape(Interface(clock_enable=True))
    assert enabled == {**shape(PARALLEL), "enable": ("input", 1)}
    assert list(enabled)[:3] == ["clk", "rst", "enable"]


def test_handshake_ports():
    results = {port.name: ("output", port.width) for port in result_ports(DESIGN.head)}
    assert list(results) == ["class_index", "scores", "margin"]
    assert shape(HANDSHAKE) == {
        "clk": ("input", 1), "rst": ("input", 1), "valid_in": ("input", 1),
        "ready_in": ("output", 1), "x": ("input", 20), "valid_out": ("output", 1),
        "ready_out": ("input", 1), **results,
    }  # fmt: skip


def test_stream_ports():
    ports = shape(stream(16, clock_enable=True))
    assert ports == {
        "clk": ("input", 1), "rst": ("input", 1), "enable": ("input", 1),
        "s_axis_tdata": ("input", 16), "s_axis_tvalid": ("input", 1),
        "s_axis_tready": ("output", 1), "s_axis_tlast": ("input", 1),
        "m_axis_tdata": ("output", 40), "m_axis_tvalid": ("output", 1),
        "m_axis_tready": ("input", 1), "m_axis_tlast": ("output", 1),
        "bad_packet": ("output", 1), "error": ("output", 1), "error_clear": ("input", 1),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("beat_bits", "beats", "bits"),
    [(8, 3, 8), (16, 2, 16), (24, 1, 24), (32, 1, 32), (None, 1, 24), (64, 1, 64)],
)
def test_beats_of_twenty_bits(beat_bits, beats, bits):
    layout = stream_layout(DESIGN, stream(beat_bits))
    assert (layout.beats, layout.beat_bits, layout.sample_bits) == (beats, bits, 20)
    assert initiation_interval(DESIGN, stream(beat_bits)) == beats
    assert layout.counter_bits == {1: 0, 2: 1, 3: 2}[beats]


def test_fields_are_whole_bytes_side_by_side():
    plan = DESIGN.head
    fields = stream_layout(DESIGN, stream(8)).fields
    assert [(field.port, field.index) for field in fields] == [
        ("class_index", 0), ("scores", 0), ("scores", 1), ("scores", 2), ("margin", 0),
    ]  # fmt: skip
    assert [field.lsb for field in fields] == [0, 8, 16, 24, 32]
    assert {field.bits for field in fields} == {8}
    assert [field.signed for field in fields] == [False, True, True, True, False]
    widths = [2, *[plan.score_width] * 3, plan.margin_width]
    assert [field.width for field in fields] == widths


def test_a_wide_field_takes_several_bytes():
    layout = stream_layout(design_of(adder_network(4)), stream(None))
    assert [(field.port, field.width, field.bits) for field in layout.fields] == [("bits", 9, 16)]
    assert layout.result_bits == 16


def test_latency_and_rate():
    assert latency(DESIGN, PARALLEL) == latency(DESIGN, HANDSHAKE) == DESIGN.latency
    assert latency(DESIGN, stream(8)) == DESIGN.latency + 1
    assert initiation_interval(DESIGN, HANDSHAKE) == 1
    first, second = timing_notes(DESIGN, stream(8))
    assert f"Latency {DESIGN.latency + 1} clock cycles from the last beat" in first
    assert first.endswith("every 3 cycles.")
    assert "into the beats" in second
    assert timing_notes(DESIGN, stream(None))[0].endswith("every cycle.")


def test_names_and_description():
    assert pipeline_name("top", PARALLEL) == "top"
    assert pipeline_name("top", stream(8)) == pipeline_name("top", HANDSHAKE) == "top_pipeline"
    assert description(DESIGN, PARALLEL) == {
        "kind": "parallel", "clock_enable": False, "flip_flops": 0,
    }  # fmt: skip
    described = description(DESIGN, stream(8))
    assert (described["beats"], described["beat_bits"]) == (3, 8)
    assert described["flip_flops"] == interface_flip_flops(DESIGN, stream(8)) > 24
    assert described["result"][0] == {
        "port": "class_index", "index": 0, "lsb": 0, "width": 2, "bits": 8, "signed": False,
    }  # fmt: skip
