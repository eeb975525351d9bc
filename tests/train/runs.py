"""Small data sets and helpers for the tests that train."""

import dataclasses

import numpy as np

from lgn2hdl.datasets import Dataset
from lgn2hdl.model import file as model_file
from lgn2hdl.model.features import integer_features
from lgn2hdl.train.config import TrainConfig

CONFIG = TrainConfig.of(
    layers=(60, 40), initialization="gaussian", learning_rate=0.1, steps=30, batch_size=16,
    evaluate_every=7, checkpoint_every=5,
)  # fmt: skip

GROUP = CONFIG.changed(steps=8, evaluate_every=4, checkpoint_every=0)

GROUP_CASES = {
    "plain": GROUP,
    "three-rows": GROUP.changed(batch_size=3),
    "one-row": GROUP.changed(batch_size=1),
    "random-resampling": GROUP.changed(
        wiring=("candidates",), candidates=6, resample_every=2, fan_in=(2, 4),
        resampling="random",
    ),
    "guided-resampling": GROUP.changed(
        wiring=("candidates",), candidates=6, resample_every=2, fan_in=(2, 4),
        input_noise=0.05,
    ),
    "guided-one-row": GROUP.changed(
        wiring=("candidates",), candidates=6, resample_every=2, batch_size=1,
    ),
    "hard": GROUP.changed(
        sampling="hard", wiring=("candidates", "mapping"), candidates=6, resample_every=2,
        fan_in=(4, 3),
    ),
    "hard-one-row": GROUP.changed(
        sampling="hard", wiring=("candidates", "mapping"), candidates=6, resample_every=2,
        batch_size=1,
    ),
    "gumbel": GROUP.changed(
        sampling="gumbel", wiring=("local-candidates", "mapping"), candidates=5,
        selection="softmax", learn_tau=True, encoder="learned", size_weight=0.1, target_luts=50,
        shift_pixels=1, finetune_steps=2,
    ),
}  # fmt: skip
"""Runs that several processes make as one does."""


def dataset_of(x, y, *, width, n_test, names, image_shape=None, digest=0):
    """The first ``n_test`` rows are the test rows."""
    return Dataset(
        name="small",
        features=integer_features(x.shape[1], width),
        class_names=names,
        x_train=x[n_test:],
        y_train=y[n_test:],
        x_test=x[:n_test],
        y_test=y[:n_test],
        image_shape=image_shape,
        sha256=f"{digest:064d}",
    )


def make_dataset(rows=200, seed=0):
    """Two classes: which of two features is larger; two more features tell nothing."""
    x = np.random.default_rng(seed).integers(0, 16, (rows, 4)).astype(np.uint8)
    y = (x[:, 0] > x[:, 1]).astype(np.int64)
    return dataset_of(x, y, width=4, n_test=rows // 4, names=("no", "yes"), digest=seed)


def make_images(rows=120, seed=0):
    """Images of 6 x 6 pixels with a bright row or a bright column."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 6, (rows, 6, 6)).astype(np.uint8)
    y = rng.integers(0, 2, rows)
    place = rng.integers(0, 6, rows)
    for image, kind, index in zip(x, y, place, strict=True):
        image[(index, slice(None)) if kind else (slice(None), index)] += 9
    return dataset_of(
        x.reshape(rows, 36), y.astype(np.int64), width=4, n_test=rows // 4,
        names=("column", "row"), image_shape=(6, 6), digest=seed,
    )  # fmt: skip


def make_adder(n_bits=3):
    """All sums of two numbers: bit features, and the bits of the sum as targets."""
    count = 1 << 2 * n_bits
    x = (np.arange(count)[:, None] >> np.arange(2 * n_bits) & 1).astype(np.uint8)
    total = np.arange(count) % (1 << n_bits) + (np.arange(count) >> n_bits)
    y = (total[:, None] >> np.arange(n_bits + 1) & 1).astype(np.uint8)
    names = tuple(f"sum{index}" for index in range(n_bits + 1))
    data = dataset_of(x, y, width=1, n_test=0, names=names)
    return dataclasses.replace(data, x_test=x, y_test=y)


def without_timing(network):
    """The network with a card that two equal runs share."""
    card = {key: value for key, value in network.card.items() if key != "timing"}
    return dataclasses.replace(network, card=card)


def model_bytes(network, path):
    """The model file without its timings."""
    model_file.save(without_timing(network), path)
    return path.read_bytes()


def stop_at(step, how):
    """A progress callback that calls ``how`` after a step."""

    def on_progress(progress):
        if progress.step == step:
            how()

    return on_progress


def keyboard():
    """Ctrl-C."""
    raise KeyboardInterrupt
