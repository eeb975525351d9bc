"""Stages: legal, and no other legal choice needs fewer registers (by trying them all)."""

from itertools import combinations, pairwise, product
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from networks import netlists

from lgn2hdl.base.errors import OptionError
from lgn2hdl.ir import retiming
from lgn2hdl.ir.netlist import Netlist, live
from lgn2hdl.ir.retiming import (
    Stages,
    as_soon_as_possible,
    fewest_registers,
    lut_levels,
    part_by_part,
)

LEVELS = st.integers(1, 3)


def own_clusters(netlist: Netlist) -> np.ndarray:
    return np.arange(netlist.n_gates, dtype=np.int32)


def emitted(netlist: Netlist) -> list[int]:
    """Live gates that are no constants, as node ids."""
    alive = live(netlist)
    connected = (netlist.fanin != 0).any(axis=1)
    nodes = range(netlist.first_gate, netlist.n_nodes)
    return [node for node in nodes if alive[node] and connected[node - netlist.first_gate]]


def check_legal(netlist: Netlist, clusters: np.ndarray, stages: Stages, levels: int) -> None:
    """Causal, at most so many levels a stage, and values held exactly as long as needed."""
    gates = emitted(netlist)
    assert not stages.stage[: netlist.first_gate].any()
    cluster = {node: clusters[node - netlist.first_gate] for node in gates}
    in_stage: dict[int, int] = {}
    last = np.zeros(netlist.n_nodes, int)
    for _ in range(len(gates)):  # levels of clusters settle after as many rounds as there are
        for node in gates:
            pins = [pin for pin in netlist.fanin[node - netlist.first_gate].tolist() if pin]
            same = [
                in_stage.get(cluster[pin], 1)
                for pin in pins
                if pin in cluster
                and stages.stage[pin] == stages.stage[node]
                and cluster[pin] != cluster[node]
            ]
            before = in_stage.get(cluster[node], 1)
            in_stage[cluster[node]] = max([before, *(1 + level for level in same)])
    assert max(in_stage.values(), default=0) <= levels
    for node in gates:
        assert 0 <= stages.stage[node] < stages.n_stages
        for pin in netlist.fanin[node - netlist.first_gate].tolist():
            if pin in cluster or 0 < pin < netlist.first_gate:
                assert stages.stage[pin] <= stages.stage[node]
                last[pin] = max(last[pin], stages.stage[node])
    wanted = [
        node
        for node in netlist.outputs.tolist()
        if node in cluster or 0 < node < netlist.first_gate
    ]
    last[wanted] = stages.n_stages
    relevant = [*range(1, netlist.first_gate), *gates]
    waiting = np.maximum(last - stages.stage, 0)
    assert stages.registers[relevant].tolist() == waiting[relevant].tolist()


@given(netlists(max_gates=25), LEVELS)
def test_both_choices_are_legal(netlist, levels):
    clusters = own_clusters(netlist)
    naive = as_soon_as_possible(netlist, clusters, levels)
    best = fewest_registers(netlist, clusters, levels)
    for stages in (naive, best):
        check_legal(netlist, clusters, stages, levels)
    assert best.n_stages == naive.n_stages
    assert best.registers.sum() <= naive.registers.sum()
    assert best.minimal


def levels_by_definition(netlist: Netlist, clusters: np.ndarray, part: np.ndarray) -> list[int]:
    """LUT level of every node, counted inside of its part, whose inputs have level 0."""
    gates, level = emitted(netlist), [0] * netlist.n_nodes
    for _ in range(len(gates) + 1):
        for node in gates:
            mine = node - netlist.first_gate
            below = [
                level[pin]
                for pin in netlist.fanin[mine].tolist()
                if pin in gates
                and part[pin - netlist.first_gate] == part[mine]
                and clusters[pin - netlist.first_gate] != clusters[mine]
            ]
            same = [
                level[other]
                for other in gates
                if clusters[other - netlist.first_gate] == clusters[mine]
            ]
            level[node] = max([1, *same, *(other + 1 for other in below)])
    return level


