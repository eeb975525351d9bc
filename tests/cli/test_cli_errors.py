"""Whatever a user does wrong ends in one line and a non-zero exit code."""

import dataclasses
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch
from processes import wait_until

from lgn2hdl.model import file as model_file


def test_unknown_option_and_command(fails, model):
    assert "--nope" in fails("info", model, "--nope", code=2)
    assert "frobnicate" in fails("frobnicate", code=2)


def test_missing_model(fails, tmp_path):
    for command in ("info", "eval", "synth", "sim"):
        assert "check the path" in fails(command, tmp_path / "absent.lgn")


@pytest.mark.parametrize("command", ["info", "eval", "synth", "sim"])
def test_damaged_models(fails, model, tmp_path, command):
    data = bytearray(model.read_bytes())
    bad = tmp_path / "bad.lgn"
    bad.write_bytes(data[: len(data) // 2])
    assert "damaged" in fails(command, bad)
    data[-5] ^= 4
    bad.write_bytes(data)
    assert "damaged" in fails(command, bad)
    np.savez(tmp_path / "foreign.npz", x=np.zeros(3))
    assert "not an lgn2hdl model file" in fails(command, tmp_path / "foreign.npz")


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--layers", "200,101"], "does not divide"),
        (["--layers", "0"], "layer width"),
        (["--layers", "99999999999999,10"], "at most"),
        (["--bits-per-feature", "1000000000"], "at most"),
        (["--steps", "0"], "steps"),
        (["--learning-rate", "-1"], "learning_rate"),
        (["--tau", "0"], "tau"),
        (["--validation-fraction", "1"], "validation_fraction"),
        (["--batch-size", "0"], "batch_size"),
        (["--encoder", "fixed"], "thresholds"),
        (["--wiring", "spaghetti"], "spaghetti"),
        (["--layers", "20,10", "--wiring", "local,local,local"], "3 values of wiring for 2 layers"),
        (["--fan-in", "7"], "a fan-in is 7"),
        (["--fan-in", "2,2,2,2"], "4 values of fan_in"),
        (["--relaxation", "softmax16", "--fan-in", "6"], "two-input gates only"),
        (["--layers", "200,5"], "does not divide into 10 classes"),
        (["--layers", "4,10", "--fan-in", "6"], "layer 2 has 4 inputs"),
        (["--layers", "4,10", "--fan-in", "6", "--wiring", "mapping"], "layer 2 has 4 inputs"),
        (["--wiring", "candidates", "--candidates", "1000"], "1000 candidates"),
        (["--candidates", "0"], "candidates"),
        (["--steps", "5", "--finetune-steps", "6"], "finetune_steps is 6"),
        (["--target-luts", "3"], "target_luts is 3"),
        (["--size-weight", "-1"], "size_weight"),
        (["--temperature", "0"], "temperature"),
        (["--distill-weight", "2"], "distill_weight"),
        (["--encoder", "fixed", "--thresholds", "17"], "separates two training rows"),
        (["--teacher", "/nowhere/logits.npy"], "/nowhere/logits.npy"),
        (["--teacher", __file__], "teacher's logits"),
        (["--preset", "nope"], "nope"),
        (["--data-dir", "/nowhere", "--dataset", "nope"], "nope"),
    ],
)
def test_train_options_out_of_range(fails, tmp_path, options, word):
    message = fails("train", "--dataset", "digits", "--out", tmp_path / "m.lgn", *options)
    assert word in message
    assert list(tmp_path.iterdir()) == []


def test_train_numbers_that_are_none(fails, tmp_path):
    base = ["train", "--dataset", "digits", "--out", tmp_path / "m.lgn"]
    assert "many" in fails(*base, "--layers", "many", code=2)
    assert "--steps" in fails(*base, "--steps", "x", code=2)
    for option in ("--encoder", "--relaxation", "--sampling", "--selection", "--device"):
        assert option in fails(*base, option, "nope", code=2)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_train_on_a_gpu_that_is_not_there(fails, tmp_path):
    out = tmp_path / "m.lgn"
    message = fails("train", "--dataset", "digits", "--out", out, "--device", "cuda")
    assert "no CUDA GPU" in message


