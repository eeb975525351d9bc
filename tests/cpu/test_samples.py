"""Samples: every memory layout works, what cannot be meant is refused in one line."""

from dataclasses import replace

import numpy as np
import pytest

from lgn2hdl.base.errors import DataError
from lgn2hdl.cpu.samples import integer_rows, packed_bits
from lgn2hdl.model.features import Features, integer_features

BYTES = integer_features(6, 8)
NIBBLES = integer_features(6, 4)
WORDS = integer_features(6, 12)
MIXED = replace(integer_features(6, 8), width=np.array([8, 1, 2, 3, 4, 8], np.uint8))

ROWS = np.arange(30, dtype=np.uint8).reshape(5, 6) % 16


def refused(array: object, features: Features = BYTES) -> str:
    """The message, which is one line."""
    with pytest.raises(DataError) as error:
        integer_rows(array, features)  # type: ignore[arg-type]
    message = str(error.value)
    assert len(message.splitlines()) == 1
    return message


def accepted(array: np.ndarray, features: Features = BYTES) -> np.ndarray:
    """Rows for C with the same values."""
    rows = integer_rows(array, features)
    assert rows.dtype == features.dtype
    assert rows.dtype.isnative
    assert rows.shape == (len(array), features.n_features)
    assert rows.size == 0 or features.n_features == 1 or rows.strides[1] == rows.itemsize
    assert np.array_equal(rows, np.reshape(array, rows.shape))
    return rows


def test_rows_of_the_own_dtype_are_read_in_place() -> None:
    for array in (ROWS, ROWS[::2], ROWS[::-1], np.broadcast_to(ROWS[0], (9, 6)), ROWS[:0]):
        assert accepted(array) is array
    assert np.shares_memory(accepted(ROWS.reshape(5, 2, 3)), ROWS)
    wide = np.zeros((5, 10), np.uint8)
    assert accepted(wide[:, 2:8]).base is wide


def test_read_only_rows_are_read_in_place() -> None:
    array = ROWS.copy()
    array.flags.writeable = False
    assert accepted(array) is array


@pytest.mark.parametrize(
    "array",
    [
        np.asfortranarray(ROWS),
        ROWS[:, ::-1],
        np.repeat(ROWS, 2, axis=1)[:, ::2],
        np.broadcast_to(ROWS[:, :1], (5, 6)),
        np.asfortranarray(ROWS.reshape(5, 2, 3)),
        np.moveaxis(ROWS.reshape(5, 2, 3), 1, 2),
        np.asfortranarray(ROWS)[:0],
    ],
    ids=["fortran", "reversed", "every second", "repeated", "images", "moved axes", "none"],
)
@pytest.mark.parametrize("features", [BYTES, WORDS], ids=["bytes", "words"])
def test_every_layout_works(array: np.ndarray, features: Features) -> None:
    accepted(array, features)
    accepted(array.astype(np.uint16, order="K"), features)


@pytest.mark.parametrize("dtype", [*"bBhHiIlLqQ?", ">u2", ">u4", ">i8", "<u2"])
@pytest.mark.parametrize("features", [BYTES, NIBBLES, WORDS, MIXED])
def test_every_integer_dtype_works(dtype: str, features: Features) -> None:
    accepted((ROWS % 2).astype(dtype), features)


def test_lists_work() -> None:
    assert integer_rows(ROWS.tolist(), BYTES).tolist() == ROWS.tolist()
    assert integer_rows(np.empty((0, 2, 3), int).tolist() or np.empty((0, 6), int), BYTES).size == 0


@pytest.mark.parametrize("n_rows", [0, 1, 4])
def test_rows_of_one_feature_have_any_stride(n_rows: int) -> None:
    features = integer_features(1, 8)
    accepted(np.arange(40, dtype=np.uint8).reshape(4, 10)[:n_rows, 3:4], features)
    accepted(np.arange(40, dtype=np.uint8).reshape(4, 10)[:n_rows, 3::10], features)


@pytest.mark.parametrize(
    "array",
    [
        ROWS[0],
        ROWS[:, :5],
        np.zeros((5, 7), int),
        np.uint8(3),
        np.zeros((2, 3, 6), int),
        np.zeros((0, 5), int),
        np.zeros(0, int),
        [],
    ],
    ids=["one row", "short", "long", "number", "axes", "none", "no axis", "list"],
)
def test_a_wrong_shape_is_refused(array: object) -> None:
    message = refused(np.asarray(array, np.uint8))
    assert f"shape {np.shape(array)} " in message
    assert "give rows of 6 integers" in message


