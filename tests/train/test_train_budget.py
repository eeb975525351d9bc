"""Training towards a LUT budget: the result is within it, and an impossible one is refused."""

import numpy as np
import pytest
import torch
from runs import CONFIG, make_adder, make_dataset, make_images

from lgn2hdl.base.errors import OptionError
from lgn2hdl.passes.estimate import estimate_luts, least_luts
from lgn2hdl.train.data.problem import Problem
from lgn2hdl.train.loop.budget import Budget, output_importance
from lgn2hdl.train.loop.interrupt import TrainingStoppedError
from lgn2hdl.train.loop.loop import train
from lgn2hdl.train.network.network import RelaxedNetwork, encode

DATA = make_dataset()
ROOMY = CONFIG.changed(layers=(80, 60), steps=120, evaluate_every=10)


@pytest.mark.parametrize(("target", "accuracy"), [(150, 0.8), (60, 0.8), (20, 0.65), (8, 0)])
def test_the_result_needs_at_most_the_target(target, accuracy):
    network = train(DATA, ROOMY.changed(target_luts=target))
    luts = estimate_luts(network).total
    assert luts <= target
    assert network.card["metrics"]["estimated_luts"] == luts
    assert network.card["metrics"]["test_hard_accuracy"] > accuracy


def test_the_way_down_is_even_and_training_goes_on_below():
    seen = {}
    config = ROOMY.changed(target_luts=40, seed=4)
    train(DATA, config, on_progress=lambda p: seen.update({p.step: p}))
    luts = [seen[step].luts for step in range(10, 121, 10)]
    assert min(luts[:3]) > 80  # nothing is dropped before 30 % of the steps
    assert max(luts[8:]) <= 40  # all is dropped after 70 %
    ratios = np.divide(luts[3:9], luts[2:8])
    assert ratios.min() > 0.4  # in several steps
    assert seen[60].best_hard_accuracy is None  # no state above the budget is kept
    assert seen[120].best_hard_accuracy is not None


def test_a_budget_that_holds_anyway_changes_nothing():
    free, bound = (train(DATA, ROOMY.changed(target_luts=t)) for t in (None, 10_000))
    for one, other in zip(free.layers, bound.layers, strict=True):
        np.testing.assert_array_equal(one.table, other.table)


def test_one_evaluation_at_the_end_is_enough():
    config = ROOMY.changed(target_luts=30, evaluate_every=1000)
    assert estimate_luts(train(DATA, config)).total <= 30


def test_learned_thresholds_and_images_within_a_budget():
    config = ROOMY.changed(
        target_luts=30, encoder="learned", wiring=("local-candidates", "candidates"),
        candidates=5,
    )  # fmt: skip
    assert estimate_luts(train(make_images(), config)).total <= 30


def test_a_budget_below_the_head_is_refused_before_training():
    config = ROOMY.changed(target_luts=least_luts(2) - 1)
    with pytest.raises(OptionError, match=r"target_luts is 1: .* 2 classes") as caught:
        train(DATA, config, on_progress=lambda p: pytest.fail("has trained"))
    assert "\n" not in str(caught.value)


def test_a_budget_out_of_reach_is_one_line():
    """Every output bit is needed, so none is dropped."""
    config = ROOMY.changed(target_luts=1, layers=(30, 4))
    with pytest.raises(TrainingStoppedError, match="at most 1 LUTs: raise target_luts") as caught:
        train(make_adder(), config)
    assert "\n" not in str(caught.value)


def trained_network(config=ROOMY):
    problem = Problem(DATA, config)
    network = RelaxedNetwork(problem.encoder.n_bits, 2, config)
    return problem, network, lambda x: encode(problem.encoder, x)


def test_importance_is_what_the_loss_loses_to_first_order():
    """Exactly: minus the gradient at the outputs, times their distance from their mean."""
    problem, network, bits = trained_network()
    importance, mostly = output_importance(network, bits, problem)
    outputs = network.hard_outputs(bits(problem.x)).requires_grad_()
    head = network.head
    sums = outputs.reshape(2, -1, outputs.shape[1]).sum(1).T
    logits = sums / head.tau
    loss = head.loss(logits, torch.from_numpy(problem.y), 0.0) * len(problem.y) * head.tau
    (gradient,) = torch.autograd.grad(loss, outputs)
    mean = outputs.detach().mean(1, keepdim=True)
    wanted = -(gradient * (outputs.detach() - mean)).mean(1)
    np.testing.assert_allclose(importance, wanted.numpy(), atol=1e-5)
    np.testing.assert_array_equal(mostly.numpy(), (mean[:, 0] > 0.5).float().numpy())


def test_the_last_output_of_a_class_is_never_dropped():
    config = ROOMY.changed(target_luts=least_luts(2), layers=(80, 60))
    problem, network, bits = trained_network(config)
    Budget(config, problem).enforce(network, bits, config.steps)
    assert network.kept.reshape(2, -1).sum(1).min() >= 1


def test_without_a_target_nothing_is_counted_or_dropped():
    problem, network, bits = trained_network()
    assert Budget(ROOMY, problem).enforce(network, bits, ROOMY.steps) is None
    assert network.kept.all()
