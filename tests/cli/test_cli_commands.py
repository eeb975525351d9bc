"""The path of a user: train, info, eval, predict, synth."""

import numpy as np
import pytest

from lgn2hdl import model_file
from lgn2hdl.datasets import load_dataset


def test_help_lists_every_command(lgn2hdl):
    code, out, _ = lgn2hdl("--help")
    assert code == 0
    for command in ("train", "info", "synth", "sim", "predict", "eval"):
        assert f"  {command} " in out


def test_version(lgn2hdl):
    assert lgn2hdl("--version")[0] == 0


def test_train_learns_and_writes_a_card(model):
    network = model_file.load(model)
    assert network.card["metrics"]["test_hard_accuracy"] > 0.6
    assert network.card["dataset"]["source"] == "digits"
    assert network.card["command"].startswith("lgn2hdl train --dataset digits --out ")


def test_train_again_gives_the_same_network(model, lgn2hdl, tmp_path, small):
    again = tmp_path / "again.lgn"
    assert lgn2hdl("train", "--dataset", "digits", "--out", again, *small)[0] == 0
    first, second = model_file.load(model), model_file.load(again)
    for one, other in zip(first.layers, second.layers, strict=True):
        assert np.array_equal(one.table, other.table)
        assert np.array_equal(one.fanin, other.fanin)


def test_progress_goes_to_stderr_and_the_result_to_stdout(read_json, tmp_path, small):
    result = read_json("train", "--dataset", "digits", "--out", tmp_path / "m.lgn", *small)
    assert 0 < result["card"]["metrics"]["validation_hard_accuracy"] <= 1


def test_info(model, lgn2hdl, read_json):
    code, out, _ = lgn2hdl("info", model)
    assert code == 0
    assert "fold_constants" in out
    assert "test_hard_accuracy" in out
    values = read_json("info", model)
    assert values["layers"] == [{"nodes": 200, "fan_in": 6}, {"nodes": 100, "fan_in": 6}]
    assert values["passes"][0]["gates_before"] == 300


def test_eval_equals_the_card(model, read_json, lgn2hdl):
    values = read_json("eval", model)
    card = model_file.load(model).card
    assert values["hard_accuracy"] == pytest.approx(card["metrics"]["test_hard_accuracy"])
    code, out, _ = lgn2hdl("eval", model, "--dataset", "digits")
    assert code == 0
    assert f"{values['hard_accuracy']:.2%}" in out


def test_predict_gives_a_class_a_line(model, lgn2hdl, read_json, tmp_path):
    network, digits = model_file.load(model), load_dataset("digits")
    rows = tmp_path / "rows.npy"
    np.save(rows, digits.x_test[:7])
    expected = [network.class_names[c] for c in network.predict(digits.x_test[:7])]
    code, out, _ = lgn2hdl("predict", model, rows)
    assert code == 0
    assert out.split() == expected
    values = read_json("predict", model, rows, "--scores")
    assert [value["class"] for value in values] == expected
    assert len(values[0]["scores"]) == 10
    code, out, _ = lgn2hdl("predict", model, rows, "--scores")
    assert [len(line.split("\t")) for line in out.splitlines()] == [11] * 7


def test_synth_writes_a_folder(model, read_json, tmp_path):
    values = read_json("synth", model, "--out", tmp_path / "rtl", "--no-area", "--vectors", "20")
    assert values["gates_pruned"] < values["nodes_trained"] == 300
    assert 0 < values["luts"]["core"] <= values["gates_pruned"]
    assert sum(values["flip_flops"].values()) <= sum(values["flip_flops_naive"].values())
    assert (tmp_path / "rtl" / "tiny.v").is_file()
    lines = (tmp_path / "rtl" / "vectors" / "x.hex").read_text().split()
    assert len(lines) == 20


def test_synth_twice_gives_the_same_bytes(model, lgn2hdl, tmp_path):
    for name in ("one", "two"):
        command = ("synth", model, "--out", tmp_path / name, "--no-area", "--vectors", "5")
        assert lgn2hdl(*command)[0] == 0
    first, second = tmp_path / "one", tmp_path / "two"
    files = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
    assert len(files) > 8
    for file in files:
        assert (first / file).read_bytes() == (second / file).read_bytes(), file


def test_preset_widens_to_any_number_of_classes(read_json, tmp_path):
    labels = np.arange(90) % 9
    rows = np.stack([labels, labels // 2], axis=1)
    np.savez(tmp_path / "own.npz", x_train=rows, y_train=labels, x_test=rows, y_test=labels)
    command = ["train", "--dataset", tmp_path / "own.npz", "--out", tmp_path / "m.lgn"]
    card = read_json(*command, "--steps", "3")["card"]
    assert card["training"]["layers"][-1] % 9 == 0


def test_user_csv_from_training_to_prediction(lgn2hdl, read_json, tmp_path):
    random = np.random.default_rng(0)
    x, kind = random.integers(-4, 4, 400) + 0.5, random.integers(0, 2, 400)
    label = np.where((x > 0) ^ (kind == 1), "yes", "no")
    lines = [
        f"{a:.4f},{'red' if b else 'blue'},{c}" for a, b, c in zip(x, kind, label, strict=True)
    ]
    data, model = tmp_path / "own.csv", tmp_path / "own.lgn"
    data.write_text("\n".join(["size,colour,answer", *lines, ""]))
    command = ["train", "--dataset", data, "--label", "answer", "--out", model]
    options = ["--layers", "60,40", "--steps", "400", "--bits-per-feature", "7"]
    assert lgn2hdl(*command, *options)[0] == 0
    assert read_json("eval", model)["hard_accuracy"] > 0.95
    rows = tmp_path / "rows.csv"
    rows.write_text("colour,size\nred,1.5\nblue,1.5\n")
    assert lgn2hdl("predict", model, rows)[1].split() == ["no", "yes"]
    assert lgn2hdl("synth", model, "--out", tmp_path / "rtl", "--no-area")[0] == 0
