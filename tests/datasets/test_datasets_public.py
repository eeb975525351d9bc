"""The public sets against independently prepared arrays of the same data."""

import hashlib
import io
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest

from lgn2hdl.base.errors import DataError, OptionError
from lgn2hdl.datasets import DATASET_NAMES, catalogue, limits, load_dataset, public
from lgn2hdl.datasets.sources import Places, PublicFile
from lgn2hdl.datasets.split import stratified_test_rows
from lgn2hdl.datasets.types import digest

# Sizes: training rows, test rows, features, bits of the widest feature, classes.
SIZES = {
    "digits": (1438, 359, 64, 5, 10),
    "monk1": (124, 432, 17, 1, 2),
    "monk2": (169, 432, 17, 1, 2),
    "monk3": (122, 432, 17, 1, 2),
    "adult": (32561, 16281, 105, 12, 2),
    "breast-cancer": (207, 70, 41, 1, 2),
    "drybean": (10888, 2723, 16, 12, 7),
    "mnist": (60000, 10000, 784, 8, 10),
    "fashion-mnist": (60000, 10000, 784, 8, 10),
}

# Models record these hashes: a change here makes published results irreproducible.
HASHES = {
    "digits": "1ee3ea18b8765d55",
    "monk1": "fdefe66fee268e2b",
    "monk2": "b9f9392537265143",
    "monk3": "fa0301116df12e63",
    "adult": "cb82649c5d88559f",
    "breast-cancer": "99ab914c171dfac4",
    "drybean": "299061ce5c344526",
    "mnist": "401c3002f21cf04a",
    "fashion-mnist": "6c1f565c21256e1a",
}


def one_line(error):
    return "\n" not in str(error.value)


def arrays_of(path):
    return limits.read_npz(path)


def test_every_set_is_listed_here():
    with_their_own_tests = {"cifar10", "cifar10-jpeg75"}
    assert set(SIZES) == set(HASHES) == set(DATASET_NAMES) - with_their_own_tests


@pytest.mark.parametrize("name", SIZES)
def test_sizes_and_hashes(name, data_folder):
    dataset = load_dataset(name, data_dir=data_folder, download=False)
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
    table = public.digits()
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


def sorted_rows(x, y):
    order = public.bean_order(x.astype(np.float64), y)
    return np.c_[x, y][order]


def test_dry_bean_has_the_rows_of_the_arrays(data_folder):
    known = arrays_of(data_folder / "tabular/drybean.npz")
    table = public.load("drybean", data_dir=data_folder, download=False)
    assert list(table.column_names) == known["feature_names"].tolist()
    assert list(table.class_names) == known["class_names"].tolist()
    for part in ("train", "test"):
        mine = np.c_[getattr(table, f"x_{part}"), getattr(table, f"y_{part}")]
        np.testing.assert_array_equal(mine, sorted_rows(known[f"x_{part}"], known[f"y_{part}"]))


def bean_archive(arrays, change=None):
    """The public archive as it would be, made from the arrays, rows in another order."""
    x = np.concatenate([arrays["x_train"], arrays["x_test"]])
    y = np.concatenate([arrays["y_train"], arrays["y_test"]])
    order = np.random.default_rng(5).permutation(len(x))
    lines = ["% a remark", "@RELATION Dry_Beans_Dataset", "@ATTRIBUTE Area\tINTEGER", "", "@DATA"]
    lines += [",".join([*map(repr, x[i].tolist()), arrays["class_names"][y[i]]]) for i in order]
    text = "\r\n".join(lines)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(catalogue.DRY_BEAN_MEMBER, change(text) if change else text)
    return buffer.getvalue()


def bean_places(folder, archive):
    file = PublicFile("uci/raw/beans.zip", "", hashlib.sha256(archive).hexdigest(), len(archive))
    path = folder / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(archive)
    return file, Places(folder, folder / "cache", download=False)


def test_dry_bean_from_the_archive_is_the_same(data_folder, tmp_path):
    arrays = arrays_of(data_folder / "tabular/drybean.npz")
    table = public.dry_bean(*bean_places(tmp_path, bean_archive(arrays)))
    known = public.load("drybean", data_dir=data_folder, download=False)
    for key in ("x_train", "y_train", "x_test", "y_test"):
        np.testing.assert_array_equal(getattr(table, key), getattr(known, key))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("0.", "0.9", 1), "not those of the public file"),
        (lambda text: text.replace("@DATA", "", 1), "damaged"),
        (lambda text: text.replace("SIRA", "SIRAH", 1), "damaged"),
        (lambda text: text + ",1", "damaged"),
        (lambda text: text + " " * (public.MAX_ARFF_BYTES + 1), "longer than"),
    ],
)
def test_altered_dry_bean_archive(change, message, data_folder, tmp_path):
    arrays = arrays_of(data_folder / "tabular/drybean.npz")
    file, places = bean_places(tmp_path, bean_archive(arrays, change))
    with pytest.raises(DataError, match=message) as error:
        public.dry_bean(file, places)
    assert one_line(error)


def test_damaged_dry_bean_files(tmp_path):
    file, places = bean_places(tmp_path, b"no archive")
    with pytest.raises(DataError, match="damaged"):
        public.dry_bean(file, places)
    arrays = tmp_path / catalogue.DRY_BEAN_ARRAYS
    arrays.parent.mkdir()
    np.savez(arrays, x_train=np.zeros((3, 2)))
    with pytest.raises(DataError, match="not the Dry Bean data"):
        public.dry_bean(file, places)
    np.savez(arrays, **{key: np.zeros(3) for key in ("x_train", "y_train", "x_test", "y_test")})
    with pytest.raises(DataError, match="not those of the public file"):
        public.dry_bean(file, places)


def test_dry_bean_rows_are_sorted_and_split_by_the_marks(tmp_path, monkeypatch):
    random = np.random.default_rng(0)
    x, y = random.permutation(320).reshape(20, 16).astype(float), random.integers(0, 7, 20)
    (tmp_path / "tabular").mkdir()
    np.savez(
        tmp_path / catalogue.DRY_BEAN_ARRAYS,
        x_train=x[:12], y_train=y[:12], x_test=x[12:], y_test=y[12:],
    )  # fmt: skip
    order = np.argsort(x[:, 0])
    monkeypatch.setattr(public, "BEANS_SHA256", digest({"x": x[order], "y": y[order]}))
    table = public.load("drybean", data_dir=tmp_path, download=False)
    packed = (Path(public.__file__).parent / "data" / "drybean_test_rows.bin").read_bytes()
    test = [bool(packed[row // 8] >> (7 - row % 8) & 1) for row in range(20)]
    assert 0 < sum(test) < 20
    for part, marked in (("train", False), ("test", True)):
        rows = [row for row, mark in zip(order, test, strict=True) if mark == marked]
        np.testing.assert_array_equal(getattr(table, f"x_{part}"), x[rows])
        np.testing.assert_array_equal(getattr(table, f"y_{part}"), y[rows])


@pytest.mark.parametrize("name", [name for name in DATASET_NAMES if name != "digits"])
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
        return public.digits()

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


def test_stratified_split():
    labels = np.repeat([7, 3, 5], [10, 4, 2])
    test = stratified_test_rows(labels)
    assert [int(test[labels == label].sum()) for label in (7, 3, 5)] == [2, 1, 0]
    np.testing.assert_array_equal(test, stratified_test_rows(labels))
    assert (test != stratified_test_rows(labels, seed=1)).any()
