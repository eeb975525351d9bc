"""Adam with a cosine for every kind of parameter."""

from __future__ import annotations

import math

import torch
from torch import nn

from lgn2hdl.train.config import TrainConfig

FINETUNE_FACTOR = 0.1
"""The fine-tuning steps begin with this part of the learning rates."""


def make_optimizer(modules: nn.Module, config: TrainConfig) -> torch.optim.AdamW:
    """Decoupled weight decay on tables only; scores of learned wiring have their own rate."""
    groups: dict[str, list[nn.Parameter]] = {"logits": [], "scores": [], "other": []}
    for name, parameter in modules.named_parameters():
        kind = name.rsplit(".", 1)[-1]
        groups[kind if kind in groups else "other"].append(parameter)
    rates = {"logits": config.learning_rate, "scores": config.wiring_learning_rate}
    return torch.optim.AdamW(
        [
            {
                "params": parameters,
                "full_rate": rates.get(kind, config.learning_rate),
                "weight_decay": config.weight_decay if kind == "logits" else 0.0,
            }
            for kind, parameters in groups.items()
            if parameters
        ],
        fused=True,
    )


def is_finetuning(config: TrainConfig, step: int) -> bool:
    """Whether ``step`` (0 for the first) is one of the last, straight-through ones."""
    return step >= config.steps - config.finetune_steps


def rate_factor(config: TrainConfig, step: int) -> float:
    """Part of the learning rates that holds in ``step``: half a cosine, then a smaller one."""
    main = config.steps - config.finetune_steps
    if is_finetuning(config, step):
        return FINETUNE_FACTOR * _half_cosine(step - main, config.finetune_steps)
    return _half_cosine(step, main)


def _half_cosine(step: int, steps: int) -> float:
    return (1 + math.cos(math.pi * step / steps)) / 2


def set_rates(optimizer: torch.optim.Optimizer, factor: float) -> None:
    """Give every group its part of its full learning rate."""
    for group in optimizer.param_groups:
        group["lr"] = group["full_rate"] * factor
