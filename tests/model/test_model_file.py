"""Model files: equal networks back, equal bytes, and one clear error for everything else."""

import dataclasses
import hashlib
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hardware import adder_network, gap_features
from hypothesis import given, settings
from networks import networks, random_network

from lgn2hdl.base import container
from lgn2hdl.base.errors import Lgn2HdlError, ModelFileError, OutputError
from lgn2hdl.model import file as model_file
from lgn2hdl.model.features import fit_features, integer_features
from lgn2hdl.model.file import _replacements
from lgn2hdl.model.heads.group_sum import GroupSum
from lgn2hdl.model.layers.lut import Lut
from lgn2hdl.model.network import LogicNet, Thermometer

FORMAT, VERSION = model_file.FORMAT, model_file.VERSION


def small(seed: int = 0) -> LogicNet:
    return random_network(np.random.default_rng(seed), n_features=3, width=2, fan_ins=(2, 6))


def assert_equal(first: LogicNet, second: LogicNet) -> None:
    pairs = [(first.features, second.features), (first.encoder, second.encoder)]
    pairs += [(first.head, second.head), *zip(first.layers, second.layers, strict=True)]
    for one, other in pairs:
        for name, value in vars(one).items():
            if isinstance(value, np.ndarray):
                found = getattr(other, name)
                assert found.dtype == value.dtype
                assert np.array_equal(found, value), name
            else:
                assert getattr(other, name) == value, name
    assert first.class_names == second.class_names
    assert first.card == second.card


@given(networks())
@settings(max_examples=40)
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, network: LogicNet) -> None:
    folder = tmp_path_factory.mktemp("round")
    model_file.save(network, folder / "one.lgn")
    loaded = model_file.load(folder / "one.lgn")
    assert_equal(network, loaded)
    assert type(loaded.head) is type(network.head)
    model_file.save(loaded, folder / "two.lgn")
    assert (folder / "one.lgn").read_bytes() == (folder / "two.lgn").read_bytes()


def test_features_of_a_table_survive(tmp_path: Path) -> None:
    network = small()
    features = fit_features(
        np.array([[0.25, 0, -3], [7.5, 1, 4]]),
        column_names=("length", "colour", "count"),
        categories=((), ("röd", "blå"), ()),
    )
    changed = LogicNet(
        features, network.encoder, network.layers, network.head, network.class_names, {"a": [1]}
    )
    model_file.save(changed, tmp_path / "table.lgn")
    assert_equal(changed, model_file.load(tmp_path / "table.lgn"))


def with_gaps() -> LogicNet:
    network = small()
    encoder = Thermometer(network.encoder.feature % 6, network.encoder.threshold)
    return dataclasses.replace(network, features=gap_features(), encoder=encoder)


def test_missing_values_survive(tmp_path: Path) -> None:
    model_file.save(with_gaps(), tmp_path / "gaps.lgn")
    loaded = model_file.load(tmp_path / "gaps.lgn")
    assert_equal(with_gaps(), loaded)
    assert loaded.features.missing == (1.5, None, 3.0, 5.0)
    _, document = container.read(tmp_path / "gaps.lgn", FORMAT, VERSION)
    assert document["missing"] == [1.5, None, 3.0, 5.0]
    assert small().features.missing == (None,) * 3


GAP_CHANGES: dict[str, object] = {
    "none": None, "empty": [], "a number": 3.5, "text": "1234", "too few": [1.5, None, 3.0],
    "too many": [1.5, None, 3.0, 5.0, 1.0], "of a category": [1.5, 0, 3.0, 5.0],
    "not of the flag": [1.5, None, None, 5.0], "too large": [1.5, None, 10**400, 5.0],
    "texts": ["1.5", None, 3.0, 5.0], "truths": [True, None, 3.0, 5.0],
}  # fmt: skip


@pytest.mark.parametrize("value", GAP_CHANGES.values(), ids=GAP_CHANGES)
def test_missing_values_that_do_not_fit_are_refused(tmp_path: Path, value: object) -> None:
    check_refused(with_gaps(), key("missing", value), tmp_path)


@pytest.mark.parametrize("values", [3.5, "12", {}, [], 0, False])
def test_missing_values_are_a_list_with_something_in_it(values: object) -> None:
    with pytest.raises(TypeError, match="what missing values count as is no list"):
        _replacements(values)
    assert _replacements(None) == ()
    assert _replacements([None, 2, 0.5]) == (None, 2.0, 0.5)


