import hashlib

import numpy as np
import pytest
from hardware import adder_network, features_of_widths, mixed_network, random_rows
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import networks

from lgn2hdl.model.corners import corner_rows, extreme_rows, threshold_rows, tied_rows
from lgn2hdl.model.network import LogicNet
from lgn2hdl.model.vectors import random_vectors


def base_of(network: LogicNet, number: int = 50) -> np.ndarray:
    return random_vectors(network.features, number).integers


def test_the_extremes():
    features = features_of_widths([1, 3, 12])
    rows = extreme_rows(features)
    assert rows.tolist() == [[0, 0, 0], [1, 7, 4095]]
    assert rows.dtype == features.dtype


@given(networks(), st.integers(1, 3), st.integers(0, 5))
@settings(max_examples=40)
def test_every_threshold_is_there_three_times_in_otherwise_equal_rows(network, contexts, seed):
    rows = threshold_rows(network, base_of(network), contexts=contexts, seed=seed).astype(int)
    encoder, highest = network.encoder, network.features.highest
    assert len(rows) % (3 * contexts) == 0
    triples = rows.reshape(-1, 3, network.features.n_features)
    for feature, threshold in zip(encoder.feature, encoder.threshold, strict=True):
        wanted = np.clip(np.arange(threshold - 1, threshold + 2), 0, highest[feature])
        assert (triples[:, :, feature] == wanted).all(axis=1).any()
    unread = np.setdiff1d(np.arange(network.features.n_features), encoder.feature)
    assert (triples[:, :, unread] == triples[:, :1, unread]).all()
    assert (rows >= 0).all()
    assert (rows <= highest).all()


def test_a_threshold_that_is_off_by_one_shows():
    """In the first context all features are at thresholds, in the others they have company."""
    network = mixed_network(3)
    rows = threshold_rows(network, base_of(network), contexts=4)
    encoder = network.encoder
    bits = rows[:, encoder.feature] >= encoder.threshold
    later = rows[:, encoder.feature] >= encoder.threshold + 1
    reachable = encoder.threshold <= network.features.highest[encoder.feature]
    np.testing.assert_array_equal((bits != later).any(axis=0), reachable)


@given(networks(bits=False), st.integers(0, 30))
@settings(max_examples=40)
def test_tied_rows_are_ties(network, most):
    rows = tied_rows(network, base_of(network), most)
    assert len(rows) <= most
    assert len(np.unique(rows, axis=0)) == len(rows)
    scores = np.sort(network.scores(rows), axis=1)
    np.testing.assert_array_equal(scores[:, -1], scores[:, -2])


def test_ties_of_all_pairs_of_classes_come_first():
    network = mixed_network(8, n_classes=4, width=40)
    base = base_of(network, 400)
    rows = tied_rows(network, base, 200)
    scores = network.scores(rows)
    best = scores == scores.max(axis=1)[:, None]
    pairs = [tuple(np.flatnonzero(row)[:2].tolist()) for row in best]
    n_pairs = len(set(pairs))
    assert n_pairs >= 4
    assert len(pairs) > n_pairs
    assert len(set(pairs[:n_pairs])) == n_pairs


def test_bits_have_no_ties():
    network = adder_network(2)
    assert tied_rows(network, base_of(network), 10).shape == (0, 4)


@pytest.mark.parametrize("most", [0, 1, 2, 3, 10, 1000])
def test_corner_rows_are_different_and_not_too_many(most):
    network = mixed_network(2)
    rows = corner_rows(network, base_of(network), most)
    assert len(rows) <= most
    assert len(np.unique(rows, axis=0)) == len(rows)
    np.testing.assert_array_equal(rows[:2], extreme_rows(network.features)[:most])
    assert rows.dtype == network.features.dtype
    np.testing.assert_array_equal(rows, corner_rows(network, base_of(network), most))
    if most == 1000:
        kinds = [threshold_rows(network, base_of(network)), tied_rows(network, base_of(network), 9)]
        for kind in kinds:
            assert {*map(tuple, kind.tolist())} <= {*map(tuple, rows.tolist())}


CORNERS = {
    # network seed, classes, rows of the base, most: hashes of thresholds, ties, and all corners
    (2, 3, 50, 40): "805c5d795789f75f",
    (8, 4, 400, 500): "55105be652aad280",
    (8, 2, 1, 12): "df3d2e738985e06f",
}


@pytest.mark.parametrize("case", CORNERS, ids=str)
def test_corners_of_a_seed_stay_as_they_are(case):
    """A model's folder has the same vectors for ever."""
    seed, n_classes, n_rows, most = case
    network = mixed_network(seed, n_classes=n_classes, width=40)
    base = random_rows(network.features, n_rows)
    kinds = [
        threshold_rows(network, base, contexts=3, seed=seed),
        tied_rows(network, base, most, seed=seed), corner_rows(network, base, most, seed=seed),
    ]  # fmt: skip
    content = b"".join(np.ascontiguousarray(rows, "<i8").tobytes() for rows in kinds)
    assert hashlib.sha256(content).hexdigest()[:16] == CORNERS[case]
