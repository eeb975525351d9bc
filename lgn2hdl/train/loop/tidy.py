"""Tidy the encoder of a trained network: drop input bits that tell nothing. NumPy only."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import DataError
from lgn2hdl.ir import logic, packed
from lgn2hdl.model.features import Integers
from lgn2hdl.model.layers.lut import Lut
from lgn2hdl.model.network import LogicNet, Thermometer

BLOCK = 1 << 12
"""Training rows that are encoded at once; bounds the memory."""


def tidy(network: LogicNet, x_train: Integers) -> LogicNet:
    """The network without input bits that are constant, equal to another bit, or not read.

    Constant and equal are meant on the training rows: on them the outputs stay the same, on other
    rows they may differ. Bits with the same feature and threshold are equal everywhere; a bit is
    not read if every table ignores it; such bits go without any difference.

    A pin whose bit is gone reads the equal bit that is left, or, ignored by its table, any. Fan-in,
    tables' width, and all layers but the first stay as they are. One bit always stays.

    Args:
        network: a trained network.
        x_train: training rows ``[N, F]``, integer features.

    Raises:
        DataError: if there is no row.
    """
    if not len(x_train):
        raise DataError("no training rows: tidying an encoder needs at least one")
    encoder, first = network.encoder, network.layers[0]
    if not isinstance(first, Lut):
        return network  # (which input bits matter, only such a layer shows)
    twin, constant = _observe(encoder, x_train)
    fanin = twin[first.fanin]
    table = _tie(fanin, _fold(first, constant))
    read = np.zeros(encoder.n_bits, np.bool_)
    read[fanin[logic.support(table, first.fan_in)]] = True
    if not read.any():
        read[0] = True
    position = np.where(read, np.cumsum(read) - 1, 0)
    return dataclasses.replace(
        network,
        encoder=Thermometer(encoder.feature[read], encoder.threshold[read]),
        layers=(Lut(position[fanin], table), *network.layers[1:]),
    )


def _observe(
    encoder: Thermometer, x_train: Integers
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int8]]:
    """What the training rows show of every bit.

    Returns:
        The lowest bit that is always equal to it, ``i64[B]``; and its value if it is constant, else
        -1, ``i8[B]``.
    """
    group = np.zeros(encoder.n_bits, np.uint64)
    always = np.ones((2, encoder.n_bits), np.bool_)
    for start in range(0, len(x_train), BLOCK):
        rows = x_train[start : start + BLOCK]
        words = encoder.encode(rows)
        ones = packed.pack(np.ones((1, len(rows)), np.bool_))
        always[0] &= (words == 0).all(axis=1)
        always[1] &= (words == ones).all(axis=1)
        # Bits that were equal so far and are equal here: rows of bytes, compared as a whole.
        seen = np.ascontiguousarray(np.column_stack([group, words]))
        whole = seen.view(np.dtype((np.void, seen.shape[1] * seen.itemsize)))[:, 0]
        group = np.unique(whole, return_inverse=True)[1].ravel().astype(np.uint64)
    _, first, inverse = np.unique(group, return_index=True, return_inverse=True)
    constant = np.where(always[1], 1, np.where(always[0], 0, -1)).astype(np.int8)
    return first[inverse.ravel()], constant


def _fold(layer: Lut, constant: npt.NDArray[np.int8]) -> logic.Tables:
    """Tables that ignore the pins on constant bits."""
    table = layer.table
    for pin in range(layer.fan_in):
        known = constant[layer.fanin[:, pin]]
        for value in (0, 1):
            fixed = logic.cofactor(table, layer.fan_in, pin, value)
            table = np.where(known == value, fixed, table)
    return table


def _tie(fanin: npt.NDArray[np.int64], table: logic.Tables) -> logic.Tables:
    """Tables that ignore a pin if an earlier pin reads the same."""
    fan_in = fanin.shape[1]
    for tied in range(1, fan_in):
        for kept in range(tied):
            same = fanin[:, kept] == fanin[:, tied]
            table = np.where(same, logic.tie_pins(table, fan_in, kept, tied), table)
    return table
