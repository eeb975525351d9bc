"""Compiling: which steps are taken, what they may change, and that checks can fail."""

import dataclasses

import numpy as np
import pytest
from hardware import adder_network, device_of, mixed_network

from lgn2hdl.base.errors import MismatchError, ModelFileError, OptionError
from lgn2hdl.compiler import flow
from lgn2hdl.compiler.flow import (
    compile_network,
    file_sha256,
    rescheduled,
)
from lgn2hdl.compiler.recipe import Recipe
from lgn2hdl.ir.circuit import lut_costs
from lgn2hdl.ir.netlist import Netlist

pytestmark = pytest.mark.yosys


@pytest.fixture(scope="module")
def network():
    return mixed_network(3)


@pytest.mark.parametrize(
    ("device", "wide", "limits"),
    [("xcup", True, (6, 6, True)), ("ecp5-25k", True, (4, 6, True)),
     ("ecp5-25k", False, (4, 4, True)), ("generic", True, (6, 6, False))],
)  # fmt: skip
def test_what_a_device_has_is_made_use_of(network, monkeypatch, device, wide, limits):
    widths, mapped, assembled = [], flow.map_luts, flow.assemble

    def map_luts(netlist, k, effort, *, native):
        widths.append(k)
        return mapped(netlist, k, effort, native=native)

    def assemble(*arguments, **options):
        resources = arguments[2]
        assert (resources.lut_inputs, resources.carry) == (limits[0], limits[2])
        return assembled(*arguments, **options)

    monkeypatch.setattr(flow, "map_luts", map_luts)
    monkeypatch.setattr(flow, "assemble", assemble)
    compiled = compile_network(network, Recipe(device=device, wide=wide, levels=3, effort="fast"))
    assert widths == sorted(set(limits[:2]))
    assert compiled.design.levels_per_stage == 3


def test_what_leaves_the_hardware(network):
    for choices, scores, margin in (
        ({}, True, False),
        ({"outputs": ("class",)}, False, False),
        ({"outputs": ("class", "margin", "scores")}, True, True),
    ):
        head = compile_network(network, Recipe(effort="none", **choices)).design.head
        assert (head.scores, head.margin) == (scores, margin)


def test_rescheduling_keeps_the_circuit(network):
    compiled = compile_network(network, Recipe(effort="none", levels=1))
    other = rescheduled(compiled, 3)
    assert other.design.circuit is compiled.design.circuit
    assert other.design.latency == -(-compiled.design.latency // 3)
    assert other.design.levels_per_stage == 3
    assert rescheduled(compiled, 1) is compiled
    with pytest.raises(OptionError, match="give at least 1"):
        rescheduled(compiled, 0)


def test_the_cheaper_of_narrow_and_wide_luts_is_taken(network):
    """Random tables of four layers: what is taken costs no more LUTs than either alone."""
    costs = []
    for k, wide in ((4, 4), (4, 6)):
        device = device_of(k, wide=wide)
        compiled = compile_network(network, Recipe(effort="fast"), device=device, check=True)
        netlist = compiled.design.circuit.netlist
        costs.append(compiled.design.circuit.lut_count()["core"])
        assert netlist.n_pins <= wide
        assert costs[-1] <= lut_costs(netlist, k).sum()
    assert costs[1] <= costs[0]


@pytest.mark.parametrize("k", [3, 4, 6])
@pytest.mark.parametrize("make", [mixed_network, lambda: adder_network(4)], ids=["classes", "bits"])
def test_every_number_of_lut_inputs_passes_the_checks(make, k):
    device = device_of(k, carry=k > 3)
    compiled = compile_network(make(), Recipe(effort="fast"), device=device, check=True)
    assert compiled.mapping is not None
    assert compiled.mapping.luts_after > 0


def test_a_wrong_mapping_is_found(network, monkeypatch):
    def wrong(netlist, k, effort, *, native):
        mapped, record = right(netlist, k, effort, native=native)
        table = np.array(mapped.table)
        gate = mapped.outputs[0] - mapped.first_gate
        table[gate] = ~table[gate]
        return Netlist(mapped.n_inputs, mapped.fanin, table, mapped.outputs, mapped.origin), record

    right = flow.map_luts
    monkeypatch.setattr(flow, "map_luts", wrong)
    recipe = Recipe(effort="fast")
    with pytest.raises(MismatchError, match=r"mapping changes output \d+") as caught:
        compile_network(network, recipe, check=True)
    assert "\n" not in str(caught.value)
    compile_network(network, recipe)


def test_a_wrong_circuit_is_found(network, monkeypatch):
    right = flow.assemble
    other = compile_network(network, Recipe(effort="none")).design.circuit
    flipped = dataclasses.replace(other.netlist, outputs=other.netlist.outputs[::-1])
    broken = dataclasses.replace(other, netlist=flipped)
    monkeypatch.setattr(flow, "assemble", lambda *a, **o: (broken, right(*a, **o)[1]))
    with pytest.raises(MismatchError, match="the circuit differs from the network"):
        compile_network(network, Recipe(effort="none"), check=True)


@pytest.mark.parametrize("change", [{"prune_head": 0.1}, {"observe": 0}])
def test_changes_by_data_need_data(network, change):
    with pytest.raises(OptionError, match="needs training rows"):
        compile_network(network, Recipe(effort="none", **change))


def test_the_hash_of_a_file(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert file_sha256(tmp_path / "a").startswith("ba7816bf8f01cfea")
    with pytest.raises(ModelFileError, match=r"cannot read .*nowhere"):
        file_sha256(tmp_path / "nowhere")
