import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plans import run

from lgn2hdl.arithmetic.encoder import encoder_block, packing
from lgn2hdl.ir.netlist import depth
from lgn2hdl.model.features import Features, integer_features
from lgn2hdl.model.network import Thermometer


def features_of(widths: list[int]) -> Features:
    return dataclasses.replace(integer_features(len(widths), 1), width=np.array(widths))


def input_bits(features: Features, x: np.ndarray) -> np.ndarray:
    """Packed input bits, ``bool[packing[-1], N]``, of integers ``[N, F]``."""
    return np.concatenate([
        (x[:, feature] >> np.arange(width)[:, None]) & 1 == 1
        for feature, width in enumerate(features.width.tolist())
    ])  # fmt: skip


@pytest.mark.parametrize("k", [3, 4, 5, 6])
@pytest.mark.parametrize("width", [1, 2, 3, 4, 5, 6, 9])
def test_all_thresholds_of_all_values(width, k):
    thresholds = np.arange((1 << width) + 3)
    encoder = Thermometer(np.zeros(len(thresholds)), thresholds)
    features = integer_features(1, width)
    x = np.arange(1 << width)[:, None]
    block = encoder_block(features, encoder, np.arange(len(thresholds)), k)
    np.testing.assert_array_equal(run(block, input_bits(features, x)), thresholds[:, None] <= x.T)
    if width <= k:
        # Nothing for 0, the top bit and what is never reached.
        assert block.netlist.n_gates <= (1 << width) - 2 + 1
        assert depth(block.netlist) <= 1


@pytest.mark.parametrize("k", [3, 6])
@pytest.mark.parametrize("width", [5, 8])
def test_each_threshold_alone(width, k):
    features, x = integer_features(1, width), np.arange(1 << width)[:, None]
    bits = input_bits(features, x)
    for threshold in range((1 << width) + 1):
        encoder = Thermometer(np.array([0]), np.array([threshold]))
        block = encoder_block(features, encoder, np.array([0]), k)
        np.testing.assert_array_equal(run(block, bits)[0], x[:, 0] >= threshold)


@given(st.lists(st.integers(1, 16), min_size=1, max_size=5), st.integers(3, 6), st.data())
@settings(max_examples=60)
def test_used_bits_of_several_features(widths, k, data):
    features = features_of(widths)
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    n_bits = int(rng.integers(1, 40))
    feature = rng.integers(0, len(widths), n_bits)
    threshold = (rng.random(n_bits) * (features.highest[feature] + 2)).astype(np.int64)
    encoder = Thermometer(feature, threshold)
    bits = rng.permutation(n_bits)[: rng.integers(0, n_bits + 1)]
    near = threshold[:, None] + rng.integers(-1, 2, (n_bits, len(widths)))
    anything = (rng.random((100, len(widths))) * (features.highest + 1)).astype(np.int64)
    x = np.clip(np.concatenate([near, anything]), 0, features.highest)
    block = encoder_block(features, encoder, bits, k)
    expected = (x[:, feature[bits]] >= threshold[bits]).T
    np.testing.assert_array_equal(run(block, input_bits(features, x)), expected)


@pytest.mark.parametrize(("threshold", "luts"), [(0, 0), (128, 0), (256, 0), (64, 1), (4, 1),
                                                 (192, 1), (255, 2), (1, 2), (132, 1)])  # fmt: skip
def test_luts_of_a_threshold_of_eight_bits(threshold, luts):
    encoder = Thermometer(np.array([0]), np.array([threshold]))
    assert encoder_block(integer_features(1, 8), encoder, [0], 6).netlist.n_gates == max(
        luts, threshold == 0
    )  # a constant 1 is a gate without pins


def test_equal_low_parts_are_shared():
    encoder = Thermometer(np.zeros(4), np.array([0x13, 0x33, 0x93, 0xF3]))
    block = encoder_block(integer_features(1, 8), encoder, np.arange(4), 6)
    assert block.netlist.n_gates == 5


def test_packing():
    assert packing(features_of([3, 1, 8])).tolist() == [0, 3, 4, 12]
