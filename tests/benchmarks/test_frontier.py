"""The frontier benchmark: its table, its front, its picture."""

import importlib.util
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "frontier.py"


@pytest.fixture(scope="module")
def frontier():
    spec = importlib.util.spec_from_file_location("frontier", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["frontier"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules["frontier"]


def ours(frontier, name, accuracy, luts):
    parts = (("encoder", 0), ("core", luts - 10), ("popcount", 10))
    return frontier.Point("mnist", name, accuracy, luts, frontier.ALL_IN, parts)


def test_the_front_has_what_no_other_point_beats(frontier):
    points = [ours(frontier, "c.lgn", 98.0, 900), ours(frontier, "a.lgn", 97.0, 300),
              ours(frontier, "worse.lgn", 96.9, 400), ours(frontier, "same.lgn", 97.0, 350),
              ours(frontier, "large.lgn", 97.9, 1000)]  # fmt: skip
    assert [point.name for point in frontier.front(points)] == ["a.lgn", "c.lgn"]


def test_the_table_lists_all_points_and_our_parts(frontier):
    mnist = [point for point in frontier.PUBLISHED if point.dataset == "mnist"]
    lines = frontier.table([*mnist, ours(frontier, "a.lgn", 97.5, 710)]).splitlines()
    assert len(lines) == 2 + len(mnist) + 1
    assert "| **a.lgn** | 97.50 % | 710 | all in: core 700, popcount 10 |" in lines
    assert "| DWN 1 x 300, board | 96.77 % | 1,597 | all in |" in lines
    accuracies = [float(line.split("|")[2].rstrip("% ")) for line in lines[2:]]
    assert accuracies == sorted(accuracies, reverse=True)


def test_published_points_are_of_titled_data_sets_and_not_ours(frontier):
    assert {point.dataset for point in frontier.PUBLISHED} == set(frontier.TITLES)
    assert not any(point.ours for point in frontier.PUBLISHED)


def test_the_picture_is_a_png(frontier, tmp_path):
    picture = tmp_path / "frontier.png"
    frontier.draw([*frontier.PUBLISHED, ours(frontier, "a.lgn", 97.5, 710)], picture)
    assert picture.read_bytes().startswith(b"\x89PNG")
