"""The steps of a leash: what is reported, what stays open, and where."""

import errno
import os
import signal
import subprocess
from pathlib import Path

import pytest

from lgn2hdl.base import leash, leash_keeper
from lgn2hdl.tools.programs import run_program


def open_files(process="self") -> set[str]:
    return set(os.listdir(f"/proc/{process}/fd"))  # noqa: PTH208


@pytest.mark.parametrize(
    ("said", "word", "number"),
    [(b"started\n", "started", 0), (b"ended 256\n", "ended", 256), (b"failed 2\n", "failed", 2),
     (b"", "", 0), (b"\n", "", 0)],
)  # fmt: skip
def test_lines_of_a_report(said, word, number):
    read, write = os.pipe()
    os.write(write, said)
    os.close(write)
    with os.fdopen(read, "rb", buffering=0) as report:
        assert leash._line(report) == (word, number)


def reported(said: bytes, timeout=None) -> int:
    read, write = os.pipe()
    os.write(write, said)
    if said:
        os.close(write)
    with os.fdopen(read, "rb", buffering=0) as report:
        try:
            return leash._wait(report, ["program"], timeout)
        finally:
            if not said:
                os.close(write)


@pytest.mark.parametrize(
    ("said", "code"),
    [(b"ended 0\n", 0), (b"ended 768\n", 3), (b"ended 9\n", -9), (b"other 5\n", -signal.SIGKILL)],
)
def test_exit_codes_of_reports(said, code):
    assert reported(said) == reported(said, 1.0) == code


def test_a_report_that_does_not_come():
    with pytest.raises(subprocess.TimeoutExpired) as caught:
        reported(b"", 0.01)
    assert (caught.value.cmd, caught.value.timeout) == (["program"], 0.01)


def test_a_program_that_cannot_be_started_is_named():
    read, write = os.pipe()
    os.write(write, b"failed 13\n")
    with os.fdopen(read, "rb", buffering=0) as report, pytest.raises(PermissionError) as caught:
        leash._require_start(report, ["the program", "argument"], None)
    os.close(write)
    assert (caught.value.errno, caught.value.filename) == (errno.EACCES, "the program")


def test_nothing_stays_open(tmp_path):
    before = open_files()
    assert run_program(["true"], folder=tmp_path) == (0, "")
    with pytest.raises(FileNotFoundError):
        run_program(["no-such-program"])
    with pytest.raises(subprocess.TimeoutExpired):
        leash.run(["sleep", "1000"], timeout=0.01)
    assert open_files() == before


def test_a_program_has_no_file_of_ours():
    code, text = run_program(["sh", "-c", "ls /proc/$$/fd"])
    assert code == 0
    assert set(text.split()) <= {"0", "1", "2", "10", "255"}  # (shells keep the terminal, or so)
    script = "readlink /proc/$$/fd/0"
    assert run_program(["sh", "-c", script]) == (0, "/dev/null\n")


def test_where_and_how_programs_run(tmp_path, capfd):
    script = 'echo "$PWD $WORD"; echo error >&2; exit 3'
    environment = {**os.environ, "WORD": "hello"}
    read, write = os.pipe()
    code = leash.run(["sh", "-c", script], folder=tmp_path, environment=environment, output=write)
    os.close(write)
    with os.fdopen(read) as output:
        assert output.read() == f"{tmp_path} hello\nerror\n"
    assert code == 3
    assert leash.run(["sh", "-c", "echo out; echo error >&2"]) == 0
    shown = capfd.readouterr()
    assert (shown.out, shown.err) == ("out\n", "error\n")


@pytest.fixture
def pipes():
    """A leash and a report: what a keeper is given, and the ends of its parent."""
    leash_end, held = os.pipe()
    report, report_end = os.pipe()
    yield leash_end, report, report_end
    for end in (leash_end, held, report, report_end):
        os.close(end)


def test_a_keeper_says_that_it_has_started_and_how_it_ended(pipes):
    leash_end, report, report_end = pipes
    before = open_files()
    process = leash_keeper.start(["sh", "-c", "exit 3"], leash_end, report_end)
    assert os.read(report, 99) == b"started\n"
    leash_keeper.tell_the_end(process, report_end)
    assert os.read(report, 99) == b"ended 768\n"
    assert open_files() == before


@pytest.mark.parametrize(
    ("program", "code"), [("/nowhere/program", errno.ENOENT), ("/etc/passwd", errno.EACCES)]
)
def test_a_keeper_says_what_cannot_be_started(pipes, program, code):
    leash_end, report, report_end = pipes
    before = open_files()
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    assert leash_keeper.start([program], leash_end, report_end) == 0
    assert os.read(report, 99) == f"failed {code}\n".encode()
    assert open_files() == before
    assert Path(f"/proc/self/task/{os.getpid()}/children").read_text() == children


@pytest.mark.parametrize("number", [signal.SIGPIPE, signal.SIGXFSZ])
def test_a_program_has_the_usual_signals(pipes, number):
    """Python ignores these, and that is inherited."""
    leash_end, report, report_end = pipes
    process = leash_keeper.start(["sh", "-c", f"kill -{int(number)} $$"], leash_end, report_end)
    os.read(report, 99)
    leash_keeper.tell_the_end(process, report_end)
    assert os.read(report, 99) == f"ended {int(number)}\n".encode()
