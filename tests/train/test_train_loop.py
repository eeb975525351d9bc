import dataclasses
import signal

import numpy as np
import pytest
import torch

from lgn2hdl import model_file
from lgn2hdl.datasets import Dataset
from lgn2hdl.errors import DataError, ModelFileError, OptionError
from lgn2hdl.features import integer_features
from lgn2hdl.model import decide
from lgn2hdl.train.config import RELAXATION_NAMES, TrainConfig
from lgn2hdl.train.interrupt import TrainingStoppedError
from lgn2hdl.train.loop import accuracy, train

CONFIG = TrainConfig(layers=(60, 40), steps=30, batch_size=16, evaluate_every=7, checkpoint_every=5)


def make_dataset(rows=200, seed=0):
    """Two classes: which of two features is larger."""
    x = np.random.default_rng(seed).integers(0, 16, (rows, 4)).astype(np.uint8)
    y = (x[:, 0] > x[:, 1]).astype(np.int64)
    test = rows // 4
    return Dataset(
        name="larger",
        features=integer_features(4, 4),
        class_names=("no", "yes"),
        x_train=x[test:],
        y_train=y[test:],
        x_test=x[:test],
        y_test=y[:test],
        image_shape=None,
        sha256=f"{seed:064d}",
    )


DATA = make_dataset()


def model_bytes(network, path):
    """The model file without its timings."""
    card = {key: value for key, value in network.card.items() if key != "timing"}
    model_file.save(dataclasses.replace(network, card=card), path)
    return path.read_bytes()


def stop_at(step, how):
    def on_progress(progress):
        if progress.step == step:
            how()

    return on_progress


def keyboard():
    raise KeyboardInterrupt


@pytest.mark.parametrize("relaxation", RELAXATION_NAMES)
def test_training_learns(relaxation):
    config = dataclasses.replace(CONFIG, relaxation=relaxation, steps=400, learning_rate=0.1)
    network = train(make_dataset(1000), config)
    assert network.card["metrics"]["test_hard_accuracy"] > 0.8


@pytest.mark.parametrize("relaxation", RELAXATION_NAMES)
@pytest.mark.parametrize("step", [2, 13])  # before the first evaluation, and between two
@pytest.mark.parametrize("how", [keyboard, lambda: signal.raise_signal(signal.SIGINT)])
def test_interrupted_and_resumed_equals_uninterrupted(tmp_path, relaxation, step, how):
    config = dataclasses.replace(CONFIG, relaxation=relaxation)
    straight = train(DATA, config, checkpoint=tmp_path / "a.ckpt", command="train")
    again = tmp_path / "b.ckpt"
    with pytest.raises(TrainingStoppedError, match=rf"step {step} of 30: .*--resume") as caught:
        train(DATA, config, checkpoint=again, on_progress=stop_at(step, how), command="train")
    assert "\n" not in str(caught.value)
    seen = []
    resumed = train(
        DATA, config, checkpoint=again, resume=True, command="train --resume",
        on_progress=lambda progress: seen.append(progress.step),
    )  # fmt: skip
    assert seen == list(range(step + 1, 31))
    assert model_bytes(resumed, tmp_path / "r") == model_bytes(straight, tmp_path / "s")


def test_regular_checkpoints_survive_a_kill(tmp_path):
    path = tmp_path / "c.ckpt"

    class KilledError(Exception):
        pass

    def kill():
        raise KilledError

    with pytest.raises(KilledError):
        train(DATA, CONFIG, checkpoint=path, on_progress=stop_at(13, kill))
    seen = []
    resumed = train(
        DATA, CONFIG, checkpoint=path, resume=True, on_progress=lambda p: seen.append(p.step)
    )
    assert seen[0] == 11
    assert model_bytes(resumed, tmp_path / "r") == model_bytes(train(DATA, CONFIG), tmp_path / "s")


def test_resuming_a_finished_run_gives_its_network_again(tmp_path):
    path = tmp_path / "c.ckpt"
    first = train(DATA, CONFIG, checkpoint=path)
    second = train(DATA, CONFIG, checkpoint=path, resume=True, on_progress=lambda p: keyboard())
    assert model_bytes(first, tmp_path / "a") == model_bytes(second, tmp_path / "b")


def test_signal_handlers_are_put_back():
    before = signal.getsignal(signal.SIGINT)
    train(DATA, dataclasses.replace(CONFIG, steps=1))
    assert signal.getsignal(signal.SIGINT) is before


def test_interruption_without_a_checkpoint_says_that_nothing_was_kept():
    with pytest.raises(TrainingStoppedError, match="nothing was kept"):
        train(DATA, CONFIG, on_progress=stop_at(3, keyboard))


