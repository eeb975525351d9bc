"""Sets known row by row: the same table from arrays and from the public home."""

import hashlib
import io
import zipfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from lgn2hdl.base.errors import DataError
from lgn2hdl.datasets import catalogue, limits, parsers, readers, row_sets
from lgn2hdl.datasets.parsers import Coded
from lgn2hdl.datasets.row_sets import RowSet, after, in_sorted_order, read_rows, rows_digest
from lgn2hdl.datasets.sources import Places, PublicFile

ROWS = Coded(
    np.array([[1.0, 1], [1, 0], [0.5, 2], [1, 0], [0.5, 2]]),
    np.array([0, 1, 3, 0, 2]),
    ((), ("x", "y", "z")),
)
ORDERED = RowSet(
    "set/rows.npz",
    lambda places: ROWS,
    rows_digest(ROWS),
    after(3),
    column_names=("a", "kind"),
    class_names=("p", "q", "r", "s"),
    ordered=True,
    notes=("a note",),
)
SORTED = replace(ORDERED, ordered=False, sha256=rows_digest(in_sorted_order(ROWS)))


def places(folder):
    return Places(folder, folder / "cache", download=False)


def put_arrays(folder, known, rows, n_train, **changes):
    path = folder / known.arrays
    path.parent.mkdir(parents=True, exist_ok=True)
    x, y = rows.rows, rows.labels
    arrays = {
        "x_train": x[:n_train], "y_train": y[:n_train].astype(np.uint8),
        "x_test": x[n_train:], "y_test": y[n_train:].astype(np.uint8), "other": np.zeros(2),
    }  # fmt: skip
    named = zip(known.column_names, rows.categories, strict=True)
    arrays |= {f"cat_{column}": np.array(names) for column, names in named if names}
    np.savez(path, **(arrays | changes))
    return path


def assert_same_tables(one, other):
    for key in ("x_train", "y_train", "x_test", "y_test"):
        np.testing.assert_array_equal(getattr(one, key), getattr(other, key))
    assert (one.column_names, one.categories) == (other.column_names, other.categories)
    assert (one.class_names, one.notes) == (other.class_names, other.notes)


def test_the_order_of_the_source(tmp_path):
    table = read_rows(ORDERED, places(tmp_path))
    assert table.x_train.tolist() == ROWS.rows[:3].tolist()
    assert table.y_test.tolist() == [0, 2]
    assert table.categories == ROWS.categories
    assert table.notes == ("a note",)
    put_arrays(tmp_path, ORDERED, ROWS, 4)  # whatever their split is
    assert_same_tables(read_rows(ORDERED, places(tmp_path)), table)


def test_sorted_by_every_column_then_the_label(tmp_path):
    table = read_rows(SORTED, places(tmp_path))
    assert np.r_[table.y_train, table.y_test].tolist() == [2, 3, 0, 1, 0]
    shuffled = ROWS._replace(rows=ROWS.rows[::-1], labels=ROWS.labels[::-1])
    put_arrays(tmp_path / "cache", SORTED, shuffled, 2)
    assert_same_tables(read_rows(SORTED, places(tmp_path)), table)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x_train": np.zeros((3, 2))}, "holds are not those of the public data set"),
        ({"y_test": np.zeros(2, np.uint8)}, "are not those of the public data set"),
        ({"y_test": np.zeros(1, np.uint8)}, "are not those of the public data set"),
        ({"cat_kind": np.array(["x", "y", "w"])}, "are not those of the public data set"),
        ({"x_train": np.zeros(3), "x_test": np.zeros(2)}, "not those of the public data set"),
        ({"x_train": np.zeros((3, 1))}, "does not hold the data set"),
        ({"y_train": np.array(["p", "q", "r"])}, "does not hold the data set"),
    ],
)
@pytest.mark.parametrize("known", [ORDERED, SORTED])
def test_other_arrays(tmp_path, known, changes, message):
    path = put_arrays(tmp_path, known, ROWS, 3, **changes)
    with pytest.raises(DataError, match=message) as error:
        read_rows(known, places(tmp_path))
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_damaged_arrays(tmp_path):
    path = put_arrays(tmp_path, ORDERED, ROWS, 3)
    np.savez(path, x_train=np.zeros((3, 2)))
    with pytest.raises(DataError, match="does not hold the data set: replace or remove it"):
        read_rows(ORDERED, places(tmp_path))
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(DataError, match="not an NPZ file"):
        read_rows(ORDERED, places(tmp_path))


