"""Shrink a GroupSum head: drop the outputs that the training rows need least.

An output that goes leaves its mean to the bias of its class, so that the scores keep their level;
with it go its adder bit and the nodes that only it needed. Which outputs go is decided by training
rows alone: by how much their cross entropy would rise without the output, and by how many rows the
network classifies correctly afterwards, which may not fall by more than a budget. What it costs on
other rows is measured on rows held out, and only reported.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import DataError, OptionError
from lgn2hdl.compiler.accuracy import netlist_accuracy
from lgn2hdl.ir import packed
from lgn2hdl.model.features import Integers
from lgn2hdl.model.heads.group_sum import GroupSum
from lgn2hdl.model.heads.group_sum_plan import decide
from lgn2hdl.model.layers.lut import Lut
from lgn2hdl.model.network import LogicNet
from lgn2hdl.passes.lower import lower

FIRST_BATCH = 0.1
"""Part of the outputs that are dropped at once at first; halved when that was too much."""

LAST_TRIES, LAST_ROUNDS = 24, 16
"""Outputs that are tried one by one in a round at the end, and most such rounds."""

RANKING_ROWS = 1 << 14
"""Training rows that outputs are ranked by; whether they may go is decided by all."""

ROWS = 1 << 14
"""Rows whose outputs are computed at a time; a multiple of the bits of a word."""

BLOCK_BITS = 1 << 25
"""Output bits that are unpacked at a time; bounds the memory."""

Bools = npt.NDArray[np.bool_]
Labels = npt.NDArray[np.integer]
Rows = tuple[Integers, Labels]


@dataclass(frozen=True)
class PruneHeadReport:
    """What :func:`prune_head` did.

    Attributes:
        budget: part of the training rows that may be lost.
        outputs_before: outputs of the last layer before.
        outputs_after: outputs afterwards.
        train_accuracy_before: hard accuracy on the training rows before.
        train_accuracy_after: the same afterwards.
        held_out_accuracy_before: hard accuracy on the rows held out; None if there are none.
        held_out_accuracy_after: the same afterwards.
    """

    budget: float
    outputs_before: int
    outputs_after: int
    train_accuracy_before: float
    train_accuracy_after: float
    held_out_accuracy_before: float | None = None
    held_out_accuracy_after: float | None = None


def prune_head(
    network: LogicNet, train: Rows, budget: float, held_out: Rows | None = None
) -> tuple[LogicNet, PruneHeadReport]:
    """The network with fewer outputs in its last layer, and a report.

    The last layer keeps the nodes of the outputs that stay, in order; the layers below and the
    encoder are as before, with nodes that nobody reads, which lowering and pruning drop.

    Args:
        network: a network with a GroupSum head; it stays as it is.
        train: integer features ``[N, F]`` and classes ``[N]`` that decide.
        budget: how far the accuracy on them may fall: 0.001 is a tenth of a percentage point.
        held_out: rows that are only reported on.

    Raises:
        OptionError: if the head is no GroupSum (every output is a result), or the budget is not in
            0..1.
        DataError: if there are no rows.
    """
    head = network.head
    if not isinstance(head, GroupSum):
        raise OptionError(
            f"the outputs of this network are {head.value_name}s, every one a result: leave "
            "--prune-head out"
        )
    if not 0 <= budget < 1:
        raise OptionError(f"a budget of {budget} is not 0 to less than 1: 0.001 is 0.1 points")
    x, y = train
    if not len(x):
        raise DataError("no training rows to prune the head by: give some")
    kept = _search(_Outputs(network, head, x, np.asarray(y, np.int64)), budget)
    pruned = dataclasses.replace(
        network,
        layers=(*network.luts[:-1], _restricted(network.luts[-1], kept.outputs)),
        head=kept.head,
    )
    accuracies = [
        None if rows is None else netlist_accuracy(item, lower(item), *rows)
        for rows in (train, held_out)
        for item in (network, pruned)
    ]
    before, after, held_before, held_after = accuracies
    assert before is not None
    assert after is not None
    sizes = (head.n_outputs, pruned.head.n_outputs)
    return pruned, PruneHeadReport(budget, *sizes, before, after, held_before, held_after)


def _restricted(layer: Lut, kept: Bools) -> Lut:
    return Lut(layer.fanin[kept], layer.table[kept])


class _Outputs:
    """Last-layer bits of the training rows, packed, with head and labels.

    Attributes:
        head: the head before.
        y: classes, ``i64[N]``.
        mean: mean of every output, ``f64[O]``.
    """

    def __init__(
        self, network: LogicNet, head: GroupSum, x: Integers, y: npt.NDArray[np.int64]
    ) -> None:
        self.head, self.y = head, y
        parts = [
            packed.pack(network.outputs(x[start : start + ROWS]))
            for start in range(0, len(x), ROWS)
        ]
        self.words = np.concatenate(parts, axis=1)
        ones = np.zeros(head.n_outputs, np.int64)
        for _, bits in self.blocks(np.ones(head.n_outputs, np.bool_), len(y)):
            ones += bits.sum(axis=1)
        self.mean = ones / len(y)

    def blocks(self, chosen: Bools, n_rows: int) -> Iterator[tuple[slice, Bools]]:
        """The first rows, some at a time: which, and the chosen outputs' bits ``bool[n, rows]``."""
        step = 64 * max(1, BLOCK_BITS // max(1, 64 * int(chosen.sum())))
        for start in range(0, n_rows, step):
            rows = slice(start, min(start + step, n_rows))
            words = self.words[chosen, start // 64 : packed.words_for(rows.stop)]
            yield rows, packed.unpack(words, rows.stop - start)

    def sums(self, chosen: Bools) -> npt.NDArray[np.int64]:
        """What the chosen outputs add to the scores, ``i64[N, C]``."""
        part = GroupSum(
            self.head.class_of[chosen],
            self.head.weight[chosen],
            np.zeros(self.head.n_classes, np.int32),
            self.head.tau,
        )
        result = np.zeros((len(self.y), self.head.n_classes), np.int64)
        for rows, bits in self.blocks(chosen, len(self.y)):
            result[rows] = part.scores(bits)
        return result


@dataclass(frozen=True, eq=False)
class _Kept:
    """Outputs that stay, and the head that they get.

    Attributes:
        outputs: which stay, ``bool[O]``.
        sums: what they add to the scores on the training rows, ``i64[N, C]``.
        head: a head for them.
        right: training rows that are classified correctly.
    """

    outputs: Bools
    sums: npt.NDArray[np.int64]
    head: GroupSum
    right: int


def _kept(data: _Outputs, outputs: Bools, sums: npt.NDArray[np.int64]) -> _Kept:
    head = data.head
    missing = np.zeros(head.n_classes)
    np.add.at(missing, head.class_of[~outputs], (head.weight * data.mean)[~outputs])
    # What all classes miss alike decides nothing.
    shift = np.rint(missing - missing.min()).astype(np.int32)
    smaller = GroupSum(head.class_of[outputs], head.weight[outputs], head.bias + shift, head.tau)
    right = int((decide(sums + smaller.bias) == data.y).sum())
    return _Kept(outputs, sums, smaller, right)


def _search(data: _Outputs, budget: float) -> _Kept:
    """Drop the least important outputs: first those that cost nothing, then up to the budget.

    So a budget never leaves more outputs than none does.
    """
    every = np.ones(data.head.n_outputs, np.bool_)
    best = _kept(data, every, data.sums(every))
    right = best.right
    for allowed in sorted({0.0, budget}):
        best = _drop(data, best, right - int(allowed * len(data.y) + 1e-9))
    return best


def _drop(data: _Outputs, best: _Kept, least: int) -> _Kept:
    """Drop outputs while ``least`` rows stay right: in batches, then one by one."""
    batch = max(1, int(FIRST_BATCH * best.outputs.sum()))
    while batch > 1:
        tried = _without(data, best, _least_important(data, best)[:batch])
        if tried.right >= least and tried.outputs.sum() < best.outputs.sum():
            best = tried
        else:
            batch //= 2
    for _ in range(LAST_ROUNDS):
        before = best
        for output in _least_important(data, best)[:LAST_TRIES]:
            tried = _without(data, best, np.array([output]))
            best = tried if tried.right >= least else best
        if best is before:
            break
    return best


def _without(data: _Outputs, kept: _Kept, dropped: npt.NDArray[np.intp]) -> _Kept:
    gone = np.zeros(len(kept.outputs), np.bool_)
    gone[dropped] = True
    return _kept(data, kept.outputs & ~gone, kept.sums - data.sums(gone))


def _least_important(data: _Outputs, kept: _Kept) -> npt.NDArray[np.intp]:
    """Outputs that may go, the least important first; each class keeps the best that it has.

    Importance is the rise of the mean cross entropy, to second order, if the output's part of the
    score is replaced by its mean: with ``d = -(bit - mean) * weight / tau`` added to the score of
    class c, of probability p, it rises by ``d * (p - [y = c]) + d * d * p * (1 - p) / 2``.
    """
    head = data.head
    y = data.y[:RANKING_ROWS]
    first, second = _derivatives(kept.sums[: len(y)] + kept.head.bias, y, head.tau)
    importance = np.full(head.n_outputs, np.inf)
    importance[kept.outputs] = 0
    for index in range(head.n_classes):
        mine = kept.outputs & (head.class_of == index)
        slope, bend = first[:, index], second[:, index]
        sums = np.zeros((2, int(mine.sum())))
        for rows, bits in data.blocks(mine, len(y)):
            ones = bits.astype(np.float32)
            sums += (ones @ np.stack([slope[rows], bend[rows]], axis=1)).T
        mean, scale = data.mean[mine], head.weight[mine] / head.tau
        linear = scale * (mean * slope.sum() - sums[0])
        square = scale**2 * (sums[1] * (1 - 2 * mean) + mean**2 * bend.sum())
        importance[mine] = linear + square / 2
    order = np.argsort(importance, kind="stable")[: int(kept.outputs.sum())]
    _, last = np.unique(head.class_of[order[::-1]], return_index=True)
    return np.delete(order, len(order) - 1 - last)


def _derivatives(
    scores: npt.NDArray[np.int64], y: npt.NDArray[np.int64], tau: float
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """First and second derivative of every row's cross entropy by its class scores over tau."""
    power = np.exp((scores - scores.max(axis=1, keepdims=True)) / tau)
    probability = power / power.sum(axis=1, keepdims=True)
    second = probability * (1 - probability)
    probability[np.arange(len(y)), y] -= 1
    return probability.astype(np.float32), second.astype(np.float32)
