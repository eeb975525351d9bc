"""Schedule: a circuit with a pipeline stage for everything in it.

The features enter unregistered, so that stage 0 starts with the encoder; every result leaves from a
register. One new sample enters every clock cycle (initiation interval 1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lgn2hdl.ir.circuit import Circuit
from lgn2hdl.ir.netlist import Ids
from lgn2hdl.ir.retiming import Stages, fewest_registers, part_by_part
from lgn2hdl.model.heads import HeadPlan
from lgn2hdl.model.network import LogicNet


@dataclass(frozen=True, eq=False)
class Design:
    """All that is emitted.

    Attributes:
        network: the trained network: features, layers and class names.
        circuit: its hardware as a graph of LUTs and carry chains.
        head: what the result ports mean.
        levels_per_stage: most LUT levels between two registers.
        stages: which stage computes each node, and how long its value waits.
    """

    network: LogicNet
    circuit: Circuit
    head: HeadPlan
    levels_per_stage: int
    stages: Stages

    @property
    def latency(self) -> int:
        """Clock cycles from ``valid_in`` to ``valid_out`` of the same sample."""
        return self.stages.n_stages

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the circuit's parts."""
        return tuple(part.name for part in self.circuit.parts)

    @property
    def part_of_node(self) -> Ids:
        """Index into ``parts`` of every node, ``i32[n_nodes]``; inputs belong to the encoder."""
        inputs = np.zeros(self.circuit.netlist.first_gate, np.int32)
        return np.concatenate([inputs, self.circuit.part.astype(np.int32)])

    def luts(self) -> dict[str, int]:
        """LUTs of each part, see :meth:`lgn2hdl.ir.circuit.Circuit.lut_count`."""
        counts = self.circuit.lut_count()
        return {part: counts[part] for part in self.parts}

    def flip_flops(self) -> dict[str, int]:
        """Flip-flops of each part; the shift register of ``valid`` is counted as ``control``."""
        return {**_by_part(self, self.stages), "control": self.latency}

    def naive_flip_flops(self) -> dict[str, int]:
        """The same if each part were pipelined for itself and everything alive were registered."""
        circuit = self.circuit
        naive = part_by_part(circuit.netlist, circuit.clusters, self.levels_per_stage, circuit.part)
        return {**_by_part(self, naive), "control": naive.n_stages}


def schedule(
    network: LogicNet, circuit: Circuit, head: HeadPlan, *, levels_per_stage: int
) -> Design:
    """Place registers: the smallest latency first, then the fewest flip-flops.

    Args:
        network: the trained network.
        circuit: its joined parts.
        head: the plan that the circuit's head was made from.
        levels_per_stage: most LUT levels (a carry chain is one) between registers, at least 1.

    Raises:
        OptionError: if ``levels_per_stage`` is below 1.
    """
    stages = fewest_registers(circuit.netlist, circuit.clusters, levels_per_stage)
    return Design(network, circuit, head, levels_per_stage, stages)


def _by_part(design: Design, stages: Stages) -> dict[str, int]:
    counts = np.bincount(design.part_of_node, weights=stages.registers, minlength=len(design.parts))
    return {name: int(counts[index]) for index, name in enumerate(design.parts)}
