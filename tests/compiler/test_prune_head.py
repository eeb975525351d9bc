"""Pruning a head: what goes, what stays, and that the numbers of the report are true."""

import dataclasses

import numpy as np
import pytest
from hardware import mixed_network, random_rows
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import networks, random_network

from lgn2hdl.base.errors import DataError, OptionError
from lgn2hdl.compiler import prune_head as module
from lgn2hdl.compiler.prune_head import prune_head
from lgn2hdl.model.features import integer_features
from lgn2hdl.model.heads.bits import Bits
from lgn2hdl.model.heads.group_sum import GroupSum
from lgn2hdl.model.layers.lut import Lut
from lgn2hdl.model.network import LogicNet, Thermometer

WIRE = 10
Rows = tuple[np.ndarray, np.ndarray]


def voters(class_of: list[int], weight: list[int] | None = None, tau: float = 1.0) -> LogicNet:
    """A network whose output j is feature j's only bit; of class ``class_of[j]``."""
    n = len(class_of)
    wires = np.stack([np.arange(n), np.zeros(n, int)], axis=1)
    n_classes = max(class_of) + 1
    return LogicNet(
        features=integer_features(n, 1),
        encoder=Thermometer(np.arange(n), np.ones(n, int)),
        layers=(Lut(wires, np.full(n, WIRE)),),
        head=GroupSum(
            np.array(class_of), np.array(weight or [1] * n), np.zeros(n_classes, int), tau
        ),
        class_names=tuple(map(str, range(n_classes))),
        card={},
    )


