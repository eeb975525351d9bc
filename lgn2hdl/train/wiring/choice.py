"""What the pins of a layer read while it computes with bits, and what is learned about that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from lgn2hdl.train.kernels.hard_bits import PinGradients
from lgn2hdl.train.kernels.hard_layer import Candidates

Agree = Callable[[Tensor], None]


@dataclass(frozen=True, eq=False)
class PinChoice:
    """What every pin reads, and what is learned about it.

    Attributes:
        index: source of every pin, ``i32[k, W]``.
        weight: gets the correlation of every candidate with the gradient of its pin: ``[K, P]``
            for ``candidates``, else ``[P, S]``; ``None`` where nothing is learned. Pin p of node w
            is number ``p * W + w``.
        candidates: what the pins could read; ``None`` for every source, as -1 and 1.
        observe: is told the sources' bits and the gradients of the pins.
        agree: replaces the units of the pins' gradients by the highest of all processes that train
            together, in place; ``None`` where there is one.
    """

    index: Tensor
    weight: Tensor | None = None
    candidates: Candidates | None = None
    observe: Callable[[Tensor, PinGradients], None] | None = None
    agree: Agree | None = None
