"""Files for other people's projects, read by the tools' own readers where these are in reach."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hardware import design_of, mixed_network

from lgn2hdl.compiler.interface_choice import Interface, Kind
from lgn2hdl.hdl.interface import top_ports
from lgn2hdl.project.integration import Integration, integration_files, vhdl_name
from lgn2hdl.project.report import DesignReport, estimate_timing
from lgn2hdl.targets.devices import find_device

VERILOG = ("top.v", "top_core.v")
DEVICE = find_device("xc7")


@pytest.fixture(scope="module")
def design():
    return design_of(mixed_network())


def files_of(design, kind=Kind.PARALLEL, **changes):
    report = DesignReport(DEVICE, design.latency, estimate_timing(DEVICE, 2))
    given = {"top": "top", "verilog": VERILOG, "report": report, **changes}
    return integration_files(
        Integration(design=design, interface=Interface(kind), model_sha256="ab" * 32, **given)
    )


@pytest.fixture(params=list(Kind), ids=lambda kind: kind.value)
def written(request, design, tmp_path):
    for name, text in files_of(design, request.param).items():
        (tmp_path / name).write_text(text)
    for name in VERILOG:
        (tmp_path / name).write_text("")
    return tmp_path, top_ports(design, Interface(request.param))


# ---- VHDL ----


def syntax_of(path: Path) -> subprocess.CompletedProcess[str]:
    """VHDL read by VSG's parser of the whole grammar; it stops at what is none."""
    command = [Path(sys.executable).parent / "vsg", "-f", path, "-of", "syntastic"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_vhdl_is_vhdl(written):
    folder, _ = written
    done = syntax_of(folder / "top_vhdl.vhd")
    assert "Error while processing" not in done.stdout + done.stderr


def test_what_is_no_vhdl_is_found(written):
    folder, _ = written
    broken = folder / "top_vhdl.vhd"
    broken.write_text(broken.read_text().replace(");", ";", 1))
    done = syntax_of(broken)
    assert "Error while processing" in done.stdout + done.stderr


def test_component_and_entity_have_the_ports_of_the_module(written):
    folder, ports = written
    text = re.sub(r"--.*", "", (folder / "top_vhdl.vhd").read_text())
    for unit in ("component top is", "entity top_vhdl is"):
        body = text.split(unit)[1].split("end ")[0]
        found = re.findall(r"(\w+) : (in|out) std_logic(?:_vector\((\d+) downto 0\))?", body)
        assert [(n, {"in": "input", "out": "output"}[d], int(w or 0) + 1) for n, d, w in found] == [
            (port.name, port.direction, port.width) for port in ports
        ]
    mapped = re.findall(r"(\w+) => (\w+)", text)
    assert mapped == [(port.name, port.name) for port in ports]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mnist", "mnist"),
        ("mnist_1", "mnist_1"),
        ("Mnist", "\\Mnist\\"),
        ("a__b", "\\a__b\\"),
        ("_a", "\\_a\\"),
        ("a_", "\\a_\\"),
        ("process", "\\process\\"),
        ("signal", "\\signal\\"),
    ],
)
def test_names_that_vhdl_reads_otherwise_become_extended_identifiers(name, expected):
    assert vhdl_name(name) == expected


def test_the_component_is_named_in_full(design):
    """Else a port of the same name would hide it; an extended identifier is no port's name."""
    text = files_of(design, top="margin")["margin_vhdl.vhd"]
    assert "  margin_instance : component work.margin_component.margin\n" in text
    text = files_of(design, top="Margin")["Margin_vhdl.vhd"]
    assert "  \\Margin_instance\\ : component \\Margin\\\n" in text


def test_packages_of_two_models_declare_nothing_twice(design):
    """Whoever uses both packages would see neither declaration."""
    declared = []
    for top in ("one", "two"):
        text = files_of(design, top=top)[f"{top}_vhdl.vhd"]
        declared += re.findall(r"^  (?:constant|component) (\w+)", text, re.MULTILINE)
    assert len(set(declared)) == len(declared) == 6


@pytest.mark.slow
@pytest.mark.parametrize("top", ["Top", "a__b", "component", "a_", "margin"])
def test_vhdl_of_odd_names(design, tmp_path, top):
    path = tmp_path / "odd.vhd"
    path.write_text(files_of(design, top=top)[f"{top}_vhdl.vhd"])
    done = syntax_of(path)
    assert "Error while processing" not in done.stdout + done.stderr


# ---- FuseSoC ----


@pytest.mark.parametrize("target", ["default", "lint", "vivado", "quartus", "vhdl"])
def test_fusesoc_finds_every_file_of_every_target(written, target):
    folder, _ = written
    core = yaml.safe_load((folder / "top.core").read_text())
    for fileset in core["targets"][target]["filesets"]:
        for name in core["filesets"][fileset]["files"]:
            assert (folder / name).is_file()


