"""The network's forward pass against plain Python, and what its parts refuse."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from hardware import adder_network, adder_outputs, all_rows
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import networks, random_network

from lgn2hdl.base.errors import DataError
from lgn2hdl.ir import packed
from lgn2hdl.model.features import integer_features
from lgn2hdl.model.heads.bits import MAX_OUTPUT_BITS, Bits
from lgn2hdl.model.heads.group_sum import MAX_CLASSES, GroupSum, contiguous_groups
from lgn2hdl.model.heads.group_sum_plan import decide
from lgn2hdl.model.layers.lut import Lut
from lgn2hdl.model.network import LogicNet, Thermometer

XOR, OR = 0b0110, 0b1110

SMALL = LogicNet(
    features=integer_features(2, 2),
    encoder=Thermometer(np.array([0, 0, 1]), np.array([1, 2, 3])),
    layers=(
        Lut(np.array([[0, 2], [1, 2]]), np.array([XOR, OR])),
        Lut(np.array([[0, 1], [1, 0]]), np.array([0b0010, OR])),
    ),
    head=GroupSum(np.array([0, 1]), np.array([2, 1]), np.array([0, 1]), 1.0),
    class_names=("no", "yes"),
    card={},
)


def outputs_by_definition(network: LogicNet, row: list[int]) -> list[int]:
    encoder = network.encoder
    bits = [
        int(row[feature] >= threshold)
        for feature, threshold in zip(encoder.feature, encoder.threshold, strict=True)
    ]
    for layer in network.layers:
        addresses = [
            sum(bits[below] << pin for pin, below in enumerate(fanin)) for fanin in layer.fanin
        ]
        bits = [
            int(table) >> address & 1 for table, address in zip(layer.table, addresses, strict=True)
        ]
    return bits


def scores_by_definition(network: LogicNet, row: list[int]) -> list[int]:
    head, bits = network.head, outputs_by_definition(network, row)
    scores = [int(bias) for bias in head.bias]
    for bit, index, weight in zip(bits, head.class_of, head.weight, strict=True):
        scores[index] += bit * int(weight)
    return scores


@given(networks(bits=True), st.integers(0, 2**32 - 1))
@settings(max_examples=40)
def test_output_bits_follow_the_definition(network: LogicNet, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, network.features.highest + 1, (70, network.features.n_features))
    bits = network.predict(rows)
    assert (bits.dtype, bits.shape) == (np.uint8, (70, network.head.n_outputs))
    assert bits.tolist() == [outputs_by_definition(network, row) for row in rows.tolist()]
    assert network.decisions(network.features.integers(rows)).tolist() == bits.tolist()


@pytest.mark.parametrize("n_bits", [1, 2, 4])
def test_an_adder_made_by_hand_adds(n_bits: int) -> None:
    rows = all_rows(2 * n_bits)
    assert np.array_equal(adder_network(n_bits).predict(rows), adder_outputs(n_bits, rows))


def test_bits_have_no_scores() -> None:
    with pytest.raises(ValueError, match="has no scores: use decisions"):
        adder_network(1).scores(np.zeros((1, 2), np.uint8))


@given(networks(bits=False), st.integers(0, 2**32 - 1))
@settings(max_examples=60)
def test_scores_follow_the_definition(network: LogicNet, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, network.features.highest + 1, (70, network.features.n_features))
    integers = network.features.integers(rows)
    scores = network.scores(integers)
    assert scores.dtype == np.int32
    assert scores.tolist() == [scores_by_definition(network, row) for row in rows.tolist()]
    lowest, highest = network.head.score_range()
    assert ((scores >= lowest) & (scores <= highest)).all()
    predicted = [list(row).index(max(row)) for row in scores.tolist()]
    assert network.predict(rows).tolist() == predicted


def test_a_network_that_a_person_can_follow() -> None:
    # x = (2, 3): bits 1 1 1; layer 0: 1^1 = 0, 1|1 = 1; layer 1: 0&~1 = 0, 1|0 = 1.
    integers = np.array([[2, 3]], np.uint8)
    assert SMALL.outputs(integers).astype(int).tolist() == [[0], [1]]
    assert SMALL.scores(integers).tolist() == [[0, 2]]
    assert SMALL.predict([[2, 3]]).tolist() == [1]
    assert SMALL.n_nodes == 4


def test_thermometer_at_its_thresholds() -> None:
    encoder = Thermometer(np.array([0, 0, 1]), np.array([0, 2, 65535]))
    integers = np.array([[0, 65534], [1, 65535], [2, 0], [65535, 65535]], np.uint16)
    bits = packed.unpack(encoder.encode(integers), 4).astype(int)
    assert bits.tolist() == [[1, 1, 1, 1], [0, 0, 1, 1], [0, 1, 0, 1]]


def test_thresholds_above_the_type_of_the_data_are_never_reached() -> None:
    encoder = Thermometer(np.array([0]), np.array([256]))
    assert packed.unpack(encoder.encode(np.array([[255]], np.uint8)), 1).tolist() == [[False]]


def test_many_rows_are_the_same_as_few() -> None:
    rng = np.random.default_rng(0)
    network = random_network(rng, n_features=3, width=3, fan_ins=(2, 4))
    integers = rng.integers(0, 8, (40_000, 3)).astype(np.uint8)
    parts = [network.scores(integers[start : start + 777]) for start in range(0, 40_000, 777)]
    assert np.array_equal(network.scores(integers), np.concatenate(parts))
    assert np.array_equal(network.decisions(integers), decide(network.scores(integers)))
    adder, rows = adder_network(4), np.tile(all_rows(8), (150, 1))
    assert np.array_equal(adder.predict(rows), np.tile(adder_outputs(4, all_rows(8)), (150, 1)))


def test_arrays_have_their_types_and_nobody_writes_to_them() -> None:
    fanin, table = np.array([[0, 1], [1, 0]], np.int64), np.array([8, 6], np.int64)
    layer = Lut(fanin, table)
    encoder = Thermometer(np.array([0, 1], np.int64), np.array([1, 2], np.int64))
    head = GroupSum(np.array([0, 1], np.int64), np.array([1, 1], np.int64), np.zeros(2, int), 1.0)
    arrays = [
        (layer.fanin, np.int32), (layer.table, np.uint8), (encoder.feature, np.int32),
        (encoder.threshold, np.int32), (head.class_of, np.int16), (head.weight, np.int8),
        (head.bias, np.int32),
    ]  # fmt: skip
    for array, dtype in arrays:
        assert array.dtype == dtype
        assert not array.flags.writeable
    fanin[:], table[:] = 9, 9
    assert layer.fanin.tolist() == [[0, 1], [1, 0]]
    assert layer.table.tolist() == [8, 6]


def test_no_rows() -> None:
    assert SMALL.scores(np.empty((0, 2), np.uint8)).shape == (0, 2)
    assert SMALL.predict(np.empty((0, 2), np.uint8)).shape == (0,)
    bits = adder_network(1).predict(np.empty((0, 2), np.uint8))
    assert (bits.shape, bits.dtype) == ((0, 6), np.uint8)


@pytest.mark.parametrize(
    ("scores", "winner"),
    [([1, 1], 0), ([0, 1], 1), ([-3, -1, -1], 1), ([2, 5, 5, 5], 1), ([7, 0, 7], 0)],
)
def test_the_lowest_class_wins_a_tie(scores: list[int], winner: int) -> None:
    assert decide(np.array([scores])).tolist() == [winner]


def test_extreme_weights_do_not_overflow() -> None:
    head = GroupSum(np.zeros(1000), np.full(1000, -128), np.array([5, 0]), 1.0)
    assert head.scores(np.ones((1000, 1), bool)).tolist() == [[5 - 128_000, 0]]
    low, high = head.score_range()
    assert (low.tolist(), high.tolist()) == ([5 - 128_000, 0], [5, 0])


INT32 = np.iinfo(np.int32)
BEYOND = "which 32-bit numbers do not hold"


@pytest.mark.parametrize("at", [0, 1, 2])
@pytest.mark.parametrize("weight", [1, -1, 127, -128])
def test_scores_reach_the_ends_of_32_bits_and_no_further(weight: int, at: int) -> None:
    """Three outputs count for a class, so one step further would wrap around."""
    end = INT32.max - 3 * weight if weight > 0 else INT32.min - 3 * weight
    bias, class_of, weights = np.zeros(3, np.int64), np.full(3, at), np.full(3, weight)
    bias[at] = end
    head = GroupSum(class_of, weights, bias, 1.0)
    scores = head.scores(np.array([[0, 1], [0, 1], [0, 1]], bool))[:, at]
    assert scores.tolist() == [end, end + 3 * weight]
    bias[at] = end + np.sign(weight)
    ends = sorted((int(bias[at]), int(bias[at]) + 3 * weight))
    message = f"^the score of class {at} goes from {ends[0]} to {ends[1]}, {BEYOND}$"
    with pytest.raises(ValueError, match=message):
        GroupSum(class_of, weights, bias, 1.0)


@pytest.mark.parametrize("bias", [INT32.max + 1, INT32.min - 1, 1 << 62, -(1 << 63)])
def test_a_bias_beyond_32_bits_is_refused(bias: int) -> None:
    with pytest.raises(ValueError, match=f"^the bias of class 1 is {bias}, {BEYOND}$"):
        GroupSum(np.zeros(2), np.zeros(2), np.array([0, bias]), 1.0)


def test_more_classes_than_fit_are_refused() -> None:
    def head(n_classes: int) -> GroupSum:
        return GroupSum(np.zeros(2), np.ones(2), np.zeros(n_classes), 1.0)

    assert head(MAX_CLASSES).n_classes == MAX_CLASSES
    with pytest.raises(ValueError, match="a head of 32769 classes: at most 32768 fit"):
        head(MAX_CLASSES + 1)


def test_contiguous_groups() -> None:
    head = contiguous_groups(6, 3, 10.0)
    assert head.class_of.tolist() == [0, 0, 1, 1, 2, 2]
    assert head.weight.tolist() == [1] * 6
    assert head.bias.tolist() == [0] * 3
    assert (head.tau, head.n_classes) == (10.0, 3)
    for outputs, classes in ((7, 3), (2, 3), (0, 3)):
        with pytest.raises(ValueError, match="do not divide"):
            contiguous_groups(outputs, classes, 1.0)


@pytest.mark.parametrize("raw", [[[1, 2, 3]], [1, 2], [[np.nan, 0]], [["a", "b"]]])
def test_predict_refuses_other_data(raw: Any) -> None:
    with pytest.raises(DataError):
        SMALL.predict(raw)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Thermometer(np.array([0, 1]), np.array([1])), "differ in length"),
        (lambda: Thermometer(np.zeros((2, 2)), np.zeros((2, 2))), "differ in length"),
        (lambda: Thermometer(np.array([-1]), np.array([1])), "negative"),
        (lambda: Thermometer(np.array([0]), np.array([-1])), "negative"),
        (lambda: Lut(np.zeros((0, 2)), np.zeros(0)), "fan-in has shape"),
        (lambda: Lut(np.zeros((1, 1)), np.zeros(1)), "fan-in has shape"),
        (lambda: Lut(np.zeros((1, 7)), np.zeros(1)), "fan-in has shape"),
        (lambda: Lut(np.zeros(4), np.zeros(1)), "fan-in has shape"),
        (lambda: Lut(np.array([[0, -1]]), np.zeros(1)), "negative"),
        (lambda: Lut(np.zeros((2, 2)), np.zeros(3)), "differ in length"),
        (lambda: Lut(np.zeros((1, 2)), np.array([16])), "too many bits"),
        (lambda: Lut(np.zeros((1, 2)), np.array([256])), "does not fit"),
        (lambda: Lut(np.zeros((1, 3)), np.array([-1])), "does not fit"),
        (lambda: GroupSum(np.zeros(2), np.zeros(3), np.zeros(2), 1.0), "differ in length"),
        (lambda: GroupSum(np.zeros(2), np.zeros(2), np.zeros(1), 1.0), "two classes"),
        (lambda: GroupSum(np.zeros(2), np.zeros(2), np.zeros((2, 2)), 1.0), "two classes"),
        (lambda: GroupSum(np.full(2, 2), np.zeros(2), np.zeros(2), 1.0), "does not exist"),
        (lambda: GroupSum(np.full(2, -1), np.zeros(2), np.zeros(2), 1.0), "does not exist"),
        (lambda: GroupSum(np.zeros(2), np.full(2, 128), np.zeros(2), 1.0), "does not fit"),
        (lambda: GroupSum(np.zeros(2), np.zeros(2), np.zeros(2), 0.0), "tau"),
        (lambda: GroupSum(np.zeros(2), np.zeros(2), np.zeros(2), float("nan")), "tau"),
        (lambda: GroupSum(np.zeros(2), np.zeros(2), np.zeros(2), float("inf")), "tau"),
        (lambda: Bits(0), "0 output bits"),
        (lambda: Bits(-1), "-1 output bits"),
        (lambda: Bits(MAX_OUTPUT_BITS + 1), "output bits are not 1 to"),
    ],
)
def test_parts_refuse_contradictions(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layers": ()}, "at least one layer"),
        ({"encoder": Thermometer(np.empty(0), np.empty(0))}, "input bits"),
        ({"encoder": Thermometer(np.full(3, 2), np.zeros(3))}, "feature that does not exist"),
        ({"encoder": Thermometer(np.zeros(2), np.zeros(2))}, "layer 0 reads a position"),
        ({"layers": SMALL.layers[:1] * 2}, "layer 1 reads a position"),
        ({"head": contiguous_groups(4, 2, 1.0)}, "head and the last layer"),
        ({"class_names": ("one",)}, "class names"),
        ({"head": Bits(1)}, "head and the last layer"),
        ({"head": Bits(2), "class_names": ("a", "b", "c")}, "output bits"),
    ],
)
def test_networks_refuse_parts_that_do_not_fit(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(SMALL, **change)
