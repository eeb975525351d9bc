"""``lgn2hdl export-c``: the folder, its names, and what is refused."""

import json
import shutil
import subprocess

import pytest

from lgn2hdl.cli import run


def content(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


FILES = ["Makefile", "c_manifest.json", "model.c", "model.h", "test_model.c", "vectors.h"]


def test_the_folder_tests_itself(model, lgn2hdl, tmp_path):
    out = tmp_path / "c"
    code, printed, err = lgn2hdl("export-c", model, "--out", out)
    assert (code, err) == (0, "writing 300 nodes as C ...\n")
    assert "working memory, words of 8 bits" in printed
    assert sorted(content(out)) == FILES
    done = subprocess.run(["make", "-C", out, "test"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "tiny: 100 vectors right, 32 samples a word" in done.stdout


def test_json_is_the_manifest(model, read_json, tmp_path):
    values = read_json("export-c", model, "--out", tmp_path / "c", "--word-bits", "8")
    manifest = json.loads((tmp_path / "c" / "c_manifest.json").read_text())
    assert {name: values[name] for name in manifest} == manifest
    assert values["folder"] == str(tmp_path / "c")
    assert values["word_bits"] == 8
    assert len(values["encoder_bits"]) == values["input_bits"]
    assert "#define TINY_WORD_BITS 8" in (tmp_path / "c" / "model.h").read_text()


def test_the_folder_is_named_after_the_model(model, lgn2hdl, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for stem, name in (("int", "int"), ("1-ä b", "lgn_1_b")):
        copy = tmp_path / f"{stem}.lgn"
        shutil.copy(model, copy)
        assert lgn2hdl("export-c", copy, "--vectors", "3")[0] == 0
        folder = tmp_path / "c_out" / name
        assert f"{name}_predict(" in (folder / "model.h").read_text()
        assert subprocess.run(["make", "-C", folder, "test"], capture_output=True).returncode == 0


def test_the_same_command_writes_the_same_bytes(model, lgn2hdl, tmp_path):
    for name in "ab":
        assert lgn2hdl("export-c", model, "--out", tmp_path / name, "--seed", "3")[0] == 0
    assert content(tmp_path / "a") == content(tmp_path / "b")
    assert lgn2hdl("export-c", model, "--out", tmp_path / "b", "--seed", "4")[0] == 0  # replaced
    other = content(tmp_path / "b")
    changed = [name for name, data in content(tmp_path / "a").items() if data != other[name]]
    assert changed == ["c_manifest.json", "vectors.h"]


def test_a_name_of_ones_own(model, lgn2hdl, tmp_path):
    out = tmp_path / "c"
    assert lgn2hdl("export-c", model, "--out", out, "--name", "Gesture2")[0] == 0
    assert "Gesture2_predict(Gesture2_state *state" in (out / "model.h").read_text()


@pytest.mark.parametrize("own", ["notes.txt", "manifest.json"])
def test_a_folder_of_somebody_else_is_not_touched(model, fails, tmp_path, own):
    out = tmp_path / "mine"
    out.mkdir()
    (out / own).write_text("{}")
    message = fails("export-c", model, "--out", out)
    assert "was not written by lgn2hdl (it has no c_manifest.json): choose another --out" in message
    assert content(out) == {own: b"{}"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--name", "a-b"], "cannot begin a C name"),
        (["--vectors", "0"], "give at least 1"),
        (["--vectors", "9999999"], "are too many"),
    ],
)
def test_refused(model, lgn2hdl, tmp_path, options, words):
    code, _, err = lgn2hdl("export-c", model, "--out", tmp_path / "c", *options)
    last = err.strip().splitlines()[-1]
    assert code == 1
    assert last.startswith("lgn2hdl: error: ")
    assert words in last
    assert list(tmp_path.iterdir()) == []  # nothing half-written


@pytest.mark.parametrize(
    "options", [["--word-bits", "24"], ["--seed", "-1"], ["--vectors", "many"]]
)
def test_a_wrong_command_line(model, fails, options):
    fails("export-c", model, *options, code=2)


def test_a_missing_or_damaged_model(model, fails, tmp_path):
    out = tmp_path / "c"
    assert "missing.lgn" in fails("export-c", tmp_path / "missing.lgn", "--out", out)
    damaged = tmp_path / "damaged.lgn"
    damaged.write_bytes(model.read_bytes()[:-9])
    assert "damaged.lgn" in fails("export-c", damaged, "--out", out)
    assert not out.exists()


def test_a_failure_while_writing_leaves_the_old_folder(model, lgn2hdl, tmp_path, monkeypatch):
    out = tmp_path / "c"
    assert lgn2hdl("export-c", model, "--out", out)[0] == 0
    before = content(out)

    def no_space(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("lgn2hdl.c_export.folder._write", no_space)
    code, _, err = lgn2hdl("export-c", model, "--out", out, "--seed", "9")
    assert code == 1
    assert "No space left on device" in err
    assert content(out) == before
    assert [path.name for path in tmp_path.iterdir()] == ["c"]


def test_help_names_the_self_test(capsys):
    assert run(["export-c", "--help"]) == 0
    assert "self-test" in capsys.readouterr().out
