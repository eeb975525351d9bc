"""The netlists between the network and the circuit: lowering, then every pass, replayed.

Passes are pure functions, so replaying the compiler's records gives the netlists that it had.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from lgn2hdl.ir.netlist import Netlist
from lgn2hdl.model.network import LogicNet
from lgn2hdl.passes import PIPELINE, PassRecord, prune
from lgn2hdl.passes.dont_cares import prune_thermometer, thermometer_dont_cares
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
    network: LogicNet, start: Netlist | None = None, *, dont_cares: bool = True
) -> Iterator[Step]:
    """Lowering, every pass that changed something, and what pruning ends with.

    Gates that stand for the layers need no lowering.

    Args:
        network: the trained network.
        start: gates that stand for its layers, which pruning starts from; None lowers them.
        dont_cares: whether what thermometer bits imply about each other is made use of, as in
            :class:`lgn2hdl.compiler.recipe.Recipe`.
    """
    netlist = start
    if netlist is None:
        netlist = lower(network)
        yield Step("lower", netlist)
    if dont_cares:
        encoder, features = network.encoder, network.features
        result, records = prune_thermometer(
            netlist, encoder.feature, encoder.threshold, features.highest
        )
    else:
        result, records = prune(netlist)
    yield from _replayed(network, netlist, records)
    yield Step("pruned", result)


def _replayed(network: LogicNet, netlist: Netlist, records: Sequence[PassRecord]) -> Iterator[Step]:
    encoder, features = network.encoder, network.features
    functions = {function.__name__: function for function in PIPELINE}
    functions[thermometer_dont_cares.__name__] = partial(
        thermometer_dont_cares,
        feature=encoder.feature,
        threshold=encoder.threshold,
        highest=features.highest,
    )
    for record in records:
        result = functions[record.name](netlist)
        if result is not netlist:
            yield Step(f"{record.name}, round {record.round}", result)
        netlist = result
