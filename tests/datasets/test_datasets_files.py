"""The user's own NPZ and CSV data sets, good and bad."""

import gzip
import io
import struct
import zipfile
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lgn2hdl.base.errors import DataError
from lgn2hdl.datasets import limits, load_dataset, parsers
from lgn2hdl.model.heads.bits import MAX_OUTPUT_BITS

GOOD = {
    "x_train": np.array([[1, 200], [3, 4], [5, 6], [7, 8]], np.uint8),
    "y_train": np.array([0, 1, 0, 1]),
    "x_test": np.array([[2, 3], [4, 5]], np.uint8),
    "y_test": np.array([1, 0]),
}


def save(path, **changes):
    """Write the good arrays with changes; None leaves one out."""
    arrays = {key: value for key, value in (GOOD | changes).items() if value is not None}
    np.savez(path, **arrays)
    return str(path)


@pytest.fixture
def npz(tmp_path):
    return tmp_path / "data.npz"


@pytest.fixture
def csv(tmp_path):
    path = tmp_path / "data.csv"

    def write(text, encoding="utf-8"):
        path.write_bytes(text.encode(encoding))
        return str(path)

    return write


def refused(path, message, **options):
    with pytest.raises(DataError, match=message) as error:
        load_dataset(path, **options)
    assert "\n" not in str(error.value)


def test_bytes_stay_bytes(npz):
    dataset = load_dataset(save(npz))
    assert dataset.name == "data.npz"
    assert dataset.features.width.tolist() == [8, 8]
    np.testing.assert_array_equal(dataset.x_train, GOOD["x_train"])
    np.testing.assert_array_equal(dataset.y_test, [1, 0])
    assert dataset.class_names == ("0", "1")
    assert dataset.features.column_names == ("x0", "x1")
    assert dataset.image_shape is None


def test_compressed_and_fortran_order(npz):
    np.savez_compressed(npz, **(GOOD | {"x_train": np.asfortranarray(GOOD["x_train"])}))
    np.testing.assert_array_equal(load_dataset(str(npz)).x_train, GOOD["x_train"])


def test_images_are_flattened(npz):
    images = np.arange(4 * 2 * 3, dtype=np.uint8).reshape(4, 2, 3)
    dataset = load_dataset(save(npz, x_train=images, x_test=images[:2]))
    np.testing.assert_array_equal(dataset.x_train, images.reshape(4, 6))
    assert dataset.image_shape == (2, 3)


def test_integers_keep_their_values_and_reals_are_scaled(npz):
    x = np.array([[-3, 0.0], [12, 0.5], [0, 0.25], [1, 1.0]])
    dataset = load_dataset(save(npz, x_train=x, x_test=x[:2]), input_width=4)
    np.testing.assert_array_equal(dataset.x_train[:, 0], x[:, 0] + 3)
    np.testing.assert_array_equal(dataset.x_train[:, 1], [0, 8, 4, 15])


@pytest.mark.parametrize(
    ("train", "test", "names", "codes"),
    [
        (["b", "a", "b", "a"], ["a", "b"], ("a", "b"), [0, 1]),
        ([10, -2, 9, 10], [9, 10], ("-2", "9", "10"), [1, 2]),
        ([b"no", b"yes", b"no", b"yes"], [b"no", b"yes"], ("no", "yes"), [0, 1]),
        ([True, False, True, False], [False, True], ("False", "True"), [0, 1]),
    ],
)
def test_labels(npz, train, test, names, codes):
    dataset = load_dataset(save(npz, y_train=np.array(train), y_test=np.array(test)))
    assert dataset.class_names == names
    np.testing.assert_array_equal(dataset.y_test, codes)


def test_class_names(npz):
    dataset = load_dataset(save(npz, class_names=np.array(["no", "yes"])))
    assert dataset.class_names == ("no", "yes")
    text = {"y_train": np.array(["yes", "no", "no", "no"]), "y_test": np.array(["yes", "no"])}
    dataset = load_dataset(save(npz, class_names=np.array(["yes", "no"]), **text))
    np.testing.assert_array_equal(dataset.y_train, [0, 1, 1, 1])


