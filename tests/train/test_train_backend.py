import subprocess
import sys
import types

import pytest
import torch

from lgn2hdl.train.kernels import backend
from lgn2hdl.train.kernels import cpu as kernels


def _gpu_tensor(dtype=torch.float32):
    """As much of a tensor on a GPU as the choice looks at."""
    return types.SimpleNamespace(device=torch.device("cuda"), dtype=dtype, is_cuda=True)


def test_the_cpu_takes_compiled_kernels_where_they_are():
    values = torch.zeros(1), torch.zeros(2)
    assert backend.backend(*values) is (kernels if kernels.available(*values) else None)


def test_without_a_compiler_torch_does_it(monkeypatch):
    monkeypatch.setattr(kernels, "_library", lambda: None)
    assert backend.backend(torch.zeros(1)) is None


@pytest.mark.parametrize("other", [torch.zeros(1).double(), torch.zeros(1, device="meta")])
def test_other_types_and_devices_have_no_kernels(other):
    assert backend.backend(other) is None
    assert backend.backend(torch.zeros(1), other) is None


def test_a_gpu_takes_triton(monkeypatch):
    monkeypatch.setattr(backend, "_triton", lambda: "Triton's kernels")
    assert backend.backend(_gpu_tensor(), _gpu_tensor()) == "Triton's kernels"
    assert backend.backend(_gpu_tensor(torch.bfloat16)) is None
    assert backend.backend(_gpu_tensor(), torch.zeros(1)) is None


def test_without_triton_one_line_is_said_and_torch_does_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "lgn2hdl.train.kernels.cuda", None)
    monkeypatch.delattr("lgn2hdl.train.kernels.cuda", raising=False)
    with pytest.warns(UserWarning, match="Triton does not run here .* install triton") as caught:
        assert backend._triton.__wrapped__() is None
    assert len(caught) == 1
    assert len(str(caught[0].message).splitlines()) == 1


def test_the_cpu_never_imports_triton():
    code = (
        "import sys, torch\n"
        "from lgn2hdl.train.relax import nodes\n"
        "from lgn2hdl.train.wiring import wires\n"
        "nodes.interpolate(torch.rand(2, 3), torch.rand(4, 1))\n"
        "sys.exit('triton' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
