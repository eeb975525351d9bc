"""The tables that drive the C engine: one array of 32-bit words, laid out as ``engine.h`` says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lgn2hdl.cpu.choice import VECTORS, choose
from lgn2hdl.cpu.counting import Terms, terms
from lgn2hdl.cpu.encoder import NO_VALUE, Comparisons, comparisons, representatives
from lgn2hdl.cpu.instructions import Instructions
from lgn2hdl.cpu.nodes import NormalNodes, normal_form
from lgn2hdl.cpu.plan import UNREAD_SLOT, Plan
from lgn2hdl.cpu.three_input import three_input
from lgn2hdl.ir.netlist import Netlist
from lgn2hdl.model.heads.group_sum import GroupSum
from lgn2hdl.model.network import LogicNet
from lgn2hdl.passes import facts_of, prune
from lgn2hdl.passes.lower import lower

MAGIC = 0x356E676C
"""First word of the tables; changes with their layout."""

GROUP_SAMPLES = 512
"""Samples of one vector of a slot."""


@dataclass(frozen=True, eq=False)
class Program:
    """A network as tables of the C engine.

    Attributes:
        words: the tables, ``u32``, see ``engine.h``.
        counts: whether it adds up scores; else the last layer's bits are the result.
        n_slots: slots of the values, the two fixed ones as well.
        vectors: vectors of 512 samples in a slot.
        n_nodes: nodes computed for every block.
        n_runs: runs of nodes of one table; each costs a jump that the processor does not foresee.
        n_operations: vector operations of nodes and popcount for 512 samples.
        n_loads: vectors of 512 bits that these load from memory for 512 samples.
        n_stores: vectors of 512 bits that they store for 512 samples.
    """

    words: npt.NDArray[np.uint32]
    counts: bool
    n_slots: int
    vectors: int
    n_nodes: int
    n_runs: int
    n_operations: int
    n_loads: int
    n_stores: int

    @property
    def block_samples(self) -> int:
        """Samples computed at a time."""
        return self.vectors * GROUP_SAMPLES

    @property
    def value_bytes(self) -> int:
        """Bytes of the values of a block."""
        return self.n_slots * self.block_samples // 8

    @property
    def table_bytes(self) -> int:
        """Bytes of the tables."""
        return self.words.nbytes


def three_input_netlist(network: LogicNet) -> Netlist:
    """Gates between encoder and head as nodes of at most three inputs, as few as can be found."""
    pruned, _ = prune(lower(network), facts_of(network))
    return three_input(pruned)


def compile_program(
    network: LogicNet,
    *,
    segments: tuple[int, ...] | None = None,
    vectors: tuple[int, ...] = VECTORS,
) -> Program:
    """Tables for a network.

    Args:
        network: the network.
        segments, vectors: what to choose from, see :func:`lgn2hdl.cpu.choice.choose`.
    """
    nodes = normal_form(three_input_netlist(network))
    same = representatives(network.encoder, network.features)
    counted = terms(network.head, nodes) if isinstance(network.head, GroupSum) else None
    layout, code, width = choose(nodes, same, counted, segments, vectors)
    masks = comparisons(network.encoder, network.features, layout.inputs)
    n_results = len(nodes.outputs) if counted is None else len(counted.bias)
    header = {
        "magic": MAGIC,
        "n_slots": layout.n_slots,
        "vectors": width,
        "wide": not layout.narrow,
        "n_features": network.features.n_features,
        "element_bytes": network.features.dtype.itemsize,
        "copies": masks.copies,
        "n_masks": len(masks.offset),
        "n_inputs": network.encoder.n_bits,
        "n_packed": len(layout.inputs),
        "head": counted is None,
        "n_results": n_results,
        "n_sums": 0 if counted is None else n_results * (2 if counted.negative.any() else 1),
        "n_planes": 0 if counted is None else counted.n_planes,
        "lowest": 0 if counted is None else counted.lowest % (1 << 32),
        "n_instructions": len(code.instruction),
        "n_operands": len(code.operands),
    }
    sections = (
        np.array(list(header.values()), np.uint32),
        masks.offset,
        np.ascontiguousarray(masks.threshold).view(np.uint32).ravel(),
        _lane_slots(masks, layout),
        np.column_stack([layout.inputs, layout.slot_of_input(layout.inputs)]),
        _results(nodes, layout, counted),
        code.instruction,
        _operand_words(code, layout.narrow),
    )
    return Program(
        words=np.concatenate([np.asarray(part).astype(np.uint32).ravel() for part in sections]),
        counts=counted is not None,
        n_slots=layout.n_slots,
        vectors=width,
        n_nodes=len(layout.order),
        n_runs=code.n_runs,
        n_operations=code.n_operations,
        n_loads=code.n_loads,
        n_stores=code.n_stores,
    )


def _lane_slots(masks: Comparisons, layout: Plan) -> npt.NDArray[np.int64]:
    used = masks.input != NO_VALUE
    return np.where(used, layout.slot_of_input(np.where(used, masks.input, 0)), UNREAD_SLOT)


def _results(nodes: NormalNodes, layout: Plan, counted: Terms | None) -> npt.NDArray[np.int64]:
    """Bias of every class; or slot of every output bit and whether it is complemented."""
    if counted is not None:
        return counted.bias
    return np.column_stack([layout.slot[nodes.outputs], nodes.complemented])


def _operand_words(code: Instructions, narrow: bool) -> npt.NDArray[np.uint32]:
    if not narrow:
        return code.operands.astype(np.uint32)
    pairs = np.zeros(-(-len(code.operands) // 2) * 2, np.uint16)
    pairs[: len(code.operands)] = code.operands
    return pairs.view(np.uint32)
