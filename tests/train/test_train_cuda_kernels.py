"""The GPU's kernels: on a GPU, else in Triton's interpreter; and through Triton's compiler."""

import os
import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_problems import (
    BATCHES,
    FAN_INS,
    check_choice,
    check_exact_corners,
    check_lut,
    check_mix,
    lut_problem,
    mix_problem,
)

from lgn2hdl.train.kernels.backend import backend
from lgn2hdl.train.relax import nodes
from lgn2hdl.train.wiring import wires

INTERPRETED = os.environ.get("TRITON_INTERPRET") == "1"
DEVICE = "cpu" if INTERPRETED else "cuda"
EXAMPLES = 8 if INTERPRETED else 50  # the interpreter takes milliseconds for an operation
SMALL_FAN_INS = st.integers(2, 3) if INTERPRETED else FAN_INS
LARGEST = 3 if INTERPRETED else 50


@pytest.fixture(scope="module")
def cuda_kernels():
    pytest.importorskip("triton", reason="Triton is not installed")
    from lgn2hdl.train.kernels import cuda as cuda_kernels

    return cuda_kernels


@pytest.mark.skipif(
    not INTERPRETED and not torch.cuda.is_available(),
    reason="no GPU; test_in_the_interpreter runs these on the CPU",
)
class TestOnTheDevice:
    @settings(max_examples=EXAMPLES)
    @given(SMALL_FAN_INS, st.integers(1, LARGEST), BATCHES, st.booleans(), st.integers(0, 999))
    def test_luts_equal_autograd(self, cuda_kernels, fan_in, width, samples, indexed, seed):
        check_lut(cuda_kernels, DEVICE, lut_problem(fan_in, width, samples, indexed, seed))

    @pytest.mark.parametrize("fan_in", range(2, 7))
    @pytest.mark.parametrize("indexed", [False, True])
    def test_luts_of_every_fan_in(self, cuda_kernels, fan_in, indexed):
        check_lut(cuda_kernels, DEVICE, lut_problem(fan_in, 2, 37, indexed, fan_in))

    @pytest.mark.parametrize("fan_in", range(2, 7))
    def test_binary_tables_are_exact_at_the_corners(self, cuda_kernels, fan_in):
        check_exact_corners(cuda_kernels, DEVICE, fan_in)

    @settings(max_examples=EXAMPLES)
    @given(
        st.integers(1, 5), st.integers(1, LARGEST), st.integers(1, 9), BATCHES, st.integers(0, 999)
    )
    def test_mixes_equal_autograd(self, cuda_kernels, count, pins, sources, samples, seed):
        check_mix(cuda_kernels, DEVICE, mix_problem(count, pins, sources, samples, seed))

    @settings(max_examples=EXAMPLES)
    @given(st.integers(1, 9), st.integers(1, 300), st.integers(1, 5), st.integers(0, 999))
    def test_the_first_of_equal_scores_is_chosen(self, cuda_kernels, count, pins, levels, seed):
        check_choice(cuda_kernels, DEVICE, count, pins, levels, seed)

    def test_gradients_are_the_same_bytes_every_time(self, cuda_kernels):
        x, table, index, grad = (t.to(DEVICE) for t in lut_problem(2, LARGEST, 150, True, 1))
        first, second = (
            cuda_kernels.lut_backward(x, table, index, grad, needs_x=True) for _ in range(2)
        )
        assert all(torch.equal(one, two) for one, two in zip(first, second, strict=True))

    def test_changed_wiring_is_seen(self, cuda_kernels):
        _, weight, source, grad = (t.to(DEVICE) for t in mix_problem(2, 9, 6, 20, 1))
        known = cuda_kernels.reversed_wiring(source, 6)
        assert cuda_kernels.reversed_wiring(source, 6)[0] is known[0]
        before = cuda_kernels.mix_backward_x(weight, source, grad, 6)
        source.copy_((source + 1) % 6)
        after = cuda_kernels.mix_backward_x(weight, source, grad, 6)
        torch.testing.assert_close(after, before.roll(1, 0))
        assert cuda_kernels.reversed_wiring(source, 8)[1].shape == (9,)

    @pytest.mark.parametrize("hard", [False, True])
    def test_layers_train_with_them(self, cuda_kernels, monkeypatch, hard):
        """A whole layer with learned wiring, against torch's own operations."""
        x, scores, source, _ = (t.to(DEVICE) for t in mix_problem(4, 21, 30, 65, 7))
        layer = wires.CandidateWires(
            source.view(4, 3, 7).cpu().numpy(), scores.view(4, 3, 7).cpu().numpy(), "softmax"
        ).to(DEVICE)
        table = torch.rand((8, 7)).to(DEVICE).requires_grad_()
        x.requires_grad_()
        results = []
        for kernels in (cuda_kernels, None):
            for module in (nodes, wires):
                monkeypatch.setattr(module, "backend", lambda *values, found=kernels: found)
            rows, index = layer(x, hard=hard)
            y = nodes.interpolate(rows, table, index)
            gradients = torch.autograd.grad(y.square().sum(), (x, table, layer.scores))
            results.append((y.detach(), *gradients))
        torch.testing.assert_close(*results, rtol=1e-4, atol=1e-4)


