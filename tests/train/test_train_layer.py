import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lgn2hdl.train.layer import bilinear_gates, reversed_wiring
from lgn2hdl.train.wiring import balanced


def _problem(sources, width, batch, seed):
    fanin = balanced(sources, width, np.random.default_rng(seed))
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand((sources, batch), generator=generator, dtype=torch.float64)
    c = torch.randn((4, width), generator=generator, dtype=torch.float64)
    pins = torch.from_numpy(fanin.T.astype(np.int64))
    return x.requires_grad_(), c.requires_grad_(), (pins, *reversed_wiring(fanin, sources))


def _plain(x, c, pins):
    a, b = x[pins[0]], x[pins[1]]
    return c[0, :, None] + c[1, :, None] * a + c[2, :, None] * b + c[3, :, None] * a * b


@settings(deadline=None, max_examples=30)
@given(st.integers(2, 12), st.integers(1, 20), st.integers(1, 5), st.integers(0, 99))
def test_value_and_gradients_equal_autograd_on_the_formula(sources, width, batch, seed):
    x, c, wires = _problem(sources, width, batch, seed)
    weight = torch.randn((width, batch), dtype=torch.float64)
    y, plain = bilinear_gates(x, c, *wires), _plain(x, c, wires[0])
    torch.testing.assert_close(y, plain)
    wanted = torch.autograd.grad((plain * weight).sum(), (x, c))
    given_back = torch.autograd.grad((y * weight).sum(), (x, c))
    torch.testing.assert_close(given_back, wanted)


@pytest.mark.parametrize(("sources", "width"), [(3, 7), (9, 2)])  # 9: some sources are not read
def test_gradcheck(sources, width):
    x, c, wires = _problem(sources, width, 4, 1)
    assert torch.autograd.gradcheck(lambda x, c: bilinear_gates(x, c, *wires), (x, c))


def test_input_gradient_is_skipped_where_nobody_wants_it():
    x, c, wires = _problem(4, 6, 3, 0)
    bilinear_gates(x.detach(), c, *wires).sum().backward()
    assert c.grad is not None
    assert x.grad is None


def test_backward_leaves_its_inputs_alone():
    x, c, wires = _problem(4, 6, 3, 0)
    before = x.detach().clone()
    y = bilinear_gates(x, c, *wires)
    first = torch.autograd.grad(y.sum(), (x, c), retain_graph=True)
    second = torch.autograd.grad(y.sum(), (x, c))
    torch.testing.assert_close(first, second, atol=0, rtol=0)
    torch.testing.assert_close(x.detach(), before, atol=0, rtol=0)
