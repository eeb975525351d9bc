"""``builder.c`` under the sanitizers, against the same steps in plain Python."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import sanitized
from networks import random_netlist

Case = tuple[list[npt.NDArray[np.int32]], list[int]]


def segments(fanin: npt.NDArray[np.int32], first_gate: int, reader: list[int]) -> list[int]:
    """First segment that needs each node, itself or through its readers."""
    segment = list(reader)
    for gate in reversed(range(len(fanin))):
        for pin in fanin[gate]:
            segment[pin] = min(segment[pin], segment[first_gate + gate])
    return segment


def readers_of(fanin: npt.NDArray[np.int32], first: int) -> list[list[int]]:
    """Gates that read each gate, once for every pin."""
    return [
        (np.flatnonzero(fanin.ravel() == first + gate) // 3).tolist() for gate in range(len(fanin))
    ]


class Stacks:
    """Gates whose pins are computed: of this segment by table, of later ones by segment."""

    def __init__(self, table: list[int], segment: list[int], n_segments: int) -> None:
        self.table, self.segment = table, segment
        self.later: list[list[int]] = [[] for _ in range(n_segments)]
        self.ready: list[list[int]] = [[] for _ in range(256)]

    def put(self, gate: int, now: int) -> None:
        soon = self.segment[gate] <= now
        (self.ready[self.table[gate]] if soon else self.later[self.segment[gate]]).append(gate)

    def take(self, now: int) -> Iterator[int]:
        """Always of the table that has most gates, the first one of several."""
        while self.later[now]:
            self.put(self.later[now].pop(), now)
        while fullest := max(self.ready, key=len):
            while fullest:
                yield fullest.pop()


def order(
    fanin: npt.NDArray[np.int32], table: list[int], segment: list[int], first: int, n_segments: int
) -> list[int]:
    """Segment by segment the gates that can be computed."""
    readers, missing = readers_of(fanin, first), (fanin >= first).sum(axis=1)
    stacks = Stacks(table, segment, n_segments)
    for gate in np.flatnonzero(missing == 0)[::-1].tolist():
        stacks.put(gate, -1)
    result = []
    for now in range(n_segments):
        for gate in stacks.take(now):
            result.append(gate)
            for reader in readers[gate]:
                missing[reader] -= 1
                if missing[reader] == 0:
                    stacks.put(reader, now)
    return result


def slots(last_use: list[int], by_time: list[int], n_first: int) -> list[int]:
    """Number of slots, and the slot of every value: the one that was given up last."""
    result: list[int] = []
    free: list[int] = []
    n_slots = given_up = 0
    for value in range(len(last_use)):
        now = value - n_first + 1
        while now > 0 and given_up < value and last_use[by_time[given_up]] <= now:
            free.append(result[by_time[given_up]])
            given_up += 1
        if not free:
            free.append(n_slots)
            n_slots += 1
        result.append(free.pop())
    return [n_slots, *result]


def numbers(*values: npt.ArrayLike) -> list[npt.NDArray[np.int32]]:
    return [np.asarray(value, np.int32).ravel() for value in values]


def graph_case(rng: np.random.Generator) -> Case:
    n_inputs, n_gates = int(rng.integers(0, 10)), int(rng.integers(0, 80))
    n_segments = int(rng.integers(1, 6))
    netlist = random_netlist(rng, n_inputs, n_gates, 3, 1)
    table = (netlist.table % rng.integers(1, 256)).tolist()
    read_in = rng.integers(0, n_segments, netlist.n_nodes).tolist()
    segment = segments(netlist.fanin, netlist.first_gate, read_in)
    own = segment[netlist.first_gate :]
    found = order(netlist.fanin, table, own, netlist.first_gate, n_segments)
    sizes = [netlist.first_gate, n_gates, n_segments]
    return numbers(0, sizes, netlist.fanin, table, read_in), [*segment, *found]


def lifetimes(rng: np.random.Generator, n: int, n_first: int) -> npt.NDArray[np.int32]:
    """A last use of each value after it is made."""
    made = np.maximum(0, np.arange(n) - n_first + 1)
    return (made + 1 + rng.integers(0, rng.integers(1, 30), n)).astype(np.int32)


def slot_case(rng: np.random.Generator) -> Case:
    n = int(rng.integers(0, 60))
    n_first = int(rng.integers(0, n + 1))
    last_use = lifetimes(rng, n, n_first)
    by_time = np.argsort(last_use, kind="stable")
    found = slots(last_use.tolist(), by_time.tolist(), n_first)
    return numbers(1, [n, n_first], last_use, by_time), found


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = Path(__file__).with_name("builder_driver.c")
    return sanitized.build(source, tmp_path_factory.mktemp("driver"))


def test_every_step_is_right_and_no_access_is_wrong(driver: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    cases = [case(rng) for _ in range(300) for case in (graph_case, slot_case)]
    path = tmp_path / "cases"
    path.write_bytes(np.concatenate([part for words, _ in cases for part in words]).tobytes())
    lines = sanitized.run(driver, path).decode().splitlines()
    assert [list(map(int, line.split())) for line in lines] == [found for _, found in cases]
