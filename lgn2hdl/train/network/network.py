"""The relaxed network: encoder, layers of trainable nodes and a head, as a torch module."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from lgn2hdl.ir import logic
from lgn2hdl.model.features import Features
from lgn2hdl.model.heads import Head as ModelHead
from lgn2hdl.model.layers.lut import Lut
from lgn2hdl.model.network import LogicNet, Thermometer
from lgn2hdl.train.config import TrainConfig
from lgn2hdl.train.network.heads import BITS_TAU, BitsHead, GroupSumHead, Head
from lgn2hdl.train.network.shared_head import SharedSumHead
from lgn2hdl.train.relax.hard import Values, hard_values, is_possible, real_values
from lgn2hdl.train.relax.kinds import RELAXATIONS
from lgn2hdl.train.relax.layer import RelaxedLayer, Sampling
from lgn2hdl.train.seeds import Purpose, generator
from lgn2hdl.train.wiring.kinds import WiringTask, make_wires
from lgn2hdl.train.wiring.wires import Wires
from lgn2hdl.train.wiring.wiring import Places, node_places

EVALUATION_ROWS = 1024
"""Rows of one forward pass outside of training; bounds memory."""


class RelaxedNetwork(nn.Module):
    """Input bits -> relaxed layers -> logits.

    ``kept[O]`` is 1 for every output of the last layer that counts, and 0 for those that were
    dropped: these are ``constant[O]``.

    Args:
        n_inputs: number of input bits.
        n_names: number of classes, which divides the last layer's width, or of output bits.
        config: widths, wiring, relaxation, initialization, tau and seed.
        places: where each input bit lies in an image; only local wiring needs it.
        bits: whether the outputs are bits and not classes.

    Raises:
        OptionError: if the wiring does not fit the inputs.
    """

    kept: Tensor
    constant: Tensor

    def __init__(
        self,
        n_inputs: int,
        n_names: int,
        config: TrainConfig,
        places: Places | None = None,
        *,
        bits: bool = False,
    ) -> None:
        super().__init__()
        self.n_inputs = n_inputs
        self.layers = nn.ModuleList()
        self.places: list[Places | None] = []
        relaxation = RELAXATIONS.find(config.relaxation).load()
        n_sources = n_inputs
        for index, layer in enumerate(config.layers):
            wires = _wires(config, index, n_sources, places)
            self.places.append(places)
            places = None if places is None else node_places(places, wires.fanin())
            rng = generator(config.seed, Purpose.PARAMETERS, index)
            start = relaxation.initial(layer.width, layer.fan_in, config.initialization, rng)
            self.layers.append(RelaxedLayer(wires, relaxation, torch.from_numpy(start)))
            n_sources = layer.width
        self.head = _head(config, n_sources, n_names, bits)
        self.register_buffer("kept", torch.ones(n_sources))
        self.register_buffer("constant", torch.zeros(n_sources))

    def forward(self, bits: Values, sampling: Sampling | None = None) -> Tensor:
        """Logits ``[N, C]`` for input bits ``[n_inputs, N]`` of value 0 or 1."""
        sampling = sampling or Sampling()
        if sampling.kind == "hard" and is_possible(self.kept, bits):
            bits = hard_values(bits)
        for layer in self.layers:
            bits = layer(bits, sampling)
        logits: Tensor = self.head(self._with_constants(bits))
        return logits

    def _with_constants(self, outputs: Values) -> Values:
        if bool(self.kept.all()):
            return outputs
        return real_values(outputs) * self.kept[:, None] + self.constant[:, None]

    @torch.no_grad()
    def hard_outputs(self, bits: Tensor) -> Tensor:
        """Last-layer outputs ``[O, N]``, all 0 or 1, of the discretized network."""
        for layer in self.relaxed_layers:
            bits = layer.hard(bits)
        return real_values(self._with_constants(bits))

    @torch.no_grad()
    def drop(self, outputs: Tensor, constant: Tensor) -> None:
        """Replace ``outputs`` (positions) by constants 0 or 1; they are trained no more."""
        self.kept[outputs] = 0.0
        self.constant[outputs] = constant.to(self.constant)

    @property
    def relaxed_layers(self) -> list[RelaxedLayer]:
        """The layers, input side first."""
        return [layer for layer in self.layers if isinstance(layer, RelaxedLayer)]

    def discrete_layers(self) -> tuple[Lut, ...]:
        """The layers as they would be if training ended now; dropped outputs are constants.

        The last one has the outputs that the discrete head reads, some perhaps more than once.
        """
        luts = [Lut(layer.wires.fanin(), layer.tables()) for layer in self.relaxed_layers]
        last = luts[-1]
        ones = last.table.dtype.type(logic.all_ones(last.fan_in))
        constants = np.where(self.constant.cpu().numpy() > 0, ones, last.table.dtype.type(0))
        table = np.where(self.kept.cpu().numpy() > 0, last.table, constants)
        order = self.head.order(last.width)
        return (*luts[:-1], Lut(last.fanin[order], table[order]))

    def to_logic_net(
        self,
        features: Features,
        encoder: Thermometer,
        names: tuple[str, ...],
        card: Mapping[str, Any],
        layers: tuple[Lut, ...] | None = None,
        head: ModelHead | None = None,
    ) -> LogicNet:
        """The discrete network; layers and head of an earlier step replace the present ones."""
        return LogicNet(
            features,
            encoder,
            layers or self.discrete_layers(),
            head or self.discrete_head(),
            names,
            card,
        )

    def discrete_head(self) -> ModelHead:
        """The head as it would be if training ended now."""
        return self.head.discrete(len(self.kept))


def _head(config: TrainConfig, n_outputs: int, n_names: int, bits: bool) -> Head:
    if bits:
        return BitsHead(n_names, config.tau or BITS_TAU, config.learn_tau)
    tau, count = config.tau_for(n_names), config.head_connections
    if not count:
        return GroupSumHead(n_names, tau, config.learn_tau)
    rng = generator(config.seed, Purpose.HEAD)
    return SharedSumHead(n_outputs, n_names, count, tau, config.learn_tau, rng)


def _wires(config: TrainConfig, index: int, n_sources: int, places: Places | None) -> Wires:
    layer = config.layers[index]
    task = WiringTask(
        number=index + 1,
        n_sources=n_sources,
        width=layer.width,
        fan_in=layer.fan_in,
        rng=generator(config.seed, Purpose.WIRING, index),
        scores_rng=generator(config.seed, Purpose.SCORES, index),
        places=places,
        radius=config.local_radius,
        candidates=config.candidates,
        selection=config.selection,
    )
    return make_wires(layer.wiring, task)


def encode(encoder: Thermometer, integers: npt.NDArray[Any]) -> Tensor:
    """Input bits as ``f32[B, N]`` of integer features ``[N, F]``."""
    columns = np.ascontiguousarray(integers.T)
    bits = columns[encoder.feature] >= encoder.threshold[:, None]
    return torch.from_numpy(bits.astype(np.float32))
