import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_kinds import fixed_wiring

from lgn2hdl.base.errors import OptionError
from lgn2hdl.train.wiring.kinds import WIRINGS, FixedWiring
from lgn2hdl.train.wiring.wiring import (
    balanced,
    local,
    neighbours,
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
def test_neighbours_are_distinct_until_all_are_used(sources, width, seed):
    fanin = neighbours(sources, width, np.random.default_rng(seed))
    assert fanin.shape == (width, 2)
    assert (fanin[:, 0] < fanin[:, 1]).all()
    assert fanin.min() >= 0
    assert fanin.max() < sources
    _, uses = np.unique(fanin, axis=0, return_counts=True)
    pairs = sources * (sources - 1) // 2
    assert uses.max() <= -(-width // pairs)
    assert len(uses) == min(width, pairs)


@sizes
def test_neighbours_take_the_nearest_first(sources, width, seed):
    fanin = neighbours(sources, width, np.random.default_rng(seed))
    distance = np.sort(fanin[:, 1] - fanin[:, 0])
    every = np.concatenate([np.full(sources - d, d) for d in range(1, sources)])
    np.testing.assert_array_equal(distance, np.sort(np.resize(every, width)))


def test_the_first_half_layer_reads_each_input_once():
    fanin = neighbours(10, 5, np.random.default_rng(0))
    assert sorted(map(tuple, fanin.tolist())) == [(0, 1), (2, 3), (4, 5), (6, 7), (8, 9)]


GRID = pixel_places(np.arange(30), (5, 6))


def test_places_are_the_middles_of_pixels_and_of_pins():
    assert GRID[[0, 5, 6, 29]].tolist() == [[0.5, 0.5], [0.5, 5.5], [1.5, 0.5], [4.5, 5.5]]
    colour = pixel_places(np.arange(24), (2, 4, 3))
    assert colour[[0, 2, 3, 12]].tolist() == [[0.5, 0.5], [0.5, 0.5], [0.5, 1.5], [1.5, 0.5]]
    assert node_places(GRID, np.array([[0, 7], [29, 28]])).tolist() == [[1, 1], [4.5, 5]]


def test_places_of_colour_images_follow_row_column_channel_order():
    feature = np.arange(32 * 32 * 3)
    row, column, _ = np.unravel_index(feature, (32, 32, 3))
    places = pixel_places(feature, (32, 32, 3))
    np.testing.assert_array_equal(places, np.stack([row, column], axis=1) + 0.5)
    # Wired locally, the channels of a pixel count as one place and meet each other.
    fanin = local(places, 3 * len(places), 1, np.random.default_rng(0))
    assert np.abs(np.diff(places[fanin], axis=1)).max() <= 1
    assert (np.diff(fanin % 3, axis=1) != 0).any()
    assert (places[fanin[:, 0]] == places[fanin[:, 1]]).all(axis=1).any()


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


FIXED = [name for name in WIRINGS.names if isinstance(WIRINGS.find(name), FixedWiring)]


@pytest.mark.parametrize("kind", FIXED)
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
    with pytest.raises(OptionError, match="need at least 2"):
        fixed_wiring("balanced", 1, 5, rng)
    with pytest.raises(OptionError, match="layer 1 has 5 inputs: nodes with 6 pins need"):
        fixed_wiring("neighbour", 5, 5, rng, fan_in=6)


PAIRS = [
    ("neighbour", 2, 5, 0, "e5c2dac1fa88067d"),
    ("neighbour", 5, 40, 1, "016bfece7b031ada"),
    ("neighbour", 30, 50, 2, "9e7043a32b46fa60"),
    ("neighbour", 30, 500, 3, "afb071c0c04fdb41"),
    ("neighbour", 784, 8000, 4, "894ff0f99944598f"),
    ("neighbour", 3, 1000, 7, "1f7c7cdfd5de7ade"),
    ("neighbour", 784, 392, 5, "eaffe052ee9e70da"),
    ("neighbour", 4, 9999, 6, "7f10b96340f60845"),
    ("balanced", 2, 5, 0, "187d6f1996338fbb"),
    ("balanced", 5, 40, 1, "f77f0f6faf9cc676"),
    ("balanced", 30, 50, 2, "39497fcab2c63670"),
    ("balanced", 30, 500, 3, "ce9aa1c16d7c9ab9"),
    ("balanced", 784, 8000, 4, "d57c50ee2a4010f1"),
    ("balanced", 3, 1000, 7, "958df09bcb40d992"),
    ("balanced", 784, 392, 5, "6b3810c7718c6787"),
    ("balanced", 4, 9999, 6, "edb3a739aef54ed7"),
    ("local", 2, 5, 0, "c119e27ea4d4221b"),
    ("local", 5, 40, 1, "1f53e59a4112aba8"),
    ("local", 30, 50, 2, "e0fcb0f70a9d634b"),
    ("local", 30, 500, 3, "ab6837d786344802"),
    ("local", 784, 8000, 4, "627013484b2ec867"),
    ("local", 3, 1000, 7, "563c63eeccfaf0e8"),
    ("local", 784, 392, 5, "9581a06ac34947fe"),
    ("local", 4, 9999, 6, "10b8bae1993298da"),
]
"""Kind, sources, width, seed, and the hash of the wiring that the first release drew."""


@pytest.mark.parametrize(("kind", "sources", "width", "seed", "expected"), PAIRS)
def test_pairs_stay_what_they_were_so_that_models_can_be_reproduced(
    kind, sources, width, seed, expected
):
    columns = int(np.ceil(np.sqrt(sources)))
    places = pixel_places(np.arange(sources), (columns, columns))
    rng = np.random.default_rng(seed)
    fanin = fixed_wiring(kind, sources, width, rng, places=places, radius=2)
    content = np.ascontiguousarray(fanin, "<i4").tobytes()
    assert hashlib.sha256(content).hexdigest()[:16] == expected


wide_sizes = given(st.integers(2, 6), st.integers(0, 40), st.integers(1, 200), st.integers(0, 9))


def assert_distinct(fanin, width, fan_in, sources):
    rising = np.sort(fanin, axis=1)
    assert fanin.shape == (width, fan_in)
    assert fanin.dtype == np.int32
    assert fanin.flags.c_contiguous
    assert (rising[:, 1:] > rising[:, :-1]).all()
    assert rising.min() >= 0
    assert rising.max() < sources


@wide_sizes
def test_balanced_pins_of_any_number(fan_in, more, width, seed):
    sources = fan_in + more
    fanin = fixed_wiring("balanced", sources, width, np.random.default_rng(seed), fan_in=fan_in)
    assert_distinct(fanin, width, fan_in, sources)
    for pins in (fanin, fanin[:, :1]):
        uses = np.bincount(pins.ravel(), minlength=sources)
        assert uses.max() - uses.min() <= 1


@wide_sizes
def test_neighbours_of_any_number_are_evenly_spaced_nearest_first(fan_in, more, width, seed):
    sources = fan_in + more
    fanin = fixed_wiring("neighbour", sources, width, np.random.default_rng(seed), fan_in=fan_in)
    assert_distinct(fanin, width, fan_in, sources)
    steps = np.diff(fanin, axis=1)
    assert (steps == steps[:, :1]).all()
    farthest = (sources - 1) // (fan_in - 1)
    uses = [sources - (fan_in - 1) * distance for distance in range(1, farthest + 1)]
    every = np.repeat(np.arange(1, farthest + 1), uses)
    np.testing.assert_array_equal(np.sort(steps[:, 0]), np.sort(np.resize(every, width)))
    _, again = np.unique(fanin, axis=0, return_counts=True)
    assert len(again) == min(width, len(every))
    assert again.max() - again.min() <= 1


def test_the_first_rows_of_neighbours_meet_nowhere():
    fanin = fixed_wiring("neighbour", 12, 4, np.random.default_rng(0), fan_in=3)
    assert sorted(fanin.tolist()) == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11]]


@given(st.integers(2, 6), st.integers(1, 200), st.integers(1, 4), st.integers(0, 9))
def test_local_pins_of_any_number_lie_near_pin_0(fan_in, width, radius, seed):
    places = pixel_places(np.repeat(np.arange(100), 2), (10, 10))
    rng = np.random.default_rng(seed)
    fanin = fixed_wiring("local", 200, width, rng, fan_in=fan_in, places=places, radius=radius)
    assert_distinct(fanin, width, fan_in, 200)
    first = np.bincount(fanin[:, 0], minlength=200)
    assert first.max() - first.min() <= 1
    assert np.abs(places[fanin[:, 1:]] - places[fanin[:, :1]]).max() <= radius + 1


def test_local_nodes_may_need_every_source_there_is():
    places = np.array([[0.5, 0.5], [0.5, 0.5], [20.5, 3.5], [7.5, 30.5]])
    fanin = fixed_wiring("local", 4, 9, np.random.default_rng(0), fan_in=4, places=places)
    assert (np.sort(fanin, axis=1) == np.arange(4)).all()
