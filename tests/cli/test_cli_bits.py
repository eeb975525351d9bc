"""The commands on a model whose outputs are bits: an adder made by hand, so nothing is trained."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from hardware import adder_network, adder_outputs, all_rows

from lgn2hdl.datasets import load_dataset
from lgn2hdl.model import file as model_file
from lgn2hdl.model.heads.group_sum import GroupSum

pytestmark = pytest.mark.yosys

NAMES = ["sum0", "sum1", "carry", "sum0 again", "a0", "one", "zero"]


@pytest.fixture
def sums(tmp_path) -> Path:
    """All sums of two numbers of two bits; two test rows have a wrong bit, one of them two."""
    x, y = all_rows(4).astype(bool), adder_outputs(2, all_rows(4))
    wrong = y.copy()
    wrong[3, 0] ^= 1
    wrong[5, :2] ^= 1
    path = tmp_path / "sums.npz"
    np.savez(path, x_train=x, y_train=y, x_test=x, y_test=wrong, output_names=np.array(NAMES))
    return path


@pytest.fixture
def adder(tmp_path, sums) -> Path:
    """Model file of the adder, with a card that names the data set."""
    card = {"dataset": {"source": str(sums), "sha256": load_dataset(str(sums)).sha256}}
    path = tmp_path / "adder.lgn"
    model_file.save(dataclasses.replace(adder_network(2), card=card), path)
    return path


@pytest.fixture
def parity(tmp_path) -> Path:
    """Model file of a classifier on the same columns."""
    head = GroupSum(np.arange(7) % 2, np.ones(7), np.zeros(2), 1.0)
    network = dataclasses.replace(adder_network(2), head=head, class_names=("0", "1"))
    model_file.save(network, tmp_path / "parity.lgn")
    return tmp_path / "parity.lgn"


def test_info(adder, lgn2hdl, read_json):
    values = read_json("info", adder)
    assert values["head"] == "bits"
    assert values["outputs"] == 7
    assert values["output_names"] == NAMES
    assert "classes" not in values
    for options in ((), ("--markdown",)):
        code, out, _ = lgn2hdl("info", adder, *options)
        assert code == 0
        assert "Bits: sum0, sum1" in out


def test_info_of_classes_says_so(parity, read_json):
    values = read_json("info", parity)
    assert (values["head"], values["classes"], values["outputs"]) == ("group_sum", ["0", "1"], 7)


def test_info_names_only_some_of_many_outputs(tmp_path, lgn2hdl):
    model_file.save(adder_network(5), tmp_path / "wide.lgn")
    code, out, _ = lgn2hdl("info", tmp_path / "wide.lgn", "--markdown")
    assert code == 0
    assert "Bits: sum0, sum1, sum2, sum3, sum4, carry, sum0 again, a0, ... |" in out


def test_eval(adder, lgn2hdl, read_json):
    values = read_json("eval", adder)
    assert values["test_rows"] == 16
    assert values["outputs"] == 7
    assert values["correct"] == 14
    assert values["bit_accuracy"] == pytest.approx(1 - 3 / (16 * 7))
    assert values["exact_match_accuracy"] == pytest.approx(14 / 16)
    code, out, _ = lgn2hdl("eval", adder)
    assert code == 0
    shown = {line.split("│")[1].strip(): line.split("│")[3].strip()
             for line in out.splitlines() if "%" in line}  # fmt: skip
    assert shown["sum0"] == "87.50%"
    assert shown["sum1"] == "93.75%"
    assert shown["carry"] == shown["zero"] == "100.00%"
    assert shown["bit accuracy (mean)"] == "97.32%"
    assert shown["exact match"] == "87.50%"


def test_eval_on_targets_of_the_other_kind(adder, parity, sums, fails, tmp_path):
    assert "the targets of sums.npz are rows of 7 bits" in fails("eval", parity, "--dataset", sums)
    x, y = all_rows(4).astype(bool), np.arange(16) % 2
    classes = tmp_path / "classes.npz"
    np.savez(classes, x_train=x, y_train=y, x_test=x, y_test=y)
    assert "classes.npz has a class for each row" in fails("eval", adder, "--dataset", classes)


def test_predict(adder, lgn2hdl, read_json, fails, tmp_path):
    np.save(tmp_path / "rows.npy", all_rows(4)[[0, 7, 15]])
    expected = adder_outputs(2, all_rows(4)[[0, 7, 15]]).tolist()
    code, out, _ = lgn2hdl("predict", adder, tmp_path / "rows.npy")
    assert code == 0
    assert [list(map(int, line.split("\t"))) for line in out.splitlines()] == expected
    assert [row["bits"] for row in read_json("predict", adder, tmp_path / "rows.npy")] == expected
    message = fails("predict", adder, tmp_path / "rows.npy", "--scores")
    assert "are bits, not scores: leave --scores out" in message


def test_synth_takes_vectors_from_the_test_rows(adder, read_json, tmp_path):
    out = tmp_path / "rtl"
    values = read_json("synth", adder, "--out", out, "--no-area", "--levels", "1")
    assert values["latency_cycles"] == 1  # the sum's upper bits are LUTs of all four inputs
    assert set(values["flip_flops"]) == {"encoder", "core", "control"}
    manifest = json.loads((out / "manifest.json").read_text())
    source = "sums.npz: 16 test rows and 16 training rows; 32 of them and 2 corner cases"
    assert manifest["vectors"] == {"count": 34, "source": source}
    assert len((out / "vectors" / "bits.hex").read_text().split()) == 34


def test_synth_has_no_outputs_to_choose(adder, fails, tmp_path):
    for outputs in ("class", "class,margin"):
        options = ["--out", tmp_path / "rtl", "--no-area", "--outputs", outputs]
        assert "are bits, not classes: leave --outputs out" in fails("synth", adder, *options)
    assert not (tmp_path / "rtl").exists()
