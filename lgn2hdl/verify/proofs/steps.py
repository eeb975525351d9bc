"""The netlists between the network and the circuit: lowering, then every pass, replayed.

Passes are pure functions, so replaying the compiler's records gives the netlists that it had.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lgn2hdl.ir.netlist import Netlist
from lgn2hdl.model.network import LogicNet
from lgn2hdl.passes import PRUNING, Pipeline, facts_of, prune
from lgn2hdl.passes.lower import lower


@dataclass(frozen=True, eq=False)
class Step:
    """A netlist on the way.

    Attributes:
        name: what made it.
        netlist: its inputs are the encoder's bits, its outputs those of the last layer.
    """

    name: str
    netlist: Netlist


def pruning_steps(
    network: LogicNet,
    start: Netlist | None = None,
    *,
    dont_cares: bool = True,
    pipeline: Pipeline = PRUNING,
) -> Iterator[Step]:
    """Lowering, every pass that changed something, and what pruning ends with.

    Gates that stand for the layers need no lowering.

    Args:
        network: the trained network.
        start: gates that stand for its layers, which pruning starts from; None lowers them.
        dont_cares: whether what thermometer bits imply about each other is made use of, as in
            :class:`lgn2hdl.compiler.recipe.Recipe`.
        pipeline: the passes.
    """
    netlist = start
    if netlist is None:
        netlist = lower(network)
        yield Step("lower", netlist)
    facts = facts_of(network) if dont_cares else None
    result, records = prune(netlist, facts, pipeline=pipeline)
    for record in records:
        changed = pipeline.find(record.name)(netlist, facts)
        if changed is not netlist:
            yield Step(f"{record.name}, round {record.round}", changed)
        netlist = changed
    yield Step("pruned", result)