def test_categories(npz):
    x = np.array([[0, 5, 2], [1, 7, 0], [-1, 9, 1], [0, 9, 1]], np.int8)
    dataset = load_dataset(
        save(
            npz,
            x_train=x,
            x_test=x[:2],
            feature_names=np.array(["colour", "size", "shape"]),
            cat_colour=np.array(["red", "blue"]),
            is_categorical=np.array([True, False, True]),
        )
    )
    assert dataset.features.categories == (("red", "blue"), (), ("0", "1", "2"))
    np.testing.assert_array_equal(dataset.x_train[:, :2], [[1, 0], [0, 1], [0, 0], [1, 0]])
    np.testing.assert_array_equal(dataset.x_train[:, 3:], np.eye(3)[x[:, 2]])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x_test": None, "y_test": None}, "has no x_test, y_test"),
        ({"y_train": np.array([0, 1])}, r"y_train has shape \(2,\).* 4 rows"),
        ({"x_test": np.zeros((2, 3))}, "rows of x_train have shape"),
        ({"x_train": np.zeros(4)}, "give rows of columns"),
        ({"x_train": np.zeros((4, 0)), "x_test": np.zeros((2, 0))}, "no columns"),
        ({"x_train": np.array([["a", "b"]] * 4)}, "give numbers"),
        ({"x_train": np.zeros((4, 2), complex)}, "save numbers or text"),
        ({"y_train": np.zeros(4, int)}, "single class"),
        ({"y_test": np.array([1, 2])}, "label '2' occurs in the test rows"),
        ({"y_train": np.array([0.0, 1, 0, 1])}, "integers or text"),
        ({"y_train": np.zeros((4, 1), int)}, "one label a row in both"),
        ({"y_train": np.zeros((4, 1, 1), int)}, "one label a row in both"),
        ({"y_train": np.array(1)}, "one label a row in both"),
        ({"output_names": np.array(["a"])}, "has output_names, but one label a row"),
        ({"y_train": np.array(["a", "b"] * 2)}, "both"),
        ({"x_test": np.zeros((0, 2)), "y_test": np.zeros(0, int)}, "no test rows"),
        ({"x_train": np.zeros((0, 2)), "y_train": np.zeros(0, int)}, "no train rows"),
        ({"class_names": np.array(["a"])}, "labels from 0 to 1"),
        ({"class_names": np.array(["a", "b"]), "y_test": np.array([-1, 0])}, "labels from -1"),
        ({"class_names": np.array("a")}, "list of names"),
        ({"feature_names": np.array(["a"])}, "1 names"),
        ({"feature_names": np.array(["a", "a"])}, "1 different"),
        ({"is_categorical": np.array([True])}, "is_categorical has shape"),
        ({"is_categorical": np.array([True, False]), "cat_x0": np.array(["a"])}, "row 0 .*'x0'"),
        ({"is_categorical": np.ones(2, bool), "x_train": np.full((4, 2), 1e9)}, "has code"),
        ({"x_train": np.array([[1, 2], [3, np.nan], [0, 0], [1, 1]])}, "training rows: row 1 .*x1"),
        ({"x_test": np.array([[1, np.inf], [3, 4]])}, "test rows: row 0 .*'x1'"),
        (
            {"x_train": np.array([[1.7e308], [-1.7e308], [0], [0]]), "x_test": np.ones((2, 1))},
            "span",
        ),
    ],
)
def test_bad_npz(npz, changes, message):
    refused(save(npz, **changes), message)


BITS = {
    "y_train": np.array([[0, 1, 1], [1, 0, 1], [0, 0, 1], [1, 1, 1]]),
    "y_test": np.array([[1, 1, 0], [0, 0, 0]]),
}


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.int8])
def test_bit_targets(npz, dtype):
    bits = {key: y.astype(dtype) for key, y in BITS.items()}
    dataset = load_dataset(save(npz, **bits))
    assert dataset.has_bit_targets
    assert dataset.class_names == ("y0", "y1", "y2")
    for y, expected in ((dataset.y_train, BITS["y_train"]), (dataset.y_test, BITS["y_test"])):
        assert y.dtype == np.uint8
        assert not y.flags.writeable
        np.testing.assert_array_equal(y, expected)
    assert dataset.sha256 == load_dataset(save(npz, **BITS)).sha256


def test_bit_targets_have_names_and_their_own_hash(npz):
    plain = load_dataset(save(npz, **BITS))
    named = load_dataset(save(npz, **BITS, output_names=np.array(["lo", "hi", "carry"])))
    assert named.class_names == ("lo", "hi", "carry")
    swapped = load_dataset(save(npz, **{key: y[:, ::-1] for key, y in BITS.items()}))
    assert len({plain.sha256, named.sha256, swapped.sha256}) == 3
    assert not load_dataset(save(npz)).has_bit_targets


