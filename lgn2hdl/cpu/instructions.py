"""Instructions of the engine: runs of nodes with one table, and lists of bits to count."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lgn2hdl.cpu.counting import Terms
from lgn2hdl.cpu.nodes import NormalNodes, support_size
from lgn2hdl.cpu.plan import ZERO_SLOT, Plan

COUNT = 256
"""Operation that adds bits to a sum; lower ones are tables of nodes."""

AT_ONCE = 8
"""Bits that the popcount adds at a time; lists are filled up with zeros."""

RECORD = 4
"""Operands of a node: the slot of its result, and those of its pins."""

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Instructions:
    """Code of a program.

    Attributes:
        instruction: operation, count, sum and plane of each instruction, ``i64[I, 4]``.
        operands: slots, those of an instruction after those of the one before, ``i64``.
        n_runs, n_operations, n_loads, n_stores: as in :class:`lgn2hdl.cpu.program.Program`.
    """

    instruction: Numbers
    operands: Numbers
    n_runs: int
    n_operations: int
    n_loads: int
    n_stores: int


def instructions(nodes: NormalNodes, layout: Plan, counted: Terms | None) -> Instructions:
    """The code that computes nodes in order and counts their bits."""
    runs, records = _runs(nodes, layout)
    lists = _lists(layout, counted)
    own = layout.segment[runs.first].astype(np.int64)
    key = np.concatenate([2 * own, 2 * lists.segment + 1])  # a segment's lists follow its runs
    both = np.concatenate([runs.instruction, lists.instruction])
    n_pins = int(support_size(nodes.table[layout.order]).sum())
    padded = lists.instruction[:, 1]
    eights = int(sum((padded >> shift).sum() for shift in range(3, 32, 3)))
    return Instructions(
        instruction=both[np.argsort(key, kind="stable")],
        operands=_interleaved(layout, records, lists),
        n_runs=len(runs.first),
        n_operations=len(layout.order) + 14 * eights,
        n_loads=n_pins + int(padded.sum()) + eights,
        n_stores=len(layout.order) + eights,
    )


@dataclass(frozen=True, eq=False)
class _Runs:
    first: Numbers
    instruction: Numbers


def _runs(nodes: NormalNodes, layout: Plan) -> tuple[_Runs, Numbers]:
    """Runs of equal tables within a segment, and the records of all nodes, ``i64[N, 4]``."""
    table = nodes.table[layout.order].astype(np.int64)
    first = _starts(np.column_stack([table, layout.segment]))
    instruction = np.zeros((len(first), RECORD), np.int64)
    instruction[:, 0] = table[first]
    instruction[:, 1] = np.diff(np.append(first, len(table)))
    records = np.empty((len(table), RECORD), np.int64)
    records[:, 0] = layout.slot[nodes.first_gate + layout.order]
    records[:, 1:] = layout.slot[nodes.fanin[layout.order]]
    return _Runs(first, instruction), records


@dataclass(frozen=True, eq=False)
class _Lists:
    segment: Numbers
    instruction: Numbers
    slots: Numbers


def _lists(layout: Plan, counted: Terms | None) -> _Lists:
    """Slots to count, list by list: one for each segment, class, sign and plane."""
    if counted is None:
        none = np.empty(0, np.int64)
        return _Lists(none, none.reshape(0, 4), none)
    key = np.column_stack(
        [layout.term_segment, counted.class_of, counted.negative, counted.plane]
    )  # ascending: terms are sorted by class, sign and plane, and segments are parts of them
    first = _starts(key)
    length = np.diff(np.append(first, len(key)))
    padded = -(-length // AT_ONCE) * AT_ONCE
    begin = np.cumsum(padded) - padded
    slots = np.full(int(padded.sum()), ZERO_SLOT, np.int64)
    slots[np.repeat(begin - first, length) + np.arange(len(key))] = layout.slot[counted.node]
    target = key[first, 1] + len(counted.bias) * key[first, 2]
    code = np.column_stack([np.full(len(first), COUNT), padded, target, key[first, 3]])
    return _Lists(key[first, 0], code, slots)


def _interleaved(layout: Plan, records: Numbers, lists: _Lists) -> Numbers:
    """Operands of all instructions: for every segment the records, then the lists."""
    per_segment = np.bincount(
        lists.segment, lists.instruction[:, 1], len(layout.segment_end)
    ).astype(np.int64)
    before = np.cumsum(per_segment) - per_segment
    operands = np.empty(records.size + len(lists.slots), np.int64)
    at = RECORD * np.arange(len(records)) + before[layout.segment]
    operands[at[:, None] + np.arange(RECORD)] = records
    shift = np.repeat(RECORD * layout.segment_end, per_segment)
    operands[shift + np.arange(len(lists.slots))] = lists.slots
    return operands


def _starts(rows: Numbers) -> Numbers:
    """Where rows differ from the row before, the first one as well."""
    changes = (np.diff(rows, axis=0) != 0).any(axis=1)
    return np.flatnonzero(np.append(len(rows) > 0, changes))
