"""Which kernels a training step uses: compiled ones for the CPU, Triton's on a GPU, or none."""

from __future__ import annotations

import functools
import warnings
from typing import Protocol, cast

import torch
from torch import Tensor

from lgn2hdl.train.kernels import cpu as kernels


class Kernels(Protocol):
    """What both :mod:`lgn2hdl.train.kernels.cpu` and :mod:`lgn2hdl.train.kernels.cuda` offer."""

    def lut_forward(self, x: Tensor, table: Tensor, index: Tensor | None) -> Tensor:
        """Multilinear interpolation of tables at the pins."""

    def lut_backward(
        self, x: Tensor, table: Tensor, index: Tensor | None, grad: Tensor, *, needs_x: bool
    ) -> tuple[Tensor | None, Tensor]:
        """Gradients of ``x`` (if needed) and ``table``."""

    def mix_forward(self, x: Tensor, weight: Tensor, source: Tensor) -> Tensor:
        """Weighted sum of the candidates of every pin."""

    def mix_backward_weight(self, x: Tensor, source: Tensor, grad: Tensor) -> Tensor:
        """Gradient of the weights."""

    def mix_backward_x(
        self, weight: Tensor, source: Tensor, grad: Tensor, n_sources: int
    ) -> Tensor:
        """Gradient of the sources."""

    def choose(self, score: Tensor, source: Tensor) -> Tensor:
        """The source with the highest score of every pin."""


def backend(*values: Tensor) -> Kernels | None:
    """The kernels for these values, or ``None`` where torch's own operations have to do.

    Only float32 has kernels: on the CPU where there is a C compiler, on a GPU where Triton works.
    """
    if kernels.available(*values):
        return cast(Kernels, kernels)
    if all(value.is_cuda and value.dtype is torch.float32 for value in values):
        return _triton()
    return None


@functools.cache
def _triton() -> Kernels | None:
    """The GPU's kernels if they run: Triton may lack, be too old, or lack a C compiler."""
    try:
        from lgn2hdl.train.kernels import cuda as cuda_kernels

        one = torch.ones((4, 1), device="cuda")
        cuda_kernels.lut_backward(
            one, one, None, cuda_kernels.lut_forward(one, one, None), needs_x=True
        )
    except Exception as error:  # whatever the reason, training goes on without them
        reason = (str(error).splitlines() or [""])[0]
        warnings.warn(
            f"Triton does not run here ({type(error).__name__}: {reason}); layers are trained with "
            "torch's own operations, more slowly: install triton 3.5 or newer and a C compiler",
            stacklevel=3,
        )
        return None
    return cast(Kernels, cuda_kernels)
