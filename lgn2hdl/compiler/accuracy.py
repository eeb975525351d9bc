"""How often a network is right when a netlist takes the place of its layers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import DataError
from lgn2hdl.ir import packed
from lgn2hdl.ir.netlist import Netlist, evaluate
from lgn2hdl.model.features import Integers
from lgn2hdl.model.heads import Head
from lgn2hdl.model.network import LogicNet, Thermometer

BLOCK = 1 << 14
"""Rows evaluated at a time; bounds the memory."""


def netlist_accuracy(
    network: LogicNet, netlist: Netlist, integers: Integers, labels: npt.NDArray[np.integer]
) -> float:
    """Part of the rows that are classified as their label says; for a Bits head, of the bits.

    Args:
        network: gives encoder and head.
        netlist: gates between them: inputs are the encoder's bits, outputs what the head reads.
        integers: integer features, ``[N, F]``.
        labels: classes ``[N]``, or output bits ``[N, n]``.

    Raises:
        DataError: if there are no rows.
    """
    return head_accuracy(network.encoder, netlist, network.head, integers, labels)


def head_accuracy(
    encoder: Thermometer,
    netlist: Netlist,
    head: Head,
    integers: Integers,
    labels: npt.NDArray[np.integer],
) -> float:
    """:func:`netlist_accuracy` of parts that are no network together."""
    if len(integers) == 0:
        raise DataError("no rows to measure the accuracy on: give some")
    right = 0
    for start in range(0, len(integers), BLOCK):
        rows = slice(start, start + BLOCK)
        words = evaluate(netlist, encoder.encode(integers[rows]))
        outputs = packed.unpack(words, len(integers[rows]))
        right += int((head.decisions(outputs) == labels[rows]).sum())
    return right / labels.size
