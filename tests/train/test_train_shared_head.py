"""The head whose outputs count for several classes: values, gradients, and what remains."""

import numpy as np
import pytest
import torch
from runs import CONFIG, make_adder, make_dataset

from lgn2hdl.base.errors import OptionError
from lgn2hdl.model import file as model_file
from lgn2hdl.passes.estimate import estimate_luts
from lgn2hdl.train.loop.loop import train
from lgn2hdl.train.network.network import RelaxedNetwork
from lgn2hdl.train.network.shared_head import SharedSumHead, connections
from lgn2hdl.train.relax.layer import Sampling


def make_head(outputs=9, classes=4, count=2, tau=2.0):
    return SharedSumHead(outputs, classes, count, tau, False, np.random.default_rng(3))


def random_bits(rows, samples):
    return torch.randint(2, (rows, samples), generator=torch.Generator().manual_seed(1)).float()


def test_the_largest_strengths_are_the_connections():
    strength = torch.tensor([[0.1, -0.5, 0.3], [-0.2, 0.2, 0.2], [0.0, 0.0, -0.1]])
    assert connections(strength, 2).tolist() == [[0, -1, 1], [0, 0, 0], [0, 0, 0]]
    assert connections(strength, 4).tolist() == [[0, -1, 1], [-1, 1, 0], [0, 0, 0]]
    assert bool((connections(strength, 9) != 0).all())


def test_at_the_start_outputs_count_for_the_class_of_their_group():
    head = make_head(outputs=12, classes=4, count=1)
    np.testing.assert_array_equal(head.discrete(12).class_of, np.repeat(np.arange(4), 3))
    np.testing.assert_array_equal(head.order(12), np.arange(12))


@pytest.mark.parametrize("count", [1, 2, 4])
def test_logits_are_those_of_the_discrete_head(count):
    head, values = make_head(count=count), random_bits(9, 50)
    discrete, order = head.discrete(9), head.order(9)
    assert discrete.n_outputs == len(order) == 9 * count
    scores = discrete.scores(values.numpy()[order] > 0)
    np.testing.assert_array_equal(head(values).detach().numpy() * head.tau, scores)


def test_gradients_are_those_of_the_connections():
    head, values = make_head(), random_bits(9, 50).requires_grad_()
    weight = torch.randn((50, 4), generator=torch.Generator().manual_seed(2))
    (head(values) * weight).sum().backward()
    ternary = connections(head.strength.detach(), 18)
    torch.testing.assert_close(values.grad, ternary @ weight.T / head.tau)
    wanted = (values.detach() - 0.5) @ weight / head.tau
    torch.testing.assert_close(head.strength.grad, wanted)


@pytest.mark.parametrize("sampling", ["soft", "hard"])
def test_training_moves_connections_and_keeps_them_in_the_model(sampling, tmp_path):
    data = make_dataset()
    config = CONFIG.changed(
        layers=(20, 11), head_connections=1, head_learning_rate=0.2, sampling=sampling, steps=40
    )
    network = train(data, config)
    assert network.head.n_outputs == network.layers[-1].width == 11
    assert set(network.head.weight.tolist()) <= {-1, 1}
    start = RelaxedNetwork(len(network.encoder.feature), len(data.class_names), config)
    first = start.discrete_head()
    assert (first.class_of * first.weight != network.head.class_of * network.head.weight).any()
    model_file.save(network, tmp_path / "m.lgn")
    again = model_file.load(tmp_path / "m.lgn")
    np.testing.assert_array_equal(again.head.weight, network.head.weight)


def test_a_resumed_run_ends_with_the_same_connections(tmp_path):
    data, path = make_dataset(), tmp_path / "run.ckpt"
    config = CONFIG.changed(layers=(20, 12), head_connections=2, head_learning_rate=0.05)
    straight = train(data, config)

    def stop(progress):
        if progress.step == config.steps // 2:
            raise KeyboardInterrupt

    with pytest.raises(Exception, match="interrupted"):
        train(data, config, checkpoint=path, on_progress=stop)
    resumed = train(data, config, checkpoint=path, resume=True)
    np.testing.assert_array_equal(resumed.head.class_of, straight.head.class_of)
    np.testing.assert_array_equal(resumed.head.weight, straight.head.weight)


def test_the_hard_network_computes_what_remains_of_it():
    data = make_dataset()
    config = CONFIG.changed(layers=(20, 11), head_connections=2, tau=1.0)
    network = RelaxedNetwork(12, len(data.class_names), config)
    bits = random_bits(12, 70)
    logits = network(bits, Sampling("hard")).detach().numpy()
    values = bits.numpy() > 0
    for layer in network.discrete_layers():
        values = _run(layer, values)
    np.testing.assert_array_equal(logits, network.discrete_head().scores(values))


def _run(layer, values):
    pins = values[layer.fanin].astype(np.int64)  # [W, k, N]
    address = (pins << np.arange(layer.fan_in)[:, None]).sum(axis=1)
    return (layer.table.astype(np.int64)[:, None] >> address & 1) > 0


def test_a_budget_is_met():
    config = CONFIG.changed(layers=(40, 24), head_connections=2, target_luts=45, steps=60)
    network = train(make_dataset(), config)
    assert estimate_luts(network).total <= 45


def test_what_does_not_fit_is_one_line():
    with pytest.raises(OptionError, match="at most all 2 classes"):
        train(make_dataset(), CONFIG.changed(layers=(10,), head_connections=3))
    with pytest.raises(OptionError, match="leave it out for output bits"):
        train(make_adder(), CONFIG.changed(layers=(4,), head_connections=1))
