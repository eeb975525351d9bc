"""Training in one call: every kind of data and of options."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from lgn2hdl.base.errors import DataError, OptionError
from lgn2hdl.datasets.arrays import dataset_of_arrays
from lgn2hdl.model import file as model_file
from lgn2hdl.train.call import train
from lgn2hdl.train.config import TrainConfig

pytestmark = pytest.mark.slow

QUICK = {"steps": 20, "layers": (12,), "fan_in": (3,), "evaluate_every": 10}


def table(number: int = 120, classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rows = np.random.default_rng(1).normal(size=(number, 4))
    return rows, np.arange(number) % classes


def test_the_same_arrays_in_every_form_give_the_same_network() -> None:
    dataset = dataset_of_arrays(table())
    rows, targets = table()
    networks = [train(data, **QUICK) for data in (dataset, (rows, targets), [rows, targets])]
    first, *others = ([layer.table.tolist() for layer in item.layers] for item in networks)
    assert all(other == first for other in others)
    with_test = train((rows, targets, rows[:30], targets[:30]), **QUICK)
    assert with_test.card["dataset"]["name"] == "arrays"


def test_a_name_and_a_file_are_found_again(tmp_path) -> None:
    rows, targets = table()
    path = tmp_path / "mine.npz"
    np.savez(path, x_train=rows, y_train=targets, x_test=rows, y_test=targets)
    network = train(path, **QUICK, input_width=6)
    assert network.card["dataset"]["source"] == str(path)
    assert network.card["dataset"]["input_width"] == 6
    assert "source" in train("digits", **{**QUICK, "layers": (20,)}).card["dataset"]


def test_options_by_preset_by_object_and_one_by_one() -> None:
    config = TrainConfig.of(**QUICK)
    data = table()
    assert train(data, config).card["training"] == train(data, config, steps=20).card["training"]
    short = {"steps": 10, "evaluate_every": 10, "batch_size": 16}
    widened = train(table(classes=11), "tabular", **short)
    assert widened.layers[-1].width == 847  # (840 is no multiple of 11)
    with pytest.raises(OptionError, match="does not divide into 5 classes"):
        train(table(classes=5), config)


def test_progress_is_told() -> None:
    steps = []
    train(table(), **QUICK, on_progress=lambda step: steps.append(step.step))
    assert steps == list(range(1, 21))


def test_text_labels_become_names(tmp_path) -> None:
    rows, targets = table()
    words = np.array(["red", "green", "blue"])[targets]
    network = train((rows, words), **QUICK)
    found = network.predict(rows, names=True)
    assert set(found) <= {"red", "green", "blue"}
    assert found.tolist() == [network.class_names[index] for index in network.predict(rows)]
    model_file.save(network, tmp_path / "m.lgn")
    assert (model_file.load(tmp_path / "m.lgn").predict(rows, names=True) == found).all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"colour": 3}, "unknown training option 'colour'"),
        ({"missing": "perhaps"}, "missing numbers 'perhaps': choose one of error, median, flag"),
        ({"config": "fast"}, "preset 'fast' is unknown"),
        ({"steps": 0}, "steps"),
    ],
)
def test_a_wrong_option_is_one_line(options, words) -> None:
    with pytest.raises(OptionError, match=words) as caught:
        train(table(), **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (table()[:1], "1 arrays: give x_train"),
        ((table()[0], table()[1][:5]), "give one target a row"),
        ((table()[1], table()[1]), "give one target a row"),
        ({"x_train": table()[0]}, "arrays has no y_train, x_test, y_test"),
        ("nothing", "no data set 'nothing'"),
    ],
)
def test_data_that_cannot_be_used_is_one_line(data, words) -> None:
    with pytest.raises(DataError, match=words):
        train(data, **QUICK)


def test_a_fifth_of_every_class_is_for_testing() -> None:
    rows, targets = table(100, 4)
    dataset = dataset_of_arrays((rows, targets))
    assert (len(dataset.x_train), len(dataset.x_test)) == (80, 20)
    assert np.bincount(dataset.y_test).tolist() == [5, 5, 5, 5]
    bits = dataset_of_arrays((rows, np.stack([targets & 1, targets >> 1], axis=1)))
    assert bits.has_bit_targets
    assert len(bits.x_test) == 20


def test_the_configuration_is_in_the_card() -> None:
    found = train(table(), **QUICK).card["training"]
    assert dataclasses.asdict(TrainConfig.from_json(found))["steps"] == 20