def test_one_output_bit_that_is_always_0(npz):
    dataset = load_dataset(save(npz, y_train=np.zeros((4, 1), int), y_test=np.zeros((2, 1), int)))
    assert dataset.y_train.tolist() == [[0]] * 4


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y_test": np.array([0, 1])}, r"y_test in .* has shape \(2,\).* rows of bits in both"),
        ({"y_train": np.array([0, 1, 0, 1])}, r"y_test in .* has shape \(2, 3\)"),
        ({"y_test": np.zeros((2, 4), int)}, r"y_test has shape \(2, 4\), but there are 3 outputs"),
        ({"y_test": np.zeros((2, 2), bool)}, r"y_test has shape \(2, 2\), but there are 3 outputs"),
        ({"y_train": np.zeros((3, 3), int)}, "x_train has 4 rows: give one target a row"),
        ({"y_train": np.full((4, 3), 2)}, "y_train holds 2 in row 0: bit targets are 0 or 1"),
        ({"y_test": np.array([[0, 0, 1], [0, -1, 0]])}, "y_test holds -1 in row 1"),
        ({"y_test": np.zeros((2, 3))}, "holds float64 values: give the bits 0 and 1"),
        ({"y_train": np.full((4, 3), "1")}, "holds <U1 values: give the bits"),
        ({"y_train": np.zeros((4, 0), int), "y_test": np.zeros((2, 0), int)}, "rows of 0 bits"),
        ({"y_train": np.zeros((4, MAX_OUTPUT_BITS + 1), bool)}, "rows of 32769 bits: give 1 to"),
        ({"output_names": np.array(["a", "b"])}, "2 names .* for 3 outputs"),
        ({"output_names": np.array(["a", "b", "a"])}, "2 different"),
        ({"output_names": np.array("abc")}, "list of names"),
        ({"class_names": np.array(["a", "b", "c"])}, "name these output_names"),
    ],
)
def test_bad_bit_targets(npz, changes, message):
    refused(save(npz, **(BITS | changes)), message)


def test_booleans_are_features_of_one_bit(npz):
    x = GOOD["x_train"] % 2 == 1
    dataset = load_dataset(save(npz, x_train=x, x_test=x[:2]))
    assert dataset.features.width.tolist() == [1, 1]
    np.testing.assert_array_equal(dataset.x_train, x)
    mixed = load_dataset(save(npz, x_train=x, x_test=x[:2].astype(np.uint8)))
    assert mixed.features.width.tolist() == [8, 8]


def test_labels_not_among_the_class_names(npz):
    text = {"y_train": np.array(["a", "b"] * 2), "y_test": np.array(["a", "c"])}
    refused(save(npz, class_names=np.array(["a", "b"]), **text), "'c' is not among")


def test_pickled_objects_are_refused(npz):
    np.savez(npz, **(GOOD | {"x_train": np.array([[1, "a"]] * 4, dtype=object)}))
    refused(str(npz), "pickled")


def test_files_that_are_no_npz(tmp_path, npz):
    refused(str(npz), "no file")
    npz.write_bytes(b"not a zip archive")
    refused(str(npz), "not an NPZ file")
    with zipfile.ZipFile(npz, "w") as archive:
        archive.writestr("x_train.npy", b"not an array")
    refused(str(npz), "not an NPZ file")
    (tmp_path / "folder.npz").mkdir()
    refused(str(tmp_path / "folder.npz"), "is a folder")


def npy_header(shape, descr="|u1"):
    buffer = io.BytesIO()
    header = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(buffer, header)
    return buffer.getvalue()


@pytest.mark.parametrize("shape", [(1 << 40,), (1 << 20, 1 << 20), (4, 1 << 62), (7,), (-1, 2)])
def test_headers_that_ask_for_more_than_there_is(npz, shape):
    with zipfile.ZipFile(npz, "w") as archive:
        archive.writestr("x_train.npy", npy_header(shape) + b"123")
    refused(str(npz), "damaged|truncated")


@pytest.mark.parametrize("size", [132, 1 << 40])
def test_headers_that_ask_for_more_than_the_member_are_refused_unread(npz, size):
    with zipfile.ZipFile(npz, "w") as archive:
        archive.writestr("x_train.npy", npy_header((size,)) + b"123")  # 128 bytes and 3
    refused(str(npz), f"its header asks for {size} bytes, it has 131")


