"""Arithmetic of training against torch's in double precision, and what needs a compiler."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from runs import CONFIG, make_dataset

from lgn2hdl.train.kernels import arithmetic, exact
from lgn2hdl.train.loop.loop import train
from lgn2hdl.train.loop.optimizer import ExactAdam, make_optimizer, rate_factor, set_rates
from lgn2hdl.train.network import losses
from lgn2hdl.train.relax.relaxation import _walsh_matrix
from lgn2hdl.train.seeds import Purpose, generator, standard_normal

COMPILED = exact.available(torch.zeros(1))

compiled = pytest.mark.skipif(not COMPILED, reason="no C compiler: there are no kernels to test")

SIZES = st.sampled_from([1, 2, 3, 7, 15, 16, 17, 31, 33, 64, 100, 129])
"""Around the widths of vectors and tiles."""


def random(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


def check(function, plain, *inputs, tolerance=1e-5):
    """Value and gradients of a function are those of ``plain`` in doubles."""
    mine = [value.clone().requires_grad_() for value in inputs]
    theirs = [value.double().requires_grad_() for value in inputs]
    got, wanted = function(*mine), plain(*theirs)
    close(got, wanted, tolerance)
    weight = random(*got.shape) if got.ndim else torch.ones(())
    grads = torch.autograd.grad(got, mine, weight)
    for found, expected in zip(
        grads, torch.autograd.grad(wanted, theirs, weight.double()), strict=True
    ):
        close(found, expected, tolerance)


def close(got, wanted, tolerance=1e-5):
    torch.testing.assert_close(got.double(), wanted, rtol=tolerance, atol=tolerance)


@compiled
@pytest.mark.parametrize(
    ("function", "plain", "low", "high"),
    [
        (arithmetic.exponential, torch.exp, -87, 88),
        (arithmetic.sigmoid, torch.sigmoid, -80, 80),
        (arithmetic.logarithm, torch.log, 1e-30, 1e-20),
        (arithmetic.logarithm, torch.log, 1e-6, 0.999),
        (arithmetic.logarithm, torch.log, 0.99, 1.01),
        (arithmetic.logarithm, torch.log, 1, 1e30),
    ],
)
def test_functions_are_right_to_some_units_in_the_last_place(function, plain, low, high):
    x = torch.linspace(low, high, 100_003)
    wanted = plain(x.double())
    unit = torch.maximum(wanted.abs(), torch.tensor(1e-37)) * 2**-23
    assert float(((function(x).double() - wanted).abs() / unit).max()) < 3


@compiled
def test_functions_beyond_their_range():
    ends = torch.tensor([-math.inf, -1e30, 1e30, math.inf, math.nan])
    low, _, _, high, nothing = arithmetic.exponential(ends).tolist()
    assert 0 <= low < 1e-37
    assert high > 1e38
    assert math.isnan(nothing)
    low, _, _, high, nothing = arithmetic.sigmoid(ends).tolist()
    assert 0 <= low < 1e-37
    assert high == 1
    assert math.isnan(nothing)


@compiled
@settings(max_examples=25)
@given(SIZES, SIZES)
def test_softmax_sums_and_products_equal_doubles(rows, columns):
    x = random(rows, columns)
    check(arithmetic.softmax, lambda x: torch.softmax(x, 0), x)
    for axis in (0, 1):
        check(lambda x, axis=axis: arithmetic.total(x, axis), lambda x, a=axis: x.sum(a), x)
    check(lambda x: arithmetic.mean(x[None], 1), lambda x: x.mean(0)[None], x)
    factor = random(5, rows)
    check(lambda x: arithmetic.product(factor, x), lambda x: factor.double() @ x, x)
    check(
        lambda x: arithmetic.product(factor, x.T.contiguous().T), lambda x: factor.double() @ x, x
    )
    check(arithmetic.sigmoid, torch.sigmoid, x)
    check(arithmetic.exponential, torch.exp, x)


@compiled
@settings(max_examples=25)
@given(st.integers(1, 6), SIZES)
def test_the_walsh_transform_is_a_product_with_its_matrix(pins, columns):
    matrix = _walsh_matrix(pins)
    check(
        lambda x: arithmetic.walsh_transform(x, matrix),
        lambda x: torch.from_numpy(matrix).double() @ x,
        random(1 << pins, columns),
        tolerance=1e-4,
    )


@compiled
def test_the_gradient_of_a_spread_value_is_a_sum():
    check(
        lambda tau, x: x / arithmetic.spread(tau, x),
        lambda tau, x: x / tau,
        torch.tensor(1.7),
        random(9, 33),
    )


@compiled
@settings(max_examples=25)
@given(SIZES, st.integers(2, 12))
def test_losses_equal_torchs(rows, classes):
    logits, other = 3 * random(rows, classes), random(rows, classes + 1)[:, 1:]
    goal, part = torch.softmax(other, 1), torch.sigmoid(other)
    functional = torch.nn.functional
    check(
        lambda x: losses.cross_entropy(x, goal),
        lambda x: functional.cross_entropy(x, goal.double()),
        logits,
    )
    check(
        lambda x: losses.binary_cross_entropy(x, part),
        lambda x: functional.binary_cross_entropy_with_logits(x, part.double()),
        logits,
    )


def test_what_has_no_kernel_is_computed_by_torch(monkeypatch):
    monkeypatch.setattr(exact, "available", lambda *values: False)
    x, matrix = random(4, 10), _walsh_matrix(2)
    close(arithmetic.softmax(x), torch.softmax(x.double(), 0))
    close(arithmetic.total(x, 1), x.double().sum(1))
    close(arithmetic.walsh_transform(x, matrix), torch.from_numpy(matrix).double() @ x.double())
    close(arithmetic.product(x.T, x), x.T.double() @ x.double())
    close(arithmetic.logarithm(x.exp()), x.double())
    close(arithmetic.exponential(x), x.double().exp())


@compiled
def test_steps_of_adam_equal_torchs():
    module = torch.nn.Linear(37, 5)
    other = torch.nn.Linear(37, 5)
    other.load_state_dict(module.state_dict())
    mine = make_optimizer(module, CONFIG)
    set_rates(mine, 1.0)
    assert isinstance(mine, ExactAdam)
    theirs = torch.optim.AdamW(other.parameters(), lr=CONFIG.learning_rate, weight_decay=0.0)
    for step in range(5):
        for one, two in zip(module.parameters(), other.parameters(), strict=True):
            one.grad = random(*one.shape) * 10 ** (step - 3)
            two.grad = one.grad.clone()
        mine.step()
        theirs.step()
    for one, two in zip(module.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(one, two)
        torch.testing.assert_close(mine.state[one]["exp_avg_sq"], theirs.state[two]["exp_avg_sq"])
        assert mine.state[one]["step"] == theirs.state[two]["step"] == 5


def test_the_rate_is_half_a_cosine():
    for step in range(CONFIG.steps):
        wanted = (1 + math.cos(math.pi * step / CONFIG.steps)) / 2
        assert rate_factor(CONFIG, step) == pytest.approx(wanted, abs=1e-15)


def test_normal_numbers_are_rounded_doubles():
    drawn = standard_normal(generator(1, Purpose.SCORES), (1000, 100))
    assert drawn.dtype == "float32"
    assert abs(drawn.mean()) < 0.02
    assert drawn.std() == pytest.approx(1, abs=0.02)


def test_without_a_compiler_training_says_that_processors_differ(monkeypatch):
    monkeypatch.setattr(exact, "available", lambda *values: False)
    with pytest.warns(UserWarning, match="another processor may give another network"):
        train(make_dataset(), CONFIG)
