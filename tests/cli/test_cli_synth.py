"""``lgn2hdl synth``: devices, target clocks, data-driven changes, checks, and what is refused."""

import json
import re
import sys

import numpy as np
import pytest
from networks import random_network

from lgn2hdl.api import making, project
from lgn2hdl.base.errors import OptionError
from lgn2hdl.model import file as model_file
from lgn2hdl.targets.devices import find_device
from lgn2hdl.tools.area import Cells
from lgn2hdl.tools.place_route import TimingReport

pytestmark = pytest.mark.yosys

FASTEST = {4: 60.0, 3: 80.0, 2: 110.0, 1: 150.0}
"""Clock that the fake router reaches, by levels per stage, in MHz."""


def timing(levels: int, target_mhz: float) -> TimingReport:
    return TimingReport(
        device="ecp5-25k",
        tools=("Yosys 1", "nextpnr 2"),
        commands=("synth", "route"),
        fmax_mhz=FASTEST.get(levels, 10.0),
        target_mhz=target_mhz,
        seed=1,
        utilization={},
        cells=Cells(1, 2, 3, 4, 5),
        wrapper_cells=Cells(0, 0, 0, 0, 0),
        critical_path=None,
        seconds=1.0,
        netlist_sha256="0",
    )


@pytest.fixture
def routed(monkeypatch):
    """A router that reaches what :data:`FASTEST` says; gives the levels of all its runs."""
    tried = []
    emit = making.emit_verilog

    def emitted(design, name, emitter, interface, header=""):
        tried.append(design.levels_per_stage)
        return emit(design, name, emitter, interface, header)

    def place_and_route(verilog, top, device, *, target_mhz, timeout):
        return timing(tried[-1], target_mhz)

    monkeypatch.setattr(making, "emit_verilog", emitted)
    monkeypatch.setattr(making, "place_and_route", place_and_route)
    return tried


def base(model, tmp_path) -> list:
    return ["synth", model, "--out", tmp_path / "rtl", "--no-area", "--vectors", "5"]


def test_a_target_clock_lowers_the_levels_until_it_is_reached(model, read_json, routed, tmp_path):
    options = ["--device", "ecp5-25k", "--target-mhz", "100", "--pnr"]
    values = read_json(*base(model, tmp_path), *options)
    assert values["levels_per_stage"] == 2
    assert values["timing"]["fmax_mhz"] == 110.0
    assert values["timing"]["latency_ns"] == 1000 * values["latency_cycles"] / 110.0
    assert routed[:-1] == list(range(routed[0], 1, -1))  # (the last one writes the folder)
    manifest = json.loads((tmp_path / "rtl" / "manifest.json").read_text())
    assert manifest["pipeline"]["levels_per_stage"] == 2


def test_a_target_out_of_reach_says_the_best_and_fails(model, lgn2hdl, routed, tmp_path):
    options = ["--device", "ecp5-25k", "--target-mhz", "151", "--pnr"]
    code, out, err = lgn2hdl(*base(model, tmp_path), *options)
    assert code == 1
    last = err.strip().splitlines()[-1]
    assert last.startswith("lgn2hdl: error: 151 MHz is out of reach on ecp5-25k")
    assert "150.0 MHz, with 1 LUT levels" in last
    assert "150.0 MHz" in out  # the report is printed all the same
    manifest = json.loads((tmp_path / "rtl" / "manifest.json").read_text())
    assert manifest["pipeline"]["levels_per_stage"] == 1  # and the best design is written


def test_a_target_clock_without_a_router_is_an_estimate(model, read_json, tmp_path):
    values = read_json(*base(model, tmp_path), "--target-mhz", "400")
    assert values["timing"] is None
    assert values["timing_estimate"]["estimated_mhz"] >= 400
    assert "estimate" in values["timing_estimate"]["model"]


@pytest.mark.parametrize(
    ("device", "lut_inputs"), [("xc7", 6), ("ice40-hx8k", 4), ("gowin", 4), ("generic", 6)]
)
def test_every_kind_of_device_is_checked_against_the_golden_model(
    model, read_json, tmp_path, device, lut_inputs
):
    values = read_json(*base(model, tmp_path), "--device", device, "--effort", "fast", "--check")
    assert find_device(device).lut_inputs == lut_inputs
    assert values["device"] == device
    assert values["luts"]["core"] > 0


