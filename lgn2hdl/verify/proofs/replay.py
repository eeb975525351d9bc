"""Counterexamples, replayed: what the network gives for a sample, and what the hardware gives."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from lgn2hdl.compiler.schedule import Design
from lgn2hdl.ir import packed
from lgn2hdl.ir.netlist import Netlist, evaluate
from lgn2hdl.model.features import Integers
from lgn2hdl.model.golden import feature_bits, layer_outputs, result_bits
from lgn2hdl.model.network import LogicNet
from lgn2hdl.model.results import places
from lgn2hdl.verify.proofs.report import Counterexample

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Golden:
    """The golden model of a design's result ports.

    Attributes:
        design: the design; its network is the model.
        gates: gates that stand for the network's layers, if not they themselves.
    """

    design: Design
    gates: Netlist | None = None

    @property
    def network(self) -> LogicNet:
        """The network."""
        return self.design.network

    def results(self, samples: Integers) -> Bools:
        """Bits of the result ports, ``bool[bits, N]``, for integer features ``[N, F]``."""
        outputs = layer_outputs(self.network, samples, self.gates)
        return np.concatenate(list(result_bits(self.network, self.design.head, outputs).values()))

    def mismatch(self, netlist: Netlist, samples: Integers, expected: Bools) -> int | None:
        """The first sample for which a netlist of the bits of ``x`` gives other results.

        Args:
            netlist: the gates.
            samples: integer features, ``[N, F]``.
            expected: bits of the result ports, ``bool[bits, N]``.
        """
        bits = packed.pack(feature_bits(self.network.features, samples))
        given = packed.unpack(evaluate(netlist, bits), len(samples))
        wrong = np.flatnonzero((given != expected).any(axis=0))
        return int(wrong[0]) if len(wrong) else None

    def counterexample(self, part: str, netlist: Netlist, sample: Integers) -> Counterexample:
        """What the netlist gives wrong for one sample ``[1, F]``, decoded."""
        bits = packed.pack(feature_bits(self.network.features, sample))
        given = self.decoded(packed.unpack(evaluate(netlist, bits), 1)[:, 0])
        expected = self.decoded(self.results(sample)[:, 0])
        actual = {name: value for name, value in given.items() if value != expected[name]}
        return Counterexample(part, tuple(sample[0].tolist()), expected, actual)

    def decoded(self, bits: Bools) -> dict[str, int]:
        """Numbers that the bits of the result ports say, by name."""
        numbers: dict[str, int] = {}
        plan = self.design.head
        for item, place in zip(plan.results, places(plan.results).values(), strict=True):
            values = item.numbers(bits[place, None]).ravel().tolist()
            numbers |= dict(zip(item.named(), values, strict=True))
        return numbers


def with_every_node(netlist: Netlist) -> Netlist:
    """The same gates, with all nodes as outputs."""
    return replace(netlist, outputs=np.arange(netlist.n_nodes, dtype=np.int32))
