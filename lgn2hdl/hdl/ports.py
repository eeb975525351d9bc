"""Ports of the top module."""

from __future__ import annotations

from dataclasses import dataclass

from lgn2hdl.compiler.schedule import Design
from lgn2hdl.model.heads import HeadPlan


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


def classifier_ports(design: Design, *, clock_enable: bool = False) -> tuple[Port, ...]:
    """Ports of the module that wires the parts together, the top module unless results may wait."""
    enable = (Port("enable", "input", 1, "clock enable of everything but the reset"),)
    return (
        Port("clk", "input", 1, "clock, rising edge"),
        Port("rst", "input", 1, "synchronous reset of the valid pipeline, active high"),
        *(enable if clock_enable else ()),
        Port("valid_in", "input", 1, "x holds a sample"),
        Port("x", "input", design.circuit.netlist.n_inputs, "packed features"),
        Port("valid_out", "output", 1, "the other outputs hold a result"),
        *result_ports(design.head),
    )


def result_ports(plan: HeadPlan) -> tuple[Port, ...]:
    """The ports that hold a result; the circuit's outputs are their bits, in this order."""
    return tuple(Port(item.port, "output", item.bits, item.meaning) for item in plan.results)
