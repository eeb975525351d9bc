import dataclasses

import numpy as np
import pytest
from hardware import design_of, features_of_widths, pack_bits, register_bits, run_component

from lgn2hdl import packed
from lgn2hdl.hdl.encoder import Encoder, packing
from lgn2hdl.model import GroupSum, LogicNet, Lut, Thermometer


def encoder_design(widths, feature, threshold):
    """A design that reads every encoder bit (the layer is XORs of neighbours, unpruned)."""
    bits = np.arange(len(feature))
    network = LogicNet(
        features=features_of_widths(widths),
        encoder=Thermometer(feature, threshold),
        layers=(Lut(np.stack([bits, np.roll(bits, 1)], axis=1), np.full(len(bits), 6)),),
        head=GroupSum(bits % 2, np.ones(len(bits)), np.zeros(2), 1.0),
        class_names=("a", "b"),
        card={},
    )
    return design_of(network, pruned=False)


def expected_bits(design, integers):
    bits = packed.unpack(design.network.encoder.encode(integers), len(integers))
    return [pack_bits(column, [1] * len(column)) for column in bits[design.encoder_bits].T.tolist()]


def encoded(design, integers):
    widths = design.network.features.width.tolist()
    samples = [{"x": pack_bits(row, widths)} for row in integers.tolist()]
    return [result["bits"] for result in run_component(Encoder(design), samples, ["bits"], 1)]


@pytest.mark.parametrize("width", [1, 2, 3, 5])
def test_all_values_against_all_thresholds(width):
    # From 0 (always set) over every power of two to well above the maximum (never set).
    threshold = np.arange((1 << width) + 5)
    design = encoder_design([width], np.zeros_like(threshold), threshold)
    integers = np.arange(1 << width, dtype=np.uint8)[:, None]
    assert encoded(design, integers) == expected_bits(design, integers)


def test_wide_features_at_the_thresholds():
    threshold = np.array([0, 1, 2, 3, 255, 256, 257, 4096, 40960, 65534, 65535, 65536, 98304])
    design = encoder_design([16], np.zeros_like(threshold), threshold)
    around = np.unique(np.clip([t + d for t in threshold for d in (-1, 0, 1)], 0, 65535))
    integers = around.astype(np.uint16)[:, None]
    assert encoded(design, integers) == expected_bits(design, integers)


def test_mixed_widths_are_packed_feature_0_first():
    widths = [3, 1, 8, 16, 2]
    feature = np.repeat(np.arange(5), 6)
    rng = np.random.default_rng(0)
    highest = (1 << np.array(widths)) - 1
    design = encoder_design(widths, feature, rng.integers(0, highest[feature] + 2))
    integers = rng.integers(0, highest + 1, (200, 5)).astype(np.uint16)
    assert packing(design.network.features).tolist() == [0, 3, 4, 12, 28, 30]
    assert encoded(design, integers) == expected_bits(design, integers)


def test_only_bits_that_the_core_reads_are_made():
    design = encoder_design([4], np.zeros(6, int), np.arange(1, 7))
    last = np.array(design.last)
    last[1 + np.array([0, 2, 5])] = -1  # three inputs without reader
    smaller = dataclasses.replace(design, last=last)
    integers = np.arange(16, dtype=np.uint8)[:, None]
    assert smaller.encoder_bits.tolist() == [1, 3, 4]
    assert register_bits(Encoder(smaller)) == 3 == smaller.flip_flops()["encoder"]
    assert encoded(smaller, integers) == expected_bits(smaller, integers)
