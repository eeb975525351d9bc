"""What is left of encoder and gates computes the same, from no more bits than needed."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from networks import networks, random_network

from lgn2hdl.c_export.inputs import needed_logic
from lgn2hdl.ir import packed
from lgn2hdl.ir.netlist import evaluate, live
from lgn2hdl.model.features import integer_features
from lgn2hdl.model.heads.bits import Bits
from lgn2hdl.model.layers.lut import Lut
from lgn2hdl.model.network import LogicNet, Thermometer


def outputs(network: LogicNet, rows: np.ndarray) -> np.ndarray:
    logic = needed_logic(network)
    words = packed.pack(rows.T[logic.feature] >= logic.threshold[:, None])
    return packed.unpack(evaluate(logic.netlist, words), len(rows))


def random_rows(network: LogicNet, n: int = 100) -> np.ndarray:
    rng = np.random.default_rng(n)
    rows = rng.integers(0, network.features.highest + 1, (n, network.features.n_features))
    return rows.astype(network.features.dtype)


@settings(max_examples=15)
@given(network=networks())
def test_the_outputs_are_those_of_the_network(network: LogicNet) -> None:
    rows = random_rows(network)
    assert np.array_equal(outputs(network, rows), network.outputs(rows))


@settings(max_examples=15)
@given(network=networks())
def test_every_input_is_needed_and_there_is_one(network: LogicNet) -> None:
    logic = needed_logic(network)
    read = live(logic.netlist)[1 : logic.netlist.first_gate]
    assert read.all() or len(read) == 1
    assert len(read) >= 1
    assert logic.netlist.n_pins <= 3
    assert np.array_equal(network.encoder.feature[logic.bits], logic.feature)
    assert np.array_equal(network.encoder.threshold[logic.bits], logic.threshold)
    assert logic.threshold.max() <= np.iinfo(network.features.dtype).max


def wires(feature: list[int], threshold: list[int], width: int = 8) -> LogicNet:
    """Outputs that are the encoder's bits."""
    n = len(feature)
    return LogicNet(
        features=integer_features(2, width),
        encoder=Thermometer(feature, threshold),
        layers=(Lut(np.repeat(np.arange(n), 2).reshape(n, 2), np.full(n, 0b1000, np.uint8)),),
        head=Bits(n),
        class_names=tuple(map(str, range(n))),
        card={},
    )


def test_equal_and_constant_bits_are_left_out() -> None:
    network = wires([0, 1, 0, 1, 0, 1], [5, 5, 5, 0, 256, 7])
    logic = needed_logic(network)
    assert logic.bits.tolist() == [0, 1, 5]
    rows = random_rows(network)
    assert np.array_equal(outputs(network, rows), network.outputs(rows))


@pytest.mark.parametrize(("width", "highest"), [(8, 255), (16, 65535)])
def test_only_thresholds_above_the_highest_value_are_constant(width: int, highest: int) -> None:
    network = wires([0, 0, 1, 1], [highest, highest + 1, highest - 1, 0], width)
    logic = needed_logic(network)
    assert logic.bits.tolist() == [0, 2]
    rows = np.array(list(product([0, 1, highest - 1, highest], repeat=2)), network.features.dtype)
    assert np.array_equal(outputs(network, rows), network.outputs(rows))


def test_sixteen_bit_thresholds_stay() -> None:
    network = random_network(
        np.random.default_rng(1), n_features=3, width=16, fan_ins=(4, 3), bits=True
    )
    rows = random_rows(network)
    assert np.array_equal(outputs(network, rows), network.outputs(rows))
