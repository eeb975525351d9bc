"""What a run learns from: the split rows, the encoder that was fitted to them, and every batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from lgn2hdl.base.errors import DataError, OptionError
from lgn2hdl.datasets import Dataset
from lgn2hdl.model.features import Integers
from lgn2hdl.model.network import Thermometer
from lgn2hdl.train.config import TrainConfig
from lgn2hdl.train.data.augment import mirrored, shifted
from lgn2hdl.train.encoder.thermometer import fit_thermometer
from lgn2hdl.train.seeds import Batches, Purpose, generator, split
from lgn2hdl.train.wiring.wiring import Places, pixel_places

Targets = npt.NDArray[Any]
"""Classes ``i64[N]`` or bits ``u8[N, n]``."""


@dataclass(frozen=True, eq=False)
class Batch:
    """The rows of a step.

    Attributes:
        rows: where they stand in the data set's training rows, ``i64[N]``.
        x: features ``[N, F]``, shifted and mirrored.
        y: targets.
    """

    rows: npt.NDArray[np.int64]
    x: Integers
    y: Targets

    def part(self, rows: slice) -> Batch:
        """Some of the rows."""
        return Batch(self.rows[rows], self.x[rows], self.y[rows])

    def targets(self, device: str) -> Tensor:
        """Targets as the heads' losses take them."""
        targets = torch.from_numpy(self.y).to(device)
        return targets if self.y.ndim == 1 else targets.float()


class Problem:
    """Rows for training and validation, and the fitted encoder.

    Args:
        dataset: training and test rows.
        config: options.

    Raises:
        OptionError: if the options do not fit the data.
        DataError: if the data cannot be used.
    """

    def __init__(self, dataset: Dataset, config: TrainConfig) -> None:
        config.require_outputs(len(dataset.class_names), bits=dataset.has_bit_targets)
        for name in ("shift_pixels", "mirror"):
            if getattr(config, name) and dataset.image_shape is None:
                raise OptionError(f"{name} needs images: leave it out for this data set")
        if len(dataset.x_train) < 2:
            raise DataError(f"{len(dataset.x_train)} training rows: at least 2 are needed")
        self.dataset, self.config = dataset, config
        self.own, held_out = _split(dataset, config)
        self.x, self.y = dataset.x_train[self.own], dataset.y_train[self.own]
        self.x_validation, self.y_validation = dataset.x_train[held_out], dataset.y_train[held_out]
        kind = "quantile" if config.encoder == "learned" else config.encoder
        self.encoder: Thermometer = fit_thermometer(
            self.x, dataset.features, kind, config.bits_per_feature, config.thresholds
        )
        self._batches = Batches(len(self.x), config.batch_size, config.seed)

    @property
    def places(self) -> Places | None:
        """Where each input bit lies in the image, if there are images."""
        shape = self.dataset.image_shape
        return None if shape is None else pixel_places(self.encoder.feature, shape)

    def batch(self, step: int) -> Batch:
        """The whole batch of a step; the same whenever it is asked for."""
        chosen = self._batches(step)
        x, shape, config = self.x[chosen], self.dataset.image_shape, self.config
        if shape is not None and config.shift_pixels:
            rng = generator(config.seed, Purpose.SHIFTS, step)
            x = shifted(x, shape, config.shift_pixels, rng)
        if shape is not None and config.mirror:
            x = mirrored(x, shape, generator(config.seed, Purpose.MIRRORS, step))
        return Batch(self.own[chosen], x, self.y[chosen])


def _split(
    dataset: Dataset, config: TrainConfig
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Rows to train on and rows for validation: those that the data names, else drawn ones."""
    if dataset.validation is None:
        return split(len(dataset.x_train), config.validation_fraction, config.seed)
    return np.flatnonzero(~dataset.validation), np.flatnonzero(dataset.validation)
