"""The golden model of the ports: bits in their order, scores one behind the other, margins."""

import dataclasses

import numpy as np
from hardware import features_of_widths, random_rows
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import networks

from lgn2hdl.model.golden import feature_bits, layer_outputs, result_bits
from lgn2hdl.model.heads.bits import BitsPlan
from lgn2hdl.model.heads.group_sum_plan import GroupSumPlan, margins
from lgn2hdl.passes import prune
from lgn2hdl.passes.lower import lower


def numbers(bits, *, signed=False):
    """Numbers of bits ``[width, N]``, the least significant first."""
    values = sum(bit.astype(int) << place for place, bit in enumerate(bits))
    return (values - ((bits[-1].astype(int) << len(bits)) if signed else 0)).tolist()


def test_features_lie_one_behind_the_other():
    features = features_of_widths([3, 1, 12])
    integers = np.array([[5, 0, 0xABC], [2, 1, 1], [7, 1, 0xFFF]], features.dtype)
    bits = feature_bits(features, integers)
    assert bits.dtype == np.bool_
    assert bits.shape == (16, 3)
    for place, part in enumerate((bits[:3], bits[3:4], bits[4:])):
        assert numbers(part) == integers[:, place].tolist()


@settings(max_examples=40)
@given(networks(), st.integers(1, 70))
def test_results_are_those_of_the_network(network, n_rows):
    rows = random_rows(network.features, n_rows)
    gates, _ = prune(lower(network))
    outputs = layer_outputs(network, rows)
    assert np.array_equal(outputs, network.outputs(rows))
    assert np.array_equal(layer_outputs(network, rows, gates), outputs)
    plan = network.head.plan(gates, np.unique(gates.outputs))
    ports = result_bits(network, plan, outputs)
    if isinstance(plan, BitsPlan):
        assert list(ports) == ["bits"]
        assert np.array_equal(ports["bits"], outputs)
        return
    scores = network.head.scores(outputs)
    assert list(ports) == ["class_index", "scores"]
    assert ports["class_index"].shape == (plan.class_width, n_rows)
    assert numbers(ports["class_index"]) == scores.argmax(axis=1).tolist()
    for index, column in enumerate(scores.T):
        own = ports["scores"][index * plan.score_width : (index + 1) * plan.score_width]
        assert numbers(own, signed=plan.score_signed) == column.tolist()
    assert len(ports["scores"]) == plan.n_classes * plan.score_width

    assert isinstance(plan, GroupSumPlan)
    other = result_bits(network, dataclasses.replace(plan, scores=False, margin=True), outputs)
    assert list(other) == ["class_index", "margin"]
    assert other["margin"].shape == (plan.margin_width, n_rows)
    best = [sorted(row)[-2:] for row in scores.tolist()]
    assert numbers(other["margin"]) == [first - second for second, first in best]


def test_margins_are_differences_of_the_two_highest():
    scores = np.array([[3, -7, 9], [4, 4, 1], [-100, -128, -128]], np.int8)
    found = margins(scores)
    assert found.tolist() == [6, 0, 28]
    assert found.dtype == np.int64
    assert margins(np.array([[127, -128]], np.int8)).tolist() == [255]
