"""What a training run is made of: one frozen object, checked when it is made, kept in the card."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lgn2hdl.base.errors import OptionError
from lgn2hdl.model.features import MAX_WIDTH
from lgn2hdl.train import checks
from lgn2hdl.train.encoder.thermometer import ENCODERS
from lgn2hdl.train.layer_spec import USUAL, LayerSpec, changed_layers, listed
from lgn2hdl.train.relax.kinds import RELAXATIONS, require_fan_ins

SAMPLINGS: tuple[str, ...] = ("soft", "hard", "gumbel")
"""How nodes compute while training: ``soft`` probabilities; ``hard`` the discrete network, with
straight-through gradients; ``gumbel`` the same on tables sampled anew in every step."""

SELECTIONS: tuple[str, ...] = ("softmax", "straight-through", "correlation")
"""How pins choose among candidates while training; see :mod:`lgn2hdl.train.wiring.wires`."""

RESAMPLINGS: tuple[str, ...] = ("random", "guided")
"""How candidates are replaced; see :mod:`lgn2hdl.train.loop.resampling`."""

INITIALIZATIONS: tuple[str, ...] = ("residual", "gaussian")
"""``residual``: nearly the wire of pin 0; ``gaussian``: standard normal logits."""

ENCODER_NAMES: tuple[str, ...] = (*ENCODERS, "learned")
"""Ways to choose thresholds: fitted before training, or learned from quantiles on."""

MAX_FEATURE_BITS = (1 << MAX_WIDTH) - 1
"""A feature of the widest kind has so many thresholds that differ."""

MAX_COUNT = 10**9
"""Most of anything else that is counted: steps, rows, pixels, candidates, LUTs."""

_RATES = ("learning_rate", "wiring_learning_rate", "head_learning_rate")

MAX_SEED = (1 << 63) - 1
"""Largest seed: that of torch's generators."""


