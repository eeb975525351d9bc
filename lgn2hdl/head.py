"""Head plan: the adders, comparators and registers that turn core outputs into a result.

GroupSum: the score of a class is a bias plus a weighted sum of core outputs. Outputs that read the
same node are one term with a larger weight, constant outputs go into the bias, and a negative
weight counts the complement (``-w*b = w*(1-b) - w``), so that only unsigned numbers are added. One
balanced binary adder tree a class, then a tournament of comparators; registers after every so many
levels. Bits: the core's registers are the result; only wires follow.

The hardware in :mod:`lgn2hdl.hdl` and the flip-flop counts here follow the same plan.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lgn2hdl.model import Bits, GroupSum, Head
from lgn2hdl.netlist import Netlist, frozen


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
    def highest_sums(self) -> list[list[int]]:
        """Largest value of every number on each level of the adder tree, the terms first.

        Level 0 are the terms in order; on each further level neighbours are added and an odd last
        number is passed on. An empty sum is one number that is always 0.
        """
        level = [term.weight for term in self.terms] or [0]
        tree = [level]
        while len(level) > 1:
            level = [sum(level[i : i + 2]) for i in range(0, len(level), 2)]
            tree.append(level)
        return tree


@dataclass(frozen=True)
class GroupSumPlan:
    """Popcounts and argmax of a GroupSum head, with their registers.

    Attributes:
        sums: one for each class.
        levels_per_stage: adder or comparator levels between registers.
    """

    sums: tuple[ClassSum, ...]
    levels_per_stage: int

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.sums)

    @property
    def score_range(self) -> tuple[int, int]:
        """Lowest and highest value that any score can take."""
        low = min(item.bias for item in self.sums)
        return low, max(item.bias + item.highest_sums[-1][0] for item in self.sums)

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
    def class_width(self) -> int:
        """Bits of a class index."""
        return max(1, (self.n_classes - 1).bit_length())

    @property
    def popcount_latency(self) -> int:
        """Clock cycles of the adder trees; the biases are added in the last of them."""
        deepest = max(len(item.highest_sums) - 1 for item in self.sums)
        return max(1, -(-deepest // self.levels_per_stage))

    @property
    def argmax_latency(self) -> int:
        """Clock cycles of the tournament."""
        return -(-(self.n_classes - 1).bit_length() // self.levels_per_stage)

    @property
    def latency(self) -> int:
        """Clock cycles from the core's outputs to the decision."""
        return self.popcount_latency + self.argmax_latency

    @property
    def flip_flops(self) -> dict[str, int]:
        """Registers of each part."""
        return {"popcount": self.popcount_flip_flops, "argmax": self.argmax_flip_flops}

    @property
    def popcount_flip_flops(self) -> int:
        """Registers inside and behind the adder trees."""
        total = self.n_classes * self.score_width
        for item in self.sums:
            tree = item.highest_sums
            for stage in range(1, self.popcount_latency):
                level = tree[min(stage * self.levels_per_stage, len(tree) - 1)]
                total += sum(highest.bit_length() for highest in level)
        return total

    @property
    def argmax_flip_flops(self) -> int:
        """Registers of the tournament, including the scores that wait for the decision."""
        total = 0
        for stage in range(1, self.argmax_latency + 1):
            rounds = min(stage * self.levels_per_stage, (self.n_classes - 1).bit_length())
            total += self.n_classes * self.score_width
            survivors = -(-self.n_classes // (1 << rounds))
            last = stage == self.argmax_latency
            total += self.class_width if last else _survivor_bits(self, rounds, survivors)
        return total


def _survivor_bits(plan: GroupSumPlan, rounds: int, survivors: int) -> int:
    """Bits of the (score, index) pairs after some rounds; an index has only its changing bits."""
    index_bits = [
        (min((player + 1) << rounds, plan.n_classes) - 1 - (player << rounds)).bit_length()
        for player in range(survivors)
    ]
    return survivors * plan.score_width + sum(index_bits)


@dataclass(frozen=True, eq=False)
class BitsPlan:
    """Wires of a Bits head: outputs that are the same signal share its register.

    Attributes:
        signal: position of each output among the core's signals, -1 if it is constant, ``i32[n]``.
        is_one: outputs that are constant 1, ``bool[n]``.
    """

    signal: npt.NDArray[np.int32]
    is_one: npt.NDArray[np.bool_]

    @property
    def n_outputs(self) -> int:
        """Number of output bits, n."""
        return len(self.signal)

    @property
    def latency(self) -> int:
        """Clock cycles from the core's outputs to the result: none."""
        return 0

    @property
    def flip_flops(self) -> dict[str, int]:
        """Registers of each part: there is none."""
        return {}


HeadPlan = GroupSumPlan | BitsPlan
"""What follows the core."""


def plan_head(
    head: Head, netlist: Netlist, signals: npt.NDArray[np.integer], levels_per_stage: int
) -> HeadPlan:
    """Plan what follows the core.

    Args:
        head: the network's head, one entry for each netlist output.
        netlist: the gate graph whose outputs the head reads.
        signals: node ids that the core hands over, ascending; every other output is constant.
        levels_per_stage: adder or comparator levels between registers; a Bits head has none.
    """
    if isinstance(head, Bits):
        return _plan_bits(netlist, signals)
    return _plan_group_sum(head, netlist, signals, levels_per_stage)


def _constant_outputs(
    netlist: Netlist, signals: npt.NDArray[np.integer]
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which netlist outputs are signals and which are constant 1, ``bool[O]`` both."""
    is_signal = np.isin(netlist.outputs, signals)
    gate = np.maximum(netlist.outputs - netlist.first_gate, 0)
    is_one = ~is_signal & (netlist.outputs >= netlist.first_gate)
    is_one[is_one] = netlist.table[gate[is_one]] & 1
    return is_signal, is_one


def _plan_bits(netlist: Netlist, signals: npt.NDArray[np.integer]) -> BitsPlan:
    is_signal, is_one = _constant_outputs(netlist, signals)
    position = np.where(is_signal, np.searchsorted(signals, netlist.outputs), -1)
    return BitsPlan(signal=frozen(position, np.int32), is_one=frozen(is_one, np.bool_))


def _plan_group_sum(
    head: GroupSum, netlist: Netlist, signals: npt.NDArray[np.integer], levels_per_stage: int
) -> GroupSumPlan:
    """Collect the terms of every class."""
    weight = head.weight.astype(np.int64)
    is_signal, is_one = _constant_outputs(netlist, signals)
    bias = head.bias.astype(np.int64)
    np.add.at(bias, head.class_of[is_one], weight[is_one])
    totals = np.zeros((head.n_classes, len(signals)), np.int64)
    position = np.searchsorted(signals, netlist.outputs[is_signal])
    np.add.at(totals, (head.class_of[is_signal], position), weight[is_signal])
    sums = tuple(_class_sum(row, int(constant)) for row, constant in zip(totals, bias, strict=True))
    return GroupSumPlan(sums=sums, levels_per_stage=levels_per_stage)


def _class_sum(totals: npt.NDArray[np.int64], bias: int) -> ClassSum:
    terms = tuple(
        Term(int(signal), abs(int(totals[signal])), bool(totals[signal] < 0))
        for signal in np.flatnonzero(totals)
    )
    return ClassSum(terms, bias - sum(term.weight for term in terms if term.complement))
