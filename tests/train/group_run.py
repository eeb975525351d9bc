"""Trains every configuration of ``group_cases`` in the processes that torchrun started.

Usage: torchrun ... group_run.py FOLDER; the checkpoints of the last steps end there.
"""

import sys
from pathlib import Path

import torch
from runs import GROUP_CASES, make_images

from lgn2hdl.cli import end_process
from lgn2hdl.train.loop.distributed import join, leave
from lgn2hdl.train.loop.interrupt import TrainingStoppedError
from lgn2hdl.train.loop.loop import train


def run_all(folder, group):
    """One checkpoint a case; the last case is stopped by one process and nobody hangs."""
    for name, config in GROUP_CASES.items():
        network = train(make_images(), config, group=group, checkpoint=folder / f"{name}.ckpt")
        assert network.card["timing"]["processes"] == group.size

    def stop(progress):
        if progress.step == 3 and group.rank == group.size - 1:
            raise KeyboardInterrupt

    try:
        train(make_images(), config, group=group, checkpoint=folder / "stopped.ckpt",
              on_progress=stop)  # fmt: skip
    except TrainingStoppedError as error:
        (folder / f"stopped-{group.rank}.txt").write_text(str(error))


if __name__ == "__main__":
    torch.set_num_threads(1)
    joined = join()
    run_all(Path(sys.argv[1]), joined)
    joined.wait()
    leave(joined)
    end_process(0)
