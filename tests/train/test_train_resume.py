"""Interrupted runs go on as if nothing had happened; damaged ones say so in one line."""

import dataclasses
import signal

import numpy as np
import pytest
from runs import CONFIG, keyboard, make_dataset, make_images, model_bytes, stop_at

from lgn2hdl.base import container
from lgn2hdl.base.errors import ModelFileError, OptionError
from lgn2hdl.train.config import TrainConfig
from lgn2hdl.train.loop import checkpoint as checkpoints
from lgn2hdl.train.loop.interrupt import TrainingStoppedError
from lgn2hdl.train.loop.loop import train
from lgn2hdl.train.network import heads
from lgn2hdl.train.relax.kinds import RELAXATIONS

pytestmark = pytest.mark.slow

DATA = make_dataset()

IMAGES = make_images()

EVERYTHING = TrainConfig.of(
    layers=(50, 40), fan_in=(2, 4), encoder="learned", wiring=("local-candidates", "candidates"),
    candidates=6, resample_every=4, sampling="gumbel", finetune_steps=6, learn_tau=True,
    size_weight=0.01, input_noise=0.02, target_luts=60, shift_pixels=1, mirror=True,
    weight_decay=0.01, label_smoothing=0.1, initialization="gaussian", learning_rate=0.1, steps=30,
    batch_size=16, evaluate_every=7, checkpoint_every=5,
)  # fmt: skip


def arrays_of(path):
    """Everything in a checkpoint that training may not depend on the clock for."""
    saved = checkpoints.read(path)
    return {**saved.state, **{f"adam.{name}": array for name, array in saved.adam.items()}}


@pytest.mark.parametrize(
    ("selection", "resampling"), [("softmax", "random"), ("correlation", "guided")]
)
@pytest.mark.parametrize("step", [1, 7, 17, 25])  # 25: the fine-tuning has begun
def test_a_run_with_everything_resumes_bit_for_bit(tmp_path, step, selection, resampling):
    config = EVERYTHING.changed(selection=selection, resampling=resampling)
    teacher = np.random.default_rng(0).standard_normal((len(IMAGES.x_train), 2))
    straight, again = tmp_path / "a.ckpt", tmp_path / "b.ckpt"
    wanted = train(IMAGES, config, checkpoint=straight, teacher=teacher)
    with pytest.raises(TrainingStoppedError, match=f"step {step} of 30"):
        train(IMAGES, config, checkpoint=again, teacher=teacher,
              on_progress=stop_at(step, keyboard))  # fmt: skip
    resumed = train(IMAGES, config, checkpoint=again, resume=True, teacher=teacher)
    assert model_bytes(resumed, tmp_path / "r") == model_bytes(wanted, tmp_path / "s")
    one, other = arrays_of(straight), arrays_of(again)
    assert one.keys() == other.keys()
    assert {"thresholds.scaled", "network.head.log_tau", "network.kept"} <= one.keys()
    for name, array in one.items():
        np.testing.assert_array_equal(array, other[name], err_msg=name)


def test_a_stop_just_before_the_end_lets_the_run_finish(tmp_path):
    path = tmp_path / "c.ckpt"
    last = train(DATA, CONFIG, checkpoint=path, on_progress=stop_at(30, keyboard))
    assert model_bytes(last, tmp_path / "a") == model_bytes(train(DATA, CONFIG), tmp_path / "b")


@pytest.mark.parametrize("relaxation", RELAXATIONS.names)
@pytest.mark.parametrize("step", [2, 13])  # before the first evaluation, and between two
@pytest.mark.parametrize("how", [keyboard, lambda: signal.raise_signal(signal.SIGINT)])
def test_interrupted_and_resumed_equals_uninterrupted(tmp_path, relaxation, step, how):
    config = CONFIG.changed(relaxation=relaxation)
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
    train(DATA, CONFIG.changed(steps=1))
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
        train(DATA, CONFIG.changed(**{field: value}), checkpoint=paused, resume=True)


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


def test_divergence_is_one_line_and_keeps_the_last_good_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "c.ckpt"
    plain, calls = heads.cross_entropy, []

    def poisoned(logits, goal):
        calls.append(1)
        return plain(logits, goal) * (float("nan") if len(calls) > 12 else 1.0)

    monkeypatch.setattr(heads, "cross_entropy", poisoned)
    with pytest.raises(TrainingStoppedError, match=r"step 13 .*last good state") as caught:
        train(DATA, CONFIG, checkpoint=path)
    assert "\n" not in str(caught.value)
    monkeypatch.undo()
    resumed = train(DATA, CONFIG, checkpoint=path, resume=True)
    assert model_bytes(resumed, tmp_path / "r") == model_bytes(train(DATA, CONFIG), tmp_path / "s")


