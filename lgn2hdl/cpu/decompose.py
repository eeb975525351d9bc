"""Split gates of four to six pins into nodes of at most three pins.

Functions of four variables are split in the best way there is (:mod:`lgn2hdl.cpu.four_inputs`). For
those of five and six variables all ways of :mod:`lgn2hdl.cpu.splits` are tried, down to the parts
of four variables, and the one that takes the fewest nodes is carried out.
"""

from __future__ import annotations

import numpy as np

from lgn2hdl.cpu.four_inputs import four_inputs
from lgn2hdl.cpu.functions import MAX_NEW, Functions, assembled, gate_functions, joined
from lgn2hdl.cpu.splits import best_splits, variants
from lgn2hdl.ir.netlist import Netlist


def decompose(netlist: Netlist) -> Netlist:
    """The same outputs from gates of three pins, ``K = 3``; needs pruning afterwards."""
    waiting: dict[int, list[Functions]] = {3: [], 4: [], 5: [], 6: []}
    for functions in gate_functions(netlist):
        waiting[functions.n_pins].append(functions)
    n_ids = netlist.n_nodes
    for n_pins in (6, 5, 4):
        functions = joined(waiting[n_pins], n_pins)
        for part in _split(functions, n_ids):
            waiting[part.n_pins].append(part)
        n_ids += MAX_NEW * len(functions.node)
    return assembled(netlist, joined(waiting[3], 3), n_ids)


def _split(functions: Functions, next_id: int) -> list[Functions]:
    """Parts of functions of four to six variables, which have fewer."""
    new = MAX_NEW * len(functions.node)
    ids = np.arange(next_id, next_id + new, dtype=np.int32).reshape(MAX_NEW, -1)
    if functions.n_pins == 4:
        return _split_four(functions, ids)
    _, best = best_splits(functions.table, functions.n_pins)
    order = np.argsort(best, kind="stable")
    numbers = variants(functions.n_pins)
    parts = []
    ends = np.searchsorted(best[order], np.arange(len(numbers) + 1))
    for (way, variant), start, end in zip(numbers, ends[:-1], ends[1:], strict=True):
        if start < end:
            rows = order[start:end]
            parts += way.build(functions.take(rows), variant, ids[:, rows])
    return parts


def _split_four(functions: Functions, ids: np.ndarray) -> list[Functions]:
    """Nodes of functions of four variables."""
    best, table = four_inputs(), functions.table
    order = best.order[table].astype(np.intp)
    pins = np.take_along_axis(functions.pins, order, axis=1)
    three = np.flatnonzero(best.cost[table] == 3)
    right = pins[:, 2].copy()
    right[three] = ids[1, three]
    above = np.stack([pins[:, 3], ids[0], right], axis=1)
    return [
        functions.rest(above, best.top[table]),
        functions.part(ids[0], pins[:, :3], best.first[table]),
        functions.take(three).part(ids[1, three], pins[three, :3], best.second[table[three]]),
    ]
