"""Small files in the layouts of the public ones: what is read of them needs no data folder."""

import hashlib
import itertools
from pathlib import Path

import numpy as np
import pytest

from lgn2hdl.base.errors import DataError
from lgn2hdl.datasets import parsers, readers
from lgn2hdl.datasets.rdata import Column
from lgn2hdl.datasets.sources import Places, PublicFile
from lgn2hdl.datasets.types import MISSING


def files_in(folder: Path, *contents: bytes) -> tuple[list[PublicFile], Places]:
    """Public files of these bytes, in a data folder."""
    files = []
    for number, data in enumerate(contents):
        (folder / str(number)).write_bytes(data)
        files.append(PublicFile(str(number), "", hashlib.sha256(data).hexdigest(), len(data)))
    return files, Places(folder, folder / "cache", download=False)


def test_monk(tmp_path: Path) -> None:
    """Class, attributes, id; the ids are no data, and neither are empty lines."""
    rows = list(itertools.product(*(range(1, 1 + count) for count in parsers.MONK_VALUES)))
    assert len(rows) == 432

    def text(chosen: list[tuple[int, ...]]) -> bytes:
        lines = (f" {int(row[4] == 1)} {' '.join(map(str, row))} data_{row[0]}" for row in chosen)
        return ("\n".join(lines) + "\n\n").encode()

    files, places = files_in(tmp_path, text(rows[::5]), text(rows))
    table = readers.monk(files, places)
    assert (table.x_train + 1).tolist() == [list(row) for row in rows[::5]]
    assert (table.x_test + 1).tolist() == [list(row) for row in rows]
    assert table.y_train.tolist() == [int(row[4] == 1) for row in rows[::5]]
    assert table.y_test.tolist() == [int(row[4] == 1) for row in rows]
    assert table.categories[:3] == (("1", "2", "3"), ("1", "2", "3"), ("1", "2"))
    assert table.column_names == ("a1", "a2", "a3", "a4", "a5", "a6")
    assert table.class_names == ("0", "1")


ADULT_TRAIN = """\
39, State-gov, 77516, Bachelors, 13, Never-married, Adm-clerical, Not-in-family, White, Male, \
2174, 0, 40, United-States, <=50K
50, ?, 83311, Masters, 14, Never-married, Sales, Husband, White, Female, 0, 5, 13, Cuba, >50K

"""
ADULT_TEST = """\
|1x3 Cross validator
25, Private, 226802, Bachelors, 7, Divorced, Sales, Own-child, Black, Male, 0, 0, 41, Cuba, >50K.
"""


def test_adult(tmp_path: Path) -> None:
    """Names of both files, sorted; a missing one is no category; labels with and without a dot."""
    files, places = files_in(tmp_path, ADULT_TRAIN.encode(), ADULT_TEST.encode())
    table = readers.adult(files, places)
    assert table.categories[:4] == ((), ("Private", "State-gov"), (), ("Bachelors", "Masters"))
    assert table.x_train.tolist() == [
        [39, 1, 77516, 0, 13, 1, 0, 1, 1, 1, 2174, 0, 40, 1],
        [50, MISSING, 83311, 1, 14, 1, 1, 0, 1, 0, 0, 5, 13, 0],
    ]
    assert table.x_test.tolist() == [[25, 0, 226802, 0, 7, 0, 1, 2, 0, 1, 0, 0, 41, 0]]
    assert (table.y_train.tolist(), table.y_test.tolist()) == ([0, 1], [1])
    assert table.class_names == ("<=50K", ">50K")


def test_breast_cancer(tmp_path: Path) -> None:
    """Rows with a missing value are out; ranges are in the order of their numbers."""
    sizes = ("10-14", "5-9", "0-4", "20-24")
    labels = parsers.BREAST_CANCER_CLASSES
    lines = [
        f"{labels[number % 3 == 0]},30-39,premeno,{sizes[number % 4]},0-2,no,{number % 2 + 1},left,"
        "left_low,no"
        for number in range(100)
    ]
    lines.insert(7, lines[0].replace("premeno", "?"))
    files, places = files_in(tmp_path, "\n".join(lines).encode())
    table = readers.breast_cancer(files[0], places)
    assert table.categories[2] == ("0-4", "5-9", "10-14", "20-24")
    assert table.categories[5] == ("1", "2")
    order = np.random.RandomState(0).permutation(100)
    size = np.array([2, 1, 0, 3])[order % 4]
    for part, own in (("test", slice(70)), ("train", slice(70, None))):
        rows = getattr(table, f"x_{part}")
        assert rows[:, 2].tolist() == size[own].tolist()
        assert rows[:, 5].tolist() == (order[own] % 2).tolist()
        assert getattr(table, f"y_{part}").tolist() == (order[own] % 3 == 0).tolist()


