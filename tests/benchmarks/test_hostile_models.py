"""Hostile model files: some of every kind through all that opens a model."""

import importlib
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
N_FILES = 196


@pytest.fixture(scope="module")
def hostile():
    """The benchmark and its generator, as modules."""
    names = ("hostile_models", "hostile_files")
    sys.path.insert(0, str(BENCHMARKS))
    yield tuple(map(importlib.import_module, names))
    sys.path.remove(str(BENCHMARKS))
    for name in names:
        del sys.modules[name]


def test_a_file_has_the_same_bytes_each_time(hostile):
    _, files = hostile
    assert [files.hostile_file(n, 3) for n in range(20)] == [
        files.hostile_file(n, 3) for n in range(20)
    ]
    assert files.hostile_file(0, 3) != files.hostile_file(0, 4)


@pytest.mark.slow
def test_every_file_is_refused_in_a_line_or_computed_alike_by_all(hostile, tmp_path, monkeypatch):
    """Some of each kind are compiled and written as C; no C of them is compiled here."""
    models, files = hostile
    outcomes = {kind: set() for kind in files.KINDS}
    monkeypatch.setattr(models, "check_c", lambda *_, **__: None)
    for number in range(N_FILES):
        kind, data = files.hostile_file(number, 1)
        path = tmp_path / "hostile.lgn"
        path.write_bytes(data)
        outcomes[kind].add(models.check(path, number))
    assert set().union(*outcomes.values()) == {"refused", "accepted"}
    assert sum("accepted" in found for found in outcomes.values()) > 8
    assert sum("refused" in found for found in outcomes.values()) > 8


def test_a_difference_is_found(hostile):
    models, _ = hostile
    with pytest.raises(models.DifferenceError, match="circuit"):
        models.same("circuit", [0, 1], [0, 2])


def test_the_table_counts_every_file(hostile):
    models, files = hostile
    counts = {kind: models.collections.Counter(refused=2, crash=1) for kind in files.KINDS}
    lines = models.table(counts)
    assert len(lines) == 3 + len(files.KINDS)
    assert (
        lines[-1] == f"| all | {3 * len(counts)} | {2 * len(counts)} | 0 | {len(counts)} | 0 | 0 |"
    )
