"""The relaxed network: layers of trainable nodes and the GroupSum head, as a torch module."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lgn2hdl import logic
from lgn2hdl.features import Features
from lgn2hdl.model import LogicNet, Lut, Thermometer, contiguous_groups
from lgn2hdl.train.config import TrainConfig
from lgn2hdl.train.layer import RelaxedLayer
from lgn2hdl.train.relaxation import RELAXATIONS
from lgn2hdl.train.seeds import Purpose, generator
from lgn2hdl.train.wiring import Places, fixed_wiring, node_places


class RelaxedNetwork(nn.Module):
    """Input bits -> relaxed layers -> class logits ``group sum / tau``.

    Args:
        n_inputs: number of input bits.
        n_classes: number of classes; divides the last layer's width.
        config: widths, wiring, relaxation, initialization, tau and seed.
        places: where each input bit lies in an image; only wiring ``local`` needs it.

    Raises:
        OptionError: if the wiring does not fit the inputs.
    """

    def __init__(
        self, n_inputs: int, n_classes: int, config: TrainConfig, places: Places | None = None
    ) -> None:
        super().__init__()
        self.n_classes = n_classes
        self.tau = config.tau_for(n_classes)
        relaxation = RELAXATIONS[config.relaxation]
        self.layers: list[RelaxedLayer] = []
        n_sources = n_inputs
        for index, width in enumerate(config.layers):
            kind = config.wiring[min(index, len(config.wiring) - 1)]
            rng = generator(config.seed, Purpose.WIRING, index)
            fanin = fixed_wiring(
                kind, n_sources, width, rng, places=places, radius=config.local_radius
            )
            places = None if places is None else node_places(places, fanin)
            rng = generator(config.seed, Purpose.PARAMETERS, index)
            start = relaxation.initial(width, fanin.shape[1], config.initialization, rng)
            layer = RelaxedLayer(fanin, n_sources, relaxation, torch.from_numpy(start))
            self.layers.append(layer)
            n_sources = width
        self.modules_of_layers = nn.ModuleList(self.layers)  # so that torch knows their parameters

    def forward(self, bits: Tensor) -> Tensor:
        """Class logits ``[N, C]`` for input bits ``[n_inputs, N]`` of value 0 or 1."""
        values = bits
        for layer in self.layers:
            values = layer(values)
        sums = values.reshape(self.n_classes, -1, values.shape[1]).sum(1)
        return (sums / self.tau).T

    @torch.no_grad()
    def hard_outputs(self, bits: Tensor) -> Tensor:
        """Last-layer outputs ``[O, N]``, all 0 or 1, of the discretized network."""
        values = bits
        for layer in self.layers:
            values = layer.hard(values)
        return values

    def tables(self) -> tuple[logic.Tables, ...]:
        """Discretized truth tables of every layer."""
        return tuple(layer.tables() for layer in self.layers)

    def to_logic_net(
        self,
        features: Features,
        encoder: Thermometer,
        class_names: tuple[str, ...],
        card: Mapping[str, Any],
        tables: tuple[logic.Tables, ...] | None = None,
    ) -> LogicNet:
        """The discrete network; ``tables`` of an earlier step replace the present ones."""
        luts = tuple(
            Lut(layer.fanin, table)
            for layer, table in zip(self.layers, tables or self.tables(), strict=True)
        )
        head = contiguous_groups(luts[-1].width, self.n_classes, self.tau)
        return LogicNet(features, encoder, luts, head, class_names, card)


def encode(encoder: Thermometer, integers: np.ndarray[Any, Any]) -> Tensor:
    """Input bits as ``f32[B, N]`` of integer features ``[N, F]``."""
    columns = np.ascontiguousarray(integers.T)
    bits = columns[encoder.feature] >= encoder.threshold[:, None]
    return torch.from_numpy(bits.astype(np.float32))
