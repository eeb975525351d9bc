"""The steps of pruning a head: sums in blocks, the order of importance, and how much is tried."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import random_network

from lgn2hdl.compiler import prune_head as module
from lgn2hdl.compiler.prune_head import (
    _derivatives,
    _drop,
    _Kept,
    _kept,
    _least_important,
    _Outputs,
)
from lgn2hdl.model.heads.group_sum import GroupSum


def problem(seed: int, n_rows: int):
    """A network with several outputs a class, rows, and labels that it mostly gives."""
    rng = np.random.default_rng(seed)
    network = random_network(rng, n_features=3, width=4, fan_ins=(3, 2))
    while len(network.layers[-1].table) < 8:
        network = random_network(rng, n_features=3, width=4, fan_ins=(3, 2))
    head = network.head
    assert isinstance(head, GroupSum)
    x = rng.integers(0, 16, (n_rows, 3))
    y = np.where(
        rng.random(n_rows) < 0.7, network.decisions(x), rng.integers(0, head.n_classes, n_rows)
    )
    return network, head, x, y.astype(np.int64)


def bits_of(network, x):
    """Outputs of the last layer as numbers, ``[N, O]``."""
    return network.outputs(x).T.astype(np.int64)


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_rows=st.sampled_from([1, 63, 64, 65, 128, 129, 200]),
    rows_at_a_time=st.sampled_from([64, 128, 1 << 14]),
    block_bits=st.sampled_from([1, 1000, 1 << 25]),
)
def test_sums_and_means_are_those_of_all_rows(seed, n_rows, rows_at_a_time, block_bits):
    network, head, x, y = problem(seed, n_rows)
    bits = bits_of(network, x)
    rng = np.random.default_rng(seed)
    chosen = rng.random(head.n_outputs) < 0.5
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "ROWS", rows_at_a_time)
        patch.setattr(module, "BLOCK_BITS", block_bits)
        data = _Outputs(network, head, x, y)
        found = data.sums(chosen)
        kept = _kept(data, chosen, found)
    np.testing.assert_allclose(data.mean, bits.mean(axis=0), rtol=1e-12)
    wanted = np.zeros((n_rows, head.n_classes), int)
    for output in np.flatnonzero(chosen):
        wanted[:, head.class_of[output]] += bits[:, output] * head.weight[output]
    assert found.tolist() == wanted.tolist()

    missing = np.zeros(head.n_classes)
    for output in np.flatnonzero(~chosen):
        missing[head.class_of[output]] += head.weight[output] * bits[:, output].mean()
    bias = head.bias + np.rint(missing - missing.min()).astype(int)
    assert kept.head.bias.tolist() == bias.tolist()
    assert kept.right == int(((wanted + bias).argmax(axis=1) == y).sum())


@pytest.mark.parametrize(
    ("block_bits", "n_chosen", "n_rows", "steps"),
    [
        (64 * 12, 4, 500, [192, 192, 116]),  # 3 words of 4 outputs are 768 bits
        (64 * 12 - 1, 4, 500, [128, 128, 128, 116]),
        (64 * 12, 4, 192, [192]),
        (64 * 12, 4, 193, [192, 1]),
        (64 * 12, 1, 1000, [768, 232]),
        (64 * 12, 0, 100, [100]),
        (64, 4, 100, [64, 36]),  # never less than a word
        (64 * 12, 4, 0, []),
    ],
)
def test_blocks_have_as_many_rows_as_fit(monkeypatch, block_bits, n_chosen, n_rows, steps):
    network, head, x, y = problem(1, 1000)
    data = _Outputs(network, head, x, y)
    monkeypatch.setattr(module, "BLOCK_BITS", block_bits)
    chosen = np.arange(head.n_outputs) < n_chosen
    blocks = list(data.blocks(chosen, n_rows))
    assert [rows.stop - rows.start for rows, _ in blocks] == steps
    assert sum(steps) == n_rows
    bits = network.outputs(x)[chosen]
    for rows, found in blocks:
        assert np.array_equal(found, bits[:, rows])


def entropy(scores, y, tau):
    """Mean cross entropy times the number of rows."""
    power = np.exp(scores / tau)
    return -np.log(power[np.arange(len(y)), y] / power.sum(axis=1)).sum()


def test_derivatives_are_those_of_the_cross_entropy():
    rng = np.random.default_rng(0)
    scores, y, tau = rng.integers(-9, 10, (20, 4)), rng.integers(0, 4, 20), 3.0
    first, second = _derivatives(scores, y, tau)
    step = 1e-3 * tau
    for row in range(20):
        for index in range(4):
            moved = [scores.astype(float) for _ in range(3)]
            for place, item in enumerate(moved):
                item[row, index] += (place - 1) * step
            low, middle, high = (entropy(item, y, tau) for item in moved)
            assert first[row, index] == pytest.approx((high - low) / 2e-3, abs=1e-4)
            assert second[row, index] == pytest.approx((high - 2 * middle + low) / 1e-6, abs=1e-3)


@pytest.mark.parametrize("ranking_rows", [40, 90, 1 << 14])
@pytest.mark.parametrize("seed", range(6))
def test_the_least_important_come_first_and_each_class_keeps_its_best(
    monkeypatch, seed, ranking_rows
):
    network, head, x, y = problem(seed, 90)
    monkeypatch.setattr(module, "RANKING_ROWS", ranking_rows)
    monkeypatch.setattr(module, "BLOCK_BITS", 64 * 5)
    data = _Outputs(network, head, x, y)
    outputs = np.arange(head.n_outputs) % 5 != 3
    kept = _kept(data, outputs, data.sums(outputs))
    bits, labels = bits_of(network, x)[:ranking_rows], y[:ranking_rows]
    scores = kept.sums[:ranking_rows] + kept.head.bias
    power = np.exp((scores - scores.max(axis=1, keepdims=True)) / head.tau)
    p = power / power.sum(axis=1, keepdims=True)
    importance = {}
    for output in np.flatnonzero(outputs).tolist():
        index = head.class_of[output]
        change = -(bits[:, output] - data.mean[output]) * head.weight[output] / head.tau
        mine = p[:, index]
        rise = change * (mine - (labels == index)) + change**2 * mine * (1 - mine) / 2
        importance[output] = rise.sum()

    order = _least_important(data, kept).tolist()
    classes = {int(head.class_of[output]) for output in importance}
    assert len(order) == len(set(order)) == len(importance) - len(classes)
    assert set(order) <= set(importance)
    values = [importance[output] for output in order]
    assert all(first <= second + 1e-3 for first, second in pairwise(values))
    for index in classes:
        mine = [output for output in importance if head.class_of[output] == index]
        (best,) = set(mine) - set(order)
        assert importance[best] >= max(importance[output] for output in mine) - 1e-3


class Tries:
    """Stands for outputs of which some may not go, and notes which are tried together."""

    def __init__(self, monkeypatch, n: int, needed: set[int], order=None) -> None:
        self.tried: list[list[int]] = []
        self.needed = needed
        head = GroupSum(np.arange(n) % 2, np.ones(n, int), np.zeros(2, int), 1.0)
        everything = np.ones(n, np.bool_)
        self.start = _Kept(everything, np.zeros((0, 2), np.int64), head, n)
        monkeypatch.setattr(module, "_least_important", order or self.least_important)
        monkeypatch.setattr(module, "_without", self.without)

    def least_important(self, _data, kept: _Kept):
        """In order of their numbers; the last one stays."""
        return np.flatnonzero(kept.outputs)[:-1]

    def without(self, _data, kept: _Kept, dropped) -> _Kept:
        """As many rows are right as needed outputs are there, and all others."""
        self.tried.append(dropped.tolist())
        outputs = kept.outputs.copy()
        outputs[dropped] = False
        lost = len(self.needed - set(np.flatnonzero(outputs).tolist()))
        return dataclasses.replace(kept, outputs=outputs, right=len(outputs) - lost)


def test_batches_are_halved_where_they_cost_too_much(monkeypatch):
    tries = Tries(monkeypatch, 40, needed={5, 39})
    monkeypatch.setattr(module, "LAST_TRIES", 3)
    monkeypatch.setattr(module, "LAST_ROUNDS", 2)
    best = _drop(None, tries.start, 40)
    assert tries.tried == [[0, 1, 2, 3], [4, 5, 6, 7], [4, 5], [4], [5], [6], [5], [7], [8]]
    assert np.flatnonzero(best.outputs).tolist() == [5, *range(9, 40)]


def test_one_by_one_until_a_round_changes_nothing(monkeypatch):
    tries = Tries(monkeypatch, 12, needed={0, 2, 11})
    monkeypatch.setattr(module, "LAST_TRIES", 4)
    best = _drop(None, tries.start, 12)
    rounds = [[0, 1, 2, 3], [0, 2, 4, 5], [0, 2, 6, 7], [0, 2, 8, 9], [0, 2, 10], [0, 2]]
    assert tries.tried == [[output] for outputs in rounds for output in outputs]
    assert np.flatnonzero(best.outputs).tolist() == [0, 2, 11]


def test_a_budget_allows_so_many_rows(monkeypatch):
    """Exactly as many as it says, and no one more; rows that are a whole number count whole."""
    for n, budget, lost in [(1000, 0.003, 3), (100, 0.29, 29), (1000, 0.0029, 2), (10, 0.0, 0)]:
        asked = []
        data = _Outputs(*problem(2, n)[:3], problem(2, n)[3])

        def note(_data, best, least, asked=asked):
            asked.append(best.right - least)
            return best

        monkeypatch.setattr(module, "_drop", note)
        module._search(data, budget)
        assert asked == sorted({0, lost}) if budget else asked == [0]
