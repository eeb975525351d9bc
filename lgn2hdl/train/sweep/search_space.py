"""What a sweep varies: a few options around a given configuration, all on a logarithmic scale."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

from lgn2hdl.passes.estimate import least_luts
from lgn2hdl.train.config import TrainConfig
from lgn2hdl.train.layer_spec import LayerSpec, changed_layers
from lgn2hdl.train.wiring.kinds import WIRINGS

LEAST_WIDTH = 1 / 8
"""Narrowest layers and fewest outputs, as parts of the given ones. None is wider than given: so the
given configuration bounds the time and memory of every trial."""

TAU_FACTOR = 2.0
RATE_FACTOR = 3.0
SIZE_WEIGHT_FACTOR = 10.0
"""How far these go up and down from the given value."""

LEAST_TARGET = 1 / 4
"""Least LUT budget, as a part of the given one."""


@dataclass(frozen=True)
class Range:
    """One parameter of the search, drawn log-uniformly.

    Attributes:
        name: of the parameter.
        low: least value.
        high: greatest value.
        base: the value of the given configuration.
        whole: whether only whole numbers are drawn.
    """

    name: str
    low: float
    high: float
    base: float
    whole: bool = False


@dataclass(frozen=True)
class SearchSpace:
    """The search around a configuration.

    Attributes:
        base: the configuration.
        n_names: classes or output bits of the data.
        bits: whether the targets are bits; then the last layer and tau stay as they are.
    """

    base: TrainConfig
    n_names: int
    bits: bool = False

    def ranges(self) -> tuple[Range, ...]:
        """The parameters; only options that the configuration makes use of are among them."""
        base = self.base
        found = [_around("learning_rate", base.learning_rate, RATE_FACTOR)]
        if len(base.layers) > 1:
            found.append(Range("width", LEAST_WIDTH, 1.0, 1.0))
        if not self.bits:
            most = base.n_outputs // self.n_names
            least = max(1, round(most * LEAST_WIDTH))
            found.append(Range("outputs_per_class", least, most, most, whole=True))
            found.append(_around("tau_factor", 1.0, TAU_FACTOR))
        if any(WIRINGS.find(layer.wiring).learned for layer in base.layers):
            found.append(_around("wiring_learning_rate", base.wiring_learning_rate, RATE_FACTOR))
        if base.size_weight:
            found.append(_around("size_weight", base.size_weight, SIZE_WEIGHT_FACTOR))
        if base.target_luts is not None:
            most = base.target_luts
            least = max(1, math.ceil(most * LEAST_TARGET))
            if not self.bits:
                least = min(most, max(least, least_luts(self.n_names)))
            found.append(Range("target_luts", least, most, most, whole=True))
        return tuple(item for item in found if item.low < item.high)

    def config(self, values: Mapping[str, float]) -> TrainConfig:
        """The configuration for values of the parameters; their bases give the base.

        Args:
            values: a value for each of :meth:`ranges`.
        """
        base = self.base
        layers = self._layers(values.get("width", 1.0), values.get("outputs_per_class"))
        changed: dict[str, object] = {"layers": layers}
        for name in ("learning_rate", "wiring_learning_rate", "size_weight"):
            if name in values and values[name] != getattr(base, name):
                changed[name] = _short(values[name])
        if "target_luts" in values:
            changed["target_luts"] = int(values["target_luts"])
        factor = values.get("tau_factor", 1.0)
        if factor != 1 or (layers[-1].width != base.n_outputs and not self.bits):
            # A group sum spreads like the square root of its bits.
            spread = math.sqrt(layers[-1].width / base.n_outputs)
            changed["tau"] = _short(base.tau_for(self.n_names) * spread * factor)
        return dataclasses.replace(base, **changed)  # type: ignore[arg-type]

    def _layers(self, scale: float, outputs_per_class: float | None) -> tuple[LayerSpec, ...]:
        """Scaled widths; a layer keeps as many nodes as a node above it must choose from."""
        base = self.base
        widths = []
        for layer, above in itertools.pairwise(base.layers):
            kind = WIRINGS.find(above.wiring)
            least = kind.least_sources(above.fan_in, base.candidates)
            widths.append(min(layer.width, max(least, round(layer.width * scale))))
        last = base.n_outputs
        if outputs_per_class is not None:
            last = int(outputs_per_class) * self.n_names
        return changed_layers(base.layers, [*widths, last])


def _around(name: str, value: float, factor: float) -> Range:
    return Range(name, value / factor, value * factor, value)


def _short(value: float) -> float:
    """Four digits: enough, and fit for tables and command lines."""
    return float(f"{value:.4g}")
