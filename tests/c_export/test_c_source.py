"""The emitted text: a golden file of a tiny network, the header's numbers, the function sizes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from compiled import files_of, prepared

import lgn2hdl
from lgn2hdl.base.errors import OptionError, ResourceError
from lgn2hdl.c_export.gates import MAX_LOCALS, MAX_OUTPUTS
from lgn2hdl.c_export.head import MAX_SCORE_BITS, counting
from lgn2hdl.c_export.prepare import WORD_BITS
from lgn2hdl.model import file as model_file
from lgn2hdl.model.features import Features, Missing, fit_features, integer_features
from lgn2hdl.model.heads.bits import Bits
from lgn2hdl.model.heads.group_sum import GroupSum
from lgn2hdl.model.layers.lut import Lut
from lgn2hdl.model.network import LogicNet, Thermometer

GOLDEN = Path(__file__).parent / "golden"
MODELS = Path(__file__).resolve().parents[2] / "models"


def tiny_network(bits: bool = False) -> LogicNet:
    """Fixed and small enough to check the emitted text by eye."""
    head = Bits(4) if bits else GroupSum([0, 0, 1, 2], [1, 1, 2, -1], [0, -1, 1], 1.0)
    return LogicNet(
        features=Features(
            column=np.array([0, 1, 1]),
            width=np.array([3, 1, 1]),
            offset=np.array([-2.5, 0, 0]),
            step=np.array([0.5, 1, 1]),
            category=np.array([-1, 0, 1]),
            column_names=("height", "colour"),
            categories=((), ("red", "green")),
        ),
        encoder=Thermometer([0, 0, 1, 2], [2, 5, 1, 1]),
        layers=(
            Lut([[0, 2, 3], [1, 2, 3], [0, 1, 3]], [0x96, 0xE8, 0x1B]),
            Lut([[0, 1], [1, 2], [0, 2], [0, 1]], [8, 6, 11, 14]),
        ),
        head=head,
        class_names=("a", "b", "c", 'the "last"')[: head.n_names],
        card={},
    )


@pytest.mark.parametrize("kind", ["group_sum", "bits"])
def test_golden_text(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(lgn2hdl, "__version__", "0")
    files = files_of(prepared(tiny_network(kind == "bits"), "tiny"), 4)
    folder = GOLDEN / kind
    if request.config.getoption("--update-golden"):
        folder.mkdir(exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
    assert sorted(files) == sorted(path.name for path in folder.iterdir())
    for name, text in files.items():
        assert text == (folder / name).read_text(encoding="utf-8"), f"{name}: look, then update"


@pytest.mark.parametrize("kind", ["group_sum", "bits"])
def test_lines_are_short_and_ascii(kind: str) -> None:
    for text in files_of(prepared(tiny_network(kind == "bits")), 4).values():
        assert text.isascii()
        assert text.endswith("\n")
        assert max(map(len, text.splitlines())) <= 120


DIGEST = """
import hashlib, sys
from compiled import files_of, prepared
from test_c_source import tiny_network
files = files_of(prepared(tiny_network()), 30)
print(hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest())
"""


def test_another_process_emits_the_same_bytes() -> None:
    digests = {
        subprocess.run(
            [sys.executable, "-c", DIGEST],
            cwd=Path(__file__).parent,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(lgn2hdl.__file__).parents[1])},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


@pytest.mark.parametrize("name", ["mnist-48000fixed", "mnist-620lut6", "mnist-32000"])
def test_functions_are_of_bounded_size(name: str) -> None:
    network = model_file.load(MODELS / f"{name}.lgn")
    text = files_of(prepared(network), 1)["model.c"]
    bodies = re.findall(r"^[^\n;#]*\)\n\{\n(.*?)^\}", text, re.DOTALL | re.MULTILINE)
    assert len(bodies) == text.count("\n}\n") > 20
    assert max(body.count("\n") for body in bodies) <= 2 * MAX_LOCALS + MAX_OUTPUTS
    assert max(map(len, text.splitlines())) <= 200


def numbers(text: str, line: str) -> list[int]:
    found = next(part for part in text.splitlines() if line in part)
    return [int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*(?= \(| )", found)]


def test_the_header_says_the_memory() -> None:
    model = prepared(tiny_network(), "tiny")
    header = files_of(model)["model.h"]
    line = next(text for text in header.splitlines() if "tiny_state, in bytes" in text)
    sizes = ", ".join(f"{model.state_words * bits // 8} ({bits})" for bits in WORD_BITS)
    assert line.endswith(f": {sizes}")
    assert f"constant tables: {model.table_bytes} bytes" in header
    assert f"code: {model.code.n_operators} operations" in header
    assert f"stack: no more than {model.code.n_locals} words" in header


def test_the_constant_tables_are_counted_as_compilers_count(tmp_path: Path) -> None:
    model = prepared(model_file.load(MODELS / "digits.lgn"), "digits")
    for name, text in files_of(model).items():
        (tmp_path / name).write_text(text)
    command = ["gcc", "-std=c99", "-O1", "-c", tmp_path / "model.c", "-o", tmp_path / "model.o"]
    subprocess.run(command, check=True)
    listed = subprocess.run(
        ["nm", "--print-size", "--radix=d", tmp_path / "model.o"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    sizes = {words[3]: int(words[1]) for words in map(str.split, listed.splitlines())
             if len(words) == 4}  # fmt: skip
    tables = ("digits_input_feature", "digits_input_threshold", "first_count", "runs")
    assert sum(sizes[name] for name in tables) == model.table_bytes


def test_the_features_are_explained() -> None:
    header = files_of(prepared(tiny_network()))["model.h"]
    assert " *   0 (height): floor((x - -2.5) / 0.5 + 0.5), clipped to 0 to 7\n" in header
    assert " *   1 (colour): 1 where x is <red>, else 0\n" in header


def test_missing_values_are_explained() -> None:
    rows = np.array([[0.5, np.nan], [1.5, 3.0], [4.5, 9.0]])
    features = fit_features(
        rows, column_names=("length", "height"), categories=((), ()), missing=Missing.FLAG
    )
    network = LogicNet(
        features, Thermometer([0, 2], [1, 1]), (Lut([[0, 1]], [8]),), Bits(1), ("b",), {}
    )
    header = files_of(prepared(network))["model.h"]
    assert "clipped to 0 to 4095; a missing x counts as 1.5\n" in header
    assert " *   1 (height): x, an integer 0 to 15; a missing x counts as 3.0\n" in header
    assert " *   2 (height): 1 where x is missing, else 0\n" in header


def test_many_features_take_a_bounded_number_of_lines() -> None:
    n = 300
    features = Features(
        column=np.arange(n),
        width=np.full(n, 3),
        offset=np.arange(n),
        step=np.ones(n),
        category=np.full(n, -1),
        column_names=tuple(f"c{index}" for index in range(n)),
        categories=((),) * n,
    )
    network = LogicNet(
        features, Thermometer([0, 1], [1, 1]), (Lut([[0, 1]], [8]),), Bits(1), ("b",), {}
    )
    header = files_of(prepared(network))["model.h"]
    assert " *   and so on: 260 more\n" in header
    assert "c40" not in header


def test_equal_features_share_a_line() -> None:
    network = LogicNet(
        integer_features(784, 8), Thermometer([0, 1], [1, 1]), (Lut([[0, 1]], [8]),), Bits(1),
        ("b",), {},
    )  # fmt: skip
    names = network.features.column_names
    header = files_of(prepared(network))["model.h"]
    assert f" *   0 ({names[0]}) to 783 ({names[-1]}): x, an integer 0 to 255\n" in header


def head_of(weights: list[int], bias: list[int]) -> GroupSum:
    return GroupSum(np.arange(len(weights)) % len(bias), weights, bias, 1.0)


def test_counts_start_above_the_lowest_score() -> None:
    count = counting(head_of([3, -2, 1, 1], [5, -7]))
    assert (count.lowest, count.first.tolist()) == (-9, [14, 0])
    assert (count.score_bits, count.class_bits, count.n_classes) == (5, 1, 2)
    assert count.n_outputs.tolist() == [1, 1, 1, 1]
    assert count.weight.tolist() == [3, -2, 1, 1]


def test_a_long_run_becomes_several() -> None:
    n = 150_000
    count = counting(GroupSum(np.zeros(n), np.ones(n), [0, 0], 1.0))
    assert count.n_outputs.sum() == n
    assert count.n_outputs.max() < 1 << 16
    assert (count.class_index == 0).all()


@pytest.mark.parametrize("bias", [[0, 1 << 30, -(1 << 30)], [(1 << 31) - 4, -4], [-(1 << 31), 0]])
def test_scores_too_far_apart_are_refused(bias: list[int]) -> None:
    with pytest.raises(OptionError, match="32-bit numbers in C do not hold: use a model"):
        counting(head_of([1, 1, 1], bias))


def test_the_widest_scores_are_not_refused() -> None:
    assert counting(head_of([1], [0, (1 << 31) - 1])).score_bits == MAX_SCORE_BITS
    assert counting(head_of([1], [-(1 << 31), -5])).score_bits == MAX_SCORE_BITS


def test_word_sizes_that_do_not_exist_are_refused() -> None:
    with pytest.raises(OptionError, match="words of 24 bits: give 8, 16, 32 or 64"):
        prepared(tiny_network(), word_bits=24)


def test_too_little_memory_is_said_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lgn2hdl.cpu.memory.available", lambda: 1000)
    with pytest.raises(ResourceError, match="C of a network of 7 nodes needs about"):
        prepared(tiny_network())
