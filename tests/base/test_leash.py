"""Programs end with the process that started them, with all that they started."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from processes import is_running, wait_for_text, wait_until

from lgn2hdl.base import leash
from lgn2hdl.tools.programs import run_program, run_shown

FAMILY = "sleep 1000 & echo $! $$ > pids.new; mv pids.new pids; wait"
"""A program with a child, which tells the process ids of both."""

PARENT = f"""
import sys
from pathlib import Path
from lgn2hdl.tools.programs import run_program
run_program(["sh", "-c", {FAMILY!r}], folder=Path(sys.argv[1]))
"""

GRANDPARENT = f"""
import sys
from pathlib import Path
from lgn2hdl.tools.programs import run_program
run_program([sys.executable, "-c", {PARENT!r}, sys.argv[1]], folder=Path(sys.argv[1]))
"""


def pids(folder: Path) -> list[int]:
    return [int(word) for word in wait_for_text(folder / "pids").split()]


def require_end(processes: list[int]) -> None:
    for process in processes:
        wait_until(lambda process=process: not is_running(process), f"the end of {process}")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("text", [PARENT, GRANDPARENT], ids=["parent", "grandparent"])
def test_they_end_with_their_parent(start, tmp_path, number, text):
    parent = start([sys.executable, "-c", text, str(tmp_path)], stderr=subprocess.DEVNULL)
    family = pids(tmp_path)
    assert all(map(is_running, family))
    parent.send_signal(number)
    parent.wait()
    require_end(family)


def test_children_end_with_their_program(tmp_path):
    script = "sleep 1000 & echo $! > pids; echo done"
    assert run_program(["sh", "-c", script], folder=tmp_path) == (0, "done\n")
    require_end(pids(tmp_path))


def test_they_end_when_time_is_up(tmp_path, time_is_up):
    script = FAMILY.replace("wait", f"echo one; touch '{time_is_up}'; wait")
    with pytest.raises(subprocess.TimeoutExpired) as caught:
        run_program(["sh", "-c", script], folder=tmp_path, timeout=1.0)
    assert caught.value.output == "one\n"
    require_end(pids(tmp_path))


def test_they_end_with_an_exception(tmp_path, monkeypatch):
    family = []

    def wait(*_arguments):
        family.extend(pids(tmp_path))
        raise KeyboardInterrupt

    monkeypatch.setattr(leash, "_wait", wait)
    with pytest.raises(KeyboardInterrupt):
        run_program(["sh", "-c", FAMILY], folder=tmp_path)
    require_end(family)


def test_they_end_when_their_keeper_is_killed(tmp_path):
    script = "kill -9 $PPID; " + FAMILY
    assert run_program(["sh", "-c", script], folder=tmp_path)[0] == -signal.SIGKILL


def test_a_keeper_leaves_no_process_behind(tmp_path):
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    before = children.read_text()
    run_program(["true"], folder=tmp_path)
    assert children.read_text() == before


@pytest.mark.parametrize("code", [0, 1, 2, 127, 255])
def test_the_exit_code(code):
    assert run_program(["sh", "-c", f"exit {code}"]) == (code, "")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_a_signal_is_a_negative_exit_code(number):
    assert run_program(["sh", "-c", f"kill -{int(number)} $$"])[0] == -number


def test_signals_are_as_for_any_program():
    """Python ignores SIGPIPE, and its children would too."""
    assert run_program(["sh", "-c", "kill -PIPE $$; echo alive"]) == (-signal.SIGPIPE, "")


@pytest.mark.parametrize(
    ("program", "error"),
    [("/nowhere/at-all", FileNotFoundError), ("no-such-program", FileNotFoundError),
     ("/etc/passwd", PermissionError)],
)  # fmt: skip
def test_what_cannot_be_started(program, error):
    with pytest.raises(error):
        run_program([program, "argument"])


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        run_program(["true"], folder=tmp_path / "nowhere")


def test_no_shell_sees_the_arguments():
    arguments = ["$HOME; false", "a b", "*", "", "é\n"]
    script = "import sys; print(sys.argv[1:])"
    assert run_program([sys.executable, "-c", script, *arguments])[1] == f"{arguments}\n"


def test_it_reads_nothing():
    assert run_program(["cat"]) == (0, "")


def test_its_temporary_folder_goes_with_it(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    code, printed = run_program(["sh", "-c", 'touch "$TMPDIR/left"; echo "$TMPDIR $WORD"'],
                                environment={"WORD": "hello"})  # fmt: skip
    folder, word = printed.split()
    assert (code, word) == (0, "hello")
    assert Path(folder).parent == tmp_path
    assert not list(tmp_path.iterdir())


def test_what_it_shows_goes_where_we_print(capfd):
    assert run_shown(["sh", "-c", "echo out; echo err >&2; exit 3"]) == 3
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("out\n", "err\n")
    assert run_shown(["sh", "-c", "echo out"], output=2) == 0
    assert capfd.readouterr().err == "out\n"


def test_who_reads_its_output_does_not_wait_for_the_keeper(start, tmp_path):
    """A pipe closes with the program although its keeper is still there."""
    text = (
        "import sys\nfrom pathlib import Path\nfrom lgn2hdl.base.leash import started\n"
        "with started(['echo', 'hello'], None, None, None):\n"
        "    sys.stdout.close()\n    import os; os.close(1)\n"
        f"    Path({str(tmp_path / 'ready')!r}).write_text('\\n')\n    sys.stdin.read()\n"
    )
    process = start([sys.executable, "-c", text], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.read() == b"hello\n"
    assert process.poll() is None
