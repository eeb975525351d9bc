"""The C side as Python calls it: what each step promises, and the cache of what was compiled."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import random_netlist

from lgn2hdl.base.errors import ToolError
from lgn2hdl.cpu import library
from lgn2hdl.cpu.library import INSTRUCTION_SETS, assign_slots, compute_order, first_segments
from lgn2hdl.ir.netlist import Netlist
from lgn2hdl.tools import native

seeds = st.integers(0, 2**32 - 1)


def test_supported_instruction_sets() -> None:
    there = library.supported()
    assert there[0] == "portable"
    assert list(there) == [name for name in INSTRUCTION_SETS if name in there]


def random_gates(seed: int, n_segments: int) -> tuple[Netlist, np.ndarray]:
    """Gates of three pins and the segment of each node."""
    rng = np.random.default_rng(seed)
    netlist = random_netlist(rng, int(rng.integers(0, 9)), int(rng.integers(0, 80)), 3, 5)
    read_in = np.full(netlist.n_nodes, n_segments, np.int32)
    read_in[netlist.outputs] = rng.integers(0, n_segments, 5)
    return netlist, first_segments(netlist.fanin, netlist.first_gate, read_in)


@given(seed=seeds, n_segments=st.integers(1, 6))
def test_a_node_is_in_the_first_segment_that_needs_it(seed: int, n_segments: int) -> None:
    netlist, segment = random_gates(seed, n_segments)
    gates = segment[netlist.first_gate :]
    assert (segment[netlist.fanin] <= gates[:, None]).all()
    readers = np.full(netlist.n_nodes, n_segments + 1)
    np.minimum.at(readers, netlist.fanin.ravel(), np.repeat(gates, 3))
    unread = np.setdiff1d(np.arange(netlist.n_nodes), netlist.outputs)
    assert np.array_equal(segment[unread], np.minimum(readers[unread], n_segments))


def test_segments_do_not_change_what_was_given() -> None:
    given_segments = np.array([2, 2, 2, 1], np.int32)
    assert first_segments(np.array([[1, 2, 0]]), 3, given_segments).tolist() == [1, 1, 1, 1]
    assert given_segments.tolist() == [2, 2, 2, 1]


@given(seed=seeds, n_segments=st.integers(1, 6))
def test_gates_come_after_their_pins_segment_by_segment(seed: int, n_segments: int) -> None:
    netlist, segment = random_gates(seed, n_segments)
    own = segment[netlist.first_gate :]
    order = compute_order(netlist.fanin, netlist.table, own, netlist.first_gate)
    assert np.array_equal(np.sort(order), np.arange(netlist.n_gates))
    assert (np.diff(own[order]) >= 0).all()
    position = np.full(netlist.n_nodes, -1)
    position[netlist.first_gate + order] = np.arange(netlist.n_gates)
    assert (position[netlist.fanin] < position[netlist.first_gate :][:, None]).all()


def test_runs_of_equal_tables_are_long() -> None:
    rng = np.random.default_rng(2)
    fanin = np.zeros((900, 3), int)
    fanin[:300] = rng.integers(1, 11, (300, 3))
    fanin[300:] = rng.integers(0, 300, (600, 3)) + 11
    table = rng.choice([0x88, 0x66, 0xE8], 900).astype(np.uint8)
    order = compute_order(fanin, table, np.zeros(900, np.int32), 11)
    assert np.count_nonzero(np.diff(table[order].astype(int))) < 10


@given(seed=seeds, n_values=st.integers(0, 80), share=st.floats(0, 1))
def test_living_values_have_slots_of_their_own(seed: int, n_values: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    n_first = int(n_values * share)
    made = np.maximum(0, np.arange(n_values) - n_first + 1)
    last_use = made + rng.integers(1, 30, n_values)
    slots, n_slots = assign_slots(last_use.astype(np.int32), n_first)
    most = 0
    for time in range(int(made.max(initial=0)) + 1):
        living = (made <= time) & (time < last_use)
        assert len(np.unique(slots[living])) == living.sum()
        most = max(most, int(living.sum()))
    assert n_slots == most  # as few as can be
    assert set(slots.tolist()) == set(range(n_slots))


def test_no_memory_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    class Exhausted:
        @staticmethod
        def builder_order(*_: object) -> int:
            return -1

        builder_slots = builder_order

    monkeypatch.setattr(library, "builder", Exhausted)
    with pytest.raises(MemoryError):
        compute_order(np.zeros((1, 3)), np.zeros(1, np.uint8), np.zeros(1), 1)
    with pytest.raises(MemoryError):
        assign_slots(np.ones(2, np.int32), 1)


# ---- the cache of compiled sources ----

PREDICT = """
import sys
from pathlib import Path
import numpy as np
from lgn2hdl.model import file as model_file
from lgn2hdl.cpu import Engine
network = model_file.load(Path(sys.argv[1]))
rows = np.random.default_rng(1).integers(0, 1 << network.features.width.min(),
                                         (1000, network.features.n_features))
