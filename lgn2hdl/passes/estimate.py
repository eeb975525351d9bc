"""A quick estimate of the LUTs that a network needs, without a synthesis tool.

Good enough to train towards a budget or to compare networks; ``lgn2hdl synth`` counts exactly. The
encoder is left out: thresholds at powers of two cost next to nothing, others depend on the tool.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir.netlist import Netlist, constant_nodes
from lgn2hdl.model.heads.group_sum import GroupSum
from lgn2hdl.model.network import LogicNet
from lgn2hdl.passes import facts_of, prune
from lgn2hdl.passes.lower import lower

POPCOUNT_LUTS = 0.65
"""LUT6 of a popcount per counted bit: 0.55 to 0.7, growing with their number."""

ARGMAX_LUTS = 1.25
"""LUT6 of the argmax per bit of a score and class but the first.

As Yosys counts what :mod:`lgn2hdl.arithmetic` makes; ``benchmarks/hardware.py`` prints both for
every model.
"""


@dataclass(frozen=True)
class LutEstimate:
    """Estimated LUT6 of the parts behind the encoder."""

    core: int
    popcount: int
    argmax: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.core + self.popcount + self.argmax


def least_luts(n_classes: int) -> int:
    """Estimate of the smallest head for so many classes, one counted bit each, without any core."""
    return round(POPCOUNT_LUTS * n_classes) + round(ARGMAX_LUTS * (n_classes - 1))


def estimate_luts(network: LogicNet) -> LutEstimate:
    """Prune the network's netlist and count: a LUT for every gate, the head by formula."""
    netlist, _ = prune(lower(network), facts_of(network))
    constant = constant_nodes(netlist)
    core = netlist.n_gates - int(constant[netlist.first_gate :].sum())
    if not isinstance(network.head, GroupSum):
        return LutEstimate(core, 0, 0)
    counted = _counted_bits(netlist, constant, network.head)
    width = int(counted.max(initial=1)).bit_length()
    return LutEstimate(
        core=core,
        popcount=round(POPCOUNT_LUTS * int(counted.sum())),
        argmax=round(ARGMAX_LUTS * width * (network.head.n_classes - 1)),
    )


def _counted_bits(
    netlist: Netlist, constant: npt.NDArray[np.bool_], head: GroupSum
) -> npt.NDArray[np.int64]:
    """Distinct outputs of every class that are not constant, ``i64[C]``."""
    used = ~constant[netlist.outputs] & (head.weight != 0)
    pairs = np.stack([head.class_of[used].astype(np.int64), netlist.outputs[used]])
    return np.bincount(np.unique(pairs, axis=1)[0], minlength=head.n_classes)