def test_zip_bomb(npz):
    """A member that says it expands to 5 GiB is refused before anything is read."""
    save(npz)
    data = bytearray(npz.read_bytes())
    entry = data.index(b"PK\x01\x02")  # central directory: sizes at 20 and 24
    data[entry + 24 : entry + 28] = struct.pack("<I", 0xFFFFFFFE)
    second = data.index(b"PK\x01\x02", entry + 4)
    data[second + 24 : second + 28] = struct.pack("<I", 0xFFFFFFFE)
    npz.write_bytes(data)
    refused(str(npz), "would expand to")


def test_member_that_lies_about_its_size(npz):
    """The directory and the header say 2 GiB, the data end after a few bytes."""
    shape = (1 << 31,)
    with zipfile.ZipFile(npz, "w") as archive:
        archive.writestr("x_train.npy", npy_header(shape) + bytes(100))
    data = bytearray(npz.read_bytes())
    entry = data.index(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = struct.pack("<I", (1 << 31) + 128)
    npz.write_bytes(data)
    refused(str(npz), "truncated|damaged")


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(0, 10_000), st.integers(0, 255), st.booleans())
def test_damaged_npz_never_ends_in_another_error(npz, position, value, cut):
    save(npz)
    data = bytearray(npz.read_bytes())
    position %= len(data)
    if cut:
        data = data[:position]
    else:
        data[position] = value
    npz.write_bytes(data)
    with suppress(DataError):  # most damage is harmless, and any other error fails the test
        load_dataset(str(npz))


CSV = "size,colour,label\n" + "".join(
    f"{index},{colour},{label}\n"
    for index, (colour, label) in enumerate([("red", "b"), ("blue", "a")] * 10)
)


def test_csv(csv):
    dataset = load_dataset(csv(CSV))
    assert dataset.name == "data.csv"
    assert dataset.class_names == ("a", "b")
    assert dataset.features.column_names == ("size", "colour")
    assert dataset.features.categories == ((), ("blue", "red"))
    assert (len(dataset.x_train), len(dataset.x_test)) == (16, 4)
    assert np.bincount(dataset.y_test).tolist() == [2, 2]
    for x, y in ((dataset.x_train, dataset.y_train), (dataset.x_test, dataset.y_test)):
        np.testing.assert_array_equal(x[:, 0] % 2, 1 - y)  # rows and labels stay together
        np.testing.assert_array_equal(x[:, 1:], np.eye(2)[y])
    assert sorted(np.r_[dataset.x_train, dataset.x_test][:, 0]) == list(range(20))


def test_csv_is_deterministic_and_follows_its_split_column(csv):
    assert load_dataset(csv(CSV)).sha256 == load_dataset(csv(CSV)).sha256
    lines = CSV.splitlines()
    marks = ["Split"] + ["test" if index in (3, 4) else "train" for index in range(20)]
    text = "\n".join(f"{mark},{line}" for mark, line in zip(marks, lines, strict=True))
    dataset = load_dataset(csv(text))
    np.testing.assert_array_equal(dataset.x_test[:, 0], [3, 4])
    assert dataset.features.column_names == ("size", "colour")


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_csv_as_spreadsheets_write_it(csv, end):
    text = end.join(['"a, b",y', *(f' {i} ,"{i % 2}"' for i in range(10)), ""])
    dataset = load_dataset(csv(text, "utf-8-sig"))
    assert dataset.features.column_names == ("a, b",)
    assert dataset.class_names == ("0", "1")


def test_csv_label_columns(csv):
    rows = "".join(f"{i % 2},{i},{i % 5}\n" for i in range(40))
    assert load_dataset(csv("p,q,r\n" + rows)).class_names == ("0", "1", "2", "3", "4")
    assert load_dataset(csv("Class,q,r\n" + rows)).class_names == ("0", "1")
    chosen = load_dataset(csv("p,q,y\n" + rows), label="p")
    assert chosen.class_names == ("0", "1")
    assert chosen.features.column_names == ("q", "y")


