"""Random streams: what a seed gives stays the same, and how rows are parted."""

import numpy as np
import pytest

from lgn2hdl.train.seeds import Batches, Purpose, generator, split, torch_seed


def test_numbers_of_the_purposes_stay_as_they_are():
    """Or a seed would give another model than before."""
    assert {purpose.name.lower(): int(purpose) for purpose in Purpose} == {
        "split": 0, "wiring": 1, "parameters": 2, "batches": 3, "shifts": 4, "scores": 5,
        "noise": 6, "resampling": 7, "mirrors": 8, "input_noise": 9, "head": 10,
    }  # fmt: skip


def test_streams_are_those_of_seed_purpose_and_index():
    for seed, purpose, index in [(0, Purpose.SPLIT, 0), (7, Purpose.NOISE, 3)]:
        wanted = np.random.default_rng([seed, int(purpose), index]).integers(0, 99, 5)
        assert generator(seed, purpose, index).integers(0, 99, 5).tolist() == wanted.tolist()
    assert generator(3, Purpose.BATCHES).integers(1 << 40) == generator(
        3, Purpose.BATCHES, 0
    ).integers(1 << 40)
    state = np.random.SeedSequence([5, int(Purpose.NOISE), 2]).generate_state(1, np.uint64)
    assert torch_seed(5, Purpose.NOISE, 2) == int(state[0])
    assert torch_seed(5, Purpose.NOISE) == torch_seed(5, Purpose.NOISE, 0)


@pytest.mark.parametrize(
    ("n_rows", "fraction", "held_out"),
    [(100, 0.1, 10), (10, 0.25, 2), (10, 0.35, 4), (10, 0.01, 1), (3, 0.9, 2), (2, 0.99, 1),
     (2, 0.5, 1), (1000, 0.0004, 1)],
)  # fmt: skip
def test_rows_for_validation(n_rows, fraction, held_out):
    own, other = split(n_rows, fraction, 1)
    assert (len(own), len(other)) == (n_rows - held_out, held_out)
    assert sorted([*own.tolist(), *other.tolist()]) == list(range(n_rows))
    order = generator(1, Purpose.SPLIT).permutation(n_rows).tolist()
    assert other.tolist() + own.tolist() == order


def test_without_a_fraction_all_rows_are_both():
    own, other = split(7, 0, 2)
    assert own.tolist() == other.tolist()
    assert sorted(own.tolist()) == list(range(7))


@pytest.mark.parametrize(
    ("n_rows", "batch", "steps"), [(10, 3, 3), (9, 3, 3), (10, 10, 1), (4, 9, 1)]
)
def test_batches_pass_through_all_rows(n_rows, batch, steps):
    batches = Batches(n_rows, batch, 5)
    size = min(batch, n_rows)
    for epoch in range(3):
        order = generator(5, Purpose.BATCHES, epoch).permutation(n_rows)
        for place in range(steps):
            step = epoch * steps + place
            wanted = order[place * size : (place + 1) * size].tolist()
            assert len(wanted) == size
            assert batches(step).tolist() == wanted
    assert batches(0).tolist() == Batches(n_rows, batch, 5)(0).tolist()
