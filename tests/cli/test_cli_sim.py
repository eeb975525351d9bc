"""``lgn2hdl sim``: which folder it runs, and how it fails. (tests/sim runs real simulations.)"""

import json
import os
import sys
from pathlib import Path

import pytest

from lgn2hdl.cli import run

FAKE_RUN = """
import json, sys
from pathlib import Path
here = Path(__file__).resolve().parents[1]
(here / "ran.json").write_text(json.dumps(sys.argv[1:]))
print("fake simulation")
sys.exit(int((here / "code.txt").read_text()))
"""


@pytest.fixture
def folder(tmp_path) -> Path:
    """An output folder whose simulation is a fake that exits with the number in code.txt."""
    (tmp_path / "design" / "sim").mkdir(parents=True)
    (tmp_path / "design" / "manifest.json").write_text("{}")
    (tmp_path / "design" / "sim" / "run_sim.py").write_text(FAKE_RUN)
    return tmp_path / "design"


def test_a_folder_is_simulated_as_it_is(lgn2hdl, folder):
    (folder / "code.txt").write_text("0")
    assert lgn2hdl("sim", folder, "--simulator", "icarus")[0] == 0
    assert json.loads((folder / "ran.json").read_text()) == ["icarus"]


def test_a_failed_simulation_fails_with_one_line(fails, folder):
    (folder / "code.txt").write_text("1")
    assert "failed" in fails("sim", folder)


def test_what_is_missing_has_been_said_already(lgn2hdl, folder):
    (folder / "code.txt").write_text("2")
    code, _, error = lgn2hdl("sim", folder)
    assert code == 1
    assert error == ""


@pytest.mark.yosys
def test_a_missing_simulator_is_one_line(model, tmp_path, monkeypatch, capfd):
    out = tmp_path / "rtl"
    assert run(["synth", str(model), "--out", str(out), "--no-area", "--vectors", "5"]) == 0
    monkeypatch.setenv("PATH", str(tmp_path))
    capfd.readouterr()
    assert run(["sim", str(model), "--out", str(out), "--simulator", "icarus"]) == 1
    lines = [line for line in capfd.readouterr().err.splitlines() if line]
    assert len(lines) == 1
    assert "icarus" in lines[0].lower()


@pytest.mark.yosys
def test_a_stale_folder_is_written_again(model, lgn2hdl, tmp_path, monkeypatch):
    out = tmp_path / "rtl"
    assert lgn2hdl("synth", model, "--out", out, "--no-area", "--vectors", "5")[0] == 0
    manifest = json.loads((out / "manifest.json").read_text())
    (out / "manifest.json").write_text(json.dumps({**manifest, "model_sha256": "0" * 64}))
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path), str(Path(sys.executable).parent)]))
    lgn2hdl("sim", model, "--out", out, "--simulator", "icarus")
    assert json.loads((out / "manifest.json").read_text())["model_sha256"] != "0" * 64


def test_coverage_is_asked_for_and_printed(lgn2hdl, folder, read_json):
    (folder / "code.txt").write_text("0")
    (folder / "sim" / "verilog_coverage.py").write_text("")
    (folder / "coverage.json").write_text('{"all": 1}')
    assert read_json("sim", folder, "--coverage") == {
        "folder": str(folder), "coverage": {"all": 1},
    }  # fmt: skip
    assert json.loads((folder / "ran.json").read_text()) == ["auto", "--coverage"]
    assert read_json("sim", folder) == {"folder": str(folder), "coverage": None}
    assert json.loads((folder / "ran.json").read_text()) == ["auto"]


def test_a_folder_of_an_older_version_has_no_coverage(fails, folder):
    line = fails("sim", folder, "--coverage")
    assert "was written without coverage: run 'lgn2hdl synth' again" in line
    assert not (folder / "ran.json").exists()
