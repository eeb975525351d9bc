"""Projects: what Python users make of a network."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hardware import adder_network, mixed_network

import lgn2hdl
from lgn2hdl.api import simulation
from lgn2hdl.api.project import Project
from lgn2hdl.api.simulation import NotSimulatedError, simulate_folder
from lgn2hdl.base.errors import DataError, MismatchError, OptionError, OutputError
from lgn2hdl.cli import run
from lgn2hdl.datasets import load_dataset
from lgn2hdl.verify.proofs.report import Verdict

MODELS = Path(__file__).resolve().parents[2] / "models"
MONK = MODELS / "monk3.lgn"
pytestmark = [pytest.mark.yosys, pytest.mark.slow]

UNMEASURED = lgn2hdl.Tasks(area=False, vectors=20)


@pytest.fixture(scope="module")
def project() -> Project:
    return lgn2hdl.compile(mixed_network(), effort="none", tasks=UNMEASURED)


def test_a_path_or_a_network(project, tmp_path):
    path = lgn2hdl.save(mixed_network(), f"{tmp_path}/network.lgn")
    for source in (path, str(path), lgn2hdl.load(str(path))):
        again = lgn2hdl.compile(source, effort="none", tasks=UNMEASURED)
        assert again.verilog == project.verilog
        assert again.model.sha256 == project.model.sha256
        assert again.recipe == project.recipe
    settled = {"name": "network", "emitter": "amaranth"}
    assert project.recipe == lgn2hdl.Recipe(effort="none", **settled)


def test_the_folder_is_that_of_the_command_line(tmp_path):
    options = ["--levels", "1", "--effort", "none", "--no-area", "--vectors", "20"]
    data = load_dataset("digits")
    model = MODELS / "digits.lgn"
    assert run(["synth", str(model), "--out", str(tmp_path / "one"), *options]) == 0
    other = lgn2hdl.compile(model, levels=1, effort="none", data=data, tasks=UNMEASURED)
    assert other.write(str(tmp_path / "other")) == tmp_path / "other"
    found = [
        {path.relative_to(place): path.read_bytes() for path in place.rglob("*") if path.is_file()}
        for place in (tmp_path / "one", tmp_path / "other")
    ]
    assert found[0] == found[1]


def test_the_recipe_of_the_manifest_makes_the_same_again(project, tmp_path):
    manifest = json.loads((project.write(tmp_path / "rtl") / "manifest.json").read_text())
    recipe = lgn2hdl.Recipe.from_json(manifest["recipe"])
    assert lgn2hdl.compile(mixed_network(), recipe, tasks=UNMEASURED).files() == project.files()


def test_a_target_clock_gives_the_levels():
    tasks = replace(UNMEASURED, target_mhz=400.0)
    found = lgn2hdl.compile(mixed_network(), effort="none", tasks=tasks)
    assert found.recipe.levels == found.compiled.design.levels_per_stage != 2


def test_cells_are_counted_when_the_report_is_asked_for(monkeypatch):
    counted = []
    monkeypatch.setattr(
        "lgn2hdl.api.project.measure_area", lambda *arguments: counted.append(arguments)
    )
    said: list[str] = []
    made = lgn2hdl.compile(mixed_network(), effort="none", note=said.append)
    assert counted == []
    assert made.report is made.report
    assert len(counted) == 1
    assert any(line.startswith("compiling") for line in said)
    assert any(line.startswith("counting cells") for line in said)


def test_nothing_is_printed(project, capfd, tmp_path):
    lgn2hdl.compile(mixed_network(), effort="none", tasks=UNMEASURED).write(tmp_path / "rtl")
    assert project.verify().verdict is Verdict.PROVED
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("network", [mixed_network(), adder_network(3)], ids=["classes", "bits"])
@pytest.mark.parametrize("interface", ["parallel", "stream"])
def test_projects_are_proved(network, interface):
    made = lgn2hdl.compile(network, effort="none", interface=interface, tasks=UNMEASURED)
    report = made.verify()
    assert report.verdict is Verdict.PROVED, report.parts


def test_a_wrong_project_is_not(project, monkeypatch):
    monkeypatch.setattr("lgn2hdl.api.proof.replay_text", lambda *_, **__: project.verify().parts[0])
    name = "network_core.v"
    text = project.verilog[name]
    assert " & " in text
    wrong = replace(project, verilog={**project.verilog, name: text.replace(" & ", " | ", 1)})
    report = wrong.verify()
    assert report.verdict is Verdict.DIFFERENT
    assert report.counterexample is not None


@pytest.mark.parametrize(
    ("choices", "error", "words"),
    [
        ({"colour": "red"}, OptionError, 'no entry "colour"'),
        ({"levels": 0}, OptionError, "give at least 1"),
        ({"observe": 1}, DataError, "the model's card names no data set"),
        ({"data": "nothing.csv"}, DataError, "no file nothing.csv"),
    ],
)
def test_what_is_wrong_is_one_line(choices, error, words):
    with pytest.raises(error, match=words) as caught:
        lgn2hdl.compile(mixed_network(), **choices)
    assert "\n" not in str(caught.value)


def test_a_folder_of_somebody_else_is_not_replaced(project, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(OutputError, match="was not written by lgn2hdl"):
        project.write(tmp_path)


def test_simulating_writes_and_runs_the_folder(project, monkeypatch):
    seen = []

    def run_program(command, *, environment):
        folder = Path(command[1]).parents[1]
        seen.append((command[2:], sorted(path.name for path in folder.glob("*.v"))))
        return 0, "PASS: 3 tests\n"

    monkeypatch.setattr(simulation, "run_program", run_program)
    assert project.simulate("icarus").output == "PASS: 3 tests\n"
    assert seen == [(["icarus"], sorted(project.verilog))]


@pytest.mark.parametrize(
    ("code", "said", "error", "words"),
    [
        (1, "a\nFAIL: 1 of 3 tests failed\n", MismatchError, "failed: FAIL: 1 of 3"),
        (2, "error: no simulator\n", NotSimulatedError, "could not be simulated: error: no sim"),
        (-9, "", MismatchError, "failed: the lines above say how"),
    ],
)
def test_a_simulation_that_fails(monkeypatch, tmp_path, code, said, error, words):
    monkeypatch.setattr(simulation, "run_program", lambda *_, **__: (code, said))
    with pytest.raises(error, match=words):
        simulate_folder(tmp_path)


def test_no_such_simulator(project):
    with pytest.raises(OptionError, match="choose one of auto, wheel"):
        project.simulate("spice")
