import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from kernel_problems import FAN_INS, lut_problem

from lgn2hdl.train.relax.nodes import interpolate, interpolate_plainly, straight_through


def _expected_value(x, table, index):
    """By the definition: every row's value times the probability that the pins select it."""
    fan_in = len(table).bit_length() - 1
    pins = x[index.long()] if index is not None else x.reshape(fan_in, -1, x.shape[1])
    total = torch.zeros_like(pins[0])
    for bits in itertools.product((0, 1), repeat=fan_in):  # bits[0] is pin 0, the lowest
        row = sum(bit << pin for pin, bit in enumerate(bits))
        chance = torch.ones_like(total)
        for bit, pin in zip(bits, pins, strict=True):
            chance = chance * (pin if bit else 1 - pin)
        total = total + table[row, :, None] * chance
    return total


def _doubles(fan_in, width, samples, indexed, seed):
    x, table, index, grad = lut_problem(fan_in, width, samples, indexed, seed)
    return x.double().requires_grad_(), table.double().requires_grad_(), index, grad.double()


@given(FAN_INS, st.integers(1, 6), st.integers(1, 6), st.booleans(), st.integers(0, 999))
def test_interpolation_is_the_expected_value(fan_in, width, samples, indexed, seed):
    x, table, index, grad = _doubles(fan_in, width, samples, indexed, seed)
    found, wanted = interpolate_plainly(x, table, index), _expected_value(x, table, index)
    torch.testing.assert_close(found, wanted)
    gradients = (torch.autograd.grad(y, (x, table), grad) for y in (found, wanted))
    torch.testing.assert_close(*gradients)


@given(FAN_INS, st.integers(1, 6), st.integers(1, 6), st.booleans(), st.integers(0, 999))
def test_any_path_gives_the_expected_value(fan_in, width, samples, indexed, seed):
    x, table, index, _ = lut_problem(fan_in, width, samples, indexed, seed)
    wanted = _expected_value(x.double(), table.double(), index).float()
    torch.testing.assert_close(interpolate(x, table, index), wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("fan_in", range(2, 7))
@pytest.mark.parametrize("indexed", [False, True])
def test_gradcheck_in_float64(fan_in, indexed):
    x, table, index, _ = _doubles(fan_in, 2, 2, indexed, 0)
    assert torch.autograd.gradcheck(lambda x, table: interpolate(x, table, index), (x, table))


@pytest.mark.parametrize("fan_in", range(2, 7))
def test_at_corners_a_pin_has_the_finite_difference_of_the_table(fan_in):
    table = torch.randint(0, 2, (2**fan_in, 5), generator=torch.Generator().manual_seed(fan_in))
    rows = torch.arange(2**fan_in)
    x = torch.stack([(rows >> pin) & 1 for pin in range(fan_in)]).float().requires_grad_()
    for node in range(5):
        index = torch.arange(fan_in, dtype=torch.int32)[:, None]
        column = table[:, node : node + 1].float()
        y = interpolate(x, column, index)
        assert torch.equal(y[0], column[:, 0])
        (grad,) = torch.autograd.grad(y.sum(), x)
        for pin in range(fan_in):
            high, low = table[rows | 1 << pin, node], table[rows & ~(1 << pin), node]
            assert torch.equal(grad[pin], (high - low).float())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("fan_in", range(2, 7))
def test_hard_tables_give_the_value_and_soft_ones_the_gradient(fan_in, dtype):
    x, table, index, grad = lut_problem(fan_in, 7, 9, True, fan_in)
    x, table = x.to(dtype).requires_grad_(), table.to(dtype).requires_grad_()
    grad = grad.to(dtype)
    binary = (table.detach() > 0).to(dtype)
    hard, soft = interpolate(x, table, index, hard=binary), interpolate(x, table, index)
    assert torch.equal(hard, interpolate(x, binary, index))
    assert not torch.equal(hard, soft)
    gradients = (torch.autograd.grad(y, (x, table), grad) for y in (hard, soft))
    torch.testing.assert_close(*gradients, rtol=0, atol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_gradient_of_the_first_layer_is_not_computed(dtype):
    x, table, index, grad = lut_problem(3, 7, 9, True, 0)
    table = table.to(dtype).requires_grad_()
    interpolate(x.to(dtype), table, index).backward(grad.to(dtype))
    assert table.grad is not None
    assert x.grad is None


def test_straight_through():
    soft = torch.tensor([0.3, 0.6], requires_grad=True)
    hard = torch.tensor([0.0, 1.0])
    y = straight_through(2 * soft, hard)
    assert torch.equal(y, hard)
    y.backward(torch.tensor([1.0, 5.0]))
    assert torch.equal(soft.grad, torch.tensor([2.0, 10.0]))
