"""What lies between a network and its Verilog, as engines: every netlist on the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from lgn2hdl.compiler.schedule import Design
from lgn2hdl.hdl.ports import result_ports
from lgn2hdl.ir import packed
from lgn2hdl.ir.netlist import Netlist, evaluate
from lgn2hdl.model.features import Integers
from lgn2hdl.model.golden import feature_bits
from lgn2hdl.model.head import BitsPlan, GroupSumPlan, HeadPlan
from lgn2hdl.model.network import Bits, LogicNet
from lgn2hdl.verify.differential.compare import (
    BIT,
    CLASS,
    MARGIN,
    OUTPUTS,
    SCORES,
    Engine,
    Results,
    head_results,
)
from lgn2hdl.verify.proofs.steps import pruning_steps

Bools = npt.NDArray[np.bool_]


def network_engine(network: LogicNet) -> Engine:
    """The public methods of the network: ``scores`` and ``decisions``."""

    def run(integers: Integers) -> Results:
        if isinstance(network.head, Bits):
            return {BIT: network.decisions(integers)}
        return {SCORES: network.scores(integers), CLASS: network.decisions(integers)}

    return Engine("network", run)


def netlist_engine(name: str, network: LogicNet, netlist: Netlist) -> Engine:
    """A netlist of the core, between the network's own encoder and head."""

    def run(integers: Integers) -> Results:
        words = evaluate(netlist, network.encoder.encode(integers))
        outputs = packed.unpack(words, len(integers))
        return {OUTPUTS: outputs.T, **head_results(network, outputs)}

    return Engine(name, run)


def step_engines(
    network: LogicNet, start: Netlist | None = None, *, dont_cares: bool = True
) -> Iterator[Engine]:
    """The netlist after lowering and after every pass that changed something.

    Arguments are those of :func:`lgn2hdl.verify.proofs.steps.pruning_steps`.
    """
    for step in pruning_steps(network, start, dont_cares=dont_cares):
        yield netlist_engine(f"netlist: {step.name}", network, step.netlist)


def circuit_engine(design: Design) -> Engine:
    """The mapped circuit with encoder, popcount and argmax, from the bits of ``x`` to the ports."""

    def run(integers: Integers) -> Results:
        bits = packed.pack(feature_bits(design.network.features, integers))
        outputs = packed.unpack(evaluate(design.circuit.netlist, bits), len(integers))
        return port_results(design.head, outputs)

    return Engine("mapped circuit", run)


def port_results(plan: HeadPlan, bits: Bools) -> Results:
    """Results that the bits of the result ports, ``bool[bits, N]``, say."""
    if isinstance(plan, BitsPlan):
        return {BIT: bits.T}
    results: dict[str, npt.NDArray[Any]] = {}
    start = 0
    for port in result_ports(plan):
        rows = bits[start : start + port.width]
        results |= _number(plan, port.name, rows)
        start += port.width
    return results


def _number(plan: GroupSumPlan, port: str, rows: Bools) -> Results:
    """The number, or numbers, of one port."""
    if port != "scores":
        return {{"class_index": CLASS, "margin": MARGIN}[port]: _value(rows)}
    scores = [_value(part) for part in np.split(rows, plan.n_classes)]
    result = np.stack(scores, axis=1)
    if plan.score_signed:
        result -= (result >> (plan.score_width - 1)) << plan.score_width
    return {SCORES: result}


def _value(rows: Bools) -> npt.NDArray[np.int64]:
    """Unsigned numbers ``i64[N]`` of bits ``bool[width, N]``, the lowest first."""
    return (rows.astype(np.int64) << np.arange(len(rows))[:, None]).sum(axis=0)
