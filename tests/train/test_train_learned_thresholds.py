import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lgn2hdl.ir import packed
from lgn2hdl.model.features import integer_features
from lgn2hdl.model.network import Thermometer
from lgn2hdl.train.encoder.learned_thresholds import LearnedThresholds
from lgn2hdl.train.encoder.thermometer import fit_thermometer


def random_rows(rng, n_rows, n_features, width):
    dtype = np.uint8 if width <= 8 else np.uint16
    return rng.integers(0, 1 << width, (n_rows, n_features)).astype(dtype)


def assert_agrees(encoder, rows):
    """The hard forward is the golden encoder, bit for bit, for arrays as for tensors."""
    expected = packed.unpack(encoder.thermometer().encode(rows), len(rows))
    for integers in (rows, torch.from_numpy(rows.astype(np.int32))):
        bits = encoder(integers)
        assert bits.dtype == torch.float32
        np.testing.assert_array_equal(bits.detach().numpy(), expected)


@given(st.integers(1, 16), st.integers(1, 5), st.integers(0, 99))
def test_it_starts_as_the_given_encoder(width, n_features, seed):
    rng = np.random.default_rng(seed)
    features = integer_features(n_features, width)
    rows = random_rows(rng, 70, n_features, width)
    start = fit_thermometer(rows, features, "quantile", 5)
    encoder = LearnedThresholds(start, rows, features)
    np.testing.assert_array_equal(encoder.thermometer().feature, start.feature)
    np.testing.assert_array_equal(encoder.thermometer().threshold, start.threshold)
    assert_agrees(encoder, rows)


@given(st.integers(1, 16), st.integers(1, 5), st.booleans(), st.integers(0, 99))
def test_hard_bits_are_those_of_the_thermometer_wherever_thresholds_go(
    width, n_features, training, seed
):
    rng = np.random.default_rng(seed)
    features = integer_features(n_features, width)
    rows = random_rows(rng, 70, n_features, width)
    start = Thermometer(rng.integers(0, n_features, 20), rng.integers(1, 1 << width, 20))
    encoder = LearnedThresholds(start, rows, features).train(training)
    with torch.no_grad():
        encoder.scaled += torch.from_numpy(rng.normal(0, 2, 20).astype(np.float32))
    assert_agrees(encoder, rows)
    threshold = encoder.thermometer().threshold
    assert threshold.min() >= 1
    assert threshold.max() < 1 << width


def test_a_threshold_between_two_integers_is_rounded_up():
    rows = np.arange(16, dtype=np.uint8)[:, None]
    encoder = LearnedThresholds(Thermometer([0, 0, 0], [4, 4, 4]), rows, integer_features(1, 4))
    with torch.no_grad():
        encoder.scaled.copy_(torch.tensor([6.01, 6.99, 7.01]) / encoder.spread)
    assert encoder.thermometer().threshold.tolist() == [7, 7, 8]


@pytest.mark.parametrize("start", [60, 200])
@pytest.mark.parametrize("width", [8, 16])
def test_the_best_threshold_is_learned_at_one_learning_rate(start, width):
    unit = 1 << (width - 8)
    rng = np.random.default_rng(0)
    rows = random_rows(rng, 2000, 1, width)
    label = torch.from_numpy((rows[:, 0] >= 137 * unit).astype(np.float32))
    encoder = LearnedThresholds(Thermometer([0], [start * unit]), rows, integer_features(1, width))
    optimizer = torch.optim.Adam(encoder.parameters(), lr=0.01)
    for _ in range(300):
        optimizer.zero_grad()
        ((encoder(rows)[0] - label) ** 2).mean().backward()
        optimizer.step()
    assert abs(int(encoder.thermometer().threshold[0]) - 137 * unit) <= 2 * unit


def test_the_gradient_raises_a_threshold_that_sets_too_many_bits():
    rows = np.arange(256, dtype=np.uint8)[:, None]
    encoder = LearnedThresholds(Thermometer([0, 0], [100, 100]), rows, integer_features(1, 8))
    bits = encoder(rows)
    (bits[0].sum() - bits[1].sum()).backward()
    assert encoder.scaled.grad[0] < 0 < encoder.scaled.grad[1]


def test_only_near_values_move_a_threshold():
    rows = np.array([[0], [100], [255]], np.uint8)
    encoder = LearnedThresholds(Thermometer([0] * 3, [100] * 3), rows, integer_features(1, 8))
    torch.diagonal(encoder(rows)).sum().backward()
    far, near, farther = encoder.scaled.grad.abs().tolist()
    assert near > 10 * far > 0
    assert near > 10 * farther


def test_a_threshold_pushed_out_of_range_comes_back():
    rows = np.arange(16, dtype=np.uint8)[:, None]
    encoder = LearnedThresholds(Thermometer([0], [8]), rows, integer_features(1, 4))
    with torch.no_grad():
        encoder.scaled.fill_(1e6)
    encoder(rows)[0, -1].backward()
    assert encoder.thermometer().threshold.tolist() == [15]
    assert encoder.scaled.grad.abs() > 0.1


def test_two_forwards_may_come_before_one_backward():
    rows = np.arange(16, dtype=np.uint8)[:, None]
    encoder = LearnedThresholds(Thermometer([0], [8]), rows, integer_features(1, 4))
    (encoder(rows).sum() + encoder(rows).sum()).backward()
    assert encoder.scaled.grad < 0
