"""Gates as straight-line C: functions of bounded size that hand values on in a small array.

The gates come in the order in which a depth-first walk from output 0, output 1, ... finishes them.
So the outputs are complete one after the other, and can be counted or stored a few at a time; and a
value is needed by gates nearby, which keeps the array small. Inside a function values are local
variables, so that compilers see single assignments and place them as they like.

The walk and the allocation of slots are sequential by nature: these loops go over gates.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lgn2hdl.c_export.expressions import N_PINS, expressions
from lgn2hdl.ir import logic
from lgn2hdl.ir.netlist import CONSTANT_ZERO, Netlist, fanout

MAX_LOCALS = 120
"""Most local variables of a function: the more there are, the longer compilers take, and a small
stack has to hold them."""

MAX_OUTPUTS = 128
"""Most outputs of a function: they wait in an array of this size until they are counted."""


@dataclass(frozen=True)
class Part:
    """One function.

    It reads input words ``x`` and values ``s`` of functions before it, and writes values ``s`` and
    its outputs ``y``; a word type is called ``W``.

    Attributes:
        statements: its body, a line each.
        first_output: number of its first output.
        n_outputs: number of its outputs, which are consecutive.
    """

    statements: tuple[str, ...]
    first_output: int
    n_outputs: int


@dataclass(frozen=True)
class GateCode:
    """All functions, to be called in order.

    Attributes:
        parts: the functions.
        n_slots: length of the array ``s``.
        n_locals: most local variables of a function.
        n_operators: operators ``& | ^ ~`` in all functions.
    """

    parts: tuple[Part, ...]
    n_slots: int
    n_locals: int
    n_operators: int


def gate_code(netlist: Netlist) -> GateCode:
    """Code of all gates that some output needs, each computed once.

    Args:
        netlist: gates of at most three pins.
    """
    steps = _steps(netlist)
    cuts = _cuts(netlist, steps)
    writer = _Writer(netlist, _last_part(netlist, steps, cuts))
    starts = [0, *cuts[:-1]]
    parts = [writer.part(steps[a:b]) for a, b in zip(starts, cuts, strict=True)]
    return GateCode(
        parts=tuple(parts),
        n_slots=writer.n_slots,
        n_locals=writer.n_locals,
        n_operators=writer.n_operators,
    )


def _steps(netlist: Netlist) -> list[int]:
    """What to do in turn: a node id computes this gate, ``~o`` hands over output ``o``."""
    fanin, first = netlist.fanin.tolist(), netlist.first_gate
    done = bytearray(netlist.n_nodes)
    done[:first] = bytes([1]) * first
    steps: list[int] = []
    for output, node in enumerate(netlist.outputs.tolist()):
        stack = [node]
        while stack:
            node = stack[-1]
            missing = (
                [pin for pin in fanin[node - first] if not done[pin]] if not done[node] else []
            )
            stack.extend(reversed(missing))
            if missing:
                continue
            if not done[node]:
                done[node] = 1
                steps.append(node)
            stack.pop()
        steps.append(~output)
    return steps


def _read_by(netlist: Netlist, step: int) -> list[int]:
    """Gates whose values a step reads."""
    if step < 0:
        nodes = [int(netlist.outputs[~step])]
    else:
        nodes = netlist.fanin[step - netlist.first_gate].tolist()
    return [node for node in nodes if node >= netlist.first_gate]


def _cuts(netlist: Netlist, steps: list[int]) -> list[int]:
    """Ends of the functions in ``steps``: as few as the limits allow."""
    cuts: list[int] = []
    names: set[int] = set()
    n_outputs = 0
    for number, step in enumerate(steps):
        involved = {*_read_by(netlist, step), step} if step >= 0 else {*_read_by(netlist, step)}
        if len(names | involved) > MAX_LOCALS or (step < 0 and n_outputs == MAX_OUTPUTS):
            cuts.append(number)
            names, n_outputs = set(), 0  # (what the step reads is loaded again)
        names |= involved
        n_outputs += step < 0
    return [*cuts, len(steps)]


def _last_part(netlist: Netlist, steps: list[int], cuts: list[int]) -> list[int]:
    """Number of the last function that reads each node; -1 where none does."""
    part = np.searchsorted(np.array(cuts), np.arange(len(steps)), side="right")
    numbers = np.array(steps)
    last = np.full(netlist.n_nodes, -1, np.int64)
    gates = numbers >= 0
    pins = netlist.fanin[numbers[gates] - netlist.first_gate]
    np.maximum.at(last, pins, part[gates][:, None])
    np.maximum.at(last, netlist.outputs[~numbers[~gates]], part[~gates])
    return last.tolist()


class _Writer:
    """Writes the functions one after the other; slots are free again after their last load."""

    def __init__(self, netlist: Netlist, last_part: list[int]) -> None:
        self.n_slots = 0
        self.n_locals = 0
        self.n_operators = 0
        self._netlist = netlist
        self._last_part = last_part
        self._reads = fanout(netlist).tolist()
        self._formulas = _formulas(netlist)
        self._operators = [sum(map(text.count, "&|^~")) for text in self._formulas]
        self._local = [-1] * netlist.n_nodes  # function in which the node last had a variable
        self._slot: dict[int, int] = {}
        self._free: list[int] = []
        self._part = -1
        self._first_output = 0
        self._lines: list[str] = []
        self._n_locals = 0  # of this function

    def part(self, steps: list[int]) -> Part:
        """The next function."""
        self._part += 1
        self._lines, self._n_locals = [], 0
        outputs = [~step for step in steps if step < 0]
        first = self._first_output
        self._first_output += len(outputs)
        for number, step in enumerate(steps):
            if step < 0:
                self._output(~step, first)
            elif not self._is_inlined(step, steps[number + 1 : number + 2]):
                self._gate(step)
        self.n_locals = max(self.n_locals, self._n_locals)
        return Part(tuple(self._lines), first, len(outputs))

    def _is_inlined(self, node: int, following: list[int]) -> bool:
        """Whether only the output that comes next reads the gate: no variable is needed."""
        return self._reads[node] == 1 and bool(following) and following[0] < 0

    def _output(self, output: int, first: int) -> None:
        node = int(self._netlist.outputs[output])
        is_gate = node >= self._netlist.first_gate
        computed = node in self._slot or self._local[node] == self._part
        value = self._formula(node) if is_gate and not computed else self._value(node)
        self._lines.append(f"y[{output - first}] = {value};")

    def _gate(self, node: int) -> None:
        formula = self._formula(node)
        self._declare(node, formula)
        if self._last_part[node] > self._part:
            self._slot[node] = heapq.heappop(self._free) if self._free else self.n_slots
            self.n_slots = max(self.n_slots, self._slot[node] + 1)
            self._lines.append(f"s[{self._slot[node]}] = v{node};")

    def _declare(self, node: int, value: str) -> None:
        self._local[node] = self._part
        self._n_locals += 1
        self._lines.append(f"const W v{node} = {value};")

    def _formula(self, node: int) -> str:
        """The C expression that computes a gate."""
        gate = node - self._netlist.first_gate
        values = map(self._value, self._netlist.fanin[gate].tolist())
        self.n_operators += self._operators[gate]
        text = self._formulas[gate].format(*values, *("",) * N_PINS)
        return f"(W)({text})" if " " in text or text[0] == "~" else text

    def _value(self, node: int) -> str:
        """The C expression of a node's value, loaded from its slot if it must be."""
        if node == CONSTANT_ZERO:
            return "ZERO"
        if node < self._netlist.first_gate:
            return f"x[{node - 1}]"
        if self._local[node] != self._part:
            self._declare(node, f"s[{self._slot[node]}]")
            if self._last_part[node] == self._part:
                heapq.heappush(self._free, self._slot.pop(node))
        return f"v{node}"


def _formulas(netlist: Netlist) -> list[str]:
    """Expression of each gate over its pins ``{0}``, ``{1}``, ``{2}``."""
    tables: npt.NDArray[np.unsignedinteger] = logic.widen(netlist.table, netlist.n_pins, N_PINS)
    all_expressions = expressions()
    return [all_expressions[table] for table in tables.tolist()]
