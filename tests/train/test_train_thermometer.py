import dataclasses
import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lgn2hdl.base.errors import DataError, OptionError
from lgn2hdl.model.features import Features, integer_features
from lgn2hdl.train.encoder.thermometer import ENCODERS, fit_thermometer


def _fit(column, kind, bits=3, thresholds=(), width=8):
    rows = np.array(column, np.uint8)[:, None]
    encoder = fit_thermometer(rows, integer_features(1, width), kind, bits, thresholds)
    return encoder.threshold.tolist()


def test_fixed_takes_the_thresholds_in_order_without_repeats():
    assert _fit(range(256), "fixed", thresholds=(200, 50, 50)) == [50, 200]


def test_uniform_divides_the_range_of_the_training_rows():
    assert _fit(range(101), "uniform") == [25, 50, 75]


def test_quantile_divides_the_rows_evenly():
    assert _fit(range(101), "quantile") == [26, 51, 76]


def test_quantile_looks_above_a_crowded_minimum():
    column = [0] * 900 + list(range(1, 101))
    assert _fit(column, "quantile") == [26, 51, 76]


def test_power_of_two_starts_from_the_top_bit():
    assert _fit(range(256), "power-of-two") == [32, 64, 128]
    assert _fit(range(16), "power-of-two", bits=9, width=4) == [1, 2, 4, 8]


def test_thresholds_that_separate_nothing_or_the_same_rows_are_dropped():
    assert _fit([0, 0, 10, 10], "fixed", thresholds=(5, 8, 11, 200)) == [5]


def test_one_bit_features_get_threshold_1_whatever_the_kind():
    for kind in ENCODERS:
        thresholds = (7,) if kind == "fixed" else ()
        assert _fit([0, 1], kind, thresholds=thresholds, width=1) == [1]


def test_bits_of_one_feature_are_neighbours_and_widths_may_differ():
    features = Features(
        column=np.arange(3),
        width=np.array([2, 1, 4]),
        offset=np.zeros(3),
        step=np.ones(3),
        category=np.full(3, -1),
        column_names=("a", "b", "c"),
        categories=((), (), ()),
    )
    rows = np.stack([np.arange(16) % 4, np.arange(16) % 2, np.arange(16)], 1).astype(np.uint8)
    encoder = fit_thermometer(rows, features, "power-of-two", 2)
    assert encoder.feature.tolist() == [0, 0, 1, 2, 2]
    assert encoder.threshold.tolist() == [1, 2, 1, 4, 8]


@given(
    st.lists(st.lists(st.integers(0, 255), min_size=2, max_size=2), min_size=2, max_size=30),
    st.sampled_from(("uniform", "quantile", "power-of-two")),
    st.integers(1, 9),
)
def test_every_bit_changes_and_no_two_bits_of_a_feature_agree(rows, kind, bits):
    x = np.array(rows, np.uint8)
    if (x == x[0]).all():
        with pytest.raises(DataError, match="separates two training rows"):
            fit_thermometer(x, integer_features(2, 8), kind, bits)
        return
    try:
        encoder = fit_thermometer(x, integer_features(2, 8), kind, bits)
    except DataError:
        assert kind == "power-of-two"  # no power may lie between the values
        return
    values = (x[:, encoder.feature] >= encoder.threshold).T
    assert (values.any(axis=1) & ~values.all(axis=1)).all()
    for feature in range(2):
        mine = values[encoder.feature == feature]
        assert len(np.unique(mine, axis=0)) == len(mine) <= bits


@pytest.mark.parametrize(
    ("kind", "bits", "thresholds", "message"),
    [
        ("gray", 3, (), "'gray' is unknown"),
        ("fixed", 3, (), "needs thresholds"),
        ("fixed", 3, (0,), "needs thresholds"),
        ("uniform", 0, (), "at least 1"),
    ],
)
def test_bad_options_are_named(kind, bits, thresholds, message):
    with pytest.raises(OptionError, match=message):
        _fit(range(9), kind, bits, thresholds)


FITTED = {
    ("quantile", 1): "49b091d4b7d0de31",
    ("quantile", 5): "aebcde019ea181ec",
    ("quantile", 12): "68e9428f232f188a",
    ("uniform", 1): "aa8a172b55d1157a",
    ("uniform", 6): "43a18e8d56b4e73d",
    ("power-of-two", 1): "ca8057b630d5fa7f",
    ("power-of-two", 4): "58ce9c56e2e72ff5",
    ("power-of-two", 20): "d11584508ea591bf",
    ("fixed", 3): "6d8a3341b0311418",
}
"""Hash of features and thresholds of an encoder, by kind and bits of a feature."""


@pytest.mark.parametrize("case", FITTED, ids=str)
def test_an_encoder_of_the_same_rows_stays_as_it_is(case):
    kind, bits = case
    widths = np.array([1, 2, 3, 5, 8, 8, 12, 16])
    rng = np.random.default_rng(7)
    rows = np.floor(rng.random((200, 8)) ** 3 * (1 << widths)).astype(np.int64)
    rows[:, 5] = 3 + (rows[:, 5] > 100)
    thresholds = (64, 2, 900) if kind == "fixed" else ()
    features = dataclasses.replace(integer_features(8, 1), width=widths)
    encoder = fit_thermometer(rows, features, kind, bits, thresholds)
    content = b"".join(
        np.ascontiguousarray(array, "<i4").tobytes()
        for array in (encoder.feature, encoder.threshold)
    )
    assert hashlib.sha256(content).hexdigest()[:16] == FITTED[case]
