"""Golden model of the ports: the bits that enter and leave the hardware, from the network alone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir import packed
from lgn2hdl.ir.netlist import Netlist, evaluate
from lgn2hdl.model.features import Features, Integers
from lgn2hdl.model.head import BitsPlan, HeadPlan
from lgn2hdl.model.network import GroupSum, LogicNet, decide

Bools = npt.NDArray[np.bool_]


def feature_bits(features: Features, integers: Integers) -> Bools:
    """Bits of port ``x``, least significant first, ``bool[bits, N]``, of features ``[N, F]``."""
    columns = integers.T.astype(np.int64)
    return np.concatenate(
        [_bits(column, width) for column, width in zip(columns, features.width, strict=True)]
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


def result_bits(network: LogicNet, plan: HeadPlan, outputs: Bools) -> dict[str, Bools]:
    """Bits of every result port, least significant first, ``bool[width, N]``, in port order.

    Args:
        network: gives the head.
        plan: says which ports there are, and how wide.
        outputs: bits of the last layer, ``bool[O, N]``.
    """
    if isinstance(plan, BitsPlan):
        return {"bits": outputs}
    head = network.head
    assert isinstance(head, GroupSum)
    scores = head.scores(outputs)
    ports = {"class_index": _bits(decide(scores), plan.class_width)}
    if plan.scores:
        per_class = [_bits(column, plan.score_width) for column in scores.T]
        ports["scores"] = np.concatenate(per_class)
    if plan.margin:
        ports["margin"] = _bits(margins(scores), plan.margin_width)
    return ports


def margins(scores: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """Difference of the two highest scores of every row of ``[N, C]``, ``i64[N]``; 0 for a tie."""
    best = np.sort(scores.astype(np.int64), axis=1)
    return best[:, -1] - best[:, -2]


def _bits(values: npt.NDArray[np.integer], width: int) -> Bools:
    """Two's complement bits of numbers ``[N]``, ``bool[width, N]``."""
    return (values.astype(np.int64) >> np.arange(int(width))[:, None] & 1).astype(np.bool_)
