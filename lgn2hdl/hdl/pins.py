"""Gates as emitters want them: connected pins only."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir import logic
from lgn2hdl.ir.netlist import CONSTANT_ZERO, Ids, Netlist


def connected_pins_first(
    netlist: Netlist, gates: Ids
) -> tuple[logic.Tables, Ids, npt.NDArray[np.int64]]:
    """Gates with the unused pins moved behind the connected ones.

    Args:
        netlist: the graph.
        gates: positions of some gates, ``[n]``.

    Returns:
        Tables ``[n]``, fan-ins ``i32[n, K]``, and the number of connected pins ``i64[n]``. The rows
        of a table beyond the connected pins repeat the others.
    """
    fanin = netlist.fanin[gates]
    unused = fanin == CONSTANT_ZERO
    order = np.argsort(unused, axis=1, kind="stable")
    tables = logic.permute(netlist.table[gates], order)
    return tables, np.take_along_axis(fanin, order, axis=1), (~unused).sum(axis=1)