def test_what_changes_the_network_is_reported_and_simulated(model, read_json, tmp_path):
    options = ["--prune-head", "0.01", "--observe", "2", "--no-scores", "--check"]
    values = read_json(*base(model, tmp_path), *options)
    head, observed = values["changes"]["prune_head"], values["changes"]["observe"]
    assert head["outputs_after"] < head["outputs_before"] == 100
    assert head["train_accuracy_after"] >= head["train_accuracy_before"] - 0.01
    assert observed["report"]["gates_after"] <= observed["report"]["gates_before"]
    assert 0 < observed["test_accuracy_after"] <= 1
    manifest = json.loads((tmp_path / "rtl" / "manifest.json").read_text())
    assert manifest["changes"] == values["changes"]
    assert not (tmp_path / "rtl" / "vectors" / "scores.hex").exists()


def test_no_change_is_reported_by_default(model, read_json, tmp_path):
    values = read_json(*base(model, tmp_path), "--effort", "none")
    assert values["changes"] == {}
    assert values["mapping"] is None


def test_both_emitters_write_the_same_ports(model, read_json, tmp_path):
    ports = []
    for emitter in ("text", "amaranth"):
        out = tmp_path / emitter
        options = ["--emitter", emitter, "--effort", "none", "--no-area", "--vectors", "5"]
        read_json("synth", model, "--out", out, *options)
        ports.append(json.loads((out / "manifest.json").read_text())["ports"])
    assert ports[0] == ports[1]


def test_wires_that_count_as_levels_cost_latency_not_luts(model, read_json, tmp_path):
    plain, wired = (
        read_json(*base(model, tmp_path), "--levels", "1", "--wire-levels", number)
        for number in ("0", "2")
    )
    assert wired["latency_cycles"] == plain["latency_cycles"] + 2
    assert wired["luts"] == plain["luts"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--target-mhz", "0"], "positive"),
        (["--target-mhz", "-0.0"], "positive"),
        (["--target-mhz", "1e9"], "0.001 to 1,000,000 MHz"),
        (["--target-mhz", "1e-9"], "0.001 to 1,000,000 MHz"),
        (["--pnr"], "places and routes for xcup"),
        (["--wire-levels", "-1"], "wires into the core"),
        (["--prune-head", "-0.1"], "budget"),
        (["--prune-head", "1"], "budget"),
        (["--observe", "-1"], "tolerance"),
    ],
)
def test_refused(model, lgn2hdl, tmp_path, options, words):
    code, _, err = lgn2hdl(*base(model, tmp_path), *options)
    assert code == 1
    assert words in err.strip().splitlines()[-1]
    assert "Traceback" not in err
    assert not (tmp_path / "rtl").exists()


@pytest.mark.parametrize(
    ("package", "options", "what"),
    [
        ("scipy", [], "placing registers"),
        ("jinja2", [], "writing the output folder"),
        ("amaranth", [], "writing Verilog with Amaranth"),
    ],
)
def test_without_a_package(model, fails, monkeypatch, tmp_path, package, options, what):
    monkeypatch.setitem(sys.modules, package, None)
    message = fails(*base(model, tmp_path), *options)
    assert message.endswith(f"{what} needs {package}: run 'pip install lgn2hdl[synth]'")
    assert not (tmp_path / "rtl").exists()


def test_text_needs_no_amaranth(model, read_json, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "amaranth", None)
    values = read_json(*base(model, tmp_path), "--effort", "none", "--emitter", "text")
    assert values["latency_cycles"] > 0


def test_a_network_too_large_for_the_device(model, lgn2hdl, monkeypatch, tmp_path):
    def measure_area(*_):
        raise OptionError("the network is too large for ice40-up5k: 1 LUT4 too many; use another")

    monkeypatch.setattr(project, "measure_area", measure_area)
    command = ["synth", model, "--out", tmp_path / "rtl", "--device", "ice40-up5k"]
    code, _, err = lgn2hdl(*command, "--effort", "fast")
    assert code == 1
    assert "too large for ice40-up5k" in err.strip().splitlines()[-1]
    assert not (tmp_path / "rtl").exists()


def test_the_default_interface_is_parallel(model, read_json, tmp_path):
    values = read_json(*base(model, tmp_path))
    assert values["interface"] == {"kind": "parallel", "clock_enable": False, "flip_flops": 0}
    assert values["initiation_interval"] == 1


