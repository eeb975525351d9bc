import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lgn2hdl.features import integer_features
from lgn2hdl.train.config import RELAXATION_NAMES, TrainConfig
from lgn2hdl.train.network import RelaxedNetwork, encode
from lgn2hdl.train.seeds import Batches, Purpose, generator, split
from lgn2hdl.train.thermometer import fit_thermometer


def _network(layers, relaxation, seed, n_features=5, rows=70):
    features = integer_features(n_features, 4)
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 16, (rows, n_features)).astype(np.uint8)
    encoder = fit_thermometer(x, features, "uniform", 3)
    config = TrainConfig(
        layers=layers, relaxation=relaxation, initialization="gaussian", seed=seed,
        wiring=("neighbour", "balanced")[: len(layers)],
    )  # fmt: skip
    return RelaxedNetwork(encoder.n_bits, 2, config), features, encoder, x


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.integers(1, 30).map(lambda half: 2 * half), min_size=1, max_size=4).map(tuple),
    st.sampled_from(RELAXATION_NAMES),
    st.integers(0, 1000),
)
def test_hard_forward_equals_the_logic_net_bit_for_bit(layers, relaxation, seed):
    network, features, encoder, x = _network(layers, relaxation, seed)
    logic_net = network.to_logic_net(features, encoder, ("no", "yes"), {})
    hard = network.hard_outputs(encode(encoder, x)).numpy()
    assert set(np.unique(hard)) <= {0.0, 1.0}
    np.testing.assert_array_equal(hard.astype(bool), logic_net.outputs(x))


@pytest.mark.parametrize("relaxation", RELAXATION_NAMES)
def test_a_sure_relaxed_network_scores_like_its_logic_net(relaxation):
    network, features, encoder, x = _network((40, 20), relaxation, 3)
    with torch.no_grad():
        for layer in network.layers:
            largest = layer.logits == layer.logits.max(dim=0).values
            sure = largest if relaxation == "softmax16" else layer.logits > 0
            layer.logits.copy_(50 * (2 * sure.float() - 1))
    logic_net = network.to_logic_net(features, encoder, ("no", "yes"), {})
    soft = network(encode(encoder, x)) * network.tau
    torch.testing.assert_close(soft.detach().numpy(), logic_net.scores(x).astype(np.float32))


def test_logits_are_group_means_over_tau():
    network, _, encoder, x = _network((6,), "light", 0)
    bits = encode(encoder, x)
    outputs = network.layers[0](bits)
    wanted = torch.stack([outputs[:3].sum(0), outputs[3:].sum(0)], 1) / network.tau
    torch.testing.assert_close(network(bits), wanted)


def test_the_seed_decides_wiring_and_parameters():
    one, same, other = (_network((30, 20), "light", seed)[0] for seed in (1, 1, 2))
    for a, b, c in zip(one.layers, same.layers, other.layers, strict=True):
        np.testing.assert_array_equal(a.fanin, b.fanin)
        assert torch.equal(a.logits, b.logits)
        assert (a.fanin != c.fanin).any()
        assert not torch.equal(a.logits, c.logits)


def test_streams_are_independent_of_each_other():
    draws = {
        tuple(generator(1, purpose, i).integers(0, 99, 4)) for purpose in Purpose for i in (0, 1)
    }
    assert len(draws) == 2 * len(Purpose)


@given(st.integers(2, 50), st.floats(0, 0.99), st.integers(0, 5))
def test_split_parts_all_rows(n_rows, fraction, seed):
    own, held_out = split(n_rows, fraction, seed)
    assert len(own)
    assert len(held_out)
    if fraction == 0:
        assert sorted(own) == sorted(held_out) == list(range(n_rows))
    else:
        assert sorted([*own, *held_out]) == list(range(n_rows))


def test_batches_are_a_function_of_seed_and_step():
    forward = [Batches(10, 3, 7)(step).tolist() for step in range(9)]
    batches = Batches(10, 3, 7)
    assert [batches(step).tolist() for step in reversed(range(9))] == forward[::-1]
    for epoch in range(3):
        rows = {row for batch in forward[3 * epoch : 3 * epoch + 3] for row in batch}
        assert len(rows) == 9
    assert forward[:3] != forward[3:6]
    assert forward != [Batches(10, 3, 8)(step).tolist() for step in range(9)]


def test_a_batch_is_never_longer_than_the_data():
    assert sorted(Batches(4, 128, 0)(5).tolist()) == [0, 1, 2, 3]