def test_csv_missing_category_sets_no_bit(csv):
    dataset = load_dataset(csv(CSV.replace("0,red", "0,?").replace("2,red", "2,")))
    x = np.r_[dataset.x_train, dataset.x_test]
    np.testing.assert_array_equal(x[np.isin(x[:, 0], [0, 2, 10, 12])][:, 1:], 0)
    assert dataset.features.categories[1] == ("blue", "red")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no rows"),
        ("a,label\n", "no rows"),
        ("a,label\n1,x\n2\n3,y\n", "line 3: 1 cells, the header has 2"),
        ("a,a,label\n1,2,x\n", "two columns are named 'a'"),
        (",a,label\n1,2,x\n", "column 1 has no name"),
        ("label\nx\ny\n", "no columns besides"),
        ("a;label\n1;x\n2;y\n", "separate columns by commas"),
        (CSV.replace("7,", "nan,", 1), "line 9: column 'size' is 'nan'"),
        (CSV.replace("7,", "inf,", 1), "line 9: column 'size' is 'inf'"),
        (CSV.replace("7,", "seven,", 1), "line 9: column 'size' is 'seven'"),
        (CSV.replace("7,", ",", 1), "line 9: column 'size' is empty"),
        (CSV.replace("7,blue,a", "7,blue,", 1), "line 9: no label"),
        (CSV.replace("blue,a", "blue,b"), "single class"),
        ("a,label\n1,x\n2,y\n", "too few rows"),
        ("a,b,label\n" + "1,,x\n2,,y\n" * 5, "column 'b' is empty"),
        (
            "a,label\n" + "".join(f"{i},{i}\n" for i in range(2000)),
            "2000 different labels.*--label",
        ),
        ("a,label\n" + "".join(f"id{i},{i % 2}\n" for i in range(2000)), "different texts"),
        ("a,split,label\n" + "1,train,x\n2,train,y\n", "no test rows"),
        ("a,split,label\n" + "1,test,x\n2,test,y\n", "no train rows"),
        ("a,split,label\n" + "1,train,x\n2,train,y\n3,test,z\n", "'z' occurs in the test rows"),
        ('a,label\n1,"x\n2,y\n' + "z" * 200_000, "field larger"),
    ],
)
def test_bad_csv(csv, text, message):
    refused(csv(text), message)


def test_csv_that_is_no_text(csv, tmp_path):
    refused(csv("ä,label\n1,x\n", "latin-1"), "not UTF-8")
    refused(csv(CSV), "no label column 'colours': it has size, colour, label", label="colours")
    refused(str(tmp_path / "absent.csv"), "no file")


def idx_bytes(array):
    return (
        bytes([0, 0, 8, array.ndim])
        + struct.pack(f">{array.ndim}I", *array.shape)
        + array.tobytes()
    )


@pytest.mark.parametrize("shape", [(3,), (2, 3, 4), (0, 5), (1, 2, 3, 4)])
def test_idx(shape):
    array = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    for data in (idx_bytes(array), gzip.compress(idx_bytes(array))):
        np.testing.assert_array_equal(parsers.idx(data, "it"), array)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not an IDX file"),
        (b"\0\0\x08", "not an IDX file"),
        (b"PNG and so on", "not an IDX file"),
        (b"\0\0\x0d\x01\0\0\0\x01\0\0\0\0", "unsigned bytes"),
        (b"\0\0\x08\x05" + bytes(20), "1 to 4 axes"),
        (b"\0\0\x08\x02\0\0", "not an IDX file"),
        (b"\0\0\x08\x01\0\0\0\x05abc", "damaged"),
        (b"\0\0\x08\x01\0\0\0\x02abc", "damaged"),
        (b"\0\0\x08\x04" + b"\xff" * 16, "asks for"),
        (gzip.compress(b"\0\0\x08\x01\0\0\0\x05abcde", mtime=0)[:-9], "damaged"),
        (gzip.compress(b"\0\0\x08\x01\0\0\0\x05" + bytes(1 << 22), mtime=0), "more than 13 bytes"),
        (gzip.compress(b"\0\0\x08\x01\0\0\0\x05abc", mtime=0), "damaged"),
    ],
)
def test_bad_idx(data, message):
    with pytest.raises(DataError, match=message):
        parsers.idx(data, "it")


def test_limit_of_a_file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert limits.read_file(path, 5) == b"12345"
    with pytest.raises(DataError, match="longer than 4 bytes"):
        limits.read_file(path, 4)


def test_file_that_cannot_be_opened(tmp_path):
    loop = tmp_path / "loop.csv"
    loop.symlink_to(loop)
    refused(str(loop), f"cannot read {loop}: ")
    refused(str(tmp_path / f"{'long' * 100}.csv"), "cannot read .*: ")
