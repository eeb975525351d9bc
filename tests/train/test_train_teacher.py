"""Distillation: what a network learns from a teacher, and which teachers are refused."""

import pickle

import numpy as np
import pytest
import torch
from runs import CONFIG, make_adder, make_dataset
from torch import nn

from lgn2hdl.base.errors import DataError
from lgn2hdl.train.data.teacher import TRIAL_ROWS, load_logits, logits_of, require_fit
from lgn2hdl.train.loop.loop import train

DATA = make_dataset()
N_ROWS = len(DATA.x_train)


class Difference(nn.Module):
    """Knows the answer: which of the first two features is larger."""

    def __init__(self, sign=1.0, outputs=2):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(sign))
        self.dropout = nn.Dropout(0.9)
        self.outputs = outputs

    def forward(self, x):
        margin = self.scale * self.dropout(x[:, 0] - x[:, 1] - 0.5)
        return torch.stack([-margin, margin, *[margin] * (self.outputs - 2)], dim=1)


def stored(sign=1.0, rows=DATA.x_train):
    """The same logits for every row of ``rows``."""
    with torch.no_grad():
        return Difference(sign).eval()(torch.from_numpy(rows.astype(np.float32))).numpy()


def first_losses(config, teacher):
    losses = []
    train(DATA, config, teacher=teacher, on_progress=lambda p: losses.append(p.loss))
    return losses


def test_stored_logits_are_those_of_the_batch_rows():
    logits, rows = stored(), np.array([7, 0, 93])
    found = logits_of(logits, rows, DATA.x_train[rows], "cpu")
    assert found.dtype == torch.float32
    np.testing.assert_array_equal(found.numpy(), logits[rows])


def test_a_module_and_its_stored_logits_teach_the_same():
    config = CONFIG.changed(distill_weight=0.7)
    assert first_losses(config, Difference()) == first_losses(config, stored())


def test_a_module_is_tried_in_evaluation_mode():
    """With dropout at work two runs would differ."""
    module = Difference()
    module.train()
    assert first_losses(CONFIG, module) == first_losses(CONFIG, module)
    assert not module.training
    assert module.scale.grad is None


def test_the_weight_mixes_labels_and_teacher():
    config = CONFIG.changed(steps=1, evaluate_every=1)
    ends = [first_losses(config.changed(distill_weight=w), stored())[0]
            for w in (0.0, 1.0)]  # fmt: skip
    between = first_losses(config.changed(distill_weight=0.25), stored())[0]
    assert between == pytest.approx(0.75 * ends[0] + 0.25 * ends[1], rel=1e-5)
    assert first_losses(config, None)[0] == pytest.approx(ends[0], rel=1e-6)


@pytest.mark.slow
def test_a_network_follows_its_teacher_alone_even_against_the_labels():
    config = CONFIG.changed(steps=300, distill_weight=1.0, validation_fraction=0, seed=1)
    losses = []
    network = train(DATA, config, teacher=stored(-1.0), on_progress=lambda p: losses.append(p.loss))
    assert np.mean(losses[-20:]) < 0.7 * np.mean(losses[:5])
    # The state with the best labels is kept, which is an early one; a right teacher's is late.
    right = train(DATA, config, teacher=stored())
    assert right.card["metrics"]["test_hard_accuracy"] > 0.85
    assert network.card["metrics"]["test_hard_accuracy"] < 0.85


def test_output_bits_have_teachers_too():
    data = make_adder(2)
    config = CONFIG.changed(layers=(3,), fan_in=(4,), validation_fraction=0, steps=200,
                                 distill_weight=1.0)  # fmt: skip
    teacher = 8.0 * data.y_train - 4.0
    network = train(data, config, teacher=teacher)
    assert network.card["metrics"]["test_exact_match"] == 1.0


@pytest.mark.parametrize(
    ("teacher", "message"),
    [
        (np.zeros((N_ROWS - 1, 2)), rf"shape \({N_ROWS - 1}, 2\), .* {N_ROWS} training rows"),
        (np.zeros((N_ROWS, 3)), "2 outputs"),
        (np.full((N_ROWS, 2), np.nan), "not all finite"),
        (np.where(np.arange(2 * N_ROWS).reshape(-1, 2) == 9, np.inf, 0), "not all finite"),
        (Difference(outputs=3), rf"shape \({TRIAL_ROWS}, 3\) for {TRIAL_ROWS} rows, .* 2 outputs"),
        (Difference(float("nan")), "not all finite"),
        (nn.Flatten(0), "one logit for every output"),
    ],
)  # fmt: skip
def test_a_teacher_that_does_not_fit_is_refused_before_training(teacher, message):
    with pytest.raises(DataError, match=message) as caught:
        train(DATA, CONFIG, teacher=teacher, on_progress=lambda p: pytest.fail("has trained"))
    assert "\n" not in str(caught.value)


def test_stored_logits_are_checked_against_all_training_rows():
    require_fit(stored(), DATA.x_train, 2)
    with pytest.raises(DataError):
        require_fit(stored()[:-1], DATA.x_train, 2)


def test_load_logits(tmp_path):
    np.save(tmp_path / "a.npy", stored())
    np.testing.assert_array_equal(load_logits(tmp_path / "a.npy"), stored())


class Boom:
    """Unpickling this would be noticed."""

    def __reduce__(self):
        return (pytest.fail, ("a pickle was executed",))


def bad_files(folder):
    """Files that hold no logits."""
    np.save(folder / "objects.npy", np.array([Boom()], object), allow_pickle=True)
    (folder / "pickle.npy").write_bytes(pickle.dumps(Boom()))
    np.savez(folder / "archive.npy.npz", stored())
    np.save(folder / "integers.npy", np.zeros((3, 2), np.int64))
    np.save(folder / "flat.npy", np.zeros(3))
    (folder / "text.npy").write_text("0.1 0.2\n")
    (folder / "empty.npy").write_bytes(b"")
    np.save(folder / "cut.npy", stored())
    (folder / "cut.npy").write_bytes((folder / "cut.npy").read_bytes()[:-9])
    return [*sorted(folder.iterdir()), folder / "absent.npy", folder]


def test_files_that_hold_no_logits_are_one_line_and_never_executed(tmp_path):
    for path in bad_files(tmp_path):
        with pytest.raises(DataError, match=r"teacher's logits|floating-point logits") as caught:
            load_logits(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)
