import os

import pytest

from lgn2hdl.base.errors import ToolError
from lgn2hdl.tools.runner import Tool, run_tool, script_tool, tool_version


@pytest.fixture
def fake(python_tool):
    """Makes a tool of a Python script; the program's name has a space, the command an argument."""
    return lambda script: python_tool("Fake", script, "--first", file="fake tool")


def failure(tool, folder, **options):
    with pytest.raises(ToolError) as caught:
        run_tool(tool, ["argument"], folder=folder, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_success_gives_what_was_printed(fake, tmp_path):
    tool = fake("open('out', 'w').write('x'); print(sys.argv[1:]); print('note', file=sys.stderr)")
    printed = run_tool(tool, ["$HOME; rm x"], folder=tmp_path, outputs=["out"])
    assert "['--first', '$HOME; rm x']" in printed  # no shell has seen it
    assert "note" in printed


def test_missing(tmp_path):
    tool = Tool("Fake", (str(tmp_path / "nowhere"),), "run 'pip install fake'")
    assert failure(tool, tmp_path) == "Fake is not installed: run 'pip install fake'"


def test_not_a_program(tmp_path):
    program = tmp_path / "garbage"
    program.write_bytes(b"\x00\x01\x02")
    program.chmod(0o755)
    message = failure(Tool("Fake", (str(program),), "install it"), tmp_path)
    assert message == "Fake cannot be started: Exec format error; install it"


def test_timeout(fake, tmp_path):
    message = failure(fake("time.sleep(1000)"), tmp_path, timeout=0.3)
    assert message == "Fake did not finish within 0.3 s: it printed nothing"


def test_timeout_shows_the_last_lines(fake, tmp_path, time_is_up):
    tool = fake(
        "print('one\\ntwo\\nthree\\n\\nfour ' + 'x' * 999, flush=True)\n"
        f"open({str(time_is_up)!r}, 'w'); time.sleep(1000)"
    )
    message = failure(tool, tmp_path, timeout=5)
    assert message.startswith("Fake did not finish within 5 s: two | three | four xxx")
    assert len(message) < 300


def test_version_is_the_last_line(fake):
    tool = fake("print('preparing ...\\nFake 1.2 (build 3)\\n'); assert sys.argv[2] == '--version'")
    assert tool_version(tool) == "Fake 1.2 (build 3)"


def test_version_of_a_silent_tool(fake):
    with pytest.raises(ToolError, match="Fake does not say its version: run 'pip install fake'"):
        tool_version(fake(""))


def test_exit_code_with_the_first_error_line(fake, tmp_path):
    tool = fake("print('hello\\n  ERROR: no such gate\\nERROR: second\\nbye'); sys.exit(3)")
    assert failure(tool, tmp_path) == "Fake failed with exit code 3: ERROR: no such gate"


def test_exit_code_with_the_last_lines(fake, tmp_path):
    tool = fake("print('one\\ntwo\\n\\nthree\\nfour\\n'); sys.exit(1)")
    assert failure(tool, tmp_path) == "Fake failed with exit code 1: two | three | four"


def test_exit_code_in_silence(fake, tmp_path):
    message = failure(fake("sys.exit(1)"), tmp_path)
    assert message == "Fake failed with exit code 1: it printed nothing"


def test_a_signal(fake, tmp_path):
    tool = fake("import os; os.kill(os.getpid(), 9)")
    assert failure(tool, tmp_path).startswith("Fake failed with exit code -9")


def test_error_text_despite_exit_code_0(fake, tmp_path):
    tool = fake("print('fine\\nERROR: it was not')")
    assert failure(tool, tmp_path) == "Fake failed: ERROR: it was not"
    assert failure(fake("print('%Error x')"), tmp_path, error_text="%Error") == (
        "Fake failed: %Error x"
    )


@pytest.mark.parametrize("script", ["print('done')", "open('out', 'w'); print('done')"])
def test_missing_or_empty_output(fake, tmp_path, script):
    assert failure(fake(script), tmp_path, outputs=["out"]) == "Fake did not write out: done"


def test_bytes_that_are_not_text(fake, tmp_path):
    tool = fake("sys.stdout.buffer.write(b'\\xff\\xfe'); sys.exit(1)")
    assert failure(tool, tmp_path).startswith("Fake failed with exit code 1")


def test_script_tool_missing(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ToolError, match="Fake is not installed: run pip"):
        script_tool("no-such-script-anywhere", "Fake", "run pip")


def test_script_tool_on_the_path(monkeypatch, fake, tmp_path):
    fake("print('x')")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert script_tool("fake tool", "Fake", "run pip").command == (str(tmp_path / "fake tool"),)
