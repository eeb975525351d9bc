"""The commands are imported when they are asked for, and what is said of them is so."""

import subprocess
import sys

import click
import pytest

from lgn2hdl.cli import cli
from lgn2hdl.cli.commands import COMMANDS

SLOW = ("numpy", "rich", "torch", "amaranth", "requests", "pooch", "jinja2", "scipy", "pysat")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_first_line_of_the_help_is_that_of_the_command(name):
    command = cli.commands[name]
    assert isinstance(command, click.Command)
    assert command.name == name
    assert command.help is not None
    assert " ".join(command.help.partition("\n\n")[0].split()) == COMMANDS[name][1]


def test_the_group_knows_its_commands():
    context = click.Context(cli)
    assert cli.list_commands(context) == sorted(COMMANDS)
    assert len(cli.commands) == len(COMMANDS)
    assert cli.get_command(context, "nothing") is None


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], [], ["nothing"]])
def test_nothing_slow_is_imported_for_help(arguments):
    program = (
        f"import sys\nfrom lgn2hdl.cli import run\nrun({arguments})\n"
        f"print([name for name in {SLOW} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_data_file_is_read_without_what_downloads_need():
    program = "import lgn2hdl.cli.inference, sys\nprint('pooch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


def test_a_data_set_that_is_not_there_is_found_before_torch_is_imported(tmp_path):
    arguments = ["train", "--dataset", "nothing.csv", "--out", str(tmp_path / "m.lgn")]
    program = (
        f"import sys\nfrom lgn2hdl.cli import run\nprint(run({arguments}), 'torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == (
        "1 False\n", "lgn2hdl: error: no file nothing.csv: check the path\n",
    )  # fmt: skip