@dataclass(frozen=True)
class TrainConfig:
    """Options of a training run; the same options and data give the same network.

    Attributes:
        layers: the layers, input side first; the number of classes divides the width of the last,
            or it is the number of output bits.
        encoder: how thresholds are chosen (:data:`ENCODER_NAMES`).
        bits_per_feature: most input bits of one feature; not used by encoder ``fixed``.
        thresholds: the thresholds of encoder ``fixed``; empty for the others.
        local_radius: how far, in pixels, wiring ``local`` and ``local-candidates`` reach.
        candidates: sources that a pin of learned wiring chooses from.
        selection: how it chooses while training (:data:`SELECTIONS`).
        resample_every: steps after which candidates are replaced, over the first 70 % of the run;
            0 for never.
        resampling: how they are replaced (:data:`RESAMPLINGS`).
        relaxation: how truth tables are relaxed (a name of
            :data:`~lgn2hdl.train.relax.kinds.RELAXATIONS`).
        initialization: ``residual`` or ``gaussian``.
        sampling: how nodes compute while training (:data:`SAMPLINGS`).
        temperature: divisor of the logits of tables.
        finetune_steps: last steps, which are ``hard`` whatever ``sampling`` says.
        tau: divisor of the group sums; ``None`` chooses it from the width (:meth:`tau_for`).
        learn_tau: train tau from there on.
        learning_rate: Adam's at step 0 for tables, thresholds and tau; it falls to 0 along a
            cosine.
        wiring_learning_rate: the same for the scores of learned wiring.
        head_connections: classes that an output counts for on average, for or against, which is
            learned (:mod:`lgn2hdl.train.network.shared_head`); 0 for equal groups of outputs.
        head_learning_rate: the same for these connections.
        weight_decay: decoupled weight decay of the tables' parameters (AdamW).
        label_smoothing: part of the target spread over all classes.
        distill_weight: part of the loss that a teacher's logits make up, if there is a teacher.
        distill_temperature: divisor of teacher's and network's logits in that part.
        size_weight: weight of the part of the loss that drives nodes towards wires and constants.
        target_luts: LUTs that the pruned network may need in hardware, head included; ``None`` for
            no limit.
        batch_size: rows per step, over all processes together.
        steps: optimizer steps.
        shift_pixels: images of a batch are moved at random by up to so many pixels; 0 for never.
        mirror: images of a batch are mirrored left to right at random.
        input_noise: probability with which every input bit of a batch is flipped.
        validation_fraction: part of the training rows that only selects the best state; 0 selects
            on the training rows themselves.
        evaluate_every: steps between two evaluations on the validation rows.
        checkpoint_every: steps between two checkpoints; 0 for one at the end only.
        seed: seed of split, wiring, initial parameters and batches.

    Raises:
        OptionError: if a value is out of range or two options exclude each other.
    """

    layers: tuple[LayerSpec, ...]
    encoder: str = "quantile"
    bits_per_feature: int = 3
    thresholds: tuple[int, ...] = ()
    local_radius: int = 3
    candidates: int = 32
    selection: str = "correlation"
    resample_every: int = 0
    resampling: str = "guided"
    relaxation: str = "light"
    initialization: str = "residual"
    sampling: str = "soft"
    temperature: float = 1.0
    finetune_steps: int = 0
    tau: float | None = None
    learn_tau: bool = False
    learning_rate: float = 0.05
    wiring_learning_rate: float = 0.02
    head_connections: int = 0
    head_learning_rate: float = 0.002
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    distill_weight: float = 0.5
    distill_temperature: float = 2.0
    size_weight: float = 0.0
    target_luts: int | None = None
    batch_size: int = 128
    steps: int = 3000
    shift_pixels: int = 0
    mirror: bool = False
    input_noise: float = 0.0
    validation_fraction: float = 0.1
    evaluate_every: int = 250
    checkpoint_every: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("layers", "thresholds"):
            object.__setattr__(self, name, tuple(listed(name, getattr(self, name))))
        self._check_choices()
        self._check_counts()
        self._check_numbers()
        self._check_combinations()

    def _check_choices(self) -> None:
        checks.choice("encoder", self.encoder, ENCODER_NAMES)
        checks.choice("relaxation", self.relaxation, RELAXATIONS.names)
        checks.choice("initialization", self.initialization, INITIALIZATIONS)
        checks.choice("sampling", self.sampling, SAMPLINGS)
        checks.choice("selection", self.selection, SELECTIONS)
        checks.choice("resampling", self.resampling, RESAMPLINGS)
        for name in ("learn_tau", "mirror"):
            checks.flag(name, getattr(self, name))

    def _check_counts(self) -> None:
        if not self.layers:
            raise OptionError("0 layers: give at least one width")
        for layer in self.layers:
            if not isinstance(layer, LayerSpec):
                raise OptionError(f"a layer is {layer!r}: give a LayerSpec")
        for threshold in self.thresholds:
            checks.count("a threshold", threshold, 1, MAX_FEATURE_BITS)
        checks.count("bits_per_feature", self.bits_per_feature, 1, MAX_FEATURE_BITS)
        for name in ("local_radius", "candidates", "batch_size", "steps", "evaluate_every"):
            checks.count(name, getattr(self, name), 1, MAX_COUNT)
        for name in ("checkpoint_every", "shift_pixels", "resample_every", "head_connections"):
            checks.count(name, getattr(self, name), 0, MAX_COUNT)
        checks.count("seed", self.seed, 0, MAX_SEED)
        checks.count("finetune_steps", self.finetune_steps, 0, self.steps)
        if self.target_luts is not None:
            checks.count("target_luts", self.target_luts, 1, MAX_COUNT)

    def _check_numbers(self) -> None:
        for name in (*_RATES, "temperature", "distill_temperature"):
            checks.positive(name, getattr(self, name))
        if self.tau is not None:
            checks.positive("tau", self.tau)
        checks.not_negative("weight_decay", self.weight_decay)
        checks.not_negative("size_weight", self.size_weight)
        for name in ("validation_fraction", "label_smoothing", "input_noise"):
            checks.fraction(name, getattr(self, name))
        if not checks.is_number(self.distill_weight) or not 0 <= self.distill_weight <= 1:
            raise OptionError(f"distill_weight is {self.distill_weight!r}: give a number in [0, 1]")

    def _check_combinations(self) -> None:
        if (self.encoder == "fixed") != bool(self.thresholds):
            raise OptionError("thresholds and encoder 'fixed' go together: give both or neither")
        require_fan_ins(self.relaxation, {layer.fan_in for layer in self.layers})

    @property
    def n_nodes(self) -> int:
        """Nodes of all layers."""
        return sum(layer.width for layer in self.layers)

    @property
    def n_outputs(self) -> int:
        """Width of the last layer."""
        return self.layers[-1].width

    def tau_for(self, n_classes: int) -> float:
        """The given tau, or ``max(1, sqrt(outputs per class) / 2)``.

        A group sum of n uncertain bits spreads like sqrt(n), so this keeps the spread of the
        logits, and with it the size of the gradients, independent of the width.
        """
        if self.tau is not None:
            return float(self.tau)
        counted = self.n_outputs * max(1, self.head_connections)
        return max(1.0, math.sqrt(counted / n_classes) / 2)

    def require_outputs(self, n_names: int, *, bits: bool) -> None:
        """Check the last width against the data: ``n_names`` classes, or so many output bits.

        Raises:
            OptionError: if it is not the number of bits, or the classes do not divide it.
        """
        last = self.n_outputs
        if bits and last != n_names:
            raise OptionError(
                f"the last layer's width is {last}, but the targets have {n_names} bits: "
                f"use {n_names}"
            )
        if bits and self.head_connections:
            raise OptionError("head_connections is for classes: leave it out for output bits")
        if self.head_connections > n_names:
            raise OptionError(
                f"head_connections is {self.head_connections}: an output counts for at most all "
                f"{n_names} classes, so give 1 to {n_names}, or 0 for equal groups"
            )
        if not bits and not self.head_connections and last % n_names:
            near = max(n_names, round(last / n_names) * n_names)
            raise OptionError(
                f"the last layer's width {last} does not divide into {n_names} classes: use {near}"
            )

    def changed(self, **options: Any) -> TrainConfig:
        """A copy with other values for some options, named as on the command line.

        ``layers`` are widths, or whole :class:`LayerSpec`; ``fan_in`` and ``wiring`` lists
        of values for them, the last of which repeats. The thresholds of another encoder go with it.

        Raises:
            OptionError: if an option is unknown or out of range.
        """
        _require_known(options)
        if options.get("encoder", "fixed") != "fixed":
            options = {"thresholds": (), **options}
        layers = changed_layers(self.layers, *(options.pop(name, None) for name in _OF_LAYERS))
        return dataclasses.replace(self, layers=layers, **options)

    @staticmethod
    def of(**options: Any) -> TrainConfig:
        """The configuration with options named as for :meth:`changed`; others have their default.

        Raises:
            OptionError: if an option is unknown or out of range.
        """
        _require_known(options)
        if options.get("layers") is None:
            raise OptionError("0 layers: give at least one width")
        layers = changed_layers(USUAL, *(options.pop(name, None) for name in _OF_LAYERS))
        return TrainConfig(layers=layers, **options)

    def options(self) -> dict[str, Any]:
        """Plain values of all options, named as on the command line; :meth:`of` undoes it."""
        columns = {
            "layers": [layer.width for layer in self.layers],
            "fan_in": [layer.fan_in for layer in self.layers],
            "wiring": [layer.wiring for layer in self.layers],
        }
        return {**self.to_json(), **columns}

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

        What :meth:`options` gives is read too: so model files kept them once.

        Raises:
            OptionError: if an option is unknown or out of range.
        """
        layers = values.get("layers")
        if isinstance(layers, list):
            layers = [_layer(item) if isinstance(item, Mapping) else item for item in layers]
        return TrainConfig.of(**{**values, "layers": layers})


_OF_LAYERS = ("layers", "fan_in", "wiring")
"""Options that have a value for every layer, in the order of :func:`changed_layers`."""


def _require_known(options: Mapping[str, Any]) -> None:
    known = {*_OF_LAYERS, *(field.name for field in dataclasses.fields(TrainConfig))}
    unknown = sorted(set(options) - known)
    if unknown:
        raise OptionError(f"unknown training option {unknown[0]!r}: see docs/training.md")


def _layer(values: Mapping[str, Any]) -> LayerSpec:
    unknown = sorted(set(values) - {field.name for field in dataclasses.fields(LayerSpec)})
    if unknown or "width" not in values:
        raise OptionError(f"a layer is {dict(values)}: give its width, fan_in and wiring")
    return LayerSpec(**values)