def pairs_of_neighbours(netlist: Netlist, starts: list[int]) -> np.ndarray:
    """Clusters of two gates that follow each other; the others are clusters of their own."""
    clusters = own_clusters(netlist)
    for start in starts:
        if start + 1 < netlist.n_gates and clusters[start] == start:
            clusters[start + 1] = start
    return clusters


@given(
    netlists(max_gates=20),
    LEVELS,
    st.lists(st.integers(0, 19), max_size=3),
    st.lists(st.integers(0, 20), max_size=3),
    st.sampled_from([1, -1]),
)
def test_naive_choices_are_as_early_as_they_can_be(netlist, levels, starts, cuts, sign):
    clusters = pairs_of_neighbours(netlist, starts)
    part = np.searchsorted(sorted(set(cuts)), clusters, side="right").astype(np.uint8)
    clusters = sign * clusters  # numbers are only names
    try:
        level = lut_levels(netlist, clusters)
    except ValueError:
        assume(False)
    one_part = np.zeros(netlist.n_gates, np.uint8)
    assert level.dtype == np.int32
    assert level.tolist() == levels_by_definition(netlist, clusters, one_part)
    for naive, parts in [
        (as_soon_as_possible(netlist, clusters, levels), one_part),
        (part_by_part(netlist, clusters, levels, part), part),
    ]:
        stage, start = np.zeros(netlist.n_nodes, int), 0
        own = np.array(levels_by_definition(netlist, clusters, parts))
        for number in sorted({int(parts[node - netlist.first_gate]) for node in emitted(netlist)}):
            nodes = [n for n in emitted(netlist) if parts[n - netlist.first_gate] == number]
            stage[nodes] = start + (own[nodes] - 1) // levels
            start = int(stage[nodes].max()) + 1
        assert naive.n_stages == max(1, start)
        assert naive.stage.tolist() == stage.tolist()
        assert not naive.minimal
        check_legal(netlist, clusters, naive, levels)


def test_a_value_that_only_its_own_cluster_reads_waits_nowhere():
    """Two gates in a row behind two others; their own cluster is late, and its carry is no wire."""
    netlist = Netlist(1, [[1], [2], [3], [4]], np.array([1, 1, 1, 1], np.uint8), [5])
    clusters = np.array([0, 1, 2, 2], np.int32)
    for choose in (as_soon_as_possible, fewest_registers):
        stages = choose(netlist, clusters, 1)
        assert stages.stage.tolist() == [0, 0, 0, 1, 2, 2]
        assert stages.registers.tolist() == [0, 0, 1, 1, 0, 1]
        assert stages.registers.dtype == np.int64


@pytest.mark.parametrize(("levels", "stages"), [(1, 5), (2, 3), (3, 2), (4, 2), (5, 1), (6, 1)])
def test_as_many_stages_as_the_longest_path_needs(levels, stages):
    netlist = Netlist(1, [[1], [2], [3], [4], [5]], np.array([1] * 5, np.uint8), [6])
    for choose in (as_soon_as_possible, fewest_registers):
        assert choose(netlist, own_clusters(netlist), levels).n_stages == stages


def test_clusters_are_counted_with_the_inputs():
    """Those of dead and constant gates are none; pairs and values are named once."""
    fanin = [[1, 2], [3, 1], [3, 0], [4, 5], [3, 4], [0, 0]]
    netlist = Netlist(2, fanin, np.array([8, 8, 5, 8, 8, 15], np.uint8), [6, 8])
    graph = retiming._graph(netlist, np.array([7, 2, 2, 5, 9, 9], np.int32))
    assert graph.n == 4
    assert graph.of_node.tolist() == [-1, 0, 0, 3, 1, 1, 2, -1, -1]
    assert graph.reads.tolist() == [[0, 1], [0, 3], [1, 2], [3, 1]]
    assert graph.values.tolist() == [[1, 1], [1, 3], [2, 3], [3, 1], [4, 2], [5, 2]]
    assert retiming._graph(Netlist(1, np.zeros((0, 2)), [], [1]), np.zeros(0, int)).n == 1


