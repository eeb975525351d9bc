import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lgn2hdl.train.wiring import balance
from lgn2hdl.train.wiring.balance import balanced_sets, shuffles


def assert_balanced(sets, n_sources, n_sets, size):
    rising = np.sort(sets, axis=0)
    assert sets.shape == (size, n_sets)
    assert sets.dtype == np.int32
    assert (rising[1:] > rising[:-1]).all()
    assert sets.min() >= 0
    for entries in (sets, sets[:1]):
        uses = np.bincount(entries.ravel(), minlength=n_sources)
        assert len(uses) == n_sources
        assert uses.max() - uses.min() <= 1


@given(st.integers(1, 12), st.integers(0, 60), st.integers(1, 150), st.integers(0, 9))
def test_sets_hold_no_source_twice_and_use_all_equally(size, more, n_sets, seed):
    rng = np.random.default_rng(seed)
    sets = balanced_sets(size + more, n_sets, size, rng)
    assert_balanced(sets, size + more, n_sets, size)


@given(st.integers(2, 9), st.integers(0, 60), st.integers(1, 150), st.integers(0, 9))
def test_sets_that_exchanges_do_not_find_are_still_balanced(size, more, n_sets, seed):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(balance, "PATIENCE", 0)
        sets = balanced_sets(size + more, n_sets, size, np.random.default_rng(seed))
    assert_balanced(sets, size + more, n_sets, size)


def test_many_sources_are_found_by_exchanges(monkeypatch):
    monkeypatch.setattr(balance, "_circles", None)
    sets = balanced_sets(100, 5000, 16, np.random.default_rng(0))
    assert_balanced(sets, 100, 5000, 16)


def test_sets_differ_from_each_other():
    for n_sources in (12, 40):
        sets = np.sort(balanced_sets(n_sources, 300, 4, np.random.default_rng(0)), axis=0)
        assert len(np.unique(sets, axis=1).T) > 150


def test_shuffles_are_orders_of_all_sources_one_after_the_other():
    drawn = shuffles(7, 25, np.random.default_rng(0))
    assert len(drawn) == 25
    for start in (0, 7, 14):
        assert sorted(drawn[start : start + 7]) == list(range(7))
    assert len(set(drawn[21:])) == 4
    assert drawn[:7].tolist() != drawn[7:14].tolist()


SETS = [
    # sources, sets, size, seed
    (5, 7, 5, 0, "8bf242bbd3e0d246"),
    (7, 30, 3, 1, "457ee9fc06d0e908"),
    (12, 100, 3, 2, "d5c7c28562dad530"),
    (11, 4, 3, 3, "697277ba186ee5a5"),
    (64, 999, 6, 4, "7df17d176cc6e7bb"),
    (300, 50, 8, 5, "ac90aa4d4df81ed4"),
]
"""What the sets of a seed are."""


@pytest.mark.parametrize(("sources", "number", "size", "seed", "expected"), SETS)
def test_a_seed_gives_the_same_sets_for_ever(sources, number, size, seed, expected):
    sets = balanced_sets(sources, number, size, np.random.default_rng(seed))
    assert sets.shape == (size, number)
    content = np.ascontiguousarray(sets, "<i4").tobytes()
    assert hashlib.sha256(content).hexdigest()[:16] == expected


def test_repeats_are_found_in_the_lower_row():
    sets = np.array([[1, 2, 3, 4], [1, 5, 6, 4], [7, 2, 6, 4]])
    row, column = balance._repeats(sets)
    assert list(zip(row.tolist(), column.tolist(), strict=True)) == [
        (1, 0), (1, 3), (2, 1), (2, 2), (2, 3),
    ]  # fmt: skip
    assert [len(item) for item in balance._repeats(sets[:1])] == [0, 0]
