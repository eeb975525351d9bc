"""Data-parallel training: several processes, each with a part of every batch.

``torchrun --nproc-per-node=N -m lgn2hdl train ...`` starts the processes and tells each its rank
through the environment (torch.distributed's own interface). All processes hold the same
parameters and add up their gradients, so they take the steps of one process with the whole batch.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed
from torch import Tensor

from lgn2hdl.base.errors import Lgn2HdlError, OptionError


class LostGroupError(Lgn2HdlError):
    """Another process of the group ended before this one."""


@dataclass(frozen=True)
class Group:
    """The processes of a run.

    Attributes:
        rank: number of this process, 0 to ``size - 1``; process 0 measures, prints and writes.
        size: number of processes.
        device: where this process computes.
    """

    rank: int = 0
    size: int = 1
    device: str = "cpu"

    @property
    def leads(self) -> bool:
        """Whether this process is the one that writes."""
        return self.rank == 0

    def part(self, n_rows: int) -> slice:
        """This process's rows of a batch; all parts together are the batch."""
        return slice(n_rows * self.rank // self.size, n_rows * (self.rank + 1) // self.size)

    def add_up(self, tensors: Iterable[Tensor]) -> None:
        """Replace every tensor by its sum over the processes, in one message.

        Raises:
            LostGroupError: if another process ended.
        """
        if self.size == 1:
            return
        parts = list(tensors)
        flat = torch.cat([part.reshape(-1) for part in parts])
        self._together(flat, torch.distributed.ReduceOp.SUM)
        start = 0
        for part in parts:
            part.copy_(flat[start : start + part.numel()].view_as(part))
            start += part.numel()

    def _together(self, tensor: Tensor, operation: Any) -> None:
        try:
            torch.distributed.all_reduce(tensor, operation)
        except RuntimeError as error:
            reason = (str(error).splitlines() or [""])[0]
            raise LostGroupError(
                f"process {self.rank} of {self.size} lost the others ({reason}): see what they "
                "say, then go on with --resume"
            ) from None

    def highest(self, tensor: Tensor) -> None:
        """Replace every value by the highest of the processes.

        Raises:
            LostGroupError: if another process ended.
        """
        self._together(tensor, torch.distributed.ReduceOp.MAX)

    def wait(self) -> None:
        """Wait until all processes are here."""
        self.add_up([torch.zeros(1, device=self.device)])


def require_device(device: str) -> None:
    """Check that the device is there.

    Raises:
        OptionError: if it is not.
    """
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise OptionError("device cuda: torch finds no CUDA GPU here; leave --device out")


def join(device: str = "cpu") -> Group:
    """Join the processes that ``torchrun`` started; a group of one without it.

    Args:
        device: ``cpu``, or ``cuda`` for one GPU a process.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return Group(device=device)
    backend = "nccl" if device.startswith("cuda") else "gloo"
    if device == "cuda":
        device = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
        torch.cuda.set_device(device)
    if not torch.distributed.is_initialized():
        torch.distributed.init_process_group(backend)
    rank, size = torch.distributed.get_rank(), torch.distributed.get_world_size()
    return Group(rank, size, device)


def leave(group: Group) -> None:
    """End the group, so that no process waits for another."""
    if group.size > 1 and torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
