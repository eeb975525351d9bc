import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import networks, random_network

from lgn2hdl.base.errors import DataError
from lgn2hdl.model.layers.lut import Lut
from lgn2hdl.model.network import Thermometer
from lgn2hdl.train.loop import tidy as module
from lgn2hdl.train.loop.tidy import tidy


def every_row(network):
    """All inputs there are, or many random ones."""
    width, n_features = int(network.features.width[0]), network.features.n_features
    numbers = np.arange(min(1 << (width * n_features), 1 << 14))
    if width * n_features > 14:
        return np.random.default_rng(0).integers(0, 1 << width, (5000, n_features)).astype(np.uint8)
    return ((numbers[:, None] >> (width * np.arange(n_features))) % (1 << width)).astype(np.uint8)


def assert_same(network, other, rows):
    np.testing.assert_array_equal(network.outputs(rows), other.outputs(rows))


@given(networks(), st.integers(1, 200), st.integers(0, 99))
def test_outputs_on_the_training_rows_stay(network, n_rows, seed):
    rng = np.random.default_rng(seed)
    high = 1 << int(network.features.width[0])
    rows = rng.integers(0, high, (n_rows, network.features.n_features)).astype(np.uint8)
    result = tidy(network, rows)
    assert_same(network, result, rows)
    bits = result.encoder.encode(rows)
    assert len(np.unique(bits, axis=0)) == len(bits)
    assert [layer.fan_in for layer in result.layers] == [layer.fan_in for layer in network.layers]
    again = tidy(result, rows)
    np.testing.assert_array_equal(again.encoder.threshold, result.encoder.threshold)
    np.testing.assert_array_equal(again.layers[0].fanin, result.layers[0].fanin)


@given(networks(), st.integers(0, 99))
def test_repeated_and_unread_bits_go_without_any_difference(network, seed):
    rng = np.random.default_rng(seed)
    rows = every_row(network)
    copies = rng.integers(0, network.encoder.n_bits, 10)
    encoder = Thermometer(
        np.concatenate([network.encoder.feature, network.encoder.feature[copies]]),
        np.concatenate([network.encoder.threshold, network.encoder.threshold[copies]]),
    )
    first = network.layers[0]
    fanin = rng.integers(0, encoder.n_bits, first.fanin.shape)
    network = dataclasses.replace(
        network, encoder=encoder, layers=(Lut(fanin, first.table), *network.layers[1:])
    )
    result = tidy(network, rows)
    assert_same(network, result, rows)
    pairs = np.stack([result.encoder.feature, result.encoder.threshold], axis=1)
    assert len(np.unique(pairs, axis=0)) == len(pairs)


@given(networks(), st.integers(1, 9))
def test_blocks_of_rows_make_no_difference(network, block):
    rows = every_row(network)[:70]
    whole = tidy(network, rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK", block)
        parts = tidy(network, rows)
    for one, other in [(whole.encoder, parts.encoder), (whole.layers[0], parts.layers[0])]:
        for field in dataclasses.fields(one):
            np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name))


def small(fanin, tables, features=(0, 0, 1), thresholds=(1, 2, 1)):
    network = random_network(np.random.default_rng(0), n_features=2, width=2, fan_ins=(2,))
    head = dataclasses.replace(
        network.head,
        class_of=np.zeros(len(fanin), np.int16),
        weight=np.ones(len(fanin), np.int8),
    )
    encoder = Thermometer(features, thresholds)
    return dataclasses.replace(network, encoder=encoder, layers=(Lut(fanin, tables),), head=head)


def test_a_constant_bit_is_folded_into_the_tables():
    rows = np.array([[1, 0], [3, 1], [1, 1]], np.uint8)
    result = tidy(small([[0, 2], [2, 0]], [0b1000, 0b0010]), rows)
    assert result.encoder.feature.tolist() == [1]  # feature 0 is 1 or more in every row
    assert result.layers[0].fanin.tolist() == [[0, 0], [0, 0]]
    assert result.layers[0].table.tolist() == [0b1100, 0b0000]


def test_an_equal_bit_is_read_instead():
    rows = np.array([[0, 0], [1, 1], [3, 1], [2, 0]], np.uint8)
    result = tidy(small([[0, 1], [1, 2]], [0b0110, 0b1000], (0, 1, 1), (1, 1, 1)), rows)
    assert result.encoder.feature.tolist() == [0, 1]
    assert result.layers[0].fanin.tolist() == [[0, 1], [1, 1]]
    assert result.layers[0].table[1] in (0b1010, 0b1100)


def test_bits_that_every_table_ignores_go_and_one_stays():
    rows = np.array([[0, 0], [1, 1], [3, 0]], np.uint8)
    result = tidy(small([[0, 1], [1, 2]], [0b1010, 0b1100]), rows)  # the wires of bits 0 and 2
    assert result.encoder.feature.tolist() == [0, 1]
    assert result.layers[0].fanin.max() == 1
    result = tidy(small([[0, 1], [1, 2]], [0b0000, 0b1111]), rows)
    assert result.encoder.n_bits == 1


def test_no_rows_are_refused():
    with pytest.raises(DataError, match="no training rows"):
        tidy(small([[0, 1]], [0b1000]), np.empty((0, 2), np.uint8))