@pytest.fixture
def table(tmp_path_factory):
    """Rows that are no images: two columns that tell something, one that is constant."""
    path = tmp_path_factory.mktemp("table") / "own.npz"
    rows = np.stack([np.arange(90) % 9, np.arange(90) % 7, np.ones(90)], axis=1)
    np.savez(path, x_train=rows, y_train=np.arange(90) % 3, x_test=rows, y_test=np.arange(90) % 3)
    return path


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--mirror"], "mirror needs images"),
        (["--shift-pixels", "1"], "shift_pixels needs images"),
        (["--wiring", "local"], "needs images"),
        (["--wiring", "local-candidates", "--candidates", "2"], "needs images"),
        (["--wiring", "candidates", "--candidates", "999"], "999 candidates"),
        (["--bits-per-feature", "1", "--fan-in", "3"], "nodes with 3 pins"),
        (["--layers", "20,4"], "does not divide into 3 classes"),
        (["--layers", "2"], "does not divide into 3 classes"),
    ],
)
def test_train_options_that_do_not_fit_a_table(fails, tmp_path, table, options, word):
    message = fails("train", "--dataset", table, "--out", tmp_path / "m.lgn", *options)
    assert word in message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("encoder", ["uniform", "quantile", "power-of-two", "learned"])
def test_thresholds_on_constant_features(fails, tmp_path, encoder):
    rows, labels = np.full((20, 3), 7.0), np.arange(20) % 2
    np.savez(tmp_path / "same.npz", x_train=rows, y_train=labels, x_test=rows, y_test=labels)
    out = tmp_path / "m.lgn"
    message = fails("train", "--dataset", tmp_path / "same.npz", "--out", out, "--encoder", encoder)
    assert not out.exists()
    assert "threshold" in message or "constant" in message, message


def test_a_teacher_of_other_rows(fails, tmp_path):
    np.save(tmp_path / "logits.npy", np.zeros((5, 10), np.float32))
    np.save(tmp_path / "classes.npy", np.zeros(5, np.int64))
    base = ["train", "--dataset", "digits", "--out", tmp_path / "m.lgn", "--teacher"]
    assert "(5, 10)" in fails(*base, tmp_path / "logits.npy")
    assert "floating-point logits" in fails(*base, tmp_path / "classes.npy")


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--levels", "0"], "levels"),
        (["--device", "abacus"], "abacus"),
        (["--levels", "2", "--target-mhz", "100"], "--target-mhz"),
        (["--vectors", "0"], "vectors"),
        (["--name", "module"], "module"),
        (["--name", "a b; rm"], "legal"),
    ],
)
def test_synth_options_out_of_range(fails, model, tmp_path, options, word):
    assert word in fails("synth", model, "--out", tmp_path / "rtl", "--no-area", *options)
    assert not (tmp_path / "rtl").exists()


def test_output_that_cannot_be_written(fails, model, tmp_path, small):
    blocker = tmp_path / "file"
    blocker.write_text("mine")
    assert "cannot write" in fails(
        "train", "--dataset", "digits", "--out", blocker / "m.lgn", *small
    )
    assert "cannot write" in fails("synth", model, "--out", blocker / "rtl", "--no-area")
    assert "is not a folder" in fails("synth", model, "--out", blocker, "--no-area")
    assert blocker.read_text() == "mine"


def test_a_folder_of_somebody_else_is_not_replaced(fails, model, tmp_path):
    folder = tmp_path / "precious"
    folder.mkdir()
    (folder / "thesis.txt").write_text("mine")
    assert "was not written by lgn2hdl" in fails("synth", model, "--out", folder, "--no-area")
    assert (folder / "thesis.txt").read_text() == "mine"


