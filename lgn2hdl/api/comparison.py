"""Every engine on the same vectors, bit for bit."""

from __future__ import annotations

from collections.abc import Iterator

from lgn2hdl.api.engines import c_engine, cpu_engines, torch_engine
from lgn2hdl.api.notes import Note, silent
from lgn2hdl.compiler.flow import Compiled, compile_network
from lgn2hdl.compiler.recipe import Recipe
from lgn2hdl.model.network import LogicNet
from lgn2hdl.targets.devices import Device
from lgn2hdl.verify.differential.compare import Engine, Outcome, compare, golden_results
from lgn2hdl.verify.differential.engines import circuit_engine, network_engine, step_engines
from lgn2hdl.verify.differential.vectors import VectorTable

DEFAULT_NUMBER = 1000
"""Test rows, and as many random vectors."""

MODULE = "network"
"""Name of the top module; no output folder is written."""


def run_engines(
    network: LogicNet, device: Device, table: VectorTable, *, simulate: bool, note: Note = silent
) -> list[Outcome]:
    """Every engine on the table, the quick ones first.

    Args:
        network: the network.
        device: what to map and synthesize to.
        table: the vectors.
        simulate: whether to simulate the Verilog.
        note: takes a line for people before every engine.

    Raises:
        ToolError: if a tool is missing or fails.
    """
    golden = golden_results(network, table.integers)
    note(f"compiling {network.n_nodes:,} nodes ...")
    recipe = Recipe(device=device.name)
    compiled = compile_network(network, recipe)
    outcomes = []
    for engine in _engines(network, compiled, note):
        note(f"{engine.name} ...")
        outcomes.append(compare(engine, table, golden))
    return outcomes + (_simulated(compiled, recipe, table, note) if simulate else [])


def _engines(network: LogicNet, compiled: Compiled, note: Note) -> Iterator[Engine]:
    torch = torch_engine(network)
    if torch is None:
        note("note: torch is not installed and left out")
    else:
        yield torch
    yield network_engine(network)
    yield from step_engines(network)
    yield circuit_engine(compiled.design)
    yield from cpu_engines(network)
    yield c_engine(network)


def _simulated(compiled: Compiled, recipe: Recipe, table: VectorTable, note: Note) -> list[Outcome]:
    """The Verilog that ``synth`` writes, before and after synthesis."""
    from lgn2hdl.hdl.emit import emit_verilog
    from lgn2hdl.verify.differential.simulation import Rtl, simulate
    from lgn2hdl.verify.readers.synthesized import synthesized

    device = recipe.target
    verilog = emit_verilog(compiled.design, MODULE, recipe.writer)
    modules = [Rtl("Verilog, simulated", MODULE, verilog)]
    if device.synthesis is None:
        note(f"note: nothing synthesizes to {device.name}: that is left out")
    else:
        name = f"{MODULE}_synthesized"
        note(f"synthesizing to {device.name} ...")
        text = synthesized(verilog, MODULE, device, name)
        title = f"after Yosys, {device.name}, simulated"
        modules.append(Rtl(title, name, {f"{name}.v": text}))
    note("building and running the simulation ...")
    return simulate(compiled.design, modules, table)
