"""Assemble: the circuit of a network, from packed feature bits to result bits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from lgn2hdl.arithmetic.argmax import argmax_block
from lgn2hdl.arithmetic.cost import Objective
from lgn2hdl.arithmetic.encoder import encoder_block
from lgn2hdl.arithmetic.popcount import choose_popcount
from lgn2hdl.base.errors import OptionError
from lgn2hdl.ir import logic
from lgn2hdl.ir.circuit import Block, Circuit, join, without_dead
from lgn2hdl.ir.netlist import CONSTANT_ZERO, Netlist, live
from lgn2hdl.model.head import BitsPlan, GroupSumPlan, HeadPlan, head_signals, plan_head
from lgn2hdl.model.network import Bits, LogicNet
from lgn2hdl.passes import remove_dead


def assemble(
    network: LogicNet,
    core: Netlist,
    *,
    k: int,
    carry: bool,
    scores: bool = True,
    margin: bool = False,
    objective: Objective = Objective.LUTS,
    wire_levels: int = 0,
) -> tuple[Circuit, HeadPlan]:
    """Join encoder, core and head.

    Args:
        network: encoder, head and names.
        core: its gate graph, inputs and outputs as :func:`lgn2hdl.passes.lower.lower` orders them.
        k: inputs of a LUT; gates of the core may have more if the device joins LUTs.
        carry: whether adders may use carry chains.
        scores: whether the scores leave the hardware beside the class.
        margin: whether the difference of the two highest scores does.
        objective: what the head is chosen by.
        wire_levels: LUT levels that the wires into the core count for, see :func:`with_wires`.

    Returns:
        The circuit, and the plan that says what its outputs mean.

    Raises:
        OptionError: if there is no margin because the head has no scores, or an option is out of
            range.
    """
    if margin and isinstance(network.head, Bits):
        raise OptionError("the outputs of this model are bits, which have no margin")
    signals = head_signals(network.head, core, scores=scores)
    plan = plan_head(network.head, core, signals, scores=scores)
    if isinstance(plan, GroupSumPlan):
        plan = replace(plan, margin=margin)
        core = remove_dead(replace(core, outputs=signals))
    bits = used_inputs(core)
    encoder = encoder_block(network.features, network.encoder, bits, k)
    encoder = with_wires(encoder, wire_levels)
    n_inputs = encoder.netlist.n_inputs
    wiring = np.full(core.n_inputs, -1, np.int32)
    wiring[bits] = np.arange(len(bits))
    blocks = [
        ("encoder", encoder, np.arange(n_inputs, dtype=np.int32)),
        ("core", Block(core), wiring),
    ]
    names = {"encoder": _encoder_names(network, bits)}
    if isinstance(plan, BitsPlan):
        outputs = [(1, place) for place in range(plan.n_outputs)]
        return without_dead(join(n_inputs, blocks, outputs, names, k)), plan
    popcount = choose_popcount(plan, len(signals), k, carry=carry, objective=objective)
    argmax = argmax_block(plan, k, objective, carry=carry)
    blocks += [
        ("popcount", popcount, _all_outputs(core)),
        ("argmax", argmax, _all_outputs(popcount.netlist)),
    ]
    names |= {"popcount": _score_names(plan), "argmax": _index_names(plan)}
    outputs = [(3, bit) for bit in range(plan.class_width)]
    if plan.scores:
        outputs += [(2, bit) for bit in range(plan.n_classes * plan.score_width)]
    if plan.margin:
        outputs += [(3, plan.class_width + bit) for bit in range(plan.margin_width)]
    return without_dead(join(n_inputs, blocks, outputs, names, k)), plan


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


def _encoder_names(network: LogicNet, bits: npt.NDArray[np.intp]) -> list[str]:
    feature, threshold = network.encoder.feature[bits], network.encoder.threshold[bits]
    return [f"x{f}_ge_{t}" for f, t in zip(feature.tolist(), threshold.tolist(), strict=True)]


def _score_names(plan: GroupSumPlan) -> list[str]:
    return [f"score{c}_{bit}" for c in range(plan.n_classes) for bit in range(plan.score_width)]


def _index_names(plan: GroupSumPlan) -> list[str]:
    index = [f"class_index_{bit}" for bit in range(plan.class_width)]
    return index + [f"margin_{bit}" for bit in range(plan.margin_width if plan.margin else 0)]
