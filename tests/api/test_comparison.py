"""What ``compare`` simulates: the Verilog that ``synth`` would write."""

import pytest
from hardware import mixed_network

import lgn2hdl.verify.differential.simulation as simulation
import lgn2hdl.verify.readers.synthesized as synthesis
from lgn2hdl.api.comparison import MODULE, run_engines
from lgn2hdl.api.making import compile
from lgn2hdl.compiler.recipe import Recipe
from lgn2hdl.hdl.header import header_of
from lgn2hdl.targets.devices import find_device
from lgn2hdl.verify.differential.vectors import vector_table


@pytest.mark.yosys
def test_the_simulated_verilog_is_that_of_synth(monkeypatch):
    network, device = mixed_network(2), find_device("xcup")
    seen = []
    monkeypatch.setattr(synthesis, "synthesized", lambda *_: "")

    def simulate(design, modules, table):
        seen.extend(modules)
        return []

    monkeypatch.setattr(simulation, "simulate", simulate)
    run_engines(network, device, vector_table(network, None, 20), simulate=True)
    written = compile(network, Recipe(device="xcup", name=MODULE)).verilog
    texts = {name: text.removeprefix(header_of(text)) for name, text in written.items()}
    assert seen[0].verilog == texts
