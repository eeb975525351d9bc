"""Wires: how the pins of a layer get their values, fixed or learned.

All kinds turn the values of the layer below, ``x[S, N]``, into rows and an index of the row that
each pin reads, which is what :func:`lgn2hdl.train.relax.nodes.interpolate` takes.

A learned pin has a score for each of its candidates and ends at the one with the highest. While it
trains, one of three selections gives the scores a gradient, from the gradient ``g`` of the pin:

* ``softmax``: the pin is the mean of the candidates weighted by the softmax of the scores
  (LILogicNet, arXiv:2511.12340);
* ``straight-through``: the pin is the best candidate, the gradient that of the softmax form;
* ``correlation``: the pin is the best candidate, and the gradient of a candidate's score is the
  correlation ``sum_n (2 x[n] - 1) g[n]`` of its value with ``g``, whatever the other scores are
  (DWN, ICML 2024).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from lgn2hdl.train.kernels import hard_bits
from lgn2hdl.train.kernels.arithmetic import mean, product, softmax, total
from lgn2hdl.train.kernels.backend import Kernels, backend
from lgn2hdl.train.kernels.hard_bits import PinGradients
from lgn2hdl.train.kernels.hard_layer import Candidates
from lgn2hdl.train.wiring.candidates import redraw
from lgn2hdl.train.wiring.choice import Agree, PinChoice
from lgn2hdl.train.wiring.wiring import Fanin, Places


class Wires(nn.Module):
    """How the pins of a layer get their values.

    ``wires(x, hard=...)`` turns the values of the sources, ``x[S, N]``, into rows and the row that
    each pin reads, ``i32[k, W]``; without the latter pin p of node w reads row ``p * W + w``.
    ``hard`` asks for what remains after training. Parameters named ``scores`` are trained at the
    learning rate of wiring.

    Attributes:
        agree: see :class:`~lgn2hdl.train.wiring.choice.PinChoice`.
    """

    agree: Agree | None = None

    def choice(self) -> PinChoice | None:
        """What the pins read where layers compute with bits, and how wiring learns from it.

        ``None`` if they cannot: then the layer computes with the rows of :meth:`forward`.
        """
        return None

    def fanin(self) -> Fanin:
        """Wiring ``i32[W, k]`` as it would be if training ended now."""
        raise NotImplementedError


class FixedWires(Wires):
    """Wiring ``i32[W, k]`` that stays as it is."""

    index: Tensor

    def __init__(self, fanin: Fanin) -> None:
        super().__init__()
        index = torch.from_numpy(np.ascontiguousarray(fanin.T, np.int32))
        self.register_buffer("index", index)

    def forward(self, x: Tensor, *, hard: bool) -> tuple[Tensor, Tensor | None]:
        """Rows and index; nothing is copied."""
        return x, self.index

    def choice(self) -> PinChoice:
        """The wiring; nothing is learned."""
        return PinChoice(self.index)

    def fanin(self) -> Fanin:
        """Wiring ``i32[W, k]``."""
        return np.ascontiguousarray(self.index.cpu().numpy().T)


class _Mix(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, source: Tensor, kernels: Kernels) -> Tensor:
        x, weight = x.contiguous(), weight.contiguous()
        ctx.kernels = kernels
        ctx.save_for_backward(x, weight, source)
        return kernels.mix_forward(x, weight, source)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor, None, None]:
        x, weight, source = ctx.saved_tensors
        grad, grad_x = grad.contiguous(), None
        if ctx.needs_input_grad[0]:
            grad_x = ctx.kernels.mix_backward_x(weight, source, grad, len(x))
        return grad_x, ctx.kernels.mix_backward_weight(x, source, grad), None, None


def mix(x: Tensor, weight: Tensor, source: Tensor) -> Tensor:
    """``y[p] = sum_c weight[c, p] * x[source[c, p]]``, ``[P, N]``, differentiable in both.

    Args:
        x: values ``[S, N]``.
        weight: ``[K, P]``.
        source: ``i32[K, P]``.
    """
    kernels = backend(x, weight)
    if kernels is not None:
        return _Mix.apply(x, weight, source, kernels)  # type: ignore[no-untyped-call]
    total = x.new_zeros((source.shape[1], x.shape[1]))
    for candidate, factor in zip(source, weight, strict=True):
        total = total + factor[:, None] * x.index_select(0, candidate)
    return total


class _Choose(torch.autograd.Function):
    """``x[chosen]``, ``[P, N]``; the weight of candidate (c, p) gets ``grad[p] . x[source[c, p]]``.

    With ``correlation`` it gets the product with ``2 x - 1`` instead.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, source: Tensor, chosen: Tensor, correlation: bool
    ) -> Tensor:
        ctx.save_for_backward(x.contiguous(), source, chosen)
        ctx.correlation = correlation
        return x.index_select(0, chosen)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor, None, None, None]:
        x, source, chosen = ctx.saved_tensors
        grad, grad_x = grad.contiguous(), None
        if ctx.needs_input_grad[0]:
            grad_x = torch.zeros_like(x).index_add_(0, chosen, grad)
        kernels = backend(x, grad)
        if kernels is not None:
            products = kernels.mix_backward_weight(x, source, grad)
        else:
            products = torch.stack([(x.index_select(0, s) * grad).sum(1) for s in source])
        if ctx.correlation:
            products = 2 * products - total(grad, 1)
        return grad_x, products, None, None, None


