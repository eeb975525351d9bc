"""Certificates: right designs have one, wrong designs have none, whatever is done to it."""

from __future__ import annotations

import ast
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hardware import (
    adder_network,
    constant_network,
    device_of,
    mixed_network,
    wire_network,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import networks

from lgn2hdl import checker
from lgn2hdl.checker.__main__ import main
from lgn2hdl.checker.graph import CheckError
from lgn2hdl.compiler.interface_choice import Interface
from lgn2hdl.compiler.recipe import Recipe
from lgn2hdl.ir.netlist import evaluate
from lgn2hdl.ir.packed import pack, unpack
from lgn2hdl.model import file as model_file
from lgn2hdl.model.golden import feature_bits
from lgn2hdl.model.heads.bits import Bits
from lgn2hdl.model.heads.group_sum import GroupSum, contiguous_groups
from lgn2hdl.model.layers.lut import Lut
from lgn2hdl.model.network import LogicNet
from lgn2hdl.verify.differential.mutants import flipped_table_bits, swapped_fan_ins
from lgn2hdl.verify.proofs.reference import samples_of
from lgn2hdl.verify.readers.hardware import build
from lgn2hdl.verify.readers.reader import read_text

CHECKER = Path(checker.__file__).parent


@pytest.mark.slow
@given(networks(), st.sampled_from([4, 6]), st.booleans(), st.integers(1, 3), st.booleans())
@settings(max_examples=10)
def test_random_networks_have_certificates(
    certified, network: LogicNet, k: int, carry: bool, levels: int, scores: bool
) -> None:
    is_sum = isinstance(network.head, GroupSum)
    outputs = ["scores"] * (scores or not is_sum) + ["margin"] * (is_sum and levels == 2)
    recipe = Recipe(
        levels=levels, effort="none", outputs=("class", *outputs), dont_cares=bool(levels % 2),
        wire_levels=levels - 1,
    )  # fmt: skip
    said = certified(network, recipe, device=device_of(k, carry=carry)).check()
    assert said[0].startswith("proved for every input: module top in top.v, ")


@pytest.mark.parametrize(
    "network",
    [adder_network(4), wire_network(), constant_network(contiguous_groups(2, 2, 1.0)),
     constant_network(Bits(2)), mixed_network(width=14, fan_ins=(2, 3), n_classes=7)],
)  # fmt: skip
def test_odd_networks_have_certificates(certified, network: LogicNet) -> None:
    for scores in (True, False) if isinstance(network.head, GroupSum) else (True,):
        assert certified(
            network, Recipe(effort="none", outputs=("class", *["scores"] * scores))
        ).check()


def test_a_clock_enable_is_checked(certified) -> None:
    case = certified(SMALL, interface=Interface(clock_enable=True))
    assert case.check()
    files = dict(case.files)
    files["top.v"] = files["top.v"].replace(b"if (rst | enable)", b"if (enable)")
    with pytest.raises(CheckError, match="no shift register that rst clears"):
        case.check(files=files, certificate=about(case, files=files))


def test_what_is_said(case) -> None:
    assert case.check()[1:] == [
        f"  computes what the model {hashlib.sha256(case.model).hexdigest()} does,",
        f"  {case.latency} clock cycles later, valid_out beside it",
        "  scores: 3 numbers of 5 bits, two's complement",
        "  class_index: the first of 3 classes with the highest score",
        "  margin: the highest score less the next highest",
    ]
    words = {line.split(" ")[0] for line in case.lines()}
    assert {"gate", "clause", "equal", "score", "end"} <= words


def test_the_same_proof_gives_the_same_bytes(certified) -> None:
    recipe = Recipe(effort="none")
    one, other = (certified(SMALL, recipe) for _ in range(2))
    assert one.certificate == other.certificate


def about(case, *, files: dict[str, bytes] | None = None, model: bytes | None = None) -> bytes:
    """The certificate with the hashes of other files: somebody who wants it to be accepted."""
    lines = case.lines()
    for place, line in enumerate(lines):
        word, *words = line.split(" ")
        if word == "verilog" and files is not None:
            lines[place] = f"verilog {words[0]} {hashlib.sha256(files[words[0]]).hexdigest()}"
        if word == "model" and model is not None:
            lines[place] = f"model {hashlib.sha256(model).hexdigest()}"
    return "\n".join(lines).encode()


SMALL = mixed_network(seed=24, widths=(3, 1, 4, 2), width=12, fan_ins=(3, 3))
"""A network of ten input bits: all of them can be tried."""


@pytest.fixture(scope="module")
def small(certified):
    return certified(SMALL, Recipe(effort="none"))


def results_of(files: dict[str, bytes], widths: dict[str, int]) -> np.ndarray:
    """Bits of the result ports for every input, as the prover's reader has it."""
    hardware = build(read_text(files, "top"), 10, widths)
    every = np.arange(1 << 10) >> np.arange(10)[:, None] & 1 == 1
    samples = samples_of(SMALL.features, every)
    return unpack(evaluate(hardware.netlist, pack(feature_bits(SMALL.features, samples))), 1 << 10)


def edited(files: dict[str, bytes]) -> Iterator[dict[str, bytes]]:
    """The Verilog with one bit of a table flipped, or two pins exchanged."""
    for name, content in files.items():
        text = content.decode()
        for edits in (flipped_table_bits(text), swapped_fan_ins(text)):
            for place, edit in enumerate(edits):
                if place % 7 == 0:
                    yield {**files, name: edit.applied(text).encode()}


@pytest.mark.slow
def test_no_wrong_verilog_is_accepted_by_a_certificate_of_the_right_one(small) -> None:
    widths = {"class_index": 2, "scores": _width_of(small.files["top.v"].decode(), "scores")}
    right = results_of(small.files, widths)
    wrong = 0
    for files in edited(small.files):
        is_right = np.array_equal(results_of(files, widths), right)
        wrong += not is_right
        try:
            small.check(files=files, certificate=about(small, files=files))
        except CheckError:
            continue
        assert is_right
    assert wrong > 20


def _width_of(text: str, port: str) -> int:
    line = next(line for line in text.split("\n") if line.rstrip(",").endswith(f" {port}"))
    return int(line.split("[")[1].split(":")[0]) + 1


def other_models(network: LogicNet) -> Iterator[LogicNet]:
    """Networks that differ in one number."""
    head = network.head
    assert isinstance(head, GroupSum)
    yield replace(network, head=replace(head, bias=head.bias + np.eye(3, dtype=np.int32)[1]))
    weight = head.weight.copy()
    weight[0] += 1
    yield replace(network, head=replace(head, weight=weight))
    class_of = head.class_of.copy()
    class_of[0] = (class_of[0] + 1) % 3
    yield replace(network, head=replace(head, class_of=class_of))
    threshold = network.encoder.threshold.copy()
    threshold[:] = np.minimum(threshold + 1, 15)
    yield replace(network, encoder=replace(network.encoder, threshold=threshold))
    layer = network.layers[-1]
    for node in range(layer.width):
        table = layer.table.copy()
        table[node] ^= table.dtype.type(1)
        yield replace(network, layers=(*network.layers[:-1], Lut(layer.fanin, table)))


def test_no_other_model_is_accepted(small, tmp_path) -> None:
    rng = np.random.default_rng(0)
    samples = rng.integers(0, SMALL.features.highest + 1, (4096, 4)).astype(SMALL.features.dtype)
    right = SMALL.head.scores(SMALL.outputs(samples)[:, :4096])
    wrong = 0
    for network in other_models(SMALL):
        model_file.save(network, tmp_path / "m.lgn")
        model = (tmp_path / "m.lgn").read_bytes()
        differs = not np.array_equal(network.head.scores(network.outputs(samples)[:, :4096]), right)
        wrong += differs
        if differs:
            with pytest.raises(CheckError):
                small.check(model=model, certificate=about(small, model=model))
    assert wrong > 8


def test_files_of_another_run_are_named(small) -> None:
    files = {**small.files, "top_core.v": small.files["top_core.v"] + b"\n"}
    with pytest.raises(CheckError, match=r"top_core\.v is not the one"):
        small.check(files=files)
    with pytest.raises(CheckError, match="the model file is not the one"):
        small.check(model=small.model + b"\n")


def mutations(text: str, rng: np.random.Generator) -> Iterator[str]:
    """The certificate with one byte, line, word or pair of lines changed."""
    lines = text.split("\n")
    for place in rng.choice(len(text), 60, replace=False).tolist():
        yield text[:place] + chr(ord(text[place]) ^ 1 << int(rng.integers(7))) + text[place + 1 :]
        yield text[:place] + text[place + 1 :]
        yield text[:place]
    for place in rng.choice(len(lines) - 1, 30, replace=False).tolist():
        yield "\n".join(lines[:place] + lines[place + 1 :])
        yield "\n".join([*lines[:place], lines[place], *lines[place:]])
        yield "\n".join([*lines[:place], lines[place + 1], lines[place], *lines[place + 2 :]])
        words = lines[place].split(" ")
        at = int(rng.integers(len(words)))
        for word in ("0", "1", "99999999", "-1", "c1", ":", "", "9" * 40):
            yield "\n".join(
                [
                    *lines[:place],
                    " ".join([*words[:at], word, *words[at + 1 :]]),
                    *lines[place + 1 :],
                ]
            )


def test_a_changed_certificate_is_refused_or_proves_the_same(small) -> None:
    said = small.check()
    text = small.certificate.decode()
    refused = tried = 0
    for mutant in mutations(text, np.random.default_rng(1)):
        tried += 1
        try:
            again = small.check(certificate=mutant.encode("latin-1"))
        except CheckError as error:
            refused += "\n" not in str(error)
        else:
            tried -= 1
            assert again == said
    assert refused == tried > 100


@pytest.mark.parametrize("word", ["score", "gate", "equal", "clause", "end", "model", "verilog"])
def test_no_kind_of_line_can_be_left_out(case, word: str) -> None:
    lines = [line for line in case.lines() if line.split(" ")[0] != word]
    with pytest.raises(CheckError):
        case.check(certificate="\n".join(lines).encode())


WRONG_LINES = {
    "an equality without a proof": "equal 2 4",
    "a constant without a proof": "equal 2 1",
    "an equality of a node and itself": "equal 2 2",
    "an equality of a node and its complement": "equal 2 3",
    "a clause without hints": "clause 2 :",
    "the empty clause": "clause :",
    "a clause that is not true": "clause 2 4 : 1 2",
    "a hint that does not exist": "clause 2 : 88888888",
    "a clause that does not exist": "clause 2 : c88888888",
    "clause 0": "clause 2 : c0",
    "a gate of seven pins": "gate 0 2 4 6 8 10 12 14",
    "a table too large": "gate 1ff 2 4 6",
    "a gate of what comes later": "gate 8 2 88888888",
    "no such step": "believe 2",
    "nothing": "",
    "a shift of what is not known": "shift 0 1*88888888",
    "a shift that is no sum": "shift 0 1+2",
    "no number": "shift x",
    "a round of nobody": "round",
    "a score too many": "score unsigned :",
}


@pytest.mark.parametrize("name", WRONG_LINES)
@pytest.mark.parametrize("at_the_end", [False, True])
def test_a_line_that_does_not_follow_is_refused(small, name: str, at_the_end: bool) -> None:
    lines = small.lines()
    place = len(lines) - 2 if at_the_end else 2 + len(small.files)
    changed = "\n".join([*lines[:place], WRONG_LINES[name], *lines[place:]])
    with pytest.raises(CheckError):
        small.check(certificate=changed.encode())


def test_a_score_must_have_room_and_the_right_kind(small) -> None:
    text = small.certificate.decode()
    assert "score signed" in text
    for kind in ("unsigned", "open", "odd", ""):
        with pytest.raises(CheckError):
            small.check(certificate=text.replace("score signed", f"score {kind}", 1).encode())
    shifted = text.replace("score ", "shift 1\nscore ", 1)
    with pytest.raises(CheckError):
        small.check(certificate=shifted.encode())


def test_ports_that_nobody_asked_for_are_refused(small) -> None:
    files = dict(small.files)
    text = files["top.v"].decode()
    text = text.replace("output wire valid_out", "output wire more,\n    output wire valid_out")
    files["top.v"] = text.replace(
        "    assign valid_out", "    assign more = 1'b0;\n    assign valid_out"
    ).encode()
    with pytest.raises(CheckError, match="nothing is known of port more"):
        small.check(files=files, certificate=about(small, files=files))


@pytest.fixture
def written(small, tmp_path) -> Path:
    (tmp_path / "rtl").mkdir()
    for name, content in small.files.items():
        (tmp_path / "rtl" / name).write_bytes(content)
    (tmp_path / "m.lgn").write_bytes(small.model)
    (tmp_path / "c.txt").write_bytes(small.certificate)
    return tmp_path


def test_the_checker_runs_alone(written) -> None:
    """A copy of its folder, elsewhere, with nothing but Python's standard library."""
    shutil.copytree(CHECKER, written / "alone", ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-I", "-S", "-c",
               "import sys; sys.path.insert(0, sys.argv.pop(1)); import runpy; "
               "runpy.run_module('alone', run_name='__main__')", written,
               written / "c.txt", written / "m.lgn", written / "rtl"]  # fmt: skip
    done = subprocess.run([str(item) for item in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("proved for every input")


def test_it_imports_nothing_but_the_standard_library() -> None:
    for path in CHECKER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [] if node.level == 1 else [node.module or ""]
            else:
                continue
            assert all(name.partition(".")[0] in sys.stdlib_module_names for name in names)


def test_the_prover_does_not_use_the_checker() -> None:
    for path in (CHECKER.parent / "verify").rglob("*.py"):
        assert "lgn2hdl.checker import" not in path.read_text()
        assert "from lgn2hdl.checker" not in path.read_text()


def test_a_failure_is_one_line(written, capsys) -> None:
    arguments = [str(written / name) for name in ("c.txt", "m.lgn", "rtl")]
    assert main(arguments) == 0
    assert capsys.readouterr().out.count("\n") > 3
    (written / "empty").write_bytes(b"")
    (written / "noise").write_bytes(bytes(range(256)) * 4)
    for place, name in ((0, "m.lgn"), (0, "missing"), (0, "rtl"), (0, "empty"), (0, "noise"),
                        (1, "c.txt"), (1, "missing"), (2, "missing"), (2, "c.txt")):  # fmt: skip
        changed = list(arguments)
        changed[place] = str(written / name)
        assert main(changed) == 1
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.startswith("not accepted: ")
        assert captured.err.count("\n") == 1
    assert main(arguments[:2]) == 2
    assert main(["\0", "\0", "\0"]) == 1


@pytest.mark.parametrize("name", ["../top.v", "top/x.v", "top", "", ".v", "-x.v"])
def test_names_of_files_are_plain(small, name: str) -> None:
    text = small.certificate.decode().replace("verilog top.v", f"verilog {name}", 1)
    with pytest.raises(CheckError):
        small.check(certificate=text.encode())
