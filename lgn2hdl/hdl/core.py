"""Core: the gate graph, cut into pipeline stages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from amaranth.hdl import Cat, Const, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lgn2hdl import logic
from lgn2hdl.hdl.domain import data_path_module
from lgn2hdl.netlist import CONSTANT_ZERO, Netlist
from lgn2hdl.schedule import Design, constant_nodes

_TWO_PINS: dict[str, Callable[[Value, Value], Value]] = {
    "0": lambda a, b: Const(0, 1),
    "~(a|b)": lambda a, b: ~(a | b),
    "a&~b": lambda a, b: a & ~b,
    "~b": lambda a, b: ~b,
    "~a&b": lambda a, b: ~a & b,
    "~a": lambda a, b: ~a,
    "a^b": lambda a, b: a ^ b,
    "~(a&b)": lambda a, b: ~(a & b),
    "a&b": lambda a, b: a & b,
    "~(a^b)": lambda a, b: ~(a ^ b),
    "a": lambda a, b: a,
    "a|~b": lambda a, b: a | ~b,
    "b": lambda a, b: b,
    "~a|b": lambda a, b: ~a | b,
    "a|b": lambda a, b: a | b,
    "1": lambda a, b: Const(1, 1),
}


def node_names(design: Design) -> list[str]:
    """A legal, unique name for every node: ``l<layer>_n<position>`` of the trained node.

    The constant is ``zero`` and input bit ``j`` of the encoder is ``t<j>``. A gate that no single
    trained node computes is ``g<gate>``; a second gate for the same trained node (its complement)
    gets ``_<gate>`` appended.
    """
    netlist = design.netlist
    widths = [layer.width for layer in design.network.layers]
    starts = np.concatenate([[0], np.cumsum(widths)])
    layer = np.searchsorted(starts, netlist.origin, side="right") - 1
    names = ["zero", *(f"t{bit}" for bit in range(netlist.n_inputs))]
    taken: set[int] = set()
    for gate, (origin, of_layer) in enumerate(zip(netlist.origin.tolist(), layer, strict=True)):
        name = f"g{gate}" if origin < 0 else f"l{of_layer}_n{origin - starts[of_layer]}"
        names.append(f"{name}_{gate}" if origin in taken and origin >= 0 else name)
        taken.add(origin)
    return names


class Core(wiring.Component):
    """All gates. Latency: ``ceil(depth / levels_per_stage)`` cycles. Model: ``netlist.evaluate``.

    Ports:
        bits: encoder bits, ``Design.encoder_bits`` in order.
        signals: values of ``Design.signals``, in order.

    A port that would have no bits has one, which means nothing.
    """

    def __init__(self, design: Design) -> None:
        self._design = design
        self._names = node_names(design)
        super().__init__(
            {
                "clk": In(1),
                "bits": In(max(1, len(design.encoder_bits))),
                "signals": Out(max(1, len(design.signals))),
            },
        )

    def elaborate(self, _platform: Any) -> Module:
        """Stage by stage: gates as named wires, then one wide register for the boundary."""
        m = data_path_module(self.clk)
        design = self._design
        values = self._constants()
        for bit, port_bit in zip(design.encoder_bits, self.bits, strict=False):
            values[1 + int(bit)] = port_bit
        for stage, gates in enumerate(_gates_by_stage(design)):
            self._gates(m, gates, values)
            self._register(m, stage + 1, values)
        m.d.comb += self.signals.eq(Cat(values[node] for node in design.signals.tolist()))
        return m

    def _constants(self) -> dict[int, Value]:
        netlist = self._design.netlist
        level = self._design.first  # 0 exactly where the level is 0
        nodes = np.flatnonzero(constant_nodes(netlist, level))
        values: dict[int, Value] = {CONSTANT_ZERO: Const(0, 1)}
        for node in nodes[nodes >= netlist.first_gate].tolist():
            values[node] = Const(int(netlist.table[node - netlist.first_gate]) & 1, 1)
        return values

    def _gates(self, m: Module, gates: list[int], values: dict[int, Value]) -> None:
        netlist = self._design.netlist
        tables, fanins = _connected_pins_first(netlist, np.array(gates, np.int64))
        for gate, table, fanin in zip(gates, tables.tolist(), fanins.tolist(), strict=True):
            node = netlist.first_gate + gate
            pins = [values[pin] for pin in fanin if pin != CONSTANT_ZERO]
            wire = Signal(name=self._names[node])
            m.d.comb += wire.eq(_function(table, pins))
            values[node] = wire

    def _register(self, m: Module, boundary: int, values: dict[int, Value]) -> None:
        nodes = self._design.held(boundary).tolist()
        register = Signal(len(nodes), name=f"stage{boundary}", reset_less=True)
        m.d.sync += register.eq(Cat(values[node] for node in nodes))
        values.update(zip(nodes, register, strict=True))


def _gates_by_stage(design: Design) -> list[list[int]]:
    """Gate positions of each stage in topological order (id order is one)."""
    stage = design.first[design.netlist.first_gate :] - 1
    return [np.flatnonzero(stage == index).tolist() for index in range(design.n_stages)]


def _connected_pins_first(
    netlist: Netlist, gates: Any
) -> tuple[logic.Tables, np.ndarray[Any, Any]]:
    """Tables and fan-ins with the unused pins moved behind the connected ones."""
    fanin = netlist.fanin[gates]
    order = np.argsort(fanin == CONSTANT_ZERO, axis=1, kind="stable")
    return logic.permute(netlist.table[gates], order), np.take_along_axis(fanin, order, axis=1)


def _function(table: int, pins: list[Value]) -> Value:
    """The gate's expression: an operator for up to two pins, else a look-up in its truth table."""
    rows = logic.rows(len(pins))
    table &= (1 << rows) - 1  # the other rows repeat these: the remaining pins are unused
    if len(pins) > 2:
        return Const(table, rows).bit_select(Cat(pins), 1)
    two_pins = int(logic.widen(np.uint8(table), len(pins), 2))
    a, b = (pins + [Const(0, 1)] * 2)[:2]
    return _TWO_PINS[logic.GATE_NAMES[two_pins]](a, b)
