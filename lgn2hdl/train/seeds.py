"""Random streams: one independent NumPy generator for each purpose, from one seed.

A stream depends on the seed, its purpose and an index only, never on what was drawn before. So a
resumed run needs no saved generator state, and a change to one use of randomness leaves the others
as they were.
"""

from __future__ import annotations

import enum

import numpy as np
import numpy.typing as npt


class Purpose(enum.IntEnum):
    """What random numbers are drawn for."""

    SPLIT = 0
    WIRING = 1
    PARAMETERS = 2
    BATCHES = 3
    SHIFTS = 4
    SCORES = 5
    NOISE = 6
    RESAMPLING = 7
    MIRRORS = 8
    INPUT_NOISE = 9
    HEAD = 10


def generator(seed: int, purpose: Purpose, index: int = 0) -> np.random.Generator:
    """The generator of a purpose; ``index`` is the layer, the epoch or the step."""
    return np.random.default_rng([seed, int(purpose), index])


def standard_normal(rng: np.random.Generator, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """Standard normal numbers, drawn as doubles and rounded.

    NumPy takes logarithms for the far ones, in the arithmetic of the C library. Libraries differ in
    the last bit, which rounding removes; of numbers drawn as float32 it would be left.
    """
    return rng.standard_normal(shape).astype(np.float32)


def torch_seed(seed: int, purpose: Purpose, index: int = 0) -> int:
    """A seed for a torch generator, with the same independence."""
    return int(np.random.SeedSequence([seed, int(purpose), index]).generate_state(1, np.uint64)[0])


def split(
    n_rows: int, fraction: float, seed: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Rows for training and for validation, disjoint and together all ``n_rows``.

    With fraction 0 both are all rows: a set too small to give any away.
    """
    order = generator(seed, Purpose.SPLIT).permutation(n_rows)
    if fraction == 0:
        return order, order
    n_validation = min(max(1, round(n_rows * fraction)), n_rows - 1)
    return order[n_validation:], order[:n_validation]


class Batches:
    """The rows of the batch of any step: a shuffled pass through all rows per epoch.

    A remainder shorter than a batch is left out of its epoch; a set shorter than a batch is one
    batch.
    """

    def __init__(self, n_rows: int, batch_size: int, seed: int) -> None:
        self.n_rows, self.seed = n_rows, seed
        self.batch_size = min(batch_size, n_rows)
        self._epoch, self._order = -1, np.empty(0, np.int64)

    def __call__(self, step: int) -> npt.NDArray[np.int64]:
        """Rows ``i64[batch]`` of ``step``; the same whenever it is asked for."""
        epoch, batch = divmod(step, self.n_rows // self.batch_size)
        if epoch != self._epoch:  # only a cache: the order is a function of seed and epoch
            self._order = generator(self.seed, Purpose.BATCHES, epoch).permutation(self.n_rows)
            self._epoch = epoch
        return self._order[batch * self.batch_size : (batch + 1) * self.batch_size]
