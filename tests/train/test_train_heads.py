"""Heads: logits, losses and what remains of them; networks of output bits from end to end."""

import math

import numpy as np
import pytest
import torch
from runs import CONFIG, make_adder, make_dataset

from lgn2hdl.base.errors import OptionError
from lgn2hdl.model.heads.bits import Bits
from lgn2hdl.model.heads.group_sum import GroupSum
from lgn2hdl.train.config import TrainConfig
from lgn2hdl.train.loop.loop import train
from lgn2hdl.train.network.heads import BITS_TAU, BitsHead, GroupSumHead

HEADS = [(GroupSumHead, 12), (BitsHead, 3)]


def outputs(n, rows=5):
    return torch.rand((n, rows), generator=torch.Generator().manual_seed(n))


def test_group_sums_over_tau():
    values = outputs(12)
    logits = GroupSumHead(3, 2.5, False)(values)
    assert logits.shape == (5, 3)
    for row in range(5):
        for group in range(3):
            wanted = sum(float(values[4 * group + i, row]) for i in range(4)) / 2.5
            assert float(logits[row, group]) == pytest.approx(wanted)


def test_bits_are_certain_at_both_ends():
    logits = BitsHead(2, BITS_TAU, False)(torch.tensor([[0.0, 1.0, 0.5], [1.0, 0.75, 0.25]]))
    torch.testing.assert_close(logits, torch.tensor([[-4.0, 4.0], [4.0, 2.0], [0.0, -2.0]]))


def test_group_sum_loss_is_the_mean_cross_entropy():
    head, logits = GroupSumHead(3, 1.0, False), torch.randn((5, 3))
    classes = torch.tensor([0, 2, 1, 1, 0])
    log_softmax = logits - logits.exp().sum(1, keepdim=True).log()
    plain = -log_softmax[range(5), classes].mean()
    torch.testing.assert_close(head.loss(logits, classes, 0.0), plain)
    smooth = 0.7 * plain - 0.3 * log_softmax.mean()
    torch.testing.assert_close(head.loss(logits, classes, 0.3), smooth)


def test_bits_loss_is_the_mean_binary_cross_entropy():
    head, logits = BitsHead(3, 1.0, False), torch.randn((5, 3))
    bits = torch.randint(0, 2, (5, 3)).float()
    p = torch.sigmoid(logits)
    plain = -(bits * p.log() + (1 - bits) * (1 - p).log()).mean()
    torch.testing.assert_close(head.loss(logits, bits, 0.0), plain)
    smooth = -(0.5 * p.log() + 0.5 * (1 - p).log()).mean()
    torch.testing.assert_close(head.loss(logits, bits, 0.3), 0.7 * plain + 0.3 * smooth)


@pytest.mark.parametrize(("kind", "n"), HEADS)
@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_divergence_is_least_at_the_teacher_itself(kind, n, temperature):
    head, teacher = kind(3, 1.0, False), torch.randn((5, 3), dtype=torch.float64)
    logits = teacher.clone().requires_grad_()
    head.divergence(logits, teacher, temperature).backward()
    assert logits.grad.abs().max() < 1e-9
    other = teacher + torch.randn((5, 3), dtype=torch.float64)
    assert head.divergence(other, teacher, temperature) > head.divergence(
        teacher, teacher, temperature
    )


def test_divergence_keeps_its_gradients_size_at_any_temperature():
    teacher, logits = torch.randn((50, 3)), torch.randn((50, 3))
    for head in (GroupSumHead(3, 1.0, False), BitsHead(3, 1.0, False)):
        sizes = []
        for temperature in (4.0, 64.0):
            x = logits.clone().requires_grad_()
            head.divergence(x, teacher, temperature).backward()
            sizes.append(float(x.grad.norm()))
        assert sizes[1] == pytest.approx(sizes[0], rel=0.3)


