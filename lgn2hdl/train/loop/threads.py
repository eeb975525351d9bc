"""How many CPU threads a run uses."""

from __future__ import annotations

import torch

from lgn2hdl.train.config import TrainConfig

WORK_FOR_THREADS = 1_000_000
"""Node values per step below which several threads cost more in waiting than they bring."""


def use_threads(config: TrainConfig, wish: int | None) -> None:
    """Set torch's threads: ``wish``, else one for a small network and torch's default otherwise."""
    if wish is None and config.n_nodes * config.batch_size < WORK_FOR_THREADS:
        wish = 1
    if wish is not None:
        torch.set_num_threads(wish)
