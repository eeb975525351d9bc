"""Retiming: the pipeline stage of every gate, so that as few flip-flops as possible are needed.

A value computed in stage ``s`` and last read in stage ``t`` waits in ``t - s`` registers. Which
stage computes a gate is free within its slack, and the sum of all waiting is smallest where a
linear program says so (Leiserson and Saxe, "Retiming Synchronous Circuitry", Algorithmica 6,
1991): variables are the gates' stages and the last stage that reads each value; every constraint
is a difference of two of them, so that the optimum is a whole number everywhere.

SciPy is imported where a program is set up: no other command than synthesis needs it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import OptionError
from lgn2hdl.ir.netlist import Ids, Netlist, constant_nodes, live

MOST_CONSTRAINTS = 3_000_000
"""Above so many constraints the stages are chosen by slack alone, which is not always minimal."""


@dataclass(frozen=True, eq=False)
class Stages:
    """Where gates are computed and values are last read.

    Attributes:
        n_stages: pipeline stages; the outputs are registered behind the last one.
        stage: stage that computes each node, ``i32[n_nodes]``; 0 for inputs and constants.
        last: last boundary at which each node is in a register, ``i32[n_nodes]``; boundary ``b``
            lies in front of stage ``b``. A node has registers at ``stage + 1 .. last``.
        minimal: whether no other choice of stages needs fewer registers.
    """

    n_stages: int
    stage: Ids
    last: Ids
    minimal: bool

    @property
    def registers(self) -> npt.NDArray[np.int64]:
        """Registers behind every node, ``i64[n_nodes]``."""
        return np.maximum(self.last - self.stage, 0).astype(np.int64)


@dataclass(frozen=True, eq=False)
class _Graph:
    """Clusters and who reads whom; cluster 0 stands for all inputs, whose stage is 0.

    Attributes:
        of_node: cluster of every node, ``i32[n_nodes]``; -1 for constants and dead gates.
        reads: distinct pairs (read cluster, reading cluster) of different clusters, ``i32[E, 2]``.
        values: distinct pairs (read node, reading cluster) of different clusters, ``i32[V, 2]``.
        n: number of clusters, the inputs included.
    """

    of_node: Ids
    reads: Ids
    values: Ids
    n: int


def lut_levels(netlist: Netlist, clusters: Ids) -> Ids:
    """LUT level of every node, ``i32[n_nodes]``: a whole carry chain counts as one level.

    Inputs, constants and gates that no output depends on have 0. Arguments as for
    :func:`fewest_registers`.
    """
    graph = _graph(netlist, clusters)
    return _of_nodes(graph, _levels(graph.n, graph.reads))


def as_soon_as_possible(netlist: Netlist, clusters: Ids, levels_per_stage: int) -> Stages:
    """Every gate as early as its inputs allow, every value held until its last reader.

    Arguments as for :func:`fewest_registers`, which it is compared with.
    """
    graph = _graph(netlist, clusters)
    stage = _earliest(_levels(graph.n, graph.reads), levels_per_stage)
    return _stages(netlist, graph, stage, int(stage.max()) + 1, minimal=False)


def part_by_part(
    netlist: Netlist, clusters: Ids, levels_per_stage: int, part: npt.NDArray[np.uint8]
) -> Stages:
    """Each part staged for itself, as early as possible, with registers behind every part.

    What a design has whose encoder, core and head are pipelined one by one, and where every value
    alive is registered: the naive choice that :func:`fewest_registers` is compared with.

    Args:
        netlist, clusters, levels_per_stage: as for :func:`fewest_registers`.
        part: number of the part of every gate, ``u8[G]``; no part reads a later one.
    """
    graph = _graph(netlist, clusters)
    cluster = graph.of_node[netlist.first_gate :]
    computed = cluster > 0
    of_cluster = np.zeros(graph.n, np.int32)
    of_cluster[cluster[computed]] = part[computed]
    read, reader = of_cluster[graph.reads].T
    stage = _earliest(_levels(graph.n, graph.reads[read == reader]), levels_per_stage)
    start = 0
    for number in np.unique(of_cluster[1:]).tolist():
        own = np.flatnonzero(of_cluster[1:] == number) + 1
        stage[own] += start
        start = int(stage[own].max()) + 1
    return _stages(netlist, graph, stage, max(1, start), minimal=False)


def fewest_registers(netlist: Netlist, clusters: Ids, levels_per_stage: int) -> Stages:
    """The smallest latency for so many levels a stage, and the fewest registers for that latency.

    Args:
        netlist: the graph; inputs arrive unregistered, outputs leave registered.
        clusters: gates with the same number share a stage and count as one level, ``i32[G]``.
        levels_per_stage: most LUT levels between two registers, at least 1.

    Raises:
        OptionError: if ``levels_per_stage`` is below 1.
    """
    if levels_per_stage < 1:
        raise OptionError(f"{levels_per_stage} levels per pipeline stage: give at least 1")
    graph = _graph(netlist, clusters)
    earliest = _earliest(_levels(graph.n, graph.reads), levels_per_stage)
    height = _heights(graph)
    n_stages = int(earliest.max()) + 1
    # (The inputs are above every path: their height counts one level more than gates behind them.)
    latest = n_stages - 1 - height // levels_per_stage
    latest[0] = 0
    bounds = np.stack([earliest, np.maximum(latest, earliest)])
    pairs = _ordered_pairs(graph, bounds, levels_per_stage)
    if pairs is None:
        return _better_end(netlist, graph, bounds, n_stages)
    stage = _solve(netlist, graph, bounds, pairs, n_stages)
    return _stages(netlist, graph, stage, n_stages, minimal=True)


def _graph(netlist: Netlist, clusters: Ids) -> _Graph:
    computed = live(netlist) & ~constant_nodes(netlist)
    of_node = np.full(netlist.n_nodes, -1, np.int32)
    of_node[1 : netlist.first_gate] = 0
    gates = np.flatnonzero(computed[netlist.first_gate :])
    names, compact = np.unique(clusters[gates], return_inverse=True)
    of_node[netlist.first_gate + gates] = compact + 1
    pins = netlist.fanin[gates]
    reader = np.repeat(of_node[netlist.first_gate + gates], netlist.n_pins)
    read = pins.ravel()
    outside = (of_node[read] >= 0) & (of_node[read] != reader)
    values = _distinct(read[outside], reader[outside])
    reads = _distinct(of_node[values[:, 0]], values[:, 1])
    return _Graph(of_node, reads, values, len(names) + 1)


def _distinct(left: Ids, right: Ids) -> Ids:
    keys = np.unique(left.astype(np.int64) << 32 | right.astype(np.int64))
    return np.stack([keys >> 32, keys & 0xFFFFFFFF], axis=1).astype(np.int32)


def _of_nodes(graph: _Graph, of_cluster: Ids) -> Ids:
    """What clusters have, for every node, ``i32[n_nodes]``; 0 for those that are in none."""
    return np.append(of_cluster, 0)[graph.of_node].astype(np.int32)  # (-1 is the last one)


def _levels(n: int, reads: Ids) -> Ids:
    """LUT level of each of ``n`` clusters: 0 for the inputs, at least 1 for gates."""
    lowest = np.ones(n, np.int32)
    lowest[0] = 0
    return _longest_paths(lowest, reads)


def _earliest(level: Ids, levels_per_stage: int) -> Ids:
    """First possible stage of every cluster; 0 for the inputs."""
    return np.maximum(level - 1, 0) // levels_per_stage


def _heights(graph: _Graph) -> Ids:
    """Most clusters on a path behind each cluster."""
    return _longest_paths(np.zeros(graph.n, np.int32), graph.reads[:, ::-1])


def _longest_paths(start: Ids, edges: Ids) -> Ids:
    """Longest path to each node, which starts with ``start`` and grows by 1 on every edge."""
    level = start
    source, target = edges.T
    for _ in range(len(start)):
        raised = start.copy()
        np.maximum.at(raised, target, level[source] + 1)
        if np.array_equal(raised, level):
            return level
        level = raised
    raise ValueError("clusters of gates read each other in a cycle")


def _ordered_pairs(graph: _Graph, bounds: Ids, levels_per_stage: int) -> Ids | None:
    """Constraints ``stage[b] >= stage[a] + distance`` as rows (a, b, distance).

    A value is not read before it is computed; of gates a path of ``levels_per_stage`` steps apart,
    the later one is computed at least a stage later. None if there are too many.
    """
    from scipy import sparse

    gates = graph.reads[graph.reads[:, 0] > 0]
    one = sparse.csr_matrix(
        (np.ones(len(gates), np.bool_), (gates[:, 0], gates[:, 1])), shape=(graph.n, graph.n)
    )
    reach = one
    for _ in range(levels_per_stage - 1):
        reach = (reach @ one).astype(np.bool_)
        if reach.nnz > MOST_CONSTRAINTS:
            return None
    far = reach.tocoo()
    rows = [np.stack([far.row, far.col, np.ones_like(far.row)], axis=1)]
    if levels_per_stage > 1:
        rows.append(np.column_stack([gates, np.zeros(len(gates), np.int32)]))
    pairs = np.concatenate(rows).astype(np.int32)
    earliest, latest = bounds
    free = earliest[pairs[:, 1]] < latest[pairs[:, 0]] + pairs[:, 2]
    pairs = pairs[free]
    return pairs if len(pairs) <= MOST_CONSTRAINTS else None


def _solve(netlist: Netlist, graph: _Graph, bounds: Ids, pairs: Ids, n_stages: int) -> Ids:
    """Solve the linear program; returns the stage of every cluster."""
    from scipy import sparse
    from scipy.optimize import linprog

    n = graph.n
    is_output = np.zeros(netlist.n_nodes, np.bool_)
    is_output[netlist.outputs] = True
    # A value that an output reads waits for the last boundary whatever happens: no variable.
    values = graph.values[~is_output[graph.values[:, 0]]]
    nodes, value = np.unique(values[:, 0], return_inverse=True)
    # cost: last reader minus computing stage
    cost = np.zeros(n + len(nodes))
    cost[n:] = 1
    np.add.at(cost, graph.of_node[nodes], -1.0)
    outputs = np.unique(netlist.outputs)
    outputs = outputs[graph.of_node[outputs] > 0]
    np.add.at(cost, graph.of_node[outputs], -1.0)
    left = np.concatenate([pairs[:, 0], values[:, 1]])
    right = np.concatenate([pairs[:, 1], n + value])
    distance = np.concatenate([pairs[:, 2], np.zeros(len(values), np.int32)])
    row = np.arange(len(left))
    ones = np.ones(len(left))
    matrix = sparse.csr_matrix(
        (np.concatenate([ones, -ones]), (np.tile(row, 2), np.concatenate([left, right]))),
        shape=(len(left), n + len(nodes)),
    )
    low = np.concatenate([bounds[0], np.zeros(len(nodes))])
    high = np.concatenate([bounds[1], np.full(len(nodes), n_stages - 1)])
    solved = linprog(
        cost, A_ub=matrix, b_ub=-distance.astype(float),
        bounds=np.stack([low, high], axis=1), method="highs",
    )  # fmt: skip
    if not solved.success:
        raise RuntimeError(f"the retiming program has no optimum: {solved.message}")
    return np.rint(solved.x[:n]).astype(np.int32)


def _better_end(netlist: Netlist, graph: _Graph, bounds: Ids, n_stages: int) -> Stages:
    """All gates as early, or all as late as possible, whichever holds fewer registers."""
    ends = [_stages(netlist, graph, stage, n_stages, minimal=False) for stage in bounds]
    return min(ends, key=lambda end: int(end.registers.sum()))


def _stages(
    netlist: Netlist, graph: _Graph, of_cluster: Ids, n_stages: int, *, minimal: bool
) -> Stages:
    """Stages of nodes from stages of clusters."""
    stage = _of_nodes(graph, of_cluster)
    last = np.zeros(netlist.n_nodes, np.int32)
    np.maximum.at(last, graph.values[:, 0], of_cluster[graph.values[:, 1]])
    outputs = netlist.outputs[graph.of_node[netlist.outputs] >= 0]
    last[outputs] = n_stages
    return Stages(n_stages, stage, last, minimal)
