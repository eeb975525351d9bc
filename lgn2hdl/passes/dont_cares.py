"""Use that thermometer bits imply each other: ``t_i => t_j`` if ``threshold_i >= threshold_j``.

Combinations of values that no input can cause are don't-cares. A gate's table may do there as it
likes, so pins become useless; nodes that differ there alone are one node; what a few inputs decide
needs no gates between. Nothing changes for any feature vector ``x``; for input bits that no ``x``
encodes to, outputs may change.

Only satisfiability don't-cares are used (rows that cannot occur), each gate on its own account: all
nodes keep their values for every ``x``, so the changes to all gates hold together.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir import logic
from lgn2hdl.ir.netlist import CONSTANT_ZERO, Ids, Netlist
from lgn2hdl.passes.pipeline import Checks, InputFacts, Pass
from lgn2hdl.passes.replacing import ordered_by_level, replace_nodes
from lgn2hdl.passes.small_cones import (
    NO_VARIABLE,
    Cones,
    Variables,
    drop_ignored,
    small_cones,
    table_bits,
    thermometer_variables,
)

WINDOW = 6
"""Most inputs or gates whose combinations are looked at together."""

Bools = npt.NDArray[np.bool_]


def thermometer_dont_cares(
    netlist: Netlist,
    feature: Ids,
    threshold: Ids,
    highest: npt.NDArray[np.integer] | None = None,
    *,
    window: int = WINDOW,
) -> Netlist:
    """Simplify gates, with what cannot occur behind a thermometer encoder as don't-cares.

    Never more gates, levels or connected pins of a gate; the gates are ordered by level. Outputs
    stay as they are for every feature vector. :func:`lgn2hdl.passes.prune` cleans up behind it.

    Args:
        netlist: gates whose input ``j`` is ``x[feature[j]] >= threshold[j]``.
        feature: feature of each input, ``i32[n_inputs]``.
        threshold: threshold of each input, ``i32[n_inputs]``.
        highest: highest value of every feature, ``[F]``; without it thresholds of any height count
            as reachable.
        window: most variables that are looked at together, 6 to 10; time and memory double with
            each.

    Raises:
        ValueError: if ``feature`` or ``threshold`` has another length than the netlist has inputs,
            or ``window`` is out of range.
    """
    if not len(feature) == len(threshold) == netlist.n_inputs:
        raise ValueError(f"{len(feature)} encoder bits for {netlist.n_inputs} inputs")
    if not netlist.n_gates:
        return netlist
    ordered = ordered_by_level(netlist)
    variables = thermometer_variables(ordered, feature, threshold, highest)
    cones, possible = small_cones(ordered, variables, window)
    fanin, table = _simplified(ordered, possible)
    _read_variables(ordered, variables, cones, fanin, table)
    result = replace_nodes(ordered, fanin, table, *_equal_nodes(variables, cones))
    return netlist if result is ordered else result


def dont_cares(window: int = WINDOW) -> Pass:
    """The pass :func:`thermometer_dont_cares` with this window."""

    def run(netlist: Netlist, facts: InputFacts | None) -> Netlist:
        if facts is None:
            return netlist
        known = facts.feature, facts.threshold, facts.highest
        return thermometer_dont_cares(netlist, *known, window=window)

    return Pass(thermometer_dont_cares.__name__, run, needs=True, checks=Checks.EVERY_SAMPLE)


def _simplified(netlist: Netlist, possible: Bools) -> tuple[Ids, logic.Tables]:
    """Pins and tables of gates without pins that never matter; the deepest pins go first."""
    n_pins = netlist.n_pins
    order = np.argsort(netlist.fanin, axis=1, kind="stable")
    pins = np.take_along_axis(netlist.fanin, order, axis=1)
    bits = logic.table_to_bits(logic.permute(netlist.table, order), n_pins)
    fits = logic.table_to_bits(
        logic.permute(logic.table_from_bits(possible), order), n_pins
    ).astype(np.bool_)
    for pin in reversed(range(n_pins)):
        ignored = ~drop_ignored(bits, fits, pin)
        pins[ignored, pin] = CONSTANT_ZERO
    table = logic.table_from_bits(_filled(bits, fits))
    # A gate that keeps its pins keeps their order too.
    same = (np.take_along_axis(netlist.fanin, order, axis=1) == pins).all(axis=1)
    pins[same] = netlist.fanin[same]
    table[same] = logic.permute(table[same], np.argsort(order[same], axis=1))
    return pins, table


def _filled(bits: npt.NDArray[np.uint8], fits: Bools) -> npt.NDArray[np.uint8]:
    """Rows that cannot occur get the value that most others have: rather an AND than an XOR."""
    ones = (bits.astype(np.bool_) & fits).sum(axis=1)
    zeros = fits.sum(axis=1) - ones
    mostly = np.where(ones == zeros, bits[:, 0], ones > zeros).astype(np.uint8)
    return np.where(fits, bits, mostly[:, None])


def _read_variables(
    netlist: Netlist, variables: Variables, cones: Cones, fanin: Ids, table: logic.Tables
) -> None:
    """Gates that need no more pins for it read the variables of their cones, in place."""
    own = cones.variables[netlist.first_gate :, : netlist.n_pins]
    count = (cones.variables[netlist.first_gate :] != NO_VARIABLE).sum(axis=1)
    direct = np.flatnonzero(count <= (fanin != CONSTANT_ZERO).sum(axis=1))
    pins = own[direct]
    used = pins != NO_VARIABLE
    nodes = np.where(used, variables.node[np.where(used, pins, 0)], CONSTANT_ZERO)
    moved = (np.sort(nodes, axis=1) != np.sort(fanin[direct], axis=1)).any(axis=1)
    direct, pins, nodes = direct[moved], pins[moved], nodes[moved]
    bits, fits = table_bits(cones, variables, netlist.first_gate + direct, netlist.n_pins)
    fanin[direct], table[direct] = nodes, logic.table_from_bits(_filled(bits, fits))


def _equal_nodes(variables: Variables, cones: Cones) -> tuple[Ids, Bools]:
    """An earlier node that equals each node, or itself; and whether it is the complement."""
    source = _first_equal(cones)
    flipped = cones.negated ^ cones.negated[source]
    # The only variable of a cone is the node itself or its complement, whatever its own cone says.
    single = (cones.variables[:, 0] != NO_VARIABLE) & (cones.variables[:, 1] == NO_VARIABLE)
    source[single] = variables.node[cones.variables[single, 0]]
    flipped[single] = cones.negated[single]
    return source, flipped


def _first_equal(cones: Cones) -> Ids:
    """The lowest node with the same variables and the same table, ``i32[n_nodes]``."""
    key = np.concatenate([cones.variables.view(np.uint8), cones.table], axis=1)
    whole = np.ascontiguousarray(key).view(np.dtype((np.void, key.shape[1])))[:, 0]
    _, first, member = np.unique(whole, return_index=True, return_inverse=True)
    return first[member].astype(np.int32)
