"""Presets fit their data, and any number of classes; threads follow the size of the work."""

import hashlib
import json

import pytest
import torch

from lgn2hdl.base.errors import OptionError
from lgn2hdl.datasets import DATASET_NAMES
from lgn2hdl.train.config import TrainConfig
from lgn2hdl.train.loop.threads import use_threads
from lgn2hdl.train.presets import PRESETS, adapted, preset


@pytest.fixture
def threads():
    """Puts torch's number of threads back."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_presets_are_for_known_data_sets_and_one_is_for_any():
    assert {item.dataset for item in PRESETS} <= {None, *DATASET_NAMES}
    assert [item.dataset for item in PRESETS].count(None) == 1


@pytest.mark.parametrize("item", PRESETS, ids=lambda item: item.name)
def test_preset_by_name(item):
    assert preset(item.name) is item


def test_an_unknown_preset_names_the_known_ones():
    with pytest.raises(OptionError, match="digits-demo, mnist"):
        preset("nope")


@pytest.mark.parametrize("n_classes", range(2, 40))
@pytest.mark.parametrize("item", PRESETS, ids=lambda item: item.name)
def test_adapted_divides_and_widens_by_less_than_the_classes(item, n_classes):
    config = adapted(item.config, n_classes)
    config.require_outputs(n_classes, bits=False)
    assert config.layers[:-1] == item.config.layers[:-1]
    assert 0 <= config.n_outputs - item.config.n_outputs < n_classes


@pytest.mark.parametrize("item", PRESETS, ids=lambda item: item.name)
def test_adapted_to_output_bits_has_one_output_for_each(item):
    config = adapted(item.config, 7, bits=True)
    config.require_outputs(7, bits=True)
    assert config.layers[:-1] == item.config.layers[:-1]
    assert config.n_outputs == 7


def test_threads(threads):
    small, large = TrainConfig.of(layers=(100, 10)), TrainConfig.of(layers=(10_000, 10))
    torch.set_num_threads(2)
    use_threads(large, None)
    assert torch.get_num_threads() == 2
    use_threads(small, 2)
    assert torch.get_num_threads() == 2
    use_threads(small, None)
    assert torch.get_num_threads() == 1


OPTIONS = {
    "digits-demo": "7892601fe0da2f4c",
    "mnist": "cd2cc8221402d0f5",
    "tabular": "206476c1430afe82",
}
"""Hash of the options of each preset that are none by default: published models were made so."""


def test_presets_stay_what_they_are():
    usual, found = TrainConfig.of(layers=(1,)).options(), {}
    for item in PRESETS:
        options = item.config.options().items()
        chosen = {name: value for name, value in options if value != usual[name]}
        text = json.dumps(chosen, sort_keys=True)
        found[item.name] = hashlib.sha256(text.encode()).hexdigest()[:16]
    assert found == OPTIONS


@pytest.mark.parametrize(
    ("last", "n_names", "bits", "wanted"),
    [(840, 10, False, 840), (840, 11, False, 847), (5, 7, False, 7), (14, 7, False, 14),
     (15, 7, False, 21), (840, 11, True, 11), (3, 11, True, 11)],
)  # fmt: skip
def test_the_last_layer_fits_the_data(last, n_names, bits, wanted):
    config = adapted(TrainConfig.of(layers=(100, last)), n_names, bits=bits)
    assert config == TrainConfig.of(layers=(100, wanted))
