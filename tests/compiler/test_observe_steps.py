"""The steps of an observation: values in blocks, counts and hashes of bands, pairs, no chains."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import random_netlist

from lgn2hdl.compiler import observe as module
from lgn2hdl.compiler.observe import (
    _candidates,
    _differing,
    _hashes,
    _kinds,
    _ones,
    _replacements,
    _signatures,
    _valid,
    _values,
    _without_chains,
)
from lgn2hdl.ir import packed
from lgn2hdl.ir.netlist import Netlist, evaluate, live
from lgn2hdl.passes import prune

ALL = (1 << 64) - 1


def case(seed: int, n_samples: int, *, n_gates: int = 20):
    """A netlist, packed rows with rubbish behind the last one, and bits of all nodes."""
    rng = np.random.default_rng(seed)
    netlist, _ = prune(random_netlist(rng, 5, n_gates, 3, 8))
    words = packed.words_for(n_samples)
    inputs = rng.integers(0, ALL, (netlist.n_inputs, words), np.uint64, endpoint=True)
    every = Netlist(netlist.n_inputs, netlist.fanin, netlist.table, np.arange(netlist.n_nodes))
    return netlist, inputs, packed.unpack(evaluate(every, inputs), n_samples)


def test_ones_are_counted():
    words = np.array([[0, 0], [1, 1 << 63], [ALL, 0xFF00], [ALL, ALL]], np.uint64)
    assert _ones(words).tolist() == [0, 2, 72, 128]
    assert _ones(words[:, ::-1]).tolist() == [0, 2, 72, 128]


@pytest.mark.parametrize(
    ("n_samples", "start", "n_words", "masks"),
    [
        (64, 0, 1, [ALL]), (65, 0, 2, [ALL, 1]), (127, 1, 1, [ALL >> 1]), (1, 0, 3, [1, 0, 0]),
        (200, 2, 3, [ALL, 255, 0]), (64, 1, 1, [0]),
    ],
)  # fmt: skip
def test_words_are_valid_as_far_as_there_are_samples(n_samples, start, n_words, masks):
    assert _valid(n_samples, start, n_words).tolist() == masks


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_samples=st.sampled_from([1, 63, 64, 65, 130, 300]),
    block=st.integers(1, 5),
)
def test_values_come_in_blocks(seed, n_samples, block):
    netlist, inputs, bits = case(seed, n_samples)
    words = inputs.shape[1]
    for first, last in [(0, words), (words // 2, words), (0, words // 2), (1, 1)]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "BLOCK_WORDS", block)
            blocks = list(_values(netlist, inputs, n_samples, first, last))
        assert [start for start, _ in blocks] == list(range(first, last, block))
        sizes = [values.shape[1] for _, values in blocks]
        assert sizes == [min(block, last - start) for start in range(first, last, block)]
        for start, values in blocks:
            shown = packed.unpack(values, 64 * values.shape[1])
            part = bits[:, 64 * start : 64 * (start + values.shape[1])]
            assert np.array_equal(shown[:, : part.shape[1]], part)
            assert not shown[:, part.shape[1] :].any()


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_samples=st.sampled_from([1, 63, 65, 130, 300]),
    block=st.integers(1, 5),
    tolerance=st.integers(0, 6),
)
def test_counts_and_hashes(seed, n_samples, block, tolerance):
    netlist, inputs, bits = case(seed, n_samples)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK_WORDS", block)
        patch.setattr(module, "MAX_BANDS", 4)
        ones, signatures = _signatures(netlist, inputs, n_samples, tolerance)
    assert ones.tolist() == bits.sum(axis=1).tolist()
    words = inputs.shape[1]
    assert len(signatures) == min(tolerance + 1, 4, words)
    edges = [words * band // len(signatures) for band in range(len(signatures) + 1)]
    for signature, first, last in zip(signatures, edges[:-1], edges[1:], strict=True):
        turned = bits[:, 64 * first : 64 * last] ^ bits[:, 64 * first : 64 * first + 1]
        assert signature.tolist() == _hashes(packed.pack(turned), first).tolist()


def test_hashes_are_sums_over_blocks_and_tell_places_apart():
    rng = np.random.default_rng(0)
    words = rng.integers(0, ALL, (50, 6), np.uint64, endpoint=True)
    whole = _hashes(words, 3)
    assert np.array_equal(whole, _hashes(words[:, :2], 3) + _hashes(words[:, 2:], 5))
    moved = _hashes(words[:, ::-1], 3)
    assert len({*whole.tolist(), *moved.tolist(), *_hashes(words, 4).tolist()}) == 150
    singles = np.uint64(1) << np.arange(64, dtype=np.uint64)
    assert len(set(_hashes(singles[:, None], 0).tolist())) == 64
    # Equal words at different places do not cancel each other, as they would in a plain sum.
    assert _hashes(np.zeros((1, 1), np.uint64), 0) != _hashes(np.zeros((1, 1), np.uint64), 1)


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), n_samples=st.sampled_from([5, 64, 200]))
def test_differing_samples_are_counted(seed, n_samples):
    netlist, inputs, bits = case(seed, n_samples)
    rng = np.random.default_rng(seed)
    node, other = rng.integers(0, netlist.n_nodes, (2, 7))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK_WORDS", 2)
        patch.setattr(module, "PAIRS", 3)
        found = _differing(netlist, inputs, n_samples, node, other)
    assert found.tolist() == (bits[node] ^ bits[other]).sum(axis=1).tolist()
    assert len(_differing(netlist, inputs, n_samples, node[:0], other[:0])) == 0


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_samples=st.sampled_from([20, 64, 200]),
    tolerance=st.integers(0, 3),
)
def test_pairs_are_ordered_and_those_that_must_be_there(seed, n_samples, tolerance):
    netlist, inputs, bits = case(seed, n_samples)
    node, other = _candidates(netlist, inputs, n_samples, tolerance)
    pairs = list(zip(node.tolist(), other.tolist(), strict=True))
    assert pairs == sorted(set(pairs))
    assert all(low < high for high, low in pairs)
    used = [number for number in range(1, netlist.n_nodes) if live(netlist)[number]]
    assert {high for high, _ in pairs} <= set(used)
    assert {low for _, low in pairs} <= {0, *used}
    assert {(number, 0) for number in used} <= set(pairs)
    turned = bits ^ bits[:, :1]
    lowest: dict[bytes, int] = {}
    for number in used:  # equal and complementary nodes are compared with the lowest of them
        first = lowest.setdefault(turned[number].tobytes(), number)
        assert first == number or (number, first) in pairs


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), tolerance=st.integers(0, 3))
def test_every_node_gets_the_lowest_that_is_near_enough(seed, tolerance):
    n_samples = 40
    netlist, inputs, bits = case(seed, n_samples)
    source, flipped = _replacements(netlist, inputs, n_samples, tolerance)
    pairs = list(
        zip(
            *map(np.ndarray.tolist, _candidates(netlist, inputs, n_samples, tolerance)), strict=True
        )
    )
    wanted = {}
    for node, other in pairs:
        differing = int((bits[node] ^ bits[other]).sum())
        if min(differing, n_samples - differing) <= tolerance:
            wanted.setdefault(node, (other, differing * 2 > n_samples))
    for node in range(netlist.n_nodes):
        found = int(source[node]), bool(flipped[node])
        if found == (node, False):
            assert node not in wanted or wanted[node][0] in wanted
        else:
            assert found == wanted[node]
        assert source[source[node]] == source[node]


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ([0, 1, 2], [1, 1, 1]), ([0, 0, 0], [1, 0, 0]), ([0, 0, 1], [1, 0, 1]),
        ([0, 0, 1, 2], [1, 0, 1, 0]), ([0, 1, 1, 2, 3], [1, 1, 0, 1, 0]), ([], []),
    ],
)  # fmt: skip
def test_nobody_is_replaced_by_what_is_replaced_itself(source, kept):
    assert _without_chains(np.array(source, np.int32)).tolist() == [bool(item) for item in kept]


def test_kinds_are_counted():
    source = np.array([0, 0, 2, 2, 2, 0, 2])
    flipped = np.array([0, 0, 0, 0, 1, 1, 1], bool)
    assert _kinds(source, flipped).tolist() == [2, 1, 2]
    assert _kinds(source, ~flipped).tolist() == [2, 2, 1]
