import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from kernel_problems import (
    BATCHES,
    FAN_INS,
    check_choice,
    check_exact_corners,
    check_lut,
    check_mix,
    check_threads,
    lut_problem,
    mix_problem,
)

from lgn2hdl.train.kernels import cpu as kernels
from lgn2hdl.train.relax import nodes
from lgn2hdl.train.wiring import wires

COMPILED = kernels.available(torch.zeros(1))

pytestmark = pytest.mark.skipif(not COMPILED, reason="no C compiler: there are no kernels to test")


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@given(FAN_INS, st.integers(1, 12), BATCHES, st.booleans(), st.integers(0, 999))
def test_luts_equal_autograd_in_float64(fan_in, width, samples, indexed, seed):
    check_lut(kernels, "cpu", lut_problem(fan_in, width, samples, indexed, seed))


@pytest.mark.parametrize("fan_in", range(2, 7))
@pytest.mark.parametrize("indexed", [False, True])
def test_luts_of_every_fan_in(fan_in, indexed):
    check_lut(kernels, "cpu", lut_problem(fan_in, 40, 77, indexed, fan_in))


@pytest.mark.parametrize("fan_in", range(2, 7))
def test_binary_tables_are_exact_at_the_corners(fan_in):
    check_exact_corners(kernels, "cpu", fan_in)


@given(st.integers(1, 9), st.integers(1, 20), st.integers(1, 9), BATCHES, st.integers(0, 999))
def test_mixes_equal_autograd_in_float64(count, pins, sources, samples, seed):
    check_mix(kernels, "cpu", mix_problem(count, pins, sources, samples, seed))


@given(st.integers(1, 9), st.integers(1, 300), st.integers(1, 5), st.integers(0, 999))
def test_the_first_of_equal_scores_is_chosen(count, pins, levels, seed):
    check_choice(kernels, "cpu", count, pins, levels, seed)


def _everything(fan_in, indexed):
    x, table, index, grad = lut_problem(fan_in, 50, 145, indexed, 1)
    yield kernels.lut_forward(x, table, index)
    yield from kernels.lut_backward(x, table, index, grad, needs_x=True)
    x, weight, source, grad = mix_problem(5, 61, 30, 145, 2)
    yield kernels.mix_forward(x, weight, source)
    yield kernels.mix_backward_weight(x, source, grad)
    yield kernels.mix_backward_x(weight, source, grad, len(x))
    yield kernels.choose(weight, source)


@pytest.mark.parametrize("fan_in", range(2, 7))
@pytest.mark.parametrize("indexed", [False, True])
def test_results_do_not_depend_on_the_number_of_threads(threads, fan_in, indexed):
    assert check_threads(threads, lambda: list(_everything(fan_in, indexed))) == 7


@pytest.mark.parametrize("values", [torch.zeros(1).double(), torch.zeros(1, device="meta")])
def test_only_float32_on_the_cpu_is_taken(values):
    assert not kernels.available(values)
    assert not kernels.available(torch.zeros(1), values)


@pytest.fixture
def both_ways(monkeypatch):
    """Runs something with the kernels and without; checks that the kernels were used at all."""

    def run(work):
        used = []
        monkeypatch.setattr(
            kernels, "_call", lambda name: used.append(name) or getattr(kernels._library(), name)
        )
        compiled = work()
        assert used
        used.clear()
        for module in (nodes, wires):
            monkeypatch.setattr(module, "backend", lambda *values: None)
        plain = work()
        assert not used
        return compiled, plain

    return run


@pytest.mark.parametrize("fan_in", range(2, 7))
@pytest.mark.parametrize("indexed", [False, True])
@pytest.mark.parametrize("hard", [False, True])
def test_interpolation_without_kernels_is_the_same(both_ways, fan_in, indexed, hard):
    x, table, index, grad = lut_problem(fan_in, 9, 21, indexed, 3)
    x, table = x.requires_grad_(), table.requires_grad_()
    binary = (table.detach() > 0).float() if hard else None

    def work():
        y = nodes.interpolate(x, table, index, hard=binary)
        return y.detach(), *torch.autograd.grad(y, (x, table), grad)

    torch.testing.assert_close(*both_ways(work), rtol=1e-5, atol=1e-5)


def test_mixing_without_kernels_is_the_same(both_ways):
    x, weight, source, grad = mix_problem(5, 11, 7, 21, 4)
    x, weight = x.requires_grad_(), weight.requires_grad_()

    def work():
        y = wires.mix(x, weight, source)
        return y.detach(), *torch.autograd.grad(y, (x, weight), grad)

    torch.testing.assert_close(*both_ways(work), rtol=1e-5, atol=1e-5)


def test_gradients_with_strides_are_taken(both_ways):
    x, table, index, _ = lut_problem(3, 9, 21, True, 5)
    values = torch.stack([x, x]).requires_grad_()  # every second column of a wider array

    def work():
        y = nodes.interpolate(values.permute(1, 2, 0)[:, :, 1], table.requires_grad_(), index)
        return y.detach(), *torch.autograd.grad(y.sum(), (values, table))

    torch.testing.assert_close(*both_ways(work), rtol=1e-5, atol=1e-5)
