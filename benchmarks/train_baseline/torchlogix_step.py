"""Baseline: milliseconds of a step of torchlogix, printed by the interpreter that has it.

    PYTHON torchlogix_step.py LAYERS WIDTH BATCH THREADS SECONDS

(torchlogix needs an environment of its own: ``pip install torch torchlogix==0.2.2``. Its module
``circuit`` needs Python 3.12, its layers do not; so the package is entered beside its
``__init__``.)
"""

from __future__ import annotations

import importlib.util
import statistics
import sys
import time
import types


def _enter() -> None:
    found = importlib.util.find_spec("torchlogix")
    if found is None or found.submodule_search_locations is None:
        sys.exit("this interpreter has no torchlogix: pip install torchlogix==0.2.2")
    package = types.ModuleType("torchlogix")
    package.__path__ = list(found.submodule_search_locations)
    sys.modules["torchlogix"] = package


def milliseconds(layers: int, width: int, batch: int, threads: int, seconds: float) -> float:
    """Median of a whole step, two of them apart: raw layers, Adam."""
    _enter()
    import torch
    from torchlogix.layers import GroupSum, LogicDense

    torch.set_num_threads(threads)
    stack = [LogicDense(width if index else 784, width) for index in range(layers)]
    model = torch.nn.Sequential(*stack, GroupSum(10, tau=10.0))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01, fused=True)
    bits, labels = (torch.rand(batch, 784) > 0.5).float(), torch.arange(batch) % 10
    times: list[float] = []
    while len(times) < 5 or sum(times[2:]) < seconds:
        started = time.perf_counter()
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(bits), labels).backward()
        optimizer.step()
        times.append(time.perf_counter() - started)
    return 1000 * statistics.median(times[2:])


if __name__ == "__main__":
    print(milliseconds(*map(int, sys.argv[1:5]), seconds=float(sys.argv[5])))
