import json

import pytest

from lgn2hdl.errors import OptionError
from lgn2hdl.train.config import TrainConfig
from lgn2hdl.train.presets import PRESETS, preset


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layers": ()}, "0 layers"),
        ({"layers": (100, 0)}, "a layer width is 0"),
        ({"layers": 100}, "layers is 100"),
        ({"layers": (10.5,)}, "a layer width is 10.5"),
        ({"steps": 0}, "steps is 0"),
        ({"steps": True}, "steps is True"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"evaluate_every": 0}, "evaluate_every is 0"),
        ({"bits_per_feature": 0}, "bits_per_feature is 0"),
        ({"checkpoint_every": -1}, "checkpoint_every is -1"),
        ({"seed": -1}, "seed is -1"),
        ({"shift_pixels": -1}, "shift_pixels is -1"),
        ({"local_radius": 0}, "local_radius is 0"),
        ({"learning_rate": 0}, "learning_rate is 0"),
        ({"learning_rate": -0.1}, "learning_rate is -0.1"),
        ({"learning_rate": float("nan")}, "learning_rate is nan"),
        ({"learning_rate": "fast"}, "learning_rate is 'fast'"),
        ({"tau": 0.0}, "tau is 0.0"),
        ({"tau": float("inf")}, "tau is inf"),
        ({"validation_fraction": 1}, "validation_fraction is 1"),
        ({"validation_fraction": -0.1}, "validation_fraction is -0.1"),
        ({"encoder": "gray"}, "encoder 'gray' is unknown"),
        ({"encoder": "fixed"}, "go together"),
        ({"thresholds": (3,)}, "go together"),
        ({"encoder": "fixed", "thresholds": (0,)}, "a threshold is 0"),
        ({"wiring": ("dense",)}, "wiring 'dense' is unknown"),
        ({"wiring": ()}, "0 kinds of wiring"),
        ({"wiring": ("balanced", "balanced")}, "2 kinds of wiring for 1 layers"),
        ({"relaxation": "walsh"}, "relaxation 'walsh' is unknown"),
        ({"initialization": "zero"}, "initialization 'zero' is unknown"),
    ],
)
def test_an_option_out_of_range_is_named_in_one_line(options, message):
    with pytest.raises(OptionError, match=message) as caught:
        TrainConfig(**{"layers": (10,), **options})
    assert "\n" not in str(caught.value)


def test_json_round_trip():
    config = TrainConfig(
        layers=(50, 20),
        encoder="fixed",
        thresholds=(3, 9),
        tau=2.5,
        wiring=("neighbour", "balanced"),
    )
    assert TrainConfig.from_json(json.loads(json.dumps(config.to_json()))) == config


def test_json_with_unknown_or_missing_options():
    with pytest.raises(OptionError, match="unknown training option 'momentum'"):
        TrainConfig.from_json({"layers": [10], "momentum": 0.9})
    with pytest.raises(OptionError, match="0 layers"):
        TrainConfig.from_json({"steps": 10})


def test_last_width_is_checked_against_the_classes():
    TrainConfig(layers=(7, 20)).require_classes(10)
    with pytest.raises(OptionError, match=r"width 24 does not divide into 10 classes: use 20"):
        TrainConfig(layers=(7, 24)).require_classes(10)
    with pytest.raises(OptionError, match="use 10"):
        TrainConfig(layers=(3,)).require_classes(10)


def test_tau_is_the_given_one_or_grows_with_the_root_of_the_width():
    assert TrainConfig(layers=(20,), tau=3).tau_for(10) == 3.0
    narrow, wide = (TrainConfig(layers=(width,)).tau_for(10) for width in (1000, 16000))
    assert wide == pytest.approx(4 * narrow)
    assert TrainConfig(layers=(10,)).tau_for(10) == 1.0


def test_presets_are_consistent():
    assert len({item.name for item in PRESETS}) == len(PRESETS)
    for item in PRESETS:
        assert preset(item.name) is item
        assert item.description
    for name in ("digits-demo", "mnist"):
        preset(name).config.require_classes(10)
    with pytest.raises(OptionError, match="'imagenet' is unknown"):
        preset("imagenet")
