import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lgn2hdl.errors import OptionError
from lgn2hdl.train.wiring import (
    WIRINGS,
    balanced,
    fixed_wiring,
    local,
    neighbour_pairs,
    node_places,
    pixel_places,
)

sizes = given(st.integers(2, 40), st.integers(1, 200), st.integers(0, 9))


@sizes
def test_balanced_reads_every_source_equally_often_and_never_twice_by_one_node(
    sources, width, seed
):
    fanin = balanced(sources, width, np.random.default_rng(seed))
    counts = np.bincount(fanin.ravel(), minlength=sources)
    assert fanin.shape == (width, 2)
    assert fanin.dtype == np.int32
    assert counts.max() - counts.min() <= 1
    assert len(counts) == sources
    first = np.bincount(fanin[:, 0], minlength=sources)
    assert first.max() - first.min() <= 1
    assert (fanin[:, 0] != fanin[:, 1]).all()


@sizes
def test_neighbour_pairs_are_distinct_until_all_are_used(sources, width, seed):
    fanin = neighbour_pairs(sources, width, np.random.default_rng(seed))
    assert fanin.shape == (width, 2)
    assert (fanin[:, 0] < fanin[:, 1]).all()
    assert fanin.min() >= 0
    assert fanin.max() < sources
    _, uses = np.unique(fanin, axis=0, return_counts=True)
    pairs = sources * (sources - 1) // 2
    assert uses.max() <= -(-width // pairs)
    assert len(uses) == min(width, pairs)


@sizes
def test_neighbour_pairs_take_the_nearest_first(sources, width, seed):
    fanin = neighbour_pairs(sources, width, np.random.default_rng(seed))
    distance = np.sort(fanin[:, 1] - fanin[:, 0])
    every = np.concatenate([np.full(sources - d, d) for d in range(1, sources)])
    np.testing.assert_array_equal(distance, np.sort(np.resize(every, width)))


def test_the_first_half_layer_reads_each_input_once():
    fanin = neighbour_pairs(10, 5, np.random.default_rng(0))
    assert sorted(map(tuple, fanin.tolist())) == [(0, 1), (2, 3), (4, 5), (6, 7), (8, 9)]


GRID = pixel_places(np.arange(30), (5, 6))


def test_places_are_the_middles_of_pixels_and_of_pins():
    assert GRID[[0, 5, 6, 29]].tolist() == [[0.5, 0.5], [0.5, 5.5], [1.5, 0.5], [4.5, 5.5]]
    colour = pixel_places(np.arange(24), (2, 4, 3))
    assert colour[[0, 2, 3, 12]].tolist() == [[0.5, 0.5], [0.5, 0.5], [0.5, 1.5], [1.5, 0.5]]
    assert node_places(GRID, np.array([[0, 7], [29, 28]])).tolist() == [[1, 1], [4.5, 5]]


@given(st.integers(1, 200), st.integers(1, 4), st.integers(0, 9))
def test_local_pins_are_near_each_other_and_pin_0_is_balanced(width, radius, seed):
    places = pixel_places(np.repeat(np.arange(100), 2), (10, 10))  # two bits a pixel
    fanin = local(places, width, radius, np.random.default_rng(seed))
    first = np.bincount(fanin[:, 0], minlength=200)
    assert fanin.shape == (width, 2)
    assert fanin.min() >= 0
    assert first.max() - first.min() <= 1
    assert (fanin[:, 0] != fanin[:, 1]).all()
    assert np.abs(np.diff(places[fanin], axis=1)).max() <= radius


def test_local_reaches_every_direction_evenly():
    places = pixel_places(np.arange(81), (9, 9))
    fanin = local(places, 81 * 100, 1, np.random.default_rng(0))
    step = (places[fanin[:, 1]] - places[fanin[:, 0]])[fanin[:, 0] == 40].astype(int)
    steps, uses = np.unique(step, axis=0, return_counts=True)
    assert len(steps) == 8
    assert uses.min() >= 4


def test_local_finds_a_partner_for_a_lonely_source():
    lonely = np.array([[0.5, 0.5], [20.5, 27.5]])
    assert sorted(map(tuple, local(lonely, 4, 1, np.random.default_rng(0)).tolist())) == [
        (0, 1), (0, 1), (1, 0), (1, 0),
    ]  # fmt: skip
    same_pixel = np.array([[3.5, 3.5], [3.5, 3.5]])
    assert len(local(same_pixel, 3, 1, np.random.default_rng(0))) == 3


@pytest.mark.parametrize("kind", WIRINGS)
def test_the_seed_decides(kind):
    one, same, other = (
        fixed_wiring(kind, 30, 50, np.random.default_rng(seed), places=GRID) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_unknown_kinds_and_single_sources_are_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(OptionError, match="'dense' is unknown"):
        fixed_wiring("dense", 5, 5, rng)
    with pytest.raises(OptionError, match="needs images"):
        fixed_wiring("local", 5, 5, rng)
    with pytest.raises(OptionError, match="at least 2"):
        fixed_wiring("balanced", 1, 5, rng)
