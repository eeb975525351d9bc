"""SIGINT and SIGTERM end a command in one line, whenever they come."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from processes import is_running, wait_for_text, wait_until

from lgn2hdl.cli import run
from lgn2hdl.train.loop.interrupt import StopRequest

SIGNALS = (signal.SIGINT, signal.SIGTERM)
LINES = {
    signal.SIGINT: "lgn2hdl: error: interrupted\n",
    signal.SIGTERM: "lgn2hdl: error: terminated\n",
}

HANGS = """
import os, time
from pathlib import Path

def tell(word="ready"):
    Path(os.environ["READY"]).with_name(word).write_text("\\n")

def hang():
    while True:
        time.sleep(0.01)
"""

STUBBORN = f"""{HANGS}
while True:
    try:
        tell()
        hang()
    except BaseException:
        pass
"""
"""A module whose import goes on whatever happens, as if it were one that can be done without."""

COMMAND = """
import sys
import click, lgn2hdl.cli
from lgn2hdl.base import interrupts
from lgn2hdl.__main__ import main

@lgn2hdl.cli.cli.command()
def wait():
    work()

sys.argv = ["lgn2hdl", "wait"]
main()
"""


@pytest.fixture
def ended(start, tmp_path):
    """Starts a process, sends it a signal as soon as it is ready; its exit code and stderr."""

    def call(command, *numbers, path=""):
        ready = tmp_path / "ready"
        environment = {**os.environ, "READY": str(ready)}
        if path:
            environment["PYTHONPATH"] = f"{path}{os.pathsep}{environment.get('PYTHONPATH', '')}"
        process = start(command, env=environment, stderr=subprocess.PIPE, text=True)
        for place, number in enumerate(numbers):
            wait_for_text(ready if not place else tmp_path / f"caught{place}")
            process.send_signal(number)
        _, error = process.communicate()
        return process.returncode, error

    return call


def program(work: str) -> list[str]:
    """A command of ours that does this."""
    return [sys.executable, "-c", f"{HANGS}\n{work}\n{COMMAND}"]


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("click", ["info", "x"]),  # the command line itself
        ("torch", ["train", "--dataset", "digits", "--out", "m.lgn"]),  # within a command
        ("optuna", ["train", "--dataset", "digits", "--sweep", "1", "--out", "m.lgn"]),
    ],
)
def test_imports(ended, tmp_path, number, module, arguments):
    """An import may catch any exception and go on without: here it ends the process."""
    (tmp_path / "fakes").mkdir()
    (tmp_path / "fakes" / f"{module}.py").write_text(STUBBORN)
    arguments = [str(tmp_path / word) if word == "m.lgn" else word for word in arguments]
    command = [sys.executable, "-m", "lgn2hdl", *arguments]
    assert ended(command, number, path=tmp_path / "fakes") == (128 + number, LINES[number])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fakes", "ready"]


@pytest.mark.parametrize("number", SIGNALS)
def test_at_work(ended, number):
    code, error = ended(program("def work():\n    tell()\n    hang()"), number)
    assert (code, error.lstrip("\n")) == (128 + number, LINES[number])


def test_in_a_destructor(ended):
    """Python drops exceptions there, and would print a traceback."""
    work = "class Slow:\n    def __del__(self):\n        tell()\n        hang()\n"
    work += "def work():\n    Slow()\n    hang()"
    code, error = ended(program(work), signal.SIGINT)
    assert (code, error.lstrip("\n")) == (130, LINES[signal.SIGINT])


def test_what_a_library_swallows_is_remembered(ended):
    work = "def work():\n    try:\n        tell()\n        hang()\n    except BaseException: pass"
    assert ended(program(work), signal.SIGINT) == (130, LINES[signal.SIGINT])


@pytest.mark.parametrize("number", SIGNALS)
def test_in_code_that_never_comes_back(ended, number):
    """A lock of C that one thread takes twice: Python does not get to see the signal."""
    work = (
        "import ctypes\nfrom lgn2hdl.base import interrupts\ninterrupts.PATIENCE_SECONDS = 0.1\n"
        "def work():\n    mutex, c = ctypes.create_string_buffer(64), ctypes.CDLL(None)\n"
        "    c.pthread_mutex_lock(mutex)\n    tell()\n    c.pthread_mutex_lock(mutex)"
    )
    assert ended(program(work), number) == (128 + number, LINES[number])


def test_a_second_one_ends_what_does_not_want_to_end(ended):
    work = (
        "from lgn2hdl.base import interrupts\ninterrupts.REPEAT_SECONDS = 0\n"
        "def work():\n    tell()\n    while True:\n        try:\n            hang()\n"
        "        except KeyboardInterrupt:\n            tell('caught1')"
    )
    assert ended(program(work), signal.SIGINT, signal.SIGTERM) == (143, LINES[signal.SIGTERM])


def test_the_same_wish_twice_is_one(ended):
    work = (
        "import signal\nfrom lgn2hdl.base import interrupts\ninterrupts.REPEAT_SECONDS = 1e6\n"
        "def work():\n    try:\n        tell()\n        hang()\n    except KeyboardInterrupt:\n"
        "        signal.raise_signal(signal.SIGINT)\n        tell('cleaned up')\n        raise"
    )
    assert ended(program(work), signal.SIGINT)[0] == 130


def test_after_the_work(ended):
    work = "import atexit\n@atexit.register\ndef late():\n    tell()\n    hang()\n"
    assert ended(program(f"{work}def work(): pass"), signal.SIGINT) == (130, LINES[signal.SIGINT])


def test_python_is_not_torn_down(ended):
    """Objects that live to the end are not destroyed: at that point signals are not ours."""
    work = "class Slow:\n    def __del__(self):\n        hang()\n"
    work += "keep = Slow()\nimport builtins\nbuiltins.keep = keep\n"
    assert ended(program(f"{work}def work(): print('done')")) == (0, "")


@pytest.mark.parametrize("second", [False, True])
def test_nothing_is_left_behind(ended, tmp_path, monkeypatch, second):
    """Temporary folders and programs go, also when the process ends without ceremony."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    work = (
        "from lgn2hdl.base import interrupts\nfrom lgn2hdl.tools.programs import run_program\n"
        "interrupts.REPEAT_SECONDS = 0\n"
        "def work():\n    command = 'echo $$ > $READY.new; mv $READY.new $READY; exec sleep 1000'\n"
        "    try:\n        run_program(['sh', '-c', command])\n"
        f"    except KeyboardInterrupt:\n        if not {second}: raise\n"
        "    with __import__('lgn2hdl.base.files').base.files.temporary_folder():\n"
        "        tell('caught1')\n        hang()"
    )
    numbers = [signal.SIGINT] * (1 + second)
    code, error = ended(program(work), *numbers)
    assert (code, error.lstrip("\n")) == (130, LINES[signal.SIGINT])
    process = int((tmp_path / "ready").read_text())
    wait_until(lambda: not is_running(process), "the end of the program")
    assert not list((tmp_path / "temporary").iterdir())


