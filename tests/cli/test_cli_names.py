"""Class names with line breaks, tabs or commands to the terminal: still a line a row."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lgn2hdl.cli.console import markdown_table, one_line, one_line_names, print_table
from lgn2hdl.model import file as model_file

NAMES = ("a\nb", "a\\nb", "tab\there", "\x1b[31mred", "end\u2028", "next\x85", "\u202eback",
         "größe", "日本", "plain")  # fmt: skip
N_ROWS = 60


@pytest.fixture
def named(model, tmp_path):
    """The small digits network, with class names that break lines."""
    path = tmp_path / "named.lgn"
    model_file.save(dataclasses.replace(model_file.load(model), class_names=NAMES), path)
    rows = tmp_path / "rows.npy"
    np.save(rows, np.random.default_rng(0).integers(0, 17, (N_ROWS, 64)))
    return path, rows


@pytest.mark.parametrize("options", [(), ("--scores",)])
def test_predict_prints_a_line_a_row(named, lgn2hdl, options):
    path, rows = named
    code, out, _ = lgn2hdl("predict", path, rows, *options)
    assert code == 0
    lines = out.split("\n")
    assert (len(lines), lines[-1]) == (N_ROWS + 1, "")
    assert out.splitlines() == lines[:-1]  # no other end of a line either
    assert {line.count("\t") for line in lines[:-1]} == {len(NAMES) if options else 0}
    expected = [entry["class"] for entry in json.loads(lgn2hdl("predict", path, rows, "--json")[1])]
    assert set(expected) <= set(NAMES)
    printed = dict(zip(NAMES, one_line_names(NAMES), strict=True))
    assert [line.split("\t")[0] for line in lines[:-1]] == [printed[name] for name in expected]


def test_tables_show_names_in_one_line(named, lgn2hdl):
    path, _ = named
    for command in (["eval", path, "--dataset", "digits"], ["info", path, "--markdown"]):
        _, out, err = lgn2hdl(*command)
        assert not any(ord(character) < 32 and character != "\n" for character in out + err)
    assert markdown_table(["name"], [["a\nb|c"]]).split("\n")[2] == r"| a\nb\|c |"


def test_names_that_are_harmless_stay():
    assert one_line_names(("größe", "日本", "a\\nb", "👩‍🚀", "a b")) == [
        "größe", "日本", "a\\nb", "👩‍🚀", "a b",
    ]  # fmt: skip


@given(st.lists(st.text(alphabet="ab\\nt\n\t\r\x00\u2029", max_size=4), unique=True))
def test_different_names_stay_different(names):
    printed = one_line_names(names)
    assert len(set(printed)) == len(names)
    assert all(len(name.splitlines()) <= 1 and "\t" not in name for name in printed)


@given(st.text(st.characters()))
def test_any_text_becomes_one_line_that_can_be_written(text):
    line = one_line(text)
    line.encode()  # halves of a character could not be
    assert len(line.splitlines()) <= 1
    assert line == text or not text.isprintable()


def test_tables_take_names_as_they_are(capsys):
    print_table(":+1:\n", ("a\tb",), [(":smile: [red]x",), ("c\nd",)])
    title, *lines = capsys.readouterr().out.splitlines()
    assert title == ":+1:\\n"
    assert "a\\tb" in lines[1]
    assert ":smile: [red]x" in lines[3]
    assert "c\\nd" in lines[4]