@pytest.mark.parametrize(("beat_bits", "bits"), [(None, 32), ("8", 8), ("whole", 320)])
def test_a_stream_is_reported(model, read_json, tmp_path, beat_bits, bits):
    plain = read_json(*base(model, tmp_path))
    options = ["--interface", "stream", "--outputs", "class,margin,scores", "--clock-enable"]
    options += [] if beat_bits is None else ["--beat-bits", beat_bits]
    values = read_json(*base(model, tmp_path), *options, "--check")
    interface = values["interface"]
    assert (interface["kind"], interface["clock_enable"]) == ("stream", True)
    assert interface["beat_bits"] == bits
    assert values["initiation_interval"] == interface["beats"] == -(-320 // bits)
    assert values["latency_cycles"] > plain["latency_cycles"] + 1  # the margin takes time, too
    ports = [field["port"] for field in interface["result"]]
    assert ports == ["class_index", *["scores"] * 10, "margin"]
    manifest = json.loads((tmp_path / "rtl" / "manifest.json").read_text())
    assert manifest["interface"] == interface
    assert manifest["latency"] == values["latency_cycles"]
    assert manifest["margin"]["width"] == interface["result"][-1]["width"]
    assert (tmp_path / "rtl" / "sim" / f"{manifest['bench']}.py").is_file()
    assert (tmp_path / "rtl" / "vectors" / "margin.hex").is_file()


def test_the_interface_is_in_the_table(model, lgn2hdl, tmp_path):
    code, out, _ = lgn2hdl(*base(model, tmp_path), "--interface", "stream", "--beat-bits", "16")
    assert code == 0
    assert re.search(r"interface +│ +stream", out)
    assert re.search(r"bits per beat +│ +16", out)
    assert re.search(r"clock cycles per sample +│ +20", out)
    code, out, _ = lgn2hdl(*base(model, tmp_path), "--interface", "handshake")
    assert code == 0
    assert re.search(r"interface +│ +handshake", out)
    assert "per beat" not in out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--beat-bits", "8"], "for --interface stream, not parallel"),
        (["--beat-bits", "whole"], "for --interface stream, not parallel"),
        (["--interface", "handshake", "--beat-bits", "8"], "for --interface stream"),
        (["--interface", "stream", "--beat-bits", "12"], "give a multiple of 8"),
        (["--interface", "stream", "--beat-bits", "0"], "give a multiple of 8"),
        (["--interface", "stream", "--beat-bits", "-8"], "give a multiple of 8"),
        (["--interface", "stream", "--beat-bits", "many"], "give a multiple of 8, or 'whole'"),
        (["--interface", "stream", "--beat-bits", "9" * 5000], "give a multiple of 8, or 'whole'"),
        (["--levels", "9" * 30], "more than 1,000 levels: give fewer"),
        (["--wire-levels", "9" * 30], "more than 1,000 levels: give fewer"),
        (["--outputs", "scores"], "give class"),
        (["--outputs", "class,class"], "give class"),
        (["--outputs", "class,logits"], "give class"),
        (["--outputs", ""], "give class"),
        (["--outputs", "class,scores", "--no-scores"], "contradict"),
    ],
)
def test_refused_interfaces(model, fails, tmp_path, options, words):
    assert words in fails(*base(model, tmp_path), *options)
    assert not (tmp_path / "rtl").exists()


def test_a_target_beyond_the_estimate_is_written_said_and_fails(model, lgn2hdl, tmp_path):
    code, out, err = lgn2hdl(*base(model, tmp_path), "--target-mhz", "910")
    assert code == 1
    last = err.strip().splitlines()[-1]
    assert last.startswith("lgn2hdl: error: 910 MHz is out of reach on xcup: by estimate one LUT")
    assert "909 MHz" in last
    assert "909 MHz" in out  # the report is printed all the same
    manifest = json.loads((tmp_path / "rtl" / "manifest.json").read_text())
    assert manifest["pipeline"]["levels_per_stage"] == 1


@pytest.mark.parametrize("target", ["909", "0.001"])
def test_the_ends_of_what_the_estimate_allows(model, read_json, tmp_path, target):
    values = read_json(*base(model, tmp_path), "--target-mhz", target)
    assert values["levels_per_stage"] == (1 if target == "909" else 1000)
    assert read_json("verify", model, "--rtl", tmp_path / "rtl")["verdict"] == "proved"


