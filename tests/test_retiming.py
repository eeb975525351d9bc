"""Stages: legal, and no other legal choice needs fewer registers (by trying them all)."""

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from networks import netlists

from lgn2hdl import retiming
from lgn2hdl.errors import OptionError
from lgn2hdl.netlist import Netlist, live
from lgn2hdl.retiming import (
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
    clusters = own_clusters(netlist)
    for start in starts:  # two neighbours form a cluster where that makes no cycle
        if start + 1 < netlist.n_gates and clusters[start] == start:
            clusters[start + 1] = start
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
