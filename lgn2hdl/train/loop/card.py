"""The card of a trained network: everything needed to reproduce and judge it."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

import numpy as np
import torch

import lgn2hdl
from lgn2hdl.train.data.problem import Problem
from lgn2hdl.train.loop.checkpoint import Best


def versions() -> dict[str, str]:
    """Versions of what the result depends on."""
    return {
        "lgn2hdl": lgn2hdl.__version__,
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "python": platform.python_version(),
    }


def machine() -> str:
    """Processor and number of cores."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores"


def make_card(
    problem: Problem,
    best: Best,
    *,
    command: str,
    test: dict[str, float],
    seconds: float,
    processes: int,
    device: str,
) -> dict[str, Any]:
    """JSON values: data set, command, options, metrics, versions, timing."""
    dataset, config = problem.dataset, problem.config
    metrics: dict[str, Any] = {
        **test,
        "validation_hard_accuracy": best.hard_accuracy,
        "validation_soft_accuracy": best.soft_accuracy,
        "validation_gap": best.soft_accuracy - best.hard_accuracy,
        "selected_step": best.step,
    }
    if best.luts is not None:
        metrics["estimated_luts"] = best.luts
    training = config.to_json()
    if config.learn_tau:
        metrics["tau"] = best.tau
    else:
        training["tau"] = best.tau
    return {
        "dataset": {
            "name": dataset.name,
            "sha256": dataset.sha256,
            "train_rows": len(problem.x),
            "validation_rows": len(problem.x_validation),
            "test_rows": len(dataset.x_test),
        },
        "command": command,
        "seed": config.seed,
        "training": training,
        "metrics": metrics,
        "gates": config.n_nodes,
        "input_bits": problem.encoder.n_bits,
        "versions": versions(),
        "timing": {
            "seconds": round(seconds, 1),
            "milliseconds_per_step": round(1000 * seconds / config.steps, 2),
            "threads": torch.get_num_threads(),
            "processes": processes,
            "device": device,
            "machine": machine(),
        },
    }
