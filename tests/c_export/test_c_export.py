"""The exported C against the golden model: models, random networks, compilers, sanitizers."""

from __future__ import annotations

import dataclasses
import subprocess
from pathlib import Path

import numpy as np
import pytest
from compiled import (
    COMPILERS,
    SANITIZERS,
    STRICT,
    WORDS,
    check,
    compile_c,
    compiled,
    compiles,
    files_of,
    prepared,
    self_test,
    written,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import networks, random_network

from lgn2hdl.c_export.gates import MAX_LOCALS
from lgn2hdl.ir.netlist import live
from lgn2hdl.model import file as model_file
from lgn2hdl.model.features import integer_features
from lgn2hdl.model.heads.bits import Bits
from lgn2hdl.model.heads.group_sum import GroupSum
from lgn2hdl.model.layers.lut import Lut
from lgn2hdl.model.network import LogicNet, Thermometer

pytestmark = pytest.mark.slow

MODELS = Path(__file__).resolve().parents[2] / "models"
SMALL = ("monk1", "monk2", "monk3", "drybean-84lut6", "drybean-399lut3", "adult-1280", "digits")
MNIST = "mnist-300lut6"


def load(name: str) -> LogicNet:
    return model_file.load(MODELS / f"{name}.lgn")


def random_rows(network: LogicNet, n: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    features = network.features
    rows = rng.integers(0, features.highest + 1, (n, features.n_features))
    return rows.astype(features.dtype)


def tie_network(n_classes: int = 5) -> LogicNet:
    """Scores are the features' single bits: any of them may tie."""
    ones = np.arange(n_classes)
    return LogicNet(
        features=integer_features(n_classes, 1),
        encoder=Thermometer(ones, np.ones(n_classes, np.int32)),
        layers=(Lut(np.stack([ones, ones], axis=1), np.full(n_classes, 0b1000, np.uint8)),),
        head=GroupSum(ones, np.ones(n_classes), np.zeros(n_classes), 1.0),
        class_names=tuple(map(str, ones)),
        card={},
    )


@pytest.mark.parametrize("name", [*SMALL, MNIST])
def test_models_give_the_golden_results(name: str) -> None:
    network = load(name)
    check(prepared(network), random_rows(network, 150))


@settings(max_examples=8)
@given(network=networks(), seed=st.integers(0, 99))
def test_random_networks_give_the_golden_results(network: LogicNet, seed: int) -> None:
    check(prepared(network), random_rows(network, 70, seed))


@pytest.mark.parametrize("bits", [False, True])
@pytest.mark.parametrize("width", [8, 9, 16])
def test_wide_features(width: int, bits: bool) -> None:
    rng = np.random.default_rng(width)
    network = random_network(rng, n_features=6, width=width, fan_ins=(3, 2, 6), bits=bits)
    rows = random_rows(network, 70)
    encoder = network.encoder
    for step in (-1, 0, 1):  # at the edges of the comparisons
        near = np.clip(encoder.threshold.astype(np.int64) + step, 0, (1 << width) - 1)
        rows[3 + step, encoder.feature] = near
    check(prepared(network), rows)


def test_ties_give_the_lowest_class() -> None:
    network = tie_network()
    rows = (np.arange(32)[:, None] >> np.arange(5) & 1).astype(np.uint8)
    exported = compiled(prepared(network), 8)
    assert np.array_equal(exported.predict(rows), rows.argmax(axis=1))
    assert np.array_equal(exported.predict_packed(rows), rows.argmax(axis=1))


@pytest.mark.parametrize("seed", range(3))
def test_weights_biases_and_unsorted_classes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = random_network(rng, n_features=5, width=4, fan_ins=(2, 2))
    n = network.head.n_outputs
    head = GroupSum(
        class_of=rng.integers(0, 7, n),
        weight=rng.integers(-128, 128, n),
        bias=rng.integers(-(1 << 29), 1 << 29, 7),
        tau=1.0,
    )
    near = dataclasses.replace(head, bias=rng.integers(-100, 100, 7))
    for item in (head, near):
        names = tuple(map(str, range(7)))
        changed = dataclasses.replace(network, head=item, class_names=names)
        check(prepared(changed), random_rows(changed, 70), (8, 64))


def test_many_outputs_of_a_class_cross_functions_and_planes() -> None:
    # 1000 outputs that are all 1 make the highest count of a class; the other class has none.
    n = 1000
    network = LogicNet(
        features=integer_features(1, 1),
        encoder=Thermometer(np.array([0]), np.array([1])),
        layers=(Lut(np.zeros((n, 2), np.int32), np.full(n, 0b1001, np.uint8)),),
        head=GroupSum(np.zeros(n), np.ones(n), np.array([0, 500]), 1.0),
        class_names=("a", "b"),
        card={},
    )
    check(prepared(network), np.array([[0], [1]] * 35, np.uint8))


@pytest.mark.parametrize("table", [0b0000, 0b1111])
@pytest.mark.parametrize("bits", [False, True])
def test_a_network_of_constants(table: int, bits: bool) -> None:
    head = Bits(3) if bits else GroupSum(np.array([0, 1, 1]), np.ones(3), np.zeros(2), 1.0)
    network = LogicNet(
        features=integer_features(2, 3),
        encoder=Thermometer(np.array([0, 1]), np.array([1, 2])),
        layers=(Lut(np.zeros((3, 2), np.int32), np.full(3, table, np.uint8)),),
        head=head,
        class_names=("a", "b", "c")[: head.n_names],
        card={},
    )
    model = prepared(network)
    assert not live(model.logic.netlist)[1 : model.logic.netlist.first_gate].any()
    check(model, random_rows(network, 70), (8, 64))


@pytest.mark.parametrize("word_bits", WORDS)
@pytest.mark.parametrize("compiler", COMPILERS)
def test_strict_compilers_accept_it_and_the_self_test_passes(
    tmp_path: Path, compiler: str, word_bits: int
) -> None:
    for name, network in (("digits", load("digits")), ("bits", bits_network())):
        model = prepared(network, name)
        folder = written(tmp_path / name, files_of(model, 100))
        done = self_test(folder, name, word_bits, compiler)
        assert done.returncode == 0, done.stdout
        size = model.state_bytes(word_bits)
        expected = f"{name}: 100 vectors right, {word_bits} samples a word, {size} bytes of state\n"
        assert done.stdout == expected


def bits_network() -> LogicNet:
    return random_network(
        np.random.default_rng(5), n_features=7, width=11, fan_ins=(6, 2, 3), bits=True
    )


@pytest.mark.parametrize("flag", ["-m32", "-O3"])
@pytest.mark.parametrize("compiler", COMPILERS)
def test_other_machines(tmp_path: Path, compiler: str, flag: str) -> None:
    if not compiles(compiler, flag):
        pytest.skip(f"{compiler} has no {flag} here")
    folder = written(tmp_path, files_of(prepared(load("monk2")), 70))
    for word_bits in WORDS:
        assert self_test(folder, "net", word_bits, compiler, flag, "-O2").returncode == 0


@pytest.mark.parametrize(
    ("name", "word_bits"),
    [
        ("monk2", 8),
        ("drybean-84lut6", 16),
        ("drybean-399lut3", 32),
        ("adult-1280", 64),
        ("digits", 8),
        ("bits", 16),
        ("bits", 64),
    ],
)
def test_sanitizers_find_nothing(tmp_path: Path, name: str, word_bits: int) -> None:
    network = bits_network() if name == "bits" else load(name)
    folder = written(tmp_path, files_of(prepared(network), 140))
    done = self_test(folder, "net", word_bits, COMPILERS[0], *SANITIZERS)
    assert done.returncode == 0, done.stdout + done.stderr


@settings(max_examples=6)
@given(network=networks(), word_bits=st.sampled_from(WORDS))
def test_sanitizers_find_nothing_in_random_networks(
    tmp_path_factory: pytest.TempPathFactory, network: LogicNet, word_bits: int
) -> None:
    folder = written(tmp_path_factory.mktemp("random"), files_of(prepared(network), 70))
    done = self_test(folder, "net", word_bits, COMPILERS[0], *SANITIZERS)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_sanitizers_would_find_a_state_that_is_too_small(tmp_path: Path) -> None:
    files = files_of(prepared(load("monk1")))
    before = "static net_state state;\n"
    assert before in files["test_model.c"]
    files["test_model.c"] = files["test_model.c"].replace(
        before,
        "static net_word words[sizeof(net_state) / sizeof(net_word) - 1];\n"
        "#define state (*(net_state *)words)\n",
    )
    done = self_test(written(tmp_path, files), "net", 32, COMPILERS[0], *SANITIZERS)
    assert done.returncode != 0
    assert "overflow" in done.stderr or "insufficient space" in done.stderr


@pytest.mark.parametrize(
    ("array", "words"),
    [
        ("vector_scores", "expected score"),
        ("vector_classes", "expected class"),
        ("vector_input_hashes", "expected input bits"),
        ("vector_output_hashes", "expected last layer"),
        ("vector_bits", "expected bit"),
    ],
)
def test_a_wrong_expectation_fails(tmp_path: Path, array: str, words: str) -> None:
    network = bits_network() if array == "vector_bits" else load("monk1")
    files = files_of(prepared(network))
    head, body = files["vectors.h"].split(f"{array}[", 1)
    size, numbers = body.split("{\n    ", 1)
    first, rest = numbers.split(",", 1)
    files["vectors.h"] = f"{head}{array}[{size}{{\n    {int(first) ^ 1},{rest}"
    done = self_test(written(tmp_path, files), "net", 16)
    assert done.returncode == 1
    assert done.stdout.startswith("sample 0: ")
    assert words in done.stdout


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (" >= threshold", " > threshold"),
        ("const W sum = (W)(a ^ b);", "const W sum = (W)(a | b);"),
        ("above ^ counts[k]", "above ^ highest[k]"),
        ("ripple(counts + 3, ", "ripple(counts + 2, "),
        ("n_rows < WORD_BITS ? n_rows : WORD_BITS", "n_rows"),
        ("& 1u ? ONES : ZERO", "& 1u ? ZERO : ONES"),
    ],
)
def test_the_self_test_finds_a_fault(tmp_path: Path, before: str, after: str) -> None:
    files = files_of(prepared(load("drybean-84lut6")), 100)
    assert before in files["model.c"]
    files["model.c"] = files["model.c"].replace(before, after)
    done = self_test(written(tmp_path, files), "net", 8)
    assert done.returncode != 0


