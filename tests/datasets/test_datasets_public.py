"""The public sets against independently prepared arrays of the same data."""

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest

from lgn2hdl.base.errors import DataError, OptionError
from lgn2hdl.datasets import DATASET_NAMES, limits, load_dataset, public, readers
from lgn2hdl.datasets.split import stratified_test_rows

# Sizes: training rows, test rows, features, bits of the widest feature, classes.
SIZES = {
    "digits": (1438, 359, 64, 5, 10),
    "monk1": (124, 432, 17, 1, 2),
    "monk2": (169, 432, 17, 1, 2),
    "monk3": (122, 432, 17, 1, 2),
    "adult": (32561, 16281, 105, 12, 2),
    "breast-cancer": (207, 70, 41, 1, 2),
    "drybean": (10888, 2723, 16, 12, 7),
    "letter": (16000, 4000, 16, 4, 26),
    "satimage": (4435, 2000, 36, 8, 6),
    "shuttle": (43500, 14500, 9, 12, 7),
    "dna": (2000, 1186, 180, 1, 3),
    "vehicle": (677, 169, 18, 10, 4),
    "unsw-nb15-82k": (57633, 24699, 190, 12, 2),
    "speech-digits": (2700, 300, 768, 8, 10),
    "mnist": (60000, 10000, 784, 8, 10),
    "fashion-mnist": (60000, 10000, 784, 8, 10),
}

OF_THE_PACKAGE = {"digits", "speech-digits"}

# Models record these hashes: a change here makes published results irreproducible.
HASHES = {
    "digits": "1ee3ea18b8765d55",
    "monk1": "fdefe66fee268e2b",
    "monk2": "b9f9392537265143",
    "monk3": "fa0301116df12e63",
    "adult": "cb82649c5d88559f",
    "breast-cancer": "99ab914c171dfac4",
    "drybean": "299061ce5c344526",
    "letter": "ed358ee88742c6ea",
    "satimage": "837eb7dd472aadc1",
    "shuttle": "db0e13a8b6346fba",
    "dna": "59400824a7c2c5c8",
    "vehicle": "9714db745bc6a73b",
    "unsw-nb15-82k": "709fb465fe8737f8",
    "speech-digits": "146848022f7502b9",
    "mnist": "401c3002f21cf04a",
    "fashion-mnist": "6c1f565c21256e1a",
}


def one_line(error):
    return "\n" not in str(error.value)


def arrays_of(path):
    return limits.read_npz(path)


def loaded(name, data_folder):
    """The set; skips the test where the data folder lacks it."""
    try:
        return load_dataset(name, data_dir=data_folder, download=False)
    except DataError as error:
        if "switched off" not in str(error):
            raise
        pytest.skip(str(error))


def test_every_set_is_listed_here():
    with_their_own_tests = {"cifar10", "cifar10-jpeg75"}
    assert set(SIZES) == set(HASHES) == set(DATASET_NAMES) - with_their_own_tests


@pytest.mark.parametrize("name", SIZES)
def test_sizes_and_hashes(name, data_folder):
    dataset = loaded(name, data_folder)
    train, test, features, width, classes = SIZES[name]
    assert dataset.x_train.shape == (train, features)
    assert dataset.x_test.shape == (test, features)
    assert dataset.y_train.shape == (train,)
    assert dataset.y_test.shape == (test,)
    assert int(dataset.features.width.max()) == width
    assert len(dataset.class_names) == classes
    assert set(dataset.y_train) == set(dataset.y_test) == set(range(classes))
    assert dataset.x_train.dtype == dataset.x_test.dtype == dataset.features.dtype
    assert (dataset.x_train <= dataset.features.highest).all()
    assert dataset.sha256.startswith(HASHES[name])