def task(n_rows: int, noise: int, seed: int = 0) -> Rows:
    """Two classes; of each the first feature tells the class, ``noise`` others tell nothing."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n_rows)
    coin = rng.integers(0, 2, (n_rows, 2 * noise))
    x = np.column_stack([y == 0, coin[:, :noise], y == 1, coin[:, noise:]]).astype(np.int64)
    return x, y


def accuracy(network: LogicNet, rows: Rows) -> float:
    return float((network.decisions(rows[0]) == rows[1]).mean())


def test_what_tells_nothing_goes_and_what_tells_all_stays() -> None:
    network = voters([0] * 5 + [1] * 5)
    train, held_out = task(800, 4), task(500, 4, seed=1)
    pruned, report = prune_head(network, train, 0.0, held_out)
    kept = pruned.layers[-1].fanin[:, 0]
    assert {0, 5} <= set(kept.tolist())
    assert pruned.head.n_outputs == len(kept) == report.outputs_after <= 4
    assert report.outputs_before == 10
    assert report.train_accuracy_before == accuracy(network, train) < 0.9
    assert report.train_accuracy_after == accuracy(pruned, train) > report.train_accuracy_before
    assert report.held_out_accuracy_before == accuracy(network, held_out)
    assert report.held_out_accuracy_after == accuracy(pruned, held_out)


def test_the_held_out_rows_decide_nothing() -> None:
    network = voters([0] * 5 + [1] * 5)
    x, y = task(500, 4, seed=1)
    first, _ = prune_head(network, task(800, 4), 0.0, (x, y))
    second, report = prune_head(network, task(800, 4), 0.0, (x, 1 - y))
    third, without = prune_head(network, task(800, 4), 0.0)
    for other in (second, third):
        assert np.array_equal(first.layers[-1].fanin, other.layers[-1].fanin)
    assert report.held_out_accuracy_after is not None
    assert report.held_out_accuracy_after < 0.3
    assert without.held_out_accuracy_before is without.held_out_accuracy_after is None


def test_the_budget_bounds_the_loss() -> None:
    rng = np.random.default_rng(4)
    y = rng.integers(0, 3, 1000)
    votes = (y[:, None] == np.repeat(np.arange(3), 12)) ^ (rng.random((1000, 36)) < 0.3)
    network = voters(np.repeat(np.arange(3), 12).tolist(), tau=2.0)
    sizes = []
    for budget in (0.0, 0.01, 0.1):
        _, report = prune_head(network, (votes.astype(np.int64), y), budget)
        lost = report.train_accuracy_before - report.train_accuracy_after
        assert lost <= budget + 1e-12
        sizes.append(report.outputs_after)
    assert sizes[0] >= sizes[1] >= sizes[2]
    assert sizes[2] < 20


@settings(max_examples=30)
@given(
    network=networks(bits=False), seed=st.integers(0, 2**32 - 1), budget=st.sampled_from([0, 0.1])
)
def test_random_networks_stay_consistent(network: LogicNet, seed: int, budget: float) -> None:
    rng = np.random.default_rng(seed)
    n_rows = int(rng.integers(1, 300))
    x = rng.integers(0, 16, (n_rows, network.features.n_features))
    y = np.where(rng.random(n_rows) < 0.8, network.decisions(x), 0)
    copy = dataclasses.replace(network)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK_BITS", 64)
        pruned, report = prune_head(network, (x, y), budget)
    assert report.train_accuracy_before == pytest.approx(accuracy(network, (x, y)))
    assert report.train_accuracy_after == pytest.approx(accuracy(pruned, (x, y)))
    assert report.train_accuracy_after >= report.train_accuracy_before - budget - 1e-12
    assert report.outputs_after == pruned.head.n_outputs <= network.head.n_outputs
    assert network.layers == copy.layers
    assert network.head == copy.head
    assert isinstance(pruned.head, GroupSum)
    assert isinstance(network.head, GroupSum)
    assert set(pruned.head.class_of) == set(network.head.class_of)  # each class keeps one
    assert pruned.layers[:-1] == network.layers[:-1]


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_left_that_could_go(seed: int) -> None:
    """One round over the outputs is not enough: what goes lets others go."""
    network = mixed_network(seed, width=40)
    x = random_rows(network.features, 300)
    rng = np.random.default_rng(seed)
    y = np.where(rng.random(300) < 0.7, network.decisions(x), rng.integers(0, 3, 300))
    pruned, _ = prune_head(network, (x, y), 0.0, (x, y))
    again, _ = prune_head(pruned, (x, y), 0.0, (x, y))
    assert again.head.n_outputs == pruned.head.n_outputs < network.head.n_outputs


def test_outputs_stay_in_order_and_the_others_leave_their_means() -> None:
    network = voters([0, 1, 0, 1, 0, 1], weight=[3, 2, -1, 1, 1, -2])
    rng = np.random.default_rng(2)
    x = rng.integers(0, 2, (400, 6))
    pruned, _ = prune_head(network, (x, network.decisions(x)), 0.3)
    kept = pruned.layers[-1].fanin[:, 0]
    assert len(kept) < 6
    assert (np.diff(kept) > 0).all()
    assert isinstance(pruned.head, GroupSum)
    assert isinstance(network.head, GroupSum)
    assert np.array_equal(pruned.head.weight, network.head.weight[kept])
    assert np.array_equal(pruned.head.class_of, network.head.class_of[kept])
    gone = np.setdiff1d(np.arange(6), kept)
    missing = np.zeros(2)
    np.add.at(
        missing, network.head.class_of[gone], network.head.weight[gone] * x.mean(axis=0)[gone]
    )
    assert np.array_equal(pruned.head.bias, np.rint(missing - missing.min()))
    assert pruned.head.bias.max() > 0


def test_the_same_rows_give_the_same_head() -> None:
    network = voters([0] * 5 + [1] * 5)
    first, second = (prune_head(network, task(300, 4), 0.01)[0] for _ in range(2))
    assert np.array_equal(first.layers[-1].fanin, second.layers[-1].fanin)
    assert isinstance(first.head, GroupSum)
    assert isinstance(second.head, GroupSum)
    assert np.array_equal(first.head.bias, second.head.bias)


def test_bits_have_no_head_to_prune() -> None:
    network = random_network(
        np.random.default_rng(0), n_features=2, width=2, fan_ins=(2,), bits=True
    )
    assert isinstance(network.head, Bits)
    rows = (np.zeros((3, 2), int), np.zeros((3, network.head.n), int))
    with pytest.raises(OptionError, match="every one a result: leave --prune-head out"):
        prune_head(network, rows, 0.001)


@pytest.mark.parametrize("budget", [-0.1, 1.0, float("nan")])
def test_an_impossible_budget(budget: float) -> None:
    with pytest.raises(OptionError, match=f"a budget of {budget} is not 0 to less than 1"):
        prune_head(voters([0, 1]), task(10, 0), budget)


def test_no_rows() -> None:
    with pytest.raises(DataError, match="no training rows to prune the head by"):
        prune_head(voters([0, 1]), (np.zeros((0, 2), int), np.zeros(0, int)), 0.001)
