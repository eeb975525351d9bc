"""Netlist: the gate graph that every pass, engine and back end reads. See ``docs/netlist.md``.

Node 0 is constant 0, nodes ``1..n_inputs`` are the inputs, the gates follow. Every fan-in id is
below the node's own id; an unused pin points at node 0 and its gate does not depend on it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir import logic

CONSTANT_ZERO = 0
"""Id of the node that is constant 0."""

Ids = npt.NDArray[np.int32]


def frozen(array: npt.ArrayLike, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """``array`` as a contiguous, read-only array that nobody else can write to.

    Raises:
        ValueError: if a value does not fit into ``dtype``.
    """
    given = np.asarray(array)
    result = np.ascontiguousarray(given, dtype=dtype)
    if result.dtype != given.dtype and not np.array_equal(result, given):
        raise ValueError(f"a value does not fit into {result.dtype}")
    own = result is not array and result.flags.owndata
    if not own and _may_be_written(result):
        result = result.copy()
    result.flags.writeable = False
    return result


def _may_be_written(array: npt.NDArray[Any]) -> bool:
    """Whether somebody can write to the memory of an array, through it or through what lent it."""
    owner: Any = array
    while isinstance(owner, np.ndarray | memoryview):
        if isinstance(owner, np.ndarray) and owner.flags.writeable:
            return True
        owner = owner.base if isinstance(owner, np.ndarray) else owner.obj
    return not (owner is None or isinstance(owner, bytes))


@dataclass(frozen=True, eq=False)
class Netlist:
    """A directed acyclic graph of look-up tables, as a structure of arrays.

    Attributes:
        n_inputs: number of one-bit inputs.
        fanin: node ids of the pins, ``i32[G, K]``, ``1 <= K <= 6``; pin 0 is the least
            significant address bit.
        table: truth tables, ``[G]``, in the smallest unsigned dtype that holds ``2**K`` bits.
        outputs: node ids of the outputs, ``i32[O]``; any node may be one, also several times.
        origin: for every gate the position, in layer order, of the trained node that it computes
            (perhaps complemented), ``i32[G]``; -1 where there is none.

    Raises:
        ValueError: if the arrays contradict each other or the graph is not in topological order.
    """

    n_inputs: int
    fanin: Ids
    table: logic.Tables
    outputs: Ids
    origin: Ids = field(default_factory=lambda: np.empty(0, np.int32))

    def __post_init__(self) -> None:
        fanin = np.asarray(self.fanin)
        if fanin.ndim != 2 or not 1 <= fanin.shape[1] <= logic.MAX_FAN_IN:
            raise ValueError(f"fanin has shape {fanin.shape}, not (gates, 1..{logic.MAX_FAN_IN})")
        origin = self.origin
        if len(origin) == 0 and len(fanin):
            origin = np.full(len(fanin), -1, np.int32)
        arrays = {
            "fanin": frozen(fanin, np.int32),
            "table": frozen(self.table, logic.table_dtype(fanin.shape[1])),
            "outputs": frozen(self.outputs, np.int32),
            "origin": frozen(origin, np.int32),
        }
        for name, array in arrays.items():
            object.__setattr__(self, name, array)
        self._check()

    def _check(self) -> None:
        if self.n_inputs < 0:
            raise ValueError(f"{self.n_inputs} inputs")
        if self.table.shape != (self.n_gates,) or self.origin.shape != (self.n_gates,):
            raise ValueError("fanin, table and origin differ in length")
        own = np.arange(self.first_gate, self.n_nodes, dtype=np.int32)
        if self.n_gates and ((self.fanin < 0).any() or (self.fanin >= own[:, None]).any()):
            raise ValueError("a fan-in id is not below the id of its own node")
        if self.n_gates and int(self.table.max()) > logic.all_ones(self.n_pins):
            raise ValueError(f"a table has more than {logic.rows(self.n_pins)} bits")
        if self.outputs.ndim != 1 or (
            len(self.outputs)
            and not (int(self.outputs.min()) >= 0 and int(self.outputs.max()) < self.n_nodes)
        ):
            raise ValueError("an output is not a node")

    @property
    def n_gates(self) -> int:
        """Number of gates, G."""
        return int(self.fanin.shape[0])

    @property
    def n_pins(self) -> int:
        """Pins per gate, K; gates with fewer inputs leave pins unused."""
        return int(self.fanin.shape[1])

    @property
    def first_gate(self) -> int:
        """Node id of gate 0."""
        return self.n_inputs + 1

    @property
    def n_nodes(self) -> int:
        """Constant, inputs and gates together."""
        return self.first_gate + self.n_gates


def constant_nodes(netlist: Netlist) -> npt.NDArray[np.bool_]:
    """Which nodes are constants by their form, ``bool[n_nodes]``: node 0, and gates without pins.

    Such a gate is what its table says for zeros. Gates that only turn out to be constant, for what
    they read, do not count; :func:`lgn2hdl.passes.fold_constants` makes them gates without pins.
    """
    constant = np.zeros(netlist.n_nodes, np.bool_)
    constant[CONSTANT_ZERO] = True
    constant[netlist.first_gate :] = (netlist.fanin == CONSTANT_ZERO).all(axis=1)
    return constant


def levels(netlist: Netlist) -> Ids:
    """Level of every node, ``i32[n_nodes]``: 0 for the constant, the inputs and constant gates,
    otherwise one more than the highest level among the pins."""
    level = np.zeros(netlist.n_nodes, np.int32)
    gates = level[netlist.first_gate :]
    pending = np.flatnonzero(~constant_nodes(netlist)[netlist.first_gate :])
    # After round r every gate stands at min(its level, r): whoever did not move is settled.
    while len(pending):
        raised = np.maximum.reduce([level[pins] for pins in netlist.fanin[pending].T]) + 1
        moved = raised != gates[pending]
        gates[pending] = raised
        pending = pending[moved]
    return level


def depth(netlist: Netlist) -> int:
    """Highest level among the outputs; 0 without gates."""
    return int(levels(netlist)[netlist.outputs].max(initial=0))


def live(netlist: Netlist) -> npt.NDArray[np.bool_]:
    """Which nodes some output depends on (through pins that are connected), ``bool[n_nodes]``."""
    alive = np.zeros(netlist.n_nodes, np.bool_)
    below = np.zeros(netlist.n_nodes, np.bool_)
    below[netlist.outputs] = True
    frontier = np.flatnonzero(below)
    while len(frontier):
        alive[frontier] = True
        gates = frontier[frontier >= netlist.first_gate] - netlist.first_gate
        below[:] = False
        below[netlist.fanin[gates]] = True
        frontier = np.flatnonzero(below & ~alive)
    return alive


def fanout(netlist: Netlist) -> npt.NDArray[np.int64]:
    """Pins and outputs that read each node, ``i64[n_nodes]``; unused pins count for node 0."""
    pins = np.bincount(netlist.fanin.ravel(), minlength=netlist.n_nodes)
    return pins + np.bincount(netlist.outputs, minlength=netlist.n_nodes)


def evaluate(
    netlist: Netlist, inputs: npt.NDArray[np.uint64], *, block_words: int = 64
) -> npt.NDArray[np.uint64]:
    """The golden model: outputs for packed inputs, level by level.

    Args:
        netlist: the graph.
        inputs: packed samples, ``u64[n_inputs, words]`` (see :mod:`lgn2hdl.ir.packed`).
        block_words: words computed at a time; bounds memory to ``n_nodes * block_words * 8`` bytes.

    Returns:
        Packed outputs, ``u64[n_outputs, words]``.

    Raises:
        ValueError: if ``inputs`` has another number of rows than the netlist has inputs.
    """
    if inputs.ndim != 2 or len(inputs) != netlist.n_inputs:
        raise ValueError(f"inputs of shape {inputs.shape} for {netlist.n_inputs} inputs")
    plan = gates_by_level(netlist)
    result = np.empty((len(netlist.outputs), inputs.shape[1]), np.uint64)
    for start in range(0, inputs.shape[1], block_words):
        block = slice(start, start + block_words)
        values = np.empty((netlist.n_nodes, inputs[:, block].shape[1]), np.uint64)
        values[CONSTANT_ZERO] = 0
        values[1 : netlist.first_gate] = inputs[:, block]
        for gates in plan:
            pins = values[netlist.fanin[gates].T]
            values[netlist.first_gate + gates] = logic.evaluate(netlist.table[gates], pins)
        result[:, block] = values[netlist.outputs]
    return result


def gates_by_level(netlist: Netlist) -> list[npt.NDArray[np.intp]]:
    """Gate positions (not node ids) of each level, lowest first; constants form the first group."""
    level = levels(netlist)[netlist.first_gate :]
    order = np.argsort(level, kind="stable")
    cuts = np.flatnonzero(np.diff(level[order])) + 1
    return [group for group in np.split(order, cuts) if len(group)]


def chained(first: Netlist, second: Netlist) -> Netlist:
    """The second netlist behind the first: its inputs are the outputs of the first.

    Raises:
        ValueError: if these differ in number.
    """
    if second.n_inputs != len(first.outputs):
        raise ValueError(f"{second.n_inputs} inputs behind {len(first.outputs)} outputs")
    n_pins = max(first.n_pins, second.n_pins)
    gates = first.n_nodes + np.arange(second.n_gates, dtype=np.int32)
    new_id = np.concatenate([[CONSTANT_ZERO], first.outputs, gates]).astype(np.int32)
    fanin = np.full((first.n_gates + second.n_gates, n_pins), CONSTANT_ZERO, np.int32)
    fanin[: first.n_gates, : first.n_pins] = first.fanin
    fanin[first.n_gates :, : second.n_pins] = new_id[second.fanin]
    tables = [logic.widen(item.table, item.n_pins, n_pins) for item in (first, second)]
    origin = np.concatenate([first.origin, np.full(second.n_gates, -1, np.int32)])
    return Netlist(first.n_inputs, fanin, np.concatenate(tables), new_id[second.outputs], origin)
