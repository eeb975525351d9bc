"""Netlist to BENCH text and back: the form in which ABC reads and writes networks of LUTs.

A line ``x7 = LUT 0x8 ( x1, x2 )`` is a gate. The first pin is the least significant address bit
and the number is the truth table, so tables are the netlist's own. Constants are ``vdd`` and
``gnd``; lines that start with ``#`` are comments.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import ToolError
from lgn2hdl.ir import logic
from lgn2hdl.ir.netlist import CONSTANT_ZERO, Ids, Netlist

_LINE = re.compile(
    r"^(?:(INPUT|OUTPUT)\(([^\s()]+)\)"
    r"|([^\s()=#]+)[ \t]*=[ \t]*(?:LUT 0x([0-9a-fA-F]{1,16}) \( ([^()\n]+) \)|(vdd|gnd)))"
    r"[ \t\r]*$",
    re.MULTILINE,
)
_NOT_BLANK = re.compile(r"^[^#\s]", re.MULTILINE)

_Lines = Sequence[tuple[str, str, str]]
"""Name, table in hexadecimal (``0`` or ``1`` for a constant), pins separated by ``, ``."""


def to_bench(netlist: Netlist) -> str:
    """The netlist as BENCH text.

    Node ``i`` is named ``x<i>`` and output ``i`` is named ``y<i>``, a LUT that passes its node on,
    so that any node may be an output, also several times.
    """
    blocks = [_lines("INPUT(x%d)\n", np.arange(1, netlist.first_gate))]
    blocks.append(_lines("OUTPUT(y%d)\n", np.arange(len(netlist.outputs))))
    blocks.append(f"x{CONSTANT_ZERO} = gnd\n")
    read = (netlist.fanin != CONSTANT_ZERO) & logic.support(netlist.table, netlist.n_pins)
    which = read @ (1 << np.arange(netlist.n_pins))
    for pins in np.unique(which).tolist():
        blocks.append(_gate_lines(netlist, np.flatnonzero(which == pins), pins))
    numbered = np.stack([np.arange(len(netlist.outputs)), netlist.outputs])
    blocks.append(_lines("y%d = LUT 0x2 ( x%d )\n", numbered))
    return "".join(blocks)


def _gate_lines(netlist: Netlist, gates: npt.NDArray[np.intp], which: int) -> str:
    """Lines of the gates that read just the pins whose bits are set in ``which``."""
    pins = [pin for pin in range(netlist.n_pins) if which >> pin & 1]
    own = netlist.first_gate + gates
    # The rows in which the other pins are 0 are the table of the pins that count.
    rows = logic.address_bits(len(pins)).astype(np.uint8) @ (1 << np.array(pins, np.uint8))
    bits = logic.table_to_bits(netlist.table[gates], netlist.n_pins)[:, rows]
    if not pins:
        ones = bits[:, 0] == 1
        return _lines("x%d = gnd\n", own[~ones]) + _lines("x%d = vdd\n", own[ones])
    columns = [own, logic.table_from_bits(bits), *netlist.fanin[gates][:, pins].T]
    template = "x%d = LUT 0x%x ( " + ", ".join(["x%d"] * len(pins)) + " )\n"
    return _lines(template, np.stack([column.astype(np.uint64) for column in columns]))


def _lines(template: str, columns: npt.NDArray[np.integer]) -> str:
    """``template`` filled with each column of ``columns[fields, n]`` (or each item), in a row."""
    if columns.shape[-1] == 0:
        return ""
    return (template * columns.shape[-1]) % tuple(columns.T.ravel().tolist())


def from_bench(text: str, tool: str = "ABC") -> Netlist:
    """The netlist in BENCH text, gates in topological order, with as few pins as they need.

    Inputs and outputs are in the order of their lines.

    Args:
        text: what a tool wrote.
        tool: its name, for the message.

    Raises:
        ToolError: if the text is not a network of LUTs of at most 6 pins.
    """
    try:
        return _parse(text)
    except ValueError as error:
        raise ToolError(
            f"{tool} wrote BENCH text that cannot be used, {error}: try another version"
        ) from None


def _parse(text: str) -> Netlist:
    found = _LINE.findall(text)
    if len(found) != sum(1 for _ in _NOT_BLANK.finditer(text)):
        raise ValueError("with a line that is neither port, LUT nor constant")
    inputs = [name for port, name, *_ in found if port == "INPUT"]
    outputs = [name for port, name, *_ in found if port == "OUTPUT"]
    gates = [
        (name, table or str(int(constant == "vdd")), pins)
        for port, _, name, table, pins, constant in found
        if not port
    ]
    id_of = dict(zip(chain(inputs, (line[0] for line in gates)), range(1, 1 << 31), strict=False))
    if len(id_of) != len(inputs) + len(gates):
        raise ValueError("with a name that is defined twice")
    try:
        fanin, n_read = _pins(gates, id_of)
        output_ids = np.array([id_of[name] for name in outputs], np.int32)
    except KeyError as error:
        raise ValueError(f"with the undefined name {error.args[0][:40]!r}") from None
    table = _tables(gates, n_read, fanin.shape[1])
    order = _topological_order(fanin, len(inputs) + 1)
    new_id = np.arange(len(inputs) + 1 + len(gates), dtype=np.int32)
    new_id[len(inputs) + 1 + order] = new_id[len(inputs) + 1 :].copy()
    return Netlist(len(inputs), new_id[fanin[order]], table[order], new_id[output_ids])


def _pins(gates: _Lines, id_of: dict[str, int]) -> tuple[Ids, npt.NDArray[np.int64]]:
    """Node ids of the pins, ``i32[G, K]`` (0 where unused), and how many each gate reads."""
    n_read = np.array([pins.count(",") + bool(pins) for _, _, pins in gates], np.int64)
    n_pins = max(1, int(n_read.max(initial=0)))
    if n_pins > logic.MAX_FAN_IN:
        raise ValueError(f"with a LUT of {n_pins} pins")
    names = ", ".join(pins for _, _, pins in gates if pins).replace(" ", "").split(",")
    total = int(n_read.sum())
    fanin = np.full((len(gates), n_pins), CONSTANT_ZERO, np.int32)
    fanin[np.arange(n_pins) < n_read[:, None]] = [id_of[name] for name in names[:total]]
    return fanin, n_read


def _tables(gates: _Lines, n_read: npt.NDArray[np.int64], n_pins: int) -> logic.Tables:
    """Truth tables over ``n_pins`` pins of gates that read the first ``n_read`` of them."""
    given = np.array([int(table, 16) for _, table, _ in gates], np.uint64)
    table = np.zeros(len(gates), logic.table_dtype(n_pins))
    for pins in np.unique(n_read).tolist():
        some = np.flatnonzero(n_read == pins)
        if int(given[some].max()) > logic.all_ones(pins):
            raise ValueError(f"with a table of more than {logic.rows(pins)} bits for {pins} pins")
        narrow = given[some].astype(logic.table_dtype(max(1, pins)))
        table[some] = logic.widen(narrow, pins, n_pins)
    return table


def _topological_order(fanin: Ids, first_gate: int) -> npt.NDArray[np.intp]:
    """Gates sorted by level, otherwise in their old order; pins may read any gate.

    Raises:
        ValueError: if gates form a cycle.
    """
    level = np.zeros(first_gate + len(fanin), np.int32)
    level[first_gate:] = -1  # not settled yet
    pending = np.arange(len(fanin))
    while len(pending):
        below = level[fanin[pending]]
        settled = (below >= 0).all(axis=1)
        if not settled.any():
            raise ValueError("with gates that form a cycle")
        level[first_gate + pending[settled]] = below[settled].max(axis=1) + 1
        pending = pending[~settled]
    return np.argsort(level[first_gate:], kind="stable")
