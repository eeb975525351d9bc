"""Standard streams that are full, closed, or that nobody reads."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lgn2hdl.cli import cli, run
from lgn2hdl.cli.streams import READER_GONE, _Results, _wrapped

pytestmark = pytest.mark.yosys

HELP = [["--help"], ["--version"], [], *([name, "--help"] for name in cli.commands)]


@pytest.fixture
def rows(tmp_path):
    """Two rows of the model."""
    np.save(tmp_path / "rows.npy", np.zeros((2, 64)))
    return tmp_path / "rows.npy"


@pytest.fixture
def on_full_disk(monkeypatch):
    """Runs a command line with a stdout whose disk is full; gives the exit code."""
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full")

    def call(*arguments):
        with open("/dev/full", "w") as stream, monkeypatch.context() as patch:  # noqa: PTH123
            patch.setattr(sys, "stdout", _wrapped(_Results, stream, 1))
            return run([str(argument) for argument in arguments])

    return call


def complaint(capsys):
    """The last line of stderr, after the notes."""
    return capsys.readouterr().err.strip().splitlines()[-1]


FULL = (
    "lgn2hdl: error: cannot write the output: No space left on device; "
    "choose another place, or free space there"
)


@pytest.mark.parametrize("arguments", HELP, ids=" ".join)
def test_help_on_a_full_disk(on_full_disk, capsys, arguments):
    assert on_full_disk(*arguments) == 1
    assert complaint(capsys) == FULL


COMMANDS = {
    "info": [],
    "predict": ["{rows}"],
    "predict --json": ["{rows}"],
    "eval": [],
    "eval --json": [],
    "export-c": ["--out", "{folder}/c"],
    "synth": ["--out", "{folder}/rtl", "--no-area", "--vectors", "5"],
    "verify": [],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_results_on_a_full_disk(on_full_disk, capsys, model, rows, tmp_path, command):
    name, *flags = command.split()
    options = [text.format(rows=rows, folder=tmp_path) for text in COMMANDS[command]]
    assert on_full_disk(name, model, *options, *flags) == 1
    lines = capsys.readouterr().err.strip().splitlines()
    assert lines[-1] == FULL
    assert not any("error" in line or "Traceback" in line for line in lines[:-1])


def process(arguments, **streams):
    """A process with these streams."""
    command = [sys.executable, "-m", "lgn2hdl", *map(str, arguments)]
    return subprocess.run(command, check=False, timeout=300, **streams)


def test_a_process_with_a_full_disk_ends_with_one_line(model):
    with open("/dev/full", "w") as stream:  # noqa: PTH123
        result = process(["info", model], stdout=stream, stderr=subprocess.PIPE, text=True)
    assert (result.returncode, result.stderr) == (1, f"{FULL}\n")


def test_a_reader_that_goes_away_is_no_error(model):
    reading, writing = os.pipe()
    os.close(reading)
    try:
        result = process(["info", model], stdout=writing, stderr=subprocess.PIPE)
    finally:
        os.close(writing)
    assert (result.returncode, result.stderr) == (READER_GONE, b"")


def closed(number):
    """For a process that begins without this stream."""
    return lambda: os.close(number)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_closed_streams_are_empty_ones(model, tmp_path, number):
    out = tmp_path / "c"
    pipe = subprocess.PIPE
    result = process(
        ["export-c", model, "--out", out], stdout=pipe, stderr=pipe, preexec_fn=closed(number)
    )
    assert result.returncode == 0
    assert (result.stdout == b"") == (number == 1)
    assert (result.stderr == b"") == (number == 2)
    texts = [path.read_text() for path in out.iterdir()]
    assert not any("working memory, words of" in text for text in texts)  # that is the table


def test_notes_that_cannot_be_written_do_not_end_the_work(model, tmp_path):
    with open("/dev/full", "w") as stream:  # noqa: PTH123
        result = process(["export-c", model, "--out", tmp_path / "c"], stderr=stream, stdout=-3)
    assert result.returncode == 0
    assert (tmp_path / "c" / "model.c").is_file()


def test_names_that_the_encoding_of_the_terminal_lacks(model, tmp_path):
    odd = os.fsencode(tmp_path) + b"/caf\xe9.lgn"
    Path(os.fsdecode(odd)).write_bytes(model.read_bytes())
    command = [sys.executable, "-m", "lgn2hdl", "info", odd]
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    for env in (os.environ, environment):
        result = subprocess.run(command, capture_output=True, env=env, check=False)
        assert (result.returncode, result.stderr) == (0, b"")
