"""Presets: options that were chosen on validation rows, so that nobody has to."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lgn2hdl.base.errors import OptionError
from lgn2hdl.train.config import TrainConfig
from lgn2hdl.train.layer_spec import LayerSpec


@dataclass(frozen=True)
class Preset:
    """A named configuration.

    Attributes:
        name: what the user types.
        dataset: the data set that it was made for; ``None`` for any.
        description: one line: purpose, size and time.
        config: the options.
    """

    name: str
    dataset: str | None
    description: str
    config: TrainConfig


PRESETS: tuple[Preset, ...] = (
    Preset(
        name="digits-demo",
        dataset="digits",
        description="8x8 digits in seconds: 200 LUTs of six inputs for a first look at everything",
        config=TrainConfig(
            layers=(LayerSpec(200, 6, "mapping"),),
            encoder="power-of-two",
            bits_per_feature=3,
            initialization="gaussian",
            sampling="hard",
            tau=2.0,
            learning_rate=0.1,
            steps=1000,
            input_noise=0.03,
            seed=1,  # of 0 to 5 the best on the validation rows
        ),
    ),
    Preset(
        name="mnist",
        dataset="mnist",
        description="MNIST on three thresholds a pixel: one layer of 1,000 LUTs of six inputs",
        config=TrainConfig(
            layers=(LayerSpec(1000, 6, "candidates"),),
            encoder="fixed",
            thresholds=(64, 128, 192),
            candidates=32,
            resample_every=20,
            initialization="gaussian",
            sampling="hard",
            tau=5.0,
            learning_rate=0.1,
            steps=20_000,
            shift_pixels=1,
            evaluate_every=1000,
        ),
    ),
    Preset(
        name="tabular",
        dataset=None,
        description="any table: one layer of 840 two-input gates that choose their inputs",
        config=TrainConfig(
            # 840 divides into 2 to 8, 10, 12, 14, 15, ... classes
            layers=(LayerSpec(840, 2, "mapping"),),
            encoder="quantile",
            bits_per_feature=8,
            initialization="gaussian",
            sampling="hard",
            learning_rate=0.1,
            batch_size=256,
            steps=2000,
        ),
    ),
)
"""Presets; the first that was made for a data set, else the last, is its default."""


def adapted(config: TrainConfig, n_names: int, *, bits: bool = False) -> TrainConfig:
    """``config`` with a last layer that fits the data.

    For classes it is widened, if need be, to a multiple of them; for output bits it becomes as
    wide as there are bits.
    """
    width = n_names if bits else -(-config.n_outputs // n_names) * n_names
    *below, last = config.layers
    return replace(config, layers=(*below, replace(last, width=width)))


def preset_for(dataset: str | None) -> Preset:
    """The preset that was made for the data set of that name, else the one for any."""
    fitting = [item for item in PRESETS if item.dataset == dataset]
    return (fitting or [item for item in PRESETS if item.dataset is None])[0]


def preset(name: str) -> Preset:
    """The preset of that name.

    Raises:
        OptionError: if there is none.
    """
    for item in PRESETS:
        if item.name == name:
            return item
    names = ", ".join(item.name for item in PRESETS)
    raise OptionError(f"preset {name!r} is unknown: choose {names}")