@pytest.mark.parametrize(
    ("array", "kind"),
    [
        (ROWS.astype(float), "float64"),
        (ROWS.astype(np.float32), "float32"),
        (ROWS.astype(complex), "complex128"),
        (ROWS.astype(object), "object"),
        (ROWS.astype(str), "<U3"),
        (ROWS.astype("M8[s]"), "datetime64"),
        (ROWS.astype("V4"), "V4"),
        ([*ROWS.tolist()[:1], [None] * 6], "object"),
        ([], "float64"),
    ],
    ids=["double", "single", "complex", "object", "text", "date", "void", "None", "empty list"],
)
def test_what_is_not_integer_is_refused(array: object, kind: str) -> None:
    message = refused(array)
    assert kind in message
    assert "not integers" in message
    assert "NaN" not in message


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_are_named(value: float) -> None:
    array = ROWS.astype(float)
    array[3, 2] = value
    assert "NaN or infinite" in refused(array)


def test_ragged_rows_are_refused() -> None:
    assert "give rows of 6 integers" in refused([[1, 2, 3, 4, 5, 6], [1, 2]])


@pytest.mark.parametrize(
    ("features", "dtype", "value", "highest"),
    [
        (BYTES, np.int8, -1, 255),
        (BYTES, np.int64, 256, 255),
        (BYTES, np.uint16, 256, 255),
        (BYTES, np.uint64, 2**63, 255),
        (BYTES, np.int64, -(2**62), 255),
        (NIBBLES, np.uint8, 16, 15),
        (NIBBLES, ">u2", 300, 15),
        (WORDS, np.uint16, 4096, 4095),
        (WORDS, np.int16, -1, 4095),
        (integer_features(6, 16), np.int32, 65536, 65535),
    ],
)
def test_values_out_of_range_are_refused(
    features: Features, dtype: str, value: int, highest: int
) -> None:
    array = np.zeros((5, 6), dtype)
    array[2, 4] = value
    message = refused(array, features)
    assert (
        f"row 2 (counted from 0) has {value} as feature 4, which is not 0 to {highest}" in message
    )
    array[2, 4] = 1
    accepted(array, features)


def test_every_feature_has_its_own_range() -> None:
    array = np.zeros((5, 6), np.uint8)
    array[1] = [255, 1, 3, 7, 15, 255]
    accepted(array, MIXED)
    array[4, 2] = 4
    assert "row 4 (counted from 0) has 4 as feature 2, which is not 0 to 3" in refused(array, MIXED)


def test_the_highest_values_are_accepted() -> None:
    for features in (BYTES, NIBBLES, WORDS, MIXED, integer_features(6, 16)):
        accepted(np.tile(features.highest, (3, 1)), features)


# ---- packed bits ----

BITS = np.arange(12, dtype=np.uint64).reshape(4, 3)


def bits_refused(words: object, n_samples: int) -> str:
    with pytest.raises(DataError) as error:
        packed_bits(words, n_samples, 4)  # type: ignore[arg-type]
    message = str(error.value)
    assert len(message.splitlines()) == 1
    return message


def bits_accepted(words: np.ndarray, n_samples: int) -> np.ndarray:
    found = packed_bits(words, n_samples, 4)
    needed = -(-n_samples // 64)
    assert found.dtype == np.uint64
    assert found.dtype.isnative
    assert found.flags.aligned
    assert found.shape[1] < 2 or found.strides[1] == 8
    assert found.shape[1] == 0 or found.strides[0] % 8 == 0
    assert np.array_equal(found, words[:, :needed])
    return found


@pytest.mark.parametrize("n_samples", [0, 1, 64, 65, 191, 192])
def test_packed_bits_are_read_in_place(n_samples: int) -> None:
    assert bits_accepted(BITS, n_samples).base is not None
    assert np.shares_memory(bits_accepted(BITS[::-1], 192), BITS)
    bits_accepted(np.broadcast_to(BITS[0], (4, 3)), n_samples)


@pytest.mark.parametrize(
    "words",
    [
        np.asfortranarray(BITS),
        np.repeat(BITS, 2, axis=1)[:, ::2],
        BITS[:, ::-1],
        BITS.astype(">u8"),
        np.frombuffer(b"x" + BITS.tobytes(), np.uint8)[1:].view(np.uint64).reshape(4, 3),
        np.lib.stride_tricks.as_strided(
            np.zeros(200, np.uint8).view(np.uint64), (4, 3), (36, 8), writeable=False
        ),
    ],
    ids=["fortran", "every second", "reversed", "big-endian", "unaligned", "odd rows"],
)
def test_packed_bits_of_any_layout_work(words: np.ndarray) -> None:
    for n_samples in (0, 1, 100, 192):
        bits_accepted(words, n_samples)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, float, bool, object])
def test_packed_bits_of_another_dtype_are_refused(dtype: type) -> None:
    message = bits_refused(BITS.astype(dtype), 10)
    assert f"type {np.dtype(dtype)}" in message
    assert "uint64" in message


@pytest.mark.parametrize(
    ("words", "n_samples"),
    [(BITS[:3], 10), (BITS[0], 10), (BITS, 193), (BITS, -1), (BITS[:, :0], 1), (BITS[None], 1)],
)
def test_packed_bits_of_another_shape_are_refused(words: np.ndarray, n_samples: int) -> None:
    message = bits_refused(words, n_samples)
    assert f"shape {words.shape} do not fit {n_samples} samples" in message
    assert "give 4 rows" in message
