"""Accuracy against size: which trials of a sweep no other trial beats."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lgn2hdl.train.config import TrainConfig


@dataclass(frozen=True)
class FinishedTrial:
    """A network that a sweep has trained.

    Attributes:
        number: of the trial, unique in its sweep.
        config: its options.
        accuracy: validation accuracy of the discretized network, in [0, 1].
        luts: estimated LUTs of the pruned network, encoder left out.
    """

    number: int
    config: TrainConfig
    accuracy: float
    luts: int


def pareto_front(trials: Iterable[FinishedTrial]) -> tuple[FinishedTrial, ...]:
    """The trials that no other one beats, the smallest first; accuracy rises with size.

    A trial is beaten by one that is at least as accurate and at least as small, and better in one
    of the two; of equal trials the first one stays.
    """
    front: list[FinishedTrial] = []
    for trial in sorted(trials, key=lambda trial: (trial.luts, -trial.accuracy, trial.number)):
        if not front or trial.accuracy > front[-1].accuracy:
            front.append(trial)
    return tuple(front)


def most_accurate(
    front: Sequence[FinishedTrial], target_luts: int | None = None
) -> FinishedTrial | None:
    """The most accurate trial of a front within the LUT budget; ``None`` if none is."""
    within = [trial for trial in front if target_luts is None or trial.luts <= target_luts]
    return within[-1] if within else None
