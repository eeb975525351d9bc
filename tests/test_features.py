"""Raw columns to unsigned integers, against a reference written in plain Python."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lgn2hdl.errors import DataError
from lgn2hdl.features import (
    MAX_WIDTH,
    Features,
    fit_features,
    integer_features,
    require_same_features,
)


def fit(columns, categories=None, width=12):
    columns = np.array(columns, dtype=np.float64)
    return fit_features(
        columns,
        column_names=tuple(f"c{index}" for index in range(columns.shape[1])),
        categories=categories or ((),) * columns.shape[1],
        real_width=width,
    )


def reference(features, row):
    """The documented formula, feature by feature."""
    result = []
    for feature in range(features.n_features):
        value = float(row[features.column[feature]])
        if features.category[feature] >= 0:
            result.append(int(value == features.category[feature]))
            continue
        scaled = (value - float(features.offset[feature])) / float(features.step[feature])
        highest = 2 ** int(features.width[feature]) - 1
        result.append(highest if scaled > highest else max(0, math.floor(scaled + 0.5)))
    return result


numbers = st.floats(-1e6, 1e6) | st.integers(-5000, 5000).map(float)


@settings(deadline=None)
@given(st.data(), st.integers(1, 4), st.integers(1, MAX_WIDTH))
def test_integers_follow_the_formula(data, n_columns, width):
    row = st.lists(numbers, min_size=n_columns, max_size=n_columns)
    train = data.draw(st.lists(row, min_size=1, max_size=8))
    other = data.draw(st.lists(row, min_size=1, max_size=8))
    categories = tuple(
        ("a", "b", "c") if data.draw(st.booleans()) else () for _ in range(n_columns)
    )
    features = fit(train, categories, width)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        integers = features.integers(train + other)
    assert integers.dtype == features.dtype
    assert integers.tolist() == [reference(features, row) for row in train + other]


@given(st.lists(st.integers(-2000, 2000), min_size=1, max_size=20))
def test_integer_columns_that_fit_are_only_shifted(values):
    features = fit([[value] for value in values])
    shift = min(0, *values, 0)
    assert features.integers(np.array(values)[:, None])[:, 0].tolist() == [
        value - shift for value in values
    ]
    assert int(features.width[0]) == max(1, (max(values) - shift).bit_length())


@pytest.mark.parametrize("lowest", [-3, 0, 2])
@pytest.mark.parametrize("width", [1, 2, 3, 8])
def test_whole_numbers_are_scaled_only_where_they_do_not_fit(width, lowest):
    shift = min(lowest, 0)
    for highest in range(max(lowest + 1, 0), (1 << width) + 3):
        features = fit([[lowest], [highest]], width=width)
        span = highest - shift
        integers = features.integers([[lowest], [highest]])[:, 0].tolist()
        if span < 1 << width:
            assert features.step[0] == 1
            assert int(features.width[0]) == max(1, span.bit_length())
            assert integers == [lowest - shift, span]
        else:
            assert features.step[0] == (highest - lowest) / ((1 << width) - 1)
            assert int(features.width[0]) == width
            assert integers == [0, (1 << width) - 1]


@settings(deadline=None)
@given(st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=20), st.integers(1, MAX_WIDTH))
def test_scaled_columns_fill_their_range_in_order(values, width):
    values = [value + 0.1234567 for value in sorted(values)]
    features = fit([[value] for value in values], width=width)
    integers = features.integers(np.array(values)[:, None])[:, 0].astype(int)
    assert (np.diff(integers) >= 0).all()
    if features.width[0] == width and values[-1] - values[0] > 1e-3 and features.step[0] != 1:
        assert integers[0] == 0
        assert integers[-1] == 2**width - 1


@pytest.mark.parametrize("value", [0.5, -3.25, 1e300, 5e-324])
def test_column_that_never_varies(value):
    features = fit([[value], [value]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert features.integers([[value], [value + 1e6], [-1e6]]).max() <= features.highest[0]
    assert features.integers([[value]])[0, 0] == 0


def test_values_far_outside_are_clipped_without_a_warning():
    features = fit([[0.1], [0.2]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert features.integers([[1e308], [-1e308]]).tolist() == [[4095], [0]]


def test_range_that_no_float_holds():
    with pytest.raises(DataError, match="spans"):
        fit([[1.7e308], [-1.7e308]])


def test_categories_are_one_hot_and_unknown_ones_zero():
    features = fit([[0, 3.0], [2, 4.0]], (("a", "b", "c"), ()))
    assert features.n_features == 4
    assert features.integers([[0, 3], [1, 4], [2, 5], [-1, 6], [7, 7], [0.5, 7]]).tolist() == [
        [1, 0, 0, 3], [0, 1, 0, 4], [0, 0, 1, 5], [0, 0, 0, 6], [0, 0, 0, 7], [0, 0, 0, 7],
    ]  # fmt: skip


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint64, np.int64, np.float32, bool])
def test_plain_integers_pass_and_are_clipped(dtype):
    features = integer_features(3, 4)
    raw = np.array([[0, 1, 15], [16, 100, 7]]).astype(dtype)
    expected = np.minimum(raw.astype(int), 15)
    np.testing.assert_array_equal(features.integers(raw), expected)
    assert features.dtype == np.uint8
    assert integer_features(3, 9).dtype == np.uint16


def test_negative_integers_are_clipped():
    assert integer_features(2, 3).integers([[-1, -100]]).tolist() == [[0, 0]]


def test_images_and_empty_batches():
    features = integer_features(6, 8)
    images = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    np.testing.assert_array_equal(features.integers(images), images.reshape(2, 6))
    assert features.integers(images[:0]).shape == (0, 6)
    assert features.integers(np.zeros((0, 6))).shape == (0, 6)


def test_many_rows_are_taken_block_by_block():
    features = integer_features(1 << 10, 8)
    raw = np.random.default_rng(0).integers(0, 256, (5000, 1 << 10)).astype(np.uint8)
    np.testing.assert_array_equal(features.integers(raw), raw)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (np.zeros((2, 3)), r"shape \(2, 3\)"),
        (np.zeros(2), r"shape \(2,\)"),
        (np.zeros((2, 2, 2)), r"shape \(2, 2, 2\)"),
        (np.array([["a", "b"]]), "not numeric"),
        (np.array([[1, None]]), "not numeric"),
        (np.array([[1, 2], [3, np.nan]]), "row 1 .*'x1'"),
        (np.array([[-np.inf, 2]]), "row 0 .*'x0'"),
    ],
)
def test_bad_rows(raw, message):
    with pytest.raises(DataError, match=message) as error:
        integer_features(2, 8).integers(raw)
    assert "\n" not in str(error.value)


def test_fit_refuses_values_that_are_not_finite():
    with pytest.raises(DataError, match=r"row 1 .*'c0'"):
        fit([[1.0], [np.nan]])


GOOD = {
    "column": [0, 1],
    "width": [1, 4],
    "offset": [0.0, 0.0],
    "step": [1.0, 1.0],
    "category": [0, -1],
    "column_names": ("a", "b"),
    "categories": (("yes",), ()),
}


@pytest.mark.parametrize(
    "change",
    [
        {"column": [0]},
        {"column": [0, 2]},
        {"column": [-1, 0]},
        {"width": [0, 4]},
        {"width": [1, 17]},
        {"offset": [0.0, np.nan]},
        {"step": [1.0, 0.0]},
        {"step": [1.0, -1.0]},
        {"step": [1.0, np.inf]},
        {"step": [1.0, np.nan]},
        {"category": [1, -1]},
        {"category": [0, -2]},
        {"category": [0, 0]},
        {"categories": (("yes",),)},
        {key: [] for key in ("column", "width", "offset", "step", "category")},
    ],
)
def test_features_that_do_not_fit_together(change):
    Features(**GOOD)
    with pytest.raises(ValueError, match=r"feature|categor|step"):
        Features(**(GOOD | change))


@pytest.mark.parametrize(
    "change",
    [
        {"column": [0, 0]},
        {"width": [1, 5]},
        {"offset": [0.0, 1.0]},
        {"step": [1.0, 2.0]},
        {"category": [-1, -1]},
        {"column_names": ("a", "c")},
        {"categories": (("no",), ())},
    ],
)
def test_a_model_of_other_features_is_refused(change):
    require_same_features(Features(**GOOD), Features(**GOOD), "beans")
    for model, data in ((GOOD, GOOD | change), (GOOD | change, GOOD)):
        with pytest.raises(DataError, match="other columns than those of beans") as error:
            require_same_features(Features(**model), Features(**data), "beans")
        assert "\n" not in str(error.value)
