from itertools import product

import numpy as np
import pytest
from hardware import resources_of
from hypothesis import given, settings
from hypothesis import strategies as st
from plans import group_sums, run, score_bits, scores_of, unit_plan

from lgn2hdl.arithmetic.cost import Objective, block_cost
from lgn2hdl.arithmetic.counters import Style
from lgn2hdl.arithmetic.popcount import choose_popcount, popcount_block, signed_digits
from lgn2hdl.ir.circuit import Block
from lgn2hdl.ir.netlist import fanout
from lgn2hdl.ir.retiming import lut_levels
from lgn2hdl.model.heads.group_sum_plan import ClassSum, GroupSumPlan, Term


def samples(rng: np.random.Generator, n_signals: int) -> np.ndarray:
    """Random signals of all densities, and all zeros and all ones."""
    bits = rng.random((n_signals, 200)) < rng.random(200)
    bits[:, 0], bits[:, 1] = False, True
    return bits


def check(plan: GroupSumPlan, block: Block, signals: np.ndarray) -> None:
    expected = score_bits(plan, scores_of(plan, signals))
    np.testing.assert_array_equal(run(block, signals), expected)


@pytest.mark.slow
@given(group_sums(), st.sampled_from(list(Style)), st.sampled_from([3, 4, 5, 6]), st.booleans())
@settings(max_examples=70)
def test_scores_of_all_styles(case, style, k, shallow):
    plan, n_signals = case
    block = popcount_block(plan, n_signals, k, style, level_cost=10.0 if shallow else 0.01)
    check(plan, block, samples(np.random.default_rng(n_signals), n_signals))
    check_chains(block, k)


def check_chains(block: Block, k: int) -> None:
    """Chains compute sums, absorb only gates that they may, and do not feed themselves."""
    netlist = block.netlist
    readers = fanout(netlist)
    for chain in block.chains:
        first = netlist.first_gate
        for node in chain.absorbed:
            assert (netlist.fanin[node - first] != 0).sum() <= k - 1
            position = chain.addend.tolist().index(node)
            assert readers[node] == 1 + (chain.carries[position] != 0)
            assert node not in netlist.outputs
        carry = chain.carry_in
        for a, b, total, out in zip(
            chain.augend, chain.addend, chain.sums, chain.carries, strict=True
        ):
            assert netlist.fanin[total - first, :3].tolist() == [a, b, carry]
            assert netlist.table[total - first] & 0xFF == 0b10010110
            if out:
                assert netlist.fanin[out - first, :3].tolist() == [a, b, carry]
                assert netlist.table[out - first] & 0xFF == 0b11101000
            carry = out
        assert (chain.carries[:-1] != 0).all()
    lut_levels(netlist, block.clusters)


@pytest.mark.parametrize("style", Style)
def test_every_count_of_a_few_bits_exhaustively(style):
    for n, k in product(range(1, 11), (3, 4, 6)):
        plan = unit_plan(1, n)
        signals = (np.arange(1 << n) >> np.arange(n)[:, None]) & 1 == 1
        check(plan, popcount_block(plan, n, k, style), signals)


@pytest.mark.parametrize(
    ("n", "style", "k", "luts"),
    [(100, Style.CARRY_COUNTERS, 6, 70), (100, Style.SIX_THREE, 6, 103),
     (100, Style.ADDER_TREE, 4, 98), (100, Style.FULL_ADDERS, 4, 196),
     (30, Style.CARRY_COUNTERS, 6, 18), (10, Style.CARRY_COUNTERS, 6, 5)],
)  # fmt: skip
def test_popcounts_are_small(n, style, k, luts):
    assert block_cost(popcount_block(unit_plan(1, n), n, k, style))[0] <= luts


@pytest.mark.parametrize("k", [4, 6])
def test_chosen_popcounts(k):
    plan = unit_plan(2, 50)
    few = choose_popcount(plan, 100, resources_of(k, True))
    shallow = choose_popcount(plan, 100, resources_of(k, True, Objective.DEPTH))
    without = choose_popcount(plan, 100, resources_of(k, False))
    signals = samples(np.random.default_rng(k), 100)
    for block in (few, shallow, without):
        check(plan, block, signals)
    assert block_cost(few)[0] <= block_cost(without)[0]
    assert block_cost(shallow)[1] <= block_cost(few)[1]
    assert few.chains
    assert not without.chains


def test_a_constant_score_needs_no_gate():
    plan = GroupSumPlan((ClassSum((), 5), ClassSum((Term(0, 1, False),), 0)))
    block = popcount_block(plan, 1, 6, Style.SIX_THREE)
    assert block_cost(block) == (0, 0)
    check(plan, block, np.array([[False, True]]))


@pytest.mark.parametrize("weight", range(1, 300))
def test_signed_digits(weight):
    digits = signed_digits(weight)
    assert sum(digit << place for place, digit in digits) == weight
    signed = any(digit < 0 for _, digit in digits)
    assert len(digits) < weight.bit_count() if signed else len(digits) == weight.bit_count()
    assert [place for place, _ in digits] == sorted({place for place, _ in digits})


@pytest.mark.parametrize(
    ("weight", "digits"),
    [
        (3, [(0, 1), (1, 1)]),  # 4 - 1 has as many
        (6, [(1, 1), (2, 1)]),
        (7, [(0, -1), (3, 1)]),
        (11, [(0, 1), (1, 1), (3, 1)]),  # 8 + 4 - 1, too
        (15, [(0, -1), (4, 1)]),
        (27, [(0, -1), (2, -1), (5, 1)]),
    ],
)
def test_signed_digits_only_where_they_are_fewer(weight, digits):
    assert signed_digits(weight) == digits


def test_cost_of_a_chain_by_hand():
    # Two bits and two bits: one chain of one position, and its carry out.
    plan = unit_plan(1, 2)
    block = popcount_block(plan, 2, 6, Style.ADDER_TREE)
    assert len(block.chains) == 1
    assert block_cost(block) == (1, 1)


@pytest.mark.parametrize("k", [2, 7])
def test_luts_of_other_sizes_are_refused(k):
    with pytest.raises(ValueError, match=f"LUTs of {k} inputs are not 3 to 6"):
        popcount_block(unit_plan(1, 2), 2, k, Style.SIX_THREE)
