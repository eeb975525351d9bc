"""Kernels for values that are all 0 or 1, against NumPy and against autograd in float64."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from kernel_problems import BATCHES, FAN_INS, assert_near, check_threads, lut_answer

from lgn2hdl.model.network import Thermometer
from lgn2hdl.train.kernels import cpu
from lgn2hdl.train.kernels import hard_bits as bits
from lgn2hdl.train.kernels import hard_layer as layers
from lgn2hdl.train.kernels.hard_layer import Above, Candidates, HardLayer

pytestmark = pytest.mark.skipif(
    not layers.available(torch.zeros(1)), reason="no C compiler: there are no kernels to test"
)

WIDTHS = st.integers(1, 40)
SEEDS = st.integers(0, 999)


@pytest.fixture
def threads(monkeypatch):
    monkeypatch.setattr(cpu, "LEAST_NANOSECONDS", 1e-9)  # a thread for any work
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def generator(seed):
    return torch.Generator().manual_seed(seed)


def random_bits(rows, samples, seed):
    return torch.randint(2, (rows, samples), generator=generator(seed)).float()


def problem(fan_in, width, samples, seed):
    """A layer, what it learns from, and the values of its sources."""
    sources = width + 1
    x = random_bits(sources, samples, seed)
    index = torch.randint(sources, (fan_in, width), generator=generator(seed), dtype=torch.int32)
    rows = torch.randn((2**fan_in, width), generator=generator(seed))
    grad = torch.randn((width, samples), generator=generator(seed + 1))
    return HardLayer(bits.pack(x), samples, index), rows, grad, x


def above_of(rows, grad, slope=None):
    """What a layer learns from, as kernels take it."""
    slope = None if slope is None else slope.T.contiguous()
    return Above(rows.T.contiguous(), slope, bits.to_panels(grad))


@given(WIDTHS, BATCHES, SEEDS)
def test_packing_keeps_every_bit_and_nothing_else(rows, samples, seed):
    x = random_bits(rows, samples, seed)
    packed = bits.pack(x)
    wanted = np.packbits(x.numpy().astype(np.uint8), axis=1, bitorder="little")
    found = packed.numpy().view(np.uint8)
    np.testing.assert_array_equal(found[:, : wanted.shape[1]], wanted)
    assert not found[:, wanted.shape[1] :].any()
    assert torch.equal(bits.unpack(packed, samples), x)
    wide = bits.expanded(packed).numpy()
    np.testing.assert_array_equal(wide[:, :samples], x)
    assert not wide[:, samples:].any()


@given(st.sampled_from([np.uint8, np.uint16]), st.integers(1, 9), BATCHES, SEEDS)
def test_encoded_bits_are_those_of_the_thermometer(dtype, features, samples, seed):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 300, (samples, features)).astype(dtype)
    encoder = Thermometer(rng.integers(features, size=30), rng.integers(0, 300, 30))
    wanted = x.T[encoder.feature] >= encoder.threshold[:, None]
    np.testing.assert_array_equal(bits.unpack(bits.encode(encoder, x), samples), wanted)


@given(WIDTHS, BATCHES, SEEDS)
def test_panels_hold_the_values(rows, samples, seed):
    x = torch.randn((rows, samples), generator=generator(seed))
    panels = bits.to_panels(x)
    wanted = torch.nn.functional.pad(x, (0, -samples % 16)).view(rows, -1, 16).transpose(0, 1)
    assert torch.equal(panels, wanted)
    assert torch.equal(bits.from_panels(panels, samples), x)


@given(st.integers(1, 5), st.sampled_from([1, 2, 100, 255, 256, 600]), BATCHES, SEEDS)
def test_group_sums_count_the_ones(groups, size, samples, seed):
    x = random_bits(groups * size, samples, seed)
    found = bits.group_sums(bits.pack(x), samples, groups)
    assert torch.equal(found, x.view(groups, size, samples).sum(1))


@given(FAN_INS, WIDTHS, SEEDS)
def test_tables_hold_the_rows(fan_in, width, seed):
    rows = random_bits(2**fan_in, width, seed)
    found = bits.tables(rows).numpy().view(np.uint64)
    for row, wanted in enumerate(rows.numpy()):
        np.testing.assert_array_equal(found >> np.uint64(row) & np.uint64(1), wanted)


@given(FAN_INS, WIDTHS, BATCHES, SEEDS)
def test_outputs_and_gradients_equal_autograd_in_float64(fan_in, width, samples, seed):
    layer, rows, grad, x = problem(fan_in, width, samples, seed)
    hard = random_bits(2**fan_in, width, seed)
    y = lut_answer(x, hard, layer.index.long(), grad)[0]
    assert torch.equal(bits.unpack(layer.forward(bits.tables(hard)), samples).double(), y)
    check_gradients(layer, above_of(rows, grad), lut_answer(x, rows, layer.index.long(), grad))


def check_gradients(layer, above, wanted):
    """Both ways to the gradient of the rows, and the one to that of the sources."""
    for with_rows in (False, True):
        panels, rows = layers.backward_x(layer, above, with_rows=with_rows)
        assert_near(bits.from_panels(panels, layer.samples), wanted[1])
        assert not panels.permute(1, 0, 2).flatten(1)[:, layer.samples :].any()
    assert_near(rows, wanted[2])
    assert_near(layers.backward(layer, above).rows, wanted[2])


@pytest.mark.parametrize("fan_in", range(2, 7))
def test_a_slope_scales_the_gradient_of_the_row_at_hand(fan_in):
    layer, rows, grad, x = problem(fan_in, 20, 70, 5)
    slope = torch.rand(rows.shape, generator=generator(7))
    address = sum(x[pin.long()].long() << i for i, pin in enumerate(layer.index))
    scaled = grad * slope.T.gather(1, address)
    wanted = lut_answer(x, rows, layer.index.long(), scaled)
    check_gradients(layer, above_of(rows, grad, slope), wanted)


def pins_of(layer, rows, grad, x):
    """Gradients of the pins, ``f64[k * W, N]``: each pin gets a source of its own."""
    index = torch.arange(layer.index.numel()).view(layer.index.shape)
    spread = x[layer.index.long().reshape(-1)]
    return lut_answer(spread, rows, index, grad)[1]


@given(FAN_INS, WIDTHS, BATCHES, SEEDS)
def test_pin_gradients_are_right_to_half_a_level(fan_in, width, samples, seed):
    layer, rows, grad, x = problem(fan_in, width, samples, seed)
    found = layers.backward(layer, above_of(rows, grad), keep_pins=True).pins
    wanted = pins_of(layer, rows, grad, x)
    level, unit = found.level[:, :samples].double(), found.unit.double()[:, None]
    assert not found.level[:, samples:].any()
    assert int(found.level.min()) >= -127  # 128 levels on one side would have no partner
    assert bool(((level * unit - wanted).abs() <= unit * 0.501 + 1e-6).all())
    np.testing.assert_allclose(unit[:, 0] * 127, wanted.abs().amax(1), rtol=1e-5, atol=1e-6)


@given(FAN_INS, WIDTHS, BATCHES, st.integers(1, 9), st.booleans(), SEEDS)
def test_candidates_get_the_correlation_with_the_levels(
    fan_in, width, samples, count, centred, seed
):
    layer, rows, grad, x = problem(fan_in, width, samples, seed)
    above = above_of(rows, grad)
    shape = (count, layer.index.numel())
    source = torch.randint(len(x), shape, generator=generator(seed), dtype=torch.int32)
    found = layers.backward(layer, above, Candidates(source, centred), keep_pins=True)
    values = 2 * x - 1 if centred else x
    level = found.pins.level[:, :samples].double()
    whole = (values.double()[source.long()] * level).sum(2)
    assert torch.equal(found.scores, whole.float() * found.pins.unit)
    alone = layers.backward(layer, above, Candidates(source, centred))
    assert alone.pins is None
    assert torch.equal(alone.scores, found.scores)
    assert torch.equal(alone.rows, layers.backward(layer, above).rows)


@given(WIDTHS, BATCHES, SEEDS)
def test_every_source_gets_the_same_correlation(width, samples, seed):
    layer, rows, grad, x = problem(3, width, samples, seed)
    pins = layers.backward(layer, above_of(rows, grad), keep_pins=True).pins
    whole = pins.level[:, :samples].double() @ (2 * x - 1).double().T
    wide = bits.interleaved(layer.x)
    wanted = whole.float() * pins.unit[:, None]
    assert torch.equal(pins.sources(wide, 0, len(whole)), wanted)
    for begin, end in pairwise((0, 1, len(whole) // 2, len(whole))):
        if begin < end:
            assert torch.equal(pins.sources(wide, begin, end), wanted[begin:end])
    np.testing.assert_array_equal(bits.lowest(wanted), wanted.numpy().argmin(axis=1))


@given(st.integers(1, 5), st.integers(1, 70), st.integers(1, 4), SEEDS)
def test_the_first_of_equal_values_is_the_lowest_or_highest(rows, columns, levels, seed):
    score = torch.randint(levels, (rows, columns), generator=generator(seed)).float()
    np.testing.assert_array_equal(bits.lowest(score), score.numpy().argmin(axis=1))
    np.testing.assert_array_equal(bits.highest(score), score.numpy().argmax(axis=1))


def test_a_gradient_of_nothing_but_zeros_has_no_levels():
    layer, rows, grad, _ = problem(6, 20, 40, 1)
    nothing = above_of(rows, torch.zeros_like(grad))
    candidates = Candidates(torch.zeros((2, 120), dtype=torch.int32), True)
    found = layers.backward(layer, nothing, candidates, keep_pins=True)
    for result in (found.rows, found.scores, found.pins.level, found.pins.unit):
        assert not result.any()


def _everything(fan_in, samples):
    layer, rows, grad, x = problem(fan_in, 50, samples, 3)
    above = above_of(rows, grad)
    source = torch.randint(len(x), (7, 50 * fan_in), generator=generator(4), dtype=torch.int32)
    yield layer.forward(bits.tables(random_bits(2**fan_in, 50, 4)))
    yield from layers.backward_x(layer, above)
    found = layers.backward(layer, above, Candidates(source, True), keep_pins=True)
    yield from (found.rows, found.scores, found.pins.level, found.pins.unit)
    yield layers.backward(layer, above, Candidates(source, False)).scores
    yield found.pins.sources(bits.interleaved(layer.x), 0, len(found.pins.unit))
    yield bits.group_sums(layer.x, samples, 3)


@pytest.mark.parametrize("fan_in", range(2, 7))
@pytest.mark.parametrize("samples", [1, 64, 145])
def test_results_do_not_depend_on_the_number_of_threads(threads, fan_in, samples):
    assert check_threads(threads, lambda: list(_everything(fan_in, samples))) == 10


@pytest.mark.parametrize("fan_in", [2, 6])
def test_parts_of_the_samples_with_one_unit_add_up(fan_in):
    layer, rows, grad, x = problem(fan_in, 20, 150, 9)
    source = torch.randint(len(x), (5, 20 * fan_in), generator=generator(1), dtype=torch.int32)
    candidates = Candidates(source, True)
    units = layers.units(layer, above_of(rows, grad))
    whole = layers.backward(layer, above_of(rows, grad), candidates).scores
    parts = [
        layers.backward(
            HardLayer(bits.pack(x[:, part].contiguous()), len(x[0, part]), layer.index),
            above_of(rows, grad[:, part].contiguous()),
            candidates,
            units=units,
        ).scores
        for part in (slice(0, 70), slice(70, 150))
    ]
    torch.testing.assert_close(sum(parts), whole, atol=1e-4, rtol=1e-4)
