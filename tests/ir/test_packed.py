"""Packing of samples into words."""

import numpy as np
import pytest

from lgn2hdl.ir import packed


@pytest.mark.parametrize(
    ("samples", "words"), [(0, 0), (1, 1), (63, 1), (64, 1), (65, 2), (128, 2), (129, 3)]
)
def test_words_for(samples: int, words: int) -> None:
    assert packed.words_for(samples) == words


@pytest.mark.parametrize("samples", [0, 1, 7, 8, 9, 63, 64, 65, 200])
@pytest.mark.parametrize("signals", [0, 1, 5])
def test_pack_and_back(signals: int, samples: int) -> None:
    rng = np.random.default_rng(samples)
    bits = rng.integers(0, 2, (signals, samples)).astype(bool)
    words = packed.pack(bits)
    assert words.shape == (signals, packed.words_for(samples))
    assert words.dtype == np.uint64
    back = packed.unpack(words, samples)
    assert back.dtype == np.bool_
    assert np.array_equal(back, bits)


def test_the_place_of_every_sample() -> None:
    for sample in range(130):
        bits = np.zeros((1, 130), bool)
        bits[0, sample] = True
        words = [int(word) for word in packed.pack(bits)[0]]
        assert words == [1 << sample % 64 if index == sample // 64 else 0 for index in range(3)]


def test_padding_is_zero() -> None:
    words = packed.pack(np.ones((2, 70), bool))
    assert words.tolist() == [[2**64 - 1, 2**6 - 1]] * 2
