"""The folder: its manifest says what is in it, and numbers and templates are written right."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from compiled import prepared

from lgn2hdl.base.errors import OptionError
from lgn2hdl.c_export.filling import comma_lines, filled, literal, number_lines
from lgn2hdl.c_export.folder import MANIFEST, write_c_folder
from lgn2hdl.model import file as model_file

MODELS = Path(__file__).resolve().parents[2] / "models"


def test_the_manifest_says_what_is_there(tmp_path: Path) -> None:
    model = prepared(model_file.load(MODELS / "monk1.lgn"), "monk1", 16)
    manifest = write_c_folder(model, tmp_path / "c", 5, 7)
    assert json.loads((tmp_path / "c" / MANIFEST).read_text()) == manifest
    digests = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (tmp_path / "c").iterdir()
        if path.name != MANIFEST
    }
    assert manifest["sha256"] == digests
    assert manifest["vectors"] == {"count": 5, "seed": 7}
    assert (manifest["word_bits"], manifest["head"]) == (16, "group_sum")
    assert manifest["state_bytes"]["16"] == 2 * manifest["state_words"]
    assert len(manifest["encoder_bits"]) == manifest["input_bits"]


def test_wrong_options_leave_no_folder(tmp_path: Path) -> None:
    model = prepared(model_file.load(MODELS / "monk1.lgn"))
    with pytest.raises(OptionError):
        write_c_folder(model, tmp_path / "c", 0, 0)
    assert list(tmp_path.iterdir()) == []


def test_numbers_come_sixteen_a_line() -> None:
    lines = number_lines(np.arange(33)).split("\n")
    assert [line.count(",") for line in lines] == [16, 16, 0]
    assert [int(text) for text in " ".join(lines).split(",")] == list(range(33))


def test_the_lowest_number_of_32_bits_is_an_expression() -> None:
    assert literal(-(1 << 31)) == "(-2147483647 - 1)"
    assert literal(-(1 << 31) + 1) == "-2147483647"
    assert comma_lines(["a", "b"]) == "    a,\n    b"


def test_a_template_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        filled("bits.h", {"p": "net"})
