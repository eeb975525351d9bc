"""Hostile command lines: what is tried, what counts as wrong, and a part of them."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from lgn2hdl.cli import cli

pytestmark = pytest.mark.slow

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"

sys.path.insert(0, str(BENCHMARKS))
import command_lines  # noqa: E402
from command_lines import QUICK, Ended, Line, judge, lines, picture, quick_lines  # noqa: E402

REFUSED = Ended(1, "", "lgn2hdl: error: no\n", 0.1)
PREDICTED = Ended(0, "1\n1\n0\n", "", 0.1)
PREDICT = Line("predict", ("model.lgn", "rows.npy"), "")
SIM = Line("sim", ("model.lgn", "--out", "out"), "")
HOST = Line("host", ("model.lgn", "rows.npy", "--port", "board"), "")
EXPORT = Line("export-c", ("model.lgn", "--out", "out"), "")


@pytest.fixture
def folder(tmp_path):
    """A folder in which a line was run."""
    place = tmp_path / "here"
    place.mkdir()
    (place / "folder").mkdir()
    (place / "folder" / "thesis.txt").write_text("precious")
    (place / "pipe").write_text("as it was")
    return place


def test_every_option_of_every_command_is_tried():
    tried = {(line.command, line.changed.split()[0]) for line in lines(600, 0)}
    expected = {
        (name, parameter.name) for name, command in cli.commands.items()
        for parameter in command.params
    }  # fmt: skip
    assert tried == expected
    assert list(lines(50, 3)) == list(lines(50, 3)) != list(lines(50, 4))


def test_what_is_right(folder):
    before = picture(folder)
    assert judge(PREDICT, REFUSED, folder, before) == "refused"
    assert judge(PREDICT, PREDICTED, folder, before) == "done"
    (folder / "out").mkdir()
    (folder / "out" / "c_manifest.json").write_text("{}")
    assert judge(EXPORT, PREDICTED, folder, before) == "done"
    assert judge(HOST, PREDICTED, folder, before) == "done"
    assert "not a line a row" in judge(
        HOST, dataclasses.replace(PREDICTED, out="1\n"), folder, before
    )
    (folder / "out" / "manifest.json").write_text("{}")
    assert "no test passed" in judge(SIM, PREDICTED, folder, before)
    assert judge(SIM, dataclasses.replace(PREDICTED, out="PASS: 3\n"), folder, before) == "done"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"code": None}, "no end within"),
        ({"code": -11}, "exit code -11"),
        ({"err": "Traceback (most recent call last)"}, "a traceback"),
        ({"err": ""}, "exit code 1 with 0 lines"),
        ({"err": 2 * REFUSED.err}, "exit code 1 with 2 lines"),
        ({"code": 0}, "exit code 0 with an error"),
        ({"err": f"lgn2hdl: error: {command_lines.SECRET}"}, "a password was printed"),
        ({"code": 0, "err": "", "out": "1\n"}, "not a line a row"),
    ],
    ids=str,
)
def test_what_is_wrong_with_an_end(folder, change, words):
    ended = dataclasses.replace(REFUSED, **change)
    assert words in judge(PREDICT, ended, folder, picture(folder))


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        (".hidden", "x", "was left"),
        ("owned", "x", "a shell has run a name"),
        ("pipe", "new", "pipe was replaced"),
        ("folder/thesis.txt", "new", "somebody's file was changed"),
    ],
)
def test_what_is_wrong_around(folder, name, text, words):
    before = picture(folder)
    (folder / name).write_text(text)
    assert words in judge(PREDICT, REFUSED, folder, before)


def test_what_was_promised_is_missed(folder):
    with pytest.raises(FileNotFoundError):
        judge(EXPORT, PREDICTED, folder, picture(folder))
    (folder / "out").mkdir()
    (folder / "out" / "c_manifest.json").write_text("{")
    assert "no c_manifest.json" in judge(EXPORT, PREDICTED, folder, picture(folder))


def test_paths_that_may_not_be_searched_are_tried_with_every_command():
    tried = {line.command for line in quick_lines(0, 0) if "closed" in " ".join(line.arguments)}
    assert tried == set(cli.commands)


def test_lines_that_work_are_done():
    """Without a hostile value; each of those that take no time, in a process of its own."""
    program = f"""
import sys, tempfile
sys.path.insert(0, {str(BENCHMARKS)!r})
from pathlib import Path
from command_lines import BASES, QUICK, Line, prepare, tried
for name in QUICK:
    with tempfile.TemporaryDirectory() as work:
        verdict, ended = tried(Line(name, BASES[name], ""), prepare, Path(work))
        print(name, verdict, ended.err if verdict != "done" else "")
"""
    command = [sys.executable, "-c", program]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.stdout.split() == [word for name in QUICK for word in (name, "done")]


def test_none_of_the_quick_ones_is_wrong(tmp_path):
    """In a process of its own: torch's threads do not like to be forked."""
    command = [sys.executable, str(BENCHMARKS / "command_lines.py"), "--quick", "--lines", "40"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "| all " in result.stdout