def test_the_makefile_tests_and_builds(tmp_path: Path) -> None:
    folder = written(tmp_path, files_of(prepared(load("monk3"), "monk3", 16)))
    for target, samples in (("test", ["16"]), ("test-all", ["8", "16", "32", "64"])):
        done = subprocess.run(["make", "-C", folder, target], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert [line.split()[4] for line in done.stdout.splitlines() if "right" in line] == samples
    assert subprocess.run(["make", "-C", folder], capture_output=True).returncode == 0
    assert (folder / "model.o").is_file()
    assert subprocess.run(["make", "-C", folder, "clean"], capture_output=True).returncode == 0
    assert {path.name for path in folder.iterdir()} == set(files_of(prepared(load("monk3"))))


def test_a_program_may_use_several_models_and_cplusplus(tmp_path: Path) -> None:
    for name in ("monk1", "monk2"):
        written(tmp_path / name, files_of(prepared(load(name), name)))
    program = (
        '#include "monk1/model.h"\n#include "monk2/model.h"\n'
        "int main() { static monk1_state a; static monk2_state b; monk1_feature row[17] = {0};\n"
        "return monk1_predict_one(&a, row) > 1 || monk2_predict_one(&b, row) > 1; }\n"
    )
    (tmp_path / "main.cpp").write_text(program)
    objects = []
    for name in ("monk1", "monk2"):
        objects.append(tmp_path / f"{name}.o")
        compile_c("gcc", "-c", tmp_path / name / "model.c", "-o", objects[-1])
    compile_c("g++", "-Wall", "-Werror", tmp_path / "main.cpp", *objects, "-o", tmp_path / "main")
    assert subprocess.run([tmp_path / "main"]).returncode == 0


def test_a_word_size_that_is_none_does_not_compile(tmp_path: Path) -> None:
    folder = written(tmp_path, files_of(prepared(load("monk1"))))
    command = [COMPILERS[0], "-DNET_WORD_BITS=24", "-c", folder / "model.c", "-o", folder / "x.o"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode != 0
    assert "NET_WORD_BITS is not 8, 16, 32 or 64" in done.stderr


def test_the_stack_is_as_small_as_promised(tmp_path: Path) -> None:
    model = prepared(load("digits"))
    folder = written(tmp_path, files_of(model, 1))
    flags = ("-std=c99", "-O0", "-fstack-usage", "-DNET_WORD_BITS=64")
    compile_c("gcc", *flags, "-c", folder / "model.c", "-o", folder / "model.o")
    lines = (folder / "model.su").read_text().splitlines()
    used = [int(line.split("\t")[1]) for line in lines if ":part_" in line]
    assert len(used) == len(model.code.parts)
    assert max(used) <= 8 * model.code.n_locals + 64  # (registers that a call saves)


def test_no_library_function_is_called(tmp_path: Path) -> None:
    folder = written(tmp_path, files_of(prepared(load("digits"))))
    freestanding = ("-std=c99", "-O1", "-ffreestanding", "-fno-builtin")
    compile_c("gcc", *freestanding, "-c", folder / "model.c", "-o", folder / "model.o")
    undefined = subprocess.run(
        ["nm", "--undefined-only", folder / "model.o"], capture_output=True, text=True, check=True
    )
    assert undefined.stdout.replace("_GLOBAL_OFFSET_TABLE_", "").split() in ([], ["U"])
    writable = subprocess.run(["nm", folder / "model.o"], capture_output=True, text=True)
    assert not [line for line in writable.stdout.splitlines() if " b " in line or " B " in line]


def test_the_example_of_the_documentation_works(tmp_path: Path) -> None:
    page = (MODELS.parent / "docs" / "c-export.md").read_text()
    example = page.split("```c\n")[1].split("```")[0]
    network = load("digits")
    rows = random_rows(network, 5)
    folder = written(tmp_path, files_of(prepared(network, "digits", 8), rows=rows))
    main = (
        '#include <stdio.h>\n#include "vectors.h"\nint main(void)\n{\n'
        "    for (int i = 0; i < VECTORS; i++)\n"
        '        printf("%d\\n", classify(vector_rows + i * DIGITS_FEATURES));\n'
        "    return 0;\n}\n"
    )
    (folder / "main.c").write_text(example + main)
    program = folder / "main"
    strict = [flag for flag in STRICT if "conversion" not in flag]
    flags = [*strict, "-Wno-unused-const-variable", "-Wno-missing-prototypes"]
    compile_c("gcc", *flags, folder / "main.c", folder / "model.c", "-o", program)
    printed = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    assert [int(line) for line in printed.split()] == network.decisions(rows).tolist()


def test_the_documentation_names_the_limits() -> None:
    page = (MODELS.parent / "docs" / "c-export.md").read_text()
    assert f"at most {MAX_LOCALS} local variables" in page
