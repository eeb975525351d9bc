"""Golden model of the ports: the bits that enter and leave the hardware, from the network alone."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir import packed
from lgn2hdl.ir.netlist import Netlist, evaluate
from lgn2hdl.model.features import Features, Integers
from lgn2hdl.model.heads import HeadPlan
from lgn2hdl.model.network import LogicNet
from lgn2hdl.model.results import number_bits

Bools = npt.NDArray[np.bool_]


def feature_bits(features: Features, integers: Integers) -> Bools:
    """Bits of port ``x``, least significant first, ``bool[bits, N]``, of features ``[N, F]``."""
    columns = integers.T.astype(np.int64)
    return np.concatenate(
        [number_bits(column, width) for column, width in zip(columns, features.width, strict=True)]
    )


def layer_outputs(network: LogicNet, integers: Integers, gates: Netlist | None = None) -> Bools:
    """Bits of the last layer, ``bool[O, N]``.

    Args:
        network: the network.
        integers: features ``[N, F]``.
        gates: what stands for the network's layers, if not they themselves.
    """
    if gates is None:
        return network.outputs(integers)
    return packed.unpack(evaluate(gates, network.encoder.encode(integers)), len(integers))


def result_bits(network: LogicNet, plan: HeadPlan, outputs: Bools) -> Mapping[str, Bools]:
    """Bits of every result port, least significant first, ``bool[width, N]``, in port order.

    Args:
        network: gives the head.
        plan: says which ports there are, and how wide.
        outputs: bits of the last layer, ``bool[O, N]``.
    """
    return plan.result_bits(network.head, outputs)
