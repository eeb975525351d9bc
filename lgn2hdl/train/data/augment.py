"""Augmentation of images: small random shifts, so that a network learns shapes and not places."""

from __future__ import annotations

import numpy as np

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
    padded = np.pad(images, ((0, 0), (pixels, pixels), (pixels, pixels), (0, 0)))
    start = rng.integers(0, 2 * pixels + 1, (2, len(x)))
    row = start[0][:, None] + np.arange(n_rows)
    column = start[1][:, None] + np.arange(n_columns)
    moved = padded[np.arange(len(x))[:, None, None], row[:, :, None], column[:, None, :]]
    return np.asarray(moved.reshape(len(x), -1))


def mirrored(x: Integers, image_shape: tuple[int, ...], rng: np.random.Generator) -> Integers:
    """Every row of ``x[N, F]`` mirrored left to right with probability one half."""
    images = x.reshape(len(x), *image_shape[:2], -1)
    turned = rng.random(len(x)) < 0.5
    result = np.where(turned[:, None, None, None], images[:, :, ::-1], images)
    return np.asarray(result.reshape(len(x), -1))