def test_clusters_that_read_each_other_are_no_order():
    netlist = Netlist(1, [[1], [2], [3]], np.array([1] * 3, np.uint8), [4])
    with pytest.raises(ValueError, match="in a cycle"):
        lut_levels(netlist, np.array([0, 1, 0], np.int32))


@pytest.mark.slow
@given(netlists(max_gates=25), LEVELS, st.lists(st.integers(0, 25), max_size=3))
def test_parts_staged_for_themselves_are_legal_and_never_better(netlist, levels, cuts):
    clusters = own_clusters(netlist)
    part = np.searchsorted(sorted(set(cuts)), np.arange(netlist.n_gates), side="right")
    stages = part_by_part(netlist, clusters, levels, part.astype(np.uint8))
    check_legal(netlist, clusters, stages, levels)
    gates = emitted(netlist)
    for node in gates:
        for pin in netlist.fanin[node - netlist.first_gate].tolist():
            if pin in gates and part[pin - netlist.first_gate] < part[node - netlist.first_gate]:
                assert stages.stage[pin] < stages.stage[node]
    assert stages.n_stages >= fewest_registers(netlist, clusters, levels).n_stages


@given(netlists(max_gates=25, max_inputs=4), st.lists(st.integers(0, 24), max_size=3), LEVELS)
def test_gates_of_a_cluster_share_a_stage(netlist, starts, levels):
    clusters = pairs_of_neighbours(netlist, starts)  # (where that makes no cycle)
    try:
        level = lut_levels(netlist, clusters)
    except ValueError:
        assume(False)
    stages = fewest_registers(netlist, clusters, levels)
    check_legal(netlist, clusters, stages, levels)
    gates = emitted(netlist)
    for node, other in combinations(gates, 2):
        if clusters[node - netlist.first_gate] == clusters[other - netlist.first_gate]:
            assert stages.stage[node] == stages.stage[other]
            assert level[node] == level[other]


@given(netlists(max_gates=5, max_inputs=3), LEVELS)
@settings(max_examples=40, deadline=None)
def test_no_other_choice_needs_fewer_registers(netlist, levels):
    clusters = own_clusters(netlist)
    best = fewest_registers(netlist, clusters, levels)
    gates = emitted(netlist)
    for choice in product(range(best.n_stages), repeat=len(gates)):
        stage = np.zeros(netlist.n_nodes, np.int32)
        stage[gates] = choice
        other = with_last_readers(netlist, gates, stage, best.n_stages)
        try:
            check_legal(netlist, clusters, other, levels)
        except AssertionError:
            continue
        assert best.registers.sum() <= other.registers.sum()


def fewest_by_trying(netlist: Netlist, levels: int, n_stages: int) -> int:
    """Registers of the best of all choices; every gate is alive and a cluster of its own."""
    n, first = netlist.n_gates, netlist.first_gate
    gates = np.indices((n_stages,) * n).reshape(n, -1)
    stage = np.concatenate([np.zeros((first, gates.shape[1]), int), gates])
    last, depth = np.zeros_like(stage), np.ones_like(stage)
    legal = np.ones(gates.shape[1], bool)
    for gate, pins in enumerate(netlist.fanin.tolist(), first):
        for pin in filter(None, pins):
            legal &= stage[pin] <= stage[gate]
            last[pin] = np.maximum(last[pin], stage[gate])
            if pin >= first:
                deeper = np.where(stage[pin] == stage[gate], depth[pin] + 1, 1)
                depth[gate] = np.maximum(depth[gate], deeper)
        legal &= depth[gate] <= levels
    last[netlist.outputs] = n_stages
    return int((last - stage).sum(axis=0)[legal].min())


