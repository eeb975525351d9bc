"""What lies between a network and its Verilog, as engines: every netlist on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from lgn2hdl.compiler.schedule import Design
from lgn2hdl.ir import packed
from lgn2hdl.ir.netlist import Netlist, evaluate
from lgn2hdl.model.features import Integers
from lgn2hdl.model.golden import feature_bits
from lgn2hdl.model.heads import Head, HeadPlan, ScoringHead
from lgn2hdl.model.heads.group_sum_plan import SCORES
from lgn2hdl.model.network import LogicNet
from lgn2hdl.model.results import places
from lgn2hdl.verify.differential.compare import OUTPUTS, Engine, Results, head_results
from lgn2hdl.verify.proofs.steps import pruning_steps

Bools = npt.NDArray[np.bool_]


def decided(
    head: Head,
    scores: Callable[[Integers], npt.NDArray[Any]],
    decisions: Callable[[Integers], npt.NDArray[Any]],
    integers: Integers,
) -> Results:
    """Results of an engine that gives scores and decisions, as far as the head has them."""
    if isinstance(head, ScoringHead):
        return {SCORES: scores(integers), head.value_name: decisions(integers)}
    return {head.value_name: decisions(integers)}


def network_engine(network: LogicNet) -> Engine:
    """The public methods of the network: ``scores`` and ``decisions``."""

    def run(integers: Integers) -> Results:
        return decided(network.head, network.scores, network.decisions, integers)

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
    return {
        item.name: item.numbers(bits[place])
        for item, place in zip(plan.results, places(plan.results).values(), strict=True)
    }
