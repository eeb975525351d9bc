"""Test vectors: corner cases are among them, and the results are the golden model's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from compiled import prepared
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import networks

from lgn2hdl.base.errors import OptionError
from lgn2hdl.c_export.vectors import MAX_VALUES, hashes, vector_rows, vectors_text
from lgn2hdl.model import file as model_file
from lgn2hdl.model.heads.bits import Bits
from lgn2hdl.model.network import LogicNet

MODELS = Path(__file__).resolve().parents[2] / "models"


def rows_of(network: LogicNet, number: int, seed: int = 0) -> np.ndarray:
    return vector_rows(network, prepared(network).logic, number, seed)


@settings(max_examples=15)
@given(network=networks(), number=st.integers(1, 30), seed=st.integers(0, 9))
def test_rows_fit_the_features(network: LogicNet, number: int, seed: int) -> None:
    rows = rows_of(network, number, seed)
    assert rows.shape == (number, network.features.n_features)
    assert rows.dtype == network.features.dtype
    assert (rows <= network.features.highest).all()
    assert not rows[0].any()
    assert number == 1 or (rows[1] == network.features.highest).all()
    assert np.array_equal(rows, rows_of(network, number, seed))


@settings(max_examples=15)
@given(network=networks())
def test_every_threshold_is_met_missed_and_exceeded(network: LogicNet) -> None:
    logic = prepared(network).logic
    most = int(np.bincount(logic.feature).max())
    rows = rows_of(network, 4 * (3 * most + 1)).astype(np.int64)
    highest = network.features.highest[logic.feature]
    for step in (-1, 0, 1):
        wanted = np.clip(logic.threshold + step, 0, highest)
        assert (rows[:, logic.feature] == wanted).any(axis=0).all()


@pytest.mark.parametrize("name", ["monk1", "digits", "drybean-84lut6", "mnist-300lut6"])
def test_ties_are_among_them(name: str) -> None:
    network = model_file.load(MODELS / f"{name}.lgn")
    scores = np.sort(network.scores(rows_of(network, 100)), axis=1)
    assert (scores[:, -1] == scores[:, -2]).sum() >= 10


def test_another_seed_gives_other_rows() -> None:
    network = model_file.load(MODELS / "monk1.lgn")
    assert not np.array_equal(rows_of(network, 20, 0), rows_of(network, 20, 1))


@pytest.mark.parametrize("number", [0, -1])
def test_no_vectors_are_refused(number: int) -> None:
    network = model_file.load(MODELS / "monk1.lgn")
    with pytest.raises(OptionError, match=f"{number} test vectors: give at least 1"):
        rows_of(network, number)


def test_too_many_vectors_are_refused() -> None:
    network = model_file.load(MODELS / "monk1.lgn")
    most = MAX_VALUES // network.features.n_features
    with pytest.raises(OptionError, match=f"give {most} at most"):
        rows_of(network, most + 1)


def test_the_text_has_the_golden_results() -> None:
    network = model_file.load(MODELS / "monk1.lgn")
    rows = rows_of(network, 3)
    text = vectors_text(network, prepared(network).logic, "net", rows)
    scores = ", ".join(map(str, network.scores(rows).ravel()))
    assert f"vector_scores[VECTORS * NET_CLASSES] = {{\n    {scores}\n}};" in text
    classes = ", ".join(map(str, network.decisions(rows)))
    assert f"vector_classes[VECTORS] = {{\n    {classes}\n}};" in text


@settings(max_examples=15)
@given(network=networks(bits=True))
def test_bits_are_packed_row_by_row(network: LogicNet) -> None:
    assert isinstance(network.head, Bits)
    rows = rows_of(network, 5)
    text = vectors_text(network, prepared(network).logic, "net", rows)
    body = text.split("vector_bits[] = {")[1].split("}")[0]
    packed = np.array([int(number) for number in body.split(",")], np.uint8).reshape(5, -1)
    bits = np.unpackbits(packed, axis=1, bitorder="little")[:, : network.head.n]
    assert np.array_equal(bits, network.decisions(rows))


def test_the_hash_is_fnv_1a() -> None:
    # The published values of the empty text and of the byte 0; a bit is a byte of 0 or 1.
    assert hashes(np.zeros((0, 1), np.bool_)).tolist() == [0x811C9DC5]
    assert hashes(np.zeros((1, 1), np.bool_)).tolist() == [0x050C5D1F]
    bits = np.array([[0, 1, 0], [0, 0, 1]], np.bool_)
    assert len(set(hashes(bits).tolist())) == 3