@pytest.fixture
def paused(tmp_path):
    path = tmp_path / "paused.ckpt"
    with pytest.raises(TrainingStoppedError):
        train(DATA, CONFIG, checkpoint=path, on_progress=stop_at(3, keyboard))
    return path


@pytest.mark.parametrize(
    ("field", "value"), [("learning_rate", 0.01), ("layers", (60, 20)), ("seed", 1), ("tau", 2.0)]
)
def test_resuming_with_other_options_names_the_option(paused, field, value):
    with pytest.raises(OptionError, match=f"trained with {field} "):
        train(DATA, dataclasses.replace(CONFIG, **{field: value}), checkpoint=paused, resume=True)


def test_resuming_with_other_data_is_refused(paused):
    with pytest.raises(OptionError, match="another data set"):
        train(make_dataset(seed=1), CONFIG, checkpoint=paused, resume=True)


def test_resuming_from_nothing_or_damage_is_refused(paused):
    with pytest.raises(OptionError, match="needs the checkpoint"):
        train(DATA, CONFIG, resume=True)
    with pytest.raises(ModelFileError, match="no checkpoint file"):
        train(DATA, CONFIG, checkpoint=paused.with_name("none"), resume=True)
    data = bytearray(paused.read_bytes())
    data[len(data) // 2] ^= 1
    paused.write_bytes(data)
    with pytest.raises(ModelFileError, match=r"damaged|not an lgn2hdl"):
        train(DATA, CONFIG, checkpoint=paused, resume=True)


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


def test_divergence_is_one_line_and_keeps_the_last_good_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "c.ckpt"
    plain, calls = torch.nn.functional.cross_entropy, []

    def poisoned(logits, labels):
        calls.append(1)
        return plain(logits, labels) * (float("nan") if len(calls) > 12 else 1.0)

    monkeypatch.setattr(torch.nn.functional, "cross_entropy", poisoned)
    with pytest.raises(TrainingStoppedError, match=r"step 13 .*last good state") as caught:
        train(DATA, CONFIG, checkpoint=path)
    assert "\n" not in str(caught.value)
    monkeypatch.undo()
    resumed = train(DATA, CONFIG, checkpoint=path, resume=True)
    assert model_bytes(resumed, tmp_path / "r") == model_bytes(train(DATA, CONFIG), tmp_path / "s")


def test_zero_validation_selects_on_the_training_rows():
    network = train(DATA, dataclasses.replace(CONFIG, validation_fraction=0))
    metrics = network.card["metrics"]
    assert metrics["validation_hard_accuracy"] == accuracy(network, DATA.x_train, DATA.y_train)


def test_local_wiring_needs_an_image():
    config = dataclasses.replace(CONFIG, wiring=("local",))
    with pytest.raises(OptionError, match="needs images"):
        train(DATA, config)
    train(dataclasses.replace(DATA, image_shape=(2, 2)), config)


def test_shifts_need_an_image_and_resume_to_the_same_network(tmp_path):
    config = dataclasses.replace(CONFIG, shift_pixels=1)
    with pytest.raises(OptionError, match="needs images"):
        train(DATA, config)
    images = dataclasses.replace(DATA, image_shape=(2, 2))
    path = tmp_path / "c.ckpt"
    with pytest.raises(TrainingStoppedError):
        train(images, config, checkpoint=path, on_progress=stop_at(13, keyboard))
    resumed = train(images, config, checkpoint=path, resume=True)
    straight = model_bytes(train(images, config), tmp_path / "s")
    assert model_bytes(resumed, tmp_path / "r") == straight
    plain = dataclasses.replace(config, shift_pixels=0)
    assert model_bytes(train(images, plain), tmp_path / "p") != straight


def test_unusable_data_and_options_are_refused():
    with pytest.raises(OptionError, match="does not divide into 2 classes"):
        train(DATA, TrainConfig(layers=(7,)))
    single = dataclasses.replace(DATA, x_train=DATA.x_train[:1], y_train=DATA.y_train[:1])
    with pytest.raises(DataError, match="1 training rows"):
        train(single, CONFIG)
    constant = dataclasses.replace(DATA, x_train=np.zeros_like(DATA.x_train))
    with pytest.raises(DataError, match="separates two training rows"):
        train(constant, CONFIG)


def test_predictions_of_the_result_follow_its_scores():
    network = train(DATA, dataclasses.replace(CONFIG, steps=2))
    np.testing.assert_array_equal(network.predict(DATA.x_test), decide(network.scores(DATA.x_test)))
