"""Thermometer encoder: raw integers in, registered input bits of the network out."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lgn2hdl.features import Features
from lgn2hdl.hdl.domain import data_path_module
from lgn2hdl.schedule import Design


def packing(features: Features) -> npt.NDArray[np.int64]:
    """Bit offset of each feature in the packed input ``x``, and the total width, ``i64[F + 1]``.

    Feature 0 has the least significant bits.
    """
    return np.concatenate([[0], np.cumsum(features.width, dtype=np.int64)])


class Encoder(wiring.Component):
    """Comparators against constants. Latency: 1 cycle. Model: ``Thermometer.encode``.

    Ports:
        x: all features, packed as :func:`packing` says.
        bits: the encoder bits that the core reads, ``Design.encoder_bits`` in order (a
            single 0 if there are none).
    """

    def __init__(self, design: Design) -> None:
        self._design = design
        self._offsets = packing(design.network.features)
        n_bits = len(design.encoder_bits)
        super().__init__(
            {"clk": In(1), "x": In(int(self._offsets[-1])), "bits": Out(max(1, n_bits))},
        )

    def elaborate(self, _platform: Any) -> Module:
        """One named comparator a bit, one register for all of them."""
        m = data_path_module(self.clk)
        encoder = self._design.network.encoder
        comparators = []
        for bit in self._design.encoder_bits:
            feature, threshold = int(encoder.feature[bit]), int(encoder.threshold[bit])
            comparator = Signal(name=f"x{feature}_ge_{threshold}")
            m.d.comb += comparator.eq(self._at_least(feature, threshold))
            comparators.append(comparator)
        if not comparators:  # Verilog has no vectors of width 0
            return m
        register = Signal(len(comparators), name="bits_register", reset_less=True)
        m.d.sync += register.eq(Cat(comparators))
        m.d.comb += self.bits.eq(register)
        return m

    def _at_least(self, feature: int, threshold: int) -> Value:
        """``x[feature] >= threshold`` without the low bits that cannot matter.

        With ``threshold = t * 2**z`` it is ``(x >> z) >= t``; a power of two needs an OR only.
        """
        value = self.x[int(self._offsets[feature]) : int(self._offsets[feature + 1])]
        if threshold == 0:
            return Value.cast(1)
        zeros = (threshold & -threshold).bit_length() - 1
        shifted = value[min(zeros, len(value)) :]
        if threshold >> zeros == 1:
            return shifted.any()
        return shifted >= (threshold >> zeros)
