"""Names that a model brings are harmless in C, whatever they are."""

from __future__ import annotations

import ctypes
import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest
from compiled import WORDS, compile_c, files_of, prepared, self_test, written
from hypothesis import given
from hypothesis import strategies as st
from networks import random_network

from lgn2hdl.base.errors import OptionError
from lgn2hdl.c_export.names import (
    LONGEST_NAME,
    LONGEST_PREFIX,
    check_prefix,
    comment_text,
    prefix_for,
    string_literal,
)
from lgn2hdl.model.features import Features
from lgn2hdl.model.network import LogicNet

NASTY = (
    'say "hi"',
    "two\nlines\r\n",
    "??/??=??'trigraphs??>",
    "*/ int main(void) { return 7; } /*",
    "// comment \\",
    "\\x41\\0 %s %n $p ${P}",
    "ünïcödé 漢字 🎉",
    "\x00nul \x07bell \x7f",
    "0123456789",
    "",
    "long " * 100,
    "\ud800 lone surrogate",
)


@pytest.mark.parametrize(
    ("stem", "prefix"),
    [
        ("mnist", "mnist"),
        ("int", "int"),
        ("1-ä b", "lgn_1_b"),
        ("mnist-620lut6", "mnist_620lut6"),
        ("_x", "lgn_x"),
        ("", "lgn_model"),
        ("ä", "lgn_model"),
        ("a" * 100, "a" * LONGEST_PREFIX),
        ("x; system('rm')", "x_system_rm"),
    ],
)
def test_prefixes(stem: str, prefix: str) -> None:
    assert prefix_for(stem) == prefix


@given(st.text())
def test_every_file_name_gives_a_legal_prefix(stem: str) -> None:
    assert check_prefix(prefix_for(stem)) == prefix_for(stem)


@pytest.mark.parametrize("name", ["", "1a", "a-b", "_a", "ä", "a b", "a" * 41, "a\n"])
def test_an_illegal_prefix_is_refused(name: str) -> None:
    with pytest.raises(OptionError, match="--name"):
        check_prefix(name)


@given(st.text(st.characters(codec="utf-8"), max_size=20))
def test_string_literals_are_plain(text: str) -> None:
    inside = string_literal(text)[1:-1]
    assert inside.isascii()
    assert inside.isprintable()
    assert "?" not in inside
    assert '"' not in inside
    value = inside.encode().decode("unicode_escape").encode("latin-1")
    assert value == text.encode()


def test_a_long_name_is_cut_between_characters() -> None:
    literal = string_literal("ä" * 1000)
    assert literal == '"' + "\\303\\244" * (LONGEST_NAME // 2) + '"'
    assert string_literal("x" + "ä" * 1000)[2:-1] == "\\303\\244" * (LONGEST_NAME // 2 - 1)


@given(st.text())
def test_comments_hold_nothing_special(text: str) -> None:
    assert len(comment_text(text)) <= 60
    assert not set("*/\\?\"'$#\n\r") & set(comment_text(text))
    assert comment_text(text).isascii()


def nasty_network(bits: bool) -> LogicNet:
    """A network whose classes or outputs, columns and categories all have such names."""
    names = NASTY
    network = random_network(
        np.random.default_rng(3), n_features=len(names), width=3, fan_ins=(2,), bits=bits
    )
    features = Features(
        column=np.arange(len(names)),
        width=np.full(len(names), 3),
        offset=np.zeros(len(names)),
        step=np.ones(len(names)),
        category=np.array([0, -1] * (len(names) // 2)),
        column_names=names,
        categories=tuple((name,) for name in names),
    )
    own = tuple(names[index % len(names)] for index in range(network.head.n_names))
    return dataclasses.replace(network, features=features, class_names=own)


@pytest.mark.parametrize("bits", [False, True])
def test_nasty_names_compile_and_come_back(tmp_path: Path, bits: bool) -> None:
    network = nasty_network(bits)
    folder = written(tmp_path, files_of(prepared(network, "int")))
    for word_bits in WORDS:
        assert self_test(folder, "int", word_bits).returncode == 0
    assert self_test(folder, "int", 8, "gcc", "-trigraphs", "-Wtrigraphs").returncode == 0
    compile_c("gcc", "-shared", "-fPIC", folder / "model.c", "-o", tmp_path / "model.so")
    library = ctypes.CDLL(str(tmp_path / "model.so"))
    names = (ctypes.c_char_p * network.head.n_names).in_dll(library, "int_names")
    for got, name in zip(names, network.class_names, strict=True):
        whole = name.encode("utf-8", "replace")[:LONGEST_NAME]
        assert got == whole.split(b"\0")[0]  # a C string ends at the first NUL


def test_nothing_of_a_nasty_name_is_in_the_makefile_or_the_self_test() -> None:
    files = files_of(prepared(nasty_network(False), prefix_for("1-ä b")))
    for name in ("Makefile", "test_model.c", "vectors.h"):
        assert files[name].isascii()
        assert "system" not in files[name]
        assert "trigraphs" not in files[name]
    assert "int main" not in re.sub(r"/\*.*?\*/", "", files["model.h"], flags=re.DOTALL)
    assert files["model.c"].isascii()
    assert files["model.h"].isascii()