def test_signals_that_are_ignored_stay_so(start, tmp_path):
    """As a shell's background jobs do."""
    work = "def work():\n    tell()\n    wait_for_end()\n"
    work += (
        "def wait_for_end():\n    while not Path(os.environ['READY']).with_name('end').exists():"
    )
    work += "\n        time.sleep(0.01)"
    process = start(
        ["sh", "-c", 'trap "" INT; exec "$@"', "sh", *program(work)],
        env={**os.environ, "READY": str(tmp_path / "ready")},
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for_text(tmp_path / "ready")
    process.send_signal(signal.SIGINT)
    (tmp_path / "end").write_text("")
    assert process.communicate() == (None, "")
    assert process.returncode == 0


def test_the_installed_command_begins_with_the_handlers():
    """Nothing heavy is imported before them."""
    project = Path(__file__).parents[2] / "pyproject.toml"
    assert '\nlgn2hdl = "lgn2hdl.__main__:main"\n' in project.read_text()
    code = "import sys; known = set(sys.modules); import lgn2hdl.__main__; "
    code += "print(sorted(name for name in set(sys.modules) - known if 'lgn2hdl' in name))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    known = ["lgn2hdl", "lgn2hdl.__main__", "lgn2hdl.base", "lgn2hdl.base.interrupts"]
    assert done.stdout == f"{known}\n"


def test_closed_streams_stay_free(tmp_path):
    """What is opened for the signals does not take their places."""
    code = "import os; from lgn2hdl.base.interrupts import INTERRUPTS; INTERRUPTS.install()\n"
    code += f"open({str(tmp_path / 'open')!r}, 'w').write(str(os.listdir('/proc/self/fd')))"
    command = f'exec "{sys.executable}" -c "$1" <&- >&- 2>&-'
    subprocess.run(["sh", "-c", command, "sh", code], check=True)
    # (The file and the list take two of the three places.)
    assert "'2'" not in (tmp_path / "open").read_text()


def test_a_loop_around_a_loop_hears_of_it():
    before = signal.getsignal(signal.SIGINT)
    with StopRequest() as outer:
        with StopRequest() as inner:
            signal.raise_signal(signal.SIGINT)
            assert inner.requested
        assert outer.requested
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
    with StopRequest() as later:
        assert not later.requested


def test_without_handlers_python_interrupts_as_ever(monkeypatch, capsys):
    def interrupted(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr("lgn2hdl.cli.cli.main", interrupted)
    assert run(["info"]) == 130
    assert capsys.readouterr().err == LINES[signal.SIGINT]