def test_other_rows_of_the_home(tmp_path):
    other = replace(ORDERED, home=lambda places: ROWS._replace(labels=ROWS.labels[::-1]))
    with pytest.raises(DataError, match="its public home delivered are not those"):
        read_rows(other, places(tmp_path))


def test_rules():
    labels = np.repeat([1, 0], [10, 5])
    assert row_sets.after(12)(labels).tolist() == [False] * 12 + [True] * 3
    fifth = row_sets.a_fifth_of_each_class(labels)
    assert (fifth[:10].sum(), fifth[10:].sum()) == (2, 1)
    packed = (Path(row_sets.__file__).parent / "data" / "drybean_test_rows.bin").read_bytes()
    marks = row_sets.marked("drybean_test_rows.bin")(np.zeros(20))
    assert marks.tolist() == [bool(packed[row // 8] >> (7 - row % 8) & 1) for row in range(20)]


FRAMES = {
    "letter": catalogue.LETTER,
    "satimage": catalogue.SATIMAGE,
    "shuttle": catalogue.SHUTTLE,
    "dna": catalogue.DNA,
    "vehicle": catalogue.VEHICLE,
}


def arrays_of(known, data_folder):
    if not (data_folder / known.arrays).is_file():
        pytest.skip(f"no {known.arrays} in the data folder")
    return limits.read_npz(data_folder / known.arrays)


@pytest.mark.parametrize("name", ["letter", "satimage", "shuttle", "dna"])
def test_sets_with_a_split_of_their_own(name, data_folder):
    known = arrays_of(FRAMES[name], data_folder)
    table = read_rows(FRAMES[name], places(data_folder))
    for key in ("x_train", "y_train", "x_test", "y_test"):
        np.testing.assert_array_equal(getattr(table, key), known[key])


@pytest.mark.parametrize("name", FRAMES)
def test_names_of_columns_and_classes(name, data_folder):
    known = arrays_of(FRAMES[name], data_folder)
    assert list(FRAMES[name].column_names) == known["feature_names"].tolist()
    assert list(FRAMES[name].class_names) == known["class_names"].tolist()


@pytest.mark.parametrize("known", FRAMES.values(), ids=FRAMES)
def test_frames_of_the_package_are_the_arrays(known, data_folder):
    """Where the data folder has the archive, too."""
    try:
        home = known.home(places(data_folder))
    except DataError as error:
        pytest.skip(str(error))
    arrays_of(known, data_folder)
    table = read_rows(
        replace(known, arrays="nowhere.npz", home=lambda _: home), places(data_folder)
    )
    assert_same_tables(table, read_rows(known, places(data_folder)))


def csv_text(known):
    """The file of UNSW-NB15 as published, from the arrays, which tell each row's number."""
    joined = {
        key: np.concatenate([known[f"{key}_train"], known[f"{key}_test"]])
        for key in ("id", "x", "attack_cat", "y")
    }
    order = np.argsort(joined["id"])
    columns = [joined["id"][order].tolist()]
    for name, values in zip(known["feature_names"], joined["x"][order].T, strict=True):
        kinds = known.get(f"cat_{name}")
        columns.append(
            [np.format_float_positional(value, trim="-") for value in values]
            if kinds is None
            else kinds[values.astype(int)].tolist()
        )
    columns += [known["attack_names"][joined["attack_cat"][order]], joined["y"][order].tolist()]
    header = ",".join(["id", *known["feature_names"], "attack_cat", "label"])
    return "\r\n".join(
        [header, *(",".join(map(str, row)) for row in zip(*columns, strict=True)), ""]
    )


def test_the_csv_file_of_unsw_nb15_is_the_arrays(data_folder, tmp_path):
    known = arrays_of(catalogue.UNSW_NB15_82K, data_folder)
    data = b"\xef\xbb\xbf" + csv_text(known).encode()
    (name,) = catalogue.UNSW_FILE.members
    (tmp_path / "unsw_nb15").mkdir()
    (tmp_path / "unsw_nb15" / name).write_bytes(data)
    table = read_rows(catalogue.UNSW_NB15_82K, places(tmp_path))  # (checks the file's sha256)
    assert_same_tables(table, read_rows(catalogue.UNSW_NB15_82K, places(data_folder)))


def test_the_split_of_unsw_nb15_is_that_of_the_arrays(data_folder):
    known = arrays_of(catalogue.UNSW_NB15_82K, data_folder)
    table = read_rows(catalogue.UNSW_NB15_82K, places(data_folder))
    assert list(table.column_names) == known["feature_names"].tolist()
    for part in ("train", "test"):
        rows = in_sorted_order(Coded(known[f"x_{part}"], known[f"y_{part}"], ()))
        np.testing.assert_array_equal(getattr(table, f"x_{part}"), rows.rows)
        np.testing.assert_array_equal(getattr(table, f"y_{part}"), rows.labels)
    assert not {*map(bytes, table.x_train)} & {*map(bytes, table.x_test)}


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


def beans_of(folder, archive):
    """Dry Bean from an archive in a folder."""
    path = folder / "uci/raw/beans.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(archive)
    digest = hashlib.sha256(archive).hexdigest()
    file = PublicFile("uci/raw/beans.zip", "", digest, len(archive))
    home = partial(readers.dry_bean, file, catalogue.DRY_BEAN_MEMBER, catalogue.BEAN_NAMES)
    return read_rows(replace(catalogue.DRY_BEAN, home=home), places(folder))


def test_dry_bean_has_the_rows_of_the_arrays(data_folder):
    known = arrays_of(catalogue.DRY_BEAN, data_folder)
    table = read_rows(catalogue.DRY_BEAN, places(data_folder))
    assert list(table.column_names) == known["feature_names"].tolist()
    assert list(table.class_names) == known["class_names"].tolist()
    for part in ("train", "test"):
        rows = in_sorted_order(Coded(known[f"x_{part}"], known[f"y_{part}"], ()))
        np.testing.assert_array_equal(getattr(table, f"x_{part}"), rows.rows)
        np.testing.assert_array_equal(getattr(table, f"y_{part}"), rows.labels)


def test_dry_bean_from_the_archive_is_the_same(data_folder, tmp_path):
    table = beans_of(tmp_path, bean_archive(arrays_of(catalogue.DRY_BEAN, data_folder)))
    assert_same_tables(table, read_rows(catalogue.DRY_BEAN, places(data_folder)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("0.", "0.9", 1), "not those of the public data set"),
        (lambda text: text.replace("@DATA", "", 1), "damaged"),
        (lambda text: text.replace("SIRA", "SIRAH", 1), "damaged"),
        (lambda text: text + ",1", "damaged"),
        (lambda text: text + " " * (readers.MAX_ARFF_BYTES + 1), "longer than"),
    ],
)
def test_altered_dry_bean_archive(change, message, data_folder, tmp_path):
    arrays = arrays_of(catalogue.DRY_BEAN, data_folder)
    with pytest.raises(DataError, match=message) as error:
        beans_of(tmp_path, bean_archive(arrays, change))
    assert "\n" not in str(error.value)


def test_damaged_dry_bean_archive(tmp_path):
    with pytest.raises(DataError, match="damaged"):
        beans_of(tmp_path, b"no archive")


def test_an_arff_file_without_rows(tmp_path):
    beans = parsers.dry_bean(b"@DATA\n", catalogue.BEAN_NAMES)
    with pytest.raises(DataError, match="are not those of the public data set"):
        read_rows(replace(catalogue.DRY_BEAN, home=lambda _: beans), places(tmp_path))
