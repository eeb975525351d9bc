"""Raw columns to unsigned integers, against a reference written in plain Python."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lgn2hdl.base.errors import DataError
from lgn2hdl.model.features import (
    IS_MISSING,
    MAX_WIDTH,
    Features,
    Missing,
    fit_features,
    integer_features,
    require_same_features,
    with_medians,
)


def fit(columns, categories=None, width=12, missing=Missing.ERROR):
    columns = np.array(columns, dtype=np.float64)
    return fit_features(
        columns,
        column_names=tuple(f"c{index}" for index in range(columns.shape[1])),
        categories=categories or ((),) * columns.shape[1],
        real_width=width,
        missing=missing,
    )


def reference(features, row):
    """The documented formula, feature by feature."""
    result = []
    for feature in range(features.n_features):
        value = float(row[features.column[feature]])
        if features.category[feature] == IS_MISSING:
            result.append(int(math.isnan(value)))
            continue
        if math.isnan(value):
            value = features.missing[features.column[feature]]
        if features.category[feature] >= 0:
            result.append(int(value == features.category[feature]))
            continue
        scaled = (value - float(features.offset[feature])) / float(features.step[feature])
        highest = 2 ** int(features.width[feature]) - 1
        result.append(highest if scaled > highest else max(0, math.floor(scaled + 0.5)))
    return result


numbers = st.floats(-1e6, 1e6) | st.integers(-5000, 5000).map(float)


@pytest.mark.slow
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


@pytest.mark.parametrize(
    ("column", "value", "advice"),
    [
        (0, np.nan, ": remove or replace it, or train with --missing median or flag"),
        (0, np.inf, ": remove or replace it"),
        (1, np.nan, ": give the code of a category, or -1 where it is missing"),
        (1, -np.inf, ": give the code of a category, or -1 where it is missing"),
    ],
)
def test_advice_for_a_value_that_is_not_finite(column, value, advice):
    rows = np.array([[0.5, 0], [2.5, 1]])
    features = fit(rows, ((), ("a", "b")))
    rows[1, column] = value
    with pytest.raises(DataError) as error:
        features.integers(rows)
    assert str(error.value).endswith(f"in column 'c{column}'{advice}")


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


NAN = math.nan
gaps = numbers | st.just(NAN)


@settings(deadline=None)
@given(st.data(), st.sampled_from([Missing.MEDIAN, Missing.FLAG]), st.integers(1, MAX_WIDTH))
def test_missing_numbers_follow_the_formula(data, missing, width):
    n_columns = data.draw(st.integers(1, 3))
    row = st.lists(gaps, min_size=n_columns, max_size=n_columns)
    complete = data.draw(st.lists(numbers, min_size=n_columns, max_size=n_columns))
    train = [complete, *data.draw(st.lists(row, max_size=8))]
    other = data.draw(st.lists(row, min_size=1, max_size=8))
    features = fit(train, width=width, missing=missing)
    integers = features.integers(train + other)
    assert integers.tolist() == [reference(features, row) for row in train + other]
    for column in range(n_columns):
        known = sorted(row[column] for row in train if not math.isnan(row[column]))
        assert features.missing[column] == known[(len(known) - 1) // 2]
        flags = ((features.column == column) & (features.category == IS_MISSING)).sum()
        assert flags == (missing is Missing.FLAG and len(known) < len(train))


def test_missing_numbers_change_nothing_of_the_others():
    rows = np.array([[0.5, -3.0], [NAN, 4.0], [8.25, NAN], [1.5, 2.0]])
    known = fit([[0.5, -3.0], [8.25, 4.0], [1.5, 2.0]])
    median, flag = (fit(rows, missing=missing) for missing in (Missing.MEDIAN, Missing.FLAG))
    for name in ("column", "width", "offset", "step", "category"):
        np.testing.assert_array_equal(getattr(median, name), getattr(known, name))
    assert median.missing == flag.missing == (1.5, 2.0)
    assert flag.column.tolist() == [0, 0, 1, 1]
    assert flag.category.tolist() == [-1, IS_MISSING, -1, IS_MISSING]
    np.testing.assert_array_equal(flag.integers(rows)[:, [0, 2]], median.integers(rows))
    np.testing.assert_array_equal(flag.integers(rows)[:, [1, 3]], np.isnan(rows))
    whole = np.array([[1, 2], [3, 4]])
    np.testing.assert_array_equal(flag.integers(whole)[:, [1, 3]], 0)
    np.testing.assert_array_equal(flag.integers(whole), flag.integers(whole.astype(float)))


def test_rows_without_a_gap_are_as_before():
    rows = [[0.5, 0.0], [2.5, 1.0]]
    categories = ((), ("a", "b"))
    for missing in Missing:
        features = fit(rows, categories, missing=missing)
        np.testing.assert_array_equal(features.integers(rows), fit(rows, categories).integers(rows))
        assert features.missing == ((None, None) if missing is Missing.ERROR else (0.5, None))


def test_bytes_and_bits_may_be_missing_as_well():
    features = with_medians(integer_features(2, 8), np.array([[1, 9], [3, 9], [200, 0]], np.uint8))
    assert features.integers([[NAN, 5], [7, NAN]]).tolist() == [[3, 5], [7, 9]]
    assert features.integers(np.array([[4, 5]], np.uint8)).tolist() == [[4, 5]]


def test_what_may_not_be_missing():
    features = fit([[0.5, 0], [2.5, 1]], ((), ("a", "b")), missing=Missing.FLAG)
    with pytest.raises(DataError, match=r"row 0 .*'c1': give the code of a category, or -1"):
        features.integers([[NAN, NAN]])
    with pytest.raises(DataError, match=r"row 1 .* infinity in column 'c0': remove or replace it$"):
        features.integers([[NAN, 0], [-np.inf, 0]])
    with pytest.raises(DataError, match="column 'c0' has no value in any row: leave it out"):
        fit([[NAN, 1.0], [NAN, 2.0]], missing=Missing.MEDIAN)


def test_models_and_data_with_another_rule_differ():
    rows = [[0.5], [2.5]]
    plain, median = fit(rows), fit(rows, missing=Missing.MEDIAN)
    require_same_features(median, fit(rows, missing=Missing.MEDIAN), "it")
    with pytest.raises(DataError, match="other columns than those of it"):
        require_same_features(plain, median, "it")


@pytest.mark.parametrize(
    "change",
    [
        {"missing": (None,)},
        {"missing": (None, 1.0, None)},
        {"missing": (1.0, None)},
        {"missing": (None, math.nan)},
        {"missing": (None, math.inf)},
        {"category": [0, IS_MISSING], "missing": (None, None)},
        {"category": [IS_MISSING, -1], "missing": (None, 1.0)},
        {"category": [0, -3], "missing": (None, 1.0)},
    ],
)
def test_missing_values_that_do_not_fit(change):
    Features(**(GOOD | {"category": [0, IS_MISSING], "missing": (None, 1.0)}))
    with pytest.raises(ValueError, match=r"feature|categor|column"):
        Features(**(GOOD | {"category": [0, IS_MISSING]} | change))


@pytest.mark.parametrize(
    ("value", "dtype"), [(2**53 + 1, np.int64), (-(2**53) - 1, np.int64), (2**64 - 1, np.uint64)]
)
def test_integers_that_floats_do_not_hold_are_refused(value, dtype):
    edge = 2**53 if value > 0 else -(2**53)
    names = {"column_names": ("a", "b"), "categories": ((), ())}
    good = fit_features(np.array([[0, edge], [1, 0]], dtype), **names)
    assert good.integers(np.array([[0, edge]], dtype)).tolist() == [[0, 4095 if edge > 0 else 0]]
    with pytest.raises(DataError, match=rf"row 1 .* has {value} in column 'b', beyond 2\^53"):
        fit_features(np.array([[0, edge], [1, value]], dtype), **names)