def test_digits_need_no_folder(tmp_path):
    digits = load_dataset("digits", data_dir=tmp_path, download=False)
    assert digits.image_shape == (8, 8)
    assert digits.sha256.startswith(HASHES["digits"])
    assert digits.x_train.max() == 16
    # A fifth of every class is for testing.
    total = np.bincount(np.r_[digits.y_train, digits.y_test])
    np.testing.assert_array_equal(np.bincount(digits.y_test), (total + 2) // 5)


def sha256(values, dtype):
    return hashlib.sha256(np.asarray(values, dtype).tobytes()).hexdigest()


def test_digits_are_those_of_scikit_learn():
    """The hashes are of ``data`` and ``target`` of scikit-learn 1.9.1's ``load_digits``."""
    source = arrays_of(Path(public.__file__).parent / "data" / "digits.npz")
    assert sha256(source["x"], np.uint8) == (
        "8f26b2bd9d135c256808f68f14fdabddde6d9c7f869ae419704b051f0f14b3b3"
    )
    assert sha256(source["y"], np.uint8) == (
        "8ba4f891220f5e4c9c819638d1602d74b83618f167043c6da52a2a247841ddf0"
    )
    table = readers.digits()
    test = stratified_test_rows(source["y"])
    np.testing.assert_array_equal(table.x_train, source["x"][~test])
    np.testing.assert_array_equal(table.y_train, source["y"][~test])
    np.testing.assert_array_equal(table.x_test, source["x"][test])
    np.testing.assert_array_equal(table.y_test, source["y"][test])


def test_data_sets_are_read_only():
    digits = load_dataset("digits")
    for array in (digits.x_train, digits.y_train, digits.x_test, digits.y_test):
        assert not array.flags.writeable


def test_hash_covers_labels_and_features(tmp_path):
    x = np.arange(8, dtype=np.uint8).reshape(4, 2)
    hashes = set()
    variants = (
        {},
        {"y_test": [0, 0, 1, 1]},
        {"class_names": ["no", "yes"]},
        {"feature_names": ["a", "b"]},
        {"x_test": x + 1},
    )
    for change in variants:
        arrays = {"x_train": x, "y_train": [0, 1, 0, 1], "x_test": x, "y_test": [0, 1, 0, 1]}
        np.savez(tmp_path / "a.npz", **(arrays | change))
        hashes.add(load_dataset(str(tmp_path / "a.npz")).sha256)
    assert len(hashes) == len(variants)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_monk_equals_the_arrays(number, data_folder):
    known = arrays_of(data_folder / f"uci/monk{number}.npz")
    table = public.load(f"monk{number}", data_dir=data_folder, download=False)
    np.testing.assert_array_equal(table.x_train + 1, known["x_train"])  # their values start at 1
    np.testing.assert_array_equal(table.x_test + 1, known["x_test"])
    np.testing.assert_array_equal(table.y_train, known["y_train"])
    np.testing.assert_array_equal(table.y_test, known["y_test"])
    assert [len(names) for names in table.categories] == known["n_values"].tolist()


def test_monk1_follows_its_rule(data_folder):
    monk = load_dataset("monk1", data_dir=data_folder, download=False)
    # Bits 0-2 are a1 = 1, 2, 3; bits 3-5 are a2; bit 11 is a5 = 1.
    same = (monk.x_test[:, 0:3] == monk.x_test[:, 3:6]).all(axis=1)
    np.testing.assert_array_equal(same | (monk.x_test[:, 11] == 1), monk.y_test == 1)


@pytest.mark.parametrize(
    ("name", "file"), [("adult", "adult"), ("breast-cancer", "breast_cancer_ljubljana")]
)
def test_tables_equal_the_arrays_cell_by_cell(name, file, data_folder):
    known = arrays_of(data_folder / f"uci/{file}.npz")
    table = public.load(name, data_dir=data_folder, download=False)
    for key in ("x_train", "y_train", "x_test", "y_test"):
        np.testing.assert_array_equal(getattr(table, key), known[key])
    assert list(table.column_names) == known["feature_names"].tolist()
    assert list(table.class_names) == known["class_names"].tolist()
    for column, names in zip(table.column_names, table.categories, strict=True):
        assert list(names) == (known[f"cat_{column}"].tolist() if names else [])
        assert bool(names) == (f"cat_{column}" in known)


@pytest.mark.slow
def test_missing_values_of_adult_set_no_bit(data_folder):
    table = public.load("adult", data_dir=data_folder, download=False)
    adult = load_dataset("adult", data_dir=data_folder, download=False)
    workclass = table.column_names.index("workclass")
    missing = table.x_train[:, workclass] == -1
    bits = adult.x_train[:, adult.features.column == workclass].sum(axis=1)
    assert missing.any()
    np.testing.assert_array_equal(bits, ~missing)


def test_breast_cancer_split_is_scikit_learns():
    """The hashes are of what scikit-learn 1.9.1 gives.

    ``train_test_split(numpy.arange(277), test_size=0.25, random_state=0)``.
    """
    order = np.random.RandomState(0).permutation(277)
    assert sha256(order[70:], "<u2") == (
        "e8620cacba87fcd77bcc76e86e8206d269f479b52b7e79bd7d805618b228bd19"
    )
    assert sha256(order[:70], "<u2") == (
        "45b313d84ce6a22c93775b58c1d3449153f00c150710bebc16bd2f4e03fc31bd"
    )


def test_speech_digits_need_no_folder(tmp_path):
    speech = load_dataset("speech-digits", data_dir=tmp_path, download=False)
    assert speech.image_shape == (48, 16)
    assert set(speech.features.width) == {8}
    assert np.bincount(speech.y_train).tolist() == [270] * 10
    assert np.bincount(speech.y_test).tolist() == [30] * 10


def test_speech_digits_equal_the_arrays(data_folder):
    path = data_folder / "speech_digits/speech_digits_logmel48x16.npz"
    if not path.is_file():
        pytest.skip(f"no {path}")
    known = arrays_of(path)
    speech = load_dataset("speech-digits")
    for part in ("train", "test"):
        pixels = known[f"x_{part}"].reshape(-1, 768)
        np.testing.assert_array_equal(getattr(speech, f"x_{part}"), pixels)
        np.testing.assert_array_equal(getattr(speech, f"y_{part}"), known[f"y_{part}"])
    assert list(speech.class_names) == known["class_names"].tolist()


@pytest.mark.parametrize("name", sorted({*DATASET_NAMES} - OF_THE_PACKAGE))
def test_sets_that_are_nowhere_name_their_files(name, tmp_path, monkeypatch):
    monkeypatch.setattr(public, "default_cache", lambda: tmp_path / "cache")
    with pytest.raises(DataError, match=r"(/|_jpeg75).*(is|are) not in .*folder") as error:
        load_dataset(name, data_dir=tmp_path / "folder", download=False)
    assert one_line(error)


def test_images_of_mnist(data_folder):
    mnist = load_dataset("mnist", data_dir=data_folder, download=False)
    assert mnist.image_shape == (28, 28)
    assert np.bincount(mnist.y_train).tolist() == [
        5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949,
    ]  # fmt: skip
    assert mnist.x_train.mean() / 255 == pytest.approx(0.1307, abs=1e-4)


def test_a_set_may_be_downloaded_unless_that_is_forbidden(monkeypatch):
    asked = []

    def load(name, *, data_dir, download, shown):
        asked.append((name, data_dir, download))
        return readers.digits()

    monkeypatch.setattr(public, "load", load)
    load_dataset("mnist")
    load_dataset("mnist", download=False)
    assert asked == [("mnist", None, True), ("mnist", None, False)]


def test_unknown_names_and_options(tmp_path):
    with pytest.raises(DataError, match=re.escape(", ".join(DATASET_NAMES))) as error:
        load_dataset("mnits")
    assert one_line(error)
    for width in (0, 17, -1):
        with pytest.raises(OptionError, match="1 to 16"):
            load_dataset("digits", input_width=width)
    with pytest.raises(OptionError, match="CSV"):
        load_dataset("digits", label="y")


def test_input_width_scales_real_columns(data_folder):
    narrow = load_dataset("drybean", data_dir=data_folder, input_width=6, download=False)
    assert set(narrow.features.width) == {6}
    assert narrow.x_train.max() == 63
    assert narrow.sha256 != load_dataset("drybean", data_dir=data_folder).sha256


def test_missing_services_of_unsw_are_a_category(data_folder):
    dataset = loaded("unsw-nb15-82k", data_folder)
    names = dict(zip(dataset.features.column_names, dataset.features.categories, strict=True))
    assert (len(names["proto"]), len(names["service"]), len(names["state"])) == (131, 13, 7)
    assert names["service"][0] == "-"
    assert (dataset.x_train[:, dataset.features.column == 2].sum(axis=1) == 1).all()
    assert "our own split" in dataset.notes[0]


def test_stratified_split():
    labels = np.repeat([7, 3, 5], [10, 4, 2])
    test = stratified_test_rows(labels)
    assert [int(test[labels == label].sum()) for label in (7, 3, 5)] == [2, 1, 0]
    np.testing.assert_array_equal(test, stratified_test_rows(labels))
    assert (test != stratified_test_rows(labels, seed=1)).any()
