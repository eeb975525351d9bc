"""Names and labels in the user's files: no two alike, none blank, numbers in their order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lgn2hdl.base.errors import DataError
from lgn2hdl.datasets import Missing, load_dataset
from lgn2hdl.datasets.labels import class_codes

ARRAYS = {
    "x_train": np.array([[0, 5], [1, 6], [2, 7], [0, 8]]),
    "y_train": np.array([0, 1, 0, 1]),
    "x_test": np.array([[2, 3], [1, 5]]),
    "y_test": np.array([1, 0]),
    "feature_names": np.array(["a", "b"]),
}


def saved(tmp_path, **changes):
    path = tmp_path / "data.npz"
    np.savez(path, **(ARRAYS | changes))
    return str(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cat_a": np.array(["r", "r", "g", "b"])}, "cat_a has 4 names .*'r' more than once"),
        ({"cat_a": np.array([], "U3")}, "cat_a has no names: name its codes, or leave it out"),
        ({"cat_a": np.array(["r", "", "b"])}, r"name 1 of cat_a is blank \(''\)"),
        ({"cat_a": np.array(["r", "g ", "b"])}, "name 1 of cat_a, 'g ', has blanks around it"),
        ({"cat_c": np.array(["r", "g", "b"])}, "has cat_c, but no column 'c'"),
        ({"class_names": np.array(["s", "s"])}, "class_names has 2 names .*'s' more than once"),
        ({"class_names": np.array(["s", " "])}, "name 1 of class_names is blank"),
        ({"class_names": np.array(["s", "\ud800"])}, "half of a character"),
        ({"feature_names": np.array(["", "b"])}, "name 0 of feature_names is blank"),
        ({"feature_names": np.array(["a", "\t"])}, "name 1 of feature_names is blank"),
        ({"feature_names": np.array([" a ", "b"])}, "name 0 of feature_names, ' a ', has blanks"),
        ({"feature_names": np.array(["b", "b"])}, "'b' more than once"),
        ({"is_categorical": np.array(["False", "True"])}, "is_categorical holds <U5 values"),
        ({"y_train": np.array(["p", "NA", "q", "p"]), "y_test": np.array(["p", "q"])},
         r"row 1 of y_train has no label \('NA'\)"),
        ({"y_train": np.array(["p", "q", "q", "p"]), "y_test": np.array(["p", ""])},
         r"row 1 of y_test has no label|row 1 of y_test is blank"),
        ({"y_train": np.array(["1", "2", "1.0", "2"]), "y_test": np.array(["1", "2"])},
         "labels '1' and '1.0' are the same number"),
        ({"x_train": np.array([[0, 2**53], [0, 2**53 + 1], [0, 0], [0, 1]])},
         "row 1 .* has 9007199254740993 in column 'b', beyond 2\\^53"),
        ({"x_train": np.array([[-(2**60), 1]] * 4)}, "column 'a', beyond 2"),
        ({"x_train": np.array([[2**64 - 1, 1]] * 4, np.uint64)}, "column 'a', beyond 2"),
    ],
)  # fmt: skip
def test_bad_names_and_labels_of_an_npz_file(tmp_path, changes, message):
    with pytest.raises(DataError, match=message) as error:
        load_dataset(saved(tmp_path, **changes))
    assert "\n" not in str(error.value)


def test_integers_up_to_2_to_the_53_are_good(tmp_path):
    edge = np.array([[0, 2**53], [1, -(2**53)], [2, 0], [0, 1]])
    assert load_dataset(saved(tmp_path, x_train=edge)).x_train[0, -1] == 4095


def test_class_names_may_hold_line_breaks(tmp_path):
    names = ("two\nlines", "tab\there")
    assert load_dataset(saved(tmp_path, class_names=np.array(names))).class_names == names


@pytest.mark.parametrize(
    ("labels", "order"),
    [
        (["10.0", "2.0", "1.0"], ("1.0", "2.0", "10.0")),
        (["1e3", "-5", "0.5", "+2"], ("-5", "0.5", "+2", "1e3")),
        (["9007199254740993", "9007199254740992"], ("9007199254740992", "9007199254740993")),
        (["1" * 40, "9"], ("9", "1" * 40)),
        (["1e999999", "3"], ("3", "1e999999")),
        (["10", "9", "none"], ("10", "9", "none")),
        (["1_0", "9"], ("1_0", "9")),
        (["\uff11", "0"], ("0", "\uff11")),
        (["inf", "2", "10"], ("10", "2", "inf")),
    ],
)
def test_order_of_labels(labels, order):
    y_train, y_test, names = class_codes(labels, labels[:1])
    assert names == order
    assert [names[code] for code in y_train] == labels
    assert [names[code] for code in y_test] == labels[:1]


@given(st.lists(st.integers(-(10**20), 10**20), min_size=1, unique=True), st.integers(0, 3))
def test_labels_that_are_numbers_are_in_numeric_order(values, digits):
    labels = [f"{value}.{'0' * digits}" if digits else str(value) for value in values]
    _, _, names = class_codes(labels, [])
    assert [int(name.split(".")[0]) for name in names] == sorted(values)


@pytest.mark.parametrize("pair", [("1", "1.0"), ("0", "-0"), ("100", "1e2"), ("7", "+7")])
def test_two_ways_to_write_a_number_are_not_two_classes(pair):
    with pytest.raises(DataError, match="are the same number: write both alike"):
        class_codes([*pair, "3"], [])


def test_missing_numbers_of_an_npz_file(tmp_path):
    x = np.array([[0.5, 5], [np.nan, 6], [2.5, 7], [1.5, 8]])
    path = saved(tmp_path, x_train=x, x_test=x[:2])
    with pytest.raises(DataError, match=r"training rows: row 1 .*'a'.* --missing median or flag"):
        load_dataset(path)
    dataset = load_dataset(path, missing=Missing.FLAG)
    assert dataset.features.missing == (1.5, 6.0)
    assert dataset.x_train[:, 1].tolist() == [0, 1, 0, 0]
    coded = saved(tmp_path, x_train=x, x_test=x[:2], cat_b=np.array(list("abcdefghi")))
    assert load_dataset(coded, missing=Missing.MEDIAN).features.missing == (1.5, None)


def test_an_image_with_flags_is_no_longer_an_image(tmp_path):
    x = np.arange(16.0).reshape(4, 2, 2)
    images = {"x_train": x, "x_test": x[:2], "feature_names": np.array(["a", "b", "c", "d"])}
    assert load_dataset(saved(tmp_path, **images)).image_shape == (2, 2)
    x[1, 1, 1] = np.nan
    path = saved(tmp_path, **images)
    assert load_dataset(path, missing=Missing.MEDIAN).image_shape == (2, 2)
    assert load_dataset(path, missing=Missing.FLAG).image_shape is None


def test_arrays_that_are_not_read_are_said(tmp_path):
    assert load_dataset(saved(tmp_path, cat_a=np.array(["r", "g", "b"]))).notes == ()
    path = saved(tmp_path, x_valid=np.zeros((1, 2)), feature_name=np.array(["a", "b"]))
    assert load_dataset(path).notes == ("arrays that are not read: 'x_valid', 'feature_name'",)
    many = load_dataset(saved(tmp_path, **{f"z{index}": np.zeros(1) for index in range(7)}))
    assert many.notes[0].endswith("'z4' and 2 more")
