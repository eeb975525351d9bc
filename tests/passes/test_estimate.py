"""The estimate of LUTs against small networks counted by hand."""

import dataclasses

import numpy as np
import pytest

from lgn2hdl.model.features import integer_features
from lgn2hdl.model.heads.bits import Bits
from lgn2hdl.model.heads.group_sum import GroupSum, contiguous_groups
from lgn2hdl.model.layers.lut import Lut
from lgn2hdl.model.network import LogicNet, Thermometer
from lgn2hdl.passes.estimate import (
    ARGMAX_LUTS,
    POPCOUNT_LUTS,
    LutEstimate,
    estimate_luts,
    least_luts,
)

AND, OR, XOR, NAND, PASS_A, NOT_A, ZERO, ONE = 8, 14, 6, 7, 10, 5, 0, 15


def network(fanin, tables, n_classes=2, *, n_inputs=4):
    """One layer of two-input gates on bits."""
    layer = Lut(np.array(fanin, np.int32), np.array(tables, np.uint8))
    return LogicNet(
        features=integer_features(n_inputs, 1),
        encoder=Thermometer(np.arange(n_inputs), np.ones(n_inputs)),
        layers=(layer,),
        head=contiguous_groups(len(tables), n_classes, 1.0),
        class_names=tuple(str(index) for index in range(n_classes)),
        card={},
    )


def head_luts(counted, n_classes, width):
    """Popcounts of so many bits, and a tournament of scores of ``width`` bits."""
    return round(POPCOUNT_LUTS * counted), round(ARGMAX_LUTS * width * (n_classes - 1))


def test_every_gate_is_a_lut_and_every_bit_is_counted():
    found = estimate_luts(network([[0, 1], [1, 2], [2, 3], [0, 3]], [AND, OR, XOR, AND]))
    assert found == LutEstimate(4, *head_luts(4, 2, width=2))
    assert found.total == found.core + found.popcount + found.argmax


def test_wires_are_no_luts_but_are_counted():
    found = estimate_luts(network([[0, 1], [1, 2], [2, 3], [0, 3]], [PASS_A] * 4))
    assert found == LutEstimate(0, *head_luts(4, 2, width=2))


def test_constants_are_neither():
    found = estimate_luts(network([[0, 1], [1, 2], [2, 3], [0, 3]], [ZERO, AND, ONE, AND]))
    assert found == LutEstimate(2, *head_luts(2, 2, width=1))
    nothing = estimate_luts(network([[0, 1]] * 4, [ZERO, ONE, ONE, ZERO]))
    assert nothing == LutEstimate(0, *head_luts(0, 2, width=1))  # (scores have a bit in any case)


def test_equal_gates_are_one_lut_and_one_bit_of_a_class():
    """Class 0 has the same AND twice, class 1 has it once beside an OR."""
    found = estimate_luts(network([[0, 1], [1, 0], [0, 1], [2, 3]], [AND, AND, AND, OR]))
    assert found == LutEstimate(2, *head_luts(3, 2, width=2))


def test_bits_of_weight_zero_are_not_counted():
    net = network([[0, 1], [1, 2], [2, 3], [0, 3], [0, 2], [1, 3]], [AND] * 6)
    head = GroupSum(net.head.class_of, [0, -1, 0, 0, 1, -3], [0, 0], 1.0)
    found = estimate_luts(dataclasses.replace(net, head=head))
    assert found == LutEstimate(6, *head_luts(3, 2, width=2))


def test_gates_that_nothing_reads_are_none():
    first = Lut(np.array([[0, 1], [2, 3], [1, 2]], np.int32), np.array([AND, OR, XOR], np.uint8))
    last = Lut(np.array([[0, 1], [0, 2]], np.int32), np.array([PASS_A, PASS_A], np.uint8))
    net = dataclasses.replace(network([[0, 1]] * 2, [AND] * 2), layers=(first, last))
    assert estimate_luts(net) == LutEstimate(1, *head_luts(2, 2, width=1))


def test_the_widest_class_gives_the_width_of_the_scores():
    pairs = [[i, j] for i in range(6) for j in range(i)]  # 15 different gates a class
    net = network(pairs * 3, [AND] * 15 + [OR] * 15 + [XOR] * 15, 3, n_inputs=6)
    assert estimate_luts(net) == LutEstimate(45, *head_luts(45, 3, width=4))


def test_output_bits_have_no_head():
    net = network([[0, 1], [1, 2], [2, 3]], [AND, PASS_A, NAND], 3)
    names = ("a", "b", "c")
    bits = dataclasses.replace(net, head=Bits(3), class_names=names)
    assert estimate_luts(bits) == LutEstimate(2, 0, 0)


@pytest.mark.parametrize("n_classes", [2, 3, 10])
def test_the_least_is_that_of_one_wire_a_class(n_classes):
    net = network([[i, i + 1] for i in range(n_classes)], [PASS_A] * n_classes, n_classes,
                  n_inputs=n_classes + 1)  # fmt: skip
    assert estimate_luts(net).total == least_luts(n_classes)
