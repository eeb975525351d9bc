"""What is chosen for each layer: width, fan-in and wiring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lgn2hdl.base.errors import OptionError
from lgn2hdl.ir import logic
from lgn2hdl.train import checks
from lgn2hdl.train.wiring.kinds import WIRINGS

MAX_LAYER_WIDTH = 1 << 24
"""Widest layer: some gigabytes of parameters, and far more than has ever been trained."""


@dataclass(frozen=True)
class LayerSpec:
    """One layer of a network that is to be trained.

    Attributes:
        width: nodes.
        fan_in: pins of a node, 2 to 6.
        wiring: how the pins find what they read: a name of
            :data:`~lgn2hdl.train.wiring.kinds.WIRINGS`.

    Raises:
        OptionError: if a value is out of range.
    """

    width: int
    fan_in: int = 2
    wiring: str = "balanced"

    def __post_init__(self) -> None:
        checks.count("a layer width", self.width, 1, MAX_LAYER_WIDTH)
        checks.count("a fan-in", self.fan_in, 2, logic.MAX_FAN_IN)
        checks.choice("wiring", self.wiring, WIRINGS.names)


Layers = tuple[LayerSpec, ...]

USUAL: Layers = (LayerSpec(1),)
"""Layers to begin with where only widths are given: they have the defaults of the rest."""


def changed_layers(
    base: Layers, layers: Any = None, fan_in: Any = None, wiring: Any = None
) -> Layers:
    """Layers with other widths, fan-ins or wirings, given as lists, one value for each layer.

    Of ``fan_in`` and ``wiring``, and of what stays from ``base``, the last value repeats.

    Args:
        base: layers to begin with; at least one.
        layers: widths, or whole layers; None for those of ``base``.
        fan_in: fan-ins; None for those there are.
        wiring: wirings; None for those there are.

    Raises:
        OptionError: if one of them is no list, is longer than there are layers, or has a value out
            of range.
    """
    given = list(base) if layers is None else listed("layers", layers)
    if given and all(isinstance(item, LayerSpec) for item in given):
        base = tuple(given)
        given = [item.width for item in base]
    count = len(given)
    fan_ins = _each("fan_in", fan_in, [item.fan_in for item in base], count)
    wirings = _each("wiring", wiring, [item.wiring for item in base], count)
    return tuple(map(LayerSpec, given, fan_ins, wirings))


def listed(name: str, value: object) -> list[Any]:
    """``value`` as a list.

    Raises:
        OptionError: if it is neither a list nor a tuple.
    """
    if not isinstance(value, (tuple, list)):
        raise OptionError(f"{name} is {value!r}: give a list")
    return list(value)


def _each(name: str, given: object, present: Sequence[Any], count: int) -> list[Any]:
    """A value for each of ``count`` layers: of those given, else of those at hand."""
    values = list(present[:count])
    if given is not None:
        values = listed(name, given)
        if not 1 <= len(values) <= max(count, 1):
            raise OptionError(
                f"{len(values)} values of {name} for {count} layers: "
                "give one for each, or fewer, the last of which repeats"
            )
    return values + values[-1:] * (count - len(values))
