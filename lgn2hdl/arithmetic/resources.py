"""What a device offers to arithmetic, as capabilities: nothing asks for a device's name."""

from __future__ import annotations

from dataclasses import dataclass

from lgn2hdl.arithmetic.cost import Objective


@dataclass(frozen=True)
class Resources:
    """What a device offers, and what is made small first.

    Attributes:
        lut_inputs: inputs of a LUT, K, 3 to 6.
        carry: whether adders may use carry chains.
        absorbs_addend: whether the LUT of a chain's position has room for a gate of ``K - 1`` pins
            that computes the addend; else a chain adds two bits and no more.
        objective: what arithmetic is chosen by.
    """

    lut_inputs: int
    carry: bool
    absorbs_addend: bool = False
    objective: Objective = Objective.LUTS
