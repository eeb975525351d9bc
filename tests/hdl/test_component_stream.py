"""The network as a component for Amaranth designs, and the example of docs/interfaces.md."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from amaranth.back import rtlil
from amaranth.hdl import unsigned
from amaranth.lib import stream, wiring
from amaranth.sim import Simulator
from hardware import design_of, mixed_network, pack_bits, port_values, random_rows

from lgn2hdl.hdl import classifier
from lgn2hdl.hdl.stream import result_layout
from lgn2hdl.model import file as model_file
from lgn2hdl.model.heads.group_sum_plan import decide

ROOT = Path(__file__).parents[2]


class Expected:
    """What the handshake interface shows in every cycle, by its description in docs/interfaces.md.

    The results in the pipeline, the newest first, and the one that waits.
    """

    def __init__(self, latency: int) -> None:
        self.pipeline: list[int | None] = [None] * latency
        self.waiting: int | None = None

    @property
    def ready(self) -> bool:
        return self.waiting is None

    @property
    def result(self) -> int | None:
        return self.pipeline[-1] if self.waiting is None else self.waiting

    def clock(self, sample: int | None, taken: bool) -> None:
        given, moves = self.result, self.waiting is None
        self.waiting = None if taken or given is None else given
        if moves:
            self.pipeline = [sample, *self.pipeline[:-1]]


@pytest.mark.parametrize("scores", [False, True])
@pytest.mark.parametrize("levels", [1, 3])
def test_it_shows_what_the_handshake_interface_does(scores, levels):
    network = mixed_network()
    design = design_of(network, levels=levels, scores=scores)
    component = classifier(design)
    rows = random_rows(network.features, 40)
    widths = network.features.width.tolist()
    wanted = port_values(design, rows)
    rng = np.random.default_rng(levels)
    expected, results = Expected(design.latency), []

    async def bench(context):
        index = 0
        for cycle in range(400):
            valid, taken = (bool(bit) for bit in rng.integers(0, 2 + (cycle < 200), 2))
            valid = valid and index < len(rows)
            context.set(component.x.valid, valid)
            context.set(component.y.ready, taken)
            if valid:
                context.set(component.x.payload, pack_bits(rows[index], widths))
            assert context.get(component.x.ready) == expected.ready
            assert context.get(component.y.valid) == (expected.result is not None)
            if expected.result is not None:
                payload = context.get(component.y.payload)
                number = wanted[expected.result]
                assert payload.class_index == number["class_index"]
                assert not scores or payload.scores.as_bits() == number["scores"]
                results.extend([expected.result] * taken)
            enters = index if valid and expected.ready else None
            index += enters is not None
            expected.clock(enters, taken)
            await context.tick()

    simulator = Simulator(component)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    assert results == list(range(len(rows)))


def test_its_ports_are_streams():
    design = design_of(mixed_network())
    component = classifier(design)
    n_inputs = design.circuit.netlist.n_inputs
    assert component.x.signature.flip() == stream.Signature(unsigned(n_inputs))
    assert component.y.signature == stream.Signature(result_layout(design.head))
    assert rtlil.convert(component)


@pytest.mark.yosys
def test_the_example_of_the_page():
    """Class by class it counts what the network says of its samples."""
    page = (ROOT / "docs" / "interfaces.md").read_text()
    (text,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names: dict[str, object] = {}
    exec(text.replace('"models/', f'"{ROOT}/models/'), names)
    counter = names["top"]
    assert isinstance(counter, wiring.Component)
    assert "module top" in str(names["text"])
    network = model_file.load(ROOT / "models" / "monk1.lgn")
    rows = random_rows(network.features, 50)
    widths = network.features.width.tolist()

    async def bench(context):
        context.set(counter.samples.valid, 1)
        for row in rows:
            context.set(counter.samples.payload, pack_bits(row, widths))
            await context.tick()
        context.set(counter.samples.valid, 0)
        await context.tick().repeat(20)
        assert context.get(counter.count) == (decide(network.scores(rows)) == 1).sum()

    simulator = Simulator(counter)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
