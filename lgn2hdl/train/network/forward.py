"""The forward pass of a trained network in torch, as training computes its discretized nodes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from lgn2hdl.ir import logic
from lgn2hdl.model.features import Integers
from lgn2hdl.model.layers.lut import Lut
from lgn2hdl.model.network import LogicNet
from lgn2hdl.train.network.network import EVALUATION_ROWS, encode
from lgn2hdl.train.relax.layer import RelaxedLayer
from lgn2hdl.train.relax.relaxation import Light
from lgn2hdl.train.wiring.wires import FixedWires


def torch_layers(network: LogicNet) -> tuple[RelaxedLayer, ...]:
    """The network's layers as layers of training that are sure of every bit of their tables."""
    return tuple(_layer(layer) for layer in network.luts)


def _layer(layer: Lut) -> RelaxedLayer:
    bits = logic.table_to_bits(layer.table, layer.fan_in).T
    logits = np.where(bits, np.float32(1), np.float32(-1))
    return RelaxedLayer(FixedWires(np.array(layer.fanin)), Light(), torch.from_numpy(logits))


@torch.no_grad()
def torch_outputs(network: LogicNet, integers: Integers) -> npt.NDArray[np.bool_]:
    """Bits of the last layer, ``bool[O, N]``, for integer features ``[N, F]``.

    Every value on the way is a 32-bit float, exactly 0 or 1; the encoder's bits are compared, and
    the nodes interpolated, as training does it.
    """
    layers = torch_layers(network)
    parts: list[npt.NDArray[Any]] = [np.empty((network.layers[-1].width, 0), np.float32)]
    for start in range(0, len(integers), EVALUATION_ROWS):
        values = encode(network.encoder, integers[start : start + EVALUATION_ROWS])
        for layer in layers:
            values = layer.hard(values)
        parts.append(values.numpy())
    result = np.concatenate(parts, axis=1)
    if not ((result == 0) | (result == 1)).all():
        raise ValueError("a node's value is neither 0 nor 1")
    return result > 0
