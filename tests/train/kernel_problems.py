"""Random problems for kernels of any backend, and what float64 autograd says about them."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import strategies as st

from lgn2hdl.train.relax.nodes import interpolate_plainly

FAN_INS = st.integers(2, 6)
BATCHES = st.sampled_from([1, 3, 15, 16, 17, 31, 33, 63, 64, 65, 100, 127, 128, 129, 200])
"""Batch sizes around the widths of vectors and tiles."""


def lut_problem(fan_in, nodes, samples, indexed, seed):
    """``x``, ``table``, ``index`` and the gradient of the outputs, float32 and int32."""
    torch_rng = torch.Generator().manual_seed(seed)
    sources = nodes + 1 if indexed else fan_in * nodes  # few: pins share sources, some have none
    index = torch.randint(sources, (fan_in, nodes), generator=torch_rng, dtype=torch.int32)
    x = torch.rand((sources, samples), generator=torch_rng)
    table = torch.randn((2**fan_in, nodes), generator=torch_rng)
    grad = torch.randn((nodes, samples), generator=torch_rng)
    return x, table, index if indexed else None, grad


def lut_answer(x, table, index, grad):
    """Outputs and the gradients of ``x`` and ``table``."""
    x, table = x.double().requires_grad_(), table.double().requires_grad_()
    y = interpolate_plainly(x, table, index)
    return y.detach(), *torch.autograd.grad(y, (x, table), grad.double())


def mix_problem(count, pins, sources, samples, seed):
    """``x``, ``weight``, ``source`` and the gradient of the pins."""
    torch_rng = torch.Generator().manual_seed(seed)
    source = torch.randint(sources, (count, pins), generator=torch_rng, dtype=torch.int32)
    x = torch.rand((sources, samples), generator=torch_rng)
    weight = torch.randn((count, pins), generator=torch_rng)
    return x, weight, source, torch.randn((pins, samples), generator=torch_rng)


def mix_answer(x, weight, source, grad):
    """Pins and the gradients of ``x`` and ``weight``."""
    x, weight = x.double().requires_grad_(), weight.double().requires_grad_()
    y = (weight[:, :, None] * x[source.long()]).sum(0)
    return y.detach(), *torch.autograd.grad(y, (x, weight), grad.double())


def assert_near(found, wanted):
    """``found``, float32 on any device, is ``wanted`` but for rounding."""
    assert found.dtype is torch.float32
    torch.testing.assert_close(found.cpu().double(), wanted, rtol=1e-5, atol=5e-5)


def check_lut(kernels, device, problem):
    """Forward, backward, and backward without the gradient of ``x``; inputs stay as they are."""
    x, table, index, grad = (None if t is None else t.to(device, copy=True) for t in problem)
    y, grad_x, grad_table = lut_answer(*problem)
    assert_near(kernels.lut_forward(x, table, index), y)
    found_x, found_table = kernels.lut_backward(x, table, index, grad, needs_x=True)
    assert_near(found_x, grad_x)
    assert_near(found_table, grad_table)
    no_x, same_table = kernels.lut_backward(x, table, index, grad, needs_x=False)
    assert no_x is None
    assert torch.equal(same_table, found_table)
    for now, before in zip((x, table, index, grad), problem, strict=True):
        assert now is None or torch.equal(now.cpu(), before)


def check_mix(kernels, device, problem):
    """Forward and both gradients."""
    x, weight, source, grad = (tensor.to(device) for tensor in problem)
    y, grad_x, grad_weight = mix_answer(*problem)
    assert_near(kernels.mix_forward(x, weight, source), y)
    assert_near(kernels.mix_backward_x(weight, source, grad, len(x)), grad_x)
    assert_near(kernels.mix_backward_weight(x, source, grad), grad_weight)


def check_exact_corners(kernels, device, fan_in):
    """A binary table at all corners: the row that the pins select, without any rounding."""
    rng = np.random.default_rng(fan_in)
    table = torch.from_numpy(rng.integers(0, 2, (2**fan_in, 3)).astype(np.float32))
    rows = torch.arange(2**fan_in)
    x = torch.stack([(rows >> pin) & 1 for pin in range(fan_in)]).float()
    index = torch.arange(fan_in, dtype=torch.int32)[:, None].repeat(1, 3)
    y = kernels.lut_forward(x.to(device), table.to(device), index.to(device))
    assert torch.equal(y.cpu(), table.T)


def check_choice(kernels, device, count, pins, levels, seed):
    """The first of the highest scores; few ``levels`` make ties."""
    rng = np.random.default_rng(seed)
    score = (rng.integers(0, levels, (count, pins)) - levels).astype(np.float32)
    source = rng.integers(0, 1000, (count, pins)).astype(np.int32)
    wanted = source[score.argmax(0), np.arange(pins)]
    chosen = kernels.choose(torch.from_numpy(score).to(device), torch.from_numpy(source).to(device))
    assert chosen.dtype is torch.int32
    assert np.array_equal(chosen.cpu().numpy(), wanted)


def check_threads(set_threads, everything):
    """``everything()``, a list of results, is the same bytes on one thread as on three."""
    set_threads(1)
    alone = everything()
    set_threads(3)
    together = everything()
    for one, three in zip(alone, together, strict=True):
        assert one.numpy().tobytes() == three.numpy().tobytes()
    return len(alone)
