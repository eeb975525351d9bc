"""Training runs: what they return, what their card says, what they refuse."""

import dataclasses

import numpy as np
import pytest
import torch
from runs import CONFIG, make_dataset, make_images

from lgn2hdl.base.errors import DataError, OptionError
from lgn2hdl.model.heads.group_sum_plan import decide
from lgn2hdl.train.config import SELECTIONS, TrainConfig
from lgn2hdl.train.loop.accuracy import accuracy
from lgn2hdl.train.loop.loop import train
from lgn2hdl.train.loop.optimizer import FINETUNE_FACTOR, make_optimizer, rate_factor
from lgn2hdl.train.network.network import RelaxedNetwork
from lgn2hdl.train.relax.kinds import RELAXATIONS

pytestmark = pytest.mark.slow

DATA = make_dataset()


def losses(data, config):
    """Of every step."""
    seen = []
    train(data, config, on_progress=lambda progress: seen.append(progress.loss))
    return seen


@pytest.mark.parametrize("relaxation", RELAXATIONS.names)
def test_training_learns(relaxation):
    config = CONFIG.changed(relaxation=relaxation, steps=400, learning_rate=0.1)
    network = train(make_dataset(1000), config)
    assert network.card["metrics"]["test_hard_accuracy"] > 0.8


def test_the_result_is_the_state_with_the_best_hard_validation_accuracy():
    history = {}
    network = train(
        DATA, CONFIG, on_progress=lambda p: history.update({p.step: p.hard_accuracy})
    )  # fmt: skip
    evaluated = {step: history[step] for step in (7, 14, 21, 28, 30)}
    best = max(evaluated.values())
    metrics = network.card["metrics"]
    assert metrics["validation_hard_accuracy"] == best
    assert metrics["selected_step"] == max(s for s, value in evaluated.items() if value == best)
    assert metrics["test_hard_accuracy"] == accuracy(network, DATA.x_test, DATA.y_test)


def test_card_says_how_to_reproduce_the_network():
    card = train(DATA, CONFIG, command="lgn2hdl train larger").card
    assert card["command"] == "lgn2hdl train larger"
    assert card["dataset"]["sha256"] == DATA.sha256
    assert card["dataset"]["train_rows"] + card["dataset"]["validation_rows"] == 150
    assert card["gates"] == 100
    assert TrainConfig.from_json(card["training"]).layers == CONFIG.layers
    assert set(card["versions"]) == {"lgn2hdl", "torch", "numpy", "python"}
    assert card["timing"]["threads"] == torch.get_num_threads()


def test_the_test_rows_do_not_influence_training(tmp_path):
    other = dataclasses.replace(DATA, x_test=DATA.x_test[:5], y_test=1 - DATA.y_test[:5])
    one, two = train(DATA, CONFIG), train(other, CONFIG)
    for a, b in zip(one.layers, two.layers, strict=True):
        np.testing.assert_array_equal(a.table, b.table)


def test_zero_validation_selects_on_the_training_rows():
    network = train(DATA, CONFIG.changed(validation_fraction=0))
    metrics = network.card["metrics"]
    assert metrics["validation_hard_accuracy"] == accuracy(network, DATA.x_train, DATA.y_train)


def test_local_wiring_needs_an_image():
    config = CONFIG.changed(wiring=("local",))
    with pytest.raises(OptionError, match="needs images"):
        train(DATA, config)
    train(dataclasses.replace(DATA, image_shape=(2, 2)), config)


@pytest.mark.parametrize("option", [{"shift_pixels": 1}, {"mirror": True}])
def test_augmentation_needs_images_and_changes_the_rows(option):
    config = CONFIG.changed(**option)
    with pytest.raises(OptionError, match=f"{next(iter(option))} needs images"):
        train(DATA, config)
    images = dataclasses.replace(DATA, image_shape=(2, 2))
    assert losses(images, config) == losses(images, config) != losses(images, CONFIG)


def test_unusable_data_and_options_are_refused():
    with pytest.raises(OptionError, match="does not divide into 2 classes"):
        train(DATA, TrainConfig.of(layers=(7,)))
    single = dataclasses.replace(DATA, x_train=DATA.x_train[:1], y_train=DATA.y_train[:1])
    with pytest.raises(DataError, match="1 training rows"):
        train(single, CONFIG)
    constant = dataclasses.replace(DATA, x_train=np.zeros_like(DATA.x_train))
    with pytest.raises(DataError, match="separates two training rows"):
        train(constant, CONFIG)


def test_input_noise_changes_the_steps_and_not_the_evaluation():
    noisy = CONFIG.changed(input_noise=0.1)
    assert losses(DATA, noisy) == losses(DATA, noisy) != losses(DATA, CONFIG)
    one, two = train(DATA, noisy), train(DATA, noisy)
    assert one.card["metrics"] == two.card["metrics"]


