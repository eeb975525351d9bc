"""Comparisons: every bit that is needed, in one lane, and few comparisons."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from programs import random_encoder, random_features, random_rows

from lgn2hdl.cpu.encoder import LANES, NO_VALUE, Comparisons, comparisons, representatives
from lgn2hdl.ir import packed
from lgn2hdl.model.features import Features, Integers, integer_features
from lgn2hdl.model.network import Thermometer


def lanes(found: Comparisons, rows: Integers) -> npt.NDArray[np.bool_]:
    """Results of all lanes, ``bool[M, 64, N]``, lane by lane."""
    elements = np.tile(rows, (1, found.copies)) if found.copies else rows
    result = np.zeros((len(found.offset), LANES, len(rows)), np.bool_)
    for mask, offset in enumerate(found.offset):
        for lane in range(min(LANES, elements.shape[1] - offset)):
            result[mask, lane] = elements[:, offset + lane] >= found.threshold[mask, lane]
    return result


def bits(encoder: Thermometer, rows: Integers) -> npt.NDArray[np.bool_]:
    return packed.unpack(encoder.encode(rows), len(rows))


@st.composite
def encoders(draw: st.DrawFn) -> tuple[np.random.Generator, Features, Thermometer]:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_features = draw(st.sampled_from([1, 2, 3, 5, 21, 22, 31, 32, 33, 63, 64, 65, 100, 127, 200]))
    features = random_features(rng, n_features, draw(st.sampled_from([1, 8, 9, 16])))
    return rng, features, random_encoder(rng, features, int(rng.integers(1, 4 * n_features + 10)))


@given(encoders())
def test_representatives(case: tuple[np.random.Generator, Features, Thermometer]) -> None:
    rng, features, encoder = case
    same = representatives(encoder, features)
    reached = same >= 0
    assert np.array_equal(reached, encoder.threshold <= np.iinfo(features.dtype).max)
    values = bits(encoder, random_rows(rng, features, 50))
    assert np.array_equal(values[reached], values[same[reached]])
    assert not values[~reached].any()
    keys = list(zip(encoder.feature.tolist(), encoder.threshold.tolist(), strict=True))
    first = np.array([keys.index(key) for key in keys])
    assert np.array_equal(same[reached], first[reached])


@given(encoders(), st.booleans())
def test_every_needed_bit_is_in_one_lane(
    case: tuple[np.random.Generator, Features, Thermometer], all_of_them: bool
) -> None:
    rng, features, encoder = case
    needed = np.unique(representatives(encoder, features))
    needed = needed[needed >= 0]
    if not all_of_them:
        needed = needed[rng.random(len(needed)) < 0.5]
    found = comparisons(encoder, features, needed)
    used = found.input != NO_VALUE
    assert np.array_equal(np.sort(found.input[used]), needed)
    assert found.threshold.dtype == features.dtype
    assert found.threshold.shape == found.input.shape == (len(found.offset), LANES)
    rows = random_rows(rng, features, 20)
    assert np.array_equal(lanes(found, rows)[used], bits(encoder, rows)[found.input[used]])
    # A comparison stays within the row, or the row that its copies make (at least 64 elements).
    length = max(LANES, features.n_features * max(1, found.copies))
    assert (found.offset + LANES <= length).all()
    assert (found.copies == 0) == (features.n_features >= LANES)
    assert features.n_features * found.copies <= LANES


@pytest.mark.parametrize(
    ("n_features", "per_feature", "masks"),
    [(784, 1, 13), (784, 3, 39), (64, 5, 5), (65, 1, 2), (1, 64, 1), (1, 65, 2), (32, 4, 2)],
)
def test_few_comparisons_do(n_features: int, per_feature: int, masks: int) -> None:
    encoder = Thermometer(
        np.repeat(np.arange(n_features), per_feature),
        np.tile(np.arange(per_feature) + 1, n_features),
    )
    found = comparisons(encoder, integer_features(n_features, 8), np.arange(encoder.n_bits))
    assert len(found.offset) <= masks


def test_nothing_needed_takes_no_comparison() -> None:
    encoder = Thermometer(np.array([0, 1]), np.array([1, 2]))
    found = comparisons(encoder, integer_features(2, 8), np.empty(0, np.int32))
    assert found.input.shape == (0, LANES)
    assert found.threshold.shape == (0, LANES)
