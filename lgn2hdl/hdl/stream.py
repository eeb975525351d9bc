"""A network as a component for Amaranth designs: a stream of samples in, a stream of results out.

It behaves as the handshake interface of the generated Verilog, cycle by cycle, and is made of the
same parts, in the ``sync`` domain of the design around it.
"""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, signed, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from lgn2hdl.compiler.schedule import Design
from lgn2hdl.hdl.component import Part, result_values
from lgn2hdl.hdl.names import node_names
from lgn2hdl.hdl.part import RESULT, plan_parts
from lgn2hdl.model.heads import HeadPlan


def result_layout(plan: HeadPlan) -> data.StructLayout:
    """Fields of a result, named like the ports of the Verilog; ``scores`` is an array by class."""
    fields: dict[str, Any] = {}
    for item in plan.results:
        number = signed(item.width) if item.signed else unsigned(item.width)
        if item.together:
            fields[item.port] = unsigned(item.bits)
        else:
            fields[item.port] = data.ArrayLayout(number, item.count) if item.several else number
    return data.StructLayout(fields)


class StreamClassifier(wiring.Component):
    """A network between two streams. Model: ``LogicNet``.

    Ports: ``x``, packed features, and ``y``, results, see :func:`result_layout`. A sample may enter
    every clock cycle; its result is there ``Design.latency`` cycles later if nothing waits. A
    result that has to wait moves into a register, and the pipeline stands still from the next cycle
    on, so that no path leads from ``y.ready`` to ``x.ready``. A reset of the domain drops all
    samples.
    """

    def __init__(self, design: Design) -> None:
        self._design = design
        super().__init__(
            {
                "x": In(stream.Signature(unsigned(design.circuit.netlist.n_inputs))),
                "y": Out(stream.Signature(result_layout(design.head))),
            }
        )

    def elaborate(self, _platform: Any) -> Module:
        """The pipeline, ``valid`` beside it, and the register of a result that has to wait."""
        m = Module()
        flow = Signal(init=1)  # no result waits: the pipeline moves
        hold = Signal()
        result = self._pipeline(m, flow)
        valid = Signal(self._design.latency)
        held = Signal(len(result), reset_less=True)
        with m.If(flow):
            m.d.sync += [valid.eq(Cat(self.x.valid, valid[:-1])), held.eq(result)]
        m.d.comb += [
            self.x.ready.eq(~hold),
            self.y.valid.eq(hold | valid[-1]),
            self.y.payload.as_value().eq(Mux(hold, held, result)),
        ]
        m.d.sync += [
            hold.eq(self.y.valid & ~self.y.ready),
            flow.eq(~self.y.valid | self.y.ready),
        ]
        return m

    def _pipeline(self, m: Module, enable: Signal) -> Signal:
        """All parts, connected; gives the result that leaves them."""
        design = self._design
        names, plans = node_names(design), plan_parts(design)
        parts = {plan.name: Part(design, plan, names, clock_enable=True, embedded=True)
                 for plan in plans}  # fmt: skip
        for plan in plans:
            part = m.submodules[plan.name] = parts[plan.name]
            if plan.n_x:
                m.d.comb += part.x.eq(self.x.payload)
            if hasattr(part, "enable"):
                m.d.comb += part.enable.eq(enable)
            for other in plan.inputs:
                source = getattr(parts[other], f"to_{plan.name}")
                m.d.comb += getattr(part, f"from_{other}").eq(source)
        vectors = {name: part.result for name, part in parts.items() if hasattr(part, RESULT)}
        values = result_values(design, plans, vectors)
        result = Signal(sum(map(len, values.values())))
        m.d.comb += result.eq(Cat(*values.values()))
        return result
