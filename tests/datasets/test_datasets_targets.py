"""A model is compared with the targets that it was made for, and with no others."""

import dataclasses

import numpy as np
import pytest
from hardware import adder_network, adder_outputs, all_rows

from lgn2hdl.base.errors import DataError
from lgn2hdl.datasets import Dataset, load_dataset, require_same_targets
from lgn2hdl.model.features import integer_features
from lgn2hdl.model.heads.group_sum import GroupSum
from lgn2hdl.model.network import LogicNet


@pytest.fixture
def classifier() -> LogicNet:
    """The adder's gates under a head that decides between two classes."""
    adder = adder_network(2)
    head = GroupSum(np.arange(7) % 2, np.ones(7), np.zeros(2), 1.0)
    return dataclasses.replace(adder, head=head, class_names=("even", "odd"))


def dataset(y: np.ndarray, class_names: tuple[str, ...]) -> Dataset:
    x = all_rows(4)
    return Dataset("own", integer_features(4, 1), class_names, x, y, x, y, None, "0")


CLASSES = dataset(np.arange(16) % 2, ("even", "odd"))
SUMS = dataset(adder_outputs(2, all_rows(4)), tuple("abcdefg"))


def refused(network: LogicNet, data: Dataset) -> str:
    with pytest.raises(DataError) as caught:
        require_same_targets(network, data)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_targets_of_the_right_kind(classifier):
    require_same_targets(classifier, CLASSES)
    require_same_targets(adder_network(2), SUMS)  # names of outputs may differ


def test_targets_of_the_other_kind(classifier):
    assert "decides between 2 classes, but the targets of own are rows of 7 bits" in refused(
        classifier, SUMS
    )
    assert "outputs are 7 bits, but own has a class for each row" in refused(
        adder_network(2), CLASSES
    )


def test_another_number_of_bits():
    fewer = dataset(adder_outputs(2, all_rows(4))[:, :3], ("a", "b", "c"))
    assert "has 7 output bits, the targets of own have 3" in refused(adder_network(2), fewer)


def test_other_classes(classifier):
    other = dataset(np.arange(16) % 2, ("odd", "even"))
    assert "the classes of own are not those of the model" in refused(classifier, other)


def test_the_properties_of_a_file_reach_the_check(tmp_path):
    x = all_rows(4).astype(bool)
    y = adder_outputs(2, all_rows(4))
    np.savez(tmp_path / "sums.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    require_same_targets(adder_network(2), load_dataset(str(tmp_path / "sums.npz")))
