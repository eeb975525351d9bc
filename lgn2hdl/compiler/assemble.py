"""Assemble: the circuit of a network, from packed feature bits to result bits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from lgn2hdl.arithmetic.encoder import encoder_block
from lgn2hdl.arithmetic.heads import head_hardware
from lgn2hdl.arithmetic.resources import Resources
from lgn2hdl.base.errors import OptionError
from lgn2hdl.ir import logic
from lgn2hdl.ir.circuit import Block, Circuit, join, without_dead
from lgn2hdl.ir.labels import CORE, ENCODER, Comparison, Meaning
from lgn2hdl.ir.netlist import CONSTANT_ZERO, Netlist, live
from lgn2hdl.model.heads import HeadPlan
from lgn2hdl.model.network import LogicNet
from lgn2hdl.passes import remove_dead


def assemble(
    network: LogicNet,
    core: Netlist,
    resources: Resources,
    *,
    scores: bool = True,
    margin: bool = False,
    wire_levels: int = 0,
) -> tuple[Circuit, HeadPlan]:
    """Join encoder, core and head.

    Args:
        network: encoder, head and names.
        core: its gate graph, inputs and outputs as :func:`lgn2hdl.passes.lower.lower` orders them.
        resources: what the device offers; gates of the core may have more pins than a LUT if the
            device joins LUTs.
        scores: whether the scores leave the hardware beside the class.
        margin: whether the difference of the two highest scores does.
        wire_levels: LUT levels that the wires into the core count for, see :func:`with_wires`.

    Returns:
        The circuit, and the plan that says what its outputs mean.

    Raises:
        OptionError: if there is no margin because the head has no scores, or an option is out of
            range.
    """
    signals = network.head.signals(core, scores=scores)
    plan = network.head.plan(core, signals, scores=scores, margin=margin)
    if plan.gates() is None:
        core = remove_dead(replace(core, outputs=signals))
    bits = used_inputs(core)
    encoder = encoder_block(network.features, network.encoder, bits, resources.lut_inputs)
    encoder = with_wires(encoder, wire_levels)
    n_inputs = encoder.netlist.n_inputs
    wiring = np.full(core.n_inputs, -1, np.int32)
    wiring[bits] = np.arange(len(bits))
    hardware = head_hardware(plan, len(core.outputs), resources)
    blocks = [
        (ENCODER, encoder, np.arange(n_inputs, dtype=np.int32)),
        (CORE, Block(core), wiring),
    ]
    meanings: dict[str, Sequence[Meaning]] = {ENCODER.name: _comparisons(network, bits)}
    for item in hardware.parts:
        blocks.append((item.part, item.block, _all_outputs(blocks[-1][1].netlist)))
        meanings[item.part.name] = item.meanings
    head = len(blocks) - len(hardware.parts)
    outputs = [(head + place, bit) for place, bit in hardware.outputs]
    return without_dead(join(n_inputs, blocks, outputs, meanings, resources.lut_inputs)), plan


def with_wires(block: Block, levels: int) -> Block:
    """The block with so many wires, gates that pass a value on, behind every output.

    Where any input may be wired to any gate, the wires into the core are the longest of a design.
    Scheduling counts each of these gates as a level, so that there are registers on the way; in
    hardware they take no LUT.

    Raises:
        OptionError: if ``levels`` is negative.
    """
    if levels < 0:
        raise OptionError(f"{levels} levels for the wires into the core: give 0 or more")
    for _ in range(levels):
        netlist = block.netlist
        sources = np.unique(netlist.outputs[netlist.outputs != CONSTANT_ZERO])
        fanin = np.full((len(sources), netlist.n_pins), CONSTANT_ZERO, np.int32)
        fanin[:, 0] = sources
        wire = np.full(len(sources), logic.pin_table(netlist.n_pins, 0), netlist.table.dtype)
        new_id = np.zeros(netlist.n_nodes, np.int32)
        new_id[sources] = netlist.n_nodes + np.arange(len(sources))
        wired = Netlist(
            netlist.n_inputs,
            np.concatenate([netlist.fanin, fanin]),
            np.concatenate([netlist.table, wire]),
            new_id[netlist.outputs],
            np.concatenate([netlist.origin, np.full(len(sources), -1, np.int32)]),
        )
        block = Block(wired, block.chains)
    return block


def used_inputs(core: Netlist) -> npt.NDArray[np.intp]:
    """Positions of the inputs that some output depends on."""
    return np.flatnonzero(live(core)[1 : core.first_gate])


def _all_outputs(netlist: Netlist) -> npt.NDArray[np.int32]:
    return np.arange(len(netlist.outputs), dtype=np.int32)


def _comparisons(network: LogicNet, bits: npt.NDArray[np.intp]) -> list[Meaning]:
    feature, threshold = network.encoder.feature[bits], network.encoder.threshold[bits]
    return list(map(Comparison, feature.tolist(), threshold.tolist()))
