import hashlib
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_kinds import candidates_of

from lgn2hdl.base.errors import OptionError
from lgn2hdl.train.wiring import candidates as module
from lgn2hdl.train.wiring.candidates import draw_candidates, redraw
from lgn2hdl.train.wiring.wiring import pixel_places

CANDIDATES = ("candidates", "local-candidates")

GRID = pixel_places(np.repeat(np.arange(100), 2), (10, 10))  # two bits a pixel
PIXEL = GRID.astype(int)


def assert_distinct(candidates, n_sources):
    rising = np.sort(candidates, axis=0)
    assert candidates.dtype == np.int32
    assert (rising[1:] > rising[:-1]).all()
    assert rising.min() >= 0
    assert rising.max() < n_sources


def extent(candidates):
    """Pixels from one end of a node's candidates to the other."""
    pixel = PIXEL[candidates].reshape(-1, candidates.shape[2], 2)
    return (pixel.max(axis=0) - pixel.min(axis=0)).max(axis=1)


@given(
    st.integers(1, 9),
    st.integers(0, 50),
    st.integers(2, 6),
    st.integers(1, 60),
    st.integers(0, 9),
)
def test_candidates_of_a_pin_differ_and_use_all_sources_equally(count, more, fan_in, width, seed):
    rng = np.random.default_rng(seed)
    sources = count + more
    drawn = draw_candidates(sources, width, rng, fan_in=fan_in, count=count)
    assert drawn.shape == (count, fan_in, width)
    assert_distinct(drawn, sources)
    for some in (drawn, drawn[0]):
        uses = np.bincount(some.ravel(), minlength=sources)
        assert uses.max() - uses.min() <= 1


@given(st.integers(1, 8), st.integers(2, 6), st.integers(1, 300), st.integers(1, 3))
def test_local_candidates_lie_in_one_square_per_node(count, fan_in, width, radius):
    rng = np.random.default_rng(count)
    drawn = draw_candidates(200, width, rng, fan_in=fan_in, count=count, places=GRID, radius=radius)
    assert drawn.shape == (count, fan_in, width)
    assert_distinct(drawn, 200)
    assert (extent(drawn) <= 2 * radius).all()  # even a corner of radius 1 has 8 sources


def test_local_candidates_reach_the_whole_square_and_nothing_else():
    rng = np.random.default_rng(0)
    drawn = draw_candidates(200, 200 * 50, rng, fan_in=2, count=6, places=GRID, radius=2)
    node_pixels = PIXEL[drawn].reshape(12, -1, 2)
    spans = node_pixels.max(axis=0) - node_pixels.min(axis=0)
    assert spans.max() == 4
    first = np.bincount(drawn[0].ravel(), minlength=200).reshape(10, 10, 2)
    inner = first[4:6, 4:6]
    assert inner.min() > 0.7 * 100
    assert inner.max() < 1.4 * 100
    left_up = PIXEL[drawn[0, 0]].mean(axis=0)  # the first candidate leans to no side
    assert np.abs(left_up - 4.5).max() < 0.2


def test_a_square_with_too_few_sources_grows():
    rng = np.random.default_rng(0)
    lonely = np.array([[0.5, 0.5], [20.5, 27.5], [20.5, 28.5]])
    drawn = draw_candidates(3, 30, rng, fan_in=2, count=2, places=lonely, radius=1)
    together = np.sort(drawn, axis=0).reshape(2, -1).T
    assert (together == [1, 2]).all(axis=1).sum() >= 2 * 20
    drawn = draw_candidates(3, 30, rng, fan_in=2, count=3, places=lonely)
    assert (np.sort(drawn, axis=0) == np.arange(3)[:, None, None]).all()


@given(
    st.sampled_from(CANDIDATES),
    st.integers(1, 8),
    st.integers(2, 4),
    st.integers(1, 60),
    st.floats(0, 1),
    st.integers(0, 9),
)
def test_redraw_replaces_what_is_not_kept(kind, count, fan_in, width, fraction, seed):
    rng = np.random.default_rng(seed)
    drawn = candidates_of(kind, 200, width, rng, fan_in=fan_in, count=count, places=GRID)
    before = drawn.copy()
    keep = rng.random(drawn.shape) < fraction
    places = GRID if kind == "local-candidates" else None
    again = redraw(drawn, keep, 200, rng, places=places)
    np.testing.assert_array_equal(drawn, before)
    assert again.shape == drawn.shape
    assert_distinct(again, 200)
    np.testing.assert_array_equal(again[keep], drawn[keep])
    if kind == "local-candidates":
        assert (extent(again) <= 2).all()


