"""What a training run is made of: one frozen object, checked when it is made, kept in the card."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lgn2hdl.errors import OptionError
from lgn2hdl.features import MAX_WIDTH
from lgn2hdl.train.thermometer import ENCODERS
from lgn2hdl.train.wiring import WIRINGS

RELAXATION_NAMES: tuple[str, ...] = ("softmax16", "light")
"""Relaxations of truth tables; :mod:`lgn2hdl.train.relaxation` has them (and needs torch)."""

INITIALIZATIONS: tuple[str, ...] = ("residual", "gaussian")
"""``residual``: nearly the wire of pin 0; ``gaussian``: standard normal logits."""

MAX_FEATURE_BITS = (1 << MAX_WIDTH) - 1
"""A feature of the widest kind has so many thresholds that differ."""

MAX_LAYER_WIDTH = 1 << 24
"""Widest layer: some gigabytes of parameters, and far more than has ever been trained."""


@dataclass(frozen=True)
class TrainConfig:
    """Options of a training run; the same options and data give the same network.

    Attributes:
        layers: width of every layer, input side first; the number of classes divides the last.
        encoder: how thresholds are chosen (:data:`~lgn2hdl.train.thermometer.ENCODERS`).
        bits_per_feature: most input bits of one feature; not used by encoder ``fixed``.
        thresholds: the thresholds of encoder ``fixed``; empty for the others.
        wiring: wiring kind of every layer; the last one given holds for all further layers.
        local_radius: how far, in pixels, wiring ``local`` reaches in a layer.
        relaxation: how truth tables are relaxed (``softmax16`` or ``light``).
        initialization: ``residual`` or ``gaussian``.
        tau: divisor of the group sums; ``None`` chooses it from the width (:meth:`tau_for`).
        learning_rate: Adam's at step 0; it falls to 0 along a cosine.
        batch_size: rows per step.
        steps: optimizer steps.
        shift_pixels: images of a batch are moved at random by up to so many pixels; 0 for never.
        validation_fraction: part of the training rows that only selects the best state; 0 selects
            on the training rows themselves.
        evaluate_every: steps between two evaluations on the validation rows.
        checkpoint_every: steps between two checkpoints; 0 for one at the end only.
        seed: seed of split, wiring, initial parameters and batches.

    Raises:
        OptionError: if a value is out of range.
    """

    layers: tuple[int, ...]
    encoder: str = "quantile"
    bits_per_feature: int = 3
    thresholds: tuple[int, ...] = ()
    wiring: tuple[str, ...] = ("balanced",)
    local_radius: int = 3
    relaxation: str = "light"
    initialization: str = "residual"
    tau: float | None = None
    learning_rate: float = 0.05
    batch_size: int = 128
    steps: int = 3000
    shift_pixels: int = 0
    validation_fraction: float = 0.1
    evaluate_every: int = 250
    checkpoint_every: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("layers", "thresholds", "wiring"):
            value = getattr(self, name)
            if not isinstance(value, (tuple, list)):
                raise OptionError(f"{name} is {value!r}: give a list")
            object.__setattr__(self, name, tuple(value))
        self._check_choices()
        self._check_counts()
        self._check_numbers()

    def _check_choices(self) -> None:
        _choice("encoder", self.encoder, ENCODERS)
        _choice("relaxation", self.relaxation, RELAXATION_NAMES)
        _choice("initialization", self.initialization, INITIALIZATIONS)
        for kind in self.wiring:
            _choice("wiring", kind, WIRINGS)
        if not 1 <= len(self.wiring) <= max(1, len(self.layers)):
            raise OptionError(
                f"{len(self.wiring)} kinds of wiring for {len(self.layers)} layers: "
                "give one for each, or fewer, the last of which repeats"
            )
        if (self.encoder == "fixed") != bool(self.thresholds):
            raise OptionError("thresholds and encoder 'fixed' go together: give both or neither")

    def _check_counts(self) -> None:
        if not self.layers:
            raise OptionError("0 layers: give at least one width")
        for width in self.layers:
            _count("a layer width", width, 1)
            if width > MAX_LAYER_WIDTH:
                raise OptionError(f"a layer width is {width}: give at most {MAX_LAYER_WIDTH}")
        if isinstance(self.bits_per_feature, int) and self.bits_per_feature > MAX_FEATURE_BITS:
            raise OptionError(
                f"bits_per_feature is {self.bits_per_feature}: give at most {MAX_FEATURE_BITS}"
            )
        for threshold in self.thresholds:
            _count("a threshold", threshold, 1)
        for name in ("bits_per_feature", "local_radius", "batch_size", "steps", "evaluate_every"):
            _count(name, getattr(self, name), 1)
        for name in ("checkpoint_every", "shift_pixels", "seed"):
            _count(name, getattr(self, name), 0)

    def _check_numbers(self) -> None:
        _positive("learning_rate", self.learning_rate)
        if self.tau is not None:
            _positive("tau", self.tau)
        fraction = self.validation_fraction
        if not _is_number(fraction) or not 0 <= fraction < 1:
            raise OptionError(f"validation_fraction is {fraction!r}: give a number in [0, 1)")

    def tau_for(self, n_classes: int) -> float:
        """The given tau, or ``max(1, sqrt(outputs per class) / 2)``.

        A group sum of n uncertain bits spreads like sqrt(n), so this keeps the spread of the
        logits, and with it the size of the gradients, independent of the width.
        """
        if self.tau is not None:
            return float(self.tau)
        return max(1.0, math.sqrt(self.layers[-1] / n_classes) / 2)

    def require_classes(self, n_classes: int) -> None:
        """Check the last width against the data.

        Raises:
            OptionError: if the classes do not divide it.
        """
        last = self.layers[-1]
        if last % n_classes:
            near = max(n_classes, round(last / n_classes) * n_classes)
            raise OptionError(
                f"the last layer's width {last} does not divide into {n_classes} classes: "
                f"use {near}"
            )

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; :meth:`from_json` undoes it."""
        values = dataclasses.asdict(self)
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in values.items()
        }

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> TrainConfig:
        """The configuration that :meth:`to_json` wrote; absent options have their default.

        Raises:
            OptionError: if an option is unknown or out of range.
        """
        known = {field.name for field in dataclasses.fields(TrainConfig)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise OptionError(f"unknown training option {unknown[0]!r}")
        if "layers" not in values:
            raise OptionError("0 layers: give at least one width")
        return TrainConfig(**values)


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return math.isfinite(value)


def _choice(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise OptionError(f"{name} {value!r} is unknown: choose {', '.join(allowed)}")


def _count(name: str, value: object, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise OptionError(f"{name} is {value!r}: give a whole number of at least {least}")


def _positive(name: str, value: object) -> None:
    if not _is_number(value) or not float(value) > 0:  # type: ignore[arg-type]
        raise OptionError(f"{name} is {value!r}: give a positive number")
