"""Gates and chains as emitters want them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir import logic
from lgn2hdl.ir.circuit import Chain
from lgn2hdl.ir.netlist import CONSTANT_ZERO, Ids, Netlist


def chain_ends(chain: Chain) -> tuple[int, int]:
    """Positions below the lowest sum and above the highest one, each 0 or 1.

    A position below turns the carry input into a carry, ``c + c = 2c``; what absorbs gates is
    written as a subtraction of the complement, whose 1 needs that position, too. The one above
    takes the carry out.
    """
    absorbs = len(chain.absorbed) > 0
    low = absorbs or chain.carry_in != CONSTANT_ZERO
    return int(low), int(chain.carries[-1] != CONSTANT_ZERO)


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
