"""``predict`` and ``eval``: the native engine, the golden model, and no compiler."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from lgn2hdl.cli.predictor import FEW_ROWS
from lgn2hdl.cpu import library, memory
from lgn2hdl.datasets import load_dataset

NOTE = "The slower NumPy model computes the results: "


@pytest.fixture
def rows(tmp_path):
    path = tmp_path / "rows.npy"
    np.save(path, load_dataset("digits").x_test[:50])
    return path


def forget():
    library.engine.cache_clear()
    library.builder.cache_clear()


@pytest.fixture(params=["a wrong CC", "an empty PATH"])
def no_compiler(request, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    if request.param == "a wrong CC":
        monkeypatch.setenv("CC", "nope")
    else:
        monkeypatch.delenv("CC", raising=False)
        monkeypatch.setenv("PATH", str(tmp_path))
    forget()
    yield
    forget()


@pytest.mark.parametrize("engine", ["auto", "native"])
@pytest.mark.parametrize("threads", ["1", "3"])
def test_all_engines_print_the_same(model, lgn2hdl, rows, engine, threads):
    for command in (["predict", model, rows, "--scores"], ["eval", model]):
        golden = lgn2hdl(*command, "--engine", "golden")
        assert golden[0] == 0
        assert lgn2hdl(*command, "--engine", engine, "--threads", threads) == golden


@pytest.mark.usefixtures("no_compiler")
def test_without_a_compiler_the_golden_model_computes(model, lgn2hdl, rows):
    for command in (["predict", model, rows, "--json"], ["eval", model, "--json"]):
        golden = lgn2hdl(*command, "--engine", "golden")
        code, out, err = lgn2hdl(*command)
        assert (code, out) == golden[:2]
        assert golden[2] == ""
        assert err.startswith(NOTE)
        assert len(err.splitlines()) == 1


@pytest.mark.usefixtures("no_compiler")
def test_few_rows_need_no_compiler(model, lgn2hdl, tmp_path):
    rows = load_dataset("digits").x_test
    for count, noted in ((FEW_ROWS, False), (FEW_ROWS + 1, True)):
        np.save(tmp_path / "few.npy", rows[:count])
        golden = lgn2hdl("predict", model, tmp_path / "few.npy", "--engine", "golden")
        code, out, err = lgn2hdl("predict", model, tmp_path / "few.npy")
        assert (code, out) == golden[:2]
        assert err.startswith(NOTE) == noted
        assert len(out.splitlines()) == count


@pytest.mark.usefixtures("no_compiler")
def test_without_a_compiler_the_native_engine_fails(model, fails, rows):
    for command in (["predict", model, rows], ["eval", model]):
        message = fails(*command, "--engine", "native")
        assert "CC names nope" in message or "no C compiler" in message


def test_a_process_without_a_compiler_predicts(model, rows, tmp_path):
    environment = {**os.environ, "PATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    environment.pop("CC", None)
    command = [sys.executable, "-m", "lgn2hdl", "predict", str(model), str(rows), "--json"]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0
    assert len(json.loads(ran.stdout)) == 50
    assert ran.stderr.startswith(NOTE + "no C compiler")
    assert len(ran.stderr.splitlines()) == 1


def test_a_model_too_large_for_memory_is_refused(model, fails, rows, monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 10)
    assert "use a machine with more memory" in fails("predict", model, rows)


def test_wrong_options_are_refused(model, lgn2hdl, rows):
    for options in (["--engine", "fast"], ["--threads", "0"], ["--threads", "1025"]):
        code, out, err = lgn2hdl("predict", model, rows, *options)
        assert (code, out) == (2, "")
        assert options[0] in err
