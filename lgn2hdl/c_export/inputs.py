"""The gates that are exported, and the encoder bits that they read."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import OptionError
from lgn2hdl.c_export.expressions import N_PINS
from lgn2hdl.cpu.three_input import three_input
from lgn2hdl.ir.netlist import CONSTANT_ZERO, Netlist, chained, live
from lgn2hdl.model.heads import Head
from lgn2hdl.model.network import LogicNet
from lgn2hdl.passes import facts_of, prune
from lgn2hdl.passes.lower import lower
from lgn2hdl.passes.replacing import ordered_by_level, replace_nodes


@dataclass(frozen=True, eq=False)
class Logic:
    """Encoder and gates of a network, without what the outputs do not need.

    Attributes:
        netlist: gates of at most three pins; the outputs are the bits of the last layer, in order.
        bits: position of each input of the netlist in the network's encoder, ``i64[n_inputs]``.
        feature: feature that each input of the netlist reads, ``i32[n_inputs]``.
        threshold: smallest value that sets the input, ``i32[n_inputs]``; the features' dtype holds
            it.
    """

    netlist: Netlist
    bits: npt.NDArray[np.int64]
    feature: npt.NDArray[np.int32]
    threshold: npt.NDArray[np.int32]


def needed_logic(network: LogicNet) -> Logic:
    """The pruned gates of ``network`` and the input bits that some output depends on, at least one.

    Gates of two or three pins stay as they were trained: fusing them would save no operation of a
    processor that has none with three operands.
    """
    netlist, _ = prune(_without_constant_inputs(network), facts_of(network))
    if netlist.n_pins > N_PINS:
        netlist = three_input(netlist)
    used = live(netlist)[1 : netlist.first_gate]
    used[0] |= not used.any()
    bits = np.flatnonzero(used)
    encoder = network.encoder
    return Logic(
        netlist=_with_inputs(netlist, bits),
        bits=bits,
        feature=encoder.feature[bits],
        threshold=encoder.threshold[bits],
    )


def with_head(logic: Logic, head: Head) -> Logic:
    """The same with the gates of the head: outputs are the bits of the result ports, in order.

    Raises:
        OptionError: if the head does not say by gates what it computes.
    """
    gates = head.plan(logic.netlist, None).gates()
    if gates is None:
        raise OptionError(f"there is no C for a head of the kind {head.kind}")
    if not gates.n_gates:  # a Bits head
        return logic
    netlist, _ = prune(chained(logic.netlist, gates))
    return replace(logic, netlist=three_input(netlist) if netlist.n_pins > N_PINS else netlist)


def _without_constant_inputs(network: LogicNet) -> Netlist:
    """The network's gates; bits that are constant or equal for every row are one.

    A bit of threshold 0 is 1; one above all values of the features' dtype is 0.
    """
    netlist, encoder = ordered_by_level(lower(network)), network.encoder
    source = np.arange(netlist.n_nodes, dtype=np.int32)
    flipped = np.zeros(netlist.n_nodes, np.bool_)
    keys = encoder.feature.astype(np.int64) << 32 | encoder.threshold
    _, first, same = np.unique(keys, return_index=True, return_inverse=True)
    inputs = slice(1, netlist.first_gate)
    source[inputs] = 1 + first[same.ravel()]
    always = encoder.threshold == 0
    never = encoder.threshold > np.iinfo(network.features.dtype).max
    source[inputs][always | never] = CONSTANT_ZERO
    flipped[inputs] = always
    return replace_nodes(netlist, netlist.fanin.copy(), netlist.table.copy(), source, flipped)


def _with_inputs(netlist: Netlist, bits: npt.NDArray[np.intp]) -> Netlist:
    """The netlist with these of its inputs only; nothing reads the others."""
    new_id = np.zeros(netlist.n_nodes, np.int32)
    new_id[1 + bits] = 1 + np.arange(len(bits), dtype=np.int32)
    gates = np.arange(netlist.n_gates, dtype=np.int32)
    new_id[netlist.first_gate :] = 1 + len(bits) + gates
    return Netlist(
        n_inputs=len(bits),
        fanin=new_id[netlist.fanin],
        table=netlist.table,
        outputs=new_id[netlist.outputs],
        origin=netlist.origin,
    )
