"""Classifier: encoder, core and head behind one set of ports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from amaranth.hdl import Cat, Const, Instance, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lgn2hdl.hdl.argmax import Argmax
from lgn2hdl.hdl.core import Core
from lgn2hdl.hdl.domain import data_path_module
from lgn2hdl.hdl.encoder import Encoder, packing
from lgn2hdl.hdl.popcount import Popcount
from lgn2hdl.head import BitsPlan, GroupSumPlan, HeadPlan
from lgn2hdl.schedule import Design


@dataclass(frozen=True)
class Port:
    """A port of the top module.

    Attributes:
        name: Verilog name.
        direction: ``input`` or ``output``.
        width: bits.
        meaning: one line for people.
    """

    name: str
    direction: str
    width: int
    meaning: str


def classifier_ports(design: Design) -> tuple[Port, ...]:
    """The top module's ports, in the order of its instantiation template."""
    return (
        Port("clk", "input", 1, "clock, rising edge"),
        Port("rst", "input", 1, "synchronous reset of the valid pipeline, active high"),
        Port("valid_in", "input", 1, "x holds a sample"),
        Port("x", "input", int(packing(design.network.features)[-1]), "packed features"),
        Port("valid_out", "output", 1, "the other outputs hold a result"),
        *result_ports(design.head),
    )


def result_ports(plan: HeadPlan) -> tuple[Port, ...]:
    """The ports that hold a result."""
    if isinstance(plan, BitsPlan):
        return (Port("bits", "output", plan.n_outputs, "output bits, output 0 the lowest bit"),)
    order = f"class 0 in the least significant bits, {plan.score_width} bits each"
    signed = "signed " if plan.score_signed else ""
    return (
        Port("class_index", "output", plan.class_width, "winning class, lowest index on a tie"),
        Port("scores", "output", plan.n_classes * plan.score_width, f"{signed}scores, {order}"),
    )


def parts(design: Design) -> dict[str, wiring.Component]:
    """The data-path components by name, in the order in which a sample passes them."""
    plan = design.head
    components: dict[str, wiring.Component] = {"encoder": Encoder(design), "core": Core(design)}
    if isinstance(plan, GroupSumPlan):
        components["popcount"] = Popcount(plan, len(design.signals))
        components["argmax"] = Argmax(plan)
    return components


class Classifier(wiring.Component):
    """The top module. Latency: the sum of its parts, ``Design.latency``. Model: ``LogicNet``.

    A sample may enter every clock cycle. Only ``valid`` is reset; data registers are not. The parts
    are instances of Verilog modules ``<name>_<part>``, emitted beside this one.
    """

    def __init__(self, design: Design, name: str) -> None:
        self._design = design
        self._name = name
        directions = {"input": In, "output": Out}
        super().__init__(
            {port.name: directions[port.direction](port.width) for port in classifier_ports(design)}
        )

    def elaborate(self, _platform: Any) -> Module:
        """Wire the parts in a row and shift ``valid`` beside them."""
        m = data_path_module(self.clk)
        encoded = Signal(max(1, len(self._design.encoder_bits)))
        signals = Signal(max(1, len(self._design.signals)))
        self._instance(m, "encoder", {"x": self.x}, {"bits": encoded})
        self._instance(m, "core", {"bits": encoded}, {"signals": signals})
        plan = self._design.head
        if isinstance(plan, BitsPlan):
            m.d.comb += self.bits.eq(_output_bits(plan, signals))
        else:
            self._scores_and_class(m, plan, signals)
        valid = Signal(self._design.latency)
        m.d.sync += valid.eq(Mux(self.rst, 0, Cat(self.valid_in, valid[:-1])))
        m.d.comb += self.valid_out.eq(valid[-1])
        return m

    def _scores_and_class(self, m: Module, plan: GroupSumPlan, signals: Signal) -> None:
        sums = Signal(plan.n_classes * plan.score_width)
        self._instance(m, "popcount", {"signals": signals}, {"scores": sums})
        outputs = {"class_index": self.class_index, "scores": self.scores}
        self._instance(m, "argmax", {"scores_in": sums}, outputs)

    def _instance(
        self, m: Module, part: str, inputs: Mapping[str, Any], outputs: Mapping[str, Any]
    ) -> None:
        ports = {f"i_{name}": value for name, value in inputs.items()}
        ports |= {f"o_{name}": value for name, value in outputs.items()}
        ports["i_clk"] = self.clk
        m.submodules[part] = Instance(f"{self._name}_{part}", **ports)


def _output_bits(plan: BitsPlan, signals: Signal) -> Value:
    """Every output: a signal of the core or a constant. Model: ``Bits.decisions``."""
    pairs = zip(plan.signal.tolist(), plan.is_one.tolist(), strict=True)
    return Cat(signals[place] if place >= 0 else Const(int(one), 1) for place, one in pairs)
