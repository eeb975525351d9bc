"""LogicNet to Netlist: every node becomes a gate; nothing is simplified yet."""

from __future__ import annotations

import numpy as np

from lgn2hdl.ir import logic
from lgn2hdl.ir.netlist import CONSTANT_ZERO, Netlist
from lgn2hdl.model.network import LogicNet


def lower(network: LogicNet) -> Netlist:
    """The gate graph of ``network``.

    The inputs are the encoder's bits, the outputs the last layer's nodes, both in order. Layers of
    smaller fan-in get unused pins, so that all gates have the fan-in of the widest layer.
    """
    n_pins = max(layer.fan_in for layer in network.luts)
    fanins, tables = [], []
    below = 1  # node id of position 0 of the layer below: the inputs follow the constant
    next_id = 1 + network.encoder.n_bits
    for layer in network.luts:
        fanin = np.full((layer.width, n_pins), CONSTANT_ZERO, np.int32)
        fanin[:, : layer.fan_in] = layer.fanin + below
        fanins.append(fanin)
        tables.append(logic.widen(layer.table, layer.fan_in, n_pins))
        below, next_id = next_id, next_id + layer.width
    return Netlist(
        n_inputs=network.encoder.n_bits,
        fanin=np.concatenate(fanins),
        table=np.concatenate(tables),
        outputs=np.arange(below, next_id, dtype=np.int32),
        origin=np.arange(network.n_nodes, dtype=np.int32),
    )
