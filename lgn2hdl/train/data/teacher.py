"""Teachers for distillation: logits that a network learns from beside the labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from lgn2hdl.base.errors import DataError
from lgn2hdl.base.files import open_file
from lgn2hdl.base.system_errors import explained
from lgn2hdl.model.features import Integers

Logits = npt.NDArray[np.floating]

TRIAL_ROWS = 16
"""Training rows on which a module is tried before training."""

Teacher = nn.Module | Logits
"""A torch module from features ``f32[N, F]`` (the integers of the data set) to logits ``[N, C]``,
or the stored logits of all training rows of the data set, in their order. A module is moved to the
device of the run and put into evaluation mode."""


def load_logits(path: Path) -> Logits:
    """Logits ``[rows, outputs]`` of a ``.npy`` file; nothing in it is executed.

    Raises:
        DataError: if the file cannot be read or holds something else.
    """
    try:
        open_file(path).close()  # a pipe or a device would not end
        logits = np.load(path, allow_pickle=False, mmap_mode="r")
    except (OSError, ValueError, EOFError, SyntaxError) as error:
        text = explained(error, "check the path") if isinstance(error, OSError) else str(error)
        raise DataError(f"cannot read the teacher's logits {path}: {text}") from None
    if not isinstance(logits, np.ndarray) or logits.dtype.kind != "f" or logits.ndim != 2:
        raise DataError(
            f"{path} does not hold floating-point logits [rows, outputs]: "
            "save them with numpy.save, one row for every training row"
        )
    return logits


def require_fit(teacher: Teacher, x_train: Integers, n_outputs: int, device: str = "cpu") -> None:
    """Check a teacher against the data set: stored logits all, a module on some rows.

    Raises:
        DataError: if the shape differs or a value is not finite.
    """
    if isinstance(teacher, nn.Module):
        teacher.to(device).eval()
        rows = np.arange(min(TRIAL_ROWS, len(x_train)))
        _require_module_fit(logits_of(teacher, rows, x_train[rows], device), len(rows), n_outputs)
        return
    n_rows = len(x_train)
    if teacher.shape != (n_rows, n_outputs):
        raise DataError(
            f"the teacher's logits have shape {teacher.shape}, the data set has {n_rows} training "
            f"rows and {n_outputs} outputs: store one row of logits for every training row"
        )
    if not np.isfinite(teacher).all():
        raise DataError("the teacher's logits are not all finite: train the teacher again")


def _require_module_fit(logits: Tensor, n_rows: int, n_outputs: int) -> None:
    if tuple(logits.shape) != (n_rows, n_outputs):
        raise DataError(
            f"the teacher gives logits of shape {tuple(logits.shape)} for {n_rows} rows, the data "
            f"set has {n_outputs} outputs: give a module from rows to one logit for every output"
        )
    if not bool(logits.isfinite().all()):
        raise DataError("the teacher's logits are not all finite: train the teacher again")


@torch.no_grad()
def logits_of(teacher: Teacher, rows: npt.NDArray[np.int64], x: Integers, device: str) -> Tensor:
    """The teacher's logits ``f32[N, C]`` for a batch.

    Args:
        teacher: see :data:`Teacher`.
        rows: where the batch's rows stand in the data set's training rows.
        x: the rows ``[N, F]`` themselves, shifted or mirrored as the network sees them.
        device: where a module computes, and where the result goes.
    """
    if isinstance(teacher, nn.Module):
        features = torch.from_numpy(np.asarray(x, np.float32)).to(device)
        return torch.as_tensor(teacher(features)).float()
    return torch.from_numpy(np.asarray(teacher[rows], np.float32)).to(device)
