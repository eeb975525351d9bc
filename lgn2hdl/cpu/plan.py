"""In which order nodes are computed, and where their values are kept.

Outputs are cut into *segments*; every node belongs to the first segment that needs it. Segments are
computed one after the other, and the bits of a segment are counted before the next one begins, so
that their slots can be used again. Within a segment nodes with equal tables are computed in runs as
long as dependencies allow, since every run costs a jump that the processor does not foresee.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lgn2hdl.cpu import library
from lgn2hdl.cpu.counting import Terms
from lgn2hdl.cpu.nodes import WIRE, NormalNodes
from lgn2hdl.ir.netlist import CONSTANT_ZERO, Ids

ZERO_SLOT = 0
"""Slot that is constant 0."""

UNREAD_SLOT = 1
"""Slot that takes what nobody reads."""

FIRST_FREE_SLOT = 2
"""First slot of values."""

NARROW_SLOTS = 1 << 16
"""Slots that 16-bit operands can name."""


@dataclass(frozen=True, eq=False)
class Plan:
    """Order and slots.

    Attributes:
        inputs: encoder bits that are read, ``i32[n]``, no two of them equal for every row.
        order: gate positions in the order of computation, ``i32[N]``.
        segment: segment of each of them, ascending, ``i32[N]``.
        term_segment: segment of each of the head's terms, ``i64[T]``.
        segment_end: nodes computed until the end of each segment, ``i64[S]``.
        slot: slot of every node that has one, ``i64[n_nodes]``; 0 for constants.
        n_slots: number of slots.
    """

    inputs: Ids
    order: Ids
    segment: Ids
    term_segment: npt.NDArray[np.int64]
    segment_end: npt.NDArray[np.int64]
    slot: npt.NDArray[np.int64]
    n_slots: int

    @property
    def narrow(self) -> bool:
        """Whether 16-bit operands can name all slots."""
        return self.n_slots <= NARROW_SLOTS

    def slot_of_input(self, bits: Ids) -> npt.NDArray[np.int64]:
        """Slots of encoder bits."""
        return self.slot[1 + bits]


def plan(nodes: NormalNodes, same: Ids, counted: Terms | None, segments: int) -> Plan:
    """Choose order and slots.

    Args:
        nodes: the nodes.
        same: for every input the first one that equals it; -1 if it is constant 0.
        counted: what the head counts; None if the outputs themselves are the result.
        segments: number of segments.
    """
    n_terms = 0 if counted is None else len(counted.node)
    term_segment = np.arange(n_terms) * segments // max(1, n_terms)
    n_segments = segments if n_terms else 1
    order, segment = _order(nodes, counted, term_segment, n_segments)
    segment_end = np.searchsorted(segment, np.arange(n_segments), side="right")
    inputs, value = _values(nodes, same, order)
    last_use = np.zeros(len(inputs) + len(order) + 1, np.int32)  # at the end: all constants
    times = np.repeat(np.arange(1, len(order) + 1, dtype=np.int32), nodes.fanin.shape[1])
    np.maximum.at(last_use, value[nodes.fanin[order]].ravel(), times)
    if counted is None:
        last_use[value[nodes.outputs]] = len(order) + 1
    else:
        counted_at = (segment_end[term_segment] + 1).astype(np.int32)
        np.maximum.at(last_use, value[counted.node], counted_at)
    slots, n_slots = library.assign_slots(last_use[:-1], len(inputs))
    slot = np.append(slots.astype(np.int64) + FIRST_FREE_SLOT, ZERO_SLOT)[value]
    return Plan(inputs, order, segment, term_segment, segment_end, slot, n_slots + FIRST_FREE_SLOT)


def _order(
    nodes: NormalNodes, counted: Terms | None, term_segment: npt.NDArray[np.int64], segments: int
) -> tuple[Ids, Ids]:
    """Order of the gates that compute something, and their segments."""
    needed_in = np.full(nodes.n_nodes, segments, np.int32)
    if counted is None:
        needed_in[nodes.outputs] = 0
    else:
        np.minimum.at(needed_in, counted.node, term_segment.astype(np.int32))
    first = nodes.first_gate
    needed_in = library.first_segments(nodes.fanin, first, needed_in)
    order = library.compute_order(nodes.fanin, nodes.table, needed_in[first:], first)
    computed = (nodes.table != 0) & (nodes.table != WIRE) & (needed_in[first:] < segments)
    order = order[computed[order]]
    return order, needed_in[first + order]


def _values(nodes: NormalNodes, same: Ids, order: Ids) -> tuple[Ids, npt.NDArray[np.int64]]:
    """Inputs that are read, and the number of every node's value: these inputs first, then the
    gates in order; -1 for constants and what nobody reads."""
    read = np.zeros(nodes.n_nodes, np.bool_)
    read[nodes.fanin[order]] = True
    read[nodes.outputs] = True
    inputs = np.unique(same[read[1 : nodes.first_gate]])
    inputs = inputs[inputs >= 0]
    number = np.full(nodes.n_inputs + 1, -1, np.int64)  # at the end: inputs that are constant
    number[inputs] = np.arange(len(inputs))
    value = np.full(nodes.n_nodes, -1, np.int64)
    value[1 : nodes.first_gate] = number[same]
    value[nodes.first_gate + order] = len(inputs) + np.arange(len(order))
    value[CONSTANT_ZERO] = -1
    return inputs, value