@st.composite
def slack_networks(draw) -> Netlist:
    """A chain of gates, and others beside it that may be early or late, some of them outputs."""
    n_inputs, length = draw(st.integers(1, 3)), draw(st.integers(3, 5))
    n_gates = length + draw(st.integers(1, 3))
    fanin = [[draw(st.integers(1, n_inputs + gate)) for _ in range(3)] for gate in range(n_gates)]
    order = draw(st.permutations(range(n_gates)))[:length]
    chain = sorted(order)
    for before, after in pairwise(chain):
        fanin[after][0] = n_inputs + 1 + before
    read = {pin for pins in fanin for pin in pins}
    nodes = range(n_inputs + 1, n_inputs + 1 + n_gates)
    more = draw(st.lists(st.sampled_from(nodes), max_size=2))
    outputs = sorted({*(node for node in nodes if node not in read), *more})
    return Netlist(n_inputs, fanin, np.full(n_gates, 0x96, np.uint8), outputs)


@given(slack_networks(), LEVELS)
@settings(max_examples=60)
def test_no_choice_of_all_needs_fewer_registers(netlist, levels):
    best = fewest_registers(netlist, own_clusters(netlist), levels)
    check_legal(netlist, own_clusters(netlist), best, levels)
    if best.n_stages**netlist.n_gates < 70_000:
        assert best.registers.sum() == fewest_by_trying(netlist, levels, best.n_stages)


def test_only_constraints_that_the_bounds_leave_open_are_stated(monkeypatch):
    """Gates of a chain: one later at least a step apart, a stage later two steps apart."""
    netlist = Netlist(1, [[1], [2], [3], [4]], np.array([1] * 4, np.uint8), [5])
    graph = retiming._graph(netlist, own_clusters(netlist))

    def rows(earliest, latest, levels):
        pairs = retiming._ordered_pairs(graph, np.array([earliest, latest]), levels)
        return None if pairs is None else sorted(map(tuple, pairs.tolist()))

    free = ([0] * 5, [0, 9, 9, 9, 9])
    assert rows(*free, 1) == [(1, 2, 1), (2, 3, 1), (3, 4, 1)]
    steps, stages = [(1, 2, 0), (2, 3, 0), (3, 4, 0)], [(1, 3, 1), (2, 4, 1)]
    assert rows(*free, 2) == sorted(steps + stages)
    assert rows(*free, 3) == sorted([*steps, (1, 4, 1)])
    # Gate 1 is computed at 0, 1 or 2; gate 2 not before 2 or 3.
    assert (1, 2, 0) in rows([0, 0, 1, 3, 3], [0, 2, 9, 9, 9], 2)
    assert (1, 2, 0) not in rows([0, 0, 2, 3, 3], [0, 2, 9, 9, 9], 2)
    assert (1, 2, 1) in rows([0, 0, 2, 3, 3], [0, 2, 9, 9, 9], 1)
    assert (1, 2, 1) not in rows([0, 0, 3, 3, 3], [0, 2, 9, 9, 9], 1)

    for levels, most in [(1, 3), (2, 5)]:
        monkeypatch.setattr(retiming, "MOST_CONSTRAINTS", most)
        assert len(rows(*free, levels)) == most
        monkeypatch.setattr(retiming, "MOST_CONSTRAINTS", most - 1)
        assert rows(*free, levels) is None
    monkeypatch.setattr(retiming, "MOST_CONSTRAINTS", 2)  # of the 2 pairs two steps apart
    assert rows([0, 0, 9, 9, 9], [0, 0, 9, 9, 9], 2) == [(2, 4, 1)]


def test_a_program_without_an_optimum_is_a_fault(monkeypatch):
    no_optimum = SimpleNamespace(success=False, message="why", x=np.zeros(9))
    monkeypatch.setattr("scipy.optimize.linprog", lambda *_args, **_options: no_optimum)
    netlist = Netlist(1, [[1], [2]], np.array([1, 1], np.uint8), [3])
    with pytest.raises(RuntimeError, match="no optimum: why"):
        fewest_registers(netlist, own_clusters(netlist), 1)


def with_last_readers(netlist: Netlist, gates: list[int], stage, n_stages: int) -> Stages:
    last = np.zeros(netlist.n_nodes, np.int32)
    for node in gates:
        for pin in netlist.fanin[node - netlist.first_gate].tolist():
            last[pin] = max(last[pin], stage[node])
    last[netlist.outputs] = n_stages
    constant = [n for n in range(netlist.n_nodes) if n >= netlist.first_gate and n not in gates]
    last[[0, *constant]] = 0
    return Stages(n_stages, stage, last, minimal=False)


