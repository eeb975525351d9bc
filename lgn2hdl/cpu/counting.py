"""What the head adds up: bits of normal nodes, with a sign, for every class and power of two."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lgn2hdl.cpu.nodes import NormalNodes
from lgn2hdl.model.heads.group_sum import GroupSum

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Terms:
    """Bits to count, sorted by class, sign and plane.

    A score is ``lowest`` plus an unsigned number of ``n_planes`` bits, which is ``bias`` plus the
    bits to add minus those to subtract, modulo ``2**n_planes``.

    Attributes:
        node: node id of each term, ``i64[T]``.
        class_of: class that it counts for, ``i64[T]``.
        negative: whether it is subtracted, ``bool[T]``.
        plane: it counts ``2**plane``, ``i64[T]``.
        bias: constant part of each class, ``i64[C]``, ``0 <= bias < 2**n_planes``.
        lowest: lowest score of all classes, at least ``-2**31``.
        n_planes: bits of the highest score above ``lowest``, 1 to 32.
    """

    node: Numbers
    class_of: Numbers
    negative: npt.NDArray[np.bool_]
    plane: Numbers
    bias: Numbers
    lowest: int
    n_planes: int


def terms(head: GroupSum, nodes: NormalNodes) -> Terms:
    """The terms of a head whose outputs are those of ``nodes``.

    Outputs that read the same node are one term; a complemented one counts ``w - w * bit``.
    """
    weight = head.weight.astype(np.int64)
    bias = head.bias.astype(np.int64)
    np.add.at(bias, head.class_of[nodes.complemented], weight[nodes.complemented])
    keys, place = np.unique(
        head.class_of.astype(np.int64) * nodes.n_nodes + nodes.outputs, return_inverse=True
    )
    total = np.zeros(len(keys), np.int64)
    np.add.at(total, place.ravel(), np.where(nodes.complemented, -weight, weight))
    class_of, node = np.divmod(keys, nodes.n_nodes)
    constant = node == 0
    total[constant] = 0
    lowest, n_planes = _range(head)
    term, plane = np.nonzero(np.abs(total)[:, None] >> np.arange(n_planes) & 1)
    negative = total[term] < 0
    order = np.lexsort((plane, negative, class_of[term]))
    term = term[order]
    return Terms(
        node=node[term],
        class_of=class_of[term],
        negative=negative[order],
        plane=plane[order],
        bias=(bias - lowest) % (1 << n_planes),
        lowest=lowest,
        n_planes=n_planes,
    )


def _range(head: GroupSum) -> tuple[int, int]:
    """Lowest score, and the bits of the highest one above it: no score is beyond 32 bits."""
    low, high = head.score_range()
    lowest, highest = int(low.min()), int(high.max())
    return lowest, max(1, (highest - lowest).bit_length())