@pytest.mark.parametrize(("kind", "n"), HEADS)
def test_tau_is_trained_only_where_asked_for(kind, n):
    values, targets = outputs(n), torch.tensor([0, 1, 2, 1, 1])
    if kind is BitsHead:
        targets = torch.nn.functional.one_hot(targets, 3).float()
    fixed, learned = kind(3, 1.7, False), kind(3, 1.7, True)
    assert not list(fixed.parameters())
    assert fixed.tau == 1.7
    assert learned.tau == pytest.approx(1.7)
    torch.testing.assert_close(fixed(values), learned(values))
    learned.loss(learned(values), targets, 0.0).backward()
    step = 1e-3

    def loss(log_tau):
        head = kind(3, math.exp(log_tau), False)
        return float(head.loss(head(values.double()), targets.to(values.dtype).double()
                               if kind is BitsHead else targets, 0.0))  # fmt: skip

    slope = (loss(math.log(1.7) + step) - loss(math.log(1.7) - step)) / (2 * step)
    assert float(learned.log_tau.grad) == pytest.approx(slope, rel=1e-2)


@pytest.mark.parametrize(("kind", "n"), HEADS)
@pytest.mark.parametrize("log_tau", [1e4, -1e4])
def test_tau_stays_a_number(kind, n, log_tau):
    head = kind(3, 1.0, True)
    with torch.no_grad():
        head.log_tau.fill_(log_tau)
    assert 0 < head.tau < math.inf
    assert head(outputs(n)).isfinite().all()


def test_discrete_heads():
    head = GroupSumHead(3, 2.5, False).discrete(12)
    assert isinstance(head, GroupSum)
    assert head.class_of.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert head.tau == pytest.approx(2.5)
    assert BitsHead(3, 1.0, False).discrete(3) == Bits(3)


ADDER = TrainConfig.of(
    layers=(4,), fan_in=(6,), initialization="gaussian", learning_rate=0.1, steps=200,
    validation_fraction=0, evaluate_every=50, batch_size=64,
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        {"layers": (8, 4), "steps": 300},
        {"sampling": "hard"},
        {"sampling": "gumbel", "finetune_steps": 20},
        {"relaxation": "binary", "learn_tau": True},
        {"layers": (40, 4), "steps": 300, "wiring": ("balanced", "candidates"), "candidates": 20},
        {"layers": (40, 4), "steps": 300, "wiring": ("balanced", "mapping")},
    ],
    ids=str,
)
def test_an_adder_is_learned_exactly(options):
    """Targets are bits, and every sum of two three-bit numbers comes out right."""
    data = make_adder()
    network = train(data, ADDER.changed(**options))
    metrics = network.card["metrics"]
    assert isinstance(network.head, Bits)
    assert metrics["test_exact_match"] == 1.0
    assert metrics["test_hard_accuracy"] == 1.0
    np.testing.assert_array_equal(network.decisions(data.x_test), data.y_test)


def test_accuracy_of_bits_counts_bits_and_exact_match_counts_rows():
    data = make_adder()
    network = train(data, ADDER.changed(steps=1))
    right = network.decisions(data.x_test) == data.y_test
    metrics = network.card["metrics"]
    assert metrics["test_hard_accuracy"] == pytest.approx(right.mean())
    assert metrics["test_exact_match"] == pytest.approx(right.all(axis=1).mean())
    assert metrics["test_exact_match"] < metrics["test_hard_accuracy"] < 1


def test_bit_targets_need_a_last_layer_of_their_number():
    with pytest.raises(OptionError, match="width is 8, but the targets have 4 bits: use 4"):
        train(make_adder(), ADDER.changed(layers=(8,)))


@pytest.mark.parametrize("learn_tau", [False, True])
def test_the_model_and_its_card_have_the_tau_of_the_best_state(learn_tau):
    config = CONFIG.changed(learn_tau=learn_tau, tau=3.0, learning_rate=0.2)
    network = train(make_dataset(), config)
    card = network.card
    assert card["training"]["tau"] == 3.0
    if learn_tau:
        assert network.head.tau == pytest.approx(card["metrics"]["tau"])
        assert network.head.tau != pytest.approx(3.0, rel=1e-3)
    else:
        assert network.head.tau == 3.0
        assert "tau" not in card["metrics"]
