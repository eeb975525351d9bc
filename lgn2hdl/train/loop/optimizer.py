"""Adam with a cosine for every kind of parameter."""

from __future__ import annotations

import functools
import math
from typing import Any

import torch
from torch import Tensor, nn

from lgn2hdl.train.config import TrainConfig
from lgn2hdl.train.kernels.arithmetic import is_exact
from lgn2hdl.train.kernels.exact import AdamFactors, adam

FINETUNE_FACTOR = 0.1
"""The fine-tuning steps begin with this part of the learning rates."""

COSINE_TERMS = 12
"""Terms of the cosine's series; more do not change a double up to a right angle."""


def make_optimizer(modules: nn.Module, config: TrainConfig) -> torch.optim.AdamW:
    """Decoupled weight decay on tables only; scores of learned wiring have their own rate."""
    names = ("logits", "scores", "strength", "other")
    groups: dict[str, list[nn.Parameter]] = {name: [] for name in names}
    for name, parameter in modules.named_parameters():
        kind = name.rsplit(".", 1)[-1]
        groups[kind if kind in groups else "other"].append(parameter)
    rates = {"scores": config.wiring_learning_rate, "strength": config.head_learning_rate}
    exact = is_exact(*modules.parameters())
    return (ExactAdam if exact else functools.partial(torch.optim.AdamW, fused=True))(
        [
            {
                "params": parameters,
                "full_rate": rates.get(kind, config.learning_rate),
                "weight_decay": config.weight_decay if kind == "logits" else 0.0,
            }
            for kind, parameters in groups.items()
            if parameters
        ]
    )


class ExactAdam(torch.optim.AdamW):
    """AdamW of contiguous float32 parameters on the CPU, the same bytes on every processor.

    Options and state are torch's.
    """

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Take a step with the gradients at hand; closures are not supported."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._update(parameter, group)

    def _update(self, parameter: Tensor, group: dict[str, Any]) -> None:
        state: dict[str, Tensor] = self.state[parameter]
        if not state:
            state["step"] = torch.zeros(())
            state["exp_avg"] = torch.zeros_like(parameter)
            state["exp_avg_sq"] = torch.zeros_like(parameter)
        state["step"] += 1
        factors = _factors(group, int(state["step"]))
        gradient = parameter.grad.contiguous()  # type: ignore[union-attr]
        adam(factors, gradient, parameter, state["exp_avg"], state["exp_avg_sq"])


def _factors(group: dict[str, Any], step: int) -> AdamFactors:
    beta1, beta2 = group["betas"]
    return AdamFactors(
        beta1=beta1,
        rest1=1 - beta1,
        beta2=beta2,
        rest2=1 - beta2,
        decay=1 - group["lr"] * group["weight_decay"],
        rate=group["lr"] / (1 - _power(beta1, step)),
        correction=1 / math.sqrt(1 - _power(beta2, step)),
        epsilon=group["eps"],
    )


def _power(base: float, exponent: int) -> float:
    """By multiplications alone: ``**`` asks the C library, which chooses code by the processor."""
    result = 1.0
    while exponent:
        if exponent & 1:
            result *= base
        base *= base
        exponent >>= 1
    return result


def is_finetuning(config: TrainConfig, step: int) -> bool:
    """Whether ``step`` (0 for the first) is one of the last, straight-through ones."""
    return step >= config.steps - config.finetune_steps


def sampling_kind(config: TrainConfig, step: int) -> str:
    """How nodes compute in ``step`` (0 for the first)."""
    return "hard" if is_finetuning(config, step) else config.sampling


def rate_factor(config: TrainConfig, step: int) -> float:
    """Part of the learning rates that holds in ``step``: half a cosine, then a smaller one."""
    main = config.steps - config.finetune_steps
    if is_finetuning(config, step):
        return FINETUNE_FACTOR * _half_cosine(step - main, config.finetune_steps)
    return _half_cosine(step, main)


def _half_cosine(step: int, steps: int) -> float:
    """By its series: the C library's cosine depends on the processor, as its power does."""
    if 2 * step > steps:
        return 1.0 - _half_cosine(steps - step, steps)
    angle = math.pi * step / steps
    cosine = term = 1.0
    for number in range(1, 2 * COSINE_TERMS, 2):
        term *= -angle * angle / (number * (number + 1))
        cosine += term
    return (1.0 + cosine) / 2


def set_rates(optimizer: torch.optim.Optimizer, factor: float) -> None:
    """Give every group its part of its full learning rate."""
    for group in optimizer.param_groups:
        group["lr"] = group["full_rate"] * factor
