"""Drop gates that no output depends on: ``outputs(N) = outputs(N restricted to live nodes)``."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir import logic
from lgn2hdl.ir.netlist import Ids, Netlist, live

Element = TypeVar("Element", bound=np.generic)


def remove_dead(netlist: Netlist) -> Netlist:
    """The live gates alone, in the same order, renumbered; the inputs all stay."""
    keep = live(netlist)
    keep[: netlist.first_gate] = True
    if keep.all():
        return netlist
    new_id = np.cumsum(keep, dtype=np.int32)
    new_id -= 1
    gates = keep[netlist.first_gate :]
    return Netlist(
        n_inputs=netlist.n_inputs,
        fanin=_handed_over(new_id[netlist.fanin[gates]]),
        table=_handed_over(netlist.table[gates]),
        outputs=_handed_over(new_id[netlist.outputs]),
        origin=_handed_over(netlist.origin[gates]),
    )


def rebuild(netlist: Netlist, fanin: Ids, table: logic.Tables, outputs: Ids) -> Netlist:
    """``netlist`` with other pins, tables and outputs, without the gates that became useless.

    The last step of every other pass. It takes the arrays over (they become read-only), and returns
    ``netlist`` itself if they are as they were and no gate is useless.
    """
    old = (netlist.fanin, netlist.table, netlist.outputs)
    if all(map(np.array_equal, old, (fanin, table, outputs))):
        return remove_dead(netlist)
    changed = Netlist(
        n_inputs=netlist.n_inputs,
        fanin=_handed_over(fanin),
        table=_handed_over(table),
        outputs=_handed_over(outputs),
        origin=netlist.origin,
    )
    return remove_dead(changed)


def _handed_over(array: npt.NDArray[Element]) -> npt.NDArray[Element]:
    """The same array, read-only, so that the netlist need not copy it."""
    array.flags.writeable = False
    return array
