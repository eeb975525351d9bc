"""Rows to predict, from every kind of file."""

import gzip
import struct

import numpy as np
import pytest

from lgn2hdl.base.errors import DataError
from lgn2hdl.datasets import load_dataset, read_rows
from lgn2hdl.model.features import fit_features, integer_features

PIXELS = integer_features(4, 8)
ROWS = np.array([[1, 2, 3, 4], [5, 6, 7, 255]], np.uint8)
MIXED = fit_features(
    np.array([[0.5, 0], [1.5, 1]]),
    column_names=("size", "colour"),
    categories=((), ("blue", "red")),
)


def test_numpy_files(tmp_path):
    np.save(tmp_path / "a.npy", ROWS.reshape(2, 2, 2))
    np.savez(tmp_path / "b.npz", x=ROWS, x_test=ROWS + 1, y=np.zeros(2))
    np.savez_compressed(tmp_path / "c.npz", x_train=ROWS[:1], x_test=ROWS)
    for name in ("a.npy", "b.npz", "c.npz"):
        np.testing.assert_array_equal(read_rows(tmp_path / name, PIXELS), ROWS)


@pytest.mark.parametrize("name", ["images.gz", "images-idx3-ubyte", "images"])
def test_idx_images(tmp_path, name):
    data = bytes([0, 0, 8, 3]) + struct.pack(">3I", 2, 2, 2) + ROWS.tobytes()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    np.testing.assert_array_equal(read_rows(tmp_path / name, PIXELS), ROWS)


def test_csv_columns_by_name(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("label,colour,remark,size\nx,red,?,0.75\ny,green,,1e3\nz,,,-2\n")
    expected = [[0.75, 1], [1000, -1], [-2, -1]]
    np.testing.assert_array_equal(read_rows(path, MIXED), expected)
    bits = MIXED.integers(read_rows(path, MIXED))[:, 1:]
    np.testing.assert_array_equal(bits, [[0, 1], [0, 0], [0, 0]])  # green sets no bit


def test_csv_of_a_data_set_gives_its_features(tmp_path):
    path = tmp_path / "a.csv"
    lines = [f"{i},{'ab'[i % 2]},{i % 2},{'test' if i > 7 else 'train'}" for i in range(10)]
    path.write_text("\n".join(["n,c,label,split", *lines]))
    dataset = load_dataset(str(path))
    integers = dataset.features.integers(read_rows(path, dataset.features))
    np.testing.assert_array_equal(integers, np.r_[dataset.x_train, dataset.x_test])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"size\n1\n", "no column 'colour'"),
        ("a.csv", b"x,y\n1,2\n", "no column 'size' and 1 more"),
        ("a.csv", b"size,colour\nbig,red\n", "line 2: column 'size' is 'big'"),
        ("a.csv", b"size,colour\n1,red\n,red\n", "line 3: column 'size' is empty"),
        ("a.npy", b"junk", "not an NPY file"),
        ("a.npz", b"junk", "not an NPZ file"),
        ("a.txt", b"junk", "no file of rows"),
        ("a", b"", "no file of rows"),
        ("a.gz", gzip.compress(b"junk", mtime=0), "not an IDX file"),
    ],
)
def test_bad_files(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message) as error:
        read_rows(tmp_path / name, MIXED)
    assert "\n" not in str(error.value)


def test_bad_arrays(tmp_path):
    np.savez(tmp_path / "a.npz", rows=ROWS)
    with pytest.raises(DataError, match="neither x nor x_test"):
        read_rows(tmp_path / "a.npz", PIXELS)
    np.save(tmp_path / "a.npy", ROWS[:, :3])
    with pytest.raises(DataError, match="rows of 3 columns, the model reads 4"):
        read_rows(tmp_path / "a.npy", PIXELS)
    np.save(tmp_path / "a.npy", ROWS.astype(object))
    with pytest.raises(DataError, match="pickled"):
        read_rows(tmp_path / "a.npy", PIXELS)
    np.save(tmp_path / "a.npy", ROWS[0])
    with pytest.raises(DataError, match="rows of columns"):
        read_rows(tmp_path / "a.npy", PIXELS)
    for path in (tmp_path / "absent.npy", tmp_path / "absent.npz", tmp_path / "absent"):
        with pytest.raises(DataError, match="no file"):
            read_rows(path, PIXELS)
    with pytest.raises(DataError, match="is a folder"):
        read_rows(tmp_path, PIXELS)
