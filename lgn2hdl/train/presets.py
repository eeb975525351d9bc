"""Presets: options that were chosen on validation rows, so that nobody has to."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lgn2hdl.errors import OptionError
from lgn2hdl.train.config import TrainConfig


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
        description="8x8 digits in seconds: 2,500 gates for a first look at the whole path",
        config=TrainConfig(
            layers=(1000, 1000, 500),
            encoder="power-of-two",
            bits_per_feature=3,
            initialization="gaussian",
            tau=3.0,
            learning_rate=0.1,
            steps=1500,
        ),
    ),
    Preset(
        name="mnist",
        dataset="mnist",
        description="MNIST on the top bit of every pixel: 28,000 gates before pruning",
        config=TrainConfig(
            layers=(8000, 8000, 8000, 4000),
            encoder="power-of-two",
            bits_per_feature=1,
            wiring=("local", "local", "local", "balanced"),
            local_radius=3,
            initialization="gaussian",
            tau=5.0,
            learning_rate=0.1,
            steps=16_000,
            shift_pixels=1,
            evaluate_every=1000,
        ),
    ),
    Preset(
        name="tabular",
        dataset=None,
        # 840 outputs divide into 2 to 8, 10, 12, 14, 15, ... classes.
        description="any table with 2 to 8 or 10 classes: 3,640 gates, quantile thresholds",
        config=TrainConfig(
            layers=(1400, 1400, 840),
            encoder="quantile",
            bits_per_feature=8,
            initialization="gaussian",
            learning_rate=0.05,
            steps=4000,
        ),
    ),
)


def adapted(config: TrainConfig, n_names: int, *, bits: bool = False) -> TrainConfig:
    """``config`` with a last layer that fits the data.

    For classes it is widened, if need be, to a multiple of them; for output bits it becomes as
    wide as there are bits.
    """
    last = n_names if bits else -(-config.layers[-1] // n_names) * n_names
    return replace(config, layers=(*config.layers[:-1], last))


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
