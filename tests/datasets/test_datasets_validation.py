"""Rows for validation in the user's NPZ file."""

import numpy as np
import pytest

from lgn2hdl.base.errors import DataError
from lgn2hdl.datasets import load_dataset
from lgn2hdl.train.config import TrainConfig
from lgn2hdl.train.data.problem import Problem

X_TRAIN, X_VAL, X_TEST = (np.arange(2 * n).reshape(n, 2) + n for n in (6, 4, 2))
ARRAYS = {
    "x_train": X_TRAIN,
    "y_train": np.array([0, 1, 0, 1, 2, 2]),
    "x_val": X_VAL,
    "y_val": np.array([2, 0, 1, 0]),
    "x_test": X_TEST,
    "y_test": np.array([1, 0]),
}
N_TRAIN, N_VAL = len(X_TRAIN), len(X_VAL)


@pytest.fixture
def loaded(tmp_path):
    """The data set of these arrays; those that are None are left out."""

    def call(**changes):
        arrays = {key: value for key, value in (ARRAYS | changes).items() if value is not None}
        np.savez(tmp_path / "data.npz", **arrays)
        return load_dataset(str(tmp_path / "data.npz"))

    return call


def test_they_stand_behind_the_training_rows(loaded):
    dataset = loaded()
    assert dataset.notes == ()
    np.testing.assert_array_equal(dataset.validation, [False] * N_TRAIN + [True] * N_VAL)
    np.testing.assert_array_equal(dataset.y_train, [0, 1, 0, 1, 2, 2, 2, 0, 1, 0])
    together = loaded(
        x_train=np.concatenate([X_TRAIN, X_VAL]),
        y_train=np.concatenate([ARRAYS["y_train"], ARRAYS["y_val"]]),
        x_val=None,
        y_val=None,
    )
    np.testing.assert_array_equal(dataset.x_train, together.x_train)
    assert together.validation is None
    assert dataset.sha256 != together.sha256


def test_they_choose_and_do_not_train(loaded):
    dataset = loaded()
    problem = Problem(dataset, TrainConfig.of(layers=(12,), validation_fraction=0.5))
    np.testing.assert_array_equal(problem.x_validation, dataset.x_train[N_TRAIN:])
    np.testing.assert_array_equal(problem.y_validation, ARRAYS["y_val"])
    assert len(problem.x) == N_TRAIN


@pytest.mark.parametrize(
    "labels",
    [
        {},
        {"class_names": np.array(["p", "q", "r"])},
        {"y_train": np.array(list("pqpqrr")), "y_val": np.array([b"r", b"p", b"q", b"p"]),
         "y_test": np.array(["q", "p"])},
    ],
    ids=["integers", "indices", "text"],
)  # fmt: skip
def test_labels_of_every_kind(loaded, labels):
    dataset = loaded(**labels)
    np.testing.assert_array_equal(dataset.y_train[N_TRAIN:], ARRAYS["y_val"])
    np.testing.assert_array_equal(dataset.y_test, ARRAYS["y_test"])


def test_bits_images_and_categories(loaded):
    rng = np.random.default_rng(0)
    bits = {f"y_{part}": rng.integers(0, 2, (n, 3)) for part, n in
            (("train", N_TRAIN), ("val", N_VAL), ("test", 2))}  # fmt: skip
    assert loaded(**bits).y_train[N_TRAIN:].tolist() == bits["y_val"].tolist()
    images = {f"x_{part}": rng.integers(0, 2, (n, 2, 3)).astype(np.uint8) for part, n in
              (("train", N_TRAIN), ("val", N_VAL), ("test", 2))}  # fmt: skip
    dataset = loaded(**images)
    assert dataset.image_shape == (2, 3)
    assert int(dataset.features.width.max()) == 8
    np.testing.assert_array_equal(dataset.x_train[N_TRAIN:], images["x_val"].reshape(N_VAL, 6))
    codes = np.array([[0, 1], [1, 0], [0, 1], [1, 2]])
    marked = loaded(
        x_train=np.tile(codes[:2], (3, 1)),
        x_val=codes,
        x_test=codes[:2],
        is_categorical=np.array([False, True]),
    )
    assert marked.features.categories[1] == ("0", "1", "2")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y_val": None}, "has x_val, but no y_val: save both in it, or neither"),
        ({"x_val": None}, "has y_val, but no x_val: save both in it, or neither"),
        ({"x_val": X_VAL[:3]}, "x_val has 3 rows and y_val 4: give one target a row"),
        ({"x_val": X_VAL[:0], "y_val": np.zeros(0, int)}, "x_val has 0 rows and y_val 0"),
        ({"x_train": X_TRAIN[:5]}, "x_train has 5 rows and y_train 6"),
        ({"x_val": X_VAL[:, :1]}, r"rows of x_val \(1,\): give both the same"),
        ({"x_val": np.array([["a", "b"]] * 4)}, "x_val in .* holds <U1 values: give numbers"),
        ({"y_val": np.zeros((4, 2), int)}, "y_val in .* has shape .*both y_train and y_val"),
        ({"y_val": np.array([0.5] * 4)}, "y_val in .* holds float64 values"),
        ({"y_val": np.array(list("abcd"))}, "y_train and y_val must both be integers or both"),
        ({"y_val": np.array([0, 1, 2, 3])}, None),
        ({"y_train": np.array(list("pqpqrr")), "y_test": np.array(["q", "p"]),
          "y_val": np.array(["p", "NA", "q", "r"])}, "row 1 of y_val has no label"),
        ({"y_train": np.zeros((6, 3), int), "y_test": np.zeros((2, 3), int),
          "y_val": np.zeros((4, 2), int)}, "rows of y_train have 3 bits, rows of y_val 2"),
        ({"y_val": np.array([0, 1, 2, 0], np.uint64)}, "y_val uint64: give both the same"),
        ({"x_val": X_VAL.astype(np.uint64)}, "x_val uint64: give both the same"),
        ({"cat_x1": np.array([str(code) for code in range(30)]), "x_val": X_VAL + 20},
         r"row 3 of x_val has 31 in column 'x1'|no column 'x1'"),
    ],
)  # fmt: skip
def test_rows_that_do_not_go_with_the_others(loaded, changes, message):
    if message is None:  # a class that is only validated is one of the training rows' classes
        assert loaded(**changes).class_names == ("0", "1", "2", "3")
        return
    with pytest.raises(DataError, match=message) as error:
        loaded(**changes)
    assert "\n" not in str(error.value)