def test_in_the_interpreter(cuda_kernels):
    """In a process of its own: Triton looks at the variable once, when it is imported."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rs"]
    done = subprocess.run(
        [*command, f"{__file__}::TestOnTheDevice"],
        env={**os.environ, "TRITON_INTERPRET": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SKIPPED" not in done.stdout


POINTERS = {
    "*i32": {"index", "source", "readers", "starts", "chosen"},
    "i32": {"nodes", "pins", "samples", "count", "n_rows"},
}


def _type_of(argument):
    return next((kind for kind, names in POINTERS.items() if argument in names), "*fp32")


@pytest.mark.skipif(INTERPRETED, reason="the interpreter does not compile")
@pytest.mark.parametrize(
    ("name", "constants"),
    [
        ("_lut_forward", {"fan_in": 2, "tile": 128}),
        ("_lut_forward", {"fan_in": 6, "tile": 128, "index": None}),
        ("_lut_backward", {"fan_in": 2, "tile": 128}),
        ("_lut_backward", {"fan_in": 4, "tile": 64, "grad_pins": None}),
        ("_lut_backward", {"fan_in": 6, "tile": 32, "index": None}),
        ("_mix_forward", {"tile": 128}),
        ("_mix_backward_weight", {"tile": 128}),
        ("_sum_readers", {"tile": 128}),
        ("_sum_readers", {"tile": 128, "weight": None}),
        ("_choose", {"tile": 128}),
    ],
)
def test_translates_for_a_gpu_that_is_not_here(
    cuda_kernels, monkeypatch, tmp_path, name, constants
):
    """The interpreter takes more than the compiler, which needs no GPU for its work."""
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource, compile

    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    kernel = getattr(cuda_kernels, name)
    signature = {
        argument: "constexpr" if argument in constants else _type_of(argument)
        for argument in kernel.arg_names
    }
    source = ASTSource(kernel, signature, constants)
    built = compile(source, target=GPUTarget("cuda", 80, 32), options=cuda_kernels.OPTIONS)
    assert built.asm["cubin"]
    assert "atom." not in built.asm["ptx"]
    assert "red." not in built.asm["ptx"]


@pytest.mark.skipif(INTERPRETED or not torch.cuda.is_available(), reason="no GPU")
@pytest.mark.parametrize("fan_in", range(2, 7))
def test_a_large_layer_on_the_gpu_equals_the_cpu(cuda_kernels, fan_in):
    problem = lut_problem(fan_in, 5000, 200, True, 0)
    answers = []
    for device in ("cpu", "cuda"):
        x, table, index, grad = (tensor.to(device) for tensor in problem)
        x, table = x.requires_grad_(), table.requires_grad_()
        if device == "cuda":
            assert backend(x, table) is cuda_kernels
        y = nodes.interpolate(x, table, index)
        gradients = torch.autograd.grad(y, (x, table), grad)
        answers.append([tensor.cpu() for tensor in (y.detach(), *gradients)])
    torch.testing.assert_close(*answers, rtol=1e-4, atol=1e-4)
