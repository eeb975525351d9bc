"""Hardware of a head: the parts behind the core, and which of their outputs leave the design.

:func:`head_hardware` is open: a plan that says by ``gates`` what it computes becomes one part of
these gates; a plan of another type registers what makes its hardware.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch

import numpy as np

from lgn2hdl.arithmetic.argmax import argmax_block
from lgn2hdl.arithmetic.popcount import choose_popcount
from lgn2hdl.arithmetic.resources import Resources
from lgn2hdl.base.errors import OptionError
from lgn2hdl.ir.circuit import Block
from lgn2hdl.ir.labels import Meaning, NumberBit, Part
from lgn2hdl.ir.netlist import Netlist
from lgn2hdl.model.heads import HeadPlan
from lgn2hdl.model.heads.bits import BitsPlan
from lgn2hdl.model.heads.group_sum_plan import GroupSumPlan

POPCOUNT, ARGMAX = Part("popcount", "p", in_head=True), Part("argmax", "a", in_head=True)
"""Parts of a GroupSum head."""

HEAD = Part("head", "h", in_head=True)
"""The part of a head that is known by its gates."""


@dataclass(frozen=True, eq=False)
class HeadPart:
    """A part of a head's hardware; its inputs are all outputs of the part before it.

    Attributes:
        part: name of the part.
        block: its gates.
        meanings: what its first outputs mean.
    """

    part: Part
    block: Block
    meanings: tuple[Meaning, ...] = ()


@dataclass(frozen=True, eq=False)
class HeadHardware:
    """The parts behind the core.

    Attributes:
        parts: in order; the inputs of the first are the outputs of the core.
        outputs: part and position of every bit of the result ports; part -1 is the core.
    """

    parts: tuple[HeadPart, ...]
    outputs: tuple[tuple[int, int], ...]


@singledispatch
def head_hardware(plan: HeadPlan, n_signals: int, resources: Resources) -> HeadHardware:
    """The parts behind the core.

    Args:
        plan: what they have to compute.
        n_signals: number of the core's outputs.
        resources: what the device offers.

    Raises:
        OptionError: if a gate of the plan has more pins than a LUT.
        ValueError: if the plan does not say what it computes, or reads another number of signals.
    """
    netlist = plan.gates()
    if netlist is None or netlist.n_inputs != n_signals:
        raise ValueError(f"{type(plan).__name__} has no gates over {n_signals} signals")
    if netlist.n_gates and int((netlist.fanin != 0).sum(axis=1).max()) > resources.lut_inputs:
        raise OptionError(
            f"the head has gates of more pins than the device's LUT{resources.lut_inputs}"
        )
    n_bits = sum(item.bits for item in plan.results)
    outputs = tuple((0, bit) for bit in range(n_bits))
    return HeadHardware((HeadPart(HEAD, Block(_narrowed(netlist))),), outputs)


def _narrowed(netlist: Netlist) -> Netlist:
    """The same gates without trained nodes: those of the head are none."""
    return Netlist(
        netlist.n_inputs,
        netlist.fanin,
        netlist.table,
        netlist.outputs,
        np.full(netlist.n_gates, -1, np.int32),
    )


@head_hardware.register
def _bits_hardware(plan: BitsPlan, n_signals: int, resources: Resources) -> HeadHardware:
    return HeadHardware((), tuple((-1, place) for place in range(plan.n_outputs)))


@head_hardware.register
def _group_sum_hardware(plan: GroupSumPlan, n_signals: int, resources: Resources) -> HeadHardware:
    popcount = choose_popcount(plan, n_signals, resources)
    k, objective = resources.lut_inputs, resources.objective
    argmax = argmax_block(plan, k, objective, carry=resources.carry)
    outputs = [(1, bit) for bit in range(plan.class_width)]
    if plan.scores:
        outputs += [(0, bit) for bit in range(plan.n_classes * plan.score_width)]
    if plan.margin:
        outputs += [(1, plan.class_width + bit) for bit in range(plan.margin_width)]
    parts = (
        HeadPart(POPCOUNT, popcount, _score_bits(plan)),
        HeadPart(ARGMAX, argmax, _decision_bits(plan)),
    )
    return HeadHardware(parts, tuple(outputs))


SCORE = "score"
"""What :class:`~lgn2hdl.ir.labels.NumberBit` calls the scores."""


def _score_bits(plan: GroupSumPlan) -> tuple[Meaning, ...]:
    return tuple(
        NumberBit(SCORE, bit, index)
        for index in range(plan.n_classes)
        for bit in range(plan.score_width)
    )


def _decision_bits(plan: GroupSumPlan) -> tuple[Meaning, ...]:
    index = [NumberBit("class_index", bit) for bit in range(plan.class_width)]
    margin = [NumberBit("margin", bit) for bit in range(plan.margin_width if plan.margin else 0)]
    return (*index, *margin)