def test_the_bytes_of_version_1_stay_as_they_are(tmp_path: Path) -> None:
    """Files that people have must stay readable: a change of layout needs a new version."""
    path = tmp_path / "small.lgn"
    model_file.save(golden_network(), path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert digest == "ce459a98ba8de5d8ed45b3c480934883c890ad51c4fe331165fc1a1f0054e570"


def test_the_bytes_of_version_2_stay_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "adder.lgn"
    model_file.save(adder_network(2), path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert digest == "0d22e78588275ffd8c0d859f97e95a68ea86a116c0032bf981392aea20b42446"


def test_the_oldest_version_that_can_hold_the_network_is_written(tmp_path: Path) -> None:
    path = tmp_path / "model.lgn"
    for network, version in ((small(), 1), (adder_network(1), 2), (with_gaps(), 3)):
        model_file.save(network, path)
        container.read(path, FORMAT, version)
        with pytest.raises(ModelFileError, match="upgrade lgn2hdl"):
            container.read(path, FORMAT, version - 1)


def golden_network() -> LogicNet:
    return LogicNet(
        features=integer_features(2, 2),
        encoder=Thermometer(np.array([0, 0, 1]), np.array([1, 2, 3])),
        layers=(
            Lut(np.array([[0, 2], [1, 2]]), np.array([6, 14])),
            Lut(np.array([[0, 1, 1], [1, 0, 0]]), np.array([2, 254])),
        ),
        head=GroupSum(np.array([0, 1]), np.array([2, -1]), np.array([0, 1]), 2.5),
        class_names=("no", "yes"),
        card={"seed": 1},
    )


def test_the_safetensors_package_opens_a_model(tmp_path: Path) -> None:
    network = small()
    model_file.save(network, tmp_path / "small.lgn")
    arrays = safetensors.numpy.load_file(tmp_path / "small.lgn")
    assert np.array_equal(arrays["layers.1.table"], network.layers[1].table)
    assert np.array_equal(arrays["encoder.threshold"], network.encoder.threshold)


def test_a_flip_in_every_byte_is_found(tmp_path: Path) -> None:
    path = tmp_path / "small.lgn"
    model_file.save(small(), path)
    good = path.read_bytes()
    for position in range(len(good)):
        bad = bytearray(good)
        bad[position] ^= 1 << position % 8
        path.write_bytes(bad)
        with pytest.raises(ModelFileError):
            model_file.load(path)


def saved(network: LogicNet, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    path = folder / "saved.lgn"
    model_file.save(network, path)
    arrays, document = container.read(path, FORMAT, VERSION)
    return dict(arrays), document


def without(name: str) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    def change(arrays: dict[str, Any], document: dict[str, Any]) -> None:
        del (arrays if name in arrays else document)[name]

    return change


def array(name: str, value: Any) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    def change(arrays: dict[str, Any], document: dict[str, Any]) -> None:
        arrays[name] = value(arrays[name]) if callable(value) else value

    return change


def key(name: str, value: Any) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    def change(arrays: dict[str, Any], document: dict[str, Any]) -> None:
        document[name] = value

    return change


NAMES = (
    *(f"features.{name}" for name in ("column", "width", "offset", "step", "category")),
    *(f"encoder.{name}" for name in ("feature", "threshold")),
    *(f"head.{name}" for name in ("class_of", "weight", "bias")),
    *(f"layers.{layer}.{name}" for layer in (0, 1) for name in ("fanin", "table")),
)
KEYS = ("column_names", "categories", "n_layers", "tau", "class_names", "card")

CHANGES = {
    **{f"no {name}": without(name) for name in (*NAMES, *KEYS)},
    **{f"{name} as float": array(name, lambda old: old.astype(np.float32)) for name in NAMES},
    **{f"{name} as a scalar": array(name, np.asarray(1)) for name in NAMES},
    **{f"{name} empty": array(name, lambda old: old[:0]) for name in NAMES},
    **{f"{name} with an axis more": array(name, lambda old: old[None]) for name in NAMES},
    **{f"{name} null": key(name, None) for name in KEYS},
    **{f"{name} a number": key(name, -7.5) for name in KEYS},
    **{f"{name} text": key(name, "ab") for name in KEYS if name != "categories"},
    **{f"{name} a list of numbers": key(name, [1, 2, 3]) for name in KEYS},
    "an array more": array("layers.2.fanin", np.zeros((1, 2), np.int32)),
    "a foreign array": array("extra", np.zeros(1)),
    "n_layers too large": key("n_layers", 10**9),
    "n_layers too small": key("n_layers", 1),
    "n_layers infinite": key("n_layers", "Infinity"),
    "n_layers a text": key("n_layers", "2"),
    "n_layers wide digits": key("n_layers", "\uff12"),
    "n_layers a fraction": key("n_layers", 2.0),
    "tau a text": key("tau", "1.5"),
    "tau a truth": key("tau", True),
    "column names a text": key("column_names", "abc"),
    "categories a text": key("categories", ["", "", ""]),
    "categories an object": key("categories", {"": [], "a": [], "b": []}),
    "class names a text": key("class_names", "abcdef"),
    "card a list": key("card", [["a", 1]]),
    "tau zero": key("tau", 0),
    "fan-in too large": array("layers.1.fanin", lambda old: old + 1000),
    "table too wide": array("layers.0.table", lambda old: old + 100),
    "threshold negative": array("encoder.threshold", lambda old: old - 1000),
    "width 0": array("features.width", lambda old: old * 0),
    "step NaN": array("features.step", lambda old: old * np.nan),
    "offset infinite": array("features.offset", lambda old: old + np.inf),
    "column too large": array("features.column", lambda old: old + 1000),
    "another head": key("head", "bits"),
    "fan-in as a type behind its own": array("layers.0.fanin", lambda old: old.astype(np.uint64)),
}

BITS_CHANGES = {
    "no head": without("head"),
    "head null": key("head", None),
    "head unknown": key("head", "group_sum"),
    "head a list": key("head", ["bits"]),
    "head text with lines": key("head", "bi\nts"),
    "no class_names": without("class_names"),
    "a class name less": key("class_names", ["a", "b", "c", "d", "e"]),
    "a class name more": key("class_names", list("abcdefg")),
    "n_layers 0": key("n_layers", 0),
    "n_layers too small": key("n_layers", 1),
    "a GroupSum array": array("head.bias", np.zeros(2, np.int32)),
    "no last layer": without("layers.1.table"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_files_with_a_good_checksum_and_bad_content(
    tmp_path: Path, change: Callable[[dict[str, Any], dict[str, Any]], None]
) -> None:
    check_refused(small(), change, tmp_path)


@pytest.mark.parametrize("change", BITS_CHANGES.values(), ids=BITS_CHANGES)
def test_bits_files_with_a_good_checksum_and_bad_content(
    tmp_path: Path, change: Callable[[dict[str, Any], dict[str, Any]], None]
) -> None:
    check_refused(adder_network(1), change, tmp_path)


def check_refused(
    network: LogicNet,
    change: Callable[[dict[str, Any], dict[str, Any]], None],
    tmp_path: Path,
) -> None:
    arrays, document = saved(network, tmp_path)
    change(arrays, document)
    path = tmp_path / "bad.lgn"
    container.write(path, arrays, document, FORMAT, VERSION)
    with pytest.raises(ModelFileError) as caught:
        model_file.load(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["class_names", "column_names"])
def test_half_of_a_character_in_a_name_is_refused(tmp_path: Path, kind: str) -> None:
    _, document = saved(small(), tmp_path)
    check_refused(small(), key(kind, ["\ud800", *document[kind][1:]]), tmp_path)
    check_refused(small(), key(kind, [*document[kind][1:], "a\udfffb"]), tmp_path)


def test_a_newer_model_says_upgrade(tmp_path: Path) -> None:
    arrays, document = saved(small(), tmp_path)
    container.write(tmp_path / "new.lgn", arrays, document, FORMAT, VERSION + 1)
    with pytest.raises(ModelFileError, match="upgrade lgn2hdl"):
        model_file.load(tmp_path / "new.lgn")


def test_a_checkpoint_or_a_pickle_is_not_a_model(tmp_path: Path) -> None:
    container.write(tmp_path / "other.lgn", {}, {}, "lgn2hdl-checkpoint", 1)
    (tmp_path / "pickle.lgn").write_bytes(pickle.dumps(vars(small())))
    for name in ("other.lgn", "pickle.lgn"):
        with pytest.raises(ModelFileError, match="is not an lgn2hdl model file"):
            model_file.load(tmp_path / name)


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot write") as caught:
        model_file.save(small(), tmp_path / "file" / "model.lgn")
    assert isinstance(caught.value, Lgn2HdlError)
