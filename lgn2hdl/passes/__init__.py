"""Netlist passes: pure functions ``Netlist -> Netlist`` that never change what an output computes.

A pass returns the very netlist that it got when there is nothing to do.
:data:`PIPELINE` is all that pruning does, in order; ``docs/netlist.md`` gives the algebra.
"""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from lgn2hdl.ir.netlist import Netlist, depth
from lgn2hdl.passes.constants import fold_constants
from lgn2hdl.passes.dead import remove_dead
from lgn2hdl.passes.inverters import absorb_inverters
from lgn2hdl.passes.sharing import share_gates
from lgn2hdl.passes.wires import bypass_wires

__all__ = [
    "PIPELINE",
    "PassRecord",
    "absorb_inverters",
    "bypass_wires",
    "fold_constants",
    "prune",
    "remove_dead",
    "share_gates",
]

Pass = Callable[[Netlist], Netlist]

PIPELINE: tuple[Pass, ...] = (
    remove_dead,
    fold_constants,
    bypass_wires,
    absorb_inverters,
    share_gates,
)
"""The passes of one round of :func:`prune`."""


@dataclass(frozen=True)
class PassRecord:
    """What one pass did in one round.

    Attributes:
        round: number of the round, from 1.
        name: name of the pass.
        gates_before, gates_after: number of gates.
        depth_before, depth_after: highest level among the outputs.
        seconds: wall-clock time of the pass.
        peak_bytes: most memory that the pass held above what was there before; None if it was not
            measured.
    """

    round: int
    name: str
    gates_before: int
    gates_after: int
    depth_before: int
    depth_after: int
    seconds: float
    peak_bytes: int | None = None


def prune(
    netlist: Netlist, *, measure_memory: bool = False
) -> tuple[Netlist, tuple[PassRecord, ...]]:
    """Repeat :data:`PIPELINE` until a round changes nothing.

    Args:
        netlist: the gates to prune; outputs and inputs keep their number, order and meaning.
        measure_memory: also record peak memory, with ``tracemalloc``; costs time.

    Returns:
        The pruned netlist, and the records of all rounds in order.
    """
    records: list[PassRecord] = []
    level = depth(netlist)
    # This ends. Gates never become more. While they stay as many, an inverter can still become a
    # copy of the gate it reads, but only once: the copy could only become an inverter again if that
    # gate became a wire, and wires go. Nothing else adds pins, and sharing alone settles at once.
    for number in count(1):
        before = netlist
        for step in PIPELINE:
            netlist, record = _recorded(step, netlist, level, number, measure_memory)
            level = record.depth_after
            records.append(record)
        if netlist is before:
            break
    return netlist, tuple(records)


def _recorded(
    step: Pass, netlist: Netlist, level: int, number: int, measure_memory: bool
) -> tuple[Netlist, PassRecord]:
    if measure_memory:
        tracemalloc.start()
    start = time.perf_counter()
    result = step(netlist)
    seconds = time.perf_counter() - start
    peak_bytes = None
    if measure_memory:
        peak_bytes = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    record = PassRecord(
        round=number,
        name=step.__name__,
        gates_before=netlist.n_gates,
        gates_after=result.n_gates,
        depth_before=level,
        depth_after=level if result is netlist else depth(result),
        seconds=seconds,
        peak_bytes=peak_bytes,
    )
    return result, record
