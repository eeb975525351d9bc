"""Part plan: what each module of the design computes, holds and passes on, for any emitter.

A value is a pair of a node and a time: at the node's own stage it is the output of its gate, later
it is the register in front of that stage. The registers of a node are in the module that computes
it; other modules get the values that they need through vectors ``from_<part>`` and ``to_<part>``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lgn2hdl.compiler.schedule import Design
from lgn2hdl.ir.circuit import Chain
from lgn2hdl.ir.netlist import CONSTANT_ZERO, Ids, constant_nodes, live
from lgn2hdl.ir.retiming import lut_levels

Values = Ids
"""Rows (node, time), ``i32[n, 2]``, sorted by time, then by node."""

MOST_BITS = 1 << 16
"""Bits of inputs, of outputs, or of a register, that Amaranth can number in a module."""

RESULT = "result"
"""Port of a part with the bits that leave the design."""


@dataclass(frozen=True, eq=False)
class Level:
    """One LUT level of a stage. Chains read its gates too: those that they absorb.

    Attributes:
        gates: positions of the gates that are look-up tables, ``i32[n]``.
        chains: carry chains.
    """

    gates: Ids
    chains: tuple[Chain, ...]


@dataclass(frozen=True, eq=False)
class PartPlan:
    """One module.

    Attributes:
        name: the part.
        inputs: values that come from other parts, by part.
        outputs: values that other parts need, by part; under :data:`RESULT` what leaves the design.
        logic: the levels of each stage, lowest first.
        registers: the values in registers, in front of each stage and behind the last one.
        n_x: bits of the features that the part reads: all for the encoder, 0 for the others.
    """

    name: str
    inputs: Mapping[str, Values]
    outputs: Mapping[str, Values]
    logic: tuple[tuple[Level, ...], ...]
    registers: tuple[Values, ...]
    n_x: int

    def ports(self, *, clock_enable: bool = False) -> list[tuple[str, str, int]]:
        """Name, direction and width of every port; a port that would have no bits is left out.

        Args:
            clock_enable: whether the registers have one.
        """
        clock = [("clk", "input", 1)] if any(len(held) for held in self.registers) else []
        clock += [("enable", "input", 1)] if clock and clock_enable else []
        x = [("x", "input", self.n_x)] if self.n_x else []
        inputs = [(f"from_{part}", "input", len(rows)) for part, rows in self.inputs.items()]
        outputs = [
            (part if part == RESULT else f"to_{part}", "output", len(rows))
            for part, rows in self.outputs.items()
        ]
        return [*clock, *x, *inputs, *outputs]


def plan_parts(design: Design) -> tuple[PartPlan, ...]:
    """One plan a part, in the order in which a sample passes them."""
    gates = _gates(design)
    uses = _uses(design, gates)
    results = _result_values(design)
    return tuple(_plan(design, index, gates, uses, results) for index in range(len(design.parts)))


def widest_module(design: Design) -> int:
    """The most bits that a module has in its inputs, its outputs or a register."""
    widths = [design.circuit.netlist.n_inputs + 4]  # the top module's, with its control
    for plan in plan_parts(design):
        ports = plan.ports(clock_enable=True)
        for side in ("input", "output"):
            widths.append(sum(width for _, direction, width in ports if direction == side))
        widths += [len(held) for held in plan.registers]
    return max(widths)


def emitted_gates(design: Design) -> npt.NDArray[np.bool_]:
    """Gates that some result depends on and that are no constants, ``bool[G]``."""
    netlist = design.circuit.netlist
    return (live(netlist) & ~constant_nodes(netlist))[netlist.first_gate :]


@dataclass(frozen=True, eq=False)
class _Gates:
    """What all parts need to know of the design's gates.

    Attributes:
        emitted: see :func:`emitted_gates`, ``bool[G]``.
        place: stage and LUT level of every gate, as ``stage << 32 | level``, ``i64[G]``.
    """

    emitted: npt.NDArray[np.bool_]
    place: npt.NDArray[np.int64]


def _gates(design: Design) -> _Gates:
    netlist = design.circuit.netlist
    level = lut_levels(netlist, design.circuit.clusters)
    place = design.stages.stage.astype(np.int64) << 32 | level
    return _Gates(emitted_gates(design), place[netlist.first_gate :])


def _uses(design: Design, gates: _Gates) -> npt.NDArray[np.int64]:
    """Rows (node, time, part of the node, reading part) of every pin that crosses parts."""
    netlist, stage = design.circuit.netlist, design.stages.stage
    part = design.part_of_node
    emitted = np.flatnonzero(gates.emitted)
    node = netlist.fanin[emitted].ravel()
    reader = np.repeat(netlist.first_gate + emitted, netlist.n_pins)
    crossing = (part[node] != part[reader]) & ~constant_nodes(netlist)[node]
    node, reader = node[crossing], reader[crossing]
    rows = np.stack([stage[reader], node, part[node], part[reader]], axis=1).astype(np.int64)
    return np.unique(rows, axis=0)[:, [1, 0, 2, 3]]


def _result_values(design: Design) -> Values:
    """The values that leave the design, each once."""
    netlist = design.circuit.netlist
    outputs = np.unique(netlist.outputs)
    outputs = outputs[~constant_nodes(netlist)[outputs]]
    return np.stack([outputs, np.full_like(outputs, design.latency)], axis=1)


def _plan(
    design: Design, index: int, gates: _Gates, uses: npt.NDArray[np.int64], results: Values
) -> PartPlan:
    names, part = design.parts, design.part_of_node
    read = uses[uses[:, 3] == index]
    given = uses[uses[:, 2] == index]
    inputs = {names[i]: read[read[:, 2] == i, :2] for i in np.unique(read[:, 2]).tolist()}
    outputs = {names[i]: given[given[:, 3] == i, :2] for i in np.unique(given[:, 3]).tolist()}
    own_results = results[part[results[:, 0]] == index]
    if len(own_results):
        outputs[RESULT] = own_results
    return PartPlan(
        name=names[index],
        inputs=inputs,
        outputs=outputs,
        logic=_logic(design, index, gates),
        registers=_registers(design, index),
        n_x=design.circuit.netlist.n_inputs if index == 0 else 0,
    )


def _logic(design: Design, index: int, gates: _Gates) -> tuple[tuple[Level, ...], ...]:
    """Look-up tables and carry chains of every stage, level by level."""
    circuit = design.circuit
    netlist, emitted, place = circuit.netlist, gates.emitted, gates.place
    chains = [
        item
        for item in circuit.chains
        if circuit.part[item.sums[0] - netlist.first_gate] == index
        and emitted[item.gates - netlist.first_gate].any()
    ]
    tables = emitted & (circuit.part == index)
    for item in circuit.chains:  # sums and carries are no look-up tables
        tables[item.sums - netlist.first_gate] = False
        tables[item.carries[item.carries != CONSTANT_ZERO] - netlist.first_gate] = False
    luts = np.flatnonzero(tables).astype(np.int32)
    luts = luts[np.argsort(place[luts], kind="stable")]
    of_lut = place[luts]
    of_chain = [int(place[_a_live_gate(item, netlist.first_gate, emitted)]) for item in chains]
    of_stage: list[list[Level]] = [[] for _ in range(design.latency)]
    for key in sorted({*of_lut.tolist(), *of_chain}):
        start, end = np.searchsorted(of_lut, [key, key + 1])
        mine = tuple(item for item, other in zip(chains, of_chain, strict=True) if other == key)
        of_stage[key >> 32].append(Level(luts[start:end], mine))
    return tuple(tuple(levels) for levels in of_stage)


def _a_live_gate(item: Chain, first_gate: int, emitted: npt.NDArray[np.bool_]) -> int:
    """Position of a gate that something reads: its stage and level are the chain's."""
    gates = item.gates - first_gate
    return int(gates[emitted[gates]][0])


def _registers(design: Design, index: int) -> tuple[Values, ...]:
    """Values in registers at each boundary from 1 on: rows (node, boundary)."""
    stages = design.stages
    own = design.part_of_node == index
    held = []
    for boundary in range(1, stages.n_stages + 1):
        nodes = np.flatnonzero(own & (stages.stage < boundary) & (stages.last >= boundary))
        held.append(np.stack([nodes, np.full_like(nodes, boundary)], axis=1).astype(np.int32))
    return tuple(held)
