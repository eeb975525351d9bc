import numpy as np

from lgn2hdl.train.data.augment import mirrored, shifted


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


def test_colour_images_move_and_turn_with_their_channels():
    image = np.random.default_rng(1).integers(1, 256, (32, 32, 3)).astype(np.uint8)
    rows = np.repeat(image.reshape(1, -1), 40, axis=0)
    moved = shifted(rows, image.shape, 4, np.random.default_rng(2)).reshape(-1, 32, 32, 3)
    colours = {tuple(colour) for colour in image.reshape(-1, 3).tolist()} | {(0, 0, 0)}
    assert {tuple(colour) for colour in moved.reshape(-1, 3).tolist()} <= colours
    turned = mirrored(rows, image.shape, np.random.default_rng(3))
    assert turned.dtype == rows.dtype
    assert {row.tobytes() for row in turned} == {image.tobytes(), image[:, ::-1].tobytes()}


def test_every_row_is_mirrored_by_itself():
    images = np.arange(400 * 2 * 3 * 3).reshape(400, 2, 3, 3)
    turned = mirrored(images.reshape(400, -1), (2, 3, 3), np.random.default_rng(0))
    same = (turned == images.reshape(400, -1)).all(axis=1)
    other = (turned == images[:, :, ::-1].reshape(400, -1)).all(axis=1)
    assert (same ^ other).all()
    assert 150 < same.sum() < 250