def test_a_wide_value_waits_as_one_bit():
    """Three inputs meet in one gate that is read late: it is computed early and waits alone."""
    fanin = [[1, 2, 3], [1, 0, 0], [5, 0, 0], [6, 4, 0]]
    table = np.array([0x96, 0x55, 0x55, 0x88], np.uint8)
    netlist = Netlist(3, fanin, table, [7])
    best = fewest_registers(netlist, own_clusters(netlist), 1)
    assert best.stage[4:].tolist() == [0, 0, 1, 2]
    assert best.registers.sum() == 2 + 2 + 1  # two chains of two, and the output
    early_inputs = as_soon_as_possible(netlist, own_clusters(netlist), 1)
    assert early_inputs.registers.sum() == best.registers.sum()


def test_a_narrow_value_waits_before_it_fans_out():
    """One input fans out to three gates that are read late: the input waits, not the gates."""
    fanin = [[1, 0], [1, 0], [1, 0], [2, 0], [6, 0], [3, 4], [5, 7], [8, 9]]
    netlist = Netlist(2, fanin, np.array([5, 5, 5, 5, 5, 8, 8, 8], np.uint8), [10])
    clusters = own_clusters(netlist)
    naive, best = (
        choose(netlist, clusters, 1) for choose in (as_soon_as_possible, fewest_registers)
    )
    assert best.registers.sum() < naive.registers.sum()


@pytest.mark.parametrize("levels", [0, -1])
def test_less_than_one_level_is_refused(levels):
    netlist = Netlist(1, [[1]], np.array([1], np.uint8), [2])
    with pytest.raises(OptionError, match="give at least 1"):
        fewest_registers(netlist, own_clusters(netlist), levels)


def test_outputs_that_are_inputs_or_constants():
    netlist = Netlist(2, [[0, 0]], np.array([15], np.uint8), [0, 2, 3])
    stages = fewest_registers(netlist, own_clusters(netlist), 1)
    assert stages.n_stages == 1
    assert stages.registers.tolist() == [0, 0, 1, 0]


@given(netlists(max_gates=25), LEVELS)
@settings(max_examples=25)
def test_too_many_constraints_fall_back_to_a_legal_choice(netlist, levels):
    clusters = own_clusters(netlist)
    most, retiming.MOST_CONSTRAINTS = retiming.MOST_CONSTRAINTS, -1
    try:
        stages = fewest_registers(netlist, clusters, levels)
    finally:
        retiming.MOST_CONSTRAINTS = most
    check_legal(netlist, clusters, stages, levels)
    naive = as_soon_as_possible(netlist, clusters, levels)
    assert stages.registers.sum() <= naive.registers.sum()
    assert not stages.minimal


@pytest.mark.parametrize("late", [False, True])
def test_the_better_end_is_taken(late, monkeypatch):
    """Three inverters of one input wait as one bit if late; four inputs of one gate, if early."""
    if late:
        fanin = [[1, 0], [1, 0], [1, 0], [2, 0], [6, 0], [3, 4], [5, 7], [8, 9]]
        netlist = Netlist(2, fanin, np.array([5, 5, 5, 5, 5, 8, 8, 8], np.uint8), [10])
    else:
        fanin = [[1, 2, 3], [1, 0, 0], [5, 0, 0], [6, 0, 0], [4, 7, 0]]
        netlist = Netlist(3, fanin, np.array([0x96, 0x55, 0x55, 0x55, 0x88], np.uint8), [8])
    clusters = own_clusters(netlist)
    fewest = fewest_registers(netlist, clusters, 1)
    monkeypatch.setattr(retiming, "MOST_CONSTRAINTS", -1)
    end = fewest_registers(netlist, clusters, 1)
    naive = as_soon_as_possible(netlist, clusters, 1)
    assert (end.registers.sum() < naive.registers.sum()) == late
    assert np.array_equal(end.stage, naive.stage) != late
    assert fewest.registers.sum() <= end.registers.sum() <= naive.registers.sum()
