import numpy as np

from lgn2hdl.train.augment import shifted


def test_every_row_is_one_of_the_nine_shifts_and_all_occur():
    image = np.arange(1, 25, dtype=np.uint8).reshape(3, 4, 2)  # two channels
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0)))
    allowed = {padded[r : r + 3, c : c + 4].tobytes() for r in range(3) for c in range(3)}
    rows = np.repeat(image.reshape(1, -1), 300, axis=0)
    moved = shifted(rows, (3, 4, 2), 1, np.random.default_rng(0))
    assert moved.shape == rows.shape
    assert moved.dtype == rows.dtype
    assert {row.tobytes() for row in moved} == allowed


def test_rows_keep_their_order():
    rows = np.repeat(np.arange(1, 9, dtype=np.uint8)[:, None], 25, axis=1)
    moved = shifted(rows, (5, 5), 2, np.random.default_rng(0))
    np.testing.assert_array_equal(moved.max(axis=1), np.arange(1, 9))
