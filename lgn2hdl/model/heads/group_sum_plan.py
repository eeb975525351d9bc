"""The plan of a GroupSum head: which core signals count for which class, and in how many bits.

The score of a class is a bias plus a weighted sum of core signals. Outputs that read the same node
are one term with a larger weight, constant outputs go into the bias, an output that is the
complement of another one counts that one backwards, and a negative weight counts the complement
(``-w*b = w*(1-b) - w``), so that only unsigned numbers are added.

:mod:`lgn2hdl.arithmetic` makes the hardware of a plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir import logic
from lgn2hdl.ir.netlist import Ids, Netlist, constant_nodes
from lgn2hdl.model.results import Result, number_bits

Bools = npt.NDArray[np.bool_]

SCORES, CLASS, MARGIN = "score of class", "class", "margin"
"""What numbers of a result are called."""


class Weighted(Protocol):
    """What planning reads of the head :class:`lgn2hdl.model.heads.group_sum.GroupSum`."""

    @property
    def class_of(self) -> npt.NDArray[np.int16]:
        """Class that each output counts for."""

    @property
    def weight(self) -> npt.NDArray[np.int8]:
        """What a set bit adds."""

    @property
    def bias(self) -> npt.NDArray[np.int32]:
        """Constant part of each score."""

    @property
    def n_classes(self) -> int:
        """Number of classes."""

    def scores(self, outputs: Bools) -> npt.NDArray[np.int32]:
        """Scores of bits of the last layer."""


@dataclass(frozen=True)
class Term:
    """``weight`` times a core signal, or times its complement.

    Attributes:
        signal: position among the core's signals.
        weight: positive integer.
        complement: whether the complement of the signal counts.
    """

    signal: int
    weight: int
    complement: bool


@dataclass(frozen=True)
class ClassSum:
    """The score of one class: ``bias`` plus the terms."""

    terms: tuple[Term, ...]
    bias: int

    @property
    def score_range(self) -> tuple[int, int]:
        """Lowest and highest value of this score."""
        return self.bias, self.bias + sum(term.weight for term in self.terms)


@dataclass(frozen=True)
class GroupSumPlan:
    """Scores and decision of a GroupSum head.

    Attributes:
        sums: one for each class.
        scores: whether the sums are the scores of the head, and leave the hardware. If not, only
            the decision that they lead to is that of the head.
        margin: whether the difference of the two highest scores leaves the hardware.
    """

    sums: tuple[ClassSum, ...]
    scores: bool = True
    margin: bool = False

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.sums)

    @property
    def score_range(self) -> tuple[int, int]:
        """Lowest and highest value that any score can take."""
        ranges = [item.score_range for item in self.sums]
        return min(low for low, _ in ranges), max(high for _, high in ranges)

    @property
    def score_signed(self) -> bool:
        """Whether scores are two's complement numbers (some score can be negative)."""
        return self.score_range[0] < 0

    @property
    def score_width(self) -> int:
        """Bits of every score."""
        low, high = self.score_range
        if low < 0:
            return max((-low - 1).bit_length(), max(high, 0).bit_length()) + 1
        return max(1, high.bit_length())

    @property
    def margin_width(self) -> int:
        """Bits of the difference of two scores that is not negative."""
        low, high = self.score_range
        return max(1, (high - low).bit_length())

    @property
    def class_width(self) -> int:
        """Bits of a class index."""
        return max(1, (self.n_classes - 1).bit_length())

    @property
    def results(self) -> tuple[Result, ...]:
        """The winner; the scores and the margin, if they leave the hardware."""
        index = Result(
            "class_index", self.class_width, "winning class, lowest index on a tie", CLASS
        )
        signed = "signed " if self.score_signed else ""
        order = f"class 0 in the least significant bits, {self.score_width} bits each"
        scores = Result(
            "scores",
            self.score_width,
            f"{signed}scores, {order}",
            SCORES,
            self.n_classes,
            self.score_signed,
            several=True,
        )
        margin = Result("margin", self.margin_width, "highest score less the next highest", MARGIN)
        return (index, *[scores] * self.scores, *[margin] * self.margin)

    def result_bits(self, head: Weighted, outputs: Bools) -> dict[str, Bools]:
        """Golden model: bits of every result port, least significant first, ``bool[width, N]``."""
        scores = head.scores(outputs)
        ports = {"class_index": number_bits(decide(scores), self.class_width)}
        if self.scores:
            per_class = [number_bits(column, self.score_width) for column in scores.T]
            ports["scores"] = np.concatenate(per_class)
        if self.margin:
            ports["margin"] = number_bits(margins(scores), self.margin_width)
        return ports

    def gates(self) -> None:
        """None: sums take adders, which :mod:`lgn2hdl.arithmetic` chooses for a device."""

    def document(self, names: tuple[str, ...]) -> dict[str, Any]:
        """What a manifest says of the result."""
        result: dict[str, Any] = {"head": "group_sum", "classes": list(names)}
        if self.scores:
            result["scores"] = {
                "width": self.score_width,
                "signed": self.score_signed,
                "order": "class 0 in the least significant bits",
            }
        if self.margin:
            result["margin"] = {"width": self.margin_width}
        return result


def group_sum_signals(head: Weighted, netlist: Netlist, *, scores: bool = True) -> Ids:
    """Node ids that the core has to hand over for this head, ascending, each one once, ``i32[S]``.

    Args:
        head: the network's head, one entry for each netlist output.
        netlist: the gate graph whose outputs the head reads.
        scores: whether the scores themselves are wanted, see :func:`plan_group_sum`.
    """
    nodes, weights, _ = _weights(head, netlist, None, scores)
    return nodes[weights.any(axis=0)]