def test_a_checkpoint_of_the_first_version_is_refused_in_one_line(tmp_path):
    """The first version had neither fan-ins nor LUTs of the best state."""
    path = tmp_path / "old.ckpt"
    config = {"layers": [60, 40], "encoder": "quantile", "relaxation": "light", "steps": 30}
    document = {
        "config": config, "dataset_sha256": DATA.sha256, "command": "", "step": 3, "seconds": 0.1,
        "best": [3, 0.5, 0.5],
    }  # fmt: skip
    container.write(path, {"logits.0": np.zeros((4, 60))}, document, "lgn2hdl-checkpoint", 1)
    with pytest.raises(ModelFileError, match=r"older lgn2hdl.* start again") as caught:
        train(DATA, CONFIG, checkpoint=path, resume=True)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("config", [EVERYTHING, EVERYTHING.changed(fan_in=(3,))], ids=["2", "1"])
def test_a_checkpoint_of_the_second_version_resumes_bit_for_bit(tmp_path, config):
    """The second version had widths, fan-ins and wirings as lists, of which the last repeats."""
    path = tmp_path / "c.ckpt"
    wanted = train(IMAGES, config)
    with pytest.raises(TrainingStoppedError, match="step 17 of 30"):
        train(IMAGES, config, checkpoint=path, on_progress=stop_at(17, keyboard))
    arrays, document = container.read(path, checkpoints.FORMAT, checkpoints.VERSION)
    options = config.options()
    short = list(dict.fromkeys(options["fan_in"]))  # as given: [2, 4], or [3] for both layers
    old = {**document, "config": {**options, "fan_in": short}}
    container.write(path, arrays, old, checkpoints.FORMAT, 2)
    resumed = train(IMAGES, config, checkpoint=path, resume=True)
    assert model_bytes(resumed, tmp_path / "r") == model_bytes(wanted, tmp_path / "s")


def test_layers_that_are_none_are_damage(paused):
    arrays, document = container.read(paused, checkpoints.FORMAT, checkpoints.VERSION)
    for layers in ([{"width": 0}], [{"depth": 1}], "x", [[60]], []):
        broken = {**document, "config": {**document["config"], "layers": layers}}
        container.write(paused, arrays, broken, checkpoints.FORMAT, checkpoints.VERSION)
        with pytest.raises(ModelFileError, match="is damaged") as caught:
            train(DATA, CONFIG, checkpoint=paused, resume=True)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.state.pop("network.layers.0.logits"), "a layer has another shape"),
        (lambda c: c.state.update({"network.layers.0.logits": np.zeros(3)}), "another shape"),
        (lambda c: c.adam.pop("network.layers.0.logits.exp_avg"), "Adam's state"),
        (lambda c: c.adam.update({"network.layers.0.logits.exp_avg": np.zeros(3)}), "Adam's"),
    ],
)
def test_arrays_that_do_not_fit_are_damage(paused, change, message):
    saved = checkpoints.read(paused)
    change(saved)
    checkpoints.save(saved, paused)
    with pytest.raises(ModelFileError, match=f"is damaged .*{message}"):
        train(DATA, CONFIG, checkpoint=paused, resume=True)


@pytest.mark.parametrize("best", [[1, 2], "x", {}, [3, 0.5, 0.5, None, "tau"], [3, 0.5, 0.5, 7, 1]])
def test_a_best_state_that_is_none_is_damage(paused, best):
    saved = checkpoints.read(paused)
    arrays = {f"state.{name}": array for name, array in saved.state.items()}
    document = {
        "config": CONFIG.to_json(), "dataset_sha256": DATA.sha256, "command": "", "step": 3,
        "seconds": 0.1, "best": best,
    }  # fmt: skip
    container.write(paused, arrays, document, checkpoints.FORMAT, checkpoints.VERSION)
    with pytest.raises(ModelFileError, match="is damaged"):
        train(DATA, CONFIG, checkpoint=paused, resume=True)


@pytest.mark.parametrize(
    "options",
    [
        {"relaxation": "walsh"},
        {"relaxation": "light", "weight_decay": 1.0},
        {"relaxation": "light", "encoder": "learned"},
        {"relaxation": "binary", "wiring": ("candidates",), "candidates": 3,
         "wiring_learning_rate": 3e38},
    ],
    ids=str,
)  # fmt: skip
def test_a_huge_learning_rate_stops_with_one_line_and_keeps_the_last_good_state(tmp_path, options):
    path = tmp_path / "c.ckpt"
    tame = CONFIG.changed(**{**options, "wiring_learning_rate": 0.02})
    with pytest.raises(TrainingStoppedError):
        train(DATA, tame, checkpoint=path, on_progress=stop_at(6, keyboard))
    wild = CONFIG.changed(**options, learning_rate=3e38)
    saved = dataclasses.replace(checkpoints.read(path), config=wild)
    checkpoints.save(saved, path)
    before = path.read_bytes()
    with pytest.raises(TrainingStoppedError, match=r"diverged .*last good state") as caught:
        train(DATA, wild, checkpoint=path, resume=True)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == before
    with pytest.raises(TrainingStoppedError, match="diverged"):
        train(DATA, wild)


def test_a_huge_learning_rate_of_tau_is_no_traceback():
    config = CONFIG.changed(learn_tau=True, learning_rate=1e5)
    assert train(DATA, config).head.tau > 0