@pytest.mark.parametrize("shape", [(2, 3), (1, 1)])
def test_images(tmp_path: Path, shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    arrays = [rng.integers(0, 256, (n, *own)) for n in (4, 2) for own in (shape, ())]
    contents = [
        bytes([0, 0, 8, array.ndim])
        + b"".join(size.to_bytes(4, "big") for size in array.shape)
        + array.astype(np.uint8).tobytes()
        for array in arrays
    ]
    files, places = files_in(tmp_path, *contents)
    table = readers.idx_images(files, ("a", "b"), places)
    assert table.x_train.tolist() == arrays[0].reshape(4, -1).tolist()
    assert table.y_train.tolist() == arrays[1].tolist()
    assert table.x_test.tolist() == arrays[2].reshape(2, -1).tolist()
    assert table.y_test.tolist() == arrays[3].tolist()
    assert (table.image_shape, table.plain_width) == (shape, 8)
    n_pixels = shape[0] * shape[1]
    assert table.column_names == tuple(f"x{index}" for index in range(n_pixels))
    assert table.categories == ((),) * n_pixels
    assert table.class_names == ("a", "b")


def test_the_layout_of_dry_bean() -> None:
    text = "@RELATION beans\n@DATA\n% a remark\n1,2.5,B\n\n3,4,A\n"
    rows = parsers.dry_bean(text.encode(), ("A", "B"))
    assert rows.rows.tolist() == [[1.0, 2.5], [3.0, 4.0]]
    assert rows.labels.tolist() == [1, 0]
    assert rows.categories == ((), ())


CSV = "\ufeffid,proto,rate,label\r\n1,udp,0.5,0\r\n2,-,1e3,1\r\n3,tcp,7,1\r\n"


def test_columns_of_a_csv_file_by_name() -> None:
    rows = parsers.labelled_csv(
        CSV.encode(), ("rate", "proto"), frozenset({"proto"}), "label", "f.csv"
    )
    assert rows.rows.tolist() == [[0.5, 2], [1000, 0], [7, 1]]
    assert rows.labels.tolist() == [0, 1, 1]
    assert rows.categories == ((), ("-", "tcp", "udp"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "proto,rate,label\n",
        CSV.replace("rate", "speed"),
        CSV.replace("0.5", "fast"),
        CSV.replace(",1\r", "\r", 1),
        CSV.replace(",label", ""),
        CSV.replace(",0\r", ",none\r"),
    ],
)
def test_another_csv_file(text: str) -> None:
    with pytest.raises(DataError, match=r"^f\.csv is not the known CSV file") as error:
        parsers.labelled_csv(
            text.encode(), ("rate", "proto"), frozenset({"proto"}), "label", "f.csv"
        )
    assert "\n" not in str(error.value)


FRAME = {
    "a": Column(np.array([3, 1]), ()),
    "kind": Column(np.array([1, 0]), ("x", "y")),
    "bit": Column(np.array([0, 1]), ("10", "20")),
}


def test_rows_of_a_data_frame() -> None:
    """The label may be anywhere; the codes of a factor of numbers are not the numbers."""
    rows = parsers.frame_rows(FRAME, "kind", ("x", "y"))
    assert rows.rows.tolist() == [[3, 10], [1, 20]]
    assert rows.labels.tolist() == [1, 0]
    assert rows.categories == ((), ())


@pytest.mark.parametrize(
    ("label", "names"), [("none", ("x", "y")), ("kind", ("x", "z")), ("bit", ("10", "20"))]
)
def test_another_data_frame(label: str, names: tuple[str, ...]) -> None:
    with pytest.raises(DataError, match="not the known one"):
        parsers.frame_rows(FRAME, label, names)


def test_a_code_beyond_the_levels() -> None:
    frame = FRAME | {"bit": Column(np.array([0, 2]), ("10", "20"))}
    with pytest.raises(DataError, match="not the known one"):
        parsers.frame_rows(frame, "kind", ("x", "y"))
