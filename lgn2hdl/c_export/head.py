"""How the exported C counts a GroupSum head: counters that are never negative, and runs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import OptionError
from lgn2hdl.model.heads.group_sum import GroupSum

LONGEST_RUN = (1 << 16) - 1
"""Most outputs of a run: their number is written with 16 bits."""

MAX_SCORE_BITS = 31
"""Most bits of a score above the lowest one: C's 32-bit numbers are signed."""


@dataclass(frozen=True, eq=False)
class Counting:
    """A class's score is the lowest score of all classes plus a count that starts at ``first``.

    Attributes:
        lowest: lowest score of all classes.
        first: count of each class if no output adds to it, ``i64[C]``, not negative.
        score_bits: bits of the highest count of all classes, at least 1.
        n_outputs: consecutive outputs of equal class and weight in each run, ``i64[R]``.
        class_index: their class, ``i64[R]``.
        weight: their weight, ``i64[R]``; those of negative weight ``-m`` count as ``m`` where they
            are 0.
    """

    lowest: int
    first: npt.NDArray[np.int64]
    score_bits: int
    n_outputs: npt.NDArray[np.int64]
    class_index: npt.NDArray[np.int64]
    weight: npt.NDArray[np.int64]

    @property
    def n_classes(self) -> int:
        """Number of classes, C."""
        return len(self.first)

    @property
    def class_bits(self) -> int:
        """Bits of a class's index."""
        return (self.n_classes - 1).bit_length()


def counting(head: GroupSum) -> Counting:
    """How to count the outputs of ``head``.

    Raises:
        OptionError: if scores lie too far apart for 32-bit numbers.
    """
    low, high = head.score_range()
    lowest, highest = int(low.min()), int(high.max())
    bits = max(1, (highest - lowest).bit_length())
    if bits > MAX_SCORE_BITS:
        raise OptionError(
            f"the scores of the network go from {lowest} to {highest}, which 32-bit numbers in C "
            "do not hold: use a model with smaller weights and biases"
        )
    starts = _starts(head)
    return Counting(
        lowest=lowest,
        first=low - lowest,
        score_bits=bits,
        n_outputs=np.diff(np.concatenate([starts, [head.n_outputs]])),
        class_index=head.class_of[starts].astype(np.int64),
        weight=head.weight[starts].astype(np.int64),
    )


def _starts(head: GroupSum) -> npt.NDArray[np.int64]:
    """First output of each run."""
    changes = (np.diff(head.class_of) != 0) | (np.diff(head.weight.astype(np.int64)) != 0)
    starts = np.concatenate([[0], 1 + np.flatnonzero(changes)])
    # A long run becomes several: a start every LONGEST_RUN outputs is always right.
    return np.union1d(starts, np.arange(0, head.n_outputs, LONGEST_RUN))