@pytest.mark.slow
@pytest.mark.parametrize("target", ["lint", "vivado", "quartus", "vhdl"])
def test_fusesoc_sets_every_target_up(written, target):
    folder, _ = written
    fusesoc = Path(sys.executable).parent / "fusesoc"
    command = [fusesoc, "--cores-root", ".", "run", "--setup", "--target", target, "top"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "ERROR" not in done.stderr


# ---- Tcl ----

RECORDER = """
set calls {}
proc unknown {args} { lappend ::calls $args; return [lindex $args end] }
proc package {args} {}
rename file real_file
proc file {what args} {
    if {$what eq "mkdir"} { return }
    real_file $what {*}$args
}
rename cd {}
proc cd {args} {}
proc get_property {property object} { return $::progress }
"""
"""Every command that Tcl itself lacks is written down; nothing is made."""


def tcl_calls(script: Path, arguments: list[str], progress: str = "100%") -> list[tuple[str, ...]]:
    tkinter = pytest.importorskip("tkinter")
    tcl = tkinter.Tcl()
    tcl.eval(RECORDER)
    tcl.setvar("progress", progress)
    tcl.setvar("argc", len(arguments))
    tcl.setvar("argv", tuple(arguments))
    tcl.eval(f"array set quartus {{args {{{' '.join(arguments)}}}}}")
    tcl.eval(f"source {{{script}}}")
    return [tcl.splitlist(call) for call in tcl.splitlist(tcl.eval("set calls"))]


def test_vivado_script(written):
    folder, _ = written
    calls = tcl_calls(folder / "vivado.tcl", [])
    added = [call for call in calls if call[0] == "add_files"]
    text = " ".join(" ".join(call) for call in added)
    assert all(str(folder / name) in text for name in (*VERILOG, "top.xdc"))
    assert calls[0][-2:] == ("-part", "xc7a100tcsg324-1")
    assert ("set_property", "top", "top", "current_fileset") in calls
    assert any("-mode out_of_context -no_srlextract" in call for call in calls)
    assert [call[1] for call in calls if call[0] == "launch_runs"] == ["synth_1", "impl_1"]


def test_vivado_script_stops_where_a_run_fails(written):
    folder, _ = written
    tkinter = pytest.importorskip("tkinter")
    with pytest.raises(tkinter.TclError, match="synth_1 failed"):
        tcl_calls(folder / "vivado.tcl", [], progress="40%")


def test_quartus_script(written):
    folder, ports = written
    calls = tcl_calls(folder / "quartus.tcl", [])
    files = [call[3] for call in calls if call[1:3] == ("-name", "VERILOG_FILE")]
    assert files == [str(folder / name) for name in VERILOG]
    virtual = [call[-1] for call in calls if call[0] == "set_instance_assignment"]
    names = [p.name if p.width == 1 else f"{p.name}[*]" for p in ports if p.name != "clk"]
    assert virtual == names
    assert ("execute_flow", "-compile") in calls


@pytest.mark.parametrize("script", ["vivado.tcl", "quartus.tcl"])
def test_scripts_take_another_part(written, script):
    folder, _ = written
    calls = tcl_calls(folder / script, ["part7"])
    assert any("part7" in call for call in calls)


def commands_of(script: str) -> list[str]:
    """Lines that are whole: braces and brackets closed, quotes in pairs, as Tcl joins them."""
    commands, rest = [], ""
    for line in script.splitlines():
        if line.lstrip().startswith("#"):
            continue
        rest += line
        code = re.sub(r'"[^"]*"', "", rest)
        if rest.endswith("\\"):
            rest = rest[:-1] + " "
        elif all(code.count(a) == code.count(b) for a, b in ("{}", "[]")) and '"' not in code:
            commands.append(rest.strip())
            rest = ""
        else:
            rest += "\n"
    assert rest == "", "something is not closed"
    return [command for command in commands if command]


@pytest.mark.parametrize("script", ["vivado.tcl", "quartus.tcl"])
def test_scripts_are_whole_without_an_interpreter(written, script):
    folder, _ = written
    text = (folder / script).read_text()
    first = {command.split()[0] for command in commands_of(text)}
    assert first >= {"set", "if", "file"}
    assert first <= {
        "set", "if", "file", "cd", "package", "create_project", "add_files", "set_property", "proc",
        "run", "report_utilization", "report_timing_summary", "project_new", "execute_flow",
        "set_global_assignment", "set_instance_assignment", "export_assignments", "project_close",
    }  # fmt: skip
    for closing in "]}":
        with pytest.raises(AssertionError, match="not closed"):
            commands_of("".join(text.rsplit(closing, 1)))


# ---- constraints ----


def test_the_clock_is_the_one_asked_for(design):
    line = "create_clock -name clk -period 4 [get_ports clk]"
    files = files_of(design, clock_mhz=250.0)
    assert line in files["top.xdc"].splitlines()
    assert files["top.sdc"] == files["top.xdc"]


def test_the_clock_is_the_estimate_else(design):
    period = round(1000 / estimate_timing(DEVICE, 2).estimated_mhz, 3)
    assert f"-period {period:g} " in files_of(design)["top.xdc"]
    assert "-period 10 " in files_of(design, report=None)["top.xdc"]


def test_same_bytes(design):
    assert files_of(design) == files_of(design)