class CandidateWires(Wires):
    """Every pin chooses among K sources.

    Args:
        source: candidates ``i32[K, k, W]``.
        scores: first scores ``f32[K, k, W]``.
        selection: ``softmax``, ``straight-through`` or ``correlation``.
    """

    source: Tensor

    def __init__(
        self, source: npt.NDArray[np.int32], scores: npt.NDArray[np.float32], selection: str
    ) -> None:
        super().__init__()
        self.fan_in, self.width = source.shape[1:]
        self.n_pins = self.fan_in * self.width
        self.selection = selection
        self.scores = nn.Parameter(torch.from_numpy(scores.reshape(-1, self.n_pins)))
        self.register_buffer("source", torch.from_numpy(source.reshape(-1, self.n_pins).copy()))
        self.observing = False
        self.observed: list[Tensor] = []
        self.observed_bits: tuple[Tensor, PinGradients] | None = None

    def forward(self, x: Tensor, *, hard: bool) -> tuple[Tensor, Tensor | None]:
        """One row for every pin; with ``hard`` that of its best candidate.

        While ``observing``, ``observed`` keeps ``x`` and the gradient of these rows.
        """
        rows = self._rows(x, hard)
        if self.observing and rows.requires_grad:
            self.observed = [x.detach()]
            rows.register_hook(  # type: ignore[no-untyped-call]
                lambda grad: self.observed.append(grad.detach())
            )
        return rows, None

    def _rows(self, x: Tensor, hard: bool) -> Tensor:
        if self.selection == "correlation":
            return self._choose(x, self.scores, True)
        weight = softmax(self.scores)
        if self.selection == "softmax" and not hard:
            return mix(x, weight, self.source)
        return self._choose(x, weight, False)

    def choice(self) -> PinChoice:
        """The best candidates; ``observed_bits`` keeps what they learn while ``observing``."""
        centred = self.selection == "correlation"
        return PinChoice(
            self._best().view(self.fan_in, self.width),
            self.scores if centred else softmax(self.scores),
            Candidates(self.source, centred),
            self._observe if self.observing else None,
            self.agree,
        )

    def _observe(self, bits: Tensor, pins: PinGradients) -> None:
        self.observed_bits = bits, pins

    def _choose(self, x: Tensor, weight: Tensor, correlation: bool) -> Tensor:
        chosen = _Choose.apply(x, weight, self.source, self._best(), correlation)  # type: ignore[no-untyped-call]
        return torch.as_tensor(chosen)

    @torch.no_grad()
    def _best(self) -> Tensor:
        kernels = backend(self.scores)
        if kernels is not None:
            return kernels.choose(self.scores, self.source)
        return self.source.gather(0, self.scores.argmax(dim=0, keepdim=True))[0]

    def fanin(self) -> Fanin:
        """Wiring ``i32[W, k]`` of the highest scores."""
        return np.ascontiguousarray(self._best().view(self.fan_in, self.width).cpu().numpy().T)

    @torch.no_grad()
    def resample(
        self,
        n_sources: int,
        rng: np.random.Generator,
        adam: dict[str, Tensor],
        places: Places | None,
        radius: int,
    ) -> None:
        """Draw the lower half of every pin's candidates anew (CompactLogic, arXiv:2602.05830).

        New ones begin with the mean score of their pin. In ``adam``, the optimizer's state of the
        scores, they have no momentum, and the pin's mean square of gradients: with none at all
        their first steps would be far too long.
        """
        count = len(self.scores)
        if count < 2 or count >= n_sources:
            return
        best_first = self.scores.argsort(dim=0, descending=True, stable=True)
        losers = best_first[count - count // 2 :]
        lost = torch.zeros_like(self.scores, dtype=torch.bool).scatter_(0, losers, True)
        shape = (count, self.fan_in, self.width)
        drawn = redraw(
            self.source.view(shape).cpu().numpy(),
            ~lost.view(shape).cpu().numpy(),
            n_sources,
            rng,
            places=places,
            radius=radius,
        )
        self.source.copy_(torch.from_numpy(drawn.reshape(count, -1)))
        usual = mean(self.scores, 0).expand_as(self.scores)
        self.scores[lost] = usual[lost]
        if adam:
            adam["exp_avg"][lost] = 0
            usual = mean(adam["exp_avg_sq"], 0).expand_as(self.scores)
            adam["exp_avg_sq"][lost] = usual[lost]

    @torch.no_grad()
    def adopt(self, found: Tensor, adam: dict[str, Tensor]) -> None:
        """Put the source ``found[P]`` in the place of every pin's worst candidate.

        Pins that have it among their candidates stay as they are.

        Scores and ``adam`` as in :meth:`resample`.
        """
        if len(self.scores) < 2:
            return
        found = found.to(self.source.dtype)
        pins = (self.source != found).all(dim=0).nonzero()[:, 0]
        worst = self._worst()[pins]
        self.source[worst, pins] = found[pins]
        self.scores[worst, pins] = mean(self.scores, 0)[pins]
        if adam:
            adam["exp_avg"][worst, pins] = 0
            adam["exp_avg_sq"][worst, pins] = mean(adam["exp_avg_sq"], 0)[pins]

    def _worst(self) -> Tensor:
        """The candidate with the lowest score of every pin, the first among equals, ``i64[P]``."""
        kernels = backend(self.scores)
        if kernels is None:
            return self.scores.argmin(dim=0)
        numbers = torch.arange(len(self.scores), dtype=torch.int32, device=self.scores.device)
        places = numbers[:, None].expand_as(self.scores).contiguous()
        return kernels.choose(-self.scores, places).long()


class _Map(torch.autograd.Function):
    """``x[chosen]``; the score of source s and pin p gets their correlation."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, scores: Tensor, chosen: Tensor) -> Tensor:
        ctx.save_for_backward(x, chosen)
        return x.index_select(0, chosen)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor, None]:
        x, chosen = ctx.saved_tensors
        grad_x = None
        if ctx.needs_input_grad[0]:
            grad_x = torch.zeros_like(x).index_add_(0, chosen, grad)
        return grad_x, product(grad, (2 * x - 1).T), None


class MappedWires(Wires):
    """Learned mapping of DWN (ICML 2024): every source is a candidate of every pin.

    Args:
        scores: first scores ``f32[k * W, S]``.
        fan_in: pins k of a node.
    """

    def __init__(self, scores: npt.NDArray[np.float32], fan_in: int) -> None:
        super().__init__()
        self.fan_in, self.width = fan_in, len(scores) // fan_in
        self.scores = nn.Parameter(torch.from_numpy(scores))

    def forward(self, x: Tensor, *, hard: bool) -> tuple[Tensor, Tensor | None]:
        """One row for every pin, that of its best source."""
        rows: Tensor = _Map.apply(x, self.scores, self._best())  # type: ignore[no-untyped-call]
        return rows, None

    def choice(self) -> PinChoice:
        """The best sources of all."""
        index = self._best().view(self.fan_in, self.width).to(torch.int32)
        return PinChoice(index, self.scores, agree=self.agree)

    @torch.no_grad()
    def _best(self) -> Tensor:
        if hard_bits.available(self.scores):
            return hard_bits.highest(self.scores)
        return self.scores.argmax(dim=1)

    def fanin(self) -> Fanin:
        """Wiring ``i32[W, k]`` of the highest scores."""
        chosen = self._best().view(self.fan_in, self.width)
        return np.ascontiguousarray(chosen.cpu().numpy().T, np.int32)
