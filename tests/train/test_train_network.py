"""The relaxed network and the discrete one that remains of it: the same, bit for bit."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lgn2hdl.base.errors import OptionError
from lgn2hdl.model.features import integer_features
from lgn2hdl.model.network import Thermometer
from lgn2hdl.train.config import INITIALIZATIONS, SELECTIONS, TrainConfig
from lgn2hdl.train.encoder.thermometer import fit_thermometer
from lgn2hdl.train.network.network import RelaxedNetwork, encode
from lgn2hdl.train.relax.kinds import RELAXATIONS
from lgn2hdl.train.relax.layer import Sampling
from lgn2hdl.train.seeds import Batches, Purpose, generator, split
from lgn2hdl.train.wiring.wiring import pixel_places

N_INPUTS = 36
PLACES = pixel_places(np.arange(N_INPUTS), (6, 6))
FEATURES = integer_features(N_INPUTS, 1)
WIRES = Thermometer(np.arange(N_INPUTS), np.ones(N_INPUTS))


def on_bits(rows=150, seed=0, bits=False, **options):
    """A network on bare bits with random parameters and scores, and random rows."""
    config = TrainConfig.of(**{"layers": (40, 30, 20), "candidates": 5, "seed": seed, **options})
    network = RelaxedNetwork(N_INPUTS, 20 if bits else 2, config, PLACES, bits=bits)
    torch.manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            if config.initialization == "gaussian" or parameter.shape[0] == config.candidates:
                parameter += torch.randn_like(parameter)
    x = np.random.default_rng(seed).integers(0, 2, (rows, N_INPUTS)).astype(np.uint8)
    return network, x


def golden_outputs(network, x):
    """``f32[O, N]``, by the golden model."""
    names = tuple(str(index) for index in range(network.head.n_names))
    return network.to_logic_net(FEATURES, WIRES, names, {}).outputs(x).astype(np.float32)


def assert_hard_is_golden(network, x):
    bits = encode(WIRES, x)
    wanted = golden_outputs(network, x)
    np.testing.assert_array_equal(network.hard_outputs(bits).numpy(), wanted)
    for layer in network.layers:
        bits = layer(bits, Sampling("hard", 0.7))
    np.testing.assert_array_equal(network._with_constants(bits).detach().numpy(), wanted)


FORMS = [("softmax16", 2), *itertools.product(("light", "walsh", "binary"), range(2, 7))]


@pytest.mark.parametrize("initialization", INITIALIZATIONS)
@pytest.mark.parametrize("wiring", ["balanced", "candidates", "mapping"])
@pytest.mark.parametrize(("relaxation", "fan_in"), FORMS)
def test_hard_forward_is_the_golden_model(relaxation, fan_in, wiring, initialization):
    for bits in (False, True):
        network, x = on_bits(
            relaxation=relaxation, fan_in=(fan_in,), wiring=(wiring,),
            initialization=initialization, bits=bits, seed=fan_in,
        )  # fmt: skip
        assert_hard_is_golden(network, x)


@pytest.mark.parametrize("selection", SELECTIONS)
def test_hard_forward_is_the_golden_model_with_mixed_layers(selection):
    network, x = on_bits(
        layers=(40, 30, 24, 20), fan_in=(6, 2, 4), selection=selection, initialization="gaussian",
        wiring=("local-candidates", "mapping", "local", "neighbour"),
    )  # fmt: skip
    assert_hard_is_golden(network, x)


@pytest.mark.parametrize("bits", [False, True])
def test_dropped_outputs_are_constants_in_every_form(bits):
    network, x = on_bits(initialization="gaussian", bits=bits, fan_in=(3,))
    values, kept = encode(WIRES, x), torch.ones(20, dtype=torch.bool)
    before = network.hard_outputs(values)
    kept[[3, 7, 19]] = False
    network.drop(torch.tensor([3, 7, 19]), torch.tensor([1.0, 0.0, 1.0]))
    after = network.hard_outputs(values)
    assert torch.equal(after[kept], before[kept])
    assert after[~kept].T.unique(dim=0).tolist() == [[1.0, 0.0, 1.0]]
    assert_hard_is_golden(network, x)
    network(values).sum().backward()
    gradient = network.layers[-1].logits.grad
    assert (gradient[:, ~kept] == 0).all()
    assert (gradient[:, kept] != 0).any()


def test_a_layer_needs_as_many_inputs_as_pins_whatever_its_wiring():
    for wiring in ("balanced", "candidates", "mapping"):
        with pytest.raises(OptionError, match="layer 2 has 5 inputs: nodes with 6 pins") as caught:
            on_bits(layers=(5, 20), fan_in=(2, 6), wiring=(wiring,), candidates=2)
        assert "\n" not in str(caught.value)


def test_more_candidates_than_inputs_are_refused():
    with pytest.raises(OptionError, match=r"37 candidates .* 36 inputs: choose 1 to 36"):
        on_bits(wiring=("candidates",), candidates=37)


def _network(layers, relaxation, seed, n_features=5, rows=70):
    features = integer_features(n_features, 4)
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 16, (rows, n_features)).astype(np.uint8)
    encoder = fit_thermometer(x, features, "uniform", 3)
    config = TrainConfig.of(
        layers=layers, relaxation=relaxation, initialization="gaussian", seed=seed,
        wiring=("neighbour", "balanced")[: len(layers)],
    )  # fmt: skip
    return RelaxedNetwork(encoder.n_bits, 2, config), features, encoder, x


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.integers(1, 30).map(lambda half: 2 * half), min_size=1, max_size=4).map(tuple),
    st.sampled_from(RELAXATIONS.names),
    st.integers(0, 1000),
)
def test_hard_forward_equals_the_logic_net_on_integers(layers, relaxation, seed):
    network, features, encoder, x = _network(layers, relaxation, seed)
    logic_net = network.to_logic_net(features, encoder, ("no", "yes"), {})
    hard = network.hard_outputs(encode(encoder, x)).numpy()
    assert set(np.unique(hard)) <= {0.0, 1.0}
    np.testing.assert_array_equal(hard.astype(bool), logic_net.outputs(x))


@pytest.mark.parametrize("relaxation", RELAXATIONS.names)
def test_a_sure_relaxed_network_scores_like_its_logic_net(relaxation):
    network, features, encoder, x = _network((40, 20), relaxation, 3)
    with torch.no_grad():
        for layer in network.layers:
            layer.logits *= 1000 / layer.logits.abs().min()
            if relaxation == "softmax16":
                layer.logits.copy_(torch.where(layer.logits == layer.logits.amax(0), 1000.0, 0.0))
    logic_net = network.to_logic_net(features, encoder, ("no", "yes"), {})
    soft = network(encode(encoder, x)) * network.head.tau
    torch.testing.assert_close(soft.detach().numpy(), logic_net.scores(x).astype(np.float32))


def test_logits_are_group_means_over_tau():
    network, _, encoder, x = _network((6,), "light", 0)
    bits = encode(encoder, x)
    outputs = network.layers[0](bits, Sampling())
    wanted = torch.stack([outputs[:3].sum(0), outputs[3:].sum(0)], 1) / network.head.tau
    torch.testing.assert_close(network(bits), wanted)


def test_the_seed_decides_wiring_and_parameters():
    one, same, other = (_network((30, 20), "light", seed)[0] for seed in (1, 1, 2))
    for a, b, c in zip(one.layers, same.layers, other.layers, strict=True):
        np.testing.assert_array_equal(a.wires.fanin(), b.wires.fanin())
        assert torch.equal(a.logits, b.logits)
        assert (a.wires.fanin() != c.wires.fanin()).any()
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
