"""Netlist passes and the one pipeline that every back end uses.

:data:`PRUNING` is all that pruning does; ``docs/netlist.md`` gives the algebra, and
``docs/extend-pass.md`` shows how a pass is added.
"""

from __future__ import annotations

from lgn2hdl.ir.netlist import Netlist
from lgn2hdl.passes.constants import fold_constants
from lgn2hdl.passes.dead import remove_dead
from lgn2hdl.passes.dont_cares import dont_cares
from lgn2hdl.passes.inverters import absorb_inverters
from lgn2hdl.passes.pipeline import (
    InputFacts,
    Pass,
    PassRecord,
    Pipeline,
    facts_of,
    plain,
    run_pipeline,
)
from lgn2hdl.passes.sharing import share_gates
from lgn2hdl.passes.wires import bypass_wires

__all__ = [
    "PRUNING",
    "InputFacts",
    "Pass",
    "PassRecord",
    "Pipeline",
    "absorb_inverters",
    "bypass_wires",
    "facts_of",
    "fold_constants",
    "prune",
    "remove_dead",
    "share_gates",
]

PRUNING = Pipeline(
    "pruning",
    rounds=tuple(
        map(plain, (remove_dead, fold_constants, bypass_wires, absorb_inverters, share_gates))
    ),
    deeper=(dont_cares(),),
)
"""What every back end prunes a network's gates with."""


def prune(
    netlist: Netlist,
    facts: InputFacts | None = None,
    *,
    pipeline: Pipeline = PRUNING,
    measure_memory: bool = False,
) -> tuple[Netlist, tuple[PassRecord, ...]]:
    """The gates that are needed, and the records of all passes; see :func:`run_pipeline`.

    Args:
        netlist: the gates to prune; outputs and inputs keep their number, order and meaning.
        facts: what is known of the inputs, as :func:`facts_of` a network gives it; without it
            outputs stay as they are for all inputs, else for all that the encoder can give.
        pipeline: the passes.
        measure_memory: also record peak memory, with ``tracemalloc``; costs time.
    """
    return run_pipeline(pipeline, netlist, facts, measure_memory=measure_memory)
