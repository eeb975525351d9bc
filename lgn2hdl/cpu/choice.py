"""How many segments and how wide slots: few jumps against values that stay in the cache.

More segments keep fewer values alive but make runs shorter; wider slots share the cost of a jump
but need a larger cache. The costs were measured on one processor with a second-level cache of
2 MiB, and are taken to depend on how much of that cache the values fill; a wrong guess costs some
speed, never a result.
"""

from __future__ import annotations

import numpy as np

from lgn2hdl.cpu import memory
from lgn2hdl.cpu.counting import Terms
from lgn2hdl.cpu.instructions import Instructions, instructions
from lgn2hdl.cpu.nodes import NormalNodes
from lgn2hdl.cpu.plan import Plan, plan
from lgn2hdl.ir.netlist import Ids

SEGMENTS: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64)
"""Numbers of segments to choose from."""

SEGMENTS_OF_LARGE: tuple[int, ...] = (8,)
"""The same for networks that are too large to try them all."""

LARGE = 200_000
"""Nodes from which a network is large."""

VECTORS: tuple[int, ...] = (1, 2, 4)
"""Vectors of 512 samples in a slot to choose from."""

JUMP = 11.5
"""Nanoseconds that a jump costs which the processor did not foresee."""

_FILLED = (1 / 80, 1 / 40, 1 / 16, 1 / 4, 1 / 2, 1, 2, 8)  # of the second-level cache
_NODE = (1.3, 1.4, 2.15, 2.5, 2.6, 3.6, 5.5, 8.0)  # nanoseconds of a node where values fill that


def cost(layout: Plan, code: Instructions, vectors: int) -> float:
    """Estimated nanoseconds for 512 samples."""
    filled = layout.n_slots * 64 * vectors / memory.second_level_cache()
    node = float(np.interp(np.log2(filled), np.log2(_FILLED), _NODE))
    return len(layout.order) * node + code.n_runs * JUMP / vectors


def choose(
    nodes: NormalNodes,
    same: Ids,
    counted: Terms | None,
    segments: tuple[int, ...] | None = None,
    vectors: tuple[int, ...] = VECTORS,
) -> tuple[Plan, Instructions, int]:
    """The cheapest plan, its code, and the vectors of a slot.

    Args:
        nodes: the nodes.
        same: for every input the first one that equals it; -1 if it is constant 0.
        counted: what the head counts; None if the outputs themselves are the result.
        segments: numbers of segments to choose from; None leaves it to the size of the network.
        vectors: vectors of a slot to choose from.
    """
    if segments is None:
        segments = SEGMENTS if len(nodes.table) < LARGE else SEGMENTS_OF_LARGE
    if counted is None:
        segments = (1,)
    best: tuple[float, Plan, Instructions, int] | None = None
    for number in segments:
        layout = plan(nodes, same, counted, number)
        code = instructions(nodes, layout, counted)
        for width in vectors if layout.narrow else (1,):
            now = cost(layout, code, width)
            if best is None or now < best[0]:
                best = now, layout, code, width
    assert best is not None, "there is always something to choose from"
    return best[1:]
