"""Names of the values in the Verilog, so that each can be traced back to the trained network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lgn2hdl.compiler.schedule import Design
from lgn2hdl.ir.netlist import CONSTANT_ZERO, Netlist


def node_names(design: Design) -> list[str]:
    """A legal, unique name for every node.

    * ``zero``: the constant,
    * ``x<feature>_b<bit>``: a bit of a feature,
    * ``x<feature>_ge_<threshold>``: an encoder bit, ``x[feature] >= threshold``,
    * ``l<layer>_n<position>``: a gate that computes a trained node (perhaps complemented); a second
      gate for the same trained node has its own number appended,
    * ``score<class>_<bit>``: a bit of a score, ``class_index_<bit>`` of the winner,
    * ``e<n>``, ``g<n>``, ``p<n>``, ``a<n>``: any other gate of encoder, core, popcount or argmax;
      another part has its own :attr:`lgn2hdl.ir.labels.Part.prefix`.
    """
    circuit = design.circuit
    names = ["zero", *_feature_bits(design)]
    numbers = np.arange(circuit.netlist.n_gates).tolist()
    prefix = [part.prefix for part in circuit.parts]
    names += [f"{prefix[p]}{n}" for p, n in zip(circuit.part.tolist(), numbers, strict=True)]
    _name_trained_nodes(names, design)
    trained = np.concatenate(
        [np.ones(circuit.netlist.first_gate, np.bool_), circuit.netlist.origin >= 0]
    ).tolist()
    taken = set(names)
    for label in circuit.labels:
        name = label.meaning.name
        if not trained[label.node] and name not in taken:
            names[label.node] = name
            taken.add(name)
    return names


def _feature_bits(design: Design) -> list[str]:
    widths = design.network.features.width.tolist()
    return [f"x{feature}_b{bit}" for feature, width in enumerate(widths) for bit in range(width)]


def _name_trained_nodes(names: list[str], design: Design) -> None:
    netlist: Netlist = design.circuit.netlist
    widths = [layer.width for layer in design.network.luts]
    starts = np.concatenate([[0], np.cumsum(widths)])
    gates = np.flatnonzero(netlist.origin >= 0)
    origin = netlist.origin[gates]
    layer = np.searchsorted(starts, origin, side="right") - 1
    position = origin - starts[layer]
    repeated = np.ones(len(gates), np.bool_)
    repeated[np.unique(origin, return_index=True)[1]] = False
    columns = (gates.tolist(), layer.tolist(), position.tolist(), repeated.tolist())
    for gate, of_layer, place, again in zip(*columns, strict=True):
        name = f"l{of_layer}_n{place}"
        names[netlist.first_gate + gate] = f"{name}_{gate}" if again else name


def constant_value(netlist: Netlist, node: int) -> int | None:
    """0 or 1 if the node is a constant, else None."""
    if node == CONSTANT_ZERO:
        return 0
    gate = node - netlist.first_gate
    if gate < 0 or netlist.fanin[gate].any():
        return None
    return int(netlist.table[gate]) & 1


def in_lines(items: Sequence[str], indent: str, width: int = 96) -> str:
    """Items separated by commas, wrapped at ``width`` columns."""
    lines, line = [], indent
    for number, item in enumerate(items):
        text = item if number == len(items) - 1 else f"{item},"
        if len(line) + len(text) + 1 > width and line != indent:
            lines.append(line.rstrip())
            line = indent
        line += f"{text} "
    return "\n".join([*lines, line.rstrip()])
