"""Baseline: a fully connected ReLU network in torch, one hidden layer, float32, one thread.

It is trained here with a fixed seed on the rows that the logic networks train on, with images
shifted by a pixel as theirs are. The width is chosen on the validation rows: the smallest of
:data:`WIDTHS` that is as accurate as the logic network there. Weights are kept in a folder, so
that a second run trains nothing.
"""

from __future__ import annotations

import functools
import hashlib
import io
import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from cpu_baseline.rounds import Contender, seconds_per_item
from lgn2hdl.base.files import write_atomically
from lgn2hdl.datasets import Dataset
from lgn2hdl.train.seeds import split

WIDTHS = (16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 1024)
"""Hidden units that are tried, the fewest first."""

BATCH_SIZES = (256, 512, 1024, 2048, 4096, 8192, 16384)
"""Images a call; the fastest is taken."""

_KIND = "one hidden layer, dropout none, Adam, one cycle, shift 1"
"""Part of the file's name: change it with the recipe."""


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    Attributes:
        epochs: passes over the training rows.
        batch: rows of a step.
        learning_rate: highest one; it rises and falls in one cycle.
        seed: of the weights, the order of rows and the shifts.
        shift: most pixels by which a batch of images is shifted each way.
    """

    epochs: int = 30
    batch: int = 128
    learning_rate: float = 4e-3
    seed: int = 0
    shift: int = 1


@dataclass(frozen=True)
class Rows:
    """Pixels divided by their highest value, ``f32[N, F]``, and classes ``i64[N]``."""

    x: Tensor
    y: Tensor


def rows(x: npt.NDArray[np.unsignedinteger], y: npt.NDArray[np.int64], highest: int) -> Rows:
    """Rows for training or accuracy."""
    return Rows(torch.from_numpy(x.astype(np.float32) / highest), torch.from_numpy(y.copy()))


def new_network(n_inputs: int, width: int, n_classes: int) -> nn.Sequential:
    """Linear, ReLU, linear."""
    return nn.Sequential(nn.Linear(n_inputs, width), nn.ReLU(), nn.Linear(width, n_classes))


def train(
    width: int, data: Rows, n_classes: int, image_shape: tuple[int, int], recipe: Recipe
) -> nn.Sequential:
    """A trained network; equal arguments give equal weights."""
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    network = new_network(data.x.shape[1], width, n_classes)
    n_batches = max(1, len(data.x) // recipe.batch)
    optimizer = torch.optim.Adam(network.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.learning_rate, total_steps=recipe.epochs * n_batches
    )
    for _ in range(recipe.epochs):
        order = torch.from_numpy(rng.permutation(len(data.x)))
        for step in range(n_batches):
            chosen = order[step * recipe.batch : (step + 1) * recipe.batch]
            down, right = rng.integers(-recipe.shift, recipe.shift + 1, 2).tolist()
            x = shifted(data.x[chosen], image_shape, down, right)
            optimizer.zero_grad()
            nn.functional.cross_entropy(network(x), data.y[chosen]).backward()
            optimizer.step()
            schedule.step()
    return network.eval()


def shifted(x: Tensor, image_shape: tuple[int, int], down: int, right: int) -> Tensor:
    """Images ``[N, F]`` moved by some pixels; what comes in is 0."""
    if not down and not right:
        return x
    images = x.reshape(-1, *image_shape)
    moved = nn.functional.pad(images, (max(0, right), max(0, -right), max(0, down), max(0, -down)))
    top, left = max(0, -down), max(0, -right)
    height, width = image_shape
    return moved[:, top : top + height, left : left + width].reshape(x.shape)


@torch.inference_mode()
def classes(network: nn.Module, x: Tensor, batch: int) -> Tensor:
    """Classes ``i64[N]``, some rows at a time."""
    return torch.cat([network(part).argmax(1) for part in x.split(batch)])


def accuracy(network: nn.Module, data: Rows) -> float:
    """Share of right classes."""
    return float((classes(network, data.x, 4096) == data.y).float().mean())


class Trainer:
    """Networks of one data set, trained when they are needed and kept in a folder."""

    def __init__(self, dataset: Dataset, folder: Path, recipe: Recipe = Recipe()) -> None:
        """Take a tenth of the training rows for validation, those of the logic networks' seed 0."""
        if dataset.image_shape is None or len(dataset.image_shape) != 2:
            raise ValueError("the ReLU network is trained on grey images")
        self._image_shape = (dataset.image_shape[0], dataset.image_shape[1])
        self._n_classes, self._recipe, self._folder = len(dataset.class_names), recipe, folder
        highest = int(dataset.features.highest.max())
        own, held_out = split(len(dataset.x_train), 0.1, 0)
        self._own = rows(dataset.x_train[own], dataset.y_train[own], highest)
        self._validation = rows(dataset.x_train[held_out], dataset.y_train[held_out], highest)
        self.test = rows(dataset.x_test, dataset.y_test, highest)
        key = json.dumps([_KIND, repr(recipe), dataset.sha256, torch.__version__])
        self._key = hashlib.sha256(key.encode()).hexdigest()[:16]
        self._known: dict[int, nn.Sequential] = {}

    def network(self, width: int) -> nn.Sequential:
        """The network of a width: trained before, or now."""
        if width not in self._known:
            path = self._folder / f"relu-{width}-{self._key}.pt"
            if path.is_file():
                network = new_network(self._own.x.shape[1], width, self._n_classes)
                network.load_state_dict(torch.load(path, weights_only=True))
            else:
                recipe, shape = self._recipe, self._image_shape
                network = train(width, self._own, self._n_classes, shape, recipe)
                content = io.BytesIO()
                torch.save(network.state_dict(), content)
                write_atomically(path, content.getvalue())
            self._known[width] = network.eval()
        return self._known[width]

    @functools.cache  # noqa: B019
    def validation_accuracy(self, width: int) -> float:
        """On the rows that training does not see."""
        return accuracy(self.network(width), self._validation)

    def smallest_width(self, validation_accuracy: float, widths: tuple[int, ...] = WIDTHS) -> int:
        """Fewest hidden units that reach an accuracy on the validation rows, else the most."""
        good = (w for w in widths if self.validation_accuracy(w) >= validation_accuracy)
        return next(good, widths[-1])

    def test_accuracy(self, width: int) -> float:
        """On the test rows; nothing is chosen by it."""
        return accuracy(self.network(width), self.test)


def fastest_batch(network: nn.Module, x: Tensor, rounds: int = 3) -> int:
    """Images a call with the shortest time an image."""
    contenders = [
        Contender(str(batch), len(x), partial(classes, network, x, batch)) for batch in BATCH_SIZES
    ]
    seconds = seconds_per_item(contenders, rounds)
    return min(BATCH_SIZES, key=lambda batch: seconds[str(batch)])