def test_predict_rows_that_do_not_fit(fails, model, tmp_path):
    np.save(tmp_path / "narrow.npy", np.zeros((2, 5)))
    assert "64" in fails("predict", model, tmp_path / "narrow.npy")
    np.save(tmp_path / "nan.npy", np.full((2, 64), np.nan))
    assert "NaN" in fails("predict", model, tmp_path / "nan.npy")
    assert "absent" in fails("predict", model, tmp_path / "absent.npy")


def test_eval_on_other_columns(fails, model, tmp_path):
    rows = np.arange(40).reshape(20, 2)
    labels = np.arange(20) % 10
    np.savez(tmp_path / "own.npz", x_train=rows, y_train=labels, x_test=rows, y_test=labels)
    assert "other columns" in fails("eval", model, "--dataset", tmp_path / "own.npz")


def test_resume_without_a_checkpoint(fails, tmp_path, small):
    message = fails("train", "--dataset", "digits", "--out", tmp_path / "m.lgn", "--resume", *small)
    assert "m.lgn.ckpt" in message


@pytest.mark.slow
def test_interrupted_training_resumes_to_the_same_network(model, lgn2hdl, tmp_path, start):
    out = tmp_path / "m.lgn"
    options = ["--layers", "200,100", "--steps", "500", "--seed", "3"]
    command = ["train", "--dataset", "digits", "--out", str(out), *options]
    process = start(
        [sys.executable, "-m", "lgn2hdl", *command, "--checkpoint-every", "20"],
        stderr=subprocess.PIPE,
        text=True,
    )
    checkpoint = tmp_path / "m.lgn.ckpt"
    wait_until(lambda: checkpoint.exists() or process.poll() is not None, "a checkpoint")
    process.send_signal(signal.SIGINT)
    error = process.communicate()[1]
    assert process.returncode == 130, error
    assert "--resume" in error.strip().splitlines()[-1]
    assert not out.exists()
    code, _, error = lgn2hdl(*command, "--checkpoint-every", "20")
    assert code == 1
    assert "unfinished run" in error
    assert lgn2hdl(*command, "--checkpoint-every", "20", "--resume")[0] == 0
    assert not checkpoint.exists()
    straight = tmp_path / "straight.lgn"
    assert lgn2hdl(*command[:4], straight, *options)[0] == 0
    resumed, expected = model_file.load(out), model_file.load(straight)
    for one, other in zip(resumed.layers, expected.layers, strict=True):
        assert np.array_equal(one.table, other.table)


@pytest.mark.parametrize(
    "card",
    [{}, {"dataset": "digits"}, {"dataset": {"source": 3}}, {"dataset": {"input_width": "x"}}],
    ids=str,
)
def test_a_card_that_holds_anything(fails, model, tmp_path, card):
    odd = tmp_path / "odd.lgn"
    model_file.save(dataclasses.replace(model_file.load(model), card=card), odd)
    assert "give --dataset" in fails("eval", odd)


def test_memory_that_torch_cannot_have(lgn2hdl, tmp_path, monkeypatch):
    def train(*_arguments, **_options):
        torch.empty(1 << 50)  # torch says so with a RuntimeError

    monkeypatch.setattr("lgn2hdl.train.loop.loop.train", train)
    code, _, error = lgn2hdl("train", "--dataset", "digits", "--out", tmp_path / "m.lgn")
    assert code == 1
    assert "out of memory" in error.splitlines()[-1]


def test_other_errors_of_torch_are_not_taken_for_it(lgn2hdl, tmp_path, monkeypatch):
    def train(*_arguments, **_options):
        raise RuntimeError("a bug")

    monkeypatch.setattr("lgn2hdl.train.loop.loop.train", train)
    with pytest.raises(RuntimeError, match="a bug"):
        lgn2hdl("train", "--dataset", "digits", "--out", tmp_path / "m.lgn")
