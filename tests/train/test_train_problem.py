"""What a run learns from: the batch of any step, and where its rows come from."""

import dataclasses

import numpy as np
import pytest
from runs import CONFIG, make_adder, make_dataset, make_images

from lgn2hdl.base.errors import DataError
from lgn2hdl.train.config import ENCODER_NAMES
from lgn2hdl.train.data.problem import Problem
from lgn2hdl.train.seeds import Purpose, torch_seed


def test_rows_say_where_a_batch_stands_in_the_data_set():
    data = make_dataset()
    problem = Problem(data, CONFIG)
    for step in (0, 3, 40):
        batch = problem.batch(step)
        assert len(batch.rows) == CONFIG.batch_size
        np.testing.assert_array_equal(batch.x, data.x_train[batch.rows])
        np.testing.assert_array_equal(batch.y, data.y_train[batch.rows])
        part = batch.part(slice(5, 9))
        np.testing.assert_array_equal(part.x, data.x_train[batch.rows[5:9]])
        np.testing.assert_array_equal(part.y, batch.y[5:9])


def test_no_batch_has_a_validation_row():
    data = make_dataset()
    problem = Problem(data, CONFIG.changed(validation_fraction=0.3))
    own = {row for step in range(50) for row in problem.batch(step).rows.tolist()}
    assert own <= set(problem.own.tolist())
    assert len(problem.x) + len(problem.x_validation) == len(data.x_train)


def test_augmentation_is_a_function_of_the_step_and_keeps_targets():
    data = make_images()
    plain = Problem(data, CONFIG)
    for options in ({"shift_pixels": 2}, {"mirror": True}):
        problem = Problem(data, CONFIG.changed(**options))
        forward = [problem.batch(step).x for step in range(4)]
        backward = [problem.batch(step).x for step in reversed(range(4))][::-1]
        for step, (one, other) in enumerate(zip(forward, backward, strict=True)):
            np.testing.assert_array_equal(one, other)
            assert (one != plain.batch(step).x).any()
            np.testing.assert_array_equal(problem.batch(step).y, plain.batch(step).y)


def test_targets_are_what_the_losses_take():
    classes = Problem(make_dataset(), CONFIG).batch(0)
    assert str(classes.targets("cpu").dtype) == "torch.int64"
    adder = Problem(make_adder(2), CONFIG.changed(layers=(3,))).batch(0)
    targets = adder.targets("cpu")
    assert str(targets.dtype) == "torch.float32"
    np.testing.assert_array_equal(targets.numpy(), adder.y)


@pytest.mark.parametrize("encoder", ENCODER_NAMES)
def test_constant_rows_have_no_thresholds(encoder):
    data = make_dataset()
    data = dataclasses.replace(data, x_train=np.full_like(data.x_train, 3))
    thresholds = (3, 9) if encoder == "fixed" else ()
    config = CONFIG.changed(encoder=encoder, thresholds=thresholds)
    with pytest.raises(DataError, match="separates two training rows") as caught:
        Problem(data, config)
    assert "\n" not in str(caught.value)


def test_torch_seeds_are_independent():
    seeds = {
        torch_seed(seed, purpose, i) for seed in (0, 1) for purpose in Purpose for i in range(5)
    }
    assert len(seeds) == 2 * len(Purpose) * 5
    assert torch_seed(1, Purpose.NOISE, 3) == torch_seed(1, Purpose.NOISE, 3)


def test_rows_that_the_data_keeps_for_validation_are_used_so():
    data = make_dataset()
    held_out = np.arange(len(data.x_train)) % 7 == 3
    problem = Problem(dataclasses.replace(data, validation=held_out), CONFIG)
    np.testing.assert_array_equal(problem.own, np.flatnonzero(~held_out))
    np.testing.assert_array_equal(problem.x, data.x_train[~held_out])
    np.testing.assert_array_equal(problem.x_validation, data.x_train[held_out])
    np.testing.assert_array_equal(problem.y_validation, data.y_train[held_out])
