import numpy as np
import pytest
from hardware import feature_bits, features_of_widths, mixed_network
from hypothesis import given, settings
from networks import networks

from lgn2hdl.ir import packed
from lgn2hdl.model.network import LogicNet, Thermometer
from lgn2hdl.verify.proofs.reference import (
    add_encoder,
    add_layers,
    feature_sweeper,
    random_samples,
    samples_of,
)
from lgn2hdl.verify.sat.deadline import Deadline
from lgn2hdl.verify.sat.sweep import Sweeper


def every_value(width: int) -> np.ndarray:
    return np.arange(1 << width, dtype=np.uint16)[:, None]


@pytest.mark.parametrize("width", [1, 3, 7])
def test_every_comparison_for_every_value(width: int) -> None:
    features = features_of_widths([width])
    thresholds = np.arange((1 << width) + 3, dtype=np.int32)
    encoder = Thermometer(np.zeros_like(thresholds), thresholds)
    values = every_value(width)
    sweeper = Sweeper(packed.pack(feature_bits(features, values)), Deadline())
    literals = add_encoder(sweeper, features, encoder)
    for threshold, literal in zip(thresholds.tolist(), literals.tolist(), strict=True):
        # The patterns are all values there are: what agrees on them is equal.
        wanted = values[:, 0] >= threshold
        if wanted.all() or not wanted.any():
            assert literal == int(wanted.all())
            continue
        for value in values[:, 0].tolist():
            assumed = [
                int(bit) ^ (not value >> place & 1) for place, bit in enumerate(sweeper.inputs)
            ]
            sweeper.solver.load(np.array([*assumed, literal]) >> 1)
            assert sweeper.solver.satisfiable([*assumed, literal]) == (value >= threshold)
            assert sweeper.solver.satisfiable([*assumed, literal ^ 1]) == (value < threshold)
    sweeper.close()


@given(networks(bits=True))
@settings(max_examples=40)
def test_encoder_and_layers_are_those_of_the_network(network: LogicNet) -> None:
    sweeper = feature_sweeper(network, Deadline())
    bits = add_encoder(sweeper, network.features, network.encoder)
    outputs = add_layers(sweeper, network, bits)
    patterns = packed.unpack(sweeper.input_patterns(), 64)
    samples = samples_of(network.features, patterns)
    wanted = network.outputs(samples)
    sweeper.solver.load(np.concatenate([outputs, sweeper.inputs]) >> 1)
    for place in range(0, 64, 16):
        assumed = (sweeper.inputs ^ ~patterns[:, place]).tolist()
        for literal, value in zip(outputs.tolist(), wanted[:, place].tolist(), strict=True):
            if literal < 2:
                assert literal == value
            else:
                assert sweeper.solver.satisfiable([*assumed, literal ^ value]) is False
    sweeper.close()


def test_samples_are_the_inverse_of_bits() -> None:
    features = features_of_widths([3, 1, 8, 16])
    samples = np.random.default_rng(0).integers(0, features.highest + 1, (50, 4))
    samples = samples.astype(features.dtype)
    assert np.array_equal(samples_of(features, feature_bits(features, samples)), samples)


def test_random_samples_are_in_range_and_meet_thresholds() -> None:
    network = mixed_network(widths=(3, 1, 6, 16))
    samples = random_samples(network, 4000)
    assert samples.dtype == network.features.dtype
    assert (samples.astype(int) <= network.features.highest).all()
    assert (samples[0] == 0).all()
    assert (samples[1] == network.features.highest).all()
    for feature, threshold in zip(network.encoder.feature, network.encoder.threshold, strict=True):
        column = samples[:, feature].astype(int)
        assert (column == threshold).any() or threshold > network.features.highest[feature]
        assert (column == threshold - 1).any() or threshold == 0


def test_a_feature_without_thresholds_varies_too() -> None:
    network = mixed_network(widths=(4, 4))
    only_first = Thermometer(np.zeros(8, np.int32), network.encoder.threshold)
    network = LogicNet(
        network.features, only_first, network.layers, network.head, network.class_names, {}
    )
    assert len(np.unique(random_samples(network, 2000)[:, 1])) == 16


def test_implied_bits_are_known_without_the_digits() -> None:
    network = mixed_network(widths=(8,))
    sweeper = feature_sweeper(network, Deadline())
    bits = add_encoder(sweeper, network.features, network.encoder)
    order = np.argsort(network.encoder.threshold)
    low, high = bits[order[0]], bits[order[-1]]
    assert sweeper.solver.satisfiable([int(high), int(low) ^ 1]) is False
    assert sweeper.solver.satisfiable([int(high) ^ 1, int(low)]) is True
    sweeper.close()