@pytest.mark.parametrize("selection", SELECTIONS)
@pytest.mark.parametrize("wiring", ["candidates", "local-candidates", "mapping"])
def test_learned_wiring_learns(wiring, selection):
    """One pixel of 36 decides; a few nodes have to find it."""
    config = TrainConfig.of(
        layers=(8,), fan_in=(3,), encoder="fixed", thresholds=(8,), wiring=(wiring,),
        candidates=12, selection=selection, steps=400, batch_size=32, learning_rate=0.1,
        wiring_learning_rate=0.1, resample_every=50,
    )  # fmt: skip
    data = make_images(400)
    bright = [(x[:, 14] >= 8).astype(np.int64) for x in (data.x_train, data.x_test)]
    data = dataclasses.replace(data, y_train=bright[0], y_test=bright[1])
    assert train(data, config).card["metrics"]["test_hard_accuracy"] > 0.97


@pytest.mark.parametrize("sampling", ["hard", "gumbel"])
def test_discrete_samplings_learn_and_have_no_gap(sampling):
    config = CONFIG.changed(sampling=sampling, steps=300, learning_rate=0.1)
    metrics = train(make_dataset(1000), config).card["metrics"]
    assert metrics["test_hard_accuracy"] > 0.8
    assert metrics["validation_gap"] == 0
    assert metrics["validation_soft_accuracy"] == metrics["validation_hard_accuracy"]


def test_the_gap_is_that_of_soft_training_until_the_fine_tuning_begins():
    seen = {}
    config = CONFIG.changed(
        steps=40, finetune_steps=10, evaluate_every=5, temperature=3.0,
        initialization="gaussian",
    )  # fmt: skip
    train(DATA, config, on_progress=lambda p: seen.update({p.step: p}))
    gaps = {s: p.soft_accuracy - p.hard_accuracy for s, p in seen.items() if s % 5 == 0}
    assert any(gap != 0 for step, gap in gaps.items() if step <= 30)
    assert all(gap == 0 for step, gap in gaps.items() if step > 30)
    card = train(DATA, config).card["metrics"]
    best = seen[card["selected_step"]]
    assert card["validation_gap"] == pytest.approx(best.soft_accuracy - best.hard_accuracy)


def test_learning_rates_fall_along_two_cosines():
    config = TrainConfig.of(layers=(10,), steps=100, finetune_steps=20)
    factors = [rate_factor(config, step) for step in range(100)]
    assert factors[0] == 1
    assert factors[40] == pytest.approx(0.5)
    assert factors[80] == FINETUNE_FACTOR
    assert factors[90] == pytest.approx(FINETUNE_FACTOR / 2)
    assert sorted(factors[:80], reverse=True) == factors[:80]
    assert min(factors) > 0
    rate_factor(
        TrainConfig.of(layers=(10,), steps=5, finetune_steps=5), 0
    )  # nothing but fine-tuning


def test_rates_and_decay_by_kind_of_parameter():
    config = TrainConfig.of(
        layers=(10, 10), wiring=("candidates",), candidates=3, learning_rate=0.3,
        wiring_learning_rate=0.2, weight_decay=0.1, learn_tau=True,
    )  # fmt: skip
    network = RelaxedNetwork(9, 2, config)
    groups = make_optimizer(network, config).param_groups
    found = {
        name: (group["full_rate"], group["weight_decay"])
        for name, parameter in network.named_parameters()
        for group in groups
        if any(parameter is other for other in group["params"])
    }
    assert found == {
        "layers.0.logits": (0.3, 0.1), "layers.0.wires.scores": (0.2, 0.0),
        "layers.1.logits": (0.3, 0.1), "layers.1.wires.scores": (0.2, 0.0),
        "head.log_tau": (0.3, 0.0),
    }  # fmt: skip


def test_learned_thresholds_move_and_the_encoder_is_tidied():
    config = CONFIG.changed(encoder="learned", steps=300, learning_rate=0.1,
                                 layers=(20, 10), seed=1)  # fmt: skip
    data = make_dataset(400)
    network = train(data, config)
    plain = train(data, config.changed(encoder="quantile"))
    learned = set(zip(network.encoder.feature, network.encoder.threshold, strict=True))
    assert not learned <= set(zip(plain.encoder.feature, plain.encoder.threshold, strict=True))
    bits = network.encoder.encode(data.x_train)
    assert len(np.unique(bits, axis=0)) == len(bits)  # no bit twice
    metrics = network.card["metrics"]
    assert metrics["test_hard_accuracy"] == accuracy(network, data.x_test, data.y_test)
    assert network.card["input_bits"] == network.encoder.n_bits
    assert metrics["test_hard_accuracy"] > 0.85


def test_the_validation_accuracy_in_the_card_is_that_of_the_result():
    data, encoders = make_dataset(), ("learned", "quantile")
    for encoder in encoders:
        config = CONFIG.changed(encoder=encoder, validation_fraction=0)
        network = train(data, config)
        wanted = accuracy(network, data.x_train, data.y_train)
        assert network.card["metrics"]["validation_hard_accuracy"] == wanted


def test_without_a_test_the_test_rows_stay_unseen():
    network = train(DATA, CONFIG, test=False)
    assert "test_hard_accuracy" not in network.card["metrics"]


def test_predictions_of_the_result_follow_its_scores():
    network = train(DATA, CONFIG.changed(steps=2))
    np.testing.assert_array_equal(network.predict(DATA.x_test), decide(network.scores(DATA.x_test)))