def plan_group_sum(
    head: Weighted,
    netlist: Netlist,
    signals: npt.NDArray[np.integer],
    *,
    scores: bool = True,
    margin: bool = False,
) -> GroupSumPlan:
    """Plan what follows the core.

    Args:
        head: the network's head, one entry for each netlist output.
        netlist: the gate graph whose outputs the head reads.
        signals: node ids that the core hands over, ascending; at least :func:`group_sum_signals`,
            or all outputs that are not constant.
        scores: whether the scores are those of the head. If only the decision matters, what is
            common to all classes is left out and the lowest score becomes 0.
        margin: whether the difference of the two highest scores leaves the hardware.
    """
    nodes, weights, bias = _weights(head, netlist, signals, scores)
    totals = np.zeros((head.n_classes, len(signals)), np.int64)
    used = weights.any(axis=0)
    totals[:, np.searchsorted(signals, nodes[used])] = weights[:, used]
    sums = [_class_sum(row, int(constant)) for row, constant in zip(totals, bias, strict=True)]
    if not scores:
        lowest = min(item.bias for item in sums)
        sums = [ClassSum(item.terms, item.bias - lowest) for item in sums]
    return GroupSumPlan(sums=tuple(sums), scores=scores, margin=margin)


def _weights(
    head: Weighted, netlist: Netlist, signals: npt.NDArray[np.integer] | None, scores: bool
) -> tuple[Ids, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Nodes ``i32[n]``, their weight in every class ``i64[C, n]``, and the biases ``i64[C]``.

    With ``signals``, only these nodes have weights.
    """
    constant = constant_nodes(netlist)[netlist.outputs]
    for_zeros = np.zeros(netlist.n_nodes, np.bool_)  # a constant gate is what it gives for zeros
    for_zeros[netlist.first_gate :] = netlist.table & 1
    node, complement = _plain_outputs(netlist, signals)
    complement = np.where(constant, for_zeros[netlist.outputs], complement)
    weight = head.weight.astype(np.int64)
    bias = head.bias.astype(np.int64)
    # w * (1 - b) = w - w * b
    np.add.at(bias, head.class_of[complement], weight[complement])
    signed = np.where(complement, -weight, weight)
    signed[constant] = 0
    nodes, column = np.unique(node, return_inverse=True)
    weights = np.zeros((head.n_classes, len(nodes)), np.int64)
    np.add.at(weights, (head.class_of, column), signed)
    if not scores:
        weights -= _common_part(weights)
    return nodes.astype(np.int32), weights, bias


def _plain_outputs(
    netlist: Netlist, signals: npt.NDArray[np.integer] | None
) -> tuple[Ids, npt.NDArray[np.bool_]]:
    """For every output a node that is the output or its complement, and whether it is that.

    An inverter stands for the node it reads; of outputs that complement each other the lowest
    stands for both.
    """
    outputs = np.unique(netlist.outputs)
    gates = outputs[outputs >= netlist.first_gate]
    fanin, table = (
        netlist.fanin[gates - netlist.first_gate],
        netlist.table[gates - netlist.first_gate],
    )
    stands_for = np.arange(netlist.n_nodes, dtype=np.int32)
    flipped = np.zeros(netlist.n_nodes, np.bool_)
    ones = logic.all_ones(netlist.n_pins)
    negative = (table & 1).astype(np.bool_)  # of a gate and its complement, one gives 1 for 0s
    normal = np.where(negative, logic.negate(table, netlist.n_pins), table)
    keys = np.column_stack([fanin.astype(np.uint64), normal.astype(np.uint64)])
    _, first, twin = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    representative = first[twin.ravel()]
    stands_for[gates] = gates[representative]
    flipped[gates] = negative != negative[representative]
    for pin in range(netlist.n_pins):
        source = fanin[:, pin]
        inverter = table == ones ^ logic.pin_table(netlist.n_pins, pin)
        if signals is not None:
            inverter &= np.isin(source, signals) | ~np.isin(gates, signals)
        stands_for[gates[inverter]] = source[inverter]
        flipped[gates[inverter]] = True
    return stands_for[netlist.outputs], flipped[netlist.outputs]


def _common_part(weights: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """What to take off every class's weight of a signal, ``i64[n]``, for the fewest bits to add.

    Scores of one sample may all change by the same amount without changing the decision.
    """
    choices = np.concatenate([np.zeros_like(weights[:1]), weights])
    left = np.abs(weights[None, :, :] - choices[:, None, :])  # [choice, class, signal]
    bits = np.zeros(left.shape, np.int64)
    while left.any():
        bits += left & 1
        left >>= 1
    best = bits.sum(axis=1).argmin(axis=0)
    return np.take_along_axis(choices, best[None, :], axis=0)[0]


def _class_sum(totals: npt.NDArray[np.int64], bias: int) -> ClassSum:
    terms = tuple(
        Term(int(signal), abs(int(totals[signal])), bool(totals[signal] < 0))
        for signal in np.flatnonzero(totals)
    )
    return ClassSum(terms, bias - sum(term.weight for term in terms if term.complement))


def decide(scores: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """Class of each row of scores ``[N, C]``: the highest score, the lowest index among equals."""
    return np.asarray(scores.argmax(axis=1), np.int64)


def margins(scores: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """Difference of the two highest scores of every row of ``[N, C]``, ``i64[N]``; 0 for a tie."""
    best = np.sort(scores.astype(np.int64), axis=1)
    return best[:, -1] - best[:, -2]
