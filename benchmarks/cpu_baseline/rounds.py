"""Timing side by side: all contenders in turn, round after round, medians in the end.

Everything that is timed runs on one thread. Seconds are its CPU time: on an idle machine that is
the time on the clock, and what else the machine does adds nothing but a colder cache.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Contender:
    """Something to be timed.

    Attributes:
        name: unique among those that are timed together.
        items: what a call works on: samples, operations, bytes.
        action: the call.
    """

    name: str
    items: float
    action: Callable[[], object]


def pin_to_core(core: int | None) -> int | None:
    """Keep this process on one core: the given one, or the last that it may use.

    Returns:
        The core, or ``None`` where the system cannot do that.
    """
    if not hasattr(os, "sched_setaffinity"):
        return None
    core = max(os.sched_getaffinity(0)) if core is None else core
    os.sched_setaffinity(0, {core})
    return core


def seconds_per_item(
    contenders: Sequence[Contender],
    rounds: int,
    at_least: float = 0.05,
    timer: Callable[[], float] = time.process_time,
) -> dict[str, float]:
    """Median seconds of one item of each contender.

    Every contender is called twice first: once to warm up, once to find how many calls take
    ``at_least`` seconds. Then each is measured once a round, in turn, so that what else the machine
    does hits all of them alike.
    """
    if len({contender.name for contender in contenders}) != len(contenders):
        raise ValueError("two contenders have the same name")
    calls = {}
    for contender in contenders:
        contender.action()
        once = _seconds(contender, 1, timer)
        calls[contender.name] = max(1, round(at_least / max(once, 1e-9)))
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for contender in contenders:
            n_calls = calls[contender.name]
            seconds = _seconds(contender, n_calls, timer)
            times[contender.name].append(seconds / n_calls / contender.items)
    return {name: statistics.median(values) for name, values in times.items()}


def _seconds(contender: Contender, n_calls: int, timer: Callable[[], float]) -> float:
    started = timer()
    for _ in range(n_calls):
        contender.action()
    return timer() - started
