"""Samples as payloads of frames, and the results that a board has to answer."""

from __future__ import annotations

import numpy as np

from lgn2hdl.board.protocol import Flag, Identity, Result
from lgn2hdl.model.features import Features, Integers
from lgn2hdl.model.golden import feature_bits
from lgn2hdl.model.heads.group_sum_plan import decide
from lgn2hdl.model.network import LogicNet


def sample_payloads(features: Features, integers: Integers) -> list[bytes]:
    """The payload of each sample: the bits of port ``x``, lowest first, filled up to whole bytes.

    Args:
        features: the widths of the features.
        integers: features ``[N, F]``.
    """
    packed = np.packbits(feature_bits(features, integers), axis=0, bitorder="little")
    return [row.tobytes() for row in packed.T]


def golden_results(network: LogicNet, identity: Identity, integers: Integers) -> list[Result]:
    """What a board has to answer, by the golden model.

    Args:
        network: the golden model.
        identity: says whether the board has scores.
        integers: features ``[N, F]``.
    """
    if Flag.BITS in identity.flags:
        return [Result(None, bits=tuple(row)) for row in network.decisions(integers).tolist()]
    scores = network.scores(integers)
    indices = decide(scores).tolist()
    if not identity.score_bits:
        return [Result(index) for index in indices]
    return [Result(index, tuple(row)) for index, row in zip(indices, scores.tolist(), strict=True)]