def test_redraw_brings_new_sources_and_stays_in_the_square_for_long():
    rng = np.random.default_rng(0)
    drawn = draw_candidates(200, 500, rng, fan_in=2, count=4, places=GRID, radius=2)
    keep = np.zeros(drawn.shape, bool)
    keep[0] = True
    again = drawn
    for _ in range(20):
        again = redraw(again, keep, 200, rng, places=GRID, radius=2)
        assert (extent(again) <= 4).all()
    assert (again[1:] == drawn[1:]).mean() < 0.1


def test_redraw_of_all_sources_leaves_nothing_to_choose():
    rng = np.random.default_rng(0)
    drawn = draw_candidates(5, 40, rng, fan_in=2, count=5)
    again = redraw(drawn, np.zeros(drawn.shape, bool), 5, rng)
    np.testing.assert_array_equal(again, drawn)


@pytest.mark.parametrize("kind", CANDIDATES)
def test_the_seed_decides(kind):
    def draw(seed):
        rng = np.random.default_rng(seed)
        drawn = candidates_of(kind, 200, 50, rng, fan_in=2, count=3, places=GRID)
        return redraw(drawn, drawn % 2 == 0, 200, rng, places=GRID)

    np.testing.assert_array_equal(draw(1), draw(1))
    assert (draw(1) != draw(2)).any()


def test_impossible_candidates_are_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(OptionError, match="6 candidates for a pin of a layer with 5 inputs"):
        draw_candidates(5, 5, rng, fan_in=2, count=6)
    with pytest.raises(OptionError, match="choose 1 to 5"):
        draw_candidates(5, 5, rng, fan_in=2, count=0)
    with pytest.raises(OptionError, match="'dense' is unknown"):
        candidates_of("dense", 5, 5, rng, fan_in=2, count=2)
    with pytest.raises(OptionError, match="needs images"):
        candidates_of("local-candidates", 5, 5, rng, fan_in=2, count=2)


@pytest.mark.parametrize("kind", CANDIDATES)
def test_every_block_of_nodes_gets_its_candidates(kind, monkeypatch):
    monkeypatch.setattr(module, "BLOCK", 7)
    rng = np.random.default_rng(0)
    places = GRID if kind == "local-candidates" else None
    drawn = candidates_of(kind, 200, 50, rng, fan_in=3, count=4, places=GRID)
    keep = np.zeros(drawn.shape, bool)
    again = redraw(drawn, keep, 200, rng, places=places)
    assert_distinct(drawn, 200)
    assert_distinct(again, 200)
    assert (again != drawn).any(axis=(0, 1)).all()


def fingerprint(array):
    """Begin of the hash of an array's numbers."""
    return hashlib.sha256(np.ascontiguousarray(array, "<i4").tobytes()).hexdigest()[:16]


DRAWN = [
    # kind, sources, width, fan-in, count, radius, seed
    ("candidates", 5, 7, 2, 5, 1, 0, "f7e7bbd88719d2ed"),
    ("candidates", 40, 33, 3, 6, 1, 1, "7faac79e5a70d6e1"),
    ("candidates", 300, 500, 2, 8, 1, 2, "19627cd9110204ce"),
    ("local-candidates", 9, 7, 2, 9, 1, 3, "3fe1874e694492a0"),
    ("local-candidates", 49, 60, 3, 6, 1, 4, "186d62f6abe1105e"),
    ("local-candidates", 100, 200, 2, 30, 2, 5, "d0d42b36a25cd869"),
    ("local-candidates", 400, 90, 6, 4, 3, 6, "a668011624d42a0e"),
]
"""What the candidates of a seed are, and what they become when a third of them is drawn anew."""


@pytest.mark.parametrize(
    ("kind", "sources", "width", "fan_in", "count", "radius", "seed", "expected"), DRAWN
)
def test_a_seed_gives_the_same_candidates_for_ever(
    kind, sources, width, fan_in, count, radius, seed, expected
):
    """Or models could not be trained again as they were."""
    columns = math.isqrt(sources - 1) + 1
    places = pixel_places(np.arange(sources), (columns, columns))
    rng = np.random.default_rng(seed)
    given = {"places": places, "radius": radius}
    first = candidates_of(kind, sources, width, rng, fan_in=fan_in, count=count, **given)
    keep = np.random.default_rng(seed).random(first.shape) < 0.7
    found = [first, redraw(first, keep, sources, rng), redraw(first, keep, sources, rng, **given)]
    assert all(item.shape == (count, fan_in, width) for item in found)
    assert fingerprint(np.stack(found)) == expected
