"""Data frames of R, written here as R writes them."""

import lzma
import struct
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lgn2hdl.base.errors import DataError
from lgn2hdl.datasets import rdata
from lgn2hdl.datasets.rdata import data_frame

OBJECT, ATTRIBUTES, TAG = 0x100, 0x200, 0x400
END = struct.pack(">i", 254)


def word(value):
    return struct.pack(">i", value)


def text(value):
    return word(0x40009) + word(len(value)) + value.encode()


def symbol(name):
    return word(1) + text(name)


def strings(*values):
    return word(16) + word(len(values)) + b"".join(map(text, values))


def integers(*values, flags=0):
    return word(13 | flags) + word(len(values)) + b"".join(map(word, values))


def doubles(*values):
    return word(14) + word(len(values)) + struct.pack(f">{len(values)}d", *values)


def pairs(*items):
    return b"".join(word(2 | TAG) + tag + item for tag, item in items) + END


def factor(*codes):
    """A factor of the levels no and yes; its second tag was met before."""
    tags = (symbol("levels"), strings("no", "yes")), (symbol("class"), strings("factor"))
    return integers(*codes, flags=OBJECT | ATTRIBUTES) + pairs(*tags)


def frame(*columns, names, count=None):
    items = word(19 | OBJECT | ATTRIBUTES) + word(len(columns) if count is None else count)
    # "class" is the third symbol: the frame's name, levels, class.
    attributes = pairs(
        (symbol("names"), strings(*names)),
        (symbol("row.names"), integers(-(2**31), -3)),
        (word((3 << 8) | 255), strings("data.frame")),
    )
    return items + b"".join(columns) + attributes


def content(item):
    return b"RDX2\nX\n" + word(2) + word(0x20A01) + word(0x20300) + pairs((symbol("Set"), item))


GOOD = content(
    frame(doubles(0.5, -2, 3), factor(2, 1, 2), integers(7, 8, 9), names=("a", "b", "c"))
)


def test_columns_of_numbers_and_factors():
    columns = data_frame(lzma.compress(GOOD), "set.rda")
    assert list(columns) == ["a", "b", "c"]
    assert columns["a"].values.tolist() == [0.5, -2, 3]
    assert columns["b"].values.tolist() == [1, 0, 1]
    assert columns["b"].levels == ("no", "yes")
    assert columns["c"].values.tolist() == [7, 8, 9]
    assert columns["a"].levels == columns["c"].levels == ()
    assert all(column.values.dtype.isnative for column in columns.values())


def refused(data):
    with pytest.raises(DataError, match=r"^set\.rda is no data frame of R, or is damaged") as error:
        data_frame(data, "set.rda")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("length", [0, 5, 18, 30, 60, len(GOOD) // 2, len(GOOD) - 4])
def test_truncated_files(length):
    refused(lzma.compress(GOOD[:length]))
    packed = lzma.compress(GOOD)
    refused(packed[: min(length, len(packed) - 1)])


@pytest.mark.parametrize(
    "item",
    [
        integers(1, 2),
        doubles(1.0),
        strings("a"),
        frame(doubles(1.0), names=("a", "b")),
        frame(doubles(1.0), names=("a",), count=1 << 30),
        frame(doubles(1.0), names=("a",), count=-1),
        word(14) + word(1 << 30),
        word(14) + word(-5) + bytes(64),
        word(9) + word(-1),
        word(238) + word(0),
        word(255 | 99 << 8),
    ],
)
def test_something_else_than_a_frame(item):
    refused(lzma.compress(content(item)))


def test_items_within_items_without_end():
    refused(lzma.compress(content((word(19) + word(1)) * 5000)))
    refused(lzma.compress(content(word(1) * 5000)))


@pytest.mark.parametrize("data", [b"", b"no xz", GOOD, lzma.compress(b"RDX3" + GOOD[4:])])
def test_other_formats(data):
    refused(data)


def test_a_file_that_expands_without_end(monkeypatch):
    monkeypatch.setattr(rdata, "MAX_BYTES", 1 << 12)
    refused(lzma.compress(GOOD + bytes(1 << 12)))


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_damaged_bytes_never_end_in_another_error(position, value):
    damaged = bytearray(GOOD)
    damaged[position] = value
    with suppress(DataError):
        for column in data_frame(lzma.compress(bytes(damaged), preset=0), "set.rda").values():
            assert np.ndim(column.values) == 1
