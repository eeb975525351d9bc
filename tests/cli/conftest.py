"""A small model trained through the command line, shared by the tests of this folder."""

import json
from pathlib import Path

import pytest

from lgn2hdl.cli import run

SMALL = ["--layers", "200,100", "--steps", "150", "--evaluate-every", "50", "--seed", "3"]


@pytest.fixture(scope="session")
def small() -> list[str]:
    """Training options that take about a second."""
    return SMALL


@pytest.fixture
def lgn2hdl(capsys):
    """Runs a command line; gives exit code, stdout and stderr."""

    def call(*arguments):
        code = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture
def fails(lgn2hdl):
    """Runs a command line that must fail with one line; gives that line."""

    def call(*arguments, code=1):
        got, out, err = lgn2hdl(*arguments)
        assert got == code, (got, out, err)
        lines = err.strip().splitlines()
        assert len(lines) == 1, err
        assert lines[0].startswith("lgn2hdl: error: ")
        return lines[0]

    return call


@pytest.fixture(scope="session")
def model(tmp_path_factory) -> Path:
    """Model file of a small digits network."""
    out = tmp_path_factory.mktemp("models") / "tiny.lgn"
    assert run(["train", "--dataset", "digits", "--out", str(out), *SMALL]) == 0
    return out


@pytest.fixture
def read_json(lgn2hdl):
    """Runs a command with --json and parses its stdout."""

    def call(*arguments):
        code, out, err = lgn2hdl(*arguments, "--json")
        assert code == 0, err
        return json.loads(out)

    return call
