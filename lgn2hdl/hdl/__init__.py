"""Hardware: Amaranth components, and the Verilog emitted from them. The only user of Amaranth.

Each component has one clock domain without reset on its data path; its latency in clock cycles is
given as a formula, and its software model is the part of :mod:`lgn2hdl.model` that it names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # (text needs no Amaranth)
    from lgn2hdl.compiler.schedule import Design
    from lgn2hdl.hdl.stream import StreamClassifier


def classifier(design: Design) -> StreamClassifier:
    """The network of a design as an ``amaranth.lib.wiring.Component`` between two streams.

    Args:
        design: the scheduled circuit, as ``compile_network`` gives it.

    Returns:
        A component with ``x: In(stream.Signature(unsigned(n)))``, packed features, and ``y:
        Out(stream.Signature(StructLayout))``, results, see
        :class:`lgn2hdl.hdl.stream.StreamClassifier`.
    """
    from lgn2hdl.hdl.stream import StreamClassifier

    return StreamClassifier(design)
