"""The names of the package: there, lazy, and callable."""

import subprocess
import sys
from importlib import import_module

import pytest

import lgn2hdl


@pytest.mark.parametrize("name", lgn2hdl.__all__)
def test_every_name_is_there(name):
    assert name in dir(lgn2hdl)
    assert callable(getattr(lgn2hdl, name))


def test_what_is_not_there_is_no_attribute():
    with pytest.raises(AttributeError, match="lgn2hdl' has no attribute 'no_such_name'"):
        _ = lgn2hdl.no_such_name


@pytest.mark.parametrize("before", ["", "import lgn2hdl.train.config; "])
def test_the_room_that_trains_can_be_called(before):
    """Whichever of the room and the function is asked for first."""
    program = f"{before}import lgn2hdl, sys; print(callable(lgn2hdl.train), 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "True False\n", done.stderr


def test_calling_the_room_trains(monkeypatch):
    call = import_module("lgn2hdl.train.call")
    monkeypatch.setattr(call, "train", lambda *arguments, **options: (arguments, options))
    assert lgn2hdl.train("digits", steps=3) == (("digits",), {"steps": 3})


def test_importing_the_package_imports_nothing_else():
    program = (
        "import sys, lgn2hdl\n"
        "print([name for name in sys.modules if name == 'numpy' or name.startswith('lgn2hdl.')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


def test_compiling_needs_no_torch():
    program = (
        "import sys, lgn2hdl\nlgn2hdl.compile, lgn2hdl.load, lgn2hdl.Engine, lgn2hdl.TrainConfig\n"
        "print([name for name in ('torch', 'amaranth', 'cocotb', 'pysat', 'click')"
        " if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr
