import json
import re
from pathlib import Path

import pytest

from lgn2hdl.base.errors import OptionError
from lgn2hdl.train.config import TrainConfig
from lgn2hdl.train.layer_spec import LayerSpec
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
        ({"wiring": ()}, "0 values of wiring"),
        ({"wiring": "balanced"}, "wiring is 'balanced': give a list"),
        ({"wiring": ("balanced", "balanced")}, "2 values of wiring for 1 layers"),
        ({"layers": (9, 9), "wiring": ("local",) * 3}, "3 values of wiring for 2 layers"),
        ({"fan_in": ()}, "0 values of fan_in"),
        ({"fan_in": (2, 3)}, "2 values of fan_in for 1 layers"),
        ({"fan_in": (1,)}, "a fan-in is 1: .*at least 2"),
        ({"fan_in": (7,)}, "a fan-in is 7: give at most 6"),
        ({"relaxation": "fourier"}, "relaxation 'fourier' is unknown"),
        ({"relaxation": "softmax16", "fan_in": (6,)}, "'softmax16' has two-input gates only, not"),
        (
            {"relaxation": "softmax16", "layers": (9, 9), "fan_in": (2, 3)},
            "not fan-in 3: choose light, walsh or binary",
        ),
        ({"sampling": "bernoulli"}, "sampling 'bernoulli' is unknown: choose soft, hard, gumbel"),
        ({"selection": "argmax"}, "selection 'argmax' is unknown"),
        ({"candidates": 0}, "candidates is 0"),
        ({"resample_every": -1}, "resample_every is -1"),
        ({"resampling": "greedy"}, "resampling 'greedy' is unknown"),
        ({"input_noise": 1}, "input_noise is 1"),
        ({"input_noise": -0.1}, "input_noise is -0.1"),
        ({"temperature": 0}, "temperature is 0"),
        ({"distill_temperature": 0.0}, "distill_temperature is 0.0"),
        ({"distill_weight": 1.5}, "distill_weight is 1.5"),
        ({"distill_weight": float("nan")}, "distill_weight is nan"),
        ({"wiring_learning_rate": 0}, "wiring_learning_rate is 0"),
        ({"weight_decay": -1e-3}, "weight_decay is -0.001"),
        ({"size_weight": -1}, "size_weight is -1"),
        ({"size_weight": float("inf")}, "size_weight is inf"),
        ({"label_smoothing": 1}, "label_smoothing is 1"),
        ({"target_luts": 0}, "target_luts is 0"),
        ({"target_luts": 1.5}, "target_luts is 1.5"),
        ({"learn_tau": 1}, "learn_tau is 1: give true or false"),
        ({"mirror": "no"}, "mirror is 'no'"),
        ({"steps": 10, "finetune_steps": 11}, "finetune_steps is 11: give at most 10"),
        ({"finetune_steps": -1}, "finetune_steps is -1"),
        ({"initialization": "zero"}, "initialization 'zero' is unknown"),
    ],
)
def test_an_option_out_of_range_is_named_in_one_line(options, message):
    with pytest.raises(OptionError, match=message) as caught:
        TrainConfig.of(**{"layers": (10,), **options})
    assert "\n" not in str(caught.value)


def test_json_round_trip():
    config = TrainConfig.of(
        layers=(50, 20),
        encoder="fixed",
        thresholds=(3, 9),
        tau=2.5,
        wiring=("neighbour", "candidates"),
        fan_in=(2, 6),
        learn_tau=True,
        target_luts=300,
        finetune_steps=7,
    )
    assert TrainConfig.from_json(json.loads(json.dumps(config.to_json()))) == config


def test_json_with_unknown_or_missing_options():
    with pytest.raises(OptionError, match="unknown training option 'momentum'"):
        TrainConfig.from_json({"layers": [10], "momentum": 0.9})
    with pytest.raises(OptionError, match="0 layers"):
        TrainConfig.from_json({"steps": 10})


def test_last_width_is_checked_against_the_classes():
    TrainConfig.of(layers=(7, 20)).require_outputs(10, bits=False)
    with pytest.raises(OptionError, match=r"width 24 does not divide into 10 classes: use 20"):
        TrainConfig.of(layers=(7, 24)).require_outputs(10, bits=False)
    with pytest.raises(OptionError, match="use 10"):
        TrainConfig.of(layers=(3,)).require_outputs(10, bits=False)


def test_last_width_is_the_number_of_output_bits():
    TrainConfig.of(layers=(7, 20)).require_outputs(20, bits=True)
    for width in (10, 40):
        with pytest.raises(OptionError, match=f"width is {width}, but .* 20 bits: use 20"):
            TrainConfig.of(layers=(7, width)).require_outputs(20, bits=True)


def test_the_last_value_given_holds_for_all_further_layers():
    config = TrainConfig.of(layers=(9,) * 4, fan_in=(6, 2), wiring=("local", "mapping", "balanced"))
    assert [layer.fan_in for layer in config.layers] == [6, 2, 2, 2]
    assert [layer.wiring for layer in config.layers] == [
        "local", "mapping", "balanced", "balanced",
    ]  # fmt: skip
    assert config == TrainConfig(
        (
            LayerSpec(9, 6, "local"),
            LayerSpec(9, wiring="mapping"),
            LayerSpec(9),
            LayerSpec(width=9, fan_in=2, wiring="balanced"),
        )
    )


def test_changes_leave_the_rest_of_every_layer():
    base = TrainConfig.of(layers=(9, 8, 7), fan_in=(6, 3, 2), wiring=("local", "mapping"), seed=3)
    wider = base.changed(layers=(90, 80, 70))
    assert wider.options() == {**base.options(), "layers": [90, 80, 70]}
    assert base.changed(fan_in=(4,), seed=5).options() == {
        **base.options(), "fan_in": [4, 4, 4], "seed": 5,
    }  # fmt: skip
    assert base.changed(layers=(5,)).layers == (LayerSpec(5, 6, "local"),)
    deeper = base.changed(layers=(5, 5, 5, 5), wiring=("candidates", "balanced")).layers
    assert deeper == tuple(map(LayerSpec, [5] * 4, [6, 3, 2, 2], ["candidates", *["balanced"] * 3]))
    whole = base.changed(layers=[LayerSpec(4, 5), LayerSpec(3)], wiring=("mapping",))
    assert whole.layers == (LayerSpec(4, 5, "mapping"), LayerSpec(3, 2, "mapping"))
    assert base.changed() == base


def test_another_encoder_needs_no_thresholds():
    fixed = TrainConfig.of(layers=(9,), encoder="fixed", thresholds=(3,))
    assert fixed.changed(encoder="uniform").thresholds == ()
    assert fixed.changed(steps=5).thresholds == (3,)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([10], "a layer is 10: give a LayerSpec"),
        ("wide", "layers is 'wide': give a list"),
        ([LayerSpec(3), {"width": 4}], "a layer is {'width': 4}: give a LayerSpec"),
    ],
)
def test_layers_are_specs(layers, message):
    with pytest.raises(OptionError, match=message):
        TrainConfig(layers=layers)


def test_layers_in_json_are_objects_and_lists_are_still_read():
    config = TrainConfig.of(layers=(9, 8), fan_in=(6, 2), wiring=("local", "mapping"), seed=3)
    assert config.to_json()["layers"] == [
        {"width": 9, "fan_in": 6, "wiring": "local"},
        {"width": 8, "fan_in": 2, "wiring": "mapping"},
    ]
    assert TrainConfig.from_json(json.loads(json.dumps(config.options()))) == config
    old = {"layers": [9, 8, 7], "fan_in": [6, 2], "wiring": ["local"]}
    assert TrainConfig.from_json(old).options()["fan_in"] == [6, 2, 2]
    for layers in ([{"fan_in": 2}], [{"width": 3, "depth": 1}], [{}]):
        with pytest.raises(OptionError, match=r"a layer is .* give its width, fan_in and wiring"):
            TrainConfig.from_json({"layers": layers})
    with pytest.raises(OptionError, match="a layer width is 'x'"):
        TrainConfig.from_json({"layers": [{"width": "x"}]})


def test_a_layer_keeps_its_defaults():
    """Or the same command would train another network than before."""
    assert LayerSpec(7) == LayerSpec(width=7, fan_in=2, wiring="balanced")


def test_tau_is_the_given_one_or_grows_with_the_root_of_the_width():
    assert TrainConfig.of(layers=(20,), tau=3).tau_for(10) == 3.0
    narrow, wide = (TrainConfig.of(layers=(width,)).tau_for(10) for width in (1000, 16000))
    assert wide == pytest.approx(4 * narrow)
    assert TrainConfig.of(layers=(10,)).tau_for(10) == 1.0


def test_presets_are_consistent():
    assert len({item.name for item in PRESETS}) == len(PRESETS)
    for item in PRESETS:
        assert preset(item.name) is item
        assert item.description
    for name in ("digits-demo", "mnist"):
        preset(name).config.require_outputs(10, bits=False)
    with pytest.raises(OptionError, match="'imagenet' is unknown"):
        preset("imagenet")


DEFAULTS = {
    "encoder": "quantile", "bits_per_feature": 3, "thresholds": (),
    "local_radius": 3, "candidates": 32, "selection": "correlation",
    "resample_every": 0, "resampling": "guided", "relaxation": "light",
    "initialization": "residual", "sampling": "soft", "temperature": 1.0, "finetune_steps": 0,
    "tau": None, "learn_tau": False, "learning_rate": 0.05, "wiring_learning_rate": 0.02,
    "head_connections": 0, "head_learning_rate": 0.002,
    "weight_decay": 0.0, "label_smoothing": 0.0, "distill_weight": 0.5, "distill_temperature": 2.0,
    "size_weight": 0.0, "target_luts": None, "batch_size": 128, "steps": 3000, "shift_pixels": 0,
    "mirror": False, "input_noise": 0.0, "validation_fraction": 0.1, "evaluate_every": 250,
    "checkpoint_every": 1000, "seed": 0,
}  # fmt: skip


def test_options_keep_their_defaults():
    """Or the same command would train another network than before."""
    config = TrainConfig.of(layers=(10,))
    assert {name: getattr(config, name) for name in DEFAULTS} == DEFAULTS


MOST = 10**9


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        *((name, 1, MOST) for name in ("local_radius", "candidates", "batch_size")),
        ("evaluate_every", 1, MOST), ("target_luts", 1, MOST), ("bits_per_feature", 1, 65535),
        *((name, 0, MOST) for name in ("checkpoint_every", "shift_pixels", "resample_every")),
        ("seed", 0, 2**63 - 1), ("steps", 1, MOST), ("finetune_steps", 0, 3000),
    ],
)  # fmt: skip
def test_counts_go_so_far_and_no_further(name, least, most):
    for value in (least, most):
        assert getattr(TrainConfig.of(layers=(10,), **{name: value}), name) == value
    with pytest.raises(
        OptionError, match=f"{name} is {least - 1}: give a whole number of at least"
    ):
        TrainConfig.of(layers=(10,), **{name: least - 1})
    with pytest.raises(OptionError, match=f"{name} is {most + 1}: give at most {most}"):
        TrainConfig.of(layers=(10,), **{name: most + 1})


@pytest.mark.parametrize(
    ("options", "what", "least", "most"),
    [
        (lambda value: {"layers": (5, value)}, "a layer width", 1, 1 << 24),
        (lambda value: {"layers": (5,), "fan_in": (value,)}, "a fan-in", 2, 6),
        (
            lambda value: {"layers": (5,), "encoder": "fixed", "thresholds": (1, value)},
            "a threshold", 1, 65535,
        ),
    ],
)  # fmt: skip
def test_each_of_several_counts_is_checked(options, what, least, most):
    for value in (least, most):
        TrainConfig.of(**options(value))
    for value, message in ((least - 1, "give a whole number of at least"), (most + 1, "at most")):
        with pytest.raises(OptionError, match=f"{what} is {value}: .*{message}"):
            TrainConfig.of(**options(value))


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("distill_weight", (0, 1, 0.5), (-0.01, 1.01, "1", None, True)),
        ("input_noise", (0, 0.999), (1, -1e-9, 1.5)),
        ("learning_rate", (1e-9, 1000), (0, -1, True, float("inf"))),
        ("size_weight", (0, 1e-9, 99), (-1e-9, False)),
        ("tau", (1e-9, None, 5), (0, -1, "2")),
    ],
)
def test_numbers_go_so_far_and_no_further(name, good, bad):
    for value in good:
        assert getattr(TrainConfig.of(layers=(10,), **{name: value}), name) == value
    for value in bad:
        with pytest.raises(OptionError, match=f"^{name} is {value!r}: give "):
            TrainConfig.of(layers=(10,), **{name: value})


def test_the_nearest_width_is_named():
    for width, n_names, near in [(11, 10, 10), (16, 10, 20), (3, 10, 10), (25, 10, 20)]:
        with pytest.raises(OptionError, match=f"into {n_names} classes: use {near}$"):
            TrainConfig.of(layers=(width,)).require_outputs(n_names, bits=False)
    TrainConfig.of(layers=(20,)).require_outputs(10, bits=False)
    TrainConfig.of(layers=(20,)).require_outputs(20, bits=True)
    with pytest.raises(OptionError, match="the targets have 10 bits: use 10"):
        TrainConfig.of(layers=(20,)).require_outputs(10, bits=True)


def test_the_example_of_the_page_runs():
    page = Path(__file__).parents[2] / "docs" / "training.md"
    (example,) = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    exec(example, {})
