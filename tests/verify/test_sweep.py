import numpy as np
import pytest
from graphs import one_bit_changed, small_sweeper
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import netlists, random_netlist, truth

from lgn2hdl.ir.netlist import Netlist
from lgn2hdl.passes import prune
from lgn2hdl.verify.sat.deadline import Deadline
from lgn2hdl.verify.sat.sweep import SHARE, SWEEP, ContradictionError, Effort, Sweeper


@given(netlists(max_inputs=6))
@settings(max_examples=30)
def test_pruned_netlists_become_the_same_literals(netlist: Netlist) -> None:
    sweeper = small_sweeper(netlist.n_inputs)
    pruned = prune(netlist)[0]
    one = sweeper.add_netlist(netlist, sweeper.inputs)[netlist.outputs]
    other = sweeper.add_netlist(pruned, sweeper.inputs)[pruned.outputs]
    assert one.tolist() == other.tolist()
    assert sweeper.undecided == 0
    sweeper.close()


@pytest.mark.parametrize("refined", [False, True])
def test_functions_made_in_two_ways_become_the_same_literals(refined: bool) -> None:
    """Also where there is room for more patterns: what is behind the last one tells nothing."""
    sweeper = small_sweeper(3)
    if refined:
        sweeper._pending.append(np.ones(3, bool))
        sweeper.refine()
        assert sweeper._values.shape[1] > sweeper.input_patterns().shape[1]
    a, b, c = sweeper.inputs.tolist()
    for table in range(256):
        whole = sweeper.add(np.array([[a, b, c]]), np.array([table], np.uint8))
        halves = np.array([table & 15, table >> 4], np.uint8)
        low, high = sweeper.add(np.array([[a, b], [a, b]]), halves).tolist()
        parts = np.array([[low, c ^ 1], [high, c]])
        chosen = sweeper.add(parts, np.array([8, 8], np.uint8))
        made = sweeper.add(chosen[None, :], np.array([14], np.uint8))
        assert whole.tolist() == made.tolist()
    assert sweeper.merged > 100
    sweeper.close()


@given(st.integers(0, 2**32 - 1), st.sampled_from([SWEEP, SHARE]))
@settings(max_examples=40)
def test_verdicts_on_changed_netlists_are_right(seed: int, effort: Effort) -> None:
    rng = np.random.default_rng(seed)
    netlist = random_netlist(rng, 7, 25, int(rng.integers(2, 7)), 6)
    changed = one_bit_changed(netlist, int(rng.integers(25)), int(rng.integers(2**netlist.n_pins)))
    sweeper = small_sweeper(7)
    pairs = zip(
        sweeper.add_netlist(netlist, sweeper.inputs, effort)[netlist.outputs].tolist(),
        sweeper.add_netlist(changed, sweeper.inputs, effort)[changed.outputs].tolist(),
        truth(netlist),
        truth(changed),
        strict=True,
    )
    for one, other, before, after in pairs:
        assert sweeper.equal(one, other) == np.array_equal(before, after)
        pattern = sweeper.differing_pattern(one, other)
        if pattern is None:
            assert np.array_equal(before, after)
        else:
            vector = int(pattern @ (1 << np.arange(7)))
            assert before[vector] != after[vector]
    sweeper.close()


def rare(sweeper: Sweeper, inputs: np.ndarray, table: int) -> int:
    """A tree of gates of two pins."""
    level = inputs
    while len(level) > 1:
        pins = level.reshape(-1, 2)
        level = sweeper.add(pins, np.full(len(pins), table, np.uint8))
    return int(level[0])


def test_what_simulation_cannot_tell_apart_the_solver_can() -> None:
    sweeper = small_sweeper(32)
    conjunction = rare(sweeper, sweeper.inputs, 0b1000)
    assert conjunction > 1, "an AND of 32 inputs is no constant, though all patterns say so"
    assert sweeper.refuted > 0
    assert sweeper.equal(conjunction, 0) is False
    pattern = sweeper.differing_pattern(conjunction, 0)
    assert pattern is not None
    assert pattern.all()
    sweeper.close()


def test_many_counterexamples_become_patterns() -> None:
    sweeper = small_sweeper(64)
    known = sweeper.input_patterns().shape[1]
    rng = np.random.default_rng(0)
    made = [rare(sweeper, rng.permutation(sweeper.inputs)[:32], 0b1000) for _ in range(120)]
    assert len(set(made)) == 120
    assert sweeper.input_patterns().shape[1] > known
    for literal in made[:5]:
        assert sweeper.equal(literal, made[5]) is False
    sweeper.close()


def test_without_time_nothing_is_merged_by_the_solver() -> None:
    sweeper = small_sweeper(32, seconds=0.0)
    one = rare(sweeper, sweeper.inputs, 0b1000)
    other = rare(sweeper, np.roll(sweeper.inputs, 1), 0b1000)
    assert (sweeper.merged, sweeper.refuted) == (0, 0)
    assert sweeper.undecided > 0
    assert one != other
    assert sweeper.equal(one, other) is None
    sweeper.close()


def test_constants_are_no_candidates_where_that_is_hard() -> None:
    sweeper = small_sweeper(32)
    half = sweeper.inputs.reshape(-1, 2)
    tables = np.full(16, 0b1000, np.uint8)
    effort = Effort(100, constants=False)
    level = sweeper.add(half, tables, effort)
    while len(level) > 1:
        level = sweeper.add(
            level.reshape(-1, 2), np.full(len(level) // 2, 0b1000, np.uint8), effort
        )
    assert sweeper.refuted == 0
    sweeper.close()


def test_a_contradiction_proves_nothing() -> None:
    sweeper = Sweeper(np.zeros((2, 1), np.uint64), Deadline())
    sweeper.solver.require([int(sweeper.inputs[0])])
    sweeper.require_possible()
    sweeper.solver.require([int(sweeper.inputs[0]) ^ 1])
    with pytest.raises(ContradictionError, match="contradicts itself"):
        sweeper.require_possible()
    sweeper.close()