print(np.array_equal(Engine(network).predict(rows), network.decisions(rows)))
"""

DIGITS = Path(__file__).resolve().parents[2] / "models" / "digits.lgn"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """With an empty cache, and a compiler that does not optimize, since that takes long."""
    real = next(filter(None, map(shutil.which, native.COMPILERS)), None)
    if real is None:
        pytest.skip("no C compiler")
    folder = tmp_path_factory.mktemp("native")
    quick = folder / "cc"
    quick.write_text(f'#!/bin/sh\nexec "{real}" "$@" -O0\n')
    quick.chmod(0o755)
    return {**os.environ, "CC": str(quick), "XDG_CACHE_HOME": str(folder / "cache")}


def all_predict_right(environment: dict[str, str], n_processes: int) -> bool:
    """Whether processes that start at once predict what the golden model does."""
    command = [sys.executable, "-c", PREDICT, str(DIGITS)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    processes = [
        subprocess.Popen(command, env=environment, text=True, **pipes)  # type: ignore[call-overload]
        for _ in range(n_processes)
    ]
    try:
        printed = [process.communicate()[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    return printed == ["True\n"] * n_processes


def libraries(environment: dict[str, str]) -> list[Path]:
    cache = Path(environment["XDG_CACHE_HOME"]) / "lgn2hdl" / "native"
    return sorted(path for path in cache.iterdir())


@pytest.fixture(scope="module")
def built(environment: dict[str, str]) -> tuple[Path, Path]:
    """Builder and engine, built by two processes at once."""
    assert all_predict_right(environment, 2)
    builder, engine = libraries(environment)
    return builder, engine


@pytest.mark.slow
def test_processes_that_build_at_once_do_not_collide(built: tuple[Path, Path]) -> None:
    assert [path.name.split("-")[0] for path in built] == ["builder", "engine"]


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["truncated", "overwritten"])
def test_a_damaged_engine_is_built_anew(
    environment: dict[str, str], built: tuple[Path, Path], damage: str
) -> None:
    whole = [path.read_bytes() for path in built]
    engine = built[1]
    engine.write_bytes(whole[1][:-4096] if damage == "truncated" else b"garbage " * 5000)
    assert all_predict_right(environment, 1)
    assert libraries(environment) == list(built)
    assert [path.read_bytes() for path in built] == whole


def test_a_change_of_any_source_makes_another_library(monkeypatch: pytest.MonkeyPatch) -> None:
    builds: dict[Path, set[Path]] = {}

    def record(
        source: Path, flags: tuple[str, ...] = (), includes: tuple[Path, ...] = ()
    ) -> mock.Mock:
        builds[source] = {source, *includes}
        return mock.Mock()

    monkeypatch.setattr(native, "load_or_raise", record)
    library.engine.__wrapped__()
    library.builder.__wrapped__()
    assert len(builds) == 2
    for source, known in builds.items():
        texts = [path.read_text() for path in known]
        names = re.findall(r'^#include "(.*)"', "\n".join(texts), re.MULTILINE)
        assert known == {source, *(source.parent / name for name in names)}


@pytest.mark.parametrize("build", [library.engine, library.builder])
def test_without_a_compiler_there_is_one_line(tmp_path: Path, monkeypatch, build) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match="no C compiler") as error:
        build.__wrapped__()
    assert len(str(error.value).splitlines()) == 1