@pytest.fixture
def two_models(tmp_path, monkeypatch):
    """Two different model files whose names become the same name, in the folder of the test."""
    monkeypatch.chdir(tmp_path)
    for name, seed in (("a-b.lgn", 1), ("a_b.lgn", 2)):
        rng = np.random.default_rng(seed)
        network = random_network(rng, n_features=3, width=2, fan_ins=(2,))
        model_file.save(network, tmp_path / name)
    return tmp_path


SYNTH = ("synth", "--no-area", "--vectors", "5")


def test_a_model_does_not_take_the_folder_of_another(two_models, lgn2hdl, fails):
    code, _, said = lgn2hdl(*SYNTH, "a-b.lgn")
    assert code == 0
    assert "note: the module is called a_b: a module's name has letters, digits and _" in said
    before = (two_models / "rtl_out/a_b/manifest.json").read_bytes()
    refused = "rtl_out/a_b is of 'a-b.lgn', and 'a_b.lgn' would take its place: give --out or"
    assert refused in fails(*SYNTH, "a_b.lgn")
    code, _, said = lgn2hdl("sim", "a_b.lgn")
    assert (code, refused in said) == (1, True)
    assert (two_models / "rtl_out/a_b/manifest.json").read_bytes() == before
    assert "give --out or another --name" in fails(*SYNTH, "a_b.lgn", "--name", "a_b")
    assert lgn2hdl(*SYNTH, "a_b.lgn", "--name", "other")[0] == 0
    assert lgn2hdl(*SYNTH, "a_b.lgn", "--out", "rtl_out/a_b")[0] == 0
    assert json.loads((two_models / "rtl_out/a_b/manifest.json").read_text())["model_file"] == (
        "a_b.lgn"
    )


def test_a_model_takes_the_folder_of_its_older_self(two_models, lgn2hdl):
    assert lgn2hdl(*SYNTH, "a-b.lgn")[0] == 0
    assert "will be replaced" not in lgn2hdl(*SYNTH, "a-b.lgn")[2]
    (two_models / "a_b.lgn").rename(two_models / "a-b.lgn")
    code, _, said = lgn2hdl(*SYNTH, "a-b.lgn")
    assert code == 0
    assert "note: rtl_out/a_b is of another a-b.lgn and will be replaced" in said
    (two_models / "copy").mkdir()
    (two_models / "copy/a_b.lgn").write_bytes((two_models / "a-b.lgn").read_bytes())
    assert lgn2hdl(*SYNTH, "copy/a_b.lgn")[0] == 0  # the same design


def test_a_folder_from_before_it_had_the_models_name_is_replaced(two_models, lgn2hdl):
    assert lgn2hdl(*SYNTH, "a-b.lgn")[0] == 0
    path = two_models / "rtl_out/a_b/manifest.json"
    manifest = json.loads(path.read_text())
    del manifest["model_file"]
    path.write_text(json.dumps(manifest))
    assert lgn2hdl(*SYNTH, "a_b.lgn")[0] == 0


def test_an_export_does_not_take_the_folder_of_another(two_models, lgn2hdl, fails):
    assert lgn2hdl("export-c", "a-b.lgn")[0] == 0
    assert "c_out/a_b is of 'a-b.lgn', and 'a_b.lgn'" in fails("export-c", "a_b.lgn")
    assert lgn2hdl("export-c", "a_b.lgn", "--name", "other")[0] == 0
    (two_models / "a_b.lgn").rename(two_models / "a-b.lgn")
    assert "of another a-b.lgn and will be replaced" in lgn2hdl("export-c", "a-b.lgn")[2]


@pytest.mark.parametrize("name", ["x", "TOP", "bool"])
def test_a_reserved_name_is_renamed_and_said(two_models, lgn2hdl, name):
    (two_models / "a-b.lgn").rename(two_models / f"{name}.lgn")
    code, _, said = lgn2hdl(*SYNTH, f"{name}.lgn")
    assert code == 0
    assert f"note: the module is called lgn_{name}: {name} is " in said
    folder = two_models / "rtl_out" / f"lgn_{name}"
    assert json.loads((folder / "manifest.json").read_text())["top"] == f"lgn_{name}"
    assert f"module lgn_{name} (" in (folder / f"lgn_{name}.v").read_text()
