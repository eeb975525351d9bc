import numpy as np
import pytest
import torch
from hypothesis import given, settings
from networks import networks
from runs import CONFIG

from lgn2hdl.model.features import integer_features
from lgn2hdl.model.network import Thermometer
from lgn2hdl.model.vectors import random_vectors
from lgn2hdl.train.network.forward import torch_outputs
from lgn2hdl.train.network.network import RelaxedNetwork, encode


@given(networks())
@settings(max_examples=25)
def test_torch_computes_what_the_network_does(network):
    rows = random_vectors(network.features, 70).integers
    np.testing.assert_array_equal(torch_outputs(network, rows), network.outputs(rows))
    assert torch_outputs(network, rows[:0]).shape == (network.layers[-1].width, 0)


@pytest.mark.parametrize(
    "options",
    [
        {"relaxation": "softmax16"},
        {"relaxation": "light", "fan_in": (3, 6)},
        {"relaxation": "walsh", "fan_in": (4, 2)},
        {"relaxation": "binary", "fan_in": (6, 5)},
        {"wiring": ("mapping",), "fan_in": (2, 4)},
    ],
    ids=lambda options: " ".join(map(str, options.values())),
)
def test_the_trainer_itself_computes_what_its_discrete_network_does(options):
    """The hard forward pass of a network in training, of every relaxation and learned wiring."""
    config = CONFIG.changed(**options)
    features = integer_features(3, 4)
    encoder = Thermometer(np.repeat(np.arange(3), 5), np.tile(np.arange(1, 16, 3), 3))
    relaxed = RelaxedNetwork(encoder.n_bits, 4, config)
    with torch.no_grad():
        for parameter in relaxed.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=torch.manual_seed(1)))
    network = relaxed.to_logic_net(features, encoder, tuple("abcd"), {})
    rows = random_vectors(features, 200).integers
    hard = relaxed.hard_outputs(encode(encoder, rows)).numpy()
    assert {0.0, 1.0} == set(np.unique(hard).tolist())
    np.testing.assert_array_equal(hard > 0, network.outputs(rows))
    np.testing.assert_array_equal(torch_outputs(network, rows), network.outputs(rows))
