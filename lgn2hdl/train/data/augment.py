"""Augmentation of images: small random shifts, so that a network learns shapes and not places."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from lgn2hdl.model.features import Integers


def shifted(
    x: Integers, image_shape: tuple[int, ...], pixels: int, rng: np.random.Generator
) -> Integers:
    """Every row of ``x[N, F]`` moved by up to ``pixels`` in both directions; what is new is 0.

    Args:
        x: flattened images.
        image_shape: rows, columns, and channels if there are any.
        pixels: largest shift; every shift from ``-pixels`` to ``pixels`` is equally likely.
        rng: where randomness comes from.
    """
    n_rows, n_columns = image_shape[:2]
    images = x.reshape(len(x), n_rows, n_columns, -1)
    padded = np.zeros(
        (len(x), n_rows + 2 * pixels, n_columns + 2 * pixels, images.shape[3]), x.dtype
    )
    padded[:, pixels : pixels + n_rows, pixels : pixels + n_columns] = images
    row, column = rng.integers(0, 2 * pixels + 1, (2, len(x)))
    # (Windows instead of an index for every pixel: so whole rows are copied.)
    windows = sliding_window_view(padded, (n_rows, n_columns), axis=(1, 2))
    moved = windows[np.arange(len(x)), row, column].transpose(0, 2, 3, 1)
    return np.asarray(moved.reshape(len(x), -1))


def mirrored(x: Integers, image_shape: tuple[int, ...], rng: np.random.Generator) -> Integers:
    """Every row of ``x[N, F]`` mirrored left to right with probability one half."""
    images = x.reshape(len(x), *image_shape[:2], -1)
    turned = rng.random(len(x)) < 0.5
    result = np.where(turned[:, None, None, None], images[:, :, ::-1], images)
    return np.asarray(result.reshape(len(x), -1))
